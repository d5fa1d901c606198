// A store that is obviously right, being maps that are sorted on each read. The real one is held
// against it.
import { defineTable, type Table } from '../../../core/state/table.ts'
import { get, list, listBy, type View } from '../../../core/state/txn.ts'

export interface Row {
  readonly key: string
  readonly owner: string | undefined
  readonly zone: string
  /** No two rows ever made have the same: equal rows are one row. */
  readonly serial: number
}

const PLAIN: Table<Row> = defineTable({
  name: 'plain',
  key: (row: Row) => row.key,
  indexes: {},
})

export const FILED: Table<Row> = defineTable({
  name: 'filed',
  key: (row: Row) => row.key,
  indexes: { owner: (row: Row) => row.owner, zone: (row: Row) => row.zone },
})

export const TABLES = [PLAIN, FILED] as const
export type AnyOfThem = (typeof TABLES)[number]

export interface Model {
  readonly rows: Map<AnyOfThem, Map<string, Row>>
  readonly indexes: Map<AnyOfThem, number>
}

export const createModel = (): Model => ({
  rows: new Map(TABLES.map((table) => [table, new Map<string, Row>()])),
  indexes: new Map(TABLES.map((table) => [table, 0])),
})

export const copyModel = (model: Model): Model => ({
  rows: new Map([...model.rows].map(([table, rows]) => [table, new Map(rows)])),
  indexes: new Map(model.indexes),
})

export const rowsIn = (model: Model, table: AnyOfThem): Map<string, Row> =>
  model.rows.get(table) ?? new Map()

/** One question to a store. */
export type Read =
  | { readonly type: 'get' | 'list'; readonly table: AnyOfThem; readonly of: string }
  | {
      readonly type: 'listBy'
      readonly table: AnyOfThem
      readonly index: 'owner' | 'zone'
      readonly of: string
    }

export function ask(view: View, read: Read): readonly (Row | undefined)[] {
  switch (read.type) {
    case 'get':
      return [get(view, read.table, read.of)]
    case 'list':
      return list(view, read.table, read.of)
    default:
      return listBy(view, read.table, read.index, read.of)
  }
}

export function askModel(model: Model, read: Read): readonly (Row | undefined)[] {
  const rows = rowsIn(model, read.table)
  if (read.type === 'get') return [rows.get(read.of)]
  return [...rows.values()]
    .filter((row) => concerns(read, row))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
}

/** What one write did to one row. */
export interface Touch {
  readonly table: AnyOfThem
  readonly key: string
  readonly before: Row | undefined
  readonly after: Row | undefined
}

/** Whether a write may have changed the answer to a read. */
export function touches(touch: Touch, read: Read): boolean {
  if (touch.table !== read.table) return false
  if (read.type === 'get') return touch.key === read.of
  return [touch.before, touch.after].some((row) => row !== undefined && concerns(read, row))
}

function concerns(read: Read, row: Row): boolean {
  if (read.type === 'listBy') return row[read.index] === read.of
  return read.type === 'list' && row.key.startsWith(read.of)
}
