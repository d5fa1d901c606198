// A document, read with a shape. Follows the decoder that Consul uses (mapstructure without weak
// typing, after a hook that opens lists of one): types must match, keys match without regard to
// case, every mismatch and every unknown key is reported, not only the first.
import type { Node, NodeField, ObjectNode, Origin, Source } from './document.ts'
import { goKind, goType, goValue } from './go-value.ts'
import type { RecordShape, Shape } from './shape.ts'

interface Mismatch {
  readonly path: string
  /**
   * As mapstructure puts it: `'server' expected type 'bool', got unconvertible type 'string',
   * value: 'maybe'`.
   */
  readonly consul: string
  /** `server must be true or false, not "maybe"`. */
  readonly what: string
  readonly at: number
}

export interface UnknownKey {
  readonly path: string
  readonly name: string
  readonly at: number
  /** The names that would have been known there. */
  readonly known: readonly string[]
}

export interface Decoded {
  readonly value: Readonly<Record<string, unknown>>
  readonly mismatches: readonly Mismatch[]
  readonly unknown: readonly UnknownKey[]
  /** Keys of Consul Enterprise that say something. */
  readonly enterprise: readonly UnknownKey[]
  /** Where each setting outside lists was written. */
  readonly origins: ReadonlyMap<string, Origin>
  /** Where each block was written: in lists, paths tell nothing. */
  readonly placesOfRecords: ReadonlyMap<object, Origin>
}

interface Dialect {
  /** Keys of ours are known, too; not when called as `consul`. */
  readonly own: boolean
}

interface Decoding {
  readonly source: Source
  readonly dialect: Dialect
  readonly mismatches: Mismatch[]
  readonly unknown: UnknownKey[]
  readonly enterprise: UnknownKey[]
  readonly origins: Map<string, Origin>
  readonly places: Map<object, Origin>
}

export interface Reading {
  readonly source: Source
  readonly root: ObjectNode
  readonly shape: RecordShape
  readonly dialect: Dialect
}

export function decodeDocument({ source, root, shape, dialect }: Reading): Decoded {
  const d: Decoding = {
    source,
    dialect,
    mismatches: [],
    unknown: [],
    enterprise: [],
    origins: new Map(),
    places: new Map(),
  }
  return {
    value: decodeRecord(d, { path: '', node: root, shape }),
    mismatches: d.mismatches.sort((a, b) => (a.consul < b.consul ? -1 : 1)),
    unknown: d.unknown,
    enterprise: d.enterprise,
    origins: d.origins,
    placesOfRecords: d.places,
  }
}

interface Task<N extends Node, S extends Shape> {
  readonly path: string
  readonly node: N
  readonly shape: S
}

/** Undefined: absent, null, or a mismatch that has been noted. */
function decodeNode(d: Decoding, task: Task<Node, Shape>): unknown {
  const { path, shape } = task
  const node = shape.type === 'list' ? task.node : openSingle(task.node)
  if (node.type === 'null') return undefined
  d.origins.set(path, { source: d.source, at: task.node.at })
  switch (shape.type) {
    case 'string':
    case 'duration':
      return node.type === 'string' ? node.value : mismatch(d, { path, node, shape })
    case 'bool':
      return node.type === 'bool' ? node.value : mismatch(d, { path, node, shape })
    case 'int':
      // Go cuts the fraction of a number that JSON gave as a float.
      return node.type === 'number' ? Math.trunc(node.value) : mismatch(d, { path, node, shape })
    case 'uint':
      return decodeUint(d, { path, node, shape })
    case 'float':
      return node.type === 'number' ? node.value : mismatch(d, { path, node, shape })
    case 'any':
      return plainOf(node)
    case 'list':
      return decodeList(d, { path, node, shape })
    case 'map':
      return node.type === 'object'
        ? decodeMap(d, { path, node, shape })
        : mismatch(d, { path, node, shape })
    default: {
      if (node.type !== 'object') return mismatch(d, { path, node, shape })
      const value = decodeRecord(d, { path, node, shape })
      d.places.set(value, { source: d.source, at: node.at })
      return value
    }
  }
}

function decodeUint(
  d: Decoding,
  { path, node, shape }: Task<Node, Extract<Shape, { type: 'uint' }>>,
): number | undefined {
  if (node.type !== 'number') return mismatch(d, { path, node, shape })
  if (node.value >= 0) return Math.trunc(node.value)
  const shown = node.kind === 'int' ? String(node.value) : node.value.toFixed(6)
  d.mismatches.push({
    path,
    consul: `cannot parse '${path}', ${shown} overflows uint`,
    what: `${path} cannot be below 0: ${node.value}`,
    at: node.at,
  })
  return undefined
}

/**
 * A list of one stands for its item where no list is wanted: HCL cannot tell a block from a list
 * of blocks.
 */
function openSingle(node: Node): Node {
  const only = node.type === 'list' && node.items.length === 1 ? node.items[0] : undefined
  return only === undefined ? node : openSingle(only)
}

function decodeList(d: Decoding, task: Task<Node, Extract<Shape, { type: 'list' }>>): unknown {
  const { path, node, shape } = task
  if (node.type !== 'list') return mismatch(d, task)
  const items: unknown[] = []
  for (const [index, item] of node.items.entries()) {
    const value = decodeNode(d, { path: `${path}[${index}]`, node: item, shape: shape.of })
    if (value === undefined) continue
    items.push(value)
  }
  return items
}

