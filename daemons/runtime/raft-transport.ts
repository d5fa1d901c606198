// Raft between servers over TCP, as hashicorp/raft's NetworkTransport does it (raft-wire §1): what
// the machine says goes to peers, what peers say comes back. Connections are directional; see
// raft-acceptor.ts for those to us and raft-lane.ts for ours. A snapshot has a connection of its
// own, and is sent no faster than the peer takes it.
//
// There are no timers here: the driver's tick calls `sweepTransport`.
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import type { LogLine } from '../../core/log.ts'
import type {
  Append,
  IncomingCall,
  InstallSnapshot,
  Peer,
  RaftReply,
  RaftRequest,
  ServerId,
  SnapshotMeta,
} from '../../core/raft/messages.ts'
import { callTimeoutMs, type Settings } from '../../core/raft/raft.ts'
import { fromAnswer, toRpc } from '../../core/raft/wire.ts'
import type { Instant } from '../../core/time.ts'
import { encodeRequest } from '../../core/wire/raft.ts'
import { createRaftStream, feed, nextAnswer } from '../../core/wire/raft-stream.ts'
import {
  type Acceptor,
  acceptFrom,
  answerCall,
  closeAcceptor,
  createAcceptor,
  createPeerServer,
  type PeerServer,
  SNAPSHOT_STALL_MS,
  type SnapshotSink,
  sweepAcceptor,
} from './raft-acceptor.ts'
import {
  addressOf,
  closeLane,
  createLane,
  type Lane,
  type LanePorts,
  placeCall,
  sweepLane,
} from './raft-lane.ts'

/** The content of a snapshot, to be sent. */
export interface SnapshotSource {
  readonly size: number
  readonly chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>
}

interface TransportPorts {
  readonly onCall: (call: IncomingCall) => void
  readonly onReply: (answer: { call: number; reply: RaftReply }) => void
  readonly onCallFailed: (call: number) => void
  /** See onLeaderGone: a hint, and often a false one. */
  readonly onGone: (peer: Peer) => void
  /** Where the content of a snapshot goes that comes with call `id`. */
  readonly receive: (id: number, snapshot: SnapshotMeta, size: number) => SnapshotSink
  /** The content of a snapshot of ours; undefined: there is none such any more. */
  readonly open: (snapshot: SnapshotMeta) => Promise<SnapshotSource | undefined>
  readonly log: (line: LogLine) => void
  readonly now: () => Instant
}

export interface TransportOptions {
  readonly self: Peer
  /** Where peers connect: see listenForPeers. Undefined: connections are handed over one by one. */
  readonly server: PeerServer | undefined
  readonly settings: Settings
  readonly ports: TransportPorts
  /** Sent first on every connection of ours. */
  readonly greeting?: Uint8Array
}

interface Lanes {
  readonly heartbeats: Lane
  readonly votes: Lane
  readonly appends: Lane
}

/** A snapshot on its way to a peer. */
interface Sending {
  readonly socket: Socket
  deadline: Instant
}

export interface RaftTransport {
  readonly options: TransportOptions
  readonly acceptor: Acceptor
  readonly lanes: Map<ServerId, Lanes>
  readonly sending: Set<Sending>
  /** The last append in its bytes: the next follower is often sent the same. */
  last: { readonly append: Append; readonly bytes: Uint8Array } | undefined
  isClosed: boolean
}

const NO_GREETING = new Uint8Array(0)

/**
 * Listens before anything else, so that the port is known when peers are told of it. `localhost` is
 * both of its addresses, if there are two.
 */
export async function listenForPeers(address: { host: string; port: number }): Promise<PeerServer> {
  const isLocal = address.host === 'localhost'
  const server = createPeerServer()
  server.listen(isLocal ? { ...address, host: '127.0.0.1' } : address)
  await once(server, 'listening')
  if (isLocal) await listenBeside(server)
  return server
}

