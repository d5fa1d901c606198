// The state of a node, and how it speaks. Only the functions of this room change it.
import { assert } from '../assert.ts'
import type { RequestId } from '../ids.ts'
import type { LogLine } from '../log.ts'
import type { Prng } from '../prng.ts'
import type { Instant } from '../time.ts'
import type { Claim, Message, Outcome, ReplicaEffect, Reply } from './messages.ts'
import type { Address, Row, Sync, Write } from './records.ts'
import type { Frozen, Store } from './store.ts'

export interface Replica {
  readonly self: Address
  readonly sync: Sync
  readonly prng: Prng
  store: Store
  role: Role
  /** Other nodes that we have heard of, the latest last. */
  peers: readonly Address[]
  /** Messages of ours that are not answered, and what they are for. */
  readonly calls: Map<number, Purpose>
  lastCall: number
  ready: boolean
  /** It has data that was whole once: a first copy, or what it has kept. */
  isOfUse: boolean
  /** What is durable. Nobody is told more, and nothing more is acknowledged. */
  kept: Frozen
  readonly keeping: Keeping
  /** Of the event that is handled. */
  now: Instant
  effects: ReplicaEffect[]
}

/** What is on its way to the disk, or waits for it. */
export interface Keeping {
  unsaved: Write[]
  /** Everything that was kept before is void: a copy of a leader has taken its place. */
  isAnew: boolean
  /** The persist that is under way, and what is durable when it is done. */
  underWay: { readonly token: number; readonly state: Frozen } | undefined
  lastToken: number
  /** Writes since the last snapshot. */
  since: number
  isSaving: boolean
}

type Role = Leader | Follower

export interface Leader {
  readonly type: 'leader'
  readonly epoch: number
  readonly followers: Map<Address, Copy>
  /** Writes that are not acknowledged yet, in the order of their indexes. */
  waiting: Waiting[]
  /** Other leaders that we have met. */
  readonly rivals: Map<Address, Rival>
  announceAt: Instant
}

/** A follower as its leader knows it. */
export interface Copy {
  readonly address: Address
  /** It has everything up to this index. */
  index: number
  /** Its question, which is held until there is news. */
  held: { readonly id: RequestId; readonly until: Instant } | undefined
  /** When it last asked, or was told something. */
  at: Instant
  /** Its history is not ours, as it has been said. */
  isForked: boolean
  /** What it copies page by page. */
  frozen: Frozen | undefined
}

export interface Waiting {
  readonly id: RequestId
  readonly index: number
  readonly until: Instant
  /** It came to a follower: the answer goes there. */
  readonly forwarded: boolean
}

interface Rival {
  readonly claim: Claim
  readonly fork: number
}

export interface Follower {
  readonly type: 'follower'
  leader: Address
  /** A person has named this leader: its history counts, whatever becomes of ours. */
  obeys: boolean
  /** Something was copied from this leader to its end. */
  synced: boolean
  diverged: boolean
  /** When the leader last spoke. */
  heardAt: Instant | undefined
  leaderLast: number
  /** The last try has failed. */
  isSilent: boolean
  /** The question that is out, a pull or a page. */
  question: number | undefined
  askAt: Instant
  /** Rows of the copy that is being made; undefined: none is. */
  copying: Row[] | undefined
  discarded: number
}

type Purpose =
  | { readonly type: 'pull' }
  | { readonly type: 'page' }
  | { readonly type: 'forward'; readonly id: RequestId; readonly to: Address }
  | { readonly type: 'announce'; readonly to: Address }

export const tell = (node: Replica, id: RequestId, outcome: Outcome): void => {
  node.effects.push({ type: 'tell', id, outcome })
}

export const reply = (node: Replica, id: RequestId, answer: Reply): void => {
  node.effects.push({ type: 'reply', id, reply: answer })
}

export interface Call {
  readonly to: Address
  readonly message: Message
  readonly withinMs: number
  readonly purpose: Purpose
}

/** Sends a message; its number. */
export function call(node: Replica, { to, message, withinMs, purpose }: Call): number {
  assert(to !== node.self, 'a node does not call itself')
  const number = ++node.lastCall
  node.calls.set(number, purpose)
  node.effects.push({ type: 'call', call: number, to, message, withinMs })
  return number
}

export function say(
  node: Replica,
  level: LogLine['level'],
  line: Pick<LogLine, 'message' | 'fields'>,
): void {
  node.effects.push({ type: 'log', line: { level, room: 'replica', ...line } })
}

/** The node is of use from now on. */
export function becomeReady(node: Replica): void {
  if (node.ready) return
  node.ready = true
  node.isOfUse = true
  node.effects.push({ type: 'ready' })
}
