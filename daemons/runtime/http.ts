// HTTP/1.1 on one side, Request and Response on the other. Moves bytes and knows no endpoint: which
// headers an answer has is decided by core/api. Why it is our own: docs/decisions/008.
//
//   socket ─bytes▶ http-reader ─message▶ begin ─request▶ agent ─response▶ respond ─▶ out ─▶ socket
//
// One request of a connection is answered at a time. Answers are written at the end of a turn of
// the event loop, those of a connection together: a client that is woken finds more than one.
// Nothing here has a timer per request: ten thousand parked queries cost their sockets and their
// records.
import { createServer, type Server, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { ListenAddress } from '../../core/config/agent-config.ts'
import { type RequestId, requestId } from '../../core/ids.ts'
import type { LogLine } from '../../core/log.ts'
import type { LiveBody, Request, Response } from '../../core/route/request.ts'
import type { Instant } from '../../core/time.ts'
import { withoutMapping } from '../../core/wire/ip.ts'
import { readClock } from './clock.ts'
import {
  CONNECT_REFUSED,
  complaintText,
  type Fault,
  TOO_LATE,
  TOO_MANY_CONNECTIONS,
} from './complaint.ts'
import {
  AHEAD_BYTES_MAX,
  addConnection,
  beginWait,
  type Connection,
  type Connections,
  closeBy,
  createConnections,
  type Exchange,
  endWait,
  HALF_CLOSED_MS,
  isOver,
  type OwnAnswer,
  type Remote,
  removeConnection,
  sayLast,
  sweepConnections,
} from './connections.ts'
import { acceptsGzip, createPacking, GZIP_BYTES_MIN, type Packing, packOnce } from './gzip.ts'
import {
  chunkText,
  createPrinter,
  headText,
  isLive,
  isSendable,
  isWhole,
  type Live,
  lastChunk,
  type Printer,
  printAnswer,
  tellTime,
  type Whole,
} from './http-answer.ts'
import type { Head } from './http-head.ts'
import { requestLine } from './http-log.ts'
import { give, isAsked, isMidway, type Message, readMessage } from './http-reader.ts'
import { requestOf } from './http-request.ts'
import { listenOn, type SocketFile } from './listen.ts'
import { StartRefused } from './refused.ts'

/**
 * Headers must be complete within this time, the whole request within the next. Nothing limits the
 * wait for an answer.
 */
const HEADERS_MS = 30_000
const REQUEST_MS = 120_000
/** A dead peer is noticed by the kernel after this long without a sign. */
const TCP_KEEPALIVE_MS = 15_000
/** What Go allows for a request line and all headers when nothing is configured. */
const HEAD_BYTES_DEFAULT = 1 << 20
/** Answers that are gathered before they are written. */
const OUT_CHARS_MAX = 64 << 10

/** Connections whose answers wait for the end of the turn: more, and clients would be idle. */
const UNWRITTEN_MAX = 64

/** A body that is fed until the client leaves. */
export interface LiveFeed {
  /** The client has taken what it was sent. */
  resume(): void
  stop(): void
}

/** Where requests go. */
interface HttpSink {
  request(request: Request): void
  /** The client of a request that is not yet answered has left. */
  abandoned(id: RequestId): void
  /** `write` answers false when the client does not keep up: then wait for `resume`. */
  live(body: LiveBody, write: (text: string) => boolean): LiveFeed
}

/** Where a line for each answered request goes. */
interface RequestLog {
  /** Whether anybody reads such lines. */
  isHeard(): boolean
  write(line: LogLine): void
}

export interface HttpOptions {
  readonly sink: HttpSink
  readonly log?: RequestLog
  readonly now: () => Instant
  /** The longest body that any endpoint takes. */
  readonly bodyBytesMax: number
  /** From all clients together; one more is closed without a word. */
  readonly connectionsMax: number
  /** 0: HEAD_BYTES_DEFAULT. */
  readonly headerBytesMax: number
  readonly late?: { readonly headersMs: number; readonly requestMs: number }
}

export interface Http {
  readonly options: HttpOptions
  readonly connections: Connections
  /** Requests that the agent has and has not yet answered. */
  readonly pending: Map<RequestId, Exchange>
  /** A request that the agent is being asked, and may answer at once. */
  asking: Exchange | undefined
  readonly servers: { readonly server: Server; readonly closed: Promise<void> }[]
  readonly printer: Printer
  readonly packing: Packing
  /** Those with answers that are ready; written at the end of this turn of the event loop. */
  readonly unwritten: Connection[]
  /** Changed by a reload; 0: no limit. Unix sockets are never limited. */
  connectionsPerClientMax: number
  nextId: number
  /** Requests whose client left before the answer. */
  abandoned: number
  stopping: boolean
}

export interface Door {
  readonly address: ListenAddress
  /** Of a Unix socket. */
  readonly file?: SocketFile
  readonly ownAnswer?: OwnAnswer
}

/** Throws a StartRefused for a header that no answer could carry. */
export function checkHeaders(headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) {
    if (isSendable(name, value)) continue
    const shown = `${JSON.stringify(name)}: ${JSON.stringify(value)}`
    throw new StartRefused(`http_config.response_headers: ${shown} is no header`)
  }
}

