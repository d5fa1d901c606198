// The follower: asks its leader for what is next, over and over; hands writes on; answers reads
// from what it has, which may be old.
import { assert } from '../assert.ts'
import type { RequestId } from '../ids.ts'
import { isKept, keepAnew, keepWrite } from './keep.ts'
import type { Leading, Reply, Silence } from './messages.ts'
import { becomeReady, call, type Follower, type Replica, say, tell } from './node.ts'
import {
  type Address,
  ANSWER_MS,
  type Change,
  FORWARD_MS,
  HOLD_MS,
  RETRY_MS,
  WAITING_MAX,
  type Write,
} from './records.ts'
import {
  appendWrite,
  continueReign,
  epochOf,
  forkOf,
  holds,
  positionOf,
  reignAt,
  storeOf,
} from './store.ts'

export const createFollower = (
  leader: Address,
  { obeys, synced }: Pick<Follower, 'obeys' | 'synced'>,
): Follower => ({
  type: 'follower',
  leader,
  obeys,
  synced,
  diverged: false,
  heardAt: undefined,
  leaderLast: 0,
  isSilent: false,
  question: undefined,
  askAt: 0,
  copying: undefined,
  discarded: 0,
})

/** Another leader from now on. What the old one still answers means nothing. */
export function followInstead(node: Replica, follower: Follower, leader: Address): void {
  if (follower.leader === leader) return
  if (follower.question !== undefined) node.calls.delete(follower.question)
  say(node, 'info', {
    message: 'another leader',
    fields: { old: follower.leader, new: leader },
  })
  const { obeys, synced } = follower
  const { discarded } = follower
  Object.assign(follower, createFollower(leader, { obeys, synced }), { discarded })
}

/** Asks for what is next, unless it has asked already. */
export function onFollowerTick(node: Replica, follower: Follower): void {
  if (node.now >= follower.askAt) ask(node, follower)
}

/** What it has is durable: it may say so. */
export function onFollowerKept(node: Replica, follower: Follower): void {
  if (node.now >= follower.askAt) ask(node, follower)
}

/** One question at a time, and none that would claim what the disk does not hold yet. */
function ask(node: Replica, follower: Follower): void {
  if (follower.question !== undefined || !isKept(node)) return
  const { copying, leader } = follower
  const from = node.self
  const after = copying?.at(-1)?.key
  follower.question =
    copying === undefined
      ? call(node, {
          to: leader,
          // The first answer of a leader is not waited for: it tells how far we are behind.
          message: {
            type: 'pull',
            from,
            position: positionOf(node.store),
            hold: follower.heardAt !== undefined,
          },
          withinMs: HOLD_MS + ANSWER_MS,
          purpose: { type: 'pull' },
        })
      : call(node, {
          to: leader,
          message: { type: 'page', from, after },
          withinMs: ANSWER_MS,
          purpose: { type: 'page' },
        })
}

export function onAnswer(node: Replica, follower: Follower, answer: Reply): void {
  follower.question = undefined
  follower.heardAt = node.now
  follower.isSilent = false
  switch (answer.type) {
    case 'writes':
      onWrites(node, follower, answer)
      break
    case 'copy':
      onCopy(node, follower, answer)
      break
    case 'rows':
      onRows(node, follower, answer)
      break
    case 'elsewhere':
      onElsewhere(node, follower, answer.leader)
      break
    default:
      retry(node, follower, 'an answer to another question')
  }
}

export function onSilence(node: Replica, follower: Follower, why: Silence): void {
  follower.question = undefined
  if (!follower.isSilent) {
    say(node, 'warn', { message: 'no leader', fields: { leader: follower.leader, why } })
  }
  follower.isSilent = true
  follower.copying = undefined
  follower.askAt = node.now + RETRY_MS
}

/** Nothing of an answer that is not what it must be is taken over. */
function retry(node: Replica, follower: Follower, why: string): void {
  say(node, 'warn', { message: 'asking again', fields: { leader: follower.leader, why } })
  follower.askAt = node.now + RETRY_MS
}

