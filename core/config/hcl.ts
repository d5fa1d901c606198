// HCL 1, as agent configuration and ACL rules are written: the grammar gives items in their
// order, and here they become a document. What repeated names come to follows Consul's decoder:
// blocks gather in a list, lists are joined, a scalar gives way to a later one of its kind.
import { byteStringOf, bytesOfByteString, textOf, utf8 } from '../bytes.ts'
import {
  NESTING_MAX,
  type Node,
  type NodeField,
  normalizeLines,
  type ObjectNode,
  type Parse,
  positionOf,
  TEXT_LENGTH_MAX,
} from './document.ts'
import { parse } from './hcl.generated.ts'
import { type Mistake, type MistakeDetail, wordsOf } from './hcl-mistakes.ts'
import { parseJsonDocument } from './json-document.ts'

type Part =
  | string
  | { readonly letter: string }
  | { readonly byte: number }
  | { readonly code: number }

interface HclKey {
  readonly parts: readonly Part[]
  readonly at: number
}

interface HclItem {
  readonly keys: readonly HclKey[]
  readonly value: HclValue
}

type HclValue =
  | { readonly type: 'block'; readonly items: readonly HclItem[]; readonly at: number }
  | { readonly type: 'list'; readonly items: readonly HclValue[]; readonly at: number }
  | HclLiteral

type HclLiteral =
  | { readonly type: 'bool'; readonly value: boolean; readonly at: number }
  | { readonly type: 'int'; readonly text: string; readonly at: number }
  | { readonly type: 'float'; readonly text: string; readonly at: number }
  | { readonly type: 'string'; readonly parts: readonly Part[]; readonly at: number }
  | HclHeredoc

interface HclHeredoc {
  readonly type: 'heredoc'
  readonly anchor: string
  readonly body: string
  readonly last: string
  readonly at: number
}

/** A mistake in the text; caught by parseHclDocument alone. */
class HclError extends Error {
  readonly what: string
  readonly at: number
  constructor(consul: string, what: string, at: number) {
    super(consul)
    this.what = what
    this.at = at
  }
}

