// What a run of a virtual pool may find. The names stay: reports, pinned seeds and planted mistakes
// use them.

/** Where the catalogue of invariants has a number for it (reliability §2.2), it is named. */
const RULES = {
  'false-death': 'I28: whom nothing has happened to is never declared failed',
  'late-death': 'I29: who is gone is declared failed in time, everywhere',
  'early-death': 'silence never shortens a suspicion: nobody is buried before its time',
  suspicion: 'without faults few are suspected, however much the network loses',
  incarnation: 'I30: an old incarnation never overrides a newer one',
  'own-word': 'nobody but a member itself raises its incarnation',
  left: 'I27: who said that it leaves has left, and has not failed',
  agreement: 'after healing everybody agrees on who is there, and on what they are',
  echo: 'an event is told once',
  spread: 'an event comes to everybody, a query is acknowledged by everybody',
  quiet: 'a pool without news sends no more than its probes',
  bounded: 'a member never sends more than so much, whatever happens',
  assertion: 'no assertion of the code under test fails',
} as const

export type Rule = keyof typeof RULES

/** Ends a run. Caught by whoever runs it (run.ts), nowhere else. */
export class PoolViolation extends Error {
  override readonly name = 'PoolViolation'
  readonly rule: Rule
  constructor(rule: Rule, what: string) {
    super(what)
    this.rule = rule
  }
}

export function mustHold(condition: boolean, rule: Rule, what: () => string): asserts condition {
  if (!condition) throw new PoolViolation(rule, what())
}
