// What the questions of the catalog have in common: which rows are wanted, and what this version
// cannot tell.
import { textOfByteString } from '../bytes.ts'
import { byDistance } from '../coordinates/read.ts'
import { ApiError } from '../errors.ts'
import { filterOf, type Predicate, type Shape } from '../filter/filter.ts'
import type { Query } from '../route/query.ts'
import { type Found, type Input, USUAL_READ } from '../route/route.ts'
import type { Site } from '../route/site.ts'
import type { View } from '../state/txn.ts'
import { serviceIndex } from './indexes.ts'
import type { Wanted } from './read.ts'

/** How all reads of the catalog and of health behave. */
export const CATALOG_READ = { ...USUAL_READ, meta: 'effective' } as const

/** The name behind a path's prefix. */
export const nameOf = ({ rest }: Input): string => textOfByteString(rest)

/** Refuses a path that ends where a name should stand. */
export const checkNamed =
  (missing: string) =>
  (input: Input): void => {
    if (input.rest === '') throw new ApiError('bad-request', missing)
  }

/** Those of the printed rows that `filter` lets through. */
export const filtered = <Row>(rows: readonly Row[], input: Input, shape: Shape): Row[] =>
  rows.filter(filterFor(input, shape))

/** What `filter` says of rows of this shape. */
export const filterFor = ({ query }: Input, shape: Shape): Predicate =>
  filterOf(query.get('filter'), shape)

/** `near=NODE`: the rows sorted by the distance of their nodes from there. */
export function nearest<Row>(
  { view, query, site }: { readonly view: View; readonly query: Query; readonly site: Site },
  rows: readonly Row[],
  nodeOf: (row: Row) => string,
): readonly Row[] {
  const near = query.get('near') ?? ''
  return byDistance(view, rows, { near: near === SELF ? site.config.nodeName : near, nodeOf })
}

/** As a node's name: whose agent is asked. */
const SELF = '_agent'

/** `node-meta=KEY:VALUE` and `tag=NAME`, each as often as needed. */
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

/** Gateways lead nowhere in this version. */
export function nobodyEnters(view: View, input: Input, shape: Shape): Found<readonly never[]> {
  const index = serviceIndex(view, nameOf(input), { exists: false, withChecks: false })
  return { index, value: filtered([], input, shape) }
}
