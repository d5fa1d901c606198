// Filter expressions as trees. The grammar stands in filter.peggy; here it gets its limits and its
// complaints, which are worded and placed as Consul words and places them.
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
    const at = mistakeAt(error)
    if (at === undefined) throw error
    return { ok: false, why: `${placeOf(text, at)}: no match found, expected: an expression` }
  }
}

/** A mistake that the grammar names. */
class Mistake extends Error {}

/** Where the generated parser gave up; undefined for an error of another kind. */
function mistakeAt(error: unknown): number | undefined {
  if (!(error instanceof SyntaxError) || !('location' in error)) return undefined
  return (error.location as { start: { offset: number } }).start.offset // peggy's own shape
}

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
