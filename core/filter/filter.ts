// What a filter may ask of a row, and whether a row fits (consul-surface 3.6). A shape names the
// fields and their kinds; an expression is checked against it once, and then judges rows.
import { present } from '../assert.ts'
import { parseBool } from '../bool.ts'
import { ApiError } from '../errors.ts'
import { quoteGo } from '../quote.ts'
import { compileRegexp } from '../regexp.ts'
import { type Expression, type Match, type Operator, parseFilter } from './parse.ts'

export type Shape =
  | { readonly kind: 'string' | 'bool' | 'int' | 'strings' }
  | { readonly kind: 'map'; readonly of: Shape }
  | { readonly kind: 'struct'; readonly fields: Readonly<Record<string, Shape>> }
  /** Of structs: one that fits is enough. */
  | { readonly kind: 'list'; readonly of: Shape }

export const STRING: Shape = { kind: 'string' }
export const BOOL: Shape = { kind: 'bool' }
export const INT: Shape = { kind: 'int' }
export const STRINGS: Shape = { kind: 'strings' }
export const TEXTS: Shape = { kind: 'map', of: STRING }
export const structOf = (fields: Readonly<Record<string, Shape>>): Shape => ({
  kind: 'struct',
  fields,
})

export type Predicate = (row: unknown) => boolean

const EVERYTHING: Predicate = () => true

/** The predicate of a `filter` parameter. Without one every row fits; a bad one is refused. */
export function filterOf(text: string | undefined, shape: Shape): Predicate {
  const expression = expressionOf(text)
  return expression === undefined ? EVERYTHING : predicateOf(expression, shape)
}

/**
 * One that is held against the shape of the rows when the first of them comes, and not before: with
 * it a mistake in its meaning is told without the words that lead all others.
 */
export function lateFilterOf(text: string | undefined, shape: Shape): Predicate {
  const expression = expressionOf(text)
  if (expression === undefined) return EVERYTHING
  let predicate: Predicate | undefined
  return (row) => {
    predicate ??= bare(() => predicateOf(expression, shape))
    return predicate(row)
  }
}

function bare<T>(make: () => T): T {
  try {
    return make()
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    throw new ApiError(error.code, error.message.replace(COMPLAINT, ''), { cause: error })
  }
}

function expressionOf(text: string | undefined): Expression | undefined {
  if (text === undefined || text === '') return undefined
  const parsed = parseFilter(text)
  if (!parsed.ok) throw refusal(parsed.why)
  return parsed.expression
}

const COMPLAINT = 'Failed to create boolean expression evaluator: '
const refusal = (why: string) => new ApiError('invalid', `${COMPLAINT}${why}`)

function predicateOf(expression: Expression, shape: Shape): Predicate {
  switch (expression.type) {
    case 'not': {
      const operand = predicateOf(expression.operand, shape)
      return (row) => !operand(row)
    }
    case 'match':
      return matchOf(expression, shape)
    default: {
      const left = predicateOf(expression.left, shape)
      const right = predicateOf(expression.right, shape)
      return expression.type === 'and'
        ? (row) => left(row) && right(row)
        : (row) => left(row) || right(row)
    }
  }
}

/** Which operators a kind of value has. */
const OPERATORS: Readonly<Record<Shape['kind'], readonly Operator[]>> = {
  string: ['Equal', 'Not Equal', 'In', 'Not In', 'Matches', 'Not Matches'],
  bool: ['Equal', 'Not Equal'],
  int: ['Equal', 'Not Equal'],
  strings: ['In', 'Not In', 'Is Empty', 'Is Not Empty'],
  map: ['In', 'Not In', 'Is Empty', 'Is Not Empty'],
  list: ['Is Empty', 'Is Not Empty'],
  struct: [],
}

function matchOf(match: Match, shape: Shape): Predicate {
  const { selector, op } = match
  const shown = quoteGo(selector.join('.'))
  const leaf = leafOf(shape, selector)
  if (!OPERATORS[leaf.kind].includes(op)) {
    throw refusal(`Invalid match operator ${quoteGo(op)} for selector ${shown}`)
  }
  const judge = judgeOf(match, leaf)
  return (row) => reach(row, { shape, path: selector, judge, missing: !NEEDY.has(op) })
}

/** A selector that leads nowhere is told up to where it fails. */
function leafOf(shape: Shape, selector: readonly string[]): Shape {
  for (let length = 1; length <= selector.length; length++) {
    const begun = selector.slice(0, length)
    if (shapeAt(shape, begun) !== undefined) continue
    throw refusal(`Selector ${quoteGo(begun.join('.'))} is not valid`)
  }
  return present(shapeAt(shape, selector), 'the end of a selector that leads somewhere')
}