export const createHttp = (options: HttpOptions): Http => ({
  options,
  connections: createConnections(),
  pending: new Map(),
  asking: undefined,
  servers: [],
  printer: createPrinter(readClock().wall),
  packing: createPacking(),
  unwritten: [],
  connectionsPerClientMax: 0,
  nextId: 1, // 0 is what the agent asks for itself
  abandoned: 0,
  stopping: false,
})

/**
 * Opens a door and says where it is (port 0: what the kernel chose). Rejects as the system does:
 * EADDRINUSE, EACCES.
 */
export async function openDoor(http: Http, door: Door): Promise<ListenAddress> {
  const server = createServer({
    allowHalfOpen: true, // why: connections.ts
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: TCP_KEEPALIVE_MS,
  })
  server.on('connection', (socket) => serve(http, door, { socket, remote: remoteOf(socket) }))
  http.servers.push({ server, closed: new Promise((resolve) => server.once('close', resolve)) })
  return listenOn(server, door.address, door.file)
}

/** An IPv4 client of a listener for both families is the same client. */
const remoteOf = ({ remoteAddress, remotePort }: Socket): Remote => ({
  address: withoutMapping(remoteAddress ?? ''),
  port: remotePort ?? 0,
})

/** Sends what the agent answers. A client that has left in the meantime is passed over. */
export function respond(http: Http, id: RequestId, response: Response): void {
  const exchange = takeExchange(http, id)
  if (exchange === undefined) return
  if (isWhole(response)) sendWhole(http, exchange, response)
  else if (isLive(response)) sendLive(http, exchange, response)
}

function takeExchange(http: Http, id: RequestId): Exchange | undefined {
  const { asking, pending } = http
  if (asking?.id === id) {
    http.asking = undefined
    return asking
  }
  const exchange = pending.get(id)
  if (exchange !== undefined) pending.delete(id)
  return exchange
}

/** To be called with every tick. */
export function sweepHttp(http: Http, now: Instant): void {
  tellTime(http.printer, readClock().wall)
  sweepConnections(http.connections, now)
  const { headersMs, requestMs } = http.options.late ?? LATE
  for (const connection of http.connections.late) {
    const since = connection.lateSince ?? now
    const limit = connection.reader.open === undefined ? headersMs : requestMs
    if (now - since >= limit) giveUp(http, connection)
  }
}

const LATE = { headersMs: HEADERS_MS, requestMs: REQUEST_MS }

/** Who has said nothing is told nothing. */
function giveUp(http: Http, connection: Connection): void {
  if (isMidway(connection.reader)) complain(http, connection, TOO_LATE)
  else connection.socket.destroy()
}

/** No more connections; those without a request end now, and so do bodies without an end. */
export function closeDoors(http: Http): void {
  http.stopping = true
  for (const { server } of http.servers) server.close()
  for (const connection of http.connections.bySocket.values()) {
    const { current, reader } = connection
    if (current?.stop !== undefined) endLive(http, current)
    else if (current === undefined && reader.open === undefined) leave(http, connection)
  }
}

/** Ends every connection, answered or not. Resolves when the ports are free. */
export async function closeHttp(http: Http): Promise<void> {
  closeDoors(http)
  dropConnections(http, () => true)
  await Promise.all(http.servers.map(({ closed }) => closed))
}

/** Ends the connections whose request waits for the agent. */
export const dropPending = (http: Http): void =>
  dropConnections(http, ({ current }) => current !== undefined)

function dropConnections(http: Http, isMeant: (connection: Connection) => boolean): void {
  for (const connection of http.connections.bySocket.values()) {
    if (isMeant(connection)) connection.socket.destroy()
  }
}

