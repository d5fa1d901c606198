// How msgpack arrives: a reader that trusts nothing.
//
// The first fault sticks: it is noted, the reader jumps to its end, and every later read returns a
// zero at once. So no read needs a try, and one look at `fault` after the last read tells whether
// the value is good. A length is compared with the bytes that are left before anything is made from
// it. Nothing recurses but typed containers, whose depth is counted; what is skipped is skipped
// with a counter instead of a stack.
import { strictTextOf } from '../bytes.ts'

export interface Limits {
  /** The longest text or byte field. */
  readonly bytesMax: number
  /**
   * The most elements of all arrays and pairs of all maps together: each may become an object far
   * larger than its bytes.
   */
  readonly itemsMax: number
  readonly depthMax: number
}

const DEFAULT_LIMITS: Limits = { bytesMax: 64 << 20, itemsMax: 1 << 20, depthMax: 64 }

export interface Fault {
  readonly at: number
  readonly why: string
  /** The bytes end inside the value: with more of them it may yet be good. */
  readonly short: boolean
}

export interface Reader {
  readonly bytes: Uint8Array
  at: number
  depth: number
  /** Elements and pairs so far. */
  items: number
  fault: Fault | undefined
  readonly limits: Limits
}

export function createReader(bytes: Uint8Array, at = 0, limits: Partial<Limits> = {}): Reader {
  const plain =
    bytes.constructor === Uint8Array
      ? bytes
      : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length) // Buffer.slice would not copy
  const checked = limits === NO_LIMITS_GIVEN ? DEFAULT_LIMITS : { ...DEFAULT_LIMITS, ...limits }
  return { bytes: plain, at, depth: 0, items: 0, fault: undefined, limits: checked }
}

export const NO_LIMITS_GIVEN: Partial<Limits> = {}

/** An unused tag of msgpack: what a read past the end returns. */
const NEVER = 0xc1
const NIL = 0xc0

export function fail(input: Reader, why: string, short = false): void {
  input.fault ??= { at: Math.min(input.at, input.bytes.length), why, short }
  input.at = input.bytes.length
}

/** Consumes the next tag. */
export function readTag(input: Reader): number {
  const tag = input.bytes[input.at]
  if (tag === undefined) {
    fail(input, 'the bytes end before a value', true)
    return NEVER
  }
  input.at++
  return tag
}

/** Consumes `count` bytes and returns where they begin; -1 if they are not all there. */
export function take(input: Reader, count: number): number {
  const { at } = input
  if (count > input.bytes.length - at) {
    fail(input, 'the bytes end inside a value', true)
    return -1
  }
  input.at = at + count
  return at
}

/** Consumes a nil, if one is next. */
export function skipNil(input: Reader): boolean {
  if (input.bytes[input.at] !== NIL) return false
  input.at++
  return true
}

/**
 * `size` bytes as an unsigned number, highest first. Above 2^53 it is rounded: the caller's range
 * check refuses it.
 */
function readBigEndian(input: Reader, size: 1 | 2 | 4 | 8): number {
  const from = take(input, size)
  if (from < 0) return 0
  const { bytes } = input
  let value = 0
  for (let i = from; i < from + size; i++) value = value * 256 + (bytes[i] as number)
  return value
}

function readTwosComplement(input: Reader, size: 1 | 2 | 4 | 8): number {
  const value = readBigEndian(input, size)
  const limit = 2 ** (8 * size - 1)
  if (value < limit || input.fault) return value
  if (size < 8) return value - 2 * limit
  // Taking 2^64 from a rounded number would leave nothing of a small negative one: take it word by
  // word.
  const { bytes, at } = input
  const high = word(bytes, at - 8) | 0
  return high * 0x1_0000_0000 + word(bytes, at - 4)
}

/** Four bytes, highest first, that the caller knows to be there. */
const word = (bytes: Uint8Array, at: number): number =>
  (((bytes[at] as number) << 24) |
    ((bytes[at + 1] as number) << 16) |
    ((bytes[at + 2] as number) << 8) |
    (bytes[at + 3] as number)) >>>
  0

