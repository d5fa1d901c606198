// Whether a recorded history of concurrent operations could have happened one after the other, each
// at one instant between its call and its return (Herlihy and Wing 1990). The search is that of
// Wing and Gong with Lowe's memo of configurations ("Testing for linearizability", 2017); histories
// of independent keys are judged each by itself, which is sound and far cheaper (Horn and Kroening
// 2015).
//
// The search is exponential at worst. Keys take turns with budgets of steps that rise, so that an
// easy key which is illegal is not hidden behind a hard one; what is undecided when steps or memory
// run out is `unknown`, and that is no pass.

/** What an object does, one operation at a time. States are compared with ===. */
export interface Model<Op> {
  readonly start: string
  /** The state after it, or undefined: it could not have happened in this state. */
  readonly step: (state: string, op: Op) => string | undefined
}

export interface Operation<Op> {
  readonly op: Op
  /** Any order of instants. A return at the instant of a call counts as before it. */
  readonly called: number
  /** Infinity: it never returned. It may have happened at any time after its call, or never. */
  readonly returned: number
  /** Where it claims to stand among the others. Nothing is taken on trust: see isWitnessed. */
  readonly place?: number | undefined
}

export type LinearVerdict =
  | { readonly type: 'linearizable' }
  /** Nothing explains all of these; `reached`: the most operations that any order explains. */
  | { readonly type: 'illegal'; readonly key: string; readonly reached: number }
  | { readonly type: 'unknown'; readonly keys: readonly string[] }

export interface Limits {
  /** Of all keys together. */
  readonly steps: number
  /** Memo entries of one key. */
  readonly configurations: number
}

export const LIMITS: Limits = { steps: 20_000_000, configurations: 1_000_000 }

/** The first turn of a key; each further turn is so many times as long. */
const FIRST_TURN_STEPS = 2_000
const TURN_GROWS = 8

export function checkHistory<Op>(
  parts: ReadonlyMap<string, readonly Operation<Op>[]>,
  model: Model<Op>,
  limits: Limits = LIMITS,
): LinearVerdict {
  const doubtful = [...parts.keys()].filter((key) => !isWitnessed(parts.get(key) ?? [], model))
  let open = doubtful.sort((a, b) => sizeOf(parts, a) - sizeOf(parts, b))
  let turn = FIRST_TURN_STEPS
  let left = limits.steps
  while (open.length > 0 && left > 0) {
    const undecided: string[] = []
    for (const key of open) {
      const allowed = Math.min(turn, Math.max(left, 1))
      const found = search(parts.get(key) ?? [], model, { ...limits, steps: allowed })
      left -= found.steps
      if (found.verdict === 'illegal') return { type: 'illegal', key, reached: found.reached }
      if (found.verdict === 'memory') return { type: 'unknown', keys: open }
      if (found.verdict === 'unknown') undecided.push(key)
    }
    open = undecided
    turn *= TURN_GROWS
  }
  return open.length === 0 ? { type: 'linearizable' } : { type: 'unknown', keys: open }
}

const sizeOf = <Op>(parts: ReadonlyMap<string, readonly Operation<Op>[]>, key: string): number =>
  parts.get(key)?.length ?? 0

/**
 * The order that the operations claim is one that explains them: it agrees with the model, and with
 * the order in time. Then no search is needed; if not, there may be another.
 */
function isWitnessed<Op>(operations: readonly Operation<Op>[], model: Model<Op>): boolean {
  const placed: { at: number; operation: Operation<Op> }[] = []
  for (const operation of operations) {
    const { place, returned } = operation
    if (place !== undefined) placed.push({ at: place, operation })
    else if (returned !== Infinity) return false
  }
  placed.sort((a, b) => a.at - b.at || a.operation.called - b.operation.called)
  let [state, latest] = [model.start, Number.NEGATIVE_INFINITY]
  for (const { operation } of placed) {
    const next = model.step(state, operation.op)
    if (next === undefined || operation.returned <= latest) return false
    state = next
    latest = Math.max(latest, operation.called)
  }
  return true
}

interface Found {
  readonly verdict: 'linearizable' | 'illegal' | 'unknown' | 'memory'
  readonly steps: number
  readonly reached: number
}

/** A call or a return, in a list that operations are lifted out of and put back into. */
interface Point<Op> {
  readonly op: Op | undefined
  /** Its place among all operations that returned, or among those that did not. */
  readonly slot: number
  readonly pending: boolean
  /** Of a call: where the operation returned. */
  readonly end: Point<Op> | undefined
  before: Point<Op> | undefined
  next: Point<Op> | undefined
}