/** What a selector leads to. Maps take any key, lists are walked through. */
function shapeAt(shape: Shape, path: readonly string[]): Shape | undefined {
  const [name, ...rest] = path
  if (shape.kind === 'list' && name !== undefined) return shapeAt(shape.of, path)
  if (name === undefined) return shape
  if (shape.kind === 'map') return shapeAt(shape.of, rest)
  if (shape.kind !== 'struct' || !Object.hasOwn(shape.fields, name)) return undefined
  const field = shape.fields[name]
  return field === undefined ? undefined : shapeAt(field, rest)
}

/** Only these do not fit what a map lacks: `matches` does, as in Consul. */
const NEEDY: ReadonlySet<Operator> = new Set(['Equal', 'In', 'Is Not Empty'])

type Judge = (value: unknown) => boolean

/** Whether a value that is there fits; the negative operators as well. */
function judgeOf(match: Match, leaf: Shape): Judge {
  const { op, value } = match
  switch (op) {
    case 'Is Empty':
      return (found) => sizeOf(found) === 0
    case 'Is Not Empty':
      return (found) => sizeOf(found) > 0
    case 'Matches':
    case 'Not Matches': {
      const fits = compile(value)
      return (found) => fits(String(found)) === (op === 'Matches')
    }
    case 'In':
    case 'Not In':
      return (found) => holds(found, value) === (op === 'In')
    default: {
      const wanted = coerce(match, leaf)
      return (found) => (found === wanted) === (op === 'Equal')
    }
  }
}

function compile(pattern: string): (text: string) => boolean {
  const compiled = compileRegexp(pattern)
  if (compiled.ok) return compiled.fits
  throw refusal(`Failed to compile regular expression ${quoteGo(pattern)}: ${compiled.why}`)
}

/** The literal as the kind of value that it is compared with: quoted numbers are numbers too. */
function coerce({ value, selector }: Match, { kind }: Shape): unknown {
  const told = kind === 'int' ? intOf(value) : kind === 'bool' ? parseBool(value) : value
  if (told !== undefined) return told
  const parser = kind === 'int' ? 'ParseInt' : 'ParseBool'
  const why = `strconv.${parser}: parsing ${quoteGo(value)}: invalid syntax`
  const shown = quoteGo(selector.join('.'))
  throw refusal(`Failed to coerce value ${quoteGo(value)} for selector ${shown}: ${why}`)
}

const WHOLE = /^(?:\d(?:_?\d)*|0x(?:_?[\da-f])+|0o(?:_?[0-7])+|0b(?:_?[01])+)$/i

/** In any of Go's ways of writing a whole number: `80`, `0x50`, `0o120`, `0120`, `0b101_0000`. */
function intOf(text: string): number | undefined {
  const digits = text.replace(/^[+-]/, '').replace(/^0(?=_?\d)/, '0o')
  if (!WHOLE.test(digits)) return undefined
  const value = Number(digits.replaceAll('_', ''))
  return text.startsWith('-') && value !== 0 ? -value : value
}

const sizeOf = (value: unknown): number =>
  value === null || value === undefined ? 0 : Object.keys(value).length

/** A substring, an element or a key. */
function holds(value: unknown, wanted: string): boolean {
  if (typeof value === 'string') return value.includes(wanted)
  if (Array.isArray(value)) return value.includes(wanted)
  return value !== null && value !== undefined && Object.hasOwn(value, wanted)
}

interface Way {
  readonly shape: Shape
  readonly path: readonly string[]
  readonly judge: Judge
  /** Whether a key that a map lacks fits. */
  readonly missing: boolean
}

/** Follows the selector into a row. Fields that are not printed have their zero. */
function reach(value: unknown, way: Way): boolean {
  const { shape, path, judge, missing } = way
  const [name, ...rest] = path
  if (shape.kind === 'list' && name !== undefined) {
    const items = Array.isArray(value) ? value : []
    return items.some((item) => reach(item, { ...way, shape: shape.of }))
  }
  if (name === undefined) return judge(value ?? ZEROS[shape.kind])
  const held = fieldOf(value, name)
  if (shape.kind === 'map') {
    return held === undefined ? missing : reach(held, { ...way, shape: shape.of, path: rest })
  }
  const field = shape.kind === 'struct' ? shape.fields[name] : undefined
  return field !== undefined && reach(held, { ...way, shape: field, path: rest })
}

const fieldOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name] // it is an object with this name
    : undefined

const ZEROS: Readonly<Record<Shape['kind'], unknown>> = {
  string: '',
  bool: false,
  int: 0,
  strings: [],
  map: {},
  list: [],
  struct: {},
}
