// One agent's HTTP API, over node:http alone (the first fetch costs 86 ms). It assumes nothing of
// the server but Consul's API.
import type { IncomingMessage, RequestOptions } from 'node:http'
import { Agent, request as httpRequest } from 'node:http'
import {
  type Answer,
  type Endpoint as ApiEndpoint,
  locate,
  type Params,
} from '../../core/api/client.ts'
import { EXIT } from '../../core/errors.ts'
import type { Json } from '../../core/route/json.ts'
import type { Method } from '../../core/route/route.ts'
import { byName } from '../../core/sorted.ts'
import { formatDuration } from '../../core/time.ts'
import { type AddressRequest, type Endpoint, resolveEndpoint, scopeOf } from './address.ts'
import type { Call } from './declare.ts'
import { errnoOf, Failure, reasonOf } from './failure.ts'
import type { AgentHttpFlags } from './http-flags.ts'
import { decodeJson } from './json.ts'
import { DEFAULT_FAULT, explainStatus } from './status.ts'

/** A parameter that is given more than once has several values. */
export type AskQuery = Readonly<Record<string, string | readonly string[]>>

export interface Ask {
  readonly method: Method
  /** Not escaped: `/v1/kv/a key`. */
  readonly path: string
  readonly query?: AskQuery
  /** Path and query as they go over the wire, instead of both. */
  readonly target?: string
  readonly body?: Uint8Array | string
  /** Statuses that are answers although they are not 2xx. */
  readonly accept?: readonly number[]
  /**
   * What a 404 says that is an answer: there is no such thing. Any other one comes of a wrong
   * address or of somebody in between.
   */
  readonly missing?: RegExp
  /** What Consul's command prints before the reason; DEFAULT_FAULT if absent. */
  readonly fault?: string
  /** How long the agent may hold the answer back on purpose. */
  readonly waitMs?: number
  readonly signal?: AbortSignal
}

export interface Reply {
  readonly status: number
  header(name: string): string | undefined
  readonly body: Buffer
}

/** The answer of an endpoint of ours. */
export interface TypedReply<Value> extends Reply {
  /** Its JSON, with the shape that the route declares: another server's is taken at its word. */
  value(): Value
}

/** How a call differs from the plain one. */
export type Manner = Omit<Ask, 'method' | 'path' | 'target'>

export interface Client {
  readonly endpoint: Endpoint
  /** Calls an endpoint of the table: `call('GET /v1/kv/*key', { params: { key } })`. */
  call<P extends ApiEndpoint>(endpoint: P, args: Params<P> & Manner): Promise<TypedReply<Answer<P>>>
  ask(ask: Ask): Promise<Reply>
  /** The answer while it is still being written. */
  open(ask: Ask): Promise<IncomingMessage>
}

/** An answer that takes longer than this, beyond what it was asked to wait, will not come. */
const ANSWER_MS = 60_000
/** Blocking queries: the agent adds up to a sixteenth to the wait. */
const JITTER = 16

type HttpCall = Call<AgentHttpFlags>

/** The client of a command that declares HTTP_FLAGS. */
export function connect(call: HttpCall): Client {
  const request: AddressRequest = {
    flags: call.flags,
    env: call.env,
    profile: call.program.profile,
    warn: (line) => call.out.talk(`${new Date().toISOString()} ${line}`),
  }
  return clientFor(resolveEndpoint(request), {
    query: scopeOf(request),
    timeoutMs: call.flags.timeout ?? ANSWER_MS,
    ...(call.flags.trace ? { trace: call.out.talk } : {}),
  })
}

export interface ClientOptions {
  readonly query: Readonly<Record<string, string>>
  readonly timeoutMs: number
  readonly trace?: (line: string) => void
}

export function clientFor(endpoint: Endpoint, options: ClientOptions): Client {
  // Idle sockets do not hold the process.
  const agent = new Agent({ keepAlive: true, maxSockets: 8 })
  const wire: Wire = { endpoint, options, agent }
  const ask = async (asked: Ask): Promise<Reply> => {
    const response = await send(wire, asked)
    const reply = replyOf(response, await bodyOf(response, wire, asked))
    if (isAnswer(reply.status, asked) || saysMissing(reply, asked)) return reply
    throw explainStatus(reply, { ask: asked, shown: endpoint.shown })
  }
  return {
    endpoint,
    ask,
    call: async (at, args) => {
      const reply = await ask({ ...args, ...locate(at, args) })
      return { ...reply, value: () => jsonOf(reply) as never } // the shape is the route's contract
    },
    open: async (ask) => {
      const response = await send(wire, ask)
      if (isAnswer(response.statusCode ?? 0, ask)) return response
      const reply = replyOf(response, await bodyOf(response, wire, ask))
      throw explainStatus(reply, { ask, shown: endpoint.shown })
    },
  }
}

interface Wire {
  readonly endpoint: Endpoint
  readonly options: ClientOptions
  readonly agent: Agent
}

const isAnswer = (status: number, ask: Ask): boolean =>
  (status >= 200 && status < 300) || (ask.accept?.includes(status) ?? false)

