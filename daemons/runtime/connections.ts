// Who is connected: counted per client, watched for leaving, and let go without losing the last
// answer.
//
// A client that has sent FIN may be gone, or may still read (`printf … | nc -N`): TCP shows both
// alike. Consul's server counts it as gone once the request is read, but sends the answer all the
// same. Ours does so within HALF_CLOSED_MS: an answer that is ready by then is sent; a blocking
// query is abandoned, so that a vanished client holds nothing.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { RequestId } from '../../core/ids.ts'
import type { Request, Response } from '../../core/route/request.ts'
import type { Instant } from '../../core/time.ts'
import { withoutMapping } from '../../core/wire/ip.ts'

/** How long a client that has closed its half still gets answers. */
export const HALF_CLOSED_MS = 2_000
/**
 * How long we go on reading after our last word: closing on unread bytes destroys what the client
 * has not yet read.
 */
export const LINGER_MS = 1_000
/**
 * A client that has sent this many requests ahead of its answers is not read until there is room.
 */
export const PIPELINED_MAX = 16

/** A request as node:http hands it over, and where its answer is written. */
export interface Message {
  readonly incoming: IncomingMessage
  readonly response: ServerResponse
}

/** One request on its way through the agent. */
export interface Exchange {
  /** Undefined until the body is here: before that the agent has not heard of it. */
  id: RequestId | undefined
  readonly connection: Connection
  readonly response: ServerResponse
  /** What the client accepts, kept for the moment of the answer. */
  readonly acceptEncoding: string | undefined
  /** Bytes of the body still arrive although the request is being answered. */
  unfinished: boolean
  /** Ends a body without an end. */
  stop: (() => void) | undefined
}

/** What a listener answers by itself, without asking the agent. */
export type OwnAnswer = (request: Request) => Response | undefined

export interface Connection {
  readonly socket: Socket
  /** The address of the client; empty on a Unix socket. */
  readonly remote: string
  readonly ownAnswer: OwnAnswer | undefined
  /**
   * The request that is being answered: one at a time, as in Go, so that a read behind a write sees
   * it.
   */
  current: Exchange | undefined
  /** Requests that the client has sent without waiting for the answer (RFC 9112 §9.3.2). */
  readonly waiting: Message[]
  /** Keeps the socket shut while too many wait. */
  gate: (() => void) | undefined
  /** Said as soon as all earlier requests are answered: what came after them was no HTTP. */
  complaint: string | undefined
  /** When the connection ends at the latest; 0: not decided. */
  deadline: Instant
}

export interface Connections {
  readonly bySocket: Map<Socket, Connection>
  /** Connections per remote address. */
  readonly perClient: Map<string, number>
  /** Those with a deadline. */
  readonly closing: Set<Connection>
}

export const createConnections = (): Connections => ({
  bySocket: new Map(),
  perClient: new Map(),
  closing: new Set(),
})

export function addConnection(
  all: Connections,
  added: { socket: Socket; ownAnswer: OwnAnswer | undefined },
): Connection {
  // An IPv4 client of a listener for both families is the same client.
  const remote = withoutMapping(added.socket.remoteAddress ?? '')
  const connection: Connection = {
    socket: added.socket,
    remote,
    ownAnswer: added.ownAnswer,
    current: undefined,
    waiting: [],
    gate: undefined,
    complaint: undefined,
    deadline: 0,
  }
  all.bySocket.set(added.socket, connection)
  if (remote !== '') all.perClient.set(remote, (all.perClient.get(remote) ?? 0) + 1)
  return connection
}

export function removeConnection(all: Connections, connection: Connection): void {
  if (!all.bySocket.delete(connection.socket)) return
  all.closing.delete(connection)
  const left = (all.perClient.get(connection.remote) ?? 1) - 1
  if (left > 0) all.perClient.set(connection.remote, left)
  else all.perClient.delete(connection.remote)
}

/** The connection ends at `deadline`, unless it ends by itself before. */
export function closeBy(all: Connections, connection: Connection, deadline: Instant): void {
  connection.deadline = deadline
  all.closing.add(connection)
}

/** Our last word on a connection: what still arrives is read and dropped for a moment. */
export function sayLast(
  all: Connections,
  last: { connection: Connection; text: string; now: Instant },
): void {
  const { connection, text, now } = last
  closeBy(all, connection, now + LINGER_MS)
  connection.socket.end(text)
}

/** We have said our last word: whatever still comes is not answered. */
export const isOver = ({ socket }: Connection): boolean => socket.writableEnded

/** Ends the connections whose time is up. */
export function sweepConnections(all: Connections, now: Instant): void {
  for (const connection of all.closing) {
    if (connection.deadline <= now) connection.socket.destroy()
  }
}

/** Lets a request wait for its turn. */
export function queueMessage(connection: Connection, message: Message): void {
  const { waiting, socket } = connection
  waiting.push(message)
  if (waiting.length < PIPELINED_MAX || connection.gate !== undefined) return
  // node:http resumes a socket whenever an answer has left: what it opens is shut again before
  // anything is read.
  connection.gate = () => {
    if (waiting.length >= PIPELINED_MAX) socket.pause()
  }
  socket.on('resume', connection.gate)
  socket.pause()
}

/** The request whose turn it is; undefined: none waits. */
export function nextMessage(connection: Connection): Message | undefined {
  const message = connection.waiting.shift()
  const { gate, socket } = connection
  if (gate !== undefined && connection.waiting.length < PIPELINED_MAX) {
    socket.off('resume', gate)
    connection.gate = undefined
    socket.resume()
  }
  return message
}
