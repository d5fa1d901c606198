// What a run may find. The names stay: reports, pinned seeds and mutants use them.

/** Each with its number in the catalogue of invariants (reliability §2.2). */
export const INVARIANTS = {
  'one-leader': 'I1: a term has one leader',
  elected: 'I1: a leader has the votes of a majority, all given before it leads',
  'append-only': 'I2: a leader never rewrites or removes its own entries',
  'log-matching': 'I3: logs with the same entry agree on all before it',
  completeness: 'I4: a leader has all that was committed in earlier terms',
  monotonic: 'I5: commit and applied index never go back while a process lives',
  'state-machine': 'I6: all servers apply the same entries with the same results',
  durable: 'I7: what is committed is on the disks of a majority at that moment',
  'one-vote': 'I8: one vote in a term, across crashes',
  'term-on-disk': 'I9: the term on a disk never falls',
  snapshot: 'I10: a snapshot equals the replay up to its index',
  configuration: 'I11: a configuration counts from its append, one change at a time',
  believed: 'I7: what a leader takes for durable on a follower is on its disk',
  'saved-first': 'I12: no message leaves before what it depends on is on the disk',
  'stale-read': 'I14: a read sees every write that was acknowledged before it began',
  'lost-write': 'I15: an acknowledged write is what was committed at its index',
  fence: 'I19: the pair of CreateIndex and LockIndex never repeats or falls',
  session: 'I20: no session ends before its TTL, and none outlives its bound',
  index: 'I24: X-Consul-Index is that of the last change that the answer could show',
  'wake-up': 'I25, I26: who waits is woken by a change, and by nothing else',
  linearizable: 'every key behaves as one register',
  liveness: 'a healed majority finds a leader and answers',
  expected: 'what a scenario expects comes true in time',
  assertion: 'no assertion of the code under test fails',
} as const

export type Invariant = keyof typeof INVARIANTS

/** How often each was looked at. One that was never looked at has proved nothing. */
export type Tally = Record<Invariant, number>

export const createTally = (): Tally => ({
  'one-leader': 0,
  elected: 0,
  'append-only': 0,
  'log-matching': 0,
  completeness: 0,
  monotonic: 0,
  'state-machine': 0,
  durable: 0,
  'one-vote': 0,
  'term-on-disk': 0,
  snapshot: 0,
  configuration: 0,
  believed: 0,
  'saved-first': 0,
  'stale-read': 0,
  'lost-write': 0,
  fence: 0,
  session: 0,
  index: 0,
  'wake-up': 0,
  linearizable: 0,
  liveness: 0,
  expected: 0,
  assertion: 0,
})

/** Ends a run. Caught by whoever runs it (run.ts), nowhere else. */
export class Violation extends Error {
  override readonly name = 'Violation'
  readonly invariant: Invariant
  constructor(invariant: Invariant, what: string) {
    super(what)
    this.invariant = invariant
  }
}

export function mustHold(
  condition: boolean,
  invariant: Invariant,
  what: () => string,
): asserts condition {
  if (!condition) throw new Violation(invariant, what())
}
