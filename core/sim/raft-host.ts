// A raft server as a program of the virtual world: core/raft, the state machine behind it, and a
// small door for clients. The same order of things as in the agent: propose, persist, commit,
// apply, answer.
import { unreachable } from '../assert.ts'
import { textOf, utf8 } from '../bytes.ts'
import type { Entry } from '../entry.ts'
import { encodeCommand } from '../fsm/commands.ts'
import { applyEntry, createFsm, type Fsm } from '../fsm/fsm.ts'
import { restoreFsm, snapshotChunks } from '../fsm/snapshot.ts'
import { type LogIndex, logIndex, type Term } from '../ids.ts'
import { KV, type KvOp } from '../kv/records.ts'
import { createPrng } from '../prng.ts'
import { dueAt } from '../raft/due.ts'
import type { Configuration, SnapshotMeta } from '../raft/messages.ts'
import {
  createRaft,
  drainRaft,
  type Raft,
  type RaftEffect,
  type Settings,
  snapshotMetaAt,
} from '../raft/raft.ts'
import {
  bootstrap,
  change,
  onCall,
  onCallFailed,
  onInstalled,
  onLeaderGone,
  onPersisted,
  onPersistRefused,
  onReply,
  onSnapshotSaved,
  onTick,
  propose,
  read,
  takeCommitted,
  transfer,
} from '../raft/server.ts'
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
  readonly raft: Raft
  readonly fsm: Fsm
  readonly options: RaftHostOptions
  /** Who waits for which entry. */
  readonly writes: Map<LogIndex, { readonly id: number; readonly term: Term }>
  /** Who waits for the leadership to be confirmed. */
  readonly reads: Map<number, string>
  readonly watches: Map<number, Watching>
  /** States that came with calls, until they are installed or refused. */
  readonly images: Map<number, SnapshotImage>
  appliedSince: number
  saving: boolean
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
  const server: Server = {
    raft,
    fsm,
    options,
    writes: new Map(),
    reads: new Map(),
    watches: new Map(),
    images: new Map(),
    appliedSince: 0,
    saving: false,
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
  const { raft } = server
  switch (event.type) {
    case 'tick':
      onTick(raft, now)
      break
    case 'call':
      if (event.image !== undefined) server.images.set(event.id, event.image)
      onCall(raft, event, now)
      break
    case 'reply':
      onReply(raft, event, now)
      break
    case 'call-failed':
      onCallFailed(raft, event.call, now)
      break
    case 'gone':
      if (raft.leader?.id === event.peer.id) onLeaderGone(raft, now)
      break
    case 'persisted':
      onPersisted(raft, event.token, now)
      break
    case 'persist-refused':
      onPersistRefused(raft, event.token, now)
      break
    case 'snapshot-saved':
      onSaved(server, event.meta, now)
      break
    case 'installed':
      install(server, event, now)
      break
    case 'request':
      onRequest(server, event, now)
      break
    case 'order':
      onOrder(server, event.order, now)
      break
    default:
      unreachable(event)
  }
  for (const effect of drainRaft(raft)) onRaftEffect(server, effect)
}

function drain(server: Server): readonly HostEffect[] {
  const { effects } = server
  if (effects.length > 0) server.effects = []
  return effects
}

function onRaftEffect(server: Server, effect: RaftEffect): void {
  switch (effect.type) {
    case 'persist':
    case 'call':
    case 'note':
      server.effects.push(effect)
      break
    case 'reply':
      server.images.delete(effect.id)
      server.effects.push(effect)
      break
    case 'committed':
      for (const entry of takeCommitted(server.raft)) apply(server, entry)
      maybeSave(server)
      break
    case 'lost':
      loseWrites(server, effect.from)
      break
    case 'readable':
      for (const id of effect.ids) answerRead(server, id)
      break
    case 'transferred':
      break
    case 'unreadable':
      for (const id of effect.ids) {
        server.reads.delete(id)
        respond(server, id, refused(server, 'the leadership was lost'))
      }
      break
    case 'install':
      startInstall(server, effect)
      break
    default:
      unreachable(effect)
  }
}

