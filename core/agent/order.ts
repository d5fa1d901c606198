// How an agent's writes get their order: by its own disk (core/solo.ts), or by agreement with other
// servers (core/raft). One interface for both: nothing else in the agent knows which it is.
//
// What must be done comes out as effects, in order. A write is done when `takeEntries` hands it
// out, not before; a read that must not be stale asks `confirmRead` before it looks.
import { AssertionError, unreachable } from '../assert.ts'
import { EMPTY } from '../bytes.ts'
import { type Covered, ENTRY, type Entry, type Persist, type Recovered } from '../entry.ts'
import { type LogIndex, logIndex, type Term } from '../ids.ts'
import type { Prng } from '../prng.ts'
import { checkState } from '../raft/invariants.ts'
import { lastPosition, NOWHERE } from '../raft/log.ts'
import type { Configuration, Peer, Server, SnapshotMeta } from '../raft/messages.ts'
import {
  configurationOf,
  createRaft,
  drainRaft,
  latest,
  type Raft,
  type RaftEffect,
  type RaftNote,
  type Settings,
  snapshotMetaAt,
} from '../raft/raft.ts'
import { knowsCommit, readsHere } from '../raft/reads.ts'
import { coveredOf, metaOf } from '../raft/replicated.ts'
import * as server from '../raft/server.ts'
import { configurationCodec } from '../raft/wire.ts'
import * as solo from '../solo.ts'
import type { Instant } from '../time.ts'

export type Order = Alone | Together

interface Alone {
  readonly type: 'alone'
  readonly self: Peer
  readonly solo: solo.Solo
  effects: OrderEffect[]
}

interface Together {
  readonly type: 'together'
  readonly raft: Raft
  /** The last term in which this server has known all that was committed before it. */
  ledIn: Term | 0
}

export type OrderEffect =
  /** Answered by `onPersisted` or `onRefused`. At most one is under way. */
  | { readonly type: 'persist'; readonly persist: Persist }
  /** There is something for `takeEntries`. */
  | { readonly type: 'committed' }
  /** From here on this agent orders the writes, and its state has all that were ordered before. */
  | { readonly type: 'leads' }
  /** The disk was full. Entries from here on are void, or (not `isVoid`) may come all the same. */
  | { readonly type: 'lost'; readonly from: LogIndex; readonly isVoid: boolean }
  /** These reads may look now. */
  | { readonly type: 'readable'; readonly ids: readonly number[] }
  /** This agent leads no more: they must ask another. */
  | { readonly type: 'unreadable'; readonly ids: readonly number[] }
  | { readonly type: 'note'; readonly note: RaftNote }

export interface OrderParts {
  readonly self: Peer
  readonly recovered: Recovered
  readonly prng: Prng
  readonly now: Instant
}

export const orderAlone = ({ self, recovered }: OrderParts): Order => ({
  type: 'alone',
  self,
  solo: solo.createSolo(recovered, self.id),
  effects: [{ type: 'committed' }, { type: 'leads' }],
})

/** As a server of a cluster, for now of one without other servers. A new folder founds it. */
export function orderTogether(parts: OrderParts, settings: Settings): Order {
  const { self, recovered, prng, now } = parts
  const founders: Configuration = { servers: [{ ...self, suffrage: 'voter' }] }
  const isNew = recovered.vote.term === 0 && recovered.snapshot === undefined
  const raft = createRaft({
    self,
    settings,
    prng,
    configurations: configurationCodec,
    recovered,
    snapshot: isNew ? undefined : coveredBy(recovered, founders),
    now,
    boot: isNew ? 'first' : 'again',
  })
  if (isNew) server.bootstrap(raft, founders, now)
  server.onTick(raft, now)
  return { type: 'together', raft, ledIn: 0 }
}

/**
 * What the snapshot says. A log that was never anybody else's names no servers: it is as if it
 * began with `founders`.
 */
function coveredBy({ snapshot, entries }: Recovered, founders: Configuration) {
  if (snapshot?.configuration !== undefined) return snapshotOf(snapshot)
  const isNamed = entries.some(({ type }) => type === ENTRY.configuration)
  if (snapshot === undefined && isNamed) return undefined
  const { index, term } = snapshot ?? NOWHERE
  return { index, term, configuration: founders, configurationIndex: logIndex(0) }
}

export type Proposed =
  | { readonly ok: true; readonly index: LogIndex }
  | { readonly ok: false; readonly why: 'no-leader' | 'too-many' | 'disk-full' }

export const propose = (order: Order, data: Uint8Array, now: Instant): Proposed =>
  proposeEntry(order, { type: ENTRY.command, data }, now)

/**
 * Whether this agent leads and has said so. Before it does, it may propose, but not of itself: the
 * entries that a new log begins with come first.
 */
export const isInOffice = (order: Order): boolean =>
  order.type === 'alone' ||
  (order.raft.role.type === 'leader' && order.ledIn === order.raft.vote.term)

/** An entry without effect: it moves the index, and nothing else. */
export const proposeNoop = (order: Order, now: Instant): Proposed =>
  proposeEntry(order, { type: ENTRY.noop, data: EMPTY }, now)

function proposeEntry(order: Order, entry: Pick<Entry, 'type' | 'data'>, now: Instant): Proposed {
  if (order.type === 'alone') {
    const proposed = solo.proposeEntry(order.solo, entry)
    return proposed.ok ? proposed : { ok: false, why: 'too-many' }
  }
  const proposed = server.proposeEntry(order.raft, entry, now)
  if (proposed.ok) return proposed
  const { why } = proposed
  return { ok: false, why: why === 'not-leader' || why === 'transferring' ? 'no-leader' : why }
}