const saysMissing = ({ status, body }: Reply, { missing }: Ask): boolean =>
  status === 404 && missing?.test(body.toString('utf8')) === true

const replyOf = (response: IncomingMessage, body: Buffer): Reply => ({
  status: response.statusCode ?? 0,
  header: (name) => {
    const found = response.headers[name]
    return Array.isArray(found) ? found.join(', ') : found
  },
  body,
})

/**
 * Sends, and follows redirects within the server (its router cleans paths). A read whose kept-alive
 * connection turned out to be closed is sent once more: nothing was answered, nothing has changed.
 */
async function send(wire: Wire, ask: Ask): Promise<IncomingMessage> {
  let target = targetOf(wire, ask)
  for (let followed = 0; ; followed++) {
    const sent = wire.options.trace === undefined ? 0 : performance.now() // loads perf_hooks
    let outcome = await exchange(wire, ask, target)
    if (outcome.type === 'stale') outcome = await exchange(wire, ask, target)
    if (outcome.type !== 'response') throw unreachable(wire, ask, { target, error: outcome.error })
    const { response } = outcome
    traceExchange(wire, ask, { target, status: response.statusCode ?? 0, sent })
    const { location } = response.headers
    const follows = REDIRECTS.has(response.statusCode ?? 0) && location?.startsWith('/')
    if (!follows || location === undefined || followed === REDIRECTS_MAX) return response
    response.resume()
    target = location
  }
}

/** Those that repeat method and body. */
const REDIRECTS: ReadonlySet<number> = new Set([301, 307, 308])
const REDIRECTS_MAX = 5

type Outcome =
  | { readonly type: 'response'; readonly response: IncomingMessage }
  | { readonly type: 'stale'; readonly error: Error }
  | { readonly type: 'failed'; readonly error: Error }

async function exchange(wire: Wire, ask: Ask, target: string): Promise<Outcome> {
  const start = await requesterOf(wire)
  const budget = budgetOf(wire, ask)
  return new Promise((resolve) => {
    const request = start({
      ...addressing(wire.endpoint),
      method: ask.method,
      path: target,
      headers: headersOf(wire.endpoint, ask),
      ...(ask.signal === undefined ? {} : { signal: ask.signal }),
    })
    const timer = setTimeout(() => request.destroy(new AnswerTimeout(budget)), budget)
    request.once('response', (response) => {
      clearTimeout(timer)
      resolve({ type: 'response', response })
    })
    request.once('error', (error) => {
      clearTimeout(timer)
      const repeat = request.reusedSocket && ask.method === 'GET' && errnoOf(error) === 'ECONNRESET'
      resolve({ type: repeat ? 'stale' : 'failed', error })
    })
    request.end(ask.body)
  })
}

class AnswerTimeout extends Error {
  constructor(ms: number) {
    super(`no answer within ${formatDuration(ms)}`)
  }
}

/** What a request may take: its wait with the jitter of the agent, and the time for any answer. */
const budgetOf = ({ options }: Wire, { waitMs = 0 }: Ask): number =>
  options.timeoutMs + waitMs + waitMs / JITTER

/** node:https is loaded for https alone. */
async function requesterOf({ endpoint, agent }: Wire) {
  if (endpoint.scheme === 'http') {
    return (options: RequestOptions) => httpRequest({ ...options, agent })
  }
  const { request } = await import('node:https')
  const { ca, ...tls } = endpoint.tls
  return (options: RequestOptions) =>
    request({ ...options, ...tls, ...(ca === undefined ? {} : { ca: [...ca] }) })
}

const addressing = ({ socketPath, host, port }: Endpoint): RequestOptions =>
  socketPath === undefined ? { host, port } : { socketPath, headers: { host: 'localhost' } }

function headersOf(endpoint: Endpoint, ask: Ask): Record<string, string> {
  const { token, basicAuth } = endpoint
  const body = typeof ask.body === 'string' ? Buffer.from(ask.body) : ask.body
  return {
    ...(endpoint.socketPath === undefined ? {} : { host: 'localhost' }),
    ...(token === undefined ? {} : { 'x-consul-token': token }),
    ...(basicAuth === undefined
      ? {}
      : { authorization: `Basic ${Buffer.from(basicAuth).toString('base64')}` }),
    ...(body === undefined ? {} : { 'content-length': String(body.length) }),
  }
}

/** Path and query as Go's client writes them: parameters sorted by name. */
function targetOf({ endpoint, options }: Wire, ask: Ask): string {
  if (ask.target !== undefined) return `${endpoint.prefix}${ask.target}`
  const query = Object.entries({ ...options.query, ...ask.query }).sort(byName)
  const pairs = query.flatMap(([name, value]) => [value].flat().map((one) => [name, one] as const))
  const text = pairs.map(([name, value]) => `${escapeQuery(name)}=${escapeQuery(value)}`).join('&')
  return `${endpoint.prefix}${escapePath(ask.path)}${text === '' ? '' : `?${text}`}`
}

