// msgpack as HashiCorp's Go codec writes it (memberlist-wire §1.5, raft-wire §1.3): a codec is a
// value that knows how one type is written and read; bigger ones are made from smaller ones.
//
// As in Go, nil is the zero of whatever type was expected. Where the two generations of the Go
// codec differ in what they take, ours takes what either takes. Structs are in msgpack-struct.ts,
// times in msgpack-time.ts.
//
// Reading never throws: what is wrong comes back as a fault. Writing a value that does not fit its
// codec is a bug of ours.
import { assert } from '../assert.ts'
import { EMPTY } from '../bytes.ts'
import { u64 as canonical, type U64 } from '../u64.ts'
import {
  createReader,
  enter,
  type Fault,
  fail,
  type Limits,
  leave,
  NO_LIMITS_GIVEN,
  type Range,
  type Reader,
  readBigInteger,
  readBool,
  readByteString,
  readBytes,
  readCount,
  readFloat,
  readInteger,
  readText,
  skipNil,
  skipValue,
} from './msgpack-read.ts'
import {
  createWriter,
  type Dialect,
  put64,
  putArrayHead,
  putByte,
  putByteString,
  putBytes,
  putBytesHead,
  putFloat32,
  putFloat64,
  putMapHead,
  putSigned,
  putText,
  putUnsigned,
  takeWritten,
  type Writer,
} from './msgpack-write.ts'

/**
 * How values are written and read. The two types are one, see Codec; apart they let a list of any
 * codecs have a type.
 */
export interface Coding<In, out Out> {
  readonly write: (out: Writer, value: In) => void
  /** After a fault it returns some value of the type; the fault is what counts. */
  readonly read: (input: Reader) => Out
  /** What nil and a missing field stand for. Shared, never mutated. */
  readonly zero: Out
  /** Whether `omitEmpty` leaves the value out. */
  readonly isEmpty: (value: In) => boolean
  /** As a field: left out when empty. */
  readonly omitted?: true
  /** How nil leaves when it is the whole message and the dialect has an empty form for it. */
  readonly emptyForm?: (out: Writer) => void
  /**
   * Lists and maps of these take that empty form; those of structs, bytes and lists leave as nil
   * everywhere.
   */
  readonly plain?: true
}

export type Codec<T> = Coding<T, T>
export type AnyCodec = Coding<never, unknown>
/** The type of the values that a codec writes and reads. */
export type Infer<C extends AnyCodec> = C extends Coding<never, infer T> ? T : never

export type Decoded<T> =
  | { readonly ok: true; readonly value: T; readonly used: number }
  | { readonly ok: false; readonly fault: Fault }

/** Scratch memory, not state: each message begins where the last one ended. */
const WRITERS: Readonly<Record<Dialect, Writer>> = {
  v055: createWriter('v055'),
  v2: createWriter('v2'),
  v2time: createWriter('v2time'),
  v055ext: createWriter('v055ext'),
  v2ext: createWriter('v2ext'),
}

export function encode<T>(
  codec: Codec<T>,
  value: NoInfer<T>,
  dialect: Dialect = 'v055',
): Uint8Array {
  const out = WRITERS[dialect]
  out.at = out.start // a failed assertion may have left half a message
  const { emptyForm } = codec
  if (value === null && out.emptyForTopNil && emptyForm !== undefined) emptyForm(out)
  else codec.write(out, value)
  return takeWritten(out)
}

/**
 * Reads one value from the front. What stands behind it is left alone: `used` tells where that
 * begins.
 */
export function decode<T>(
  codec: Coding<never, T>,
  bytes: Uint8Array,
  limits: Partial<Limits> = NO_LIMITS_GIVEN,
): Decoded<T> {
  const input = createReader(bytes, 0, limits)
  const value = codec.read(input)
  if (input.fault !== undefined) return { ok: false, fault: input.fault }
  return { ok: true, value, used: input.at }
}

const isZero = (value: unknown) => value === 0

function integer(range: Range, put: (out: Writer, value: number) => void): Codec<number> {
  const { min, max } = range
  return {
    write: (out, value) => {
      assert(Number.isInteger(value), 'an integer on the wire is whole')
      assert(value >= min && value <= max, 'an integer on the wire fits its type')
      put(out, value)
    },
    read: (input) => readInteger(input, range),
    zero: 0,
    isEmpty: isZero,
    plain: true,
  }
}

const unsigned = (max: number) => integer({ min: 0, max }, putUnsigned)
const signed = (max: number) => integer({ min: -max - 1, max }, putSigned)

