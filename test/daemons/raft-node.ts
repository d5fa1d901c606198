// A server of ours inside the test's process: the machine, the real transport, a disk of memory
// that takes its time, and the state machine of test/peers/raftpeer, so that both can be compared.
import { createHash } from 'node:crypto'
import { textOf, utf8 } from '../../core/bytes.ts'
import { ENTRY, type Entry, type Persist, type Vote } from '../../core/entry.ts'
import { type LogIndex, term } from '../../core/ids.ts'
import { createPrng } from '../../core/prng.ts'
import { checkStep, type Watched, watch } from '../../core/raft/invariants.ts'
import type { Peer, SnapshotMeta } from '../../core/raft/messages.ts'
import {
  type Boot,
  configurationOf,
  createRaft,
  drainRaft,
  type Raft,
  type RaftEffect,
  type Settings,
  snapshotMetaAt,
} from '../../core/raft/raft.ts'
import {
  onCall,
  onCallFailed,
  onInstalled,
  onInstallFailed,
  onLeaderGone,
  onPersisted,
  onReply,
  onSnapshotSaved,
  onTick,
  propose,
  takeCommitted,
} from '../../core/raft/server.ts'
import { configurationCodec } from '../../core/raft/wire.ts'
import {
  answerPeer,
  callPeer,
  closeTransport,
  createTransport,
  keepPeers,
  listenForPeers,
  type RaftTransport,
  sweepTransport,
} from '../../daemons/runtime/raft-transport.ts'

interface Applied {
  readonly index: number
  readonly term: number
  readonly data: string
  readonly extensions: string | null
}

/** As raftpeer writes it in snapshots, and shows it at GET /fsm. */
export interface PeerState {
  readonly format: 1
  kv: Record<string, string>
  count: number
  opaque: number
  index: number
  term: number
  hash: string
  history: Applied[]
}

interface Image {
  readonly meta: SnapshotMeta
  readonly content: Uint8Array
}

/** What survives the end of the process. */
interface NodeDisk {
  vote: Vote
  entries: Entry[]
  snapshot: Image | undefined
}

export interface RaftNode {
  readonly peer: Peer
  readonly disk: NodeDisk
  readonly raft: Raft
  readonly transport: RaftTransport
  state: PeerState
  /** Who waits for which entry. */
  readonly waiting: Map<LogIndex, (committed: boolean) => void>
  readonly images: Map<number, Image>
  readonly notes: string[]
  watched: Watched
  readonly timer: NodeJS.Timeout
  isStopped: boolean
  isStepping: boolean
}

export interface NodeOptions {
  readonly id: string
  /** 0: any. A server that comes back has the port that it had. */
  readonly port: number
  readonly settings: Settings
  readonly disk?: NodeDisk
  readonly boot?: Boot
}

const emptyDisk = (): NodeDisk => ({
  vote: { term: term(0), votedFor: '' },
  entries: [],
  snapshot: undefined,
})

const emptyState = (): PeerState => ({
  format: 1,
  kv: {},
  count: 0,
  opaque: 0,
  index: 0,
  term: 0,
  hash: '0'.repeat(64),
  history: [],
})

const HOST = '127.0.0.1'
const TICK_MS = 10

export async function startNode(options: NodeOptions): Promise<RaftNode> {
  const { id, settings } = options
  const server = await listenForPeers({ host: HOST, port: options.port })
  const { port } = server.address() as { port: number } // a server on TCP
  const peer: Peer = { id, address: `${HOST}:${port}` }
  const disk = options.disk ?? emptyDisk()
  const { snapshot, entries, vote } = disk
  const meta = snapshot?.meta
  const raft = createRaft({
    self: peer,
    settings,
    prng: createPrng(port),
    configurations: configurationCodec,
    recovered: {
      vote,
      entries,
      snapshot: meta && { index: meta.index, term: meta.term, chunks: [] },
    },
    snapshot: meta,
    now: performance.now(),
    boot: options.boot ?? (entries.length === 0 && meta === undefined ? 'first' : 'again'),
  })
  const transport = createTransport({
    self: peer,
    server,
    settings,
    ports: {
      onCall: (call) => step(node, (now) => onCall(raft, call, now)),
      onReply: (answer) => step(node, (now) => onReply(raft, answer, now)),
      onCallFailed: (call) => step(node, (now) => onCallFailed(raft, call, now)),
      onGone: ({ id: gone }) =>
        step(node, (now) => {
          if (raft.leader?.id === gone) onLeaderGone(raft, now)
        }),
      receive: (call, received, size) => sinkOf(node, { call, meta: received, size }),
      open: async (wanted) => {
        const kept = node.disk.snapshot
        if (kept?.meta.index !== wanted.index) return undefined
        return { size: kept.content.length, chunks: [kept.content] }
      },
      log: ({ message, fields }) => node.notes.push(`${message} ${JSON.stringify(fields)}`),
      now: () => performance.now(),
    },
  })
  const node: RaftNode = {
    peer,
    disk,
    raft,
    transport,
    state: snapshot === undefined ? emptyState() : stateOf(snapshot.content),
    waiting: new Map(),
    images: new Map(),
    notes: [],
    watched: watch(raft),
    timer: setInterval(() => {
      sweepTransport(transport)
      step(node, (now) => onTick(raft, now))
    }, TICK_MS),
    isStopped: false,
    isStepping: false,
  }
  return node
}

function stateOf(content: Uint8Array): PeerState {
  return JSON.parse(textOf(content)) as PeerState // made by raftpeer, or by us
}

