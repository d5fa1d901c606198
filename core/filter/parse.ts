// Filter expressions as trees. The grammar stands in filter.peggy; here it gets its limits and its
// complaints, which are worded and placed as Consul words and places them.
import { quoteGo } from '../quote.ts'
import { parse } from './filter.generated.ts'

export type Operator =
  | 'Equal'
  | 'Not Equal'
  | 'In'
  | 'Not In'
  | 'Is Empty'
  | 'Is Not Empty'
  | 'Matches'
  | 'Not Matches'

export interface Match {
  readonly type: 'match'
  /** `Meta["a.b"]` is `['Meta', 'a.b']`. */
  readonly selector: readonly string[]
  readonly op: Operator
  readonly value: string
}

export type Expression =
  | { readonly type: 'and' | 'or'; readonly left: Expression; readonly right: Expression }
  | { readonly type: 'not'; readonly operand: Expression }
  | Match

/** A longer expression is refused. */
const FILTER_CHARS_MAX = 16_384
/** Deeper nesting of parentheses and `not` is refused. */
const FILTER_DEPTH_MAX = 100

export type Parsed =
  | { readonly ok: true; readonly expression: Expression }
  | { readonly ok: false; readonly why: string }

export function parseFilter(text: string): Parsed {
  if (text.length > FILTER_CHARS_MAX) {
    return { ok: false, why: `the expression is longer than ${FILTER_CHARS_MAX} characters` }
  }
  const refuse = (at: number, rule: string, why: string): never => {
    throw new Mistake(`${placeOf(text, at)}: rule "${rule}": ${why}`)
  }
  try {
    const options = { refuse, unquote, depthMax: FILTER_DEPTH_MAX }
    return { ok: true, expression: parse(text, options) as Expression } // what filter.peggy makes
  } catch (error) {
    if (error instanceof Mistake) return { ok: false, why: error.message }
    const stop = stopOf(error)
    if (stop === undefined) throw error
    const why = `${placeOf(text, stop.at)}: no match found, expected: ${listed(stop.expected)}`
    return { ok: false, why }
  }
}

/** A mistake that the grammar names. */
class Mistake extends Error {}

interface Stop {
  readonly at: number
  /** What could have stood there, as Go writes it, sorted. */
  readonly expected: readonly string[]
}

/** Peggy's own shapes. */
interface PeggyError {
  readonly location: { readonly start: { readonly offset: number } }
  readonly expected: readonly PeggyExpectation[] | null
}

type PeggyExpectation =
  | { readonly type: 'literal'; readonly text: string }
  | { readonly type: 'class'; readonly parts: readonly (string | readonly [string, string])[] }
  | { readonly type: 'end' | 'any' | 'other' }

/** Where the generated parser gave up; undefined for an error of another kind. */
function stopOf(error: unknown): Stop | undefined {
  if (!(error instanceof SyntaxError) || !('location' in error)) return undefined
  const { location, expected } = error as unknown as PeggyError // made by peggy, as just seen
  const names = new Set((expected ?? []).map(goName))
  return { at: location.start.offset, expected: [...names].sort() }
}

function goName(expected: PeggyExpectation): string {
  switch (expected.type) {
    case 'literal':
      return quoteGo(expected.text)
    case 'class':
      return `[${expected.parts.map(partOf).join('')}]`
    default:
      return 'EOF'
  }
}

const partOf = (part: string | readonly [string, string]): string =>
  typeof part === 'string' ? quoteGo(part).slice(1, -1) : part.join('-')

/** `a, b or c` */
const listed = (names: readonly string[]): string =>
  names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`

/** `line:column (offset)`, counted in code points and bytes from 1, 1 and 0. */
function placeOf(text: string, at: number): string {
  const before = text.slice(0, at)
  const line = before.split('\n').length
  const column = [...before.slice(before.lastIndexOf('\n') + 1)].length + 1
  return `${line}:${column} (${new TextEncoder().encode(before).length})`
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
}

/** Go's strconv.Unquote of a double-quoted text, as far as JSON and Go agree on escapes. */
function unquote(literal: string): string | undefined {
  const inner = literal.slice(1, -1)
  if (/\n/.test(inner)) return undefined
  let good = true
  const text = inner.replace(/\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|[\s\S]?)/g, (_, code: string) => {
    if (code.length > 1) return String.fromCharCode(Number.parseInt(code.slice(1), 16))
    const known = ESCAPES[code]
    if (known === undefined) good = false
    return known ?? ''
  })
  return good ? text : undefined
}
