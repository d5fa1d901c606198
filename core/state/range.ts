// Removing many neighbouring keys at once: cut the tree in front of them and behind them, and join
// what remains. The rows between are never visited, and every node stays full enough.
import { assert } from '../assert.ts'
import {
  branch,
  childAt,
  childIndex,
  type Edit,
  emptyTree,
  isLeaf,
  joinPair,
  keyAt,
  leaf,
  lowerBound,
  NODE_MAX,
  type Node,
  own,
} from './tree.ts'

/** The tree without all keys that begin with `prefix`. */
export function withoutPrefix<Row>(root: Node<Row>, edit: Edit, prefix: string): Node<Row> {
  assert(edit.open, 'a tree changes only within an open edit')
  const end = endOfPrefix(prefix)
  const before = cutBefore(root, edit, prefix)
  return join(before, end === undefined ? emptyTree(edit) : cutFrom(root, edit, end), edit)
}

/** The first string behind all that begin with `prefix`; undefined if there is none. */
export function endOfPrefix(prefix: string): string | undefined {
  let length = prefix.length
  while (length > 0 && prefix.charCodeAt(length - 1) === 0xffff) length--
  if (length === 0) return undefined
  const last = prefix.charCodeAt(length - 1)
  return prefix.slice(0, length - 1) + String.fromCharCode(last + 1)
}

/** What stands before `key`. */
function cutBefore<Row>(node: Node<Row>, edit: Edit, key: string): Node<Row> {
  if (isLeaf(node)) {
    const at = lowerBound(node.keys, key)
    return leaf(edit, { keys: node.keys.slice(0, at), rows: node.rows.slice(0, at) })
  }
  const at = childIndex(node.keys, key)
  const inner = cutBefore(childAt(node, at), edit, key)
  return join(part(node, edit, { from: 0, to: at }), inner, edit)
}

/** What stands from `key` on. */
function cutFrom<Row>(node: Node<Row>, edit: Edit, key: string): Node<Row> {
  if (isLeaf(node)) {
    const at = lowerBound(node.keys, key)
    return leaf(edit, { keys: node.keys.slice(at), rows: node.rows.slice(at) })
  }
  const at = childIndex(node.keys, key)
  const inner = cutFrom(childAt(node, at), edit, key)
  return join(inner, part(node, edit, { from: at + 1, to: node.children.length }), edit)
}

/** Some neighbouring children as a tree of their own. */
function part<Row>(
  node: Node<Row>,
  edit: Edit,
  { from, to }: { from: number; to: number },
): Node<Row> {
  if (to === from) return emptyTree(edit)
  if (to === from + 1) return childAt(node, from)
  return branch(edit, { keys: node.keys.slice(from, to), children: node.children.slice(from, to) })
}

/** One tree of two, all keys of `left` being below those of `right`. The heights may differ. */
export function join<Row>(left: Node<Row>, right: Node<Row>, edit: Edit): Node<Row> {
  if (left.keys.length === 0) return right
  if (right.keys.length === 0) return left
  const halves = graft(left, right, edit)
  if (halves.length === 1) return childOf(halves)
  return branch(edit, { keys: halves.map((half) => keyAt(half, 0)), children: halves })
}

/** Hangs the lower tree into the side of the higher one. One or two nodes of the greater height. */
function graft<Row>(left: Node<Row>, right: Node<Row>, edit: Edit): Node<Row>[] {
  const difference = heightOf(left) - heightOf(right)
  if (difference === 0) return joinPair(left, right, edit)
  const host = own(difference > 0 ? left : right, edit)
  const at = difference > 0 ? host.children.length - 1 : 0
  const side = childAt(host, at)
  const grown = difference > 0 ? graft(side, right, edit) : graft(left, side, edit)
  host.keys.splice(at, 1, ...grown.map((half) => keyAt(half, 0)))
  host.children.splice(at, 1, ...grown)
  return host.keys.length > NODE_MAX ? halve(host, edit) : [host]
}

function halve<Row>(node: Node<Row>, edit: Edit): Node<Row>[] {
  const middle = node.keys.length >> 1
  return [
    part(node, edit, { from: 0, to: middle }),
    part(node, edit, { from: middle, to: node.keys.length }),
  ]
}

function heightOf(node: Node<unknown>): number {
  let height = 0
  for (let at = node; !isLeaf(at); at = childAt(at, 0)) height++
  return height
}

function childOf<Row>(halves: readonly Node<Row>[]): Node<Row> {
  const [only] = halves
  assert(only !== undefined, 'joining two trees gives at least one node')
  return only
}