export const u8 = unsigned(0xff)
export const u16 = unsigned(0xffff)
export const u32 = unsigned(0xffff_ffff)
/**
 * A 64-bit unsigned integer of which only exact numbers occur: terms, indexes, counts. Above 2^53
 * it is refused.
 */
export const uint = unsigned(Number.MAX_SAFE_INTEGER)
export const i8 = signed(0x7f)
export const i16 = signed(0x7fff)
export const i32 = signed(0x7fff_ffff)
/** Go's int, within what a number holds exactly. */
export const int = integer(
  { min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER },
  putSigned,
)

const U64_RANGE = { min: 0n, max: 2n ** 64n - 1n }
const I64_RANGE = { min: -(2n ** 63n), max: 2n ** 63n - 1n }
const SAFE = { min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER }

/** Every unsigned 64-bit integer: a bigint above 2^53. */
export const u64: Codec<U64> = {
  write: (out, value) => {
    if (typeof value === 'number') return uint.write(out, value)
    assert(value >= U64_RANGE.min && value <= U64_RANGE.max, 'a u64 has 64 bits')
    if (value <= SAFE.max) putUnsigned(out, Number(value))
    else put64(out, 0xcf, bigWords(value))
  },
  read: (input) => (isWide(input) ? canonical(readBigInteger(input, U64_RANGE)) : uint.read(input)),
  zero: 0,
  isEmpty: isZero,
  plain: true,
}

/** Every signed 64-bit integer: a bigint where a number is not exact. */
export const i64: Codec<number | bigint> = {
  write: (out, value) => {
    if (typeof value === 'number') return int.write(out, value)
    assert(value >= I64_RANGE.min && value <= I64_RANGE.max, 'an i64 has 64 bits')
    if (value >= SAFE.min && value <= SAFE.max) putSigned(out, Number(value))
    else put64(out, value > 0n && !out.signedPositive ? 0xcf : 0xd3, bigWords(value))
  },
  read: (input) => {
    if (!isWide(input)) return int.read(input)
    const value = readBigInteger(input, I64_RANGE)
    return value >= SAFE.min && value <= SAFE.max ? Number(value) : value
  },
  zero: 0,
  isEmpty: isZero,
  plain: true,
}

/** Whether eight bytes of integer are next: only they can hold what a number cannot. */
const isWide = ({ bytes, at }: Reader) => bytes[at] === 0xcf || bytes[at] === 0xd3

const bigWords = (value: bigint) => ({
  high: Number(BigInt.asUintN(32, value >> 32n)),
  low: Number(BigInt.asUintN(32, value)),
})

export const bool: Codec<boolean> = {
  write: (out, value) => putByte(out, value ? 0xc3 : 0xc2),
  read: readBool,
  zero: false,
  isEmpty: (value) => !value,
  plain: true,
}

export const f64: Codec<number> = {
  write: putFloat64,
  read: readFloat,
  zero: 0,
  isEmpty: isZero,
  plain: true,
}

export const f32: Codec<number> = { ...f64, write: putFloat32 }

/** Text. What is not UTF-8 is refused (Go lets it pass): see byteString. */
export const str: Codec<string> = {
  write: putText,
  read: readText,
  zero: '',
  isEmpty: (value) => value === '',
  plain: true,
}

/** Go text as a byte string (core/bytes.ts): one unit per byte, valid UTF-8 or not. */
export const byteString: Codec<string> = {
  ...str,
  write: putByteString,
  read: readByteString,
}

/** Bytes; nil is read as none. Always a copy, so that nothing keeps a whole packet alive. */
export const bytes: Codec<Uint8Array> = {
  write: (out, value) => {
    putBytesHead(out, value.length)
    putBytes(out, value)
  },
  read: (input) => readBytes(input) ?? EMPTY,
  zero: EMPTY,
  isEmpty: (value) => value.length === 0,
  emptyForm: (out) => putBytesHead(out, 0),
}

const NIL = 0xc0

/** One value of any type, as its bytes. */
export const raw: Codec<Uint8Array> = {
  write: putBytes,
  read: (input) => {
    const from = input.at
    skipValue(input)
    return input.fault === undefined ? input.bytes.slice(from, input.at) : raw.zero
  },
  zero: Uint8Array.of(NIL),
  isEmpty: (value) => value[0] === NIL,
}

/** One of a few words. The first one is the zero. */
export function choice<const W extends string>(...words: readonly [W, ...W[]]): Codec<W> {
  return {
    write: (out, value) => putText(out, value),
    read: (input) => {
      if (skipNil(input)) return words[0]
      const found = readText(input)
      const word = words.find((each) => each === found)
      if (word === undefined) fail(input, 'a word that is none of those expected')
      return word ?? words[0]
    },
    zero: words[0],
    isEmpty: (value) => value === words[0],
    plain: true,
  }
}

