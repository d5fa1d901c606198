// Declared tables: a name, a primary key, and secondary indexes that are kept in step with every
// write.
//
// A table's state is one tree of rows by primary key and, for each index, one tree of primary keys
// by index entry. All of it belongs to the edit that made it, as the nodes do.
import { assert } from '../assert.ts'
import { withoutPrefix } from './range.ts'
import { type Edit, emptyTree, findRow, type Node, withoutRow, withRow } from './tree.ts'

/** Methods, not function properties: so that a list can hold tables of different rows. */
export interface Table<Row, Index extends string = string> {
  readonly name: string
  readonly indexes: readonly TableIndex<Row, Index>[]
  /** The primary key, a byte string. */
  key(row: Row): string
}

interface TableIndex<Row, Index extends string = string> {
  readonly name: Index
  value(row: Row): string | undefined
}

/** Any table, for code that treats all alike. */
export type AnyTable = Table<unknown>

export interface TableDeclaration<Row, Index extends string> {
  readonly name: string
  readonly key: (row: Row) => string
  /** By name, the value to find a row by; undefined: the row is not in this index. */
  readonly indexes: { readonly [name in Index]: (row: Row) => string | undefined }
}

export function defineTable<Row, Index extends string = string>(
  declared: TableDeclaration<Row, Index>,
): Table<Row, Index> {
  const names = Object.keys(declared.indexes) as Index[] // declared so
  const indexes = names.map((name) => ({ name, value: declared.indexes[name] }))
  return { name: declared.name, key: declared.key, indexes }
}

/** A list of tables, each with its place in it. */
export interface Schema {
  readonly tables: readonly AnyTable[]
  readonly slots: ReadonlyMap<AnyTable, number>
}

export function createSchema(tables: readonly AnyTable[]): Schema {
  const slots = new Map(tables.map((table, slot) => [table, slot]))
  assert(slots.size === tables.length, 'a table is listed once')
  const names = new Set(tables.map((table) => table.name))
  assert(names.size === tables.length, 'tables have different names')
  return { tables, slots }
}

export function slotOf(schema: Schema, table: AnyTable): number {
  const slot = schema.slots.get(table)
  assert(slot !== undefined, `the table ${table.name} belongs to the store`)
  return slot
}

export interface TableState<Row> {
  readonly edit: Edit
  rows: Node<Row>
  size: number
  /** The highest log index at which a row was written or removed. */
  index: number
  /** In the order of the table's indexes: primary keys by entry. */
  readonly entries: Node<string>[]
}

export const emptyState = (table: AnyTable, edit: Edit): TableState<unknown> => ({
  edit,
  rows: emptyTree(edit),
  size: 0,
  index: 0,
  entries: table.indexes.map(() => emptyTree(edit)),
})

/** The state itself if this edit made it, else a copy that this edit may change. */
export function ownState<Row>(state: TableState<Row>, edit: Edit): TableState<Row> {
  if (state.edit === edit) return state
  const { rows, size, index, entries } = state
  return { edit, rows, size, index, entries: entries.length === 0 ? entries : entries.slice() }
}

/**
 * Stands between an index value and a primary key. A zero within a value is written as zero and
 * 0xff, so no value looks like this, and no value with its end is the beginning of another.
 */
const VALUE_END = '\0\x01'
const ZERO = '\0\xff'

/**
 * What all entries of one index value begin with. Values keep their order, and so do the primary
 * keys below one value.
 */
export function entryPrefix(value: string): string {
  return (value.includes('\0') ? value.replaceAll('\0', ZERO) : value) + VALUE_END
}

/** What a change did to one row: for indexes and watches. */
export interface Change<Row> {
  readonly key: string
  readonly before: Row | undefined
  readonly after: Row | undefined
}

/** Puts a row into a state of the running edit. Returns the row that it replaced. */
export function putRow<Row>(table: Table<Row>, state: TableState<Row>, row: Row): Row | undefined {
  const key = table.key(row)
  const before = findRow(state.rows, key)
  state.rows = withRow(state.rows, state.edit, { key, row })
  if (before === undefined) state.size++
  if (table.indexes.length > 0) fileEntries(table, state, { key, before, after: row })
  return before
}

/** Removes a row from a state of the running edit. Returns it. */
export function removeRow<Row>(
  table: Table<Row>,
  state: TableState<Row>,
  key: string,
): Row | undefined {
  const before = findRow(state.rows, key)
  if (before === undefined) return undefined
  state.rows = withoutRow(state.rows, state.edit, key)
  state.size--
  fileEntries(table, state, { key, before, after: undefined })
  return before
}

/** Removes all rows below a prefix from a state of the running edit; `doomed` are these rows. */
export function removeRows<Row>(
  table: Table<Row>,
  state: TableState<Row>,
  { prefix, doomed }: { readonly prefix: string; readonly doomed: readonly Row[] },
): void {
  state.rows = withoutPrefix(state.rows, state.edit, prefix)
  state.size -= doomed.length
  assert(state.size >= 0, 'a table does not lose more rows than it has')
  if (table.indexes.length === 0) return
  for (const before of doomed) {
    fileEntries(table, state, { key: table.key(before), before, after: undefined })
  }
}

function fileEntries<Row>(table: Table<Row>, state: TableState<Row>, change: Change<Row>): void {
  for (let at = 0; at < table.indexes.length; at++) {
    const index = table.indexes[at] as TableIndex<Row> // within bounds
    const old = change.before === undefined ? undefined : index.value(change.before)
    const value = change.after === undefined ? undefined : index.value(change.after)
    if (old === value) continue
    let entries = state.entries[at] as Node<string> // one for each index
    if (old !== undefined) entries = withoutRow(entries, state.edit, entryPrefix(old) + change.key)
    if (value !== undefined) {
      const key = entryPrefix(value) + change.key
      entries = withRow(entries, state.edit, { key, row: change.key })
    }
    state.entries[at] = entries
  }
}
