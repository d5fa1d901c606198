// Streams of gossip: one message each way, then they are closed (memberlist-wire §1.4). This port
// knows where a message ends (core/wire/gossip-stream.ts), not what it says: bytes go up and down
// as they are on the wire.
//
// A stream has a deadline from its first moment, what it may say is bounded, and so are the streams
// that are open at once, from everybody and from one peer, and the bytes that they hold together.
import { connect, createServer, type Server, type Socket } from 'node:net'
import { createStreamScan, scanStream } from '../../core/wire/gossip-stream.ts'
import { withoutMapping } from '../../core/wire/ip.ts'
import type { Address } from '../../core/wire/memberlist.ts'

export interface StreamEvents {
  /** Somebody opened a stream and said this. It waits for `close`. */
  readonly onRequest: (stream: number, bytes: Uint8Array) => void
  /** The answer on a stream of ours. */
  readonly onAnswer: (stream: number, bytes: Uint8Array) => void
  /** A stream of ours came to nothing; `refused` if nobody listens there. */
  readonly onFailed: (stream: number, why: string) => void
  /** A stream of somebody was not heard out. */
  readonly onDropped: (from: string, why: string) => void
}

interface Dialling {
  readonly stream: number
  readonly to: Address
  readonly bytes: Uint8Array
  /** False: nothing comes back. */
  readonly awaited: boolean
  readonly timeoutMs: number
}

export interface Streams {
  readonly address: Address
  dial(dialling: Dialling): void
  /** The last word on a stream that somebody opened, if any. */
  close(stream: number, bytes: Uint8Array | undefined): void
  shut(): Promise<void>
}

/** As many exchanges as memberlist takes at once. */
const STREAMS_MAX = 128
/** Of one address. */
const PER_PEER_MAX = 64
/** All that streams hold while they wait for the rest. */
const HELD_BYTES_MAX = 64 << 20

interface Port {
  readonly server: Server
  readonly events: StreamEvents
  readonly limitMs: number
  readonly sockets: Set<Socket>
  /** Opened by others. */
  readonly incoming: Map<number, Socket>
  readonly perPeer: Map<string, number>
  heldBytes: number
  lastStream: number
}

/** Binds the port; rejects with the error of the system. `limitMs`: for a whole stream. */
export async function openStreams(
  { bind, limitMs }: { bind: Address; limitMs: number },
  events: StreamEvents,
): Promise<Streams> {
  const server = createServer({ allowHalfOpen: true })
  const port: Port = {
    server,
    events,
    limitMs,
    sockets: new Set(),
    incoming: new Map(),
    perPeer: new Map(),
    heldBytes: 0,
    lastStream: 0,
  }
  server.on('connection', (socket) => accept(port, socket))
  await listening(server, bind)
  const bound = server.address()
  const number = typeof bound === 'object' && bound !== null ? bound.port : bind.port
  return {
    address: { ip: bind.ip, port: number },
    dial: (dialling) => dial(port, dialling),
    close: (stream, bytes) => answer(port, stream, bytes),
    shut: () => shut(port),
  }
}

function listening(server: Server, { ip, port }: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host: ip, port }, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function shut({ server, sockets }: Port): Promise<void> {
  for (const socket of sockets) socket.destroy()
  return new Promise((resolve) => {
    server.close(() => resolve())
  })
}

function accept(port: Port, socket: Socket): void {
  const { incoming, perPeer, events } = port
  const peer = withoutMapping(socket.remoteAddress ?? '')
  const count = perPeer.get(peer) ?? 0
  socket.on('error', () => socket.destroy()) // the peer is gone; `close` follows
  if (incoming.size >= STREAMS_MAX || count >= PER_PEER_MAX) {
    socket.destroy()
    events.onDropped(peer, 'too many streams at once')
    return
  }
  port.lastStream += 1
  const stream = port.lastStream
  incoming.set(stream, socket)
  perPeer.set(peer, count + 1)
  track(port, socket, port.limitMs)
  socket.once('close', () => {
    incoming.delete(stream)
    const left = (perPeer.get(peer) ?? 1) - 1
    if (left > 0) perPeer.set(peer, left)
    else perPeer.delete(peer)
  })
  listenTo(port, socket, {
    onMessage: (bytes) => events.onRequest(stream, bytes),
    onRefused: (why) => {
      socket.destroy()
      events.onDropped(peer, why)
    },
  })
}

/** A socket that does not outlive its time. */
function track({ sockets }: Port, socket: Socket, ms: number): void {
  sockets.add(socket)
  const timer = setTimeout(() => socket.destroy(new Error(LATE)), ms)
  timer.unref()
  socket.once('close', () => {
    clearTimeout(timer)
    sockets.delete(socket)
  })
}

const LATE = 'no answer in time'

interface Listener {
  readonly onMessage: (bytes: Uint8Array) => void
  readonly onRefused: (why: string) => void
}

/** Gathers what comes in until the message is whole. */
function listenTo(port: Port, socket: Socket, listener: Listener): void {
  const scan = createStreamScan()
  let held = new Uint8Array(0)
  let size = 0
  let isOver = false
  const release = () => {
    port.heldBytes -= held.length
    held = new Uint8Array(0)
  }
  const end = (tell: () => void) => {
    isOver = true
    tell()
    release()
  }
  socket.once('close', release)
  socket.on('data', (chunk) => {
    if (isOver) return // behind the message: nothing that anybody sends
    if (size + chunk.length > held.length) {
      const grown = new Uint8Array(Math.max(chunk.length + size, 2 * held.length))
      port.heldBytes += grown.length - held.length
      grown.set(held.subarray(0, size))
      held = grown
    }
    held.set(chunk, size)
    size += chunk.length
    const verdict = scanStream(scan, held.subarray(0, size))
    if (verdict.type === 'whole') end(() => listener.onMessage(held.slice(0, verdict.end)))
    else if (verdict.type === 'refused') end(() => listener.onRefused(verdict.why))
    else if (port.heldBytes > HELD_BYTES_MAX) end(() => listener.onRefused('too much is held'))
  })
}

function dial(port: Port, { stream, to, bytes, awaited, timeoutMs }: Dialling): void {
  const { events } = port
  const socket = connect({ host: to.ip, port: to.port, allowHalfOpen: true, noDelay: true })
  let isOver = false
  const once = (tell: () => void) => {
    if (isOver) return
    isOver = true
    tell()
    socket.destroySoon()
  }
  const fail = (why: string) => once(() => events.onFailed(stream, why))
  track(port, socket, timeoutMs)
  socket.on('error', (error: NodeJS.ErrnoException) => fail(reasonOf(error)))
  socket.once('end', () => fail('closed without an answer'))
  socket.once('close', () => fail('closed without an answer'))
  if (awaited)
    listenTo(port, socket, {
      onMessage: (answered) => once(() => events.onAnswer(stream, answered)),
      onRefused: fail,
    })
  socket.once('connect', () => {
    if (awaited) socket.write(bytes)
    else socket.end(bytes, () => once(() => undefined))
  })
}

const reasonOf = ({ code, message }: NodeJS.ErrnoException): string =>
  code === 'ECONNREFUSED' ? 'refused' : (code ?? message)

function answer({ incoming }: Port, stream: number, bytes: Uint8Array | undefined): void {
  const socket = incoming.get(stream)
  if (socket === undefined) return
  if (bytes === undefined) socket.end()
  else socket.end(bytes)
  socket.once('finish', () => socket.destroySoon())
}
