// Who is connected: counted per client, watched for leaving and for dawdling, and let go without
// losing the last answer.
//
// A client that has sent FIN may be gone, or may still read (`printf … | nc -N`): TCP shows both
// alike. Consul's server counts it as gone once the request is read, but sends the answer all the
// same. Ours does so within HALF_CLOSED_MS: an answer that is ready by then is sent; a blocking
// query is abandoned, so that a vanished client holds nothing.
import type { Duplex } from 'node:stream'
import type { RequestId } from '../../core/ids.ts'
import type { Request, Response } from '../../core/route/request.ts'
import type { Instant } from '../../core/time.ts'
import { createReader, type Reader, type ReadLimits } from './http-reader.ts'

/** How long a client that has closed its half still gets answers. */
export const HALF_CLOSED_MS = 2_000
/**
 * How long we go on reading after our last word: closing on unread bytes destroys what the client
 * has not yet read.
 */
export const LINGER_MS = 1_000
/**
 * A client that has sent this much ahead of its answers is not read until they have left. Its
 * leaving is not noticed meanwhile.
 */
export const AHEAD_BYTES_MAX = 64 << 10

/** One request on its way through the agent. */
export interface Exchange {
  readonly id: RequestId
  readonly connection: Connection
  readonly isHead: boolean
  /** HTTP/1.`minor`. */
  readonly minor: 0 | 1
  /** What the client accepts, kept for the moment of the answer. */
  readonly acceptEncoding: string | undefined
  /** The connection goes on after the answer. */
  readonly keepAlive: boolean
  /** For the log, if anybody reads what is logged of requests. */
  readonly noted: Noted | undefined
  /** Ends a body without an end. */
  stop: (() => void) | undefined
}

/** What the log says of a request. */
export interface Noted {
  readonly method: string
  readonly target: string
  readonly since: Instant
}

/** What a listener answers by itself, without asking the agent. */
export type OwnAnswer = (request: Request) => Response | undefined

/** Where a connection comes from. Both are empty and 0 on a Unix socket. */
export interface Remote {
  readonly address: string
  readonly port: number
}

export interface Connection {
  /** Of TCP, of a Unix socket, or of TLS over one of them. */
  readonly socket: Duplex
  readonly remote: Remote
  readonly ownAnswer: OwnAnswer | undefined
  readonly reader: Reader
  /**
   * The request that is being answered: one at a time, as in Go, so that a read behind a write sees
   * it.
   */
  current: Exchange | undefined
  /** Answers that are ready and not yet written, one character a byte. */
  out: string
  /** Requests are being read: answers are gathered in `out`. */
  isReading: boolean
  /** The client does not take its answers: no further ones are computed. */
  isFull: boolean
  /** The client has closed its half. */
  isHalf: boolean
  /** It was told that the body it announced is welcome. */
  isWelcome: boolean
  /** Since when a message, or the first, has been coming and is not whole. */
  lateSince: Instant | undefined
  /** When the connection ends at the latest; 0: not decided. */
  deadline: Instant
}

export interface Connections {
  readonly bySocket: Map<Duplex, Connection>
  /** Connections per remote address. */
  readonly perClient: Map<string, number>
  /** Those with a deadline. */
  readonly closing: Set<Connection>
  /** Those whose message is not whole. */
  readonly late: Set<Connection>
}

export const createConnections = (): Connections => ({
  bySocket: new Map(),
  perClient: new Map(),
  closing: new Set(),
  late: new Set(),
})

interface Added {
  readonly socket: Duplex
  readonly remote: Remote
  readonly ownAnswer: OwnAnswer | undefined
  readonly limits: ReadLimits
}

export function addConnection(all: Connections, added: Added): Connection {
  const { limits, ...given } = added
  const connection: Connection = {
    ...given,
    reader: createReader(limits),
    current: undefined,
    out: '',
    isReading: false,
    isFull: false,
    isHalf: false,
    isWelcome: false,
    lateSince: undefined,
    deadline: 0,
  }
  all.bySocket.set(added.socket, connection)
  const { address } = added.remote
  if (address !== '') all.perClient.set(address, (all.perClient.get(address) ?? 0) + 1)
  return connection
}

export function removeConnection(all: Connections, connection: Connection): void {
  if (!all.bySocket.delete(connection.socket)) return
  all.closing.delete(connection)
  all.late.delete(connection)
  const { address } = connection.remote
  const left = (all.perClient.get(address) ?? 1) - 1
  if (left > 0) all.perClient.set(address, left)
  else all.perClient.delete(address)
}

/** The connection ends at `deadline`, unless it ends by itself before. */
export function closeBy(all: Connections, connection: Connection, deadline: Instant): void {
  if (!all.bySocket.has(connection.socket)) return
  connection.deadline = deadline
  all.closing.add(connection)
}

/** A message begins to come, or the time in which a first one must. */
export function beginWait(all: Connections, connection: Connection, now: Instant): void {
  connection.lateSince = now
  all.late.add(connection)
}

export function endWait(all: Connections, connection: Connection): void {
  connection.lateSince = undefined
  all.late.delete(connection)
}

/**
 * Our last word on a connection: what still arrives is read and dropped for a moment. A complaint
 * is not waited for; answers may take as long as their reader.
 */
export function sayLast(
  all: Connections,
  last: { connection: Connection; complaint?: string; now: () => Instant },
): void {
  const { connection, complaint, now } = last
  const { socket, out } = connection
  const linger = () => closeBy(all, connection, now() + LINGER_MS)
  endWait(all, connection)
  connection.out = ''
  if (complaint === undefined) {
    connection.deadline = 0
    all.closing.delete(connection)
  } else linger()
  socket.end(out + (complaint ?? ''), 'latin1', linger)
  socket.resume()
}

/** We have said our last word: whatever still comes is not answered. */
export const isOver = ({ socket }: Connection): boolean => socket.writableEnded

/** Ends the connections whose time is up. */
export function sweepConnections(all: Connections, now: Instant): void {
  for (const connection of all.closing) {
    if (connection.deadline <= now) connection.socket.destroy()
  }
}