/** Whoever comes by the other address is handed over. */
async function listenBeside(server: PeerServer): Promise<void> {
  const bound = server.address()
  if (typeof bound !== 'object' || bound === null) return
  const beside = createServer((socket) => server.emit('connection', socket))
  try {
    beside.listen({ host: '::1', port: bound.port })
    await once(beside, 'listening')
    server.once('close', () => beside.close())
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && NO_SUCH_ADDRESS.has(error.code))) throw error
  }
}

const NO_SUCH_ADDRESS: ReadonlySet<unknown> = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT'])

export function createTransport(options: TransportOptions): RaftTransport {
  const { self, server, ports } = options
  const acceptor = createAcceptor(self, ports)
  if (server !== undefined) acceptFrom(acceptor, server)
  return {
    options,
    acceptor,
    lanes: new Map(),
    sending: new Set(),
    last: undefined,
    isClosed: false,
  }
}

export type PeerCall = {
  readonly call: number
  readonly to: Peer
  readonly request: RaftRequest
}

/** Performs an effect `call`. It is answered by onReply or onCallFailed, later. */
export function callPeer(transport: RaftTransport, { call, to, request }: PeerCall): void {
  const { options } = transport
  const { settings, ports } = options
  if (request.type === 'install-snapshot') {
    sendSnapshot(transport, { call, to, request }).catch((error: unknown) => {
      const why = error instanceof Error ? error.message : String(error)
      const fields = { peer: to.id, why }
      ports.log({ level: 'warn', room: 'raft', message: 'snapshot not sent', fields })
      if (!transport.isClosed) ports.onCallFailed(call)
    })
    return
  }
  const deadline = ports.now() + callTimeoutMs(settings, request)
  const lane = laneFor(lanesTo(transport, to), request)
  placeCall(lane, { call, request, deadline }, bytesOf(transport, request))
}

function bytesOf(transport: RaftTransport, request: RaftRequest): Uint8Array {
  const { last, options } = transport
  if (request.type === 'append' && last !== undefined && isSame(last.append, request))
    return last.bytes
  const bytes = encodeRequest(toRpc(options.self, request))
  if (request.type === 'append') transport.last = { append: request, bytes }
  return bytes
}

/** Entries that are records of one log are the same if the first and the last are. */
const isSame = (a: Append, b: Append): boolean =>
  a.term === b.term &&
  a.commit === b.commit &&
  a.prevIndex === b.prevIndex &&
  a.prevTerm === b.prevTerm &&
  a.entries.length === b.entries.length &&
  a.entries[0] === b.entries[0] &&
  a.entries.at(-1) === b.entries.at(-1)

function lanesTo(transport: RaftTransport, to: Peer): Lanes {
  const { lanes, options } = transport
  const known = lanes.get(to.id)
  if (known !== undefined && known.appends.peer.address === to.address) return known
  for (const lane of Object.values<Lane>({ ...known })) closeLane(lane) // it has moved
  const { onReply, onCallFailed, onGone, now } = options.ports
  const greeting = options.greeting ?? NO_GREETING
  const ports: LanePorts = { onReply, onCallFailed, onGone, now, greeting }
  const made: Lanes = {
    heartbeats: createLane(to, ports),
    votes: createLane(to, ports),
    appends: createLane(to, ports),
  }
  lanes.set(to.id, made)
  return made
}

function laneFor(lanes: Lanes, { type }: RaftRequest): Lane {
  if (type === 'heartbeat') return lanes.heartbeats
  return type === 'append' ? lanes.appends : lanes.votes
}

/** Performs an effect `reply`. */
export const answerPeer = (transport: RaftTransport, id: number, reply: RaftReply): void =>
  answerCall(transport.acceptor, id, reply)

interface SnapshotCall {
  readonly call: number
  readonly to: Peer
  readonly request: InstallSnapshot
}

