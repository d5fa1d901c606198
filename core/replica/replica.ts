// A node: events in, effects out. What a role does is in leader.ts and follower.ts; here is which
// role it has, and the way from one to the other, which only a person asks for.
import { assert, unreachable } from '../assert.ts'
import type { RequestId } from '../ids.ts'
import type { Prng } from '../prng.ts'
import type { Instant } from '../time.ts'
import {
  createFollower,
  followInstead,
  forward,
  onAnswer,
  onFollowerKept,
  onFollowerTick,
  onForwarded,
  onForwardSilent,
  onSilence,
} from './follower.ts'
import { checkReplica } from './invariants.ts'
import { createKeeping, type Kept, onPersisted, persistNext, recoverStore } from './keep.ts'
import {
  dismiss,
  isLive,
  onChange,
  onGone,
  onKept,
  onLeaderTick,
  onPage,
  onPull,
} from './leader.ts'
import type { Ask, Message, ReplicaEffect, ReplicaEvent, Reply, Silence } from './messages.ts'
import { becomeReady, type Leader, type Replica, reply, say, tell } from './node.ts'
import { type Address, type Change, PEERS_MAX, type Sync } from './records.ts'
import { announce, conflictsOf, onAnnounce, onAnnounced } from './rivals.ts'
import type { Following, Status } from './status.ts'
import { arrivalAfter, beginReign, epochOf, freeze, readValue } from './store.ts'

export interface ReplicaOptions {
  readonly self: Address
  /** Undefined: this node is a leader. */
  readonly leader: Address | undefined
  readonly sync: Sync
  /** Names of reigns are drawn from it: no two nodes have the same seed. */
  readonly prng: Prng
  /** What an earlier life has kept. */
  readonly kept?: Kept | undefined
}

export function createReplica({ self, leader, sync, prng, kept }: ReplicaOptions): Replica {
  const follower = createFollower(leader ?? self, { obeys: false, synced: false })
  const store = recoverStore(kept)
  const node: Replica = {
    self,
    sync,
    prng,
    store,
    kept: freeze(store),
    keeping: createKeeping(),
    role: follower,
    peers: [],
    calls: new Map(),
    lastCall: 0,
    ready: false,
    isOfUse: kept !== undefined,
    now: 0,
    effects: [],
  }
  if (leader === undefined) becomeLeader(node, Math.max(1, epochOf(store)))
  return node
}

export function step(node: Replica, event: ReplicaEvent, now: Instant): void {
  assert(now >= node.now, 'time does not go back')
  node.now = now
  handle(node, event)
  persistNext(node)
  checkReplica(node)
}

/** What must now be done, in order. */
export function drain(node: Replica): readonly ReplicaEffect[] {
  const { effects } = node
  node.effects = []
  return effects
}

function handle(node: Replica, event: ReplicaEvent): void {
  switch (event.type) {
    case 'tick':
      onTick(node)
      break
    case 'asked':
      onAsk(node, event.id, event.ask)
      break
    case 'called':
      onCalled(node, event.id, event.message)
      break
    case 'abandoned':
      if (node.role.type === 'leader') onGone(node, node.role, event.id)
      break
    case 'replied':
      onReplied(node, event.call, event.reply)
      break
    case 'silent':
      onSilent(node, event.call, event.why)
      break
    case 'persisted':
      if (onPersisted(node, event.token)) tellKept(node)
      break
    case 'snapshot-saved':
      node.keeping.isSaving = false
      break
    default:
      unreachable(event)
  }
}

function tellKept(node: Replica): void {
  if (node.role.type === 'leader') onKept(node, node.role)
  else onFollowerKept(node, node.role)
}

function onTick(node: Replica): void {
  const { role } = node
  if (role.type === 'follower') {
    onFollowerTick(node, role)
    return
  }
  becomeReady(node)
  onLeaderTick(node, role)
  announce(node, role)
}

function onAsk(node: Replica, id: RequestId, ask: Ask): void {
  switch (ask.type) {
    case 'get':
      onGet(node, id, ask.key)
      break
    case 'change':
      onWrite(node, id, ask.change)
      break
    case 'status':
      tell(node, id, { type: 'status', status: statusOf(node) })
      break
    case 'promote':
      onPromote(node, id)
      break
    case 'follow':
      onFollow(node, id, ask.leader)
      break
    default:
      unreachable(ask)
  }
}

/** Every node answers reads, from what it has: that may be less than the leader has. */
function onGet(node: Replica, id: RequestId, key: string): void {
  const { role } = node
  if (role.type === 'follower' && !node.isOfUse) {
    tell(node, id, { type: 'not-synced', leader: role.leader })
    return
  }
  const value = readValue(node.store, key)
  tell(node, id, value === undefined ? { type: 'missing' } : { type: 'value', key, value })
}