export interface Range {
  readonly min: number
  readonly max: number
}

/** An integer of any width and sign; nil is 0, as everywhere in Go. */
export function readInteger(input: Reader, range: Range): number {
  const tag = readTag(input)
  const value = tag < 0x80 ? tag : tag >= 0xe0 ? tag - 256 : readWideInteger(input, tag)
  if (value >= range.min && value <= range.max) return value
  fail(input, 'an integer is out of range')
  return 0
}

function readWideInteger(input: Reader, tag: number): number {
  switch (tag) {
    case NIL:
      return 0
    case 0xcc:
      return readBigEndian(input, 1)
    case 0xcd:
      return readBigEndian(input, 2)
    case 0xce:
      return readBigEndian(input, 4)
    case 0xcf:
      return readBigEndian(input, 8)
    case 0xd0:
      return readTwosComplement(input, 1)
    case 0xd1:
      return readTwosComplement(input, 2)
    case 0xd2:
      return readTwosComplement(input, 4)
    case 0xd3:
      return readTwosComplement(input, 8)
    default:
      fail(input, 'an integer was expected')
      return 0
  }
}

/** A 64-bit integer in full. */
export function readBigInteger(input: Reader, range: { min: bigint; max: bigint }): bigint {
  const tag = input.bytes[input.at]
  if (tag !== 0xcf && tag !== 0xd3)
    return BigInt(readInteger(input, { min: Number(range.min), max: Number(range.max) }))
  input.at++
  const from = take(input, 8)
  if (from < 0) return 0n
  const unsigned = (BigInt(word(input.bytes, from)) << 32n) | BigInt(word(input.bytes, from + 4))
  const value = tag === 0xd3 ? BigInt.asIntN(64, unsigned) : unsigned
  if (value >= range.min && value <= range.max) return value
  fail(input, 'an integer is out of range')
  return 0n
}

export function readBool(input: Reader): boolean {
  const tag = readTag(input)
  if (tag === 0xc3 || tag === 1) return true
  if (tag === 0xc2 || tag === 0 || tag === NIL) return false
  fail(input, 'a bool was expected')
  return false
}

const cell = new DataView(new ArrayBuffer(8))

export function readFloat(input: Reader): number {
  const tag = input.bytes[input.at]
  if (tag !== 0xca && tag !== 0xcb)
    return readInteger(input, { min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER })
  input.at++
  const from = take(input, tag === 0xca ? 4 : 8)
  if (from < 0) return 0
  cell.setUint32(0, word(input.bytes, from))
  if (tag === 0xca) return cell.getFloat32(0)
  cell.setUint32(4, word(input.bytes, from + 4))
  return cell.getFloat64(0)
}

/** The size of a text or byte field whose bytes are all there; -1 for nil and after a fault. */
export function readRawSize(input: Reader): number {
  const tag = readTag(input)
  if (tag >= 0xa0 && tag <= 0xbf) return checkRawSize(input, tag & 31)
  if (tag === NIL) return -1
  if (tag === 0xd9 || tag === 0xc4) return checkRawSize(input, readBigEndian(input, 1))
  if (tag === 0xda || tag === 0xc5) return checkRawSize(input, readBigEndian(input, 2))
  if (tag === 0xdb || tag === 0xc6) return checkRawSize(input, readBigEndian(input, 4))
  fail(input, 'text or bytes were expected')
  return -1
}

function checkRawSize(input: Reader, size: number): number {
  if (size > input.limits.bytesMax) fail(input, 'a text or byte field is longer than allowed')
  else if (size > input.bytes.length - input.at) fail(input, 'the bytes end inside a field', true)
  return input.fault ? -1 : size
}

/**
 * The count of an array or map; -1 if the next tag is not one (it is then not consumed) or the
 * fault is noted.
 */
