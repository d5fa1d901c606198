// The leader: gives each write its index, tells it to whoever asks, and counts who has it. A
// follower's next question says what it has: no message of its own for that.
import { assert } from '../assert.ts'
import type { RequestId } from '../ids.ts'
import { keepWrite } from './keep.ts'
import type { Leading, Message, Refusal } from './messages.ts'
import { type Copy, type Leader, type Replica, reply, say, tell, type Waiting } from './node.ts'
import {
  type Address,
  type Change,
  FOLLOWERS_MAX,
  FORGOTTEN_MS,
  HOLD_MS,
  STALLED_MS,
  STORE_BYTES_MAX,
  SYNC_MS,
  WAITING_MAX,
  type Write,
} from './records.ts'
import { appendWrite, holds, pageOf, readValue, sizeOf, writesAfter } from './store.ts'

/** Where the answer to a write goes. */
export interface Asker {
  readonly id: RequestId
  /** Another node asks for its own client. */
  readonly forwarded: boolean
}

export function onChange(node: Replica, leader: Leader, given: Asker & { change: Change }): void {
  const { change } = given
  if (change.value === undefined && readValue(node.store, change.key) === undefined) {
    if (given.forwarded) reply(node, given.id, { type: 'missing' })
    else tell(node, given.id, { type: 'missing' })
    return
  }
  const refusal = refusalOf(node, leader, change)
  if (refusal !== undefined) {
    refuse(node, given, refusal)
    return
  }
  const index = node.store.last + 1
  const { id: reign = '' } = node.store.history.at(-1) ?? {}
  const write = { ...change, index, reign }
  appendWrite(node.store, write, node.now)
  keepWrite(node, write)
  const { id, forwarded } = given
  const waits = { id, forwarded, index, until: node.now + SYNC_MS }
  leader.waiting.push(waits)
  settleWaiting(node, leader)
}

function refusalOf(node: Replica, leader: Leader, change: Change): Refusal | undefined {
  if (leader.waiting.length >= WAITING_MAX) return 'too-many-waiting'
  const grows = change.value !== undefined
  return grows && node.store.bytes + sizeOf(change) > STORE_BYTES_MAX ? 'store-full' : undefined
}

function refuse(node: Replica, { id, forwarded }: Asker, refusal: Refusal): void {
  if (forwarded) reply(node, id, { type: 'refused', refusal })
  else tell(node, id, { type: 'refused', refusal })
}

/** Acknowledges what has waited for enough followers, or long enough. */
function settleWaiting(node: Replica, leader: Leader): void {
  const [done, still] = partition(leader.waiting, (one) => isDone(node, leader, one))
  leader.waiting = still
  for (const { id, index, forwarded } of done) {
    const replicatedTo = node.sync === 'none' ? 0 : copiesOf(leader, index).length
    if (forwarded) reply(node, id, { type: 'written', replicatedTo })
    else tell(node, id, { type: 'written', replicatedTo, forwardedTo: undefined })
  }
}

function partition<T>(items: readonly T[], test: (item: T) => boolean): [T[], T[]] {
  const [yes, no]: [T[], T[]] = [[], []]
  for (const item of items) (test(item) ? yes : no).push(item)
  return [yes, no]
}

function isDone(node: Replica, leader: Leader, { index, until }: Waiting): boolean {
  if (index > node.kept.last) return false
  if (node.sync === 'none' || node.now >= until) return true
  const lacking = [...leader.followers.values()].filter(
    (copy) => copy.index < index && isLive(node, copy),
  )
  if (lacking.length === 0) return true
  return node.sync === 'one' && copiesOf(leader, index).length > 0
}

const copiesOf = (leader: Leader, index: number): readonly Copy[] =>
  [...leader.followers.values()].filter((copy) => copy.index >= index)

/** It waits for news, or did so a moment ago. */
export const isLive = ({ now }: Replica, { held, at, isForked }: Copy): boolean =>
  !isForked && (held !== undefined || now - at < STALLED_MS)

/** Nobody waits any more: the leader is none any longer. */
export function dismiss(node: Replica, leader: Leader): void {
  for (const { id, index, forwarded } of leader.waiting) {
    const replicatedTo = copiesOf(leader, index).length
    if (forwarded) reply(node, id, { type: 'written', replicatedTo })
    else tell(node, id, { type: 'written', replicatedTo, forwardedTo: undefined })
  }
  for (const { held } of leader.followers.values()) {
    if (held !== undefined) reply(node, held.id, { type: 'elsewhere', leader: undefined })
  }
}

