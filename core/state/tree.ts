// A persistent sorted map from strings to rows: a B+tree whose nodes are copied when they change.
//
// Every node remembers the edit that made it. The running edit may change its own nodes in place
// and copies all others, so a transaction copies each node once, and whoever holds an older root
// never sees a difference. Snapshots and forks are a pointer. (Ownership as in Clojure's transient
// collections; the tree is Comer's, "The Ubiquitous B-Tree", 1979.)
//
//          keys      a      k      t        keys[i] is not above any key of children[i],
//          children  |      |      |        and above every key of children[i - 1]
//                 a c f   k m n   t w x     the rows stand in the leaves, all at one depth
//
// Keys are compared unit by unit: for byte strings that is the order of their bytes.
import { assert } from '../assert.ts'

/**
 * One period of change: a transaction, a restore. Nodes made by it change in place while it is
 * open.
 */
export interface Edit {
  open: boolean
}

export const createEdit = (): Edit => ({ open: true })

export interface Node<Row> {
  readonly edit: Edit
  readonly keys: string[]
  /** One for each key in a leaf, none in a branch. */
  readonly rows: Row[]
  /** One for each key in a branch, none in a leaf. */
  readonly children: Node<Row>[]
}

/** A node never holds more entries; wider nodes make reads faster and single writes slower. */
export const NODE_MAX = 32
/**
 * Nor fewer, unless it is the root. A quarter, so that neighbours are not merged and split in
 * turn.
 */
export const NODE_MIN = NODE_MAX / 4

/** Shared by all leaves as children and by all branches as rows; nothing is ever put in. */
const NONE: never[] = []

export const emptyTree = <Row>(edit: Edit): Node<Row> => leaf(edit, { keys: [], rows: [] })

export const isLeaf = (node: Node<unknown>): boolean => node.children.length === 0

export const leaf = <Row>(edit: Edit, parts: { keys: string[]; rows: Row[] }): Node<Row> => ({
  edit,
  keys: parts.keys,
  rows: parts.rows,
  children: NONE,
})

export const branch = <Row>(
  edit: Edit,
  parts: { keys: string[]; children: Node<Row>[] },
): Node<Row> => ({ edit, keys: parts.keys, rows: NONE, children: parts.children })

// The casts below only drop the `undefined` of an index that the callers keep within bounds.
export const keyAt = (node: Node<unknown>, at: number): string => node.keys[at] as string
export const rowAt = <Row>(node: Node<Row>, at: number): Row => node.rows[at] as Row
export const childAt = <Row>(node: Node<Row>, at: number): Node<Row> =>
  node.children[at] as Node<Row>

/** How many keys of a node are below `key`: where it stands in a leaf, or would stand. */
export function lowerBound(keys: readonly string[], key: string): number {
  let low = 0
  let high = keys.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((keys[middle] as string) < key) low = middle + 1
    else high = middle
  }
  return low
}

/** The child of a branch below which `key` stands, or would stand. */
export function childIndex(keys: readonly string[], key: string): number {
  let low = 1
  let high = keys.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((keys[middle] as string) <= key) low = middle + 1
    else high = middle
  }
  return low - 1
}

export function findRow<Row>(root: Node<Row>, key: string): Row | undefined {
  let node = root
  while (node.children.length > 0) node = childAt(node, childIndex(node.keys, key))
  const at = lowerBound(node.keys, key)
  return node.keys[at] === key ? node.rows[at] : undefined
}

/**
 * Appends the rows whose keys begin with `prefix` to `into`, in the order of their keys. False:
 * the end was passed.
 */
export function collectRows<Row>(node: Node<Row>, prefix: string, into: Row[]): boolean {
  const { keys, rows, children } = node
  if (children.length > 0) {
    for (let at = childIndex(keys, prefix); at < children.length; at++) {
      if (!collectRows(childAt(node, at), prefix, into)) return false
    }
    return true
  }
  let at = lowerBound(keys, prefix)
  if (at === keys.length) return true
  const reaches = keyAt(node, keys.length - 1).startsWith(prefix)
  for (; at < keys.length && (reaches || keyAt(node, at).startsWith(prefix)); at++) {
    into.push(rows[at] as Row)
  }
  return reaches
}

/** All rows from a key on, in order. The tree must be at rest: of an edit that is over. */
export function* rowsFrom<Row>(root: Node<Row>, from: string): Generator<Row> {
  let next: string | undefined = from
  while (next !== undefined) {
    const start: string = next
    let node = root
    next = undefined
    while (node.children.length > 0) {
      const at = childIndex(node.keys, start)
      next = node.keys[at + 1] ?? next // the nearest key behind this leaf
      node = childAt(node, at)
    }
    for (let at = lowerBound(node.keys, start); at < node.keys.length; at++) yield rowAt(node, at)
  }
}