export function readCount(input: Reader, kind: 'array' | 'map'): number {
  const tag = input.bytes[input.at]
  if (tag === undefined) {
    fail(input, 'the bytes end before a value', true)
    return -1
  }
  const [fix, tag16] = kind === 'array' ? [0x90, 0xdc] : [0x80, 0xde]
  if ((tag & 0xf0) === fix) {
    input.at++
    return checkCount(input, tag & 15)
  }
  if (tag !== tag16 && tag !== tag16 + 1) return -1
  input.at++
  return checkCount(input, readBigEndian(input, tag === tag16 ? 2 : 4))
}

/** Each element takes a byte at least, so a count above the bytes left cannot be met. */
function checkCount(input: Reader, count: number): number {
  input.items += count
  if (input.items > input.limits.itemsMax) fail(input, 'there are more elements than allowed')
  else if (count > input.bytes.length - input.at) fail(input, 'the bytes end inside a list', true)
  return input.fault ? -1 : count
}

/**
 * Goes one level down; false (and a fault) if that is too deep. Each `true` is undone by `leave`.
 */
export function enter(input: Reader): boolean {
  if (input.depth < input.limits.depthMax) {
    input.depth++
    return true
  }
  fail(input, 'values are nested deeper than allowed')
  return false
}

export function leave(input: Reader): void {
  input.depth--
}

/** Up to here a loop in JavaScript is faster than the engine's decoder. */
const LOOPED_MAX = 15

export function readText(input: Reader): string {
  const size = readRawSize(input)
  if (size <= 0) return ''
  const from = input.at
  input.at = from + size
  const text =
    (size <= LOOPED_MAX ? asciiOf(input.bytes, from, size) : undefined) ??
    strictTextOf(input.bytes.subarray(from, from + size))
  if (text !== undefined) return text
  fail(input, 'text is not valid UTF-8')
  return ''
}

/** The text if it is ASCII: eight units per call, because each call makes a new string. */
function asciiOf(bytes: Uint8Array, from: number, size: number): string | undefined {
  const end = from + size
  let text = ''
  let at = from
  if (size >= 8) {
    const a = bytes[at] as number
    const b = bytes[at + 1] as number
    const c = bytes[at + 2] as number
    const d = bytes[at + 3] as number
    const e = bytes[at + 4] as number
    const f = bytes[at + 5] as number
    const g = bytes[at + 6] as number
    const h = bytes[at + 7] as number
    if ((a | b | c | d | e | f | g | h) > 0x7f) return undefined
    text = String.fromCharCode(a, b, c, d, e, f, g, h)
    at += 8
  }
  for (; at < end; at++) {
    const unit = bytes[at] as number
    if (unit > 0x7f) return undefined
    text += String.fromCharCode(unit)
  }
  return text
}

/** Text as a byte string (core/bytes.ts), whatever its bytes are. */
export function readByteString(input: Reader): string {
  const size = readRawSize(input)
  return size <= 0 ? '' : takeByteString(input, size)
}

/** The next `size` bytes, which are there, as a byte string. */
export function takeByteString(input: Reader, size: number): string {
  const { bytes } = input
  const end = input.at + size
  let at = input.at
  let text = ''
  input.at = end
  for (; at + UNITS <= end; at += UNITS) text += eightUnitsOf(bytes, at)
  for (; at < end; at++) text += String.fromCharCode(bytes[at] as number)
  return text
}

const UNITS = 8

/** Each call makes a string: eight units per call. */
const eightUnitsOf = (bytes: Uint8Array, at: number): string =>
  String.fromCharCode(
    bytes[at] as number,
    bytes[at + 1] as number,
    bytes[at + 2] as number,
    bytes[at + 3] as number,
    bytes[at + 4] as number,
    bytes[at + 5] as number,
    bytes[at + 6] as number,
    bytes[at + 7] as number,
  )

/** A copy: what arrives together shall not be kept alive together. */
export function readBytes(input: Reader): Uint8Array | null {
  const tag = input.bytes[input.at]
  if (tag !== undefined && ((tag & 0xf0) === 0x90 || tag === 0xdc || tag === 0xdd))
    return readBytesOfArray(input)
  const size = readRawSize(input)
  if (size < 0) return null
  const from = input.at
  input.at = from + size
  return input.bytes.slice(from, from + size)
}