export function onPull(
  node: Replica,
  leader: Leader,
  { id, message }: { id: RequestId; message: Extract<Message, { type: 'pull' }> },
): void {
  const copy = copyFor(node, leader, message.from)
  if (copy === undefined) {
    reply(node, id, { type: 'elsewhere', leader: undefined })
    return
  }
  if (copy.held !== undefined) answerHeld(node, copy, { writes: [] })
  const isOurs = holds(node.store, message.position)
  copy.at = node.now
  copy.index = isOurs ? message.position.index : 0
  if (isOurs) {
    copy.isForked = false
    copy.frozen = undefined
    copy.held = { id, until: node.now + HOLD_MS }
    if (copy.index < node.kept.last || !message.hold) answerPull(node, copy)
  } else {
    noteFork(node, copy)
    reply(node, id, { type: 'copy', why: 'fork', ...leading(node, leader) })
  }
  settleWaiting(node, leader)
}

function noteFork(node: Replica, copy: Copy): void {
  if (copy.isForked) return
  copy.isForked = true
  say(node, 'warn', { message: 'a follower has another history', fields: { from: copy.address } })
}

function copyFor(node: Replica, leader: Leader, address: Address): Copy | undefined {
  const known = leader.followers.get(address)
  if (known !== undefined) return known
  if (leader.followers.size >= FOLLOWERS_MAX) return undefined
  const at = node.now
  const made: Copy = { address, index: 0, held: undefined, at, isForked: false, frozen: undefined }
  leader.followers.set(address, made)
  leader.rivals.delete(address)
  say(node, 'info', { message: 'a follower has come', fields: { from: address } })
  return made
}

/** More is durable than before: whoever waits for it is told. */
export function onKept(node: Replica, leader: Leader): void {
  for (const copy of leader.followers.values()) {
    if (copy.index < node.kept.last) answerPull(node, copy)
  }
  settleWaiting(node, leader)
}

/** Tells a follower that waits what is durable behind its position. */
function answerPull(node: Replica, copy: Copy): void {
  if (copy.held === undefined) return
  const { last } = node.kept
  const writes = writesAfter(node.store, copy.index)?.filter(({ index }) => index <= last)
  answerHeld(node, copy, writes === undefined ? undefined : { writes })
}

function answerHeld(
  node: Replica,
  copy: Copy,
  news: { readonly writes: readonly Write[] } | undefined,
): void {
  const { held } = copy
  const { role } = node
  assert(held !== undefined, 'only a question that is held is answered')
  assert(role.type === 'leader', 'only a leader holds questions')
  copy.held = undefined
  copy.at = node.now
  const self = leading(node, role)
  if (news === undefined) reply(node, held.id, { type: 'copy', why: 'trimmed', ...self })
  else reply(node, held.id, { type: 'writes', ...news, ...self })
}

const leading = ({ store, kept }: Replica, leader: Leader): Leading => ({
  history: store.history,
  last: kept.last,
  peers: [...leader.followers.keys()],
})

export function onPage(
  node: Replica,
  leader: Leader,
  { id, message }: { id: RequestId; message: Extract<Message, { type: 'page' }> },
): void {
  const copy = copyFor(node, leader, message.from)
  if (copy !== undefined && message.after === undefined) copy.frozen = node.kept
  if (copy?.frozen === undefined) {
    // We are another leader than the one whose pages these were: it begins anew.
    reply(node, id, { type: 'elsewhere', leader: undefined })
    return
  }
  copy.at = node.now
  const { history, last } = copy.frozen
  reply(node, id, { type: 'rows', ...pageOf(copy.frozen, message.after), history, last })
}

/** Whoever asked or called has gone: its question, or the answer that it waited for. */
export function onGone(node: Replica, leader: Leader, id: RequestId): void {
  leader.waiting = leader.waiting.filter((one) => one.id !== id)
  for (const copy of leader.followers.values()) {
    if (copy.held?.id !== id) continue
    copy.held = undefined
    copy.at = node.now - STALLED_MS
    say(node, 'info', { message: 'a follower has gone', fields: { from: copy.address } })
  }
  settleWaiting(node, leader)
}

export function onLeaderTick(node: Replica, leader: Leader): void {
  for (const copy of leader.followers.values()) {
    if (copy.held !== undefined && node.now >= copy.held.until)
      answerHeld(node, copy, { writes: [] })
    const isForgotten = copy.held === undefined && node.now - copy.at >= FORGOTTEN_MS
    if (isForgotten) leader.followers.delete(copy.address)
  }
  settleWaiting(node, leader)
  assert(leader.followers.size <= FOLLOWERS_MAX, 'followers are bounded')
}
