// JSON as Go's encoding/json writes and reads it.
//
// Writing: `<`, `>`, `&`, U+2028 and U+2029 are escaped; 64-bit numbers are exact. Reading: the first value counts, what
// follows it is ignored; numbers keep their text, so that 18446744073709551615 survives; depth is limited.
import { u64 } from '../u64.ts'

export type Json =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly Json[]
  | { readonly [name: string]: Json }

const ESCAPED = /[<>&\u2028\u2029]/g
const ESCAPES: Readonly<Record<string, string>> = {
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
}

/** One value as Go prints it; `indent` spaces per level when given. Fields that are undefined are left out. */
export function encodeJson(value: unknown, indent = 0): string {
  let text: string
  try {
    text = JSON.stringify(value, undefined, indent)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error // JSON.stringify refuses a bigint: print digits instead
    text = stringifyExactly(value, indent)
  }
  return text.replace(ESCAPED, (character) => ESCAPES[character] as string)
}

/** Bigints travel as marked strings through the native encoder, and lose their quotes afterwards. */
function stringifyExactly(value: unknown, indent: number): string {
  const mark = '\u{f0001}' // a private-use character: a text of ours that held it would only lose its quotes if all digits
  const text = JSON.stringify(
    value,
    (_, inner: unknown) => (typeof inner === 'bigint' ? `${mark}${inner}` : inner),
    indent,
  )
  return text.replace(new RegExp(`"${mark}(\\d+)"`, 'gu'), '$1')
}

export type JsonParse = { ok: true; value: JsonNode } | { ok: false; why: string }

/** A parsed value that still knows how a number was spelled. */
export type JsonNode =
  | { readonly type: 'null' }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'number'; readonly text: string }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'array'; readonly items: readonly JsonNode[] }
  | { readonly type: 'object'; readonly fields: readonly JsonField[] }

export interface JsonField {
  readonly name: string
  readonly value: JsonNode
}

/** Deeper nesting than this is refused, as in Go. */
export const JSON_DEPTH_MAX = 10_000

interface Scanner {
  readonly text: string
  at: number
}

/** A syntax error while scanning; caught by parseJson alone. */
class JsonSyntaxError extends Error {}

/** Parses the first value of a text. The complaint reads as Go's decoder puts it. */
export function parseJson(text: string): JsonParse {
  const scanner: Scanner = { text, at: 0 }
  skipSpace(scanner)
  if (scanner.at === text.length) return { ok: false, why: 'EOF' }
  try {
    return { ok: true, value: scanValue(scanner, 0) }
  } catch (error) {
    if (error instanceof JsonSyntaxError) return { ok: false, why: error.message }
    throw error
  }
}

function scanValue(s: Scanner, depth: number): JsonNode {
  if (depth > JSON_DEPTH_MAX) throw new JsonSyntaxError('exceeded max depth')
  skipSpace(s)
  const first = s.text[s.at]
  if (first === '{') return scanObject(s, depth)
  if (first === '[') return scanArray(s, depth)
  if (first === '"') return { type: 'string', value: scanString(s) }
  if (first === 't') return scanWord(s, 'true', { type: 'bool', value: true })
  if (first === 'f') return scanWord(s, 'false', { type: 'bool', value: false })
  if (first === 'n') return scanWord(s, 'null', { type: 'null' })
  return scanNumber(s)
}

function scanObject(s: Scanner, depth: number): JsonNode {
  const fields: JsonField[] = []
  s.at++
  skipSpace(s)
  if (s.text[s.at] === '}') return step(s, { type: 'object', fields })
  for (;;) {
    skipSpace(s)
    if (s.text[s.at] !== '"') throw complain(s, 'looking for beginning of object key string')
    const name = scanString(s)
    skipSpace(s)
    if (s.text[s.at] !== ':') throw complain(s, 'after object key')
    s.at++
    fields.push({ name, value: scanValue(s, depth + 1) })
    skipSpace(s)
    if (s.text[s.at] === '}') return step(s, { type: 'object', fields })
    if (s.text[s.at] !== ',') throw complain(s, 'after object key:value pair')
    s.at++
  }
}

function scanArray(s: Scanner, depth: number): JsonNode {
  const items: JsonNode[] = []
  s.at++
  skipSpace(s)
  if (s.text[s.at] === ']') return step(s, { type: 'array', items })
  for (;;) {
    items.push(scanValue(s, depth + 1))
    skipSpace(s)
    if (s.text[s.at] === ']') return step(s, { type: 'array', items })
    if (s.text[s.at] !== ',') throw complain(s, 'after array element')
    s.at++
  }
}

function step(s: Scanner, node: JsonNode): JsonNode {
  s.at++
  return node
}

function scanString(s: Scanner): string {
  const from = s.at
  let at = from + 1
  for (; at < s.text.length; at++) {
    const code = s.text.charCodeAt(at)
    if (code === 0x22) break
    if (code === 0x5c) at++
    else if (code < 0x20) {
      s.at = at
      throw complain(s, 'in string literal')
    }
  }
  if (at >= s.text.length) throw new JsonSyntaxError('unexpected EOF')
  s.at = at + 1
  const literal = s.text.slice(from, s.at)
  if (!literal.includes('\\')) return literal.slice(1, -1)
  try {
    return (JSON.parse(literal) as string).toWellFormed() // text came from valid UTF-8: only escapes can break it
  } catch (error) {
    if (error instanceof SyntaxError)
      throw new JsonSyntaxError('invalid character in string escape code')
    throw error
  }
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y

function scanNumber(s: Scanner): JsonNode {
  NUMBER.lastIndex = s.at
  const match = NUMBER.exec(s.text)
  if (match === null) throw complain(s, 'looking for beginning of value')
  s.at += match[0].length
  return { type: 'number', text: match[0] }
}

function scanWord(s: Scanner, word: string, node: JsonNode): JsonNode {
  for (let i = 1; i < word.length; i++) {
    if (s.text[s.at + i] === word[i]) continue
    s.at += i
    throw complain(s, `in literal ${word} (expecting ${quote(word[i] as string)})`)
  }
  s.at += word.length
  return node
}

function skipSpace(s: Scanner): void {
  while (s.at < s.text.length && ' \t\r\n'.includes(s.text[s.at] as string)) s.at++
}

function complain(s: Scanner, where: string): JsonSyntaxError {
  const character = s.text[s.at]
  if (character === undefined) return new JsonSyntaxError('unexpected EOF')
  return new JsonSyntaxError(`invalid character ${quote(character)} ${where}`)
}

const quote = (character: string) => (character === "'" ? `'\\''` : `'${character}'`)

/** The plain value of a node: for free-form parts of a body. Numbers that a double cannot hold become bigints. */
export function plain(node: JsonNode): Json {
  switch (node.type) {
    case 'null':
      return null
    case 'bool':
    case 'string':
      return node.value
    case 'number':
      return /^\d{16,20}$/.test(node.text) ? u64(BigInt(node.text)) : Number(node.text)
    case 'array':
      return node.items.map(plain)
    default:
      return Object.fromEntries(node.fields.map((field) => [field.name, plain(field.value)]))
  }
}
