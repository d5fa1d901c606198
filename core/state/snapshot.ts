// All rows out of a frozen state, and into a store. Between the two the store may change as it
// likes: the walk sees the state that it began with. The way from rows to bytes is not known here.
import { assert, present } from '../assert.ts'
import type { Store } from './store.ts'
import { type AnyTable, emptyState, putRow, slotOf, type TableState } from './table.ts'
import { createEdit, rowsFrom } from './tree.ts'
import type { View } from './txn.ts'
import { fireAll, type Waiter } from './watch.ts'

/** One row and the table that it belongs to. */
export interface StoredRow {
  readonly table: AnyTable
  readonly row: unknown
}

/**
 * The highest log index at which a table changed: what tableIndex answers. Rows do not tell it,
 * deletes count too.
 */
export interface StoredIndex {
  readonly table: AnyTable
  readonly index: number
}

export interface StoredState {
  readonly indexes: Iterable<StoredIndex>
  readonly rows: Iterable<StoredRow>
}

/** All rows, in the order of the tables, then of the keys. Lazy, and at peace with later writes. */
export function rowsOf(view: View): Iterable<StoredRow> {
  assert(!('edit' in view), 'a snapshot is taken of a state at rest')
  return walk(view)
}

function* walk({ schema, states }: View): Generator<StoredRow> {
  for (const [slot, table] of schema.tables.entries()) {
    const { rows } = present(states[slot], 'the state of a table')
    for (const row of rowsFrom(rows, '')) yield { table, row }
  }
}

export const indexesOf = ({ schema, states }: View): readonly StoredIndex[] =>
  schema.tables.map((table, slot) => ({
    table,
    index: present(states[slot], 'the state of a table').index,
  }))

/**
 * Replaces the whole state. If the source throws, nothing has changed. Fires everybody who
 * waits.
 */
export function restore(store: Store, { indexes, rows }: StoredState): ReadonlySet<Waiter> {
  assert(store.writing === undefined, 'a restore is no part of a transaction')
  const { schema } = store
  const edit = createEdit()
  const states = schema.tables.map((table) => emptyState(table, edit))
  const stateOf = (table: AnyTable): TableState<unknown> =>
    present(states[slotOf(schema, table)], 'the state of a table')
  for (const { table, index } of indexes) stateOf(table).index = index
  for (const { table, row } of rows) {
    const replaced = putRow(table, stateOf(table), row)
    assert(replaced === undefined, 'a snapshot holds every key once')
  }
  edit.open = false
  store.states = states
  return fireAll(store.watches)
}