/** A list of all calls and returns in time, behind a head that is neither. */
function pointsOf<Op>(operations: readonly Operation<Op>[]): { head: Point<Op>; returned: number } {
  const marks: { at: number; isReturn: boolean; point: Point<Op> }[] = []
  const point = (op: Op | undefined, slot: number, end?: Point<Op>): Point<Op> => ({
    op,
    slot,
    pending: op !== undefined && end === undefined,
    end,
    before: undefined,
    next: undefined,
  })
  let [returned, pending] = [0, 0]
  for (const { op, called, returned: end } of operations) {
    if (end === Infinity) {
      marks.push({ at: called, isReturn: false, point: point(op, pending++) })
      continue
    }
    const back = point(undefined, returned)
    marks.push({ at: called, isReturn: false, point: point(op, returned++, back) })
    marks.push({ at: end, isReturn: true, point: back })
  }
  marks.sort((a, b) => a.at - b.at || Number(b.isReturn) - Number(a.isReturn))
  const head = point(undefined, -1)
  let last = head
  for (const { point: next } of marks) {
    last.next = next
    next.before = last
    last = next
  }
  return { head, returned }
}

function lift<Op>(call: Point<Op>): void {
  unlink(call)
  if (call.end !== undefined) unlink(call.end)
}

function unlift<Op>(call: Point<Op>): void {
  if (call.end !== undefined) relink(call.end)
  relink(call)
}

function unlink<Op>(point: Point<Op>): void {
  if (point.before !== undefined) point.before.next = point.next
  if (point.next !== undefined) point.next.before = point.before
}

function relink<Op>(point: Point<Op>): void {
  if (point.before !== undefined) point.before.next = point
  if (point.next !== undefined) point.next.before = point
}

/**
 * Which operations have been given their place. Those that returned are nearly a prefix: the rest
 * is a short window.
 */
interface Placed {
  readonly ended: Uint8Array
  readonly pending: Uint8Array
  /** All below are placed. */
  prefix: number
  /** None from here on is. */
  top: number
  count: number
}

function place<Op>(placed: Placed, { slot, pending }: Point<Op>): void {
  if (pending) {
    placed.pending[slot] = 1
    return
  }
  placed.ended[slot] = 1
  placed.count++
  if (slot >= placed.top) placed.top = slot + 1
  while (placed.ended[placed.prefix] === 1) placed.prefix++
}

function displace<Op>(placed: Placed, { slot, pending }: Point<Op>): void {
  if (pending) {
    placed.pending[slot] = 0
    return
  }
  placed.ended[slot] = 0
  placed.count--
  if (slot < placed.prefix) placed.prefix = slot
  while (placed.top > 0 && placed.ended[placed.top - 1] !== 1) placed.top--
}

const BITS = 15

/** The configuration as text: equal texts, equal configurations. No hash that could deceive. */
function configurationText(placed: Placed, state: string): string {
  let text = String.fromCharCode(placed.prefix >> BITS, placed.prefix & 0x7fff)
  text += bitsText(placed.ended, placed.prefix, placed.top)
  if (placed.pending.length > 0) text += `|${bitsText(placed.pending, 0, placed.pending.length)}`
  return `${text}|${state}`
}

function bitsText(bits: Uint8Array, from: number, to: number): string {
  let text = ''
  for (let at = from; at < to; at += BITS) {
    let word = 0
    const end = Math.min(at + BITS, to)
    for (let i = at; i < end; i++) word |= (bits[i] as number) << (i - at)
    text += String.fromCharCode(word)
  }
  return text
}

function search<Op>(operations: readonly Operation<Op>[], model: Model<Op>, limits: Limits): Found {
  const { head, returned } = pointsOf(operations)
  const placed: Placed = {
    ended: new Uint8Array(returned),
    pending: new Uint8Array(operations.length - returned),
    prefix: 0,
    top: 0,
    count: 0,
  }
  const memo = new Set<string>()
  const stack: { call: Point<Op>; state: string }[] = []
  let [state, steps, reached] = [model.start, 0, 0]
  let at = head.next
  while (placed.count < returned) {
    if (++steps > limits.steps) return { verdict: 'unknown', steps, reached }
    if (at?.op !== undefined) {
      const next = model.step(state, at.op)
      if (next !== undefined && isNew(memo, placed, { call: at, next })) {
        stack.push({ call: at, state })
        state = next
        lift(at)
        if (placed.count > reached) reached = placed.count
        if (memo.size > limits.configurations) return { verdict: 'memory', steps, reached }
        at = head.next
      } else at = at.next
      continue
    }
    // A return whose call has no place yet, or the end: it cannot go on like this.
    const last = stack.pop()
    if (last === undefined) return { verdict: 'illegal', steps, reached }
    state = last.state
    displace(placed, last.call)
    unlift(last.call)
    at = last.call.next
  }
  return { verdict: 'linearizable', steps, reached }
}

/** Places the call, unless that leads to where we have been. */
function isNew<Op>(
  memo: Set<string>,
  placed: Placed,
  { call, next }: { call: Point<Op>; next: string },
): boolean {
  place(placed, call)
  const text = configurationText(placed, next)
  if (!memo.has(text)) {
    memo.add(text)
    return true
  }
  displace(placed, call)
  return false
}
