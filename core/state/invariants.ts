// What must hold of a store at rest. Run by tests after every step; it visits everything, so
// production does not.
import { assert, present } from '../assert.ts'
import type { Store } from './store.ts'
import { type AnyTable, entryPrefix, type TableState } from './table.ts'
import { childAt, findRow, isLeaf, keyAt, NODE_MAX, NODE_MIN, type Node, rowAt } from './tree.ts'
import type { Link, Spot, TableWatches, Watches } from './watch.ts'

export function checkStore(store: Store): void {
  const { tables } = store.schema
  assert(store.states.length === tables.length, 'each table has a state')
  for (const [slot, table] of tables.entries()) {
    checkTable(table, present(store.states[slot], 'the state of a table'))
  }
  checkWatches(store.watches)
}

function checkTable(table: AnyTable, state: TableState<unknown>): void {
  assert(!state.edit.open, 'a state at rest belongs to an edit that is over')
  const expected = table.indexes.map((): string[] => [])
  let size = 0
  for (const [key, row] of checkTree(state.rows)) {
    size++
    assert(table.key(row) === key, 'a row stands under its own key')
    for (const [at, index] of table.indexes.entries()) {
      const value = index.value(row)
      if (value !== undefined) expected[at]?.push(entryPrefix(value) + key)
    }
  }
  assert(state.size === size, 'a table knows its size')
  assert(state.entries.length === table.indexes.length, 'each index has a tree')
  for (const [at, entries] of state.entries.entries()) {
    const keys = present(expected[at], 'the entries of an index').sort()
    const found = checkTree(entries)
    assert(found.length === keys.length, 'an index has an entry for each row that has a value')
    for (const [i, [entry, key]] of found.entries()) {
      assert(entry === keys[i], 'an index holds the values of the rows')
      assert(findRow(state.rows, key) !== undefined, 'an index entry leads to a row')
    }
  }
}

/** All keys and rows of a sound tree, in order. */
export function checkTree<Row>(root: Node<Row>): [string, Row][] {
  const found: [string, Row][] = []
  if (!isLeaf(root)) assert(root.children.length > 1, 'a root with one child is that child')
  checkNode(root, { found, lowest: undefined, root: true })
  for (let i = 1; i < found.length; i++) {
    const before = present(found[i - 1], 'the entry before')[0]
    assert(before < present(found[i], 'an entry')[0], 'keys rise')
  }
  return found
}

interface Walk<Row> {
  readonly found: [string, Row][]
  /** What the parent says of this node's keys. */
  readonly lowest: string | undefined
  readonly root: boolean
}

/** Returns the height. */
function checkNode<Row>(node: Node<Row>, walk: Walk<Row>): number {
  const size = node.keys.length
  assert(size <= NODE_MAX, 'no node is too full')
  assert(walk.root || size >= NODE_MIN, 'no node but the root is too empty')
  assert(!node.edit.open, 'a node at rest belongs to an edit that is over')
  const { lowest } = walk
  assert(lowest === undefined || lowest <= keyAt(node, 0), 'a key of a branch is a lower bound')
  if (isLeaf(node)) {
    assert(node.rows.length === size, 'a leaf has as many rows as keys')
    for (let at = 0; at < size; at++) walk.found.push([keyAt(node, at), rowAt(node, at)])
    return 0
  }
  assert(node.children.length === size, 'a branch has as many children as keys')
  assert(node.rows.length === 0, 'a branch has no rows')
  const heights = new Set<number>()
  for (let at = 0; at < size; at++) {
    const lowest = keyAt(node, at)
    const last = walk.found.at(-1)
    assert(
      at === 0 || (last !== undefined && last[0] < lowest),
      'keys of a branch part its children',
    )
    heights.add(checkNode(childAt(node, at), { found: walk.found, lowest, root: false }))
  }
  assert(heights.size === 1, 'all leaves are at one depth')
  return 1 + Math.max(...heights)
}

function checkWatches(watches: Watches): void {
  let links = 0
  for (const table of watches.tables) links += checkSpots(watches, table)
  let chained = 0
  for (const [waiter, first] of watches.parked) {
    for (let link = first; link !== undefined; link = link.sibling) {
      chained++
      assert(link.waiter === waiter, 'a chain of links belongs to one waiter')
      assert(link.spot.filed.get(link.spot.value) === link.spot, 'a link hangs on a known spot')
    }
  }
  assert(links === chained, 'every link is at a spot and in a chain')
}

/** Returns how many links hang on the spots of a table. */
function checkSpots(watches: Watches, table: TableWatches): number {
  const lengths = new Set(table.prefixes.map(({ length }) => length))
  assert(lengths.size === table.prefixes.length, 'prefixes of one length stand together')
  for (const { length, spots } of table.prefixes) {
    assert(spots.size > 0, 'no group of prefixes is empty')
    for (const value of spots.keys()) assert(value.length === length, 'a prefix has its length')
  }
  const spots = [
    table.keys,
    ...table.entries,
    ...table.prefixes.map((group) => group.spots),
  ].flatMap((filed) => [...filed.values()])
  assert(table.spots === spots.length, 'a table knows how many spots it has')
  let links = 0
  for (const spot of spots) links += checkSpot(watches, spot)
  return links
}

function checkSpot(watches: Watches, spot: Spot): number {
  assert(!spot.hit, 'no spot is hit outside a transaction')
  assert(spot.first !== undefined, 'a spot exists while somebody waits at it')
  let links = 0
  let before: Link | undefined
  for (let link: Link | undefined = spot.first; link !== undefined; link = link.after) {
    links++
    assert(link.before === before, 'links are chained both ways')
    assert(link.spot === spot, 'a link knows its spot')
    assert(link.waiter !== before?.waiter, 'a waiter hangs on a spot once')
    assert(watches.parked.has(link.waiter), 'whoever waits is parked')
    before = link
  }
  assert(spot.last === before, 'a spot knows its last link')
  return links
}
