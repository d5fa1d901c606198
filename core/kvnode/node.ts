// The key-value store of the first lesson, ordered by raft (the second) and with the API of the
// sixth: keys, transactions and watches over a log that several nodes agree on. The log itself is
// elsewhere (core/raft/replicated.ts); here is what stands before it and behind it.
//
// A request is answered here, proposed, read when it is certain who leads, or handed on to the
// leader. While nobody leads it is held for a while: an election is short.
import {
  createTombstoneDuty,
  dueTombstones,
  forgetReaped,
  noteTombstones,
  type TombstoneDuty,
} from '../agent/duties.ts'
import { standingOfRaft } from '../agent/order.ts'
import { createLoneSite } from '../agent/site.ts'
import { createLetterhead } from '../api/answer.ts'
import { createParking, type Parked } from '../api/blocking.ts'
import { createCacheBook } from '../api/cached.ts'
import type { Call } from '../api/call.ts'
import {
  type Answered,
  abandon,
  begin,
  expire,
  type Next,
  type Pipeline,
  refuse,
  replyTo,
  resume,
  wake,
} from '../api/pipeline.ts'
import { createRouter } from '../api/router.ts'
import { ROUTES } from '../api/table.ts'
import { AssertionError, unreachable } from '../assert.ts'
import type { AgentConfig } from '../config/agent-config.ts'
import type { Entry } from '../entry.ts'
import { ApiError } from '../errors.ts'
import { encodeCommand } from '../fsm/commands.ts'
import { applyEntry, createFsm, type Fsm } from '../fsm/fsm.ts'
import { restoreFsm, snapshotChunks } from '../fsm/snapshot.ts'
import { logIndex, type RequestId, requestId, uuidOf } from '../ids.ts'
import { TOMBSTONES } from '../kv/records.ts'
import { createMetrics } from '../metrics.ts'
import type { Prng } from '../prng.ts'
import type { Peer } from '../raft/messages.ts'
import type { Raft } from '../raft/raft.ts'
import { readsHere } from '../raft/reads.ts'
import type { Outcome, StateMachine } from '../raft/replicated.ts'
import type { Request, Response } from '../route/request.ts'
import { viewOf, type Waiter } from '../state/store.ts'
import { tableIndex } from '../state/txn.ts'
import type { Instant, WallMs } from '../time.ts'

/** What this store answers; the rest of the API belongs to agents. */
const PATHS: ReadonlySet<string> = new Set([
  'GET /v1/kv/*key',
  'PUT /v1/kv/*key',
  'DELETE /v1/kv/*key',
  'PUT /v1/txn',
  'GET /v1/status/leader',
  'GET /v1/status/peers',
  'GET /v1/operator/raft/configuration',
])

/** Of requests that were handed on once: they are not handed on again. */
export const FORWARDED_HEADER = 'x-lictor-forwarded'

/** While nobody leads a request is held so long. */
const HOLD_MS = 5_000
/** How often it is tried again. */
const RETRY_MS = 50
const HELD_MAX = 4_096

/** What the node proposes itself: nobody waits for it. */
const OWN_TICKET = 0

interface Clock {
  readonly now: Instant
  readonly wall: WallMs
}

export interface KvNode {
  readonly self: Peer
  readonly fsm: Fsm
  readonly pipeline: Pipeline
  readonly machine: StateMachine<unknown>
  /** By the ticket of what was proposed or is to be read. */
  readonly waiting: Map<RequestId, Waiting>
  held: readonly Held[]
  /** Handed on, and not answered. */
  readonly forwarded: Map<RequestId, Held>
  readonly tombstones: TombstoneDuty
  clock: Clock
  retryAt: Instant
  effects: KvEffect[]
}

interface Held {
  readonly request: Request
  /** It is refused then, if nobody leads. */
  readonly until: Instant
}

interface Waiting extends Held {
  readonly call: Call
}

