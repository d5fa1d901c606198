// A request that was understood: its route, its decoded input, its options. Steps 1 to 5 of the
// pipeline (design 2.6).
import type { AgentConfig } from '../config/agent-config.ts'
import { ApiError } from '../errors.ts'
import type { RequestId } from '../ids.ts'
import { parseQuery, type Query } from '../route/query.ts'
import type { Request, Response } from '../route/request.ts'
import type { Input, Route } from '../route/route.ts'
import type { Site } from '../route/site.ts'
import type { WallMs } from '../time.ts'
import { isWriteAllowed } from './allow-write.ts'
import { answerBare, answerRedirect, answerSaid, type Layout, type Letterhead } from './answer.ts'
import type { Freshness } from './cached.ts'
import {
  DEFAULT_OPTIONS,
  parseOptions,
  parseWait,
  type QueryOptions,
  refuseEnterprise,
} from './options.ts'
import { type Endpoint, matchPath, type Router } from './router.ts'

export interface Call {
  readonly id: RequestId
  readonly route: Route
  readonly input: Input<unknown>
  readonly options: QueryOptions
  readonly layout: Layout
  /** What a cache says of the answer; undefined: it does not come out of one. */
  readonly freshness: Freshness | undefined
  /** A datacenter other than ours that shall answer; empty: this one. */
  readonly elsewhere: string
  /** All of a request that the answer of a read may depend on; empty if it cannot wait. */
  readonly question: string
}

/** What calls are opened with. */
export interface Desk {
  readonly router: Router
  readonly site: Site
  readonly head: Letterhead
  /** A fresh version 4 UUID; randomness is handed in. */
  readonly uuid: () => string
}

const NO_ENDPOINT = 'Invalid URL path: not a recognized HTTP API endpoint\n'
const NO_API =
  "Invalid URL path: if attempting to use the HTTP API, ensure the path starts with '/v1/'\n"

/**
 * The call, or the response of the router itself. Throws an ApiError where the endpoint refuses.
 */
export function openCall(desk: Desk, request: Request, wall: WallMs): Call | Response {
  const { head, site } = desk
  const { allowUnprintable } = site.config.httpConfig
  const match = matchPath(desk.router, request.path, { allowUnprintable })
  switch (match.type) {
    case 'redirect':
      return answerRedirect(head, {
        status: 307,
        to: withQuery(match.to, request.query),
        method: request.method,
      })
    case 'unprintable':
      return answerBare(head, 400, {})
    case 'malformed':
      return answerBare(head, 400, { text: '400 Bad Request' })
    case 'unknown':
      return match.path === '/'
        ? answerRoot(desk, request.method)
        : answerBare(head, 404, { text: match.path.includes('/v1/') ? NO_ENDPOINT : NO_API })
    default: {
      const { path, endpoint, rest } = match // a spread here costs a tenth of a whole get
      return openEndpoint(desk, request, { path, endpoint, rest, wall })
    }
  }
}

/** A browser is led to the web page, if there shall be one. */
function answerRoot({ head, site }: Desk, method: string): Response {
  if (head.dialect === 'lesson') return answerBare(head, 404, { text: NO_LESSON_PAGE })
  const { uiPath } = site.config.httpConfig
  if (uiPath !== undefined) return answerRedirect(head, { status: 301, to: uiPath, method })
  return answerBare(head, 200, { text: NO_PAGE })
}

const NO_LESSON_PAGE = 'nothing is at /: the API is below /v1/\n'
const NO_PAGE =
  'Consul Agent: UI disabled. ' +
  'To enable, set ui_config.enabled=true in the agent configuration and restart.'

const withQuery = (path: string, query: string) => (query === '' ? path : `${path}?${query}`)

/** http_config: paths that are closed. */
function checkOpen({ httpConfig }: AgentConfig, path: string): void {
  if (httpConfig.blockEndpoints.some((blocked) => path.startsWith(blocked))) {
    throw new ApiError('forbidden', 'Endpoint is blocked by agent configuration')
  }
}

/** http_config: networks from which nothing is written. */
function checkWriter({ httpConfig }: AgentConfig, request: Request): void {
  const { allowWriteFrom } = httpConfig
  if (allowWriteFrom.length === 0 || READS.has(request.method)) return
  if (!isWriteAllowed(allowWriteFrom, request.remote)) {
    throw new ApiError('forbidden', 'Access is restricted')
  }
}

const READS = new Set(['GET', 'HEAD', 'OPTIONS'])

interface Found {
  readonly path: string
  readonly endpoint: Endpoint
  readonly rest: string
  readonly wall: WallMs
}

