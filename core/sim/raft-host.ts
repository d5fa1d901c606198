// A raft server as a program of the virtual world: core/raft/replicated.ts, as every daemon has it,
// the state machine of the agent behind it, and a small door for clients.
import { unreachable } from '../assert.ts'
import { textOf, utf8 } from '../bytes.ts'
import type { Entry } from '../entry.ts'
import { encodeCommand } from '../fsm/commands.ts'
import { applyEntry, createFsm, type Fsm } from '../fsm/fsm.ts'
import { restoreFsm, snapshotChunks } from '../fsm/snapshot.ts'
import { logIndex } from '../ids.ts'
import { KV, type KvOp } from '../kv/records.ts'
import { createPrng } from '../prng.ts'
import { dueAt } from '../raft/due.ts'
import { lastIndex } from '../raft/log.ts'
import type { Configuration } from '../raft/messages.ts'
import { createRaft, type Settings } from '../raft/raft.ts'
import {
  createReplicated,
  drainReplicated,
  type Outcome,
  type Replicated,
  type ReplicatedEffect,
  type ReplicatedEvent,
  stepReplicated,
} from '../raft/replicated.ts'
import { bootstrap } from '../raft/server.ts'
import { createWatchSet, viewOf, type Waiter, watch } from '../state/store.ts'
import { get, peek } from '../state/txn.ts'
import type { Instant } from '../time.ts'
import type {
  ClientOutcome,
  ClientRequest,
  Host,
  HostBoot,
  HostEffect,
  HostEvent,
  Order,
  SnapshotImage,
  StartHost,
  Watching,
} from './host.ts'

export interface RaftHostOptions {
  readonly settings: Settings
  /** A snapshot is written after this many applied entries. */
  readonly snapshotEntries: number
  /** What is wrong with the door; undefined: nothing. */
  readonly bug: DoorBug | undefined
}

/** Mistakes that a teacher can plant: no switch of the product, only of this small door. */
export const DOOR_BUGS = [
  /** Reads are answered from what this server happens to have. */
  'stale-read',
  /** Writes are acknowledged when they are in the log of the leader, and nowhere else. */
  'lost-ack',
] as const
export type DoorBug = (typeof DOOR_BUGS)[number]

interface Server {
  readonly replicated: Replicated<unknown>
  readonly fsm: Fsm
  readonly options: RaftHostOptions
  /** Who waits for an outcome; of a read, the key. */
  readonly asked: Map<number, string | undefined>
  readonly watches: Map<number, Watching>
  /** States that came with calls, until they are installed or refused. */
  readonly images: Map<number, SnapshotImage>
  effects: HostEffect[]
}

/** Makes the function that starts such servers. */
export const raftHosts =
  (options: RaftHostOptions): StartHost =>
  (boot) =>
    startServer(options, boot)

function startServer(options: RaftHostOptions, boot: HostBoot): Host {
  const { recovered, snapshot, now } = boot
  const fsm = createFsm()
  if (recovered.snapshot !== undefined) restoreFsm(fsm, recovered.snapshot.chunks)
  const raft = createRaft({
    self: boot.self,
    settings: options.settings,
    prng: createPrng(boot.seed),
    configurations,
    recovered,
    snapshot,
    now,
    boot: boot.boot,
  })
  if (boot.found !== undefined) bootstrap(raft, boot.found, now)
  const apply = (entry: Entry): unknown => {
    const { result, fired } = applyEntry(fsm, entry)
    wake(server, fired)
    return result
  }
  const machine = {
    apply,
    pass: apply,
    snapshot: () => snapshotChunks(fsm),
    restore: (chunks: Iterable<Uint8Array>) => wake(server, restoreFsm(fsm, chunks)),
  }
  const { snapshotEntries } = options
  const server: Server = {
    replicated: createReplicated({ raft, machine, snapshotEntries }),
    fsm,
    options,
    asked: new Map(),
    watches: new Map(),
    images: new Map(),
    effects: [],
  }
  return {
    raft,
    fsm,
    watches: server.watches,
    step: (event, at) => step(server, event, at),
    drain: () => drain(server),
    dueAt: () => dueAt(raft),
  }
}

/** Configurations as text: the wire's own form is not needed to try the protocol. */
const configurations = {
  encode: (configuration: Configuration) => utf8(JSON.stringify(configuration)),
  decode: (data: Uint8Array) => JSON.parse(textOf(data)) as Configuration, // what encode has made
}

function step(server: Server, event: HostEvent, now: Instant): void {
  switch (event.type) {
    case 'tick':
    case 'reply':
    case 'call-failed':
    case 'gone':
    case 'persisted':
    case 'persist-refused':
    case 'snapshot-saved':
      give(server, event, now)
      break
    case 'call':
      if (event.image !== undefined) server.images.set(event.id, event.image)
      give(server, { type: 'call', call: event }, now)
      break
    case 'installed': {
      const { meta, chunks } = event.image
      give(server, { type: 'installed', id: event.id, meta, chunks }, now)
      break
    }
    case 'request':
      onRequest(server, event, now)
      break
    case 'order':
      give(server, eventOf(event.order), now)
      break
    default:
      unreachable(event)
  }
}