export type KvEffect =
  | { readonly type: 'respond'; readonly id: RequestId; readonly response: Response }
  /** Answered by `onOutcome`. */
  | { readonly type: 'propose'; readonly ticket: number; readonly data: Uint8Array }
  | { readonly type: 'read'; readonly ticket: number }
  /** To the node of this id. Its answer is the client's; without one: `onForwardFailed`. */
  | { readonly type: 'forward'; readonly to: string; readonly request: Request }
  | { readonly type: 'give-up'; readonly id: RequestId }

export interface KvNodeOptions {
  readonly config: AgentConfig
  readonly self: Peer
  /** There when the first event comes. */
  readonly raft: () => Raft
  readonly prng: Prng
  readonly entropy: () => Uint8Array
  readonly clock: Clock
}

export function createKvNode({ config, self, raft, prng, entropy, clock }: KvNodeOptions): KvNode {
  const fsm = createFsm()
  const site = createLoneSite({
    config,
    metrics: createMetrics(clock.wall),
    standing: () => standingOfRaft(raft()),
    applied: () => fsm.applied.index,
    since: clock.wall,
    members: () => undefined, // it does not gossip
    ownPoint: () => undefined,
    registered: () => ({}),
  })
  const pipeline: Pipeline = {
    desk: {
      router: createRouter(ROUTES.filter(({ path }) => PATHS.has(path))),
      site,
      head: createLetterhead(config),
      uuid: () => uuidOf(entropy()),
    },
    store: fsm.store,
    own: fsm.store, // no route of ours looks there
    parking: createParking(),
    canRead: () => readsHere(raft()),
    cache: createCacheBook(),
    prng,
  }
  const node: KvNode = {
    self,
    fsm,
    pipeline,
    machine: {
      apply: (entry) => apply(node, entry),
      snapshot: () => snapshotChunks(fsm),
      restore: (chunks) => answerAll(node, wake(pipeline, asParked(restoreFsm(fsm, chunks)))),
    },
    waiting: new Map(),
    held: [],
    forwarded: new Map(),
    tombstones: createTombstoneDuty(),
    clock,
    retryAt: clock.now,
    effects: [],
  }
  return node
}

export function drainNode(node: KvNode): readonly KvEffect[] {
  const { effects } = node
  if (effects.length > 0) node.effects = []
  return effects
}

export function onRequest(node: KvNode, request: Request, clock: Clock): void {
  node.clock = clock
  const until = clock.now + HOLD_MS
  perform(node, { request, until }, begin(node.pipeline, request, clock))
}

function perform(node: KvNode, held: Held, next: Next): void {
  const { id } = held.request
  switch (next.type) {
    case 'respond':
      respond(node, id, next.response)
      break
    case 'propose':
      node.waiting.set(id, { ...held, call: next.call })
      node.effects.push({ type: 'propose', ticket: id, data: encodeCommand(next.command) })
      break
    case 'confirm':
      node.waiting.set(id, { ...held, call: next.call })
      node.effects.push({ type: 'read', ticket: id })
      break
    case 'parked':
      break
    case 'ask':
    case 'change':
      throw new AssertionError('none of our routes asks the machine, or changes an agent')
    default:
      unreachable(next)
  }
}

const respond = (node: KvNode, id: RequestId, response: Response): void => {
  node.effects.push({ type: 'respond', id, response })
}

const refuseWith = (node: KvNode, id: RequestId, error: ApiError): void =>
  respond(node, id, refuse(node.pipeline, error))

function answerAll(node: KvNode, answered: readonly Answered[]): void {
  for (const { id, response } of answered) respond(node, id, response)
}

/** Only the pipeline parks at this store. */
const asParked = (fired: ReadonlySet<Waiter>): ReadonlySet<Parked> => fired as ReadonlySet<Parked>

/** Entries that are no commands do not come here: they move the index all the same. */
function apply(node: KvNode, entry: Entry): unknown {
  const { fsm } = node
  fsm.applied = { index: logIndex(entry.index - 1), term: fsm.applied.term }
  const { result, fired, reaped } = applyEntry(fsm, entry)
  answerAll(node, wake(node.pipeline, asParked(fired)))
  if (reaped > 0) forgetReaped(node.tombstones, reaped)
  const at = tableIndex(viewOf(fsm.store), TOMBSTONES)
  noteTombstones(node.tombstones, logIndex(at), node.clock.now)
  return result
}