function openEndpoint(desk: Desk, request: Request, found: Found): Call | Response {
  const { endpoint, path, rest, wall } = found
  const { config } = desk.site
  const query = parseQuery(request.query)
  if (query === undefined) throw new ApiError('invalid', '')
  checkOpen(config, path)
  const route = endpoint.routes.get(request.method)
  if (route === undefined) return answerMethod(desk.head, found, request.method)
  checkWriter(config, request)
  const options = optionsOf(desk.site, route, { request, query })
  if (!route.ignoresEnterprise) refuseEnterprise(request, query)
  const accept = request.header('accept')
  const bare: Input = { rest, query, body: undefined, wall, accept, uuid: desk.uuid }
  if (route.kind === 'read' || route.kind === 'write') route.check?.(bare, desk.site)
  const body: unknown = route.kind === 'read' ? undefined : bodyOf(config, route, request)
  const input: Input<unknown> = body === undefined ? bare : { ...bare, body }
  const layout = query.has('pretty') ? 'pretty' : usualLayout(desk)
  const elsewhere = datacenterOf(config, route, query)
  const question = questionOf(route, request, query)
  const { id } = request
  return { id, route, input, options, layout, freshness: undefined, elsewhere, question }
}

function questionOf(route: Route, request: Request, query: Query): string {
  const mayWait = route.kind === 'read' && (query.has('index') || query.has('hash'))
  if (!mayWait) return ''
  const headers = ASKING_HEADERS.map((name) => request.header(name) ?? '')
  return [request.path, request.query, ...headers].join('\n')
}

/** Every header that a read, or a permission to read, is decided by. */
const ASKING_HEADERS = ['accept', 'cache-control', 'x-consul-token', 'authorization']

function usualLayout({ head, site }: Desk): Layout {
  if (head.dialect === 'lesson') return 'spaced'
  return site.config.dev ? 'indented' : 'compact'
}

const optionsOf = (
  { config }: Site,
  route: Route,
  { request, query }: { readonly request: Request; readonly query: Query },
): QueryOptions => {
  if (isPlain(route)) return DEFAULT_OPTIONS
  if (route.kind === 'read' && route.blocking === 'hash') return parseWait(query)
  const { useCache } = config.httpConfig
  const mayBeStale = config.discoveryMaxStaleMs > 0 && DISCOVERY.test(route.path)
  return parseOptions(request, query, { useCache, mayBeStale })
}

/** What discovery_max_stale is about. */
const DISCOVERY = /^GET \/v1\/(?:catalog|health)\//

/** Consistency, blocking and datacenter are not even looked at. */
const isPlain = (route: Route): boolean =>
  route.kind === 'own' || (route.kind === 'local' && !route.parsesOptions)

/** Below here Consul says itself what may be done, and more than the header. */
const OWN_WORDS = '/v1/query/'

function answerMethod(head: Letterhead, { endpoint, path }: Found, method: string): Response {
  const headers = ['Allow', endpoint.allow]
  if (method === 'OPTIONS')
    return {
      ...answerSaid(head, { headers, text: path.startsWith(OWN_WORDS) ? '{}' : '' }, 'compact'),
      headers: [...head.json, ...headers],
    }
  const text = `method ${method} not allowed`
  if (head.dialect === 'lesson') return answerBare(head, 405, { text, headers })
  return answerSaid(head, { status: 405, text, headers }, 'compact')
}

/**
 * The decoded body. Its size is judged before it is decoded: by what was declared, else by what
 * came.
 */
function bodyOf(
  config: AgentConfig,
  route: Exclude<Route, { kind: 'read' }>,
  request: Request,
): unknown {
  if (route.bodyLimit !== undefined) {
    const name = BODY_LIMITS[route.bodyLimit]
    const limit = bodyLimitOf(config, route.bodyLimit)
    const size = sizeOf(request)
    if (size > limit) throw new ApiError('too-large', tooLarge({ size, limit, name }))
  }
  return route.body(request.body)
}

const BODY_LIMITS = { kv: 'kv_max_value_size', txn: 'txn_max_req_len' } as const

/** A transaction may always be as long as one value. */
function bodyLimitOf({ limits }: AgentConfig, kind: keyof typeof BODY_LIMITS): number {
  const { kvMaxValueSize, txnMaxReqLen } = limits
  return kind === 'kv' ? kvMaxValueSize : Math.max(txnMaxReqLen, kvMaxValueSize)
}

/**
 * The runtime stops reading a body that is over every limit, so what was declared may be more
 * than what is here.
 */
const sizeOf = ({ body, header }: Request): number =>
  Math.max(body.length, Number(header('content-length') ?? 0) || 0)

/** The address in the text is part of what Consul answers. */
const tooLarge = ({ size, limit, name }: { size: number; limit: number; name: string }) =>
  `Request body(${size} bytes) too large, max size: ${limit} bytes. ` +
  `See https://developer.hashicorp.com/docs/agent/config/config-files#${name}.`

function datacenterOf(config: AgentConfig, route: Route, query: Query): string {
  const asked = query.get('dc') ?? ''
  return route.ignoresDatacenter || isPlain(route) || asked === config.datacenter ? '' : asked
}