/** Takes a connection in, whatever it runs over. */
function serve(http: Http, door: Door, from: { socket: Duplex; remote: Remote }): void {
  const { socket, remote } = from
  const { connections, connectionsPerClientMax: max, options } = http
  socket.on('error', () => socket.destroy())
  if (connections.bySocket.size >= options.connectionsMax) {
    socket.destroy()
    return
  }
  const limits = {
    headBytesMax: options.headerBytesMax || HEAD_BYTES_DEFAULT,
    bodyBytesMax: options.bodyBytesMax,
  }
  const { ownAnswer } = door
  const connection = addConnection(connections, { socket, remote, ownAnswer, limits })
  socket.on('close', () => onClose(http, connection))
  socket.on('end', () => onHalfClose(http, connection))
  socket.on('data', (bytes: Buffer) => onBytes(http, connection, bytes))
  const here = connections.perClient.get(remote.address) ?? 0
  if (max > 0 && here > max) complain(http, connection, TOO_MANY_CONNECTIONS)
  else beginWait(connections, connection, options.now())
}

function onBytes(http: Http, connection: Connection, bytes: Buffer): void {
  if (isOver(connection)) return // read and dropped
  give(connection.reader, bytes)
  advance(http, connection)
}

/** Begins what requests have come, as long as each is answered at once. */
function advance(http: Http, connection: Connection): void {
  if (connection.isReading) return
  connection.isReading = true
  while (isFree(connection)) {
    const read = readMessage(connection.reader)
    if (read === undefined) break
    if (read.type === 'fault') complain(http, connection, read)
    else begin(http, connection, read)
    if (connection.out.length > OUT_CHARS_MAX) flush(http, connection)
  }
  connection.isReading = false
  if (isFree(connection)) onHungry(http, connection)
  pace(connection)
}

/** The next request may begin. */
const isFree = (connection: Connection): boolean =>
  connection.current === undefined && !connection.isFull && !isOver(connection)

/** All that has come is answered, up to a message that is not whole. */
function onHungry(http: Http, connection: Connection): void {
  const { reader, socket } = connection
  if (connection.isHalf) {
    if (connection.out === '' && socket.writableLength === 0) socket.destroy()
    else leave(http, connection)
    return
  }
  if (isAsked(reader) && !connection.isWelcome) {
    connection.isWelcome = true
    say(http, connection, 'HTTP/1.1 100 Continue\r\n\r\n')
  }
  if (isMidway(reader) && connection.lateSince === undefined) {
    beginWait(http.connections, connection, http.options.now())
  }
}

/** A client that sends ahead is read only so far; so it waits for us, not we for it. */
function pace(connection: Connection): void {
  const { reader, socket } = connection
  const isAhead = reader.ahead > AHEAD_BYTES_MAX
  if (isAhead === socket.isPaused() || isOver(connection)) return
  if (isAhead) socket.pause()
  else socket.resume()
}

function begin(http: Http, connection: Connection, message: Message): void {
  const { head, unfinished } = message
  if (connection.lateSince !== undefined) endWait(http.connections, connection)
  connection.isWelcome = false
  if (head.method === 'CONNECT') {
    complain(http, connection, CONNECT_REFUSED)
    return
  }
  const request = requestOf(message, requestId(http.nextId++), connection.remote.address)
  const exchange: Exchange = {
    id: request.id,
    connection,
    isHead: head.method === 'HEAD',
    minor: head.minor,
    acceptEncoding: request.header('accept-encoding'),
    keepAlive: head.keepAlive && !unfinished,
    noted: noteOf(http, head),
    stop: undefined,
  }
  connection.current = exchange
  awaitAnswer(http) // of another, which was not answered at once
  http.asking = exchange
  const answer = connection.ownAnswer?.(request)
  if (answer === undefined) http.options.sink.request(request)
  else respond(http, request.id, answer)
  if (http.asking === exchange) awaitAnswer(http)
}

/** Most requests are answered before anybody could look for them. */
function awaitAnswer(http: Http): void {
  const { asking } = http
  http.asking = undefined
  if (asking !== undefined) http.pending.set(asking.id, asking)
}

const noteOf = ({ options }: Http, { method, target }: Head): Exchange['noted'] =>
  options.log?.isHeard() === true ? { method, target, since: options.now() } : undefined

