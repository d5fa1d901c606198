// Reading and writing. A View is a frozen state, a Txn one under construction: the same functions
// read both. What is read through a view with a WatchSet is noted there; peek and peekList read
// without a trace.
import { assert, present } from '../assert.ts'
import {
  type AnyTable,
  type Change,
  entryPrefix,
  ownState,
  putRow,
  removeRow,
  removeRows,
  type Schema,
  slotOf,
  type Table,
  type TableState,
} from './table.ts'
import { collectRows, type Edit, findRow, type Node } from './tree.ts'
import { hitEntry, hitKey, note, type Spot, type TableWatches, type WatchSet } from './watch.ts'

export interface View {
  readonly schema: Schema
  /** One for each table of the schema. */
  readonly states: readonly TableState<unknown>[]
  readonly watched: WatchSet | undefined
}

export interface Txn extends View {
  /** The log index that this transaction is applied at. */
  readonly index: number
  readonly edit: Edit
  isWritten: boolean
  /** The state that it began with, until the first write; its own copy afterwards. */
  states: readonly TableState<unknown>[]
  owned: TableState<unknown>[] | undefined
  readonly watches: readonly TableWatches[]
  /** What somebody waits for and this transaction changed; made when needed. */
  hits: Spot[] | undefined
}

export function get<Row>(view: View, table: Table<Row>, key: string): Row | undefined {
  const { watched } = view
  if (watched !== undefined) note(watched, { type: 'key', slot: slot(view, table), value: key })
  return peek(view, table, key)
}

/** The rows whose keys begin with `prefix`, in the order of their keys. */
export function list<Row>(view: View, table: Table<Row>, prefix: string): Row[] {
  const { watched } = view
  if (watched !== undefined) {
    note(watched, { type: 'prefix', slot: slot(view, table), value: prefix })
  }
  return peekList(view, table, prefix)
}

export const peek = <Row>(view: View, table: Table<Row>, key: string): Row | undefined =>
  findRow(stateOf(view, table).rows, key)

export function peekList<Row>(view: View, table: Table<Row>, prefix: string): Row[] {
  const rows: Row[] = []
  collectRows(stateOf(view, table).rows, prefix, rows)
  return rows
}

/** The rows with exactly this value of an index, in the order of their primary keys. */
export function listBy<Row, Index extends string>(
  view: View,
  table: Table<Row, Index>,
  index: NoInfer<Index>,
  value: string,
): Row[] {
  const at = table.indexes.findIndex(({ name }) => name === index)
  assert(at >= 0, `the table ${table.name} has an index ${index}`)
  const { watched } = view
  if (watched !== undefined) note(watched, { type: 'entry', slot: slot(view, table), at, value })
  const state = stateOf(view, table)
  const keys: string[] = []
  collectRows(state.entries[at] as Node<string>, entryPrefix(value), keys) // each index has one
  return keys.map((key) => present(findRow(state.rows, key), 'the row of an index entry'))
}

/**
 * The highest log index at which a row of the table was written or removed. Not noted: watch what
 * you read.
 */
export const tableIndex = (view: View, table: AnyTable): number => stateOf(view, table).index

/** How many rows the table has. Not noted. */
export const countRows = (view: View, table: AnyTable): number => stateOf(view, table).size

/**
 * Writes a row, whatever was there. The row belongs to the store from then on and is never
 * changed.
 */
export function put<Row>(txn: Txn, table: Table<Row>, row: NoInfer<Row>): void {
  const state = draftOf(txn, table)
  const before = putRow(table, state, row)
  touch(txn, table, { key: table.key(row), before, after: row })
}

/** False if there was no such row: then nothing has changed. */
export function remove(txn: Txn, table: AnyTable, key: string): boolean {
  if (peek(txn, table, key) === undefined) return false
  const state = draftOf(txn, table)
  const before = removeRow(table, state, key)
  touch(txn, table, { key, before, after: undefined })
  return true
}

/** Removes all rows whose keys begin with `prefix`. Returns how many there were. */
export function removePrefix(txn: Txn, table: AnyTable, prefix: string): number {
  const doomed = peekList(txn, table, prefix)
  if (doomed.length === 0) return 0
  removeRows(table, draftOf(txn, table), { prefix, doomed })
  for (const before of doomed) {
    touch(txn, table, { key: table.key(before), before, after: undefined })
  }
  return doomed.length
}

/** The state of a table that this transaction may change. */
function draftOf<Row>(txn: Txn, table: Table<Row>): TableState<Row> {
  assert(txn.edit.open, 'a transaction that has ended is not written to')
  txn.isWritten = true
  const at = slot(txn, table)
  const state = stateOf(txn, table)
  const draft = ownState(state, txn.edit)
  draft.index = Math.max(draft.index, txn.index)
  if (draft === state) return draft
  txn.owned ??= txn.states.slice()
  txn.owned[at] = draft as TableState<unknown> // read back as TableState<Row> by stateOf alone
  txn.states = txn.owned
  return draft
}

/** Remembers who waits for what was changed. */
function touch<Row>(txn: Txn, table: Table<Row>, change: Change<Row>): void {
  const watches = txn.watches[slot(txn, table)] as TableWatches // one for each table
  if (watches.spots === 0) return
  txn.hits ??= []
  hitKey(watches, change.key, txn.hits)
  for (const [at, index] of table.indexes.entries()) {
    const { before, after } = change
    const old = before === undefined ? undefined : index.value(before)
    const value = after === undefined ? undefined : index.value(after)
    if (old !== undefined) hitEntry(watches, { at, value: old }, txn.hits)
    if (value !== undefined) hitEntry(watches, { at, value }, txn.hits)
  }
}

const slot = (view: View, table: AnyTable): number => slotOf(view.schema, table)

const stateOf = <Row>(view: View, table: Table<Row>): TableState<Row> =>
  view.states[slot(view, table)] as TableState<Row> // only `put` fills it, with rows of this table