function onWrite(node: Replica, id: RequestId, change: Change): void {
  const { role } = node
  if (role.type === 'leader') onChange(node, role, { id, forwarded: false, change })
  else forward(node, role, { id, change })
}

function onCalled(node: Replica, id: RequestId, message: Message): void {
  if (message.type === 'announce') {
    onAnnounce(node, { id, message })
    return
  }
  const { role } = node
  if (role.type === 'follower') {
    reply(node, id, { type: 'elsewhere', leader: role.leader })
    return
  }
  switch (message.type) {
    case 'pull':
      onPull(node, role, { id, message })
      break
    case 'page':
      onPage(node, role, { id, message })
      break
    case 'write':
      onChange(node, role, { id, forwarded: true, change: message.change })
      break
    default:
      unreachable(message)
  }
}

/** An answer that comes too late for the role that asked is passed over. */
function onReplied(node: Replica, call: number, answer: Reply): void {
  const purpose = node.calls.get(call)
  if (purpose === undefined) return
  node.calls.delete(call)
  const { role } = node
  if (purpose.type === 'forward') onForwarded(node, purpose, answer)
  else if (purpose.type === 'announce') {
    if (role.type === 'leader') onAnnounced(node, role, { to: purpose.to, answer })
  } else if (role.type === 'follower') onAnswer(node, role, answer)
}

function onSilent(node: Replica, call: number, why: Silence): void {
  const purpose = node.calls.get(call)
  if (purpose === undefined) return
  node.calls.delete(call)
  if (purpose.type === 'forward') onForwardSilent(node, purpose, why)
  else if (purpose.type !== 'announce' && node.role.type === 'follower') {
    onSilence(node, node.role, why)
  }
}

/** A person makes this node the leader. Nobody is asked whether there is another one. */
function onPromote(node: Replica, id: RequestId): void {
  const { role } = node
  if (role.type === 'leader') {
    tell(node, id, { type: 'promoted', epoch: role.epoch, already: true })
    return
  }
  if (!node.isOfUse) {
    tell(node, id, { type: 'not-synced', leader: role.leader })
    return
  }
  if (role.question !== undefined) node.calls.delete(role.question)
  node.peers = [role.leader, ...node.peers].filter((peer) => peer !== node.self).slice(0, PEERS_MAX)
  const epoch = epochOf(node.store) + 1
  becomeLeader(node, epoch)
  say(node, 'warn', { message: 'promoted', fields: { epoch, index: node.store.last } })
  tell(node, id, { type: 'promoted', epoch, already: false })
}

function becomeLeader(node: Replica, epoch: number): void {
  const id = node.prng.next().toString(16).padStart(8, '0')
  beginReign(node.store, { id, epoch })
  const leader: Leader = {
    type: 'leader',
    epoch,
    followers: new Map(),
    waiting: [],
    rivals: new Map(),
    announceAt: node.now,
  }
  node.role = leader
}

/** A person names the leader: what that one has is what counts. */
function onFollow(node: Replica, id: RequestId, leader: Address): void {
  const { role } = node
  if (leader === node.self) {
    tell(node, id, { type: 'itself' })
    return
  }
  if (role.type === 'follower') {
    followInstead(node, role, leader)
    role.obeys = true
  } else {
    dismiss(node, role)
    node.role = createFollower(leader, { obeys: true, synced: false })
    node.peers = [...role.followers.keys()].filter((peer) => peer !== leader)
    say(node, 'warn', { message: 'no leader any more', fields: { leader } })
  }
  tell(node, id, { type: 'followed', leader })
}

function statusOf(node: Replica): Status {
  const { self, role, store, sync } = node
  const shared = { self, index: store.last, keys: store.keys, epoch: epochOf(store), sync }
  if (role.type === 'follower') {
    return { ...shared, role: 'follower', follows: followingOf(node), followers: [], rivals: [] }
  }
  const followers = [...role.followers.values()].map((copy) => {
    const oldest = arrivalAfter(store, copy.index)
    return {
      address: copy.address,
      index: copy.index,
      behind: store.last - copy.index,
      lagMs: oldest === undefined ? 0 : node.now - oldest,
      live: isLive(node, copy),
    }
  })
  const rivals = conflictsOf(node, role)
  return { ...shared, role: 'leader', follows: undefined, followers, rivals }
}

function followingOf({ role, store, now }: Replica): Following | undefined {
  if (role.type !== 'follower') return undefined
  const { leader, leaderLast, heardAt, discarded, diverged, isSilent, synced } = role
  const unsilenced = diverged ? 'diverged' : synced ? 'following' : 'syncing'
  return {
    leader,
    state: isSilent ? 'no-leader' : unsilenced,
    behind: Math.max(0, leaderLast - store.last),
    silentMs: heardAt === undefined ? undefined : now - heardAt,
    discarded,
  }
}
