// Whether a query is for us: every filter must fit (Serf, memberlist-wire §2). Expressions are Go's
// (RE2), found anywhere in the tag's value; the engine's time grows linearly with both.
import { unreachable } from '../assert.ts'
import { fitsRegexp } from '../regexp.ts'
import { decodeFilter, type QueryFilter } from '../wire/serf.ts'
import type { PoolMember } from './member.ts'

/** A query has a kilobyte. */
const FILTERS_MAX = 64

export function concernsUs(self: PoolMember, filters: readonly Uint8Array[]): boolean {
  if (filters.length > FILTERS_MAX) return false
  return filters.every((bytes) => {
    const filter = decodeFilter(bytes)
    return filter.ok && fits(self, filter.value)
  })
}

function fits({ name, tags }: PoolMember, filter: QueryFilter): boolean {
  switch (filter.type) {
    case 'nodes':
      return filter.names.includes(name)
    case 'tag':
      return fitsRegexp(filter.expr, tags.get(filter.tag) ?? '')
    default:
      return unreachable(filter)
  }
}
