// The store: the current state of all tables, one writer at a time, and who waits for what. It
// knows no domain.
import { assert } from '../assert.ts'
import { type AnyTable, createSchema, emptyState, type Schema, type TableState } from './table.ts'
import { createEdit, type Edit } from './tree.ts'
import type { Txn, View } from './txn.ts'
import {
  calm,
  createWatches,
  fire,
  park,
  unpark,
  type Waiter,
  type Watches,
  type WatchSet,
} from './watch.ts'

export { createWatchSet, type Waiter, type WatchSet } from './watch.ts'

export interface Store {
  readonly schema: Schema
  states: readonly TableState<unknown>[]
  readonly watches: Watches
  /** The open transaction. */
  writing: Txn | undefined
  batch: Batch | undefined
}

/** Transactions that follow each other without a look between them copy each node once. */
interface Batch {
  edit: Edit
  /** Nodes of the edit are in the state already: what is thrown away must not have changed them. */
  isShared: boolean
}

export function createStore(tables: readonly AnyTable[]): Store {
  const schema = createSchema(tables)
  const edit = createEdit()
  const states = tables.map((table) => emptyState(table, edit))
  edit.open = false
  return { schema, states, watches: createWatches(schema), writing: undefined, batch: undefined }
}

/**
 * The state as it is now, for good. Reads are noted in `watched`, which is for one look: make a
 * new one for the next.
 */
export function viewOf(store: Store, watched?: WatchSet): View {
  stopSharing(store)
  if (watched !== undefined) {
    assert(watched.seen === undefined, 'a watch set is used for one view')
    watched.seen = store.states
  }
  return { schema: store.schema, states: store.states, watched }
}

/** The state for this moment: the next transaction of a batch may change what it shows. */
export const glanceAt = ({ schema, states }: Store): View => ({
  schema,
  states,
  watched: undefined,
})

/** `index`: the log index of the entry that is applied. */
export function beginTxn(store: Store, index: number): Txn {
  assert(store.writing === undefined, 'one transaction is open at a time')
  const txn: Txn = {
    schema: store.schema,
    states: store.states,
    watched: undefined,
    index,
    edit: store.batch?.edit ?? createEdit(),
    isWritten: false,
    owned: undefined,
    watches: store.watches.tables,
    hits: undefined,
  }
  store.writing = txn
  return txn
}

/** Until `closeBatch`, transactions cost less: see Batch. */
export function openBatch(store: Store): void {
  assert(store.batch === undefined, 'one batch is open at a time')
  store.batch = { edit: createEdit(), isShared: false }
}

export function closeBatch(store: Store): void {
  stopSharing(store)
  store.batch = undefined
}

/** Within a batch: what stands now is never changed, by a transaction that may fail either. */
export function stopSharing({ batch, writing }: Store): void {
  if (batch === undefined) return
  assert(writing === undefined, 'nobody looks at a state that a transaction may be changing')
  if (!batch.isShared) return
  batch.edit.open = false
  batch.edit = createEdit()
  batch.isShared = false
}

/**
 * Makes the transaction the state. Returns the waiters for whom something changed; they are parked
 * nowhere any more.
 */
export function commit(store: Store, txn: Txn): ReadonlySet<Waiter> {
  end(store, txn)
  store.states = txn.states
  if (store.batch !== undefined && txn.isWritten) store.batch.isShared = true
  return fire(store.watches, txn.hits)
}

/** Throws the transaction away. */
export function abort(store: Store, txn: Txn): void {
  end(store, txn)
  const { batch } = store
  assert(!txn.isWritten || batch?.isShared !== true, 'what is thrown away has changed nothing')
  if (batch !== undefined && txn.isWritten) {
    batch.edit.open = false
    batch.edit = createEdit()
  }
  if (txn.hits !== undefined) calm(txn.hits)
}

function end(store: Store, txn: Txn): void {
  assert(store.writing === txn, 'the transaction that ends is the open one')
  if (store.batch === undefined) txn.edit.open = false
  store.writing = undefined
}

/** Parks a waiter until something that the watch set has noted changes. */
export function watch(store: Store, watched: WatchSet, waiter: Waiter): void {
  assert(store.writing === undefined, 'nobody is parked while a transaction is open')
  assert(watched.seen === store.states, 'nothing was committed between the look and the wait')
  park(store.watches, watched, waiter)
}

/** Forgets a waiter; one that has fired or was never parked is no mistake. */
export const unwatch = (store: Store, waiter: Waiter): void => unpark(store.watches, waiter)

/** How many waiters are parked. */
export const watcherCount = (store: Store): number => store.watches.parked.size

/**
 * A store of its own with the same rows, and nobody waiting. Takes no time: what is shared is
 * never changed.
 */
export function fork(store: Store): Store {
  stopSharing(store)
  const { schema, states } = store
  return { schema, states, watches: createWatches(schema), writing: undefined, batch: undefined }
}