function onWrites(
  node: Replica,
  follower: Follower,
  { writes, ...leading }: { readonly writes: readonly Write[] } & Leading,
): void {
  const { store } = node
  const fits = writes.every(
    ({ index, reign }, i) => index === store.last + 1 + i && reignAt(leading, index) === reign,
  )
  if (!fits || !holds(leading, positionOf(store))) {
    retry(node, follower, 'its writes do not follow ours')
    return
  }
  noteLeader(node, follower, leading)
  continueReign(store, leading.history)
  for (const write of writes) {
    appendWrite(store, write, node.now)
    keepWrite(node, write)
  }
  follower.diverged = false
  if (store.last >= leading.last) becomeSynced(node, follower)
  ask(node, follower)
}

function noteLeader(node: Replica, follower: Follower, { last, peers }: Leading): void {
  follower.leaderLast = last
  node.peers = peers.filter((peer) => peer !== node.self)
}

function becomeSynced(node: Replica, follower: Follower): void {
  if (!follower.synced)
    say(node, 'info', { message: 'in step', fields: { index: node.store.last } })
  follower.synced = true
  follower.obeys = false
  becomeReady(node)
}

/**
 * The leader cannot go on from where we are. What it has takes the place of what we have: without
 * asking if ours is a part of it, or if its epoch is higher. Else somebody has to say so, for the
 * leader may have come back empty.
 */
function onCopy(node: Replica, follower: Follower, answer: Extract<Reply, { type: 'copy' }>): void {
  noteLeader(node, follower, answer)
  const { store } = node
  const isNewer = epochOf(answer) > epochOf(store)
  if (answer.why === 'fork' && store.last > 0 && !isNewer && !follower.obeys) {
    if (!follower.diverged) {
      say(node, 'error', {
        message: 'the leader has another history: nothing is copied',
        fields: { leader: follower.leader, ours: store.last, theirs: answer.last },
      })
    }
    follower.diverged = true
    follower.askAt = node.now + RETRY_MS
    return
  }
  const lost = store.last - forkOf(store, answer)
  if (answer.why === 'fork' && lost > 0) {
    follower.discarded += lost
    say(node, 'warn', {
      message: 'writes are given up for the history of the leader',
      fields: { leader: follower.leader, writes: lost },
    })
  }
  follower.diverged = false
  follower.copying = []
  ask(node, follower)
}

function onRows(
  node: Replica,
  follower: Follower,
  { rows, more, history, last }: Extract<Reply, { type: 'rows' }>,
): void {
  const { copying } = follower
  assert(copying !== undefined, 'pages come while a copy is made')
  copying.push(...rows)
  if (more && rows.length > 0) {
    ask(node, follower)
    return
  }
  node.store = storeOf(copying, { history, last })
  keepAnew(node)
  follower.copying = undefined
  if (last >= follower.leaderLast) becomeSynced(node, follower)
  ask(node, follower)
}

/** It is not the leader. Where it points to, we go, unless that is ourselves. */
function onElsewhere(node: Replica, follower: Follower, leader: Address | undefined): void {
  follower.copying = undefined
  follower.askAt = node.now + RETRY_MS
  follower.isSilent = true
  if (leader === undefined || leader === node.self) return
  followInstead(node, follower, leader)
  follower.askAt = node.now + RETRY_MS
}

/** Hands a client's write on to the leader. */
export function forward(
  node: Replica,
  follower: Follower,
  { id, change }: { id: RequestId; change: Change },
): void {
  const under = [...node.calls.values()].filter(({ type }) => type === 'forward').length
  if (under >= WAITING_MAX) {
    tell(node, id, { type: 'refused', refusal: 'too-many-waiting' })
    return
  }
  call(node, {
    to: follower.leader,
    message: { type: 'write', change },
    withinMs: FORWARD_MS,
    purpose: { type: 'forward', id, to: follower.leader },
  })
}

/** The answer to a write that was handed on. */
export function onForwarded(
  node: Replica,
  { id, to }: { readonly id: RequestId; readonly to: Address },
  answer: Reply,
): void {
  switch (answer.type) {
    case 'written':
      tell(node, id, { type: 'written', replicatedTo: answer.replicatedTo, forwardedTo: to })
      break
    case 'missing':
      tell(node, id, { type: 'missing' })
      break
    case 'refused':
      tell(node, id, { type: 'refused', refusal: answer.refusal })
      break
    default:
      tell(node, id, { type: 'no-leader', leader: to })
  }
}

export const onForwardSilent = (
  node: Replica,
  { id, to }: { readonly id: RequestId; readonly to: Address },
  why: Silence,
): void => tell(node, id, { type: why === 'unreached' ? 'no-leader' : 'unanswered', leader: to })
