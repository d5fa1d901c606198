// Linearizable reads without a log entry (Thesis §6.4): the leader notes its commit index, makes
// sure by a round of heartbeats that it still leads, and answers from a state that is at least as
// new. Reads that come while a round is under way share the next one.
import { assert } from '../assert.ts'
import type { LogIndex } from '../ids.ts'
import type { Instant } from '../time.ts'
import type { Leadership } from './leader.ts'
import { termAt } from './log.ts'
import { hasMajority } from './quorum.ts'
import { configurationOf, isAlone, type Raft, type Settings } from './raft.ts'

/** More unanswered reads than this at one leader are refused. */
export const READS_MAX = 100_000

export interface Reads {
  /** The number of the newest round. Heartbeats carry it, their answers confirm all up to it. */
  seq: number
  /**
   * Came before the first commit of the term: the leader does not know yet what is committed
   * (Thesis §6.4 step 1).
   */
  early: number[]
  /** For the next round. */
  open: number[]
  waiting: Round[]
  /** Of all three. */
  count: number
}

interface Round {
  readonly seq: number
  readonly index: LogIndex
  readonly ids: readonly number[]
}

export const createReads = (): Reads => ({ seq: 0, early: [], open: [], waiting: [], count: 0 })

export const allReads = ({ early, open, waiting }: Reads): readonly number[] => [
  ...waiting.flatMap(({ ids }) => ids),
  ...open,
  ...early,
]

/** Whether this leader has committed an entry of its term, and so knows all that is committed. */
export const knowsCommit = (raft: Raft): boolean => termAt(raft.log, raft.commit) === raft.vote.term

/**
 * Whether whatever is committed here is all that is committed anywhere, and will be while this
 * server thinks that it leads: it is the only voter, and knows the end of the log.
 */
export const readsHere = (raft: Raft): boolean =>
  raft.role.type === 'leader' && isAlone(raft) && knowsCommit(raft)

/** Takes a read. False: there are too many, or nobody here leads. */
export function addRead(raft: Raft, id: number): boolean {
  const { role } = raft
  if (role.type !== 'leader' || role.reads.count >= READS_MAX) return false
  const { reads } = role
  reads.count++
  if (knowsCommit(raft)) reads.open.push(id)
  else reads.early.push(id)
  return true
}

/** Closes the open round when its heartbeats are about to leave. Returns its number. */
export function beginRound(raft: Raft, reads: Reads): number {
  if (reads.open.length > 0) {
    reads.seq++
    reads.waiting.push({ seq: reads.seq, index: raft.commit, ids: reads.open })
    reads.open = []
  }
  return reads.seq
}

export function admitEarly(raft: Raft, reads: Reads): void {
  if (reads.early.length === 0 || !knowsCommit(raft)) return
  reads.open.push(...reads.early)
  reads.early = []
}

/** Answers what can be answered without asking: under a lease, or where nobody need be asked. */
export function answerOpen(raft: Raft, leadership: Leadership): void {
  const { reads } = leadership
  if (reads.open.length === 0) return
  const isEnough = hasMajority(configurationOf(raft), (id) => id === raft.self.id)
  if (!isEnough && !holdsLease(raft, leadership)) return
  reads.count -= reads.open.length
  raft.effects.push({ type: 'readable', ids: reads.open, index: raft.commit })
  reads.open = []
}

/** Answers the rounds that a majority has confirmed. */
export function confirmReads(raft: Raft, { reads, followers }: Leadership): void {
  const configuration = configurationOf(raft)
  const ackedBy = (id: string) =>
    id === raft.self.id ? reads.seq : (followers.get(id)?.ackedReadSeq ?? 0)
  let done = 0
  for (const { seq, index, ids } of reads.waiting) {
    if (!hasMajority(configuration, (id) => ackedBy(id) >= seq)) break
    assert(index <= raft.commit, 'a commit index never falls')
    raft.effects.push({ type: 'readable', ids, index })
    reads.count -= ids.length
    done++
  }
  if (done > 0) reads.waiting = reads.waiting.slice(done)
}

/**
 * How long after a call was sent a lease can rest on its answer, by our own clock: a follower
 * stays loyal for heartbeatMs by its clock, which may be fast, while ours may be slow.
 */
function leaseLengthMs({ leaseMs, heartbeatMs, leaseDrift = 1 }: Settings): number {
  return Math.min(leaseMs, (heartbeatMs * (1 - leaseDrift)) / (1 + leaseDrift))
}

/**
 * Whether a majority promised, by answering calls sent late enough, to depose nobody before now
 * (Thesis §6.4.1). Off unless it was asked for. Once another server was told to take over, its
 * campaign may come at any time, and no promise holds against it (M25).
 */
function holdsLease(raft: Raft, leadership: Leadership): boolean {
  const { settings, now, self } = raft
  if (settings.leaseDrift === undefined || leadership.isLeaseVoid || !knowsCommit(raft))
    return false
  const oldest: Instant = now - leaseLengthMs(settings)
  const promised = (id: string) => (leadership.followers.get(id)?.ackedSentAt ?? -Infinity) > oldest
  return hasMajority(configurationOf(raft), (id) => id === self.id || promised(id))
}
