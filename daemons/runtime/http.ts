// node:http on one side, Request and Response on the other. Moves bytes and knows no endpoint:
// which headers an answer has is decided by core/api. The one place to change if node:http is ever
// exchanged for a server of our own.
//
// One request of a connection is answered at a time. Nothing here has a timer per request: ten
// thousand parked queries cost their sockets and their records.
import {
  createServer,
  type Server,
  type ServerResponse,
  validateHeaderName,
  validateHeaderValue,
} from 'node:http'
import type { Socket } from 'node:net'
import { EMPTY } from '../../core/bytes.ts'
import type { ListenAddress } from '../../core/config/agent-config.ts'
import { type RequestId, requestId } from '../../core/ids.ts'
import type { LiveBody, Request, Response } from '../../core/route/request.ts'
import type { Instant } from '../../core/time.ts'
import { clientFault, complaintText, isBehindClose } from './complaint.ts'
import {
  addConnection,
  type Connection,
  type Connections,
  closeBy,
  createConnections,
  type Exchange,
  HALF_CLOSED_MS,
  isOver,
  type Message,
  nextMessage,
  type OwnAnswer,
  queueMessage,
  removeConnection,
  sayLast,
  sweepConnections,
} from './connections.ts'
import { acceptsGzip, compress, GZIP_BYTES_MIN } from './gzip.ts'
import { hasBody, readBody } from './http-body.ts'
import { listenOn, type SocketFile } from './listen.ts'
import { StartRefused } from './refused.ts'

/**
 * Headers must be complete within this time, the whole request within the next. Nothing limits the
 * wait for an answer.
 */
const HEADERS_MS = 30_000
const REQUEST_MS = 120_000
/** How often node:http looks for requests that are late. */
const LATE_CHECK_MS = 5_000
/** A dead peer is noticed by the kernel after this long without a sign. */
const TCP_KEEPALIVE_MS = 15_000
/** What Go allows for a request line and all headers when nothing is configured. */
const HEADER_BYTES_DEFAULT = 1 << 20

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

export interface HttpOptions {
  readonly sink: HttpSink
  readonly now: () => Instant
  /** The longest body that any endpoint takes. */
  readonly bodyBytesMax: number
  /** From all clients together; one more is closed without a word. */
  readonly connectionsMax: number
  /** 0: HEADER_BYTES_DEFAULT. */
  readonly headerBytesMax: number
  readonly late?: {
    readonly headersMs: number
    readonly requestMs: number
    readonly checkMs: number
  }
}

export interface Http {
  readonly options: HttpOptions
  readonly connections: Connections
  /** Requests that the agent has and has not yet answered. */
  readonly pending: Map<RequestId, Exchange>
  readonly servers: { readonly server: Server; readonly closed: Promise<void> }[]
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

/** Throws a StartRefused for a header that node:http would refuse to send, with every answer. */
export function checkHeaders(headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) {
    try {
      validateHeaderName(name)
      validateHeaderValue(name, value)
    } catch (cause) {
      const shown = `${JSON.stringify(name)}: ${JSON.stringify(value)}`
      throw new StartRefused(`http_config.response_headers: ${shown} is no header`, { cause })
    }
  }
}