/** Go takes an array of small integers for bytes. */
function readBytesOfArray(input: Reader): Uint8Array | null {
  const count = readCount(input, 'array')
  if (count < 0) return null
  const bytes = new Uint8Array(count)
  for (let i = 0; i < count; i++) bytes[i] = readInteger(input, { min: 0, max: 255 })
  return bytes
}

/** Jumps over the next value, whatever it is. */
export function skipValue(input: Reader): void {
  const scan: Scan = { at: input.at, pending: 1 }
  const verdict = scanValue(scan, input.bytes)
  if (verdict === 'whole') input.at = scan.at
  else if (verdict === 'short') fail(input, 'the bytes end inside a value', true)
  else fail(input, 'a tag that msgpack does not have')
}

/**
 * Where the search for the end of a value stands. `pending` values have still to begin; `at` may
 * lie behind the bytes.
 */
export interface Scan {
  at: number
  pending: number
}

/**
 * Looks for the end of one value in a stream, going on where it stopped: each head is looked at
 * once, however small the pieces are in which the bytes arrive. `whole`: the value ends at
 * `scan.at`.
 */
export function scanValue(scan: Scan, bytes: Uint8Array): 'whole' | 'short' | 'malformed' {
  while (scan.pending > 0) {
    const tag = bytes[scan.at]
    if (tag === undefined) return 'short'
    const shape = SHAPES[tag] as Shape
    if (shape.kind === 'unknown') return 'malformed'
    const headEnd = scan.at + 1 + shape.sizeBytes
    if (headEnd > bytes.length) return 'short'
    let count = shape.count
    for (let i = scan.at + 1; i < headEnd; i++) count = count * 256 + (bytes[i] as number)
    scan.at = shape.kind === 'raw' ? headEnd + shape.extra + count : headEnd
    scan.pending += (shape.kind === 'list' ? count * shape.perItem : 0) - 1
  }
  return scan.at <= bytes.length ? 'whole' : 'short'
}

/** What a tag says of the bytes behind it. */
interface Shape {
  readonly kind: 'raw' | 'list' | 'unknown'
  /** How many bytes hold the count. */
  readonly sizeBytes: number
  /** The count, when the tag itself holds it. */
  readonly count: number
  /** Values per element: 2 in maps. */
  readonly perItem: number
  /** Bytes besides the counted ones: the type of an extension. */
  readonly extra: number
}

const SHAPES: readonly Shape[] = Array.from({ length: 256 }, (_, tag) => shapeOf(tag))

function shapeOf(tag: number): Shape {
  const raw = (count: number, sizeBytes = 0, extra = 0): Shape => ({
    kind: 'raw',
    sizeBytes,
    count,
    perItem: 0,
    extra,
  })
  const list = (perItem: number, count: number, sizeBytes = 0): Shape => ({
    kind: 'list',
    sizeBytes,
    count,
    perItem,
    extra: 0,
  })
  if (tag < 0x80 || tag >= 0xe0) return raw(0)
  if (tag < 0x90) return list(2, tag & 15)
  if (tag < 0xa0) return list(1, tag & 15)
  if (tag < 0xc0) return raw(tag & 31)
  if (tag === NEVER) return { kind: 'unknown', sizeBytes: 0, count: 0, perItem: 0, extra: 0 }
  if (tag <= 0xc3) return raw(0)
  if (tag <= 0xc6) return raw(0, 1 << (tag - 0xc4)) // bin
  if (tag <= 0xc9) return raw(0, 1 << (tag - 0xc7), 1) // ext
  if (tag <= 0xcb) return raw(4 << (tag - 0xca)) // float
  if (tag <= 0xcf) return raw(1 << (tag - 0xcc)) // unsigned
  if (tag <= 0xd3) return raw(1 << (tag - 0xd0)) // signed
  if (tag <= 0xd8) return raw(1 << (tag - 0xd4), 0, 1) // fixext
  if (tag <= 0xdb) return raw(0, 1 << (tag - 0xd9)) // str
  if (tag <= 0xdd) return list(1, 0, 2 << (tag - 0xdc))
  return list(2, 0, 2 << (tag - 0xde))
}