function sendWhole(http: Http, exchange: Exchange, whole: Whole): void {
  const packs =
    whole.body.length >= GZIP_BYTES_MIN &&
    acceptsGzip(exchange.acceptEncoding) &&
    !whole.headers.includes('Content-Encoding')
  if (packs) packOnce(http.packing, whole, (packed) => send(http, exchange, packed))
  else send(http, exchange, whole)
}

function send(http: Http, exchange: Exchange, whole: Whole): void {
  const { connection, minor, isHead } = exchange
  const keepAlive = goesOn(http, exchange)
  const how = { minor, keepAlive, isHead }
  const { text, rest } = printAnswer(http.printer, whole, how)
  say(http, connection, text)
  if (rest !== undefined) sayBytes(http, connection, rest)
  finish(http, exchange, keepAlive)
}

/** An answer that is the last of its connection says so. */
function goesOn(http: Http, { keepAlive, connection }: Exchange): boolean {
  const isLast = connection.isHalf && connection.reader.ahead === 0
  return keepAlive && !isLast && !http.stopping
}

function sayBytes(http: Http, connection: Connection, bytes: Uint8Array): void {
  const { socket } = connection
  socket.cork()
  const before = Buffer.from(connection.out, 'latin1')
  connection.out = ''
  socket.write(before)
  if (!socket.write(bytes)) waitForRoom(http, connection)
  socket.uncork()
}

function say(http: Http, connection: Connection, text: string): void {
  if (connection.out === '') {
    if (http.unwritten.length === UNWRITTEN_MAX) writeAll(http)
    if (http.unwritten.push(connection) === 1) setImmediate(() => writeAll(http))
  }
  connection.out += text
}

function writeAll(http: Http): void {
  for (const connection of http.unwritten) flush(http, connection)
  http.unwritten.length = 0
}

function flush(http: Http, connection: Connection): void {
  const { out, socket } = connection
  if (out === '') return
  connection.out = ''
  if (!socket.write(out, 'latin1')) waitForRoom(http, connection)
}

/** A client that does not read gets no further answers computed. */
function waitForRoom(http: Http, connection: Connection): void {
  if (connection.isFull) return
  connection.isFull = true
  connection.socket.once('drain', () => {
    connection.isFull = false
    advance(http, connection)
  })
}

function finish(http: Http, exchange: Exchange, keepAlive: boolean): void {
  const { connection, noted } = exchange
  const { log, now } = http.options
  if (noted !== undefined) log?.write(requestLine(noted, connection.remote, now()))
  connection.current = undefined
  if (keepAlive) advance(http, connection)
  else leave(http, connection)
}

function sendLive(http: Http, exchange: Exchange, live: Live): void {
  const { connection, minor, isHead } = exchange
  const { status, headers } = live
  const { socket } = connection
  const keepAlive = minor === 1 && goesOn(http, exchange)
  const framing = { status, headers, minor, keepAlive, length: undefined }
  say(http, connection, headText(http.printer, framing))
  if (isHead) {
    finish(http, exchange, keepAlive)
    return
  }
  flush(http, connection)
  const feed = http.options.sink.live(live.body, (text) => {
    return text === '' || socket.write(chunkText(text, minor))
  })
  socket.on('drain', () => feed.resume())
  exchange.stop = () => feed.stop()
}

function endLive(http: Http, { connection, stop, minor }: Exchange): void {
  stop?.()
  connection.current = undefined
  connection.out += lastChunk(minor)
  leave(http, connection)
}

function complain(http: Http, connection: Connection, fault: Fault): void {
  const { now } = http.options
  sayLast(http.connections, { connection, complaint: complaintText(fault), now })
}

/** The end of a connection whose answers have all been given. */
function leave(http: Http, connection: Connection): void {
  sayLast(http.connections, { connection, now: http.options.now })
}

function onClose(http: Http, connection: Connection): void {
  const { current } = connection
  removeConnection(http.connections, connection)
  if (current === undefined) return
  current.stop?.()
  if (!http.pending.delete(current.id)) return
  http.abandoned++
  http.options.sink.abandoned(current.id)
}

function onHalfClose(http: Http, connection: Connection): void {
  connection.isHalf = true
  if (isOver(connection)) return
  if (isFree(connection)) onHungry(http, connection)
  else if (connection.current !== undefined) {
    closeBy(http.connections, connection, http.options.now() + HALF_CLOSED_MS)
  }
}
