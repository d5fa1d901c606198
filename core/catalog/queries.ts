// What the questions of the catalog have in common: which rows are wanted, and what this version
// cannot tell.
import { textOfByteString } from '../bytes.ts'
import { ApiError } from '../errors.ts'
import type { Query } from '../route/query.ts'
import type { Found, Input } from '../route/route.ts'
import type { View } from '../state/txn.ts'
import { serviceIndex } from './indexes.ts'
import type { Wanted } from './read.ts'

/** How all reads of the catalog and of health behave. */
export const CATALOG_READ = { meta: 'effective', metaOnFailure: true, blocking: true } as const

/** The name behind a path's prefix. */
export const nameOf = ({ rest }: Input): string => textOfByteString(rest)

/** Refuses a path that ends where a name should stand. */
export const checkNamed =
  (missing: string) =>
  (input: Input): void => {
    if (input.rest === '') throw new ApiError('bad-request', missing)
    checkFilter(input)
  }

/** A filter that was passed over would show rows that nobody asked for. */
export function checkFilter({ query }: Input): void {
  if ((query.get('filter') ?? '').trim() === '') return
  throw new ApiError('invalid', 'filter expressions are not built into this version')
}

/**
 * `node-meta=KEY:VALUE` and `tag=NAME`, each as often as needed. `near` is not among them: it sorts
 * by distance, which is unknown as long as nodes have no coordinates, and then Consul leaves the
 * order as it is, too.
 */
export const wantedOf = (query: Query): Wanted => ({
  tags: query.all('tag'),
  nodeMeta: Object.fromEntries(query.all('node-meta').map(splitPair)),
})

function splitPair(pair: string): readonly [string, string] {
  const cut = pair.indexOf(':')
  return cut < 0 ? [pair, ''] : [pair.slice(0, cut), pair.slice(cut + 1)]
}

/** Rows of another cluster: none are imported in this version. */
export const isPeered = (query: Query): boolean => (query.get('peer') ?? '') !== ''

/** Proxies and native instances are refused where they would be registered: so there are none. */
export const nobodyConnects = (view: View, service: string): Found<readonly never[]> => ({
  index: serviceIndex(view, service, { exists: false, withChecks: false }),
  value: [],
})