/** The document of a text. Offsets are those of the text with plain line ends (normalizeLines). */
export function parseHclDocument(given: string): Parse {
  const text = normalizeLines(given)
  if (text.length > TEXT_LENGTH_MAX)
    return {
      ok: false,
      consul: 'text too long',
      what: `longer than ${TEXT_LENGTH_MAX} characters`,
      at: 0,
    }
  if (/^\s*\{/.test(text)) return parseJsonFlavor(text)
  try {
    const refuse = (at: number, mistake: Mistake, detail: MistakeDetail = {}): never => {
      const words = wordsOf(mistake, detail)
      const { line, column } = positionOf(text, at)
      const past = mistake === 'value-and-end-missing' ? 1 : 0 // Consul's parser has read on
      throw new HclError(`At ${line}:${column + past}: ${words.consul}`, words.what, at)
    }
    // The generated parser has no types: what it gives is described by hcl.peggy.
    const items = parse(text, { refuse, depthMax: NESTING_MAX }) as readonly HclItem[]
    return { ok: true, root: objectOf(items, 0) }
  } catch (error) {
    if (error instanceof HclError)
      return { ok: false, consul: error.message, what: error.what, at: error.at }
    throw error
  }
}

/** HCL 1 has a second face: a text that begins with `{` is JSON, whose objects count as blocks. */
function parseJsonFlavor(text: string): Parse {
  const parsed = parseJsonDocument(text)
  if (!parsed.ok) return parsed
  const { fields } = parsed.root
  return { ok: true, root: { ...parsed.root, fields: fields.map(asBlocks) } }
}

const asBlocks = (field: NodeField): NodeField => ({ ...field, value: blocksOf(field.value) })

function blocksOf(node: Node): Node {
  if (node.type === 'object') {
    const object: Node = { ...node, fields: node.fields.map(asBlocks) }
    return { type: 'list', at: node.at, items: [object], blocks: true }
  }
  if (node.type !== 'list') return node
  const blocks = node.items.length > 0 && node.items.every((item) => item.type === 'object')
  const items = node.items.map((item) =>
    item.type === 'object' ? { ...item, fields: item.fields.map(asBlocks) } : blocksOf(item),
  )
  return { ...node, items, blocks }
}

/** The object that items make, in their order. */
function objectOf(items: readonly HclItem[], at: number): ObjectNode {
  const fields = new Map<string, NodeField>()
  const groups = groupByName(items)
  for (const [name, group] of groups) {
    const at = group[0]?.keys[0]?.at ?? 0
    const labelled = group.some((item) => item.keys.length > 1)
    const value = labelled ? labelledBlocks(group, at) : merged(group.map((item) => item.value))
    if (value !== undefined) fields.set(name, { name, at, value })
  }
  return { type: 'object', at, fields: [...fields.values()] }
}

function groupByName(items: readonly HclItem[]): ReadonlyMap<string, readonly HclItem[]> {
  const groups = new Map<string, HclItem[]>()
  for (const item of items) {
    const [key] = item.keys
    if (key === undefined) continue
    const name = textOfParts(key.parts, key.at)
    const group = groups.get(name)
    if (group === undefined) groups.set(name, [item])
    else group.push(item)
  }
  return groups
}

/** `key "foo" { … }`: each block becomes an object with the label as its only name. */
function labelledBlocks(group: readonly HclItem[], at: number): Node {
  const items = group.map(({ keys, value }): Node => {
    const [, ...rest] = keys
    const [label] = rest
    if (label === undefined) {
      const why = 'map must have string keys'
      throw new HclError(`At -: ${why}`, 'blocks of one name with and without labels', value.at)
    }
    return objectOf([{ keys: rest, value }], label.at)
  })
  return { type: 'list', at, items, blocks: true }
}

/** What several values of one name come to. */
function merged([first, ...later]: readonly HclValue[]): Node | undefined {
  if (first === undefined) return undefined
  const there = nodeOf(first)
  if (there.type !== 'list') return later.reduce(scalarUpon, there)
  const items = [...there.items]
  for (const value of later) for (const item of itemsUpon(there, value)) items.push(item)
  return { ...there, items }
}

const misfit = (value: HclValue) =>
  new HclError(
    `unknown type ${GO_NODES[value.type] ?? '*ast.LiteralType'}`,
    'this name has a value of another kind already',
    value.at,
  )

const GO_NODES: Partial<Record<HclValue['type'], string>> = {
  block: '*ast.ObjectType',
  list: '*ast.ListType',
}

function itemsUpon(there: Extract<Node, { type: 'list' }>, value: HclValue): readonly Node[] {
  if (value.type === 'block') return [objectOf(value.items, value.at)]
  if (value.type !== 'list') throw misfit(value)
  const stray = there.blocks ? value.items.find((item) => item.type !== 'block') : undefined
  if (stray !== undefined) throw misfit(stray)
  return value.items.map(itemOf)
}

const nodeOf = (value: HclValue): Node =>
  value.type === 'block'
    ? { type: 'list', at: value.at, items: [objectOf(value.items, value.at)], blocks: true }
    : itemOf(value)

/** Inside a list a block is an object, not a list of one. */
function itemOf(value: HclValue): Node {
  if (value.type === 'block') return objectOf(value.items, value.at)
  if (value.type === 'list')
    return { type: 'list', at: value.at, items: value.items.map(itemOf), blocks: false }
  return literalOf(value)
}

function literalOf(literal: HclLiteral): Node {
  const { at } = literal
  switch (literal.type) {
    case 'bool':
      return { type: 'bool', at, value: literal.value }
    case 'int':
      return { type: 'number', at, kind: 'int', value: integerOf(literal.text, at) }
    case 'float':
      return { type: 'number', at, kind: 'float64', value: floatOf(literal.text, at) }
    case 'string':
      return { type: 'string', at, value: textOfParts(literal.parts, at) }
    default:
      return { type: 'string', at, value: textOfHeredoc(literal) }
  }
}

/** A repeated scalar takes the type of the first. */
function scalarUpon(there: Node, literal: HclValue): Node {
  if (literal.type === 'block' || literal.type === 'list') throw misfit(literal)
  const { at } = literal
  // Under a text a number keeps its spelling, even one that is no number.
  if (there.type === 'string' && 'text' in literal)
    return { type: 'string', at, value: literal.text }
  // Under a fraction every number is read as one: 017 is 17 there, and 0x1f is none.
  if (there.type === 'number' && there.kind === 'float64' && 'text' in literal)
    return { type: 'number', at, kind: 'float64', value: floatOf(literal.text, at) }
  const fresh = literalOf(literal)
  if (there.type === 'string') return { type: 'string', at, value: stringOf(fresh) }
  if (there.type === 'bool') return boolUpon(fresh, literal)
  if (there.type !== 'number') throw misfit(literal)
  if (literal.type === 'int') return fresh
  if (literal.type !== 'string' || there.kind !== 'int' || fresh.type !== 'string')
    throw misfit(literal)
  return { type: 'number', at, kind: 'int', value: integerOf(fresh.value, at) }
}

const stringOf = (node: Node): string =>
  node.type === 'string' || node.type === 'bool' ? String(node.value) : ''

const TRUE_TEXTS = ['1', 'true', 'TRUE', 'True']
const FALSE_TEXTS = ['0', 'false', 'FALSE', 'False']

function boolUpon(fresh: Node, literal: HclLiteral): Node {
  const { at } = literal
  if (fresh.type === 'bool') return fresh
  if (literal.type !== 'int' && literal.type !== 'string') throw misfit(literal)
  const value = literal.type === 'int' ? literal.text : stringOf(fresh)
  if (TRUE_TEXTS.includes(value)) return { type: 'bool', at, value: true }
  if (FALSE_TEXTS.includes(value)) return { type: 'bool', at, value: false }
  const shown = JSON.stringify(value)
  const consul = `decodeBool: Unknown value for boolean: ${shown}`
  throw new HclError(consul, `this name is true or false already, not ${shown}`, at)
}

const INT64_MAX = 2n ** 63n - 1n

/** As Go's ParseInt with base 0: `0x1f`, `017` octal, `-5`. Above 2^53 the value is rounded. */
function integerOf(text: string, at: number): number {
  const match = /^([+-]?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)$/.exec(text)
  if (match === null) throw badNumber('ParseInt', text, { why: 'invalid syntax', at })
  const [, sign, digits = ''] = match
  const octal = /^0[0-7]+$/.test(digits)
  const size = BigInt(octal ? `0o${digits.slice(1)}` : digits)
  if (size > INT64_MAX + (sign === '-' ? 1n : 0n))
    throw badNumber('ParseInt', text, { why: 'value out of range', at })
  return size === 0n ? 0 : Number(sign === '-' ? -size : size)
}

function floatOf(text: string, at: number): number {
  const value = /x/i.test(text) ? Number.NaN : Number(text)
  if (Number.isNaN(value)) throw badNumber('ParseFloat', text, { why: 'invalid syntax', at })
  if (Number.isFinite(value)) return value
  throw badNumber('ParseFloat', text, { why: 'value out of range', at })
}

function badNumber(
  name: string,
  text: string,
  { why, at }: { readonly why: string; readonly at: number },
): HclError {
  const shown = JSON.stringify(text)
  return new HclError(`strconv.${name}: parsing ${shown}: ${why}`, `no number: ${shown}`, at)
}

const LETTERS: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
}
const CODE_POINT_MAX = 0x10ffff