/** The others must know where we are now: an agent may come back with another address. */
export function claimAddress(order: Order, now: Instant): void {
  if (order.type === 'alone') return
  const { self } = order.raft
  const known = configurationOf(order.raft).servers.find(({ id }) => id === self.id)
  if (known === undefined || known.address === self.address) return
  server.change(order.raft, { type: 'add-voter', server: self }, now)
}

/** Entries that were not handed out before, in order. */
export const takeEntries = (order: Order): readonly Entry[] =>
  order.type === 'alone' ? solo.takeCommitted(order.solo) : server.takeCommitted(order.raft)

/** Whether a read that must not be stale may look at the state as it is, without asking anybody. */
export const canRead = (order: Order): boolean => order.type === 'alone' || readsHere(order.raft)

/** Makes sure that this agent leads: `readable` or `unreadable` with this id follows. False: no. */
export const confirmRead = (order: Order, id: number, now: Instant): boolean =>
  order.type === 'together' && server.read(order.raft, id, now)

export function onTick(order: Order, now: Instant): void {
  if (order.type === 'together') server.onTick(order.raft, now)
}

/** Between true and false, what is proposed is gathered into one persist. */
export function gather(order: Order, isGathering: boolean): void {
  if (order.type === 'together') server.gather(order.raft, isGathering)
  else order.solo.isGathering = isGathering
}

export function onPersisted(order: Order, token: number, now: Instant): void {
  if (order.type === 'together') {
    server.onPersisted(order.raft, token, now)
    return
  }
  solo.onPersisted(order.solo, token)
  order.effects.push({ type: 'committed' })
}

/** The disk was full: nothing of the persist stands. */
export function onRefused(order: Order, token: number, now: Instant): void {
  if (order.type === 'together') {
    server.onPersistRefused(order.raft, token, now)
    return
  }
  const from = solo.onRefused(order.solo, token)
  order.effects.push({ type: 'lost', from, isVoid: true })
}

/** What must now be done, in order. */
export function takeEffects(order: Order): readonly OrderEffect[] {
  return order.type === 'alone' ? effectsOfSolo(order) : effectsOfRaft(order)
}

const NOTHING: readonly OrderEffect[] = []

function effectsOfSolo(order: Alone): readonly OrderEffect[] {
  const persist = solo.takePersist(order.solo)
  if (persist !== undefined) order.effects.push({ type: 'persist', persist })
  if (order.effects.length === 0) return NOTHING
  const { effects } = order
  order.effects = []
  return effects
}

function effectsOfRaft(order: Together): readonly OrderEffect[] {
  const { raft } = order
  const drained = drainRaft(raft)
  if (drained.length === 0) return NOTHING
  const effects = drained.flatMap(fromRaft)
  const { term } = raft.vote
  if (raft.role.type === 'leader' && order.ledIn !== term && knowsCommit(raft)) {
    order.ledIn = term
    effects.push({ type: 'leads' })
  }
  return effects
}

function fromRaft(effect: RaftEffect): OrderEffect[] {
  switch (effect.type) {
    case 'persist':
    case 'readable':
    case 'unreadable':
    case 'note':
      return [effect]
    case 'committed':
      return [{ type: 'committed' }]
    case 'lost':
      return [{ type: 'lost', from: effect.from, isVoid: false }]
    case 'transferred':
    case 'call':
    case 'reply':
    case 'install':
      throw new AssertionError(`a server without others does not ${effect.type}`)
    default:
      return unreachable(effect)
  }
}

/** A bug shall end the process before it can answer anything wrong. */
export function checkOrder(order: Order): void {
  if (order.type === 'together') checkState(order.raft)
}

/** What a snapshot of everything applied covers; undefined: it cannot be told any more. */
export function coverage(order: Order, applied: LogIndex): Covered | undefined {
  if (order.type === 'alone') return { index: applied, term: order.solo.committed.term }
  const meta = snapshotMetaAt(order.raft, applied)
  return meta && coveredOf(meta)
}

/** The snapshot is durable. Returns up to where the log on the disk has no further use. */
export function onSnapshotSaved(order: Order, covered: Covered, now: Instant): LogIndex {
  if (order.type === 'alone') return covered.index
  return server.onSnapshotSaved(order.raft, snapshotOf(covered), now)
}

function snapshotOf(covered: Covered): SnapshotMeta {
  const meta = metaOf(covered)
  if (meta === undefined) throw new AssertionError('a snapshot does not say who the servers were')
  return meta
}

export interface Standing {
  readonly term: Term
  readonly lastIndex: LogIndex
  readonly role: 'follower' | 'candidate' | 'leader'
  /** Undefined: nobody is known to lead. */
  readonly leader: Peer | undefined
  readonly servers: readonly Server[]
  /** The entry that named them. */
  readonly configurationIndex: LogIndex
}

/** Where the log stands and who takes part. */
export const standingOf = (order: Order): Standing =>
  order.type === 'alone' ? standingAlone(order) : standingOfRaft(order.raft)

const standingAlone = ({ self, solo: { term, last } }: Alone): Standing => ({
  term,
  lastIndex: last,
  role: 'leader',
  leader: self,
  servers: [{ ...self, suffrage: 'voter' }],
  configurationIndex: logIndex(1),
})

export const standingOfRaft = (raft: Raft): Standing => ({
  term: raft.vote.term,
  lastIndex: lastPosition(raft.log).index,
  role: raft.role.type,
  leader: raft.leader,
  servers: configurationOf(raft).servers,
  configurationIndex: latest(raft).index,
})