/** Something happens; then what the machine wants is done. Effects may bring about more. */
function step(node: RaftNode, happen: (now: number) => void): void {
  if (node.isStopped) return
  happen(performance.now())
  node.watched = checkStep(node.raft, node.watched)
  if (node.isStepping) return
  node.isStepping = true
  for (let effects = drainRaft(node.raft); effects.length > 0; effects = drainRaft(node.raft))
    for (const effect of effects) perform(node, effect)
  node.isStepping = false
}

function perform(node: RaftNode, effect: RaftEffect): void {
  const { raft, transport } = node
  switch (effect.type) {
    case 'persist':
      write(node, effect.persist)
      break
    case 'call':
      callPeer(transport, effect)
      break
    case 'reply':
      answerPeer(transport, effect.id, effect.reply)
      break
    case 'committed':
      for (const entry of takeCommitted(raft)) apply(node, entry)
      break
    case 'lost':
      for (const [index, settle] of node.waiting)
        if (index >= effect.from) {
          node.waiting.delete(index)
          settle(false)
        }
      break
    case 'install':
      setImmediate(() => install(node, effect.id))
      break
    case 'note':
      node.notes.push(JSON.stringify(effect.note))
      if (effect.note.what === 'configuration')
        keepPeers(transport, new Set(configurationOf(raft).servers.map(({ id }) => id)))
      break
    default:
  }
}

/** The disk answers later, as disks do. */
function write(node: RaftNode, persist: Persist): void {
  setImmediate(() => {
    if (node.isStopped) return
    land(node.disk, persist)
    step(node, (now) => onPersisted(node.raft, persist.token, now))
  })
}

function land(disk: NodeDisk, { vote, truncateFrom, restartBehind, entries }: Persist): void {
  if (vote !== undefined) disk.vote = vote
  if (truncateFrom !== undefined)
    disk.entries = disk.entries.filter(({ index }) => index < truncateFrom)
  if (restartBehind !== undefined) disk.entries = []
  disk.entries.push(...entries)
}

function apply(node: RaftNode, entry: Entry): void {
  const settle = node.waiting.get(entry.index)
  node.waiting.delete(entry.index)
  settle?.(true)
  if (entry.type !== ENTRY.command) return
  const { state } = node
  const index = Buffer.alloc(8)
  index.writeBigUInt64BE(BigInt(entry.index))
  state.count++
  state.index = entry.index
  state.term = entry.term
  state.hash = createHash('sha256')
    .update(Buffer.from(state.hash, 'hex'))
    .update(index)
    .update(entry.data)
    .digest('hex')
  const extensions = entry.extensions
  state.history.push({
    index: entry.index,
    term: entry.term,
    data: Buffer.from(entry.data).toString('hex'),
    extensions: extensions === undefined ? null : Buffer.from(extensions).toString('hex'),
  })
  applyOperation(state, entry.data)
}

function applyOperation(state: PeerState, data: Uint8Array): void {
  const operation = operationIn(data)
  if (operation?.op === 'set') state.kv[operation.key] = operation.value
  else if (operation?.op === 'delete') delete state.kv[operation.key]
  else state.opaque++
}

function operationIn(data: Uint8Array): { op: string; key: string; value: string } | undefined {
  try {
    return JSON.parse(textOf(data)) as { op: string; key: string; value: string } // compared above
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** Proposes and waits. False: nobody knows what becomes of it; undefined: it was not taken. */
export function applyAt(node: RaftNode, data: string): Promise<boolean> | undefined {
  let proposed: Promise<boolean> | undefined
  step(node, (now) => {
    const made = propose(node.raft, utf8(data), now)
    if (made.ok) proposed = new Promise((settle) => node.waiting.set(made.index, settle))
  })
  return proposed
}

/** Does something to the machine, as an operator would. */
export function order<T>(node: RaftNode, what: (raft: Raft, now: number) => T): T {
  let result: T | undefined
  step(node, (now) => {
    result = what(node.raft, now)
  })
  return result as T // a step runs at once
}

export function snapshotAt(node: RaftNode): SnapshotMeta {
  const meta = snapshotMetaAt(node.raft, node.raft.delivered)
  if (meta === undefined) throw new Error('the state cannot be described')
  node.disk.snapshot = { meta, content: utf8(`${JSON.stringify(node.state)}\n`) }
  step(node, (now) => {
    const through = onSnapshotSaved(node.raft, meta, now)
    node.disk.entries = node.disk.entries.filter(({ index }) => index > through)
  })
  return meta
}

function sinkOf(
  node: RaftNode,
  { call, meta, size }: { call: number; meta: SnapshotMeta; size: number },
) {
  const content = new Uint8Array(size)
  let at = 0
  return {
    async write(chunk: Uint8Array) {
      content.set(chunk, at)
      at += chunk.length
    },
    async finish() {
      node.images.set(call, { meta, content })
    },
    abort() {
      node.images.delete(call)
    },
  }
}

function install(node: RaftNode, id: number): void {
  const image = node.images.get(id)
  node.images.delete(id)
  if (image === undefined) {
    step(node, (now) => onInstallFailed(node.raft, id, now))
    return
  }
  if (image.meta.index > (node.disk.snapshot?.meta.index ?? 0)) node.disk.snapshot = image
  step(node, (now) => {
    const isTaken = onInstalled(node.raft, { id, snapshot: image.meta }, now)
    if (isTaken) node.state = stateOf(image.content)
  })
}

/** As SIGKILL: nothing is said, and what the disk had not yet is lost. */
export async function killNode(node: RaftNode): Promise<void> {
  node.isStopped = true
  clearInterval(node.timer)
  for (const settle of node.waiting.values()) settle(false)
  await closeTransport(node.transport)
}

export const isLeading = ({ raft }: RaftNode): boolean => raft.role.type === 'leader'