/** What became of something that was proposed, or is to be read. */
export function onOutcome(
  node: KvNode,
  { ticket, outcome }: { ticket: number; outcome: Outcome<unknown> },
  clock: Clock,
): void {
  node.clock = clock
  const id = requestId(ticket)
  const waiting = node.waiting.get(id)
  if (waiting === undefined) return // our own, or the client has gone
  node.waiting.delete(id)
  const { call } = waiting
  switch (outcome.type) {
    case 'applied': {
      const { index, result } = outcome
      respond(node, id, replyTo(node.pipeline, call, { index, result }))
      break
    }
    case 'readable':
      perform(node, waiting, resume(node.pipeline, call, clock.now))
      break
    case 'elsewhere':
      handOn(node, waiting, outcome.leader)
      break
    case 'refused':
      refuseWith(node, id, new ApiError('unavailable', outcome.why))
      break
    case 'unknown':
      refuseWith(node, id, uncertain())
      break
    default:
      throw new AssertionError(`a request does not end as ${outcome.type}`)
  }
}

const uncertain = () =>
  new ApiError(
    'uncertain',
    'the leader is gone: this write was made or not, read before you repeat',
  )

const noLeader = () => new ApiError('no-leader', 'No cluster leader')

/** Nothing was done: the leader does it, or whoever will lead. */
function handOn(node: KvNode, held: Held, leader: Peer | undefined): void {
  const { request } = held
  const isOver = node.clock.now >= held.until || node.held.length >= HELD_MAX
  if (request.header(FORWARDED_HEADER) !== undefined || isOver) {
    refuseWith(node, request.id, noLeader())
  } else if (leader === undefined || leader.id === node.self.id) {
    node.held = [...node.held, held]
  } else {
    node.forwarded.set(request.id, held)
    node.effects.push({ type: 'forward', to: leader.id, request })
  }
}

/** The leader that a request was handed on to has not answered. */
export function onForwardFailed(node: KvNode, id: RequestId, isUnreached: boolean): void {
  const held = node.forwarded.get(id)
  if (held === undefined) return
  node.forwarded.delete(id)
  const isRead = held.request.method === 'GET' || held.request.method === 'HEAD'
  if (!isUnreached && !isRead) refuseWith(node, id, uncertain())
  else if (isUnreached) handOn(node, held, undefined)
  else handOn(node, { ...held, until: node.clock.now + HOLD_MS }, undefined) // it has waited there
}

/** The leader has answered a request that was handed on: the client has it. */
export const onForwarded = (node: KvNode, id: RequestId, response: Response): void => {
  if (node.forwarded.delete(id)) respond(node, id, response)
}

export function onAbandoned(node: KvNode, id: RequestId): void {
  abandon(node.pipeline, id)
  node.waiting.delete(id)
  node.held = node.held.filter(({ request }) => request.id !== id)
  if (node.forwarded.delete(id)) node.effects.push({ type: 'give-up', id })
}

export function onTick(node: KvNode, clock: Clock): void {
  node.clock = clock
  answerAll(node, expire(node.pipeline, clock.now))
  const through = dueTombstones(node.tombstones, clock.now)
  if (through !== undefined) {
    const data = encodeCommand({ type: 'reap-tombstones', through, wall: clock.wall })
    node.effects.push({ type: 'propose', ticket: OWN_TICKET, data })
  }
  if (node.held.length === 0 || clock.now < node.retryAt) return
  node.retryAt = clock.now + RETRY_MS
  const { held } = node
  node.held = []
  for (const one of held) retry(node, one)
}

function retry(node: KvNode, held: Held): void {
  const { request, until } = held
  if (node.clock.now >= until) refuseWith(node, request.id, noLeader())
  else perform(node, held, begin(node.pipeline, request, node.clock))
}