function startInstall(server: Server, { id }: { id: number; snapshot: SnapshotMeta }): void {
  const image = server.images.get(id)
  server.images.delete(id)
  if (image !== undefined) server.effects.push({ type: 'install', id, image })
}

/** The image is durable; whether it is newer than what was committed meanwhile, raft knows. */
function install(server: Server, event: { id: number; image: SnapshotImage }, now: Instant): void {
  const { meta, chunks } = event.image
  if (!onInstalled(server.raft, { id: event.id, snapshot: meta }, now)) return
  wake(server, restoreFsm(server.fsm, chunks))
  server.appliedSince = 0
}

function onSaved(server: Server, meta: SnapshotMeta, now: Instant): void {
  server.saving = false
  const through = onSnapshotSaved(server.raft, meta, now)
  server.effects.push({ type: 'trim-log', through })
}

function apply(server: Server, entry: Entry): void {
  const { result, fired } = applyEntry(server.fsm, entry)
  server.appliedSince++
  wake(server, fired)
  const waiting = server.writes.get(entry.index)
  if (waiting === undefined) return
  server.writes.delete(entry.index)
  const outcome: ClientOutcome =
    waiting.term === entry.term
      ? { type: 'written', index: entry.index, done: result === true }
      : refused(server, 'another entry has taken its place')
  respond(server, waiting.id, outcome)
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

function loseWrites(server: Server, from: LogIndex): void {
  for (const [index, { id }] of server.writes) {
    if (index < from) continue
    server.writes.delete(index)
    respond(server, id, { type: 'unknown' })
  }
}

function maybeSave(server: Server): void {
  const { raft, fsm, options } = server
  if (server.saving || server.appliedSince < options.snapshotEntries) return
  const meta = snapshotMetaAt(raft, fsm.applied.index)
  if (meta === undefined) return
  server.saving = true
  server.appliedSince = 0
  server.effects.push({ type: 'save-snapshot', image: { meta, chunks: snapshotChunks(fsm) } })
}

function onRequest(
  server: Server,
  { id, request }: { id: number; request: ClientRequest },
  now: Instant,
): void {
  if (request.type === 'watch') {
    onWatch(server, { id, key: request.key, index: request.index })
    return
  }
  if (request.type === 'get') {
    if (request.mode === 'stale' || server.options.bug === 'stale-read')
      respond(server, id, look(server, request.key))
    else if (read(server.raft, id, now)) server.reads.set(id, request.key)
    else respond(server, id, refused(server, 'not the leader'))
    return
  }
  const proposed = propose(server.raft, commandOf(request), now)
  if (!proposed.ok) respond(server, id, refused(server, proposed.why))
  else if (server.options.bug === 'lost-ack')
    respond(server, id, { type: 'written', index: proposed.index, done: true })
  else server.writes.set(proposed.index, { id, term: proposed.term })
}

const OPS = { put: 'set', cas: 'cas', delete: 'delete' } as const satisfies Record<string, KvOp>

function commandOf(request: Exclude<ClientRequest, { type: 'get' | 'watch' }>): Uint8Array {
  const value = request.type === 'delete' ? utf8('') : utf8(request.value)
  const index = request.type === 'cas' ? request.index : 0
  const change = { key: request.key, value, flags: 0, index, session: '' }
  return encodeCommand({ type: 'kv', wall: 0, op: OPS[request.type], change })
}

function answerRead(server: Server, id: number): void {
  const key = server.reads.get(id)
  if (key === undefined) return
  server.reads.delete(id)
  respond(server, id, look(server, key))
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

function refused({ raft }: Server, why: string): ClientOutcome {
  const leader = raft.leader?.id
  return leader === undefined ? { type: 'refused', why } : { type: 'refused', why, leader }
}

function respond(server: Server, id: number, outcome: ClientOutcome): void {
  server.effects.push({ type: 'respond', id, outcome })
}

function onOrder({ raft }: Server, order: Order, now: Instant): void {
  if (order.type === 'transfer') transfer(raft, order.to?.id, now)
  else change(raft, order, now)
}