function textOfParts(parts: readonly Part[], at: number): string {
  let text = ''
  let hasBytes = false
  for (const part of parts) {
    if (typeof part === 'string') text += part
    else if ('letter' in part) text += LETTERS[part.letter] ?? part.letter
    else if ('code' in part) text += characterOf(part.code, at)
    else hasBytes = true
  }
  return hasBytes ? textWithBytes(parts, at) : text
}

function characterOf(code: number, at: number): string {
  if (code > CODE_POINT_MAX) throw badEscape(at)
  return String.fromCodePoint(code).toWellFormed()
}

const badEscape = (at: number) =>
  new HclError('unquote: invalid syntax', 'an escape that stands for no character', at)

/** Bytes given one by one may form characters together. */
function textWithBytes(parts: readonly Part[], at: number): string {
  const bytes = parts.map((part) => {
    if (typeof part === 'object' && 'byte' in part) {
      if (part.byte > 0xff) throw badEscape(at)
      return String.fromCharCode(part.byte)
    }
    return byteStringOf(utf8(textOfParts([part], at)))
  })
  return textOf(bytesOfByteString(bytes.join('')))
}

/**
 * What a heredoc stands for. Consul's parser cuts by lengths: blanks before the closing word
 * stay part of a plain heredoc; in an indented one they say how much is taken from each line, if
 * every line has as much.
 */
function textOfHeredoc({ anchor, body, last }: HclHeredoc): string {
  const word = anchor.replace('-', '')
  const blanks = last.slice(0, last.lastIndexOf(word))
  if (!anchor.startsWith('-')) return body + blanks
  const lines = body.split('\n').slice(0, -1)
  if (!lines.every((line) => line.startsWith(blanks))) return body + blanks.replace(/[ \t]+$/, '')
  return lines.map((line) => `${line.slice(blanks.length)}\n`).join('')
}
