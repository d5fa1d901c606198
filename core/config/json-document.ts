// JSON as a configuration document: the whole text must be one object, the complaints are those
// of Go's json.Unmarshal, and every node keeps its place. (core/route/json.ts reads bodies: it
// has no places and stops after the first value.)
import { NESTING_MAX, type Node, type NodeField, type Parse, TEXT_LENGTH_MAX } from './document.ts'

interface Scanner {
  readonly text: string
  at: number
}

/** A syntax error while scanning; caught by parseJsonDocument alone. */
class JsonError extends Error {
  readonly at: number
  readonly what: string
  constructor(consul: string, what: string, at: number) {
    super(consul)
    this.what = what
    this.at = at
  }
}

export function parseJsonDocument(text: string): Parse {
  if (text.length > TEXT_LENGTH_MAX)
    return refuse('text too long', `longer than ${TEXT_LENGTH_MAX} characters`, 0)
  const scanner: Scanner = { text, at: text.startsWith('\ufeff') ? 1 : 0 }
  try {
    const root = scanValue(scanner, 0)
    skipSpace(scanner)
    if (scanner.at < text.length) throw unexpected(scanner, 'after top-level value')
    if (root.type === 'object') return { ok: true, root }
    if (root.type === 'null') return { ok: true, root: { type: 'object', at: 0, fields: [] } }
    const kind = root.type === 'list' ? 'array' : root.type
    return refuse(
      `json: cannot unmarshal ${kind} into Go value of type map[string]interface {}`,
      `a configuration is an object, not ${kind === 'array' ? 'a list' : `a ${kind}`}`,
      root.at,
    )
  } catch (error) {
    if (error instanceof JsonError) return refuse(error.message, error.what, error.at)
    throw error
  }
}

const refuse = (consul: string, what: string, at: number): Parse => ({
  ok: false,
  consul,
  what,
  at,
})

function scanValue(s: Scanner, depth: number): Node {
  skipSpace(s)
  const at = s.at
  if (depth > NESTING_MAX)
    throw new JsonError('exceeded max depth', `nested deeper than ${NESTING_MAX}`, at)
  const first = s.text[at]
  if (first === '{') return scanObject(s, depth)
  if (first === '[') return scanList(s, depth)
  if (first === '"') return { type: 'string', at, value: scanString(s) }
  if (first === 't') return scanWord(s, 'true', { type: 'bool', at, value: true })
  if (first === 'f') return scanWord(s, 'false', { type: 'bool', at, value: false })
  if (first === 'n') return scanWord(s, 'null', { type: 'null', at })
  return scanNumber(s)
}

/** Fields by name; a later duplicate replaces an earlier one, as Go's maps do. */
function scanObject(s: Scanner, depth: number): Node {
  const at = s.at
  const fields = new Map<string, NodeField>()
  const whole = (): Node => ({ type: 'object', at, fields: [...fields.values()] })
  s.at++
  skipSpace(s)
  if (s.text[s.at] === '}') return step(s, whole())
  for (;;) {
    skipSpace(s)
    const place = s.at
    if (s.text[place] !== '"') throw unexpected(s, 'looking for beginning of object key string')
    const name = scanString(s)
    skipSpace(s)
    if (s.text[s.at] !== ':') throw unexpected(s, 'after object key')
    s.at++
    fields.set(name, { name, at: place, value: scanValue(s, depth + 1) })
    skipSpace(s)
    if (s.text[s.at] === '}') return step(s, whole())
    if (s.text[s.at] !== ',') throw unexpected(s, 'after object key:value pair')
    s.at++
  }
}

function scanList(s: Scanner, depth: number): Node {
  const at = s.at
  const items: Node[] = []
  s.at++
  skipSpace(s)
  if (s.text[s.at] === ']') return step(s, { type: 'list', at, items, blocks: false })
  for (;;) {
    items.push(scanValue(s, depth + 1))
    skipSpace(s)
    if (s.text[s.at] === ']') return step(s, { type: 'list', at, items, blocks: false })
    if (s.text[s.at] !== ',') throw unexpected(s, 'after array element')
    s.at++
  }
}

function step(s: Scanner, node: Node): Node {
  s.at++
  return node
}

function scanString(s: Scanner): string {
  const from = s.at
  for (s.at++; s.at < s.text.length; s.at++) {
    const code = s.text.charCodeAt(s.at)
    if (code === 0x22) break
    if (code === 0x5c) checkEscape(s)
    else if (code < 0x20) throw unexpected(s, 'in string literal')
  }
  if (s.at >= s.text.length) throw unexpected(s, 'in string literal')
  s.at++
  const value: unknown = JSON.parse(s.text.slice(from, s.at))
  return String(value).toWellFormed()
}

const HEX_DIGIT = /[0-9a-fA-F]/

/** Leaves the scanner on the last character of the escape. */
function checkEscape(s: Scanner): void {
  s.at++
  const letter = s.text[s.at]
  if (letter === undefined) throw unexpected(s, 'in string escape code')
  if (letter !== 'u') {
    if (!'"\\/bfnrt'.includes(letter)) throw unexpected(s, 'in string escape code')
    return
  }
  for (let i = 0; i < 4; i++) {
    s.at++
    if (!HEX_DIGIT.test(s.text[s.at] ?? ''))
      throw unexpected(s, 'in \\u hexadecimal character escape')
  }
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y

function scanNumber(s: Scanner): Node {
  const at = s.at
  NUMBER.lastIndex = at
  const match = NUMBER.exec(s.text)
  if (match === null) {
    if (s.text[at] === '-') {
      s.at++
      throw unexpected(s, 'in numeric literal')
    }
    throw unexpected(s, 'looking for beginning of value')
  }
  s.at += match[0].length
  const value = Number(match[0])
  if (Number.isFinite(value)) return { type: 'number', at, kind: 'float64', value }
  const consul = `json: cannot unmarshal number ${match[0]} into Go value of type float64`
  throw new JsonError(consul, `a number too large: ${match[0]}`, at)
}

function scanWord(s: Scanner, word: string, node: Node): Node {
  for (let i = 1; i < word.length; i++) {
    if (s.text[s.at + i] === word[i]) continue
    s.at += i
    throw unexpected(s, `in literal ${word} (expecting '${word[i]}')`)
  }
  s.at += word.length
  return node
}

function skipSpace(s: Scanner): void {
  while (s.at < s.text.length && ' \t\r\n'.includes(s.text[s.at] ?? '')) s.at++
}

function unexpected(s: Scanner, where: string): JsonError {
  const code = s.text.codePointAt(s.at)
  if (code === undefined)
    return new JsonError('unexpected end of JSON input', 'the text ends too early', s.at)
  const shown = quote(String.fromCodePoint(code))
  return new JsonError(
    `invalid character ${shown} ${where}`,
    `unexpected character ${shown} ${where}`,
    s.at,
  )
}

function quote(character: string): string {
  if (character === "'") return `'\\''`
  if (character >= ' ') return `'${character}'`
  const shown = JSON.stringify(character).slice(1, -1)
  return `'${shown.replace(/^\\u00/, '\\x')}'`
}