async function sendSnapshot(transport: RaftTransport, sent: SnapshotCall): Promise<void> {
  const { self, ports, greeting } = transport.options
  const { to, request, call } = sent
  const source = await ports.open(request.snapshot)
  if (source === undefined) throw new Error('the snapshot is gone')
  if (transport.isClosed) return
  const socket = connect(addressOf(to.address))
  const sending: Sending = { socket, deadline: ports.now() + SNAPSHOT_STALL_MS }
  transport.sending.add(sending)
  const failed = new Promise<never>((_, reject) => {
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('the connection was closed')))
  })
  failed.catch(() => undefined) // it is awaited below, or no longer of interest
  try {
    const answered = answerOn(socket, request)
    socket.write(greeting ?? NO_GREETING)
    socket.write(encodeRequest(toRpc(self, request, source.size)))
    await Promise.race([pour(source, sending, ports.now), failed])
    // It answers when it has installed it: that takes as long as it takes.
    sending.deadline = ports.now() + callTimeoutMs(transport.options.settings, request)
    const reply = await Promise.race([answered, failed])
    if (reply === undefined) throw new Error('the peer has refused it')
    if (!transport.isClosed) ports.onReply({ call, reply })
  } finally {
    transport.sending.delete(sending)
    socket.destroy()
  }
}

/** Writes the content; a full socket is waited for. */
async function pour(
  { chunks, size }: SnapshotSource,
  sending: Sending,
  now: () => Instant,
): Promise<void> {
  let sent = 0
  const { socket } = sending
  for await (const chunk of chunks) {
    sent += chunk.length
    if (!socket.destroyed && !socket.write(chunk)) await drainedOrClosed(socket)
    if (socket.destroyed) return // leaves the source in order
    sending.deadline = now() + SNAPSHOT_STALL_MS
  }
  if (sent !== size) throw new Error(`a snapshot of ${size} bytes has ${sent}`)
}

function drainedOrClosed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      socket.off('drain', done)
      socket.off('close', done)
      resolve()
    }
    socket.on('drain', done)
    socket.on('close', done)
  })
}

function answerOn(socket: Socket, request: InstallSnapshot): Promise<RaftReply | undefined> {
  const stream = createRaftStream()
  return new Promise((resolve) => {
    socket.on('data', (chunk: Uint8Array) => {
      feed(stream, chunk)
      const next = nextAnswer(stream, 'installSnapshot')
      if (next.type === 'message') resolve(fromAnswer(request, next.value))
      else if (next.type === 'fault') resolve(undefined)
    })
  })
}

/** Fails what has waited for too long. Called by the driver's tick. */
export function sweepTransport(transport: RaftTransport): void {
  sweepAcceptor(transport.acceptor)
  for (const lanes of transport.lanes.values())
    for (const lane of Object.values<Lane>({ ...lanes })) sweepLane(lane)
  const now = transport.options.ports.now()
  for (const { socket, deadline } of transport.sending) if (deadline <= now) socket.destroy()
}

/** Servers that are in no configuration any more need no connection. */
export function keepPeers(transport: RaftTransport, ids: ReadonlySet<ServerId>): void {
  for (const [id, lanes] of transport.lanes) {
    if (ids.has(id)) continue
    transport.lanes.delete(id)
    for (const lane of Object.values<Lane>({ ...lanes })) closeLane(lane)
  }
}

/** Every connection ends, and nobody is told. */
export async function closeTransport(transport: RaftTransport): Promise<void> {
  transport.isClosed = true
  closeAcceptor(transport.acceptor)
  for (const { socket } of transport.sending) socket.destroy()
  for (const lanes of transport.lanes.values())
    for (const lane of Object.values<Lane>({ ...lanes })) {
      lane.outstanding.length = 0
      closeLane(lane)
    }
  const { server } = transport.options
  if (server === undefined) return
  const closed = once(server, 'close')
  server.close()
  await closed
}