export const createHttp = (options: HttpOptions): Http => ({
  options,
  connections: createConnections(),
  pending: new Map(),
  servers: [],
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
  const late = http.options.late ?? {
    headersMs: HEADERS_MS,
    requestMs: REQUEST_MS,
    checkMs: LATE_CHECK_MS,
  }
  const server = createServer({
    keepAlive: true,
    keepAliveInitialDelay: TCP_KEEPALIVE_MS,
    keepAliveTimeout: 0, // as Consul: a pooled connection may rest as long as its owner likes
    headersTimeout: late.headersMs,
    requestTimeout: late.requestMs,
    connectionsCheckingInterval: late.checkMs,
    maxHeaderSize: http.options.headerBytesMax || HEADER_BYTES_DEFAULT,
  })
  // Their bytes are bounded; what is over a count node:http would drop without a word.
  server.maxHeadersCount = 0
  Object.assign(server, { httpAllowHalfOpen: true }) // not in its types; why: connections.ts
  server.on('connection', (socket) => onConnection(http, door, socket))
  server.on('request', (incoming, response) => onMessage(http, { incoming, response }))
  // A Duplex in the types, for servers that are fed by hand; ours are fed by sockets.
  server.on('clientError', (error, socket) => onClientError(http, error, socket as Socket))
  server.on('connect', (_, socket) => {
    socket.on('error', () => socket.destroy()) // node:http has let go of it
    socket.end(complaintText(405))
  })
  http.servers.push({ server, closed: new Promise((resolve) => server.once('close', resolve)) })
  return listenOn(server, door.address, door.file)
}

/** Sends what the agent answers. A client that has left in the meantime is passed over. */
export function respond(http: Http, id: RequestId, response: Response): void {
  const exchange = http.pending.get(id)
  if (exchange === undefined) return
  http.pending.delete(id)
  const { body } = response
  if (typeof body === 'string' || body instanceof Uint8Array) {
    sendWhole(http, exchange, { ...response, body })
  } else sendLive(http, exchange, { ...response, body })
}

/** To be called with every tick. */
export const sweepHttp = (http: Http, now: Instant): void => sweepConnections(http.connections, now)

/** No more connections; those without a request end now, and so do bodies without an end. */
export function closeDoors(http: Http): void {
  http.stopping = true
  for (const { server } of http.servers) server.close()
  for (const { socket, current } of http.connections.bySocket.values()) {
    if (current === undefined) socket.destroySoon()
    else if (current.stop !== undefined) {
      current.stop()
      current.response.end()
    }
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

function onConnection(http: Http, door: Door, socket: Socket): void {
  const { connections, connectionsPerClientMax: max } = http
  if (connections.bySocket.size >= http.options.connectionsMax) {
    socket.destroy()
    return
  }
  const connection = addConnection(connections, { socket, ownAnswer: door.ownAnswer })
  socket.on('close', () => onClose(http, connection))
  socket.on('end', () => onHalfClose(http, connection))
  const here = connections.perClient.get(connection.remote) ?? 0
  if (max > 0 && here > max) complain(http, connection, complaintText(429))
}

function onMessage(http: Http, message: Message): void {
  const connection = http.connections.bySocket.get(message.incoming.socket)
  if (connection === undefined || isOver(connection)) return
  if (connection.current === undefined) beginExchange(http, connection, message)
  else queueMessage(connection, message)
}

function beginExchange(http: Http, connection: Connection, message: Message): void {
  const { incoming, response } = message
  const exchange: Exchange = {
    id: undefined,
    connection,
    response,
    acceptEncoding: incoming.headers['accept-encoding'],
    unfinished: false,
    stop: undefined,
  }
  connection.current = exchange
  if (!hasBody(incoming)) {
    deliver(http, exchange, EMPTY)
    return
  }
  readBody(incoming, http.options.bodyBytesMax, ({ bytes, unfinished }) => {
    exchange.unfinished = unfinished
    deliver(http, exchange, bytes)
  })
}

function deliver(http: Http, exchange: Exchange, body: Uint8Array): void {
  const id = requestId(http.nextId++)
  exchange.id = id
  http.pending.set(id, exchange)
  const { headers, method = 'GET', url = '/' } = exchange.response.req
  const target = targetOf(url)
  const mark = target.indexOf('?')
  const request: Request = {
    id,
    method,
    path: mark < 0 ? target : target.slice(0, mark),
    query: mark < 0 ? '' : target.slice(mark + 1),
    header: (name) => {
      const value = headers[name]
      return typeof value === 'string' ? value : undefined
    },
    body,
    remote: exchange.connection.remote,
  }
  const answer = exchange.connection.ownAnswer?.(request)
  if (answer === undefined) http.options.sink.request(request)
  else respond(http, id, answer)
}

/**
 * Path and query of a request target: whoever takes us for a proxy sends a whole URL (RFC 9112
 * §3.2.2).
 */
function targetOf(url: string): string {
  if (url.startsWith('/')) return url
  const authority = url.indexOf('://')
  if (authority < 0) return `/${url}`
  const path = url.indexOf('/', authority + 3)
  return path < 0 ? '/' : url.slice(path)
}

interface Whole extends Response {
  readonly body: string | Uint8Array
}

function sendWhole(http: Http, exchange: Exchange, whole: Whole): void {
  const { body, headers } = whole
  const packs =
    body.length >= GZIP_BYTES_MIN &&
    acceptsGzip(exchange.acceptEncoding) &&
    !headers.includes('Content-Encoding')
  if (!packs) {
    send(http, exchange, whole)
    return
  }
  compress(body, (packed) => {
    const packedHeaders = [...headers, 'Content-Encoding', 'gzip']
    send(http, exchange, { ...whole, headers: packedHeaders, body: packed })
  })
}

function send(http: Http, exchange: Exchange, { status, headers, body }: Whole): void {
  const { response, connection } = exchange
  const sent = [...headers]
  if (http.stopping || connection.deadline !== 0) sent.push('Connection', 'close')
  else keepQuietly(response)
  if (status !== 204 && status !== 304) sent.push('Content-Length', String(sizeOf(body)))
  response.writeHead(status, sent)
  response.end(body)
  if (exchange.unfinished || connection.waiting.length > 0 || connection.complaint !== undefined) {
    // What is next starts when this answer has left: a client that does not read gets no further
    // ones computed.
    response.once('finish', () => proceed(http, exchange))
  } else connection.current = undefined
}

/**
 * HTTP/1.1 keeps a connection open without saying so, as Go does: node:http would add two headers
 * to each answer.
 */
function keepQuietly(response: ServerResponse): void {
  if (response.shouldKeepAlive && response.req.httpVersionMinor === 1) {
    response.removeHeader('connection')
  }
}

const sizeOf = (body: string | Uint8Array): number =>
  typeof body === 'string' ? Buffer.byteLength(body) : body.length

function proceed(http: Http, { connection, unfinished }: Exchange): void {
  connection.current = undefined
  const next = unfinished ? undefined : nextMessage(connection)
  if (next !== undefined) beginExchange(http, connection, next)
  else if (unfinished) complain(http, connection, '')
  else if (connection.complaint !== undefined) complain(http, connection, connection.complaint)
}

function sendLive(http: Http, exchange: Exchange, live: Response & { body: LiveBody }): void {
  const { response } = exchange
  keepQuietly(response)
  response.writeHead(live.status, [...live.headers])
  response.flushHeaders()
  const feed = http.options.sink.live(live.body, (text) => response.write(text))
  response.on('drain', () => feed.resume())
  exchange.stop = () => feed.stop()
}

function complain(http: Http, connection: Connection, text: string): void {
  sayLast(http.connections, { connection, text, now: http.options.now() })
}

function onClose(http: Http, connection: Connection): void {
  const { current } = connection
  removeConnection(http.connections, connection)
  if (current === undefined) return
  current.stop?.()
  if (current.id === undefined || !http.pending.delete(current.id)) return
  http.abandoned++
  http.options.sink.abandoned(current.id)
}

function onHalfClose(http: Http, connection: Connection): void {
  if (connection.current === undefined || connection.deadline !== 0) return
  closeBy(http.connections, connection, http.options.now() + HALF_CLOSED_MS)
}

/**
 * What came is no HTTP, or came too slowly, or the connection broke. Earlier requests are answered
 * first.
 */
function onClientError(http: Http, error: Error, socket: Socket): void {
  if (isBehindClose(error)) return
  const connection = http.connections.bySocket.get(socket)
  const status = clientFault(error)
  if (connection === undefined || status === undefined || socket.bytesRead === 0) {
    socket.destroy()
    return
  }
  if (isOver(connection) || connection.complaint !== undefined) return
  const { current, waiting } = connection
  if (current?.stop !== undefined) {
    socket.destroy()
    return
  }
  connection.complaint = complaintText(status)
  if (waiting.at(-1)?.incoming.complete === false) waiting.pop()
  const isAsked = current !== undefined && current.id !== undefined
  if (!isAsked) complain(http, connection, connection.complaint)
}
