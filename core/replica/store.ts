// A copy of the data with the newest part of its history: what a follower lacks is read from there,
// or else everything is copied from a frozen root.
import { assert } from '../assert.ts'
import { utf8 } from '../bytes.ts'
import {
  createEdit,
  emptyTree,
  findRow,
  type Node,
  rowsFrom,
  withoutRow,
  withRow,
} from '../state/tree.ts'
import type { Instant } from '../time.ts'
import {
  BATCH_BYTES_MAX,
  BATCH_WRITES_MAX,
  type Change,
  type Extent,
  LOG_BYTES_MAX,
  LOG_WRITES_MAX,
  type Position,
  REIGNS_MAX,
  type Reign,
  type Row,
  type Write,
} from './records.ts'

export interface Store {
  root: Node<Row>
  keys: number
  /** Of keys and values. */
  bytes: number
  history: readonly Reign[]
  last: number
  /** The newest writes, up to `last`, with the time at which each came here. */
  log: Logged[]
  logBytes: number
}

interface Logged {
  readonly write: Write
  readonly at: Instant
}

export const createStore = (): Store => ({
  root: emptyTree(closedEdit()),
  keys: 0,
  bytes: 0,
  history: [],
  last: 0,
  log: [],
  logBytes: 0,
})

const closedEdit = () => ({ open: false })

export const sizeOf = ({ key, value }: Change): number => utf8(key).length + (value?.length ?? 0)

export const readValue = (store: Store, key: string): Uint8Array | undefined =>
  findRow(store.root, key)?.value

/** Puts the next write behind the others. Its reign is the last of the history. */
export function appendWrite(store: Store, write: Write, at: Instant): void {
  assert(write.index === store.last + 1, 'writes follow each other without a gap')
  assert(reignAt(store, write.index) === write.reign, 'a write belongs to its place in the history')
  change(store, write)
  store.last = write.index
  store.log.push({ write, at })
  store.logBytes += sizeOf(write)
  trimLog(store)
}

function trimLog(store: Store): void {
  let cut = 0
  for (const { write } of store.log) {
    const isOver = store.log.length - cut > LOG_WRITES_MAX || store.logBytes > LOG_BYTES_MAX
    if (!isOver || cut === store.log.length - 1) break
    store.logBytes -= sizeOf(write)
    cut++
  }
  if (cut > 0) store.log.splice(0, cut)
}

function change(store: Store, { key, value }: Change): void {
  const before = findRow(store.root, key)
  if (before !== undefined) {
    store.bytes -= sizeOf(before)
    store.keys--
  }
  const edit = createEdit()
  if (value !== undefined) {
    const row = { key, value }
    store.root = withRow(store.root, edit, { key, row })
    store.bytes += sizeOf(row)
    store.keys++
  } else if (before !== undefined) store.root = withoutRow(store.root, edit, key)
  edit.open = false
}

/** A new leader's time begins behind the last write. */
export function beginReign(store: Store, reign: Omit<Reign, 'from'>): void {
  store.history = addReign(store.history, { ...reign, from: store.last + 1 })
}

/** A reign that ended without a write leaves no trace. */
function addReign(history: readonly Reign[], reign: Reign): readonly Reign[] {
  const kept = history.filter(({ from }) => from < reign.from)
  return [...kept, reign].slice(-REIGNS_MAX)
}

/** A follower learns whose writes come next. */
export function continueReign(store: Store, history: readonly Reign[]): void {
  store.history = history
}

export const positionOf = (store: Store): Position => ({
  reign: reignAt(store, store.last),
  index: store.last,
})

export const reignAt = ({ history }: Pick<Extent, 'history'>, index: number): string =>
  index === 0 ? '' : (history.findLast(({ from }) => from <= index)?.id ?? '')

export const epochOf = ({ history }: Extent): number => history.at(-1)?.epoch ?? 0

/** Where the reign at this place of the history ends. */
const endOf = ({ history, last }: Extent, at: number): number => {
  const next = history[at + 1]
  return next === undefined ? last : next.from - 1
}

/** Whether all writes up to a position are ours as well. */
export function holds(extent: Extent, { reign, index }: Position): boolean {
  if (index === 0) return true
  const at = extent.history.findIndex(({ id }) => id === reign)
  const found = extent.history[at]
  return found !== undefined && found.from <= index && index <= endOf(extent, at)
}

/** The last write that two histories share; 0: none. */
export function forkOf(a: Extent, b: Extent): number {
  for (let i = a.history.length - 1; i >= 0; i--) {
    const j = b.history.findIndex(({ id }) => id === a.history[i]?.id)
    if (j >= 0) return Math.min(endOf(a, i), endOf(b, j))
  }
  return 0
}

/** The next writes behind an index; undefined: they are not kept any more. */
export function writesAfter(store: Store, index: number): readonly Write[] | undefined {
  const skipped = index - (store.last - store.log.length)
  if (skipped < 0) return undefined
  const batch: Write[] = []
  let bytes = 0
  for (const { write } of store.log.slice(skipped, skipped + BATCH_WRITES_MAX)) {
    bytes += sizeOf(write)
    if (batch.length > 0 && bytes > BATCH_BYTES_MAX) break
    batch.push(write)
  }
  return batch
}

/** When the write behind this index came; undefined: there is none, or it is not kept. */
export const arrivalAfter = (store: Store, index: number): Instant | undefined =>
  store.log[index - (store.last - store.log.length)]?.at

/** The latest change of each key behind an index; undefined: not kept any more. */
export function changesAfter(store: Store, index: number): ReadonlyMap<string, Change> | undefined {
  const skipped = index - (store.last - store.log.length)
  if (skipped < 0) return undefined
  return new Map(store.log.slice(skipped).map(({ write }) => [write.key, write]))
}

/** All data at one index, which stays as it is while pages are taken from it. */
export interface Frozen extends Extent {
  readonly root: Node<Row>
}

export const freeze = ({ root, history, last }: Store): Frozen => ({ root, history, last })

/** Some rows behind a key (undefined: from the first), and whether more follow. */
export function pageOf(
  { root }: Frozen,
  after: string | undefined,
): { readonly rows: readonly Row[]; readonly more: boolean } {
  const rows: Row[] = []
  let bytes = 0
  for (const row of rowsFrom(root, after ?? '')) {
    if (row.key === after) continue
    bytes += sizeOf(row)
    if (rows.length > 0 && (bytes > BATCH_BYTES_MAX || rows.length === BATCH_WRITES_MAX)) {
      return { rows, more: true }
    }
    rows.push(row)
  }
  return { rows, more: false }
}

/** A store that holds these rows and nothing else. What led to them is not known to it. */
export function storeOf(rows: readonly Row[], { history, last }: Extent): Store {
  const store = createStore()
  for (const row of rows) change(store, row)
  store.history = history
  store.last = last
  return store
}
