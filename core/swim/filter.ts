// Whether a query is for us: every filter must fit (Serf, memberlist-wire §2). Expressions are Go's
// (RE2), found anywhere in the tag's value; the engine's time grows linearly with both.
import { RE2JS } from 're2js'
import { unreachable } from '../assert.ts'
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
      return matches(filter.expr, tags.get(filter.tag) ?? '')
    default:
      return unreachable(filter)
  }
}

/** An expression that is none fits nothing. */
function matches(expr: string, value: string): boolean {
  try {
    return RE2JS.compile(expr).matcher(value).find()
  } catch (error) {
    if (error instanceof Error) return false // what the engine throws for a bad expression
    throw error
  }
}
