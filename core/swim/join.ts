// Joining: exchanging states with members whose addresses are known. A member that starts together
// with the others tries again until one answers; one that starts again asks those that it knew, one
// after the other, until one answers.
import type { Instant } from '../time.ts'
import type { Address, PushPull } from '../wire/memberlist.ts'
import { mergeExchange, startExchange } from './exchange.ts'
import { announceJoin } from './intents.ts'
import { addressText, sameAddress } from './member.ts'
import { announceSelf } from './merge.ts'
import { note, type Swim, selfOf } from './swim.ts'

export interface JoinOrder {
  /** Comes back in the effect `joined`. */
  readonly id: number
  readonly addresses: readonly Address[]
  /** `first`: one after the other, until one answers. */
  readonly mode: 'all' | 'first'
  /** Events from before the join are not wanted. */
  readonly ignoresOldEvents: boolean
  /** How often it is tried. Infinity: until somebody answers. */
  readonly attempts: number
}

export interface Join {
  readonly order: JoinOrder
  attempt: number
  /** Addresses that were not asked yet in this attempt. */
  left: Address[]
  /** Streams without an answer. */
  readonly asking: Set<number>
  reached: number
  failures: string[]
  retryAt: Instant | undefined
}

/** Members that start together miss each other a few times; after that it is worth a word. */
const ATTEMPTS_QUIET = 3

/** Members asked at once. */
const PARALLEL_MAX = 16

export function startJoin(swim: Swim, order: JoinOrder): void {
  const join: Join = {
    order,
    attempt: 0,
    left: [],
    asking: new Set(),
    reached: 0,
    failures: [],
    retryAt: undefined,
  }
  swim.joins.set(order.id, join)
  attempt(swim, join)
}

function attempt(swim: Swim, join: Join): void {
  join.attempt += 1
  join.retryAt = undefined
  join.failures = []
  const self = selfOf(swim).address
  join.left = join.order.addresses.filter((address) => !sameAddress(address, self))
  proceed(swim, join)
}

/** Asks the next ones, or ends. */
function proceed(swim: Swim, join: Join): void {
  const { order, asking } = join
  const isDone = order.mode === 'first' && join.reached > 0
  const parallel = order.mode === 'first' ? 1 : PARALLEL_MAX
  while (!isDone && asking.size < parallel) {
    const to = join.left.shift()
    if (to === undefined) break
    const use = { type: 'join', join: order.id, with: addressText(to) } as const
    asking.add(startExchange(swim, { to, use, join: true }))
  }
  if (asking.size === 0) endAttempt(swim, join)
}

function endAttempt(swim: Swim, join: Join): void {
  const { order, reached, failures } = join
  if (reached === 0 && join.attempt < order.attempts && swim.leaving.type === 'no') {
    join.retryAt = swim.now + swim.settings.joinRetryMs
    if (join.attempt === ATTEMPTS_QUIET) note(swim, { what: 'join-again', failures })
    return
  }
  swim.joins.delete(order.id)
  swim.effects.push({ type: 'joined', join: order.id, reached, failures })
}

/** One of those asked answered. Whether it is for us is decided as it was decided there. */
export function onJoinAnswer(
  swim: Swim,
  { id, stream, from }: { id: number; stream: number; from: string },
  message: PushPull,
): void {
  const join = swim.joins.get(id)
  if (join === undefined) return
  join.asking.delete(stream)
  const why = mergeExchange(swim, { ...message, join: true }, join.order.ignoresOldEvents)
  if (why === undefined) {
    join.reached += 1
    if (join.reached === 1 && swim.leaving.type === 'no') {
      announceJoin(swim)
      announceSelf(swim) // whom we asked may be lost before it has told others
    }
  } else join.failures.push(`${from}: ${why}`)
  proceed(swim, join)
}

export function onJoinFailed(
  swim: Swim,
  { id, stream, from }: { id: number; stream: number; from: string },
  why: string,
): void {
  const join = swim.joins.get(id)
  if (join === undefined) return
  join.asking.delete(stream)
  join.failures.push(`${from}: ${why}`)
  proceed(swim, join)
}

export function joinsDue({ joins }: Swim): Instant {
  let due = Number.POSITIVE_INFINITY
  for (const { retryAt } of joins.values()) if (retryAt !== undefined) due = Math.min(due, retryAt)
  return due
}

export function retryJoins(swim: Swim): void {
  for (const join of [...swim.joins.values()])
    if (join.retryAt !== undefined && swim.now >= join.retryAt) attempt(swim, join)
}
