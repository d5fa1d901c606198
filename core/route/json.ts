// JSON as Go's encoding/json writes and reads it.
//
// Writing: `<`, `>`, `&`, U+2028 and U+2029 are escaped; 64-bit numbers are exact. Reading: the
// first value counts, what follows it is ignored; numbers keep their text, so that
// 18446744073709551615 survives; depth is limited.
import { utf8 } from '../bytes.ts'
import { quoteGo } from '../quote.ts'
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

/**
 * One value as Go prints it; `indent` spaces per level when given. Fields that are undefined are
 * left out.
 */
export function encodeJson(value: unknown, indent = 0): string {
  let text: string
  try {
    text = JSON.stringify(value, undefined, indent)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error // JSON.stringify refuses a bigint
    text = printExactly(value, indent, 0)
  }
  return escapeMarkup(text)
}

/** JSON that stays JSON, and does no harm, within a page. */
export const escapeMarkup = (json: string): string =>
  json.replace(ESCAPED, (character) => ESCAPES[character] as string)

/** As JSON.stringify, with the digits of bigints. */
function printExactly(value: unknown, indent: number, depth: number): string {
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const print = (inner: unknown) => printExactly(inner, indent, depth + 1)
  if (Array.isArray(value)) return enclose('[]', value.map(print), { indent, depth })
  const colon = indent === 0 ? ':' : ': '
  const fields = Object.entries(value).filter(([, inner]) => inner !== undefined)
  const printed = fields.map(([name, inner]) => JSON.stringify(name) + colon + print(inner))
  return enclose('{}', printed, { indent, depth })
}

function enclose(
  brackets: '[]' | '{}',
  parts: readonly string[],
  { indent, depth }: { indent: number; depth: number },
): string {
  const [open, close] = [brackets.charAt(0), brackets.charAt(1)]
  if (indent === 0 || parts.length === 0) return open + parts.join(',') + close
  const line = `\n${' '.repeat(indent * depth)}`
  const inner = line + ' '.repeat(indent)
  return open + inner + parts.join(`,${inner}`) + line + close
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

interface JsonField {
  readonly name: string
  readonly value: JsonNode
}

/**
 * Deeper nesting than this is refused. Go's bound is 10,000; ours is lower because a body must
 * never overflow the stack of whoever walks it.
 */
export const JSON_DEPTH_MAX = 500

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
  skipSpace(s)
  const first = s.text[s.at]
  const nested = first === '{' || first === '['
  if (nested && depth === JSON_DEPTH_MAX) throw new JsonSyntaxError('exceeded max depth')
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
  s.at++
  let text = ''
  let escaped = false
  for (let from = s.at; ; ) {
    const code = s.text.charCodeAt(s.at)
    if (code === 0x5c) {
      text += s.text.slice(from, s.at) + scanEscape(s)
      escaped = true
      from = s.at
    } else if (code === 0x22) {
      text += s.text.slice(from, s.at++)
      return escaped ? text.toWellFormed() : text // only an escape can halve a pair
    } else if (!(code >= 0x20)) throw complain(s, 'in string literal')
    else s.at++
  }
}

const ESCAPE_CODES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
}

function scanEscape(s: Scanner): string {
  s.at++
  const code = s.text.charAt(s.at)
  if (code !== 'u') {
    const character = ESCAPE_CODES[code]
    if (character === undefined) throw complain(s, 'in string escape code')
    s.at++
    return character
  }
  s.at++
  const from = s.at
  while (s.at < from + 4) scanOne(s, HEX_DIGIT, 'in \\u hexadecimal character escape')
  return String.fromCharCode(Number.parseInt(s.text.slice(from, s.at), 16))
}

const HEX_DIGIT = /^[0-9a-fA-F]$/
const DIGIT = /^[0-9]$/

function scanNumber(s: Scanner): JsonNode {
  const from = s.at
  const minus = s.text[s.at] === '-'
  if (minus) s.at++
  if (s.text[s.at] === '0') s.at++
  else scanDigits(s, minus ? 'in numeric literal' : 'looking for beginning of value')
  if (s.text[s.at] === '.') {
    s.at++
    scanDigits(s, 'after decimal point in numeric literal')
  }
  if (s.text[s.at] === 'e' || s.text[s.at] === 'E') {
    s.at++
    if (s.text[s.at] === '+' || s.text[s.at] === '-') s.at++
    scanDigits(s, 'in exponent of numeric literal')
  }
  return { type: 'number', text: s.text.slice(from, s.at) }
}

/** One digit or more. */
function scanDigits(s: Scanner, where: string): void {
  scanOne(s, DIGIT, where)
  while (DIGIT.test(s.text.charAt(s.at))) s.at++
}

function scanOne(s: Scanner, allowed: RegExp, where: string): void {
  if (!allowed.test(s.text.charAt(s.at))) throw complain(s, where)
  s.at++
}

function scanWord(s: Scanner, word: string, node: JsonNode): JsonNode {
  for (let i = 1; i < word.length; i++) {
    if (s.text[s.at + i] === word[i]) continue
    s.at += i
    throw complain(s, `in literal ${word} (expecting '${word[i]}')`)
  }
  s.at += word.length
  return node
}

function skipSpace(s: Scanner): void {
  while (s.at < s.text.length && ' \t\r\n'.includes(s.text[s.at] as string)) s.at++
}

function complain(s: Scanner, where: string): JsonSyntaxError {
  const code = s.text.codePointAt(s.at)
  if (code === undefined) return new JsonSyntaxError('unexpected EOF')
  return new JsonSyntaxError(`invalid character ${quote(String.fromCodePoint(code))} ${where}`)
}

/**
 * Go looks at bytes: of a character that is not ASCII it shows the first one, as if it were
 * Latin-1.
 */
function quote(character: string): string {
  if (character === "'") return `'\\''`
  if (character === '"') return `'"'`
  const [byte = 0] = utf8(character)
  return `'${quoteGo(String.fromCharCode(byte)).slice(1, -1)}'`
}

/**
 * The plain value of a node: for free-form parts of a body. Numbers that a double cannot hold
 * become bigints.
 */
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