/** As Go's URL.EscapedPath: a slash and `$&+,:;=@` stay. */
export const escapePath = (path: string): string =>
  encodeURIComponent(path.toWellFormed())
    .replace(/%(?:2F|24|26|2B|2C|3A|3B|3D|40)/g, (escaped) => decodeURIComponent(escaped))
    .replace(/[!'()*]/g, percent)

const escapeQuery = (value: string): string =>
  encodeURIComponent(value.toWellFormed())
    .replace(/[!'()*]/g, percent)
    .replaceAll('%20', '+')

const percent = (character: string): string =>
  `%${character.charCodeAt(0).toString(16).toUpperCase()}`

function bodyOf(response: IncomingMessage, wire: Wire, ask: Ask): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    response.on('data', (chunk: Buffer) => chunks.push(chunk))
    response.once('end', () => resolve(Buffer.concat(chunks)))
    response.once('error', (error) => {
      reject(unreachable(wire, ask, { target: targetOf(wire, ask), error }))
    })
  })
}

function unreachable(
  { endpoint }: Wire,
  ask: Ask,
  { target, error }: { target: string; error: Error },
): Failure {
  const where = endpoint.socketPath ?? endpoint.shown
  const late = error instanceof AnswerTimeout
  const base = endpoint.shown.slice(0, endpoint.shown.length - endpoint.prefix.length)
  const url = `${base}${target}`
  const method = `${ask.method[0]}${ask.method.slice(1).toLowerCase()}`
  return new Failure(
    {
      code: late ? 'timeout' : 'nobody_there',
      what: late ? `${where} does not answer` : `nobody answers at ${where}`,
      why: plainReason(endpoint, error),
      next: late ? ['lictor doctor', 'a longer -timeout'] : adviceFor(endpoint),
      exit: late ? EXIT.timeout : EXIT.nobody,
      consul: `${ask.fault ?? DEFAULT_FAULT}${method} "${url}": ${goReason(endpoint, error)}`,
    },
    { cause: error },
  )
}

/** An agent of this machine can be started here; one of another cannot. */
function adviceFor({ host, port, socketPath }: Endpoint): readonly string[] {
  if (socketPath !== undefined || /^(?:localhost|127\..*|::1)$/.test(host)) {
    return ['lictor agent -dev   start an agent', 'lictor ps           see what runs here']
  }
  return [
    `on ${host}: is an agent running, and does it listen there (-client)?`,
    `nc -vz ${host} ${port}   whether the way is open`,
    '-http-addr, CONSUL_HTTP_ADDR: another agent',
  ]
}

/** Codes of OpenSSL when what answers is no TLS server. */
const NOT_TLS = new Set([
  'EPROTO',
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_SSL_PACKET_LENGTH_TOO_LONG',
])

const plainReason = (endpoint: Endpoint, error: Error): string =>
  endpoint.scheme === 'https' && NOT_TLS.has(errnoOf(error) ?? '')
    ? 'it speaks plain HTTP, not HTTPS'
    : reasonOf(error)

/** Where Go's net package would have failed, and why. */
function goReason(endpoint: Endpoint, error: Error): string {
  const code = errnoOf(error)
  if (error instanceof AnswerTimeout) return 'context deadline exceeded'
  if (endpoint.scheme === 'https' && NOT_TLS.has(code ?? '')) {
    return 'http: server gave HTTP response to HTTPS client'
  }
  if (code === 'ENOTFOUND') return `dial tcp: lookup ${endpoint.host}: no such host`
  if (code === 'ECONNRESET') return 'EOF'
  const dialled =
    endpoint.socketPath === undefined
      ? `tcp ${endpoint.host}:${endpoint.port}`
      : `unix ${endpoint.socketPath}`
  return code?.startsWith('E') ? `dial ${dialled}: connect: ${reasonOf(error)}` : reasonOf(error)
}

/** The exchange as a command to run again. The token is never shown. */
function traceExchange(
  { endpoint, options }: Wire,
  ask: Ask,
  { target, status, sent }: { target: string; status: number; sent: number },
): void {
  if (options.trace === undefined) return
  const base = endpoint.shown.slice(0, endpoint.shown.length - endpoint.prefix.length)
  const words = [
    `curl -X ${ask.method}`,
    ...(endpoint.socketPath === undefined ? [] : [`--unix-socket ${endpoint.socketPath}`]),
    ...(endpoint.token === undefined ? [] : ["-H 'X-Consul-Token: (hidden)'"]),
    ...(ask.body === undefined ? [] : ['--data-binary @-']),
    `'${base}${target}'`,
  ]
  options.trace(`${words.join(' ')}   # ${status} in ${Math.round(performance.now() - sent)} ms`)
}

/** The body of an answer as a value. */
export function jsonOf(reply: Reply): Json {
  const decoded = decodeJson(reply.body.toString('utf8'))
  if (decoded.ok) return decoded.value
  throw new Failure({
    code: 'bad_answer',
    what: 'what the agent answers is no JSON',
    why: decoded.why,
    exit: EXIT.no,
    consul: `${DEFAULT_FAULT}${decoded.why}`,
  })
}
