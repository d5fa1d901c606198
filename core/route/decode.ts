// Decoders for bodies, with the habits of Go's encoding/json: field names match without regard to
// case, the last duplicate wins, null leaves the zero value, an unknown field is refused. A decoder
// gives a value or throws a refusal (400).
import { EMPTY, parseBase64, textOf } from '../bytes.ts'
import { ApiError } from '../errors.ts'
import { quoteGo } from '../quote.ts'
import { durationComplaint, parseDurationNs } from '../time.ts'
import { parseU64, type U64 } from '../u64.ts'
import { type JsonNode, parseJson } from './json.ts'

/** Turns a parsed node into a value. Absent fields never reach a decoder; null does. */
export type Decoder<T> = (node: JsonNode) => T

/** The complaint of a decoder; the route puts its own words before it. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError'
}

/** A JSON body. `complaint` leads the text of a refusal, as in `Request decode failed: EOF`. */
export function jsonBody<T>(complaint: string, decoder: Decoder<T>): (body: Uint8Array) => T {
  return (body) => {
    const parsed = parseJson(textOf(body))
    if (!parsed.ok) throw new ApiError('bad-request', `${complaint}: ${parsed.why}`)
    try {
      return decoder(parsed.value)
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error
      throw new ApiError('bad-request', `${complaint}: ${error.message}`, { cause: error })
    }
  }
}

/** Go tells the digits only where it wanted a number. */
const NUMERIC = /^u?int|^float/

const mismatch = (node: JsonNode, type: string): DecodeError => {
  const shown = node.type === 'number' && NUMERIC.test(type) ? `number ${node.text}` : node.type
  return new DecodeError(`json: cannot unmarshal ${shown} into Go value of type ${type}`)
}

export const text: Decoder<string> = (node) => {
  if (node.type === 'null') return ''
  if (node.type !== 'string') throw mismatch(node, 'string')
  return node.value
}

export const flag: Decoder<boolean> = (node) => {
  if (node.type === 'null') return false
  if (node.type !== 'bool') throw mismatch(node, 'bool')
  return node.value
}

export const integer: Decoder<number> = (node) => {
  if (node.type === 'null') return 0
  const value = node.type === 'number' ? Number(node.text) : Number.NaN
  // Beyond 2^53 a number would not be the one that was sent; Go's own bound is 2^63.
  if (node.type !== 'number' || !/^-?\d+$/.test(node.text) || !Number.isSafeInteger(value)) {
    throw mismatch(node, 'int')
  }
  return value === 0 ? 0 : value // no negative zero
}

/** Any number; one beyond the largest double is refused, as Go does. */
export const float: Decoder<number> = (node) => {
  if (node.type === 'null') return 0
  const value = node.type === 'number' ? Number(node.text) : Number.NaN
  if (!Number.isFinite(value)) throw mismatch(node, 'float64')
  return value
}

export const unsigned: Decoder<U64> = (node) => {
  if (node.type === 'null') return 0
  const parsed = node.type === 'number' ? parseU64(node.text) : undefined
  if (parsed === undefined || !parsed.ok) throw mismatch(node, 'uint64')
  return parsed.value
}

/** Bytes as base64 text. */
export const binary: Decoder<Uint8Array> = (node) => {
  if (node.type === 'null') return EMPTY
  if (node.type !== 'string') throw mismatch(node, '[]uint8')
  const parsed = parseBase64(node.value)
  if (!parsed.ok) throw new DecodeError(`illegal base64 data at input byte ${parsed.at}`)
  return parsed.bytes
}

/**
 * A Go duration as text, or whole nanoseconds as a number; the result is in nanoseconds. What is
 * neither says nothing.
 */
export const durationNs: Decoder<number> = (node) => {
  if (node.type === 'number') return wholeNs(Number(node.text))
  if (node.type !== 'string') return 0
  const ns = parseDurationNs(node.value)
  if (ns === undefined) throw new DecodeError(durationComplaint(node.value))
  return ns
}

/** Go's longest duration; the double nearest to it from below. */
const NS_MAX = 2 ** 63 - 1024

/** As a duration can hold it: a number in a body may have any size, and a fraction. */
export const wholeNs = (ns: number): number => Math.trunc(Math.max(-NS_MAX, Math.min(NS_MAX, ns)))

/** null and absent stay apart from an empty list where the caller asks for it: see `nullable`. */
export const list =
  <T>(item: Decoder<T>): Decoder<readonly T[]> =>
  (node) => {
    if (node.type === 'null') return []
    if (node.type !== 'array') throw mismatch(node, 'slice')
    return node.items.map(item)
  }

export const mapOf =
  <T>(item: Decoder<T>): Decoder<Readonly<Record<string, T>>> =>
  (node) => {
    if (node.type === 'null') return {}
    if (node.type !== 'object') throw mismatch(node, 'map')
    return Object.fromEntries(node.fields.map((field) => [field.name, item(field.value)]))
  }

export const nullable =
  <T>(inner: Decoder<T>): Decoder<T | null> =>
  (node) =>
    node.type === 'null' ? null : inner(node)

type Fields = Readonly<Record<string, Decoder<unknown>>>
type Decoded<F extends Fields> = { readonly [K in keyof F]?: ReturnType<F[K]> }

export interface StructOptions {
  /** Other spellings: `{ scriptargs: 'Args' }`, in lower case. */
  readonly aliases?: Readonly<Record<string, string>>
  /** Unknown fields are passed over instead of refused. */
  readonly lenient?: boolean
}

/** A record. Fields that the body leaves out are absent from the result. */
export function struct<F extends Fields>(
  fields: F,
  options: StructOptions = {},
): Decoder<Decoded<F>> {
  const byName = new Map<string, string>()
  for (const name of Object.keys(fields)) byName.set(name.toLowerCase(), name)
  for (const [alias, name] of Object.entries(options.aliases ?? {})) byName.set(alias, name)
  return (node) => {
    if (node.type === 'null') return {}
    if (node.type !== 'object') throw mismatch(node, 'struct')
    const out: Record<string, unknown> = {}
    for (const field of node.fields) {
      const name = byName.get(field.name.toLowerCase())
      const decoder = name === undefined ? undefined : fields[name]
      if (name !== undefined && decoder !== undefined) out[name] = decoder(field.value)
      else if (!options.lenient) throw new DecodeError(`json: unknown field ${quoteGo(field.name)}`)
    }
    return out as Decoded<F> // each field came out of its own decoder
  }
}
