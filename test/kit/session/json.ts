// Expected JSON: a subset of what comes. Objects may have further fields, `...` says so to the
// reader; a list may have further elements where it holds `...`; any value, or part of a string,
// may be a hole.
import { fits, holeAt, type Scope } from './holes.ts'

export type Expected =
  | { readonly type: 'object'; readonly fields: readonly (readonly [string, Expected])[] }
  | { readonly type: 'list'; readonly items: readonly Expected[]; readonly more: boolean }
  | { readonly type: 'text'; readonly pattern: string }
  | { readonly type: 'hole'; readonly pattern: string }
  | { readonly type: 'plain'; readonly value: unknown }

/** Reads an expectation that begins with a brace or bracket; undefined if it is not JSON. */
export function parseExpected(text: string, scope: Scope): Expected | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined
  const reader = { text, at: 0, scope }
  const value = parseValue(reader)
  skipBlanks(reader)
  return reader.at === text.length && value?.type !== 'hole' ? value : undefined
}

interface Reader {
  readonly text: string
  at: number
  readonly scope: Scope
}

const PLAIN = /"(?:\\.|[^"\\])*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y

function parseValue(reader: Reader): Expected | undefined {
  skipBlanks(reader)
  const { text, at, scope } = reader
  const hole = text[at] === '[' ? holeAt(text, at, scope) : undefined
  if (hole !== undefined) {
    reader.at = hole.end
    return { type: 'hole', pattern: text.slice(at, hole.end) }
  }
  if (text[at] === '{') return parseObject(reader)
  if (text[at] === '[') return parseList(reader)
  const value = parsePlain(reader)
  return value === undefined ? undefined : plainOf(value.json)
}

const plainOf = (value: unknown): Expected =>
  typeof value === 'string' ? { type: 'text', pattern: value } : { type: 'plain', value }

function parsePlain(reader: Reader): { json: unknown } | undefined {
  PLAIN.lastIndex = reader.at
  const match = PLAIN.exec(reader.text)
  if (match === null) return undefined
  reader.at = PLAIN.lastIndex
  return { json: JSON.parse(match[0]) }
}

function parseObject(reader: Reader): Expected | undefined {
  reader.at++
  const fields: [string, Expected][] = []
  while (!eat(reader, '}')) {
    if (eat(reader, '...') || eat(reader, ',')) continue
    const key = parsePlain(reader)
    if (typeof key?.json !== 'string' || !eat(reader, ':')) return undefined
    const value = parseValue(reader)
    if (value === undefined) return undefined
    fields.push([key.json, value])
  }
  return { type: 'object', fields }
}

function parseList(reader: Reader): Expected | undefined {
  reader.at++
  const items: Expected[] = []
  let more = false
  while (!eat(reader, ']')) {
    if (eat(reader, ',')) continue
    if (eat(reader, '...')) {
      more = true
      continue
    }
    const value = parseValue(reader)
    if (value === undefined) return undefined
    items.push(value)
  }
  return { type: 'list', items, more }
}

function eat(reader: Reader, token: string): boolean {
  skipBlanks(reader)
  if (!reader.text.startsWith(token, reader.at)) return false
  reader.at += token.length
  return true
}

function skipBlanks(reader: Reader): void {
  while (/\s/.test(reader.text[reader.at] ?? '')) reader.at++
}

/**
 * Where the value differs, or undefined where it fits. Fills the scope in the order of the
 * expectation.
 */
export function differs(expected: Expected, actual: unknown, how: How): string | undefined {
  switch (expected.type) {
    case 'object':
      return objectDiffers(expected.fields, actual, how)
    case 'list':
      return listDiffers(expected, actual, how)
    case 'text':
      return fitsText(expected.pattern, actual, how)
    case 'hole':
      return fits(expected.pattern, scalarText(actual), how.scope)
        ? undefined
        : `${how.path}: ${JSON.stringify(actual)} does not fit ${expected.pattern}`
    case 'plain':
      return actual === expected.value
        ? undefined
        : `${how.path}: expected ${JSON.stringify(expected.value)}, got ${JSON.stringify(actual)}`
  }
}

export interface How {
  readonly scope: Scope
  readonly unordered: boolean
  /** Where in the value we are, for messages. */
  readonly path: string
}

const scalarText = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value))

function fitsText(pattern: string, actual: unknown, how: How): string | undefined {
  if (typeof actual === 'string' && fits(pattern, actual, how.scope)) return undefined
  return `${how.path}: expected ${JSON.stringify(pattern)}, got ${JSON.stringify(actual)}`
}

function objectDiffers(
  fields: readonly (readonly [string, Expected])[],
  actual: unknown,
  how: How,
): string | undefined {
  if (typeof actual !== 'object' || actual === null || Array.isArray(actual)) {
    return `${how.path}: expected an object, got ${JSON.stringify(actual)}`
  }
  const found = new Map<string, unknown>(Object.entries(actual))
  for (const [key, expected] of fields) {
    if (!found.has(key)) return `${how.path}.${key}: missing`
    const problem = differs(expected, found.get(key), { ...how, path: `${how.path}.${key}` })
    if (problem !== undefined) return problem
  }
  return undefined
}

function listDiffers(
  { items, more }: { items: readonly Expected[]; more: boolean },
  actual: unknown,
  how: How,
): string | undefined {
  if (!Array.isArray(actual)) return `${how.path}: expected a list, got ${JSON.stringify(actual)}`
  if (actual.length < items.length || (actual.length > items.length && !more)) {
    return `${how.path}: expected ${items.length} elements, got ${actual.length}`
  }
  if (how.unordered || more) return setDiffers(items, actual, how)
  for (const [i, item] of items.entries()) {
    const problem = differs(item, actual[i], { ...how, path: `${how.path}[${i}]` })
    if (problem !== undefined) return problem
  }
  return undefined
}

/** Each expected element takes the first one that fits and is still free. */
function setDiffers(
  items: readonly Expected[],
  actual: readonly unknown[],
  how: How,
): string | undefined {
  const free = [...actual]
  for (const item of items) {
    const at = free.findIndex((value) => differs(item, value, how) === undefined)
    if (at < 0) return `${how.path}: no element fits ${describe(item)}`
    free.splice(at, 1)
  }
  return undefined
}

const describe = (item: Expected) => JSON.stringify(item).slice(0, 200)
