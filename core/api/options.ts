// What every endpoint of Consul reads from a query string before it looks at anything else:
// consistency, blocking, datacenter, and the selectors of Enterprise that the open edition
// refuses.
import { ApiError } from '../errors.ts'
import type { Query } from '../route/query.ts'
import type { Request } from '../route/request.ts'
import { parseDuration } from '../time.ts'
import { parseU64, type U64 } from '../u64.ts'

export type Consistency = 'default' | 'consistent' | 'stale'

export interface QueryOptions {
  readonly consistency: Consistency
  /** Block while what was read is not newer than this; 0 never blocks. */
  readonly minIndex: U64
  /** As asked for in milliseconds; 0 or less: the default. */
  readonly waitMs: number
  /** The answer may come out of a cache. */
  readonly cached: CacheAsked | undefined
}

export interface CacheAsked {
  /** 0: any age will do. */
  readonly maxAgeMs: number
  readonly mustRevalidate: boolean
}

export const DEFAULT_OPTIONS: QueryOptions = {
  consistency: 'default',
  minIndex: 0,
  waitMs: 0,
  cached: undefined,
}

/** What the configuration says of an endpoint. */
export interface Customs {
  readonly useCache: boolean
  /** Whoever says nothing of it takes a stale answer. */
  readonly mayBeStale: boolean
}

/** The options of a request; a refusal (400) for those that make no sense, in Consul's order. */
export function parseOptions(
  request: Request,
  query: Query,
  { useCache, mayBeStale }: Customs,
): QueryOptions {
  const mayCache = useCache && query.has('cached')
  const asksNothing = request.query === ''
  const told = asksNothing ? 'default' : parseConsistency(query, mayCache)
  const cacheControl = request.header('cache-control')
  const asked = cacheControl === undefined ? NOTHING_ASKED : cacheAsked(cacheControl)
  const saysNothing = told === 'default' && !mayCache && !query.has('leader')
  const consistency = mayBeStale && saysNothing ? 'stale' : told
  if (asksNothing) return mayBeStale ? { ...DEFAULT_OPTIONS, consistency } : DEFAULT_OPTIONS
  return { ...parseWait(query), consistency, cached: mayCache ? asked : undefined }
}

/** All that is read of a request which no server answers. */
export function parseWait(query: Query): QueryOptions {
  const wait = query.get('wait') ?? ''
  const waitMs = wait === '' ? 0 : parseDuration(wait)
  if (waitMs === undefined) throw new ApiError('bad-request', 'Invalid wait time')
  const index = query.get('index') ?? ''
  return { ...DEFAULT_OPTIONS, waitMs, minIndex: index === '' ? 0 : parseIndex(index) }
}

function parseIndex(text: string): U64 {
  const parsed = parseU64(text)
  if (!parsed.ok) throw new ApiError('bad-request', 'Invalid index')
  return parsed.value
}

function parseConsistency(query: Query, mayCache: boolean): Consistency {
  const stale = query.has('stale') || maxStaleMs(query) > 0
  if (!query.has('consistent')) return stale ? 'stale' : 'default'
  if (stale) throw conflict('stale')
  if (mayCache) throw conflict('cached')
  return 'consistent'
}

/** An answer that may be of this age may be stale; one that may not be old at all may not. */
function maxStaleMs(query: Query): number {
  const text = query.get('max_stale') ?? ''
  const ms = text === '' ? 0 : parseDuration(text)
  if (ms !== undefined) return ms
  throw new ApiError('bad-request', `Invalid max_stale value ${JSON.stringify(text)}`)
}

const conflict = (mode: string) =>
  new ApiError('bad-request', `Cannot specify ?${mode} with ?consistent, conflicting semantics.`)

const NOTHING_ASKED: CacheAsked = { maxAgeMs: 0, mustRevalidate: false }

/**
 * Only `max-age=` and `stale-if-error=` carry numbers, of seconds; what is neither of them nor
 * `must-revalidate` says nothing. With an age of 0 nothing kept is young enough.
 */
function cacheAsked(header: string): CacheAsked {
  let [maxAgeMs, mustRevalidate] = [0, false]
  for (const part of header.toLowerCase().split(',')) {
    const [, name = '', value = ''] = /^([^=]*=?)(.*)$/.exec(part.trim()) ?? []
    if (name === 'must-revalidate') mustRevalidate = true
    if (name !== 'max-age=' && name !== 'stale-if-error=') continue
    if (!/^[+-]?\d+$/.test(value)) {
      throw new ApiError('bad-request', 'Invalid Cache-Control header.')
    }
    if (name === 'max-age=') maxAgeMs = Number(value) * 1000
    if (name === 'max-age=' && maxAgeMs === 0) mustRevalidate = true
  }
  return { maxAgeMs, mustRevalidate }
}

const ENTERPRISE = [
  {
    parameter: 'ns',
    header: 'x-consul-namespace',
    shown: 'X-Consul-Namespace',
    feature: 'Namespaces',
  },
  {
    parameter: 'partition',
    header: 'x-consul-partition',
    shown: 'X-Consul-Partition',
    feature: 'Partitions',
  },
] as const

/**
 * Namespaces and partitions are refused, even by the name `default`: Consul's open edition does
 * so.
 */
export function refuseEnterprise(request: Request, query: Query): void {
  for (const { parameter, header, shown, feature } of ENTERPRISE) {
    if ((query.get(parameter) ?? '') !== '')
      throw enterpriseOnly('query parameter', parameter, feature)
    if ((request.header(header) ?? '') !== '') {
      throw enterpriseOnly('header', shown, feature)
    }
  }
}

const enterpriseOnly = (where: string, name: string, feature: string) =>
  new ApiError(
    'bad-request',
    `Invalid ${where}: "${name}" - ${feature} are a Consul Enterprise feature`,
  )