function decodeMap(
  d: Decoding,
  task: Task<ObjectNode, Extract<Shape, { type: 'map' }>>,
): Readonly<Record<string, unknown>> {
  const entries: [string, unknown][] = []
  for (const field of task.node.fields) {
    const path = `${task.path}[${field.name}]`
    const value = decodeNode(d, { path, node: field.value, shape: task.shape.of })
    if (value !== undefined) entries.push([field.name, value])
  }
  return Object.fromEntries(entries)
}

function decodeRecord(
  d: Decoding,
  task: Task<ObjectNode, RecordShape>,
): Readonly<Record<string, unknown>> {
  const { path, shape } = task
  const prefix = path === '' ? '' : `${path}.`
  const entries: [string, unknown][] = []
  for (const [name, field] of assignFields(d, task)) {
    const inner = shape.fields[name]
    if (inner === undefined) continue
    const value = decodeNode(d, { path: `${prefix}${name}`, node: field.value, shape: inner })
    if (value === undefined) continue
    d.origins.set(`${prefix}${name}`, { source: d.source, at: field.at })
    entries.push([name, value])
  }
  return Object.fromEntries(entries)
}

/** Which field of the document feeds which field of the shape; what feeds none is noted. */
function assignFields(
  d: Decoding,
  { path, node, shape }: Task<ObjectNode, RecordShape>,
): ReadonlyMap<string, NodeField> {
  const taken = new Map<string, NodeField>()
  const left: NodeField[] = []
  const names = knownNames(d, shape)
  for (const field of node.fields) {
    if (names.includes(field.name)) taken.set(field.name, field)
    else left.push(field)
  }
  const byFold = new Map(names.map((name) => [name.toLowerCase(), name]))
  for (const field of left) {
    const folded = field.name.toLowerCase()
    const alias = Object.hasOwn(shape.aliases, folded) ? shape.aliases[folded] : undefined
    const name = alias ?? byFold.get(folded)
    if (name !== undefined && !taken.has(name)) taken.set(name, field)
    // An alias beside the proper name is passed over in silence, as Consul does.
    else if (alias === undefined) noteStray(d, { path, field, shape })
  }
  return taken
}

const knownNames = (d: Decoding, shape: RecordShape): readonly string[] =>
  Object.keys(shape.fields).filter((name) => d.dialect.own || !shape.own.includes(name))

interface Stray {
  readonly path: string
  readonly field: NodeField
  readonly shape: RecordShape
}

function noteStray(d: Decoding, { path, field, shape }: Stray): void {
  const key: UnknownKey = {
    path: path === '' ? field.name : `${path}.${field.name}`,
    name: field.name,
    at: field.at,
    known: knownNames(d, shape),
  }
  if (!shape.enterprise.includes(field.name)) d.unknown.push(key)
  else if (field.value.type !== 'null') d.enterprise.push(key)
}

const WANTED: Readonly<Record<Shape['type'], string>> = {
  string: 'a text in quotes',
  duration: 'a duration in quotes, as "15s"',
  bool: 'true or false',
  int: 'a whole number',
  uint: 'a whole number, 0 or more',
  float: 'a number',
  any: 'a value',
  list: 'a list',
  map: 'a block of names and values',
  record: 'a block',
}

const GO_TYPE: Partial<Record<Shape['type'], string>> = {
  string: 'string',
  duration: 'string',
  bool: 'bool',
  int: 'int',
  float: 'float64',
}

function mismatch(d: Decoding, { path, node, shape }: Task<Node, Shape>): undefined {
  const goal = shape.type === 'uint' ? shape.go : GO_TYPE[shape.type]
  const got = `got unconvertible type '${goType(node)}', value: '${goValue(node)}'`
  const scalar = `'${path}' expected type '${goal}', ${got}`
  const consul =
    goal !== undefined
      ? scalar
      : shape.type === 'list'
        ? `'${path}': source data must be an array or slice, got ${goKind(node)}`
        : `'${path}' expected a map, got '${goKind(node)}'`
  const what = `${path} must be ${WANTED[shape.type]}, not ${showNode(node)}`
  d.mismatches.push({ path, consul, what, at: node.at })
  return undefined
}

function showNode(node: Node): string {
  if (node.type === 'string') return JSON.stringify(node.value)
  if (node.type === 'bool' || node.type === 'number') return String(node.value)
  if (node.type === 'object') return 'a block'
  if (node.type === 'null') return 'null'
  return node.blocks ? `${node.items.length} blocks` : `a list of ${node.items.length}`
}

/** Plain values, lists of one block opened: for settings that are passed on as they are. */
function plainOf(node: Node): unknown {
  switch (node.type) {
    case 'null':
      return undefined
    case 'bool':
    case 'number':
    case 'string':
      return node.value
    case 'list': {
      const only = node.items.length === 1 ? node.items[0] : undefined
      if (node.blocks && only !== undefined) return plainOf(only)
      return node.items.map(plainOf)
    }
    default:
      return Object.fromEntries(node.fields.map((field) => [field.name, plainOf(field.value)]))
  }
}
