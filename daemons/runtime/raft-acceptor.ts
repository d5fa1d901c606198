// The side of raft's transport that is called (raft-wire §1.1): peers connect, send requests, and
// are answered strictly in order on each connection. Several requests of one connection may be
// with the machine at once, so that one write to the disk serves them all; a connection that is
// ahead of its answers by too much is not read.
//
// Behind the request for a snapshot comes its content. It is read to its end whatever becomes of
// it: the peer would wait for ever otherwise.
import { createServer, type Server, type Socket } from 'node:net'
import type { LogLine } from '../../core/log.ts'
import type { IncomingCall, Peer, RaftReply, SnapshotMeta } from '../../core/raft/messages.ts'
import { fromRpc, toAnswer } from '../../core/raft/wire.ts'
import type { Instant } from '../../core/time.ts'
import { encodeAnswer, type RpcRequest } from '../../core/wire/raft.ts'
import {
  createRaftStream,
  feed,
  nextRequest,
  type RaftStream,
  takeRaw,
  unread,
} from '../../core/wire/raft-stream.ts'

/** Peers have some connections each; more than this in all are refused. */
const INBOUND_MAX = 1_024
/** Requests of one connection that are not answered yet. Older Go servers send 130 ahead. */
export const AHEAD_MAX = 256
/** A snapshot of which nothing is brought, or nothing taken, for so long has failed. */
export const SNAPSHOT_STALL_MS = 10_000
/** What all connections together may hold of requests that are not whole yet. */
const INBOUND_BYTES_MAX = 256 << 20

/** Where the content of a snapshot goes. */
export interface SnapshotSink {
  write(chunk: Uint8Array): Promise<void>
  /** All of it has come. */
  finish(): Promise<void>
  /** The rest will not come. */
  abort(): void
}

export interface AcceptorPorts {
  /** A peer calls. Answered by `answerCall` with the same id. */
  readonly onCall: (call: IncomingCall) => void
  /** A snapshot is about to come with call `id`; the call follows when all of it is here. */
  readonly receive: (id: number, snapshot: SnapshotMeta, size: number) => SnapshotSink
  /** The last connection of a peer has ended, and not by us. */
  readonly onGone: (peer: Peer) => void
  readonly log: (line: LogLine) => void
  readonly now: () => Instant
}

/** An answer that has its place in the order of a connection. */
interface Awaited {
  readonly inbound: Inbound
  bytes: Uint8Array | undefined
}

interface Content {
  /** Still to come. */
  left: number
  /** When some of it must have come; undefined: it is not waited for. */
  due: Instant | undefined
}

interface Inbound {
  readonly socket: Socket
  readonly stream: RaftStream
  readonly awaited: Awaited[]
  /** Who called last on it. */
  from: Peer | undefined
  /** Of a snapshot, that is being read. */
  content: Content | undefined
  isBusy: boolean
}

export interface Acceptor {
  readonly self: Peer
  readonly ports: AcceptorPorts
  readonly inbound: Set<Inbound>
  readonly awaited: Map<number, Awaited>
  lastId: number
  isClosing: boolean
}

export const createAcceptor = (self: Peer, ports: AcceptorPorts): Acceptor => ({
  self,
  ports,
  inbound: new Set(),
  awaited: new Map(),
  lastId: 0,
  isClosing: false,
})

/** A server that may listen before anybody accepts: peers dial as soon as they can. */
export interface PeerServer extends Server {
  /** Who has come so far. */
  readonly early: Socket[]
}

export function createPeerServer(): PeerServer {
  const server = Object.assign(createServer(), { early: [] })
  server.on('connection', hold)
  return server
}

function hold(this: PeerServer, socket: Socket): void {
  socket.on('error', () => socket.destroy())
  if (this.listening) this.early.push(socket)
  else socket.destroy()
}

/** Nobody will accept who has come. */
export function giveUpServer(server: PeerServer): void {
  server.close()
  for (const socket of server.early.splice(0)) socket.destroy()
}

export function acceptFrom(acceptor: Acceptor, server: PeerServer): void {
  server.off('connection', hold)
  for (const socket of server.early.splice(0))
    if (!socket.destroyed) acceptConnection(acceptor, socket) // its end would not be heard any more
  server.on('connection', (socket) => acceptConnection(acceptor, socket))
}

/** A connection of which nothing of raft has been read yet. */
function acceptConnection(acceptor: Acceptor, socket: Socket): void {
  if (acceptor.isClosing || acceptor.inbound.size >= INBOUND_MAX) {
    socket.destroy()
    return
  }
  socket.setNoDelay(true)
  const inbound: Inbound = {
    socket,
    stream: createRaftStream(),
    awaited: [],
    from: undefined,
    content: undefined,
    isBusy: false,
  }
  acceptor.inbound.add(inbound)
  socket.on('data', (chunk: Uint8Array) => {
    feed(inbound.stream, chunk)
    if (holdsTooMuch(acceptor)) end(acceptor, inbound, 'connections hold too much together')
    else read(acceptor, inbound)
  })
  socket.on('error', () => socket.destroy()) // a broken connection is one that has ended
  socket.on('close', () => forget(acceptor, inbound))
}

function holdsTooMuch({ inbound }: Acceptor): boolean {
  let bytes = 0
  for (const { stream } of inbound) bytes += unread(stream)
  return bytes > INBOUND_BYTES_MAX
}

function end({ ports }: Acceptor, { socket, from }: Inbound, why: string): void {
  const fields = { peer: from?.id ?? socket.remoteAddress ?? '', why }
  ports.log({ level: 'warn', room: 'raft', message: 'connection closed', fields })
  socket.destroy()
}

