// One connection of ours to one peer (raft-wire §1.1): requests leave in order, and answers come in
// the same order. Made when it is needed, and again when it has broken, after a pause that doubles.
//
// A peer has three of them, so that nothing waits behind what it need not wait for: heartbeats,
// votes (which wait for the peer's disk), appends (which wait for it, and are large).
import { connect, type Socket } from 'node:net'
import type { Peer, RaftReply, RaftRequest } from '../../core/raft/messages.ts'
import { fromAnswer, kindOf } from '../../core/raft/wire.ts'
import type { Instant } from '../../core/time.ts'
import { createRaftStream, feed, nextAnswer, type RaftStream } from '../../core/wire/raft-stream.ts'

/** Requests that wait in a connection which the peer does not read. */
const LANE_BYTES_MAX = 64 << 20
const PAUSE_FIRST_MS = 10
const PAUSE_DOUBLINGS_MAX = 7

export interface LanePorts {
  readonly onReply: (answer: { call: number; reply: RaftReply }) => void
  readonly onCallFailed: (call: number) => void
  /** The peer has closed a connection, or refused one: its process is gone, or so it seems. */
  readonly onGone: (peer: Peer) => void
  readonly now: () => Instant
  /** Bytes before the first request, for who serves several protocols on one port. */
  readonly greeting: Uint8Array
}

/** A call that the peer has not answered. */
export interface Outstanding {
  readonly call: number
  readonly request: RaftRequest
  readonly deadline: Instant
}

export interface Lane {
  peer: Peer
  readonly ports: LanePorts
  socket: Socket | undefined
  stream: RaftStream
  readonly outstanding: Outstanding[]
  failures: number
  retryAt: Instant
}

export const createLane = (peer: Peer, ports: LanePorts): Lane => ({
  peer,
  ports,
  socket: undefined,
  stream: createRaftStream(),
  outstanding: [],
  failures: 0,
  retryAt: 0,
})

/** `host:port`, also `[::1]:8300`. */
export function addressOf(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(':')
  const host = address.slice(0, colon).replace(/^\[(.*)\]$/, '$1')
  return { host, port: Number(address.slice(colon + 1)) }
}

/** Sends a request. It fails later, never within this call: the caller may be in a step. */
export function placeCall(lane: Lane, placed: Outstanding, message: Uint8Array): void {
  const { ports } = lane
  const isStuck = (lane.socket?.writableLength ?? 0) > LANE_BYTES_MAX
  if (isStuck || (lane.socket === undefined && ports.now() < lane.retryAt)) {
    setImmediate(() => ports.onCallFailed(placed.call))
    return
  }
  lane.socket ??= open(lane)
  lane.outstanding.push(placed)
  lane.socket.write(message)
}

function open(lane: Lane): Socket {
  const socket = connect(addressOf(lane.peer.address))
  socket.setNoDelay(true)
  lane.stream = createRaftStream()
  if (lane.ports.greeting.length > 0) socket.write(lane.ports.greeting)
  let isRefused = false
  let hasEnded = false
  socket.on('data', (chunk: Uint8Array) => {
    if (lane.socket !== socket) return // what it still had to say is no answer on the next one
    feed(lane.stream, chunk)
    readAnswers(lane)
  })
  socket.on('end', () => {
    hasEnded = true
  })
  socket.on('error', (error: NodeJS.ErrnoException) => {
    isRefused = error.code === 'ECONNREFUSED' || error.code === 'ECONNRESET'
  })
  socket.on('close', () => {
    if (lane.socket !== socket) return // we have closed it
    drop(lane)
    if (isRefused || hasEnded) lane.ports.onGone(lane.peer)
  })
  return socket
}

function readAnswers(lane: Lane): void {
  for (let first = lane.outstanding[0]; first !== undefined; first = lane.outstanding[0]) {
    const next = nextAnswer(lane.stream, kindOf(first.request))
    if (next.type === 'fault') closeLane(lane)
    if (next.type !== 'message') return
    lane.outstanding.shift()
    lane.failures = 0
    const reply = fromAnswer(first.request, next.value)
    if (reply === undefined) lane.ports.onCallFailed(first.call)
    else lane.ports.onReply({ call: first.call, reply })
  }
}

/** What was not answered on a connection will not be: answers come in order, or not at all. */
function drop(lane: Lane): void {
  lane.socket = undefined
  lane.failures++
  const doublings = Math.min(lane.failures - 1, PAUSE_DOUBLINGS_MAX)
  lane.retryAt = lane.ports.now() + PAUSE_FIRST_MS * 2 ** doublings
  for (const { call } of lane.outstanding.splice(0)) lane.ports.onCallFailed(call)
}

/** Ends the connection; calls on it fail. The next call makes another one. */
export function closeLane(lane: Lane): void {
  const { socket } = lane
  if (socket === undefined) return
  lane.socket = undefined
  socket.destroy()
  drop(lane)
}

/** A call whose time is up takes the connection with it. */
export function sweepLane(lane: Lane): void {
  const now = lane.ports.now()
  if (lane.outstanding.some(({ deadline }) => deadline <= now)) closeLane(lane)
}