/**
 * A field that always has the same value and never leaves: the tag of a union whose members the
 * caller tells apart.
 */
export const literal = <const T>(value: T): Codec<T> => ({
  write: (out) => putByte(out, NIL),
  read: (input) => {
    skipValue(input)
    return value
  },
  zero: value,
  isEmpty: () => true,
  omitted: true,
})

/** May be nil on the wire, and nil is not the same as empty: a Go slice, map or pointer. */
export const nilable = <T>(codec: Codec<T>): Codec<T | null> => orNil<T, null>(codec, null)

/** May be absent. */
export const optional = <T>(codec: Codec<T>): Codec<T | undefined> =>
  orNil<T, undefined>(codec, undefined)

function orNil<T, Absent extends null | undefined>(
  codec: Codec<T>,
  absent: Absent,
): Codec<T | Absent> {
  return {
    ...codec,
    write: (out, value) => {
      if (value === null || value === undefined) putByte(out, NIL)
      else codec.write(out, value)
    },
    read: (input) => (skipNil(input) ? absent : codec.read(input)),
    zero: absent,
    isEmpty: (value) => value === null || value === undefined || codec.isEmpty(value),
  }
}

/** A field that is left out when it is empty. */
export const omitEmpty = <T>(codec: Codec<T>): Codec<T> => ({ ...codec, omitted: true })

export function list<T>(item: Codec<T>): Codec<readonly T[]> {
  const zero: readonly T[] = Object.freeze([])
  return {
    write: (out, values) => {
      putArrayHead(out, values.length)
      for (const value of values) item.write(out, value)
    },
    read: (input) => {
      if (skipNil(input) || !enter(input)) return zero
      const count = readHead(input, 'array')
      const values: T[] = []
      for (let i = 0; i < count && input.fault === undefined; i++) values.push(item.read(input))
      leave(input)
      return values
    },
    zero,
    isEmpty: (values) => values.length === 0,
    ...(item.plain && { emptyForm: (out: Writer) => putArrayHead(out, 0) }),
  }
}

/** The count of what must be an array or a map; 0 with the fault noted if it is not. */
export function readHead(input: Reader, kind: 'array' | 'map'): number {
  const count = readCount(input, kind)
  if (count >= 0) return count
  if (input.fault === undefined)
    fail(input, `${kind === 'array' ? 'an array' : 'a map'} was expected`)
  return 0
}

type Key = string | number | bigint

/** Entries leave sorted by key: Go's order is random, ours must be the same everywhere. */
export function map<K extends Key, T>(key: Codec<K>, item: Codec<T>): Codec<ReadonlyMap<K, T>> {
  return {
    write: (out, values) => {
      putMapHead(out, values.size)
      for (const [name, value] of [...values].sort(byKey)) {
        key.write(out, name)
        item.write(out, value)
      }
    },
    read: (input) => {
      const values = new Map<K, T>()
      readEntries(input, key, (name) => values.set(name, item.read(input)))
      return values
    },
    zero: new Map<K, T>(),
    isEmpty: (values) => values.size === 0,
    ...(item.plain && { emptyForm: (out: Writer) => putMapHead(out, 0) }),
  }
}

const byKey = (a: readonly [Key, unknown], b: readonly [Key, unknown]) => (a[0] < b[0] ? -1 : 1)

/** A map from text as a plain object, for what the API prints so. Entries leave sorted. */
export function dictionary<T>(item: Codec<T>): Codec<Readonly<Record<string, T>>> {
  return {
    write: (out, values) => {
      const entries = Object.entries(values).sort(byKey)
      putMapHead(out, entries.length)
      for (const [name, value] of entries) {
        putText(out, name)
        item.write(out, value)
      }
    },
    read: (input) => {
      const values: Record<string, T> = {}
      readEntries(input, str, (name) => setOwn(values, name, item.read(input)))
      return values
    },
    zero: Object.freeze({}),
    isEmpty: (values) => Object.keys(values).length === 0,
    ...(item.plain && { emptyForm: (out: Writer) => putMapHead(out, 0) }),
  }
}

function readEntries<K>(input: Reader, key: Codec<K>, take: (name: K) => void): void {
  if (skipNil(input) || !enter(input)) return
  const count = readHead(input, 'map')
  for (let i = 0; i < count && input.fault === undefined; i++) take(key.read(input))
  leave(input)
}

/** A plain assignment to `__proto__` would change the object's kind instead of its content. */
function setOwn<T>(values: Record<string, T>, name: string, value: T): void {
  if (name !== '__proto__') values[name] = value
  else
    Object.defineProperty(values, name, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    })
}