function forget(acceptor: Acceptor, inbound: Inbound): void {
  acceptor.inbound.delete(inbound)
  for (const [id, awaited] of acceptor.awaited)
    if (awaited.inbound === inbound) acceptor.awaited.delete(id)
  const { from } = inbound
  if (from === undefined || acceptor.isClosing) return
  for (const other of acceptor.inbound) if (other.from?.id === from.id) return
  acceptor.ports.onGone(from)
}

/** Reads what has come: requests, or the content of a snapshot. */
function read(acceptor: Acceptor, inbound: Inbound): void {
  while (!inbound.isBusy && !inbound.socket.destroyed && inbound.content === undefined) {
    if (inbound.awaited.length >= AHEAD_MAX) {
      inbound.socket.pause()
      return
    }
    const next = nextRequest(inbound.stream)
    if (next.type === 'fault') end(acceptor, inbound, next.why)
    if (next.type !== 'message') return
    take(acceptor, inbound, next.value)
  }
}

function take(acceptor: Acceptor, inbound: Inbound, rpc: RpcRequest): void {
  const found = fromRpc(rpc)
  const id = ++acceptor.lastId
  const awaited: Awaited = { inbound, bytes: undefined }
  inbound.awaited.push(awaited)
  if (!found.ok) {
    const refuse = () => say(acceptor, awaited, encodeAnswer({ ok: false, error: found.error }))
    if (found.size === 0) refuse()
    else {
      const read = readContent(acceptor, inbound, { size: found.size, sink: undefined })
      follow(acceptor, inbound, read.then(refuse))
    }
    return
  }
  const { from, request, size } = found
  inbound.from = from
  acceptor.awaited.set(id, awaited)
  const call: IncomingCall = { id, from, request }
  if (request.type !== 'install-snapshot') {
    acceptor.ports.onCall(call)
    return
  }
  const sink = acceptor.ports.receive(id, request.snapshot, size)
  const received = readContent(acceptor, inbound, { size, sink })
  follow(
    acceptor,
    inbound,
    received.then(() => acceptor.ports.onCall(call)),
  )
}

/** Nothing else of the connection is read meanwhile. */
function follow(acceptor: Acceptor, inbound: Inbound, work: Promise<void>): void {
  inbound.isBusy = true
  work.then(
    () => {
      inbound.isBusy = false
      if (inbound.socket.destroyed) return
      inbound.socket.resume()
      read(acceptor, inbound)
    },
    (error: unknown) => end(acceptor, inbound, error instanceof Error ? error.message : 'failed'),
  )
}

/** Hands the content on as it comes. The socket is read no faster than the sink takes it. */
async function readContent(
  { ports }: Acceptor,
  inbound: Inbound,
  { size, sink }: { readonly size: number; readonly sink: SnapshotSink | undefined },
): Promise<void> {
  const content: Content = { left: size, due: undefined }
  inbound.content = content
  try {
    while (content.left > 0) {
      content.due = ports.now() + SNAPSHOT_STALL_MS
      const chunk = await nextChunk(inbound, content.left)
      content.due = undefined
      content.left -= chunk.length
      await sink?.write(chunk)
    }
    await sink?.finish()
  } catch (error) {
    sink?.abort()
    throw error
  } finally {
    inbound.content = undefined
  }
}

async function nextChunk({ socket, stream }: Inbound, bytesMax: number): Promise<Uint8Array> {
  while (unread(stream) === 0) {
    socket.resume()
    await cameOrClosed(socket)
    if (socket.destroyed && unread(stream) === 0) throw new Error('a snapshot without its end')
  }
  socket.pause()
  return takeRaw(stream, bytesMax)
}

/**
 * Gives up snapshots of which nothing comes any more: a machine that has lost its power closes no
 * connection, and only some snapshots may arrive at once.
 */
export function sweepAcceptor({ inbound, ports }: Acceptor): void {
  const now = ports.now()
  for (const { socket, content } of inbound)
    if (content?.due !== undefined && content.due <= now) socket.destroy()
}

function cameOrClosed(socket: Socket): Promise<void> {
  if (socket.destroyed) return Promise.resolve()
  return new Promise((resolve) => {
    const done = () => {
      socket.off('data', done)
      socket.off('close', done)
      resolve()
    }
    socket.on('data', done)
    socket.on('close', done)
  })
}

/** The machine's answer to a call. Nobody may be there any more to hear it. */
export function answerCall(acceptor: Acceptor, id: number, reply: RaftReply): void {
  const awaited = acceptor.awaited.get(id)
  if (awaited === undefined) return
  acceptor.awaited.delete(id)
  say(acceptor, awaited, encodeAnswer(toAnswer(acceptor.self, reply)))
}

/** Answers leave in the order of the requests. */
function say(acceptor: Acceptor, given: Awaited, bytes: Uint8Array): void {
  given.bytes = bytes
  const { inbound } = given
  const { awaited, socket } = inbound
  for (let first = awaited[0]; first?.bytes !== undefined; first = awaited[0]) {
    awaited.shift()
    if (!socket.destroyed) socket.write(first.bytes)
  }
  if (!socket.isPaused() || inbound.isBusy || socket.destroyed) return
  socket.resume()
  read(acceptor, inbound)
}

/** Every connection ends at once. */
export function closeAcceptor(acceptor: Acceptor): void {
  acceptor.isClosing = true
  for (const { socket } of acceptor.inbound) socket.destroy()
}