function give(server: Server, event: ReplicatedEvent, now: Instant): void {
  const { replicated } = server
  stepReplicated(replicated, event, now)
  if (replicated.effects.length === 0) return
  for (const effect of drainReplicated(replicated)) onEffect(server, effect)
}

function drain(server: Server): readonly HostEffect[] {
  const { effects } = server
  if (effects.length > 0) server.effects = []
  return effects
}

function onEffect(server: Server, effect: ReplicatedEffect<unknown>): void {
  switch (effect.type) {
    case 'persist':
    case 'call':
    case 'note':
    case 'trim-log':
      server.effects.push(effect)
      break
    case 'reply':
      server.images.delete(effect.id)
      server.effects.push(effect)
      break
    case 'save-snapshot':
      server.effects.push({
        type: 'save-snapshot',
        image: { meta: effect.meta, chunks: effect.chunks },
      })
      break
    case 'install':
      startInstall(server, effect.id)
      break
    case 'outcome':
      onOutcome(server, effect.ticket, effect.outcome)
      break
    default:
      unreachable(effect)
  }
}

function startInstall(server: Server, id: number): void {
  const image = server.images.get(id)
  server.images.delete(id)
  if (image !== undefined) server.effects.push({ type: 'install', id, image })
}

/** Looks again for those whose key may have changed. */
function wake(server: Server, fired: Iterable<Waiter>): void {
  // The cast: only onWatch parks at this store.
  for (const waiter of fired) onWatch(server, waiter as Watching)
}

/** Answers if there is news, or waits for some. */
function onWatch(server: Server, watching: Watching): void {
  const { fsm, watches } = server
  const read = createWatchSet()
  const modified = get(viewOf(fsm.store, read), KV, watching.key)?.modifyIndex ?? 0
  if (modified > watching.index) {
    watches.delete(watching.id)
    respond(server, watching.id, look(server, watching.key))
    return
  }
  watches.set(watching.id, watching)
  watch(fsm.store, read, watching)
}

function onRequest(
  server: Server,
  { id, request }: { id: number; request: ClientRequest },
  now: Instant,
): void {
  if (request.type === 'watch') onWatch(server, { id, key: request.key, index: request.index })
  else if (request.type !== 'get') propose(server, { id, data: commandOf(request) }, now)
  else if (request.mode === 'stale' || server.options.bug === 'stale-read')
    respond(server, id, look(server, request.key))
  else {
    server.asked.set(id, request.key)
    give(server, { type: 'read', ticket: id }, now)
  }
}

function propose(
  server: Server,
  { id, data }: { id: number; data: Uint8Array },
  now: Instant,
): void {
  const { asked, replicated } = server
  asked.set(id, undefined)
  give(server, { type: 'propose', commands: [{ ticket: id, data }] }, now)
  if (!asked.has(id)) return
  if (server.options.bug === 'lost-ack')
    answer(server, id, { type: 'written', index: lastIndex(replicated.raft.log), done: true })
}

const OPS = { put: 'set', cas: 'cas', delete: 'delete' } as const satisfies Record<string, KvOp>

function commandOf(request: Exclude<ClientRequest, { type: 'get' | 'watch' }>): Uint8Array {
  const value = request.type === 'delete' ? utf8('') : utf8(request.value)
  const index = request.type === 'cas' ? request.index : 0
  const change = { key: request.key, value, flags: 0, index, session: '' }
  return encodeCommand({ type: 'kv', wall: 0, op: OPS[request.type], change })
}

/** Nobody waits for the outcome of an order. */
const NOBODY = -1

const eventOf = (order: Order): ReplicatedEvent =>
  order.type === 'transfer'
    ? { type: 'transfer', ticket: NOBODY, to: order.to?.id }
    : { type: 'change', ticket: NOBODY, change: order }

function onOutcome(server: Server, id: number, outcome: Outcome<unknown>): void {
  if (!server.asked.has(id)) return
  const key = server.asked.get(id)
  switch (outcome.type) {
    case 'applied': {
      const { index, result } = outcome
      answer(server, id, { type: 'written', index, done: result === true })
      break
    }
    case 'readable':
      answer(server, id, look(server, key ?? ''))
      break
    case 'elsewhere':
      answer(server, id, refused(server, 'another leads, or nobody'))
      break
    case 'refused':
      answer(server, id, refused(server, outcome.why))
      break
    case 'unknown':
      answer(server, id, { type: 'unknown' })
      break
    case 'saved':
    case 'transferred':
      break
    default:
      unreachable(outcome)
  }
}

function answer(server: Server, id: number, outcome: ClientOutcome): void {
  server.asked.delete(id)
  respond(server, id, outcome)
}

function look({ fsm }: Server, key: string): ClientOutcome {
  const row = peek(viewOf(fsm.store), KV, key)
  return {
    type: 'read',
    index: logIndex(fsm.applied.index),
    value: row === undefined ? undefined : textOf(row.value),
    modified: row?.modifyIndex ?? 0,
  }
}

function refused({ replicated: { raft } }: Server, why: string): ClientOutcome {
  const leader = raft.leader?.id
  return leader === undefined ? { type: 'refused', why } : { type: 'refused', why, leader }
}

function respond(server: Server, id: number, outcome: ClientOutcome): void {
  server.effects.push({ type: 'respond', id, outcome })
}
