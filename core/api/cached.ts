// `?cached`: what Consul's agents answer out of a cache that is kept fresh behind the scenes. Here
// every read looks at the state itself, which is as fresh as any cache, so nothing is stored; but
// clients are told what such a cache would say: whether somebody has asked for this before, and
// how old the answer is (consul-surface 3.5).
import type { CacheKind } from '../route/route.ts'
import type { Instant } from '../time.ts'
import type { Call } from './call.ts'
import type { CacheAsked } from './options.ts'

/** What a cached read is told. */
export interface Freshness {
  /** Undefined: it was not there. */
  readonly ageMs: number | undefined
}

interface Kept {
  /** When it was fetched; what is kept fresh has no age. */
  readonly since: Instant
  askedAt: Instant
}

export interface CacheBook {
  readonly kept: Map<string, Kept>
}

/** What nobody asks for is given up after three days; a view that is streamed, much sooner. */
const IDLE_MS: Readonly<Record<CacheKind, number>> = {
  refreshed: 72 * 3_600_000,
  streamed: 20 * 60_000,
  kept: 72 * 3_600_000,
}

/** Questions that are remembered at once; the oldest is forgotten first. */
const QUESTIONS_MAX = 10_000

export const createCacheBook = (): CacheBook => ({ kept: new Map() })

/** What becomes of a call that may be answered from the cache; undefined: it may not. */
export function lookUpCached(book: CacheBook, call: Call, now: Instant): Freshness | undefined {
  const { route, options } = call
  const kind = route.kind === 'read' || route.kind === 'local' ? route.cached : undefined
  if (kind === undefined || options.cached === undefined) return undefined
  const key = keyOf(call)
  const found = book.kept.get(key)
  if (found !== undefined && isGood(found, { kind, asked: options.cached, now })) {
    found.askedAt = now
    return { ageMs: kind === 'kept' ? now - found.since : 0 }
  }
  book.kept.delete(key)
  if (book.kept.size >= QUESTIONS_MAX) forgetOldest(book)
  book.kept.set(key, { since: now, askedAt: now })
  return { ageMs: undefined }
}

interface Terms {
  readonly kind: CacheKind
  readonly asked: CacheAsked
  readonly now: Instant
}

/** Only what is not kept fresh can be too old. */
function isGood({ since, askedAt }: Kept, { kind, asked, now }: Terms): boolean {
  if (now - askedAt > IDLE_MS[kind]) return false
  if (kind !== 'kept') return true
  return !asked.mustRevalidate && (asked.maxAgeMs === 0 || now - since <= asked.maxAgeMs)
}

function forgetOldest({ kept }: CacheBook): void {
  for (const key of kept.keys()) {
    kept.delete(key)
    return
  }
}

/** How an answer looks or how long it is waited for makes no other question. */
const MANNERS = /^(?:cached|index|wait|pretty|passing|token|stale|max_stale)=/

const keyOf = ({ route, input }: Call): string =>
  [
    route.path,
    input.rest,
    ...input.query
      .sorted()
      .split('&')
      .filter((part) => !MANNERS.test(part)),
  ].join('\n')

export function freshnessHeaders(freshness: Freshness | undefined): readonly string[] {
  if (freshness === undefined) return []
  if (freshness.ageMs === undefined) return ['X-Cache', 'MISS']
  return ['X-Cache', 'HIT', 'Age', String(Math.floor(freshness.ageMs / 1000))]
}