/** The tree with a row under a key, whether or not the key was there. */
export function withRow<Row>(
  root: Node<Row>,
  edit: Edit,
  entry: { readonly key: string; readonly row: Row },
): Node<Row> {
  assert(edit.open, 'a tree changes only within an open edit')
  const top = own(root, edit)
  const right = insert(top, edit, entry)
  if (right === undefined) return top
  return branch(edit, { keys: [keyAt(top, 0), keyAt(right, 0)], children: [top, right] })
}

/** Changes a node of this edit. Returns the right half if it had to be split. */
function insert<Row>(
  node: Node<Row>,
  edit: Edit,
  entry: { readonly key: string; readonly row: Row },
): Node<Row> | undefined {
  const { keys } = node
  if (isLeaf(node)) {
    const at = lowerBound(keys, entry.key)
    if (keys[at] === entry.key) {
      node.rows[at] = entry.row
      return undefined
    }
    insertAt(keys, at, entry.key)
    insertAt(node.rows, at, entry.row)
    return splitIfFull(node, edit, at)
  }
  const at = childIndex(keys, entry.key)
  if (at === 0 && entry.key < keyAt(node, 0)) keys[0] = entry.key
  const right = insert(ownChild(node, edit, at), edit, entry)
  if (right === undefined) return undefined
  insertAt(keys, at + 1, keyAt(right, 0))
  insertAt(node.children, at + 1, right)
  return splitIfFull(node, edit, at + 1)
}

/** `at`: what was put in last. Behind all others: keys probably rise, so most entries stay left. */
function splitIfFull<Row>(node: Node<Row>, edit: Edit, at: number): Node<Row> | undefined {
  const size = node.keys.length
  if (size <= NODE_MAX) return undefined
  return splitOff(node, edit, at === size - 1 ? size - NODE_MIN : size >> 1)
}

function splitOff<Row>(node: Node<Row>, edit: Edit, from: number): Node<Row> {
  const keys = node.keys.splice(from)
  if (isLeaf(node)) return leaf(edit, { keys, rows: node.rows.splice(from) })
  return branch(edit, { keys, children: node.children.splice(from) })
}

/** The tree without a key that is in it. */
export function withoutRow<Row>(root: Node<Row>, edit: Edit, key: string): Node<Row> {
  assert(edit.open, 'a tree changes only within an open edit')
  const top = own(root, edit)
  erase(top, edit, key)
  return top.children.length === 1 ? childAt(top, 0) : top
}

function erase<Row>(node: Node<Row>, edit: Edit, key: string): void {
  if (isLeaf(node)) {
    const at = lowerBound(node.keys, key)
    assert(node.keys[at] === key, 'a key that is removed is there')
    node.keys.splice(at, 1)
    node.rows.splice(at, 1)
    return
  }
  const at = childIndex(node.keys, key)
  const child = ownChild(node, edit, at)
  erase(child, edit, key)
  if (child.keys.length >= NODE_MIN) return
  const left = at === 0 ? 0 : at - 1
  const pair = joinPair(childAt(node, left), childAt(node, left + 1), edit)
  node.keys.splice(left, 2, ...pair.map((half) => keyAt(half, 0)))
  node.children.splice(left, 2, ...pair)
}

/** Two neighbours of one height as one node, or as two that are both full enough. */
export function joinPair<Row>(left: Node<Row>, right: Node<Row>, edit: Edit): Node<Row>[] {
  const keys = [...left.keys, ...right.keys]
  const whole = isLeaf(left)
    ? leaf(edit, { keys, rows: [...left.rows, ...right.rows] })
    : branch(edit, { keys, children: [...left.children, ...right.children] })
  if (keys.length <= NODE_MAX) return [whole]
  return [whole, splitOff(whole, edit, keys.length >> 1)]
}

/** The node itself if this edit made it, else a copy that this edit may change. */
export function own<Row>(node: Node<Row>, edit: Edit): Node<Row> {
  if (node.edit === edit) return node
  const keys = node.keys.slice()
  if (isLeaf(node)) return leaf(edit, { keys, rows: node.rows.slice() })
  return branch(edit, { keys, children: node.children.slice() })
}

function ownChild<Row>(node: Node<Row>, edit: Edit, at: number): Node<Row> {
  const child = childAt(node, at)
  if (child.edit === edit) return child
  const copy = own(child, edit)
  node.children[at] = copy
  return copy
}

/** As splice(at, 0, item), without the array of removed items. */
function insertAt<T>(array: T[], at: number, item: T): void {
  let held = item
  for (let i = at; i < array.length; i++) {
    const moved = array[i] as T
    array[i] = held
    held = moved
  }
  array.push(held)
}
