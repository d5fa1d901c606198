// How msgpack leaves: the dialects, and the writer that every codec of msgpack.ts appends to.
//
// The writer fills a slab from left to right and hands out the finished part as a view, so that a
// message is never copied. Small messages are copied after all: they would keep a whole slab alive
// for a few bytes.
import { assert } from '../assert.ts'

interface Traits {
  /**
   * A non-negative signed integer above 127 leaves in signed form (d1 …), not in unsigned form (cc
   * …).
   */
  readonly signedPositive: boolean
  /** The newer specification: str8 and bin exist. Without it text and bytes are both "raw". */
  readonly extended: boolean
  /** Times leave in the 4, 8 or 12 bytes of msgpack's timestamp, not in Go's own binary form. */
  readonly builtinTime: boolean
  /** A nil slice or map that is the whole message leaves as an empty one. */
  readonly emptyForTopNil: boolean
}

/** Named for the release of go-msgpack that speaks so (memberlist-wire §1.5, raft-wire §1.3). */
const DIALECTS = {
  /** Consul's gossip and its server RPC. */
  v055: { signedPositive: false, extended: false, builtinTime: false, emptyForTopNil: true },
  /** hashicorp/raft from 1.6, serf from 0.10.2. */
  v2: { signedPositive: true, extended: false, builtinTime: false, emptyForTopNil: false },
  /** hashicorp/raft with MsgpackUseNewTimeFormat. */
  v2time: { signedPositive: true, extended: false, builtinTime: true, emptyForTopNil: false },
  /** Consul's user event payloads; the RPC of serf's agent up to 0.10.1. */
  v055ext: { signedPositive: false, extended: true, builtinTime: false, emptyForTopNil: true },
  /** The RPC of serf's agent from 0.10.2. */
  v2ext: { signedPositive: true, extended: true, builtinTime: false, emptyForTopNil: false },
} as const satisfies Record<string, Traits>

export type Dialect = keyof typeof DIALECTS

const SLAB = 8192
/** Up to here a copy costs less than a view. */
const COPIED_MAX = 64
/** At least this much of the slab must be left for a new message to begin in it. */
const ROOM_MIN = 512

export interface Writer extends Traits {
  bytes: Uint8Array
  /** Where the message under way begins, and where its next byte goes. */
  start: number
  at: number
}

export function createWriter(dialect: Dialect = 'v055'): Writer {
  const { signedPositive, extended, builtinTime, emptyForTopNil } = DIALECTS[dialect]
  const traits = { signedPositive, extended, builtinTime, emptyForTopNil }
  return { bytes: new Uint8Array(SLAB), start: 0, at: 0, ...traits }
}

/** What was written since the last take. The bytes are never touched again. */
export function takeWritten(out: Writer): Uint8Array {
  const { bytes, start, at } = out
  if (at - start <= COPIED_MAX) {
    out.at = start
    return bytes.slice(start, at)
  }
  out.start = at
  if (bytes.length - at < ROOM_MIN) {
    out.bytes = new Uint8Array(SLAB)
    out.start = 0
    out.at = 0
  }
  return bytes.subarray(start, at)
}

/** Makes sure that `count` more bytes fit. */
function reserve(out: Writer, count: number): void {
  if (out.at + count <= out.bytes.length) return
  const used = out.at - out.start
  const grown = new Uint8Array(Math.max(SLAB, 2 * (used + count)))
  grown.set(out.bytes.subarray(out.start, out.at))
  out.bytes = grown
  out.start = 0
  out.at = used
}

export function putByte(out: Writer, byte: number): void {
  if (out.at === out.bytes.length) reserve(out, 1)
  out.bytes[out.at++] = byte
}

export function putBytes(out: Writer, bytes: Uint8Array): void {
  const count = bytes.length
  reserve(out, count)
  if (count > 24) out.bytes.set(bytes, out.at)
  else for (let i = 0; i < count; i++) out.bytes[out.at + i] = bytes[i] as number
  out.at += count
}

function put16(out: Writer, tag: number, value: number): void {
  reserve(out, 3)
  const { bytes, at } = out
  bytes[at] = tag
  bytes[at + 1] = value >>> 8
  bytes[at + 2] = value
  out.at = at + 3
}

function put32(out: Writer, tag: number, value: number): void {
  reserve(out, 5)
  putByte(out, tag)
  putWord(out, value)
}

export function put64(out: Writer, tag: number, words: { high: number; low: number }): void {
  reserve(out, 9)
  putByte(out, tag)
  putWord(out, words.high)
  putWord(out, words.low)
}

/** Four bytes, highest first. */
export function putWord(out: Writer, value: number): void {
  reserve(out, 4)
  const { bytes, at } = out
  bytes[at] = value >>> 24
  bytes[at + 1] = value >>> 16
  bytes[at + 2] = value >>> 8
  bytes[at + 3] = value
  out.at = at + 4
}

const TWO32 = 0x1_0000_0000

/** A whole number of either sign as two 32-bit words, two's complement. */
export const wordsOf = (value: number): { high: number; low: number } => ({
  high: Math.floor(value / TWO32) >>> 0,
  low: value >>> 0,
})

export function putUnsigned(out: Writer, value: number): void {
  assert(value >= 0, 'an unsigned integer is not negative')
  assert(value <= Number.MAX_SAFE_INTEGER, 'an integer on the wire is exact')
  if (value < 0x80) putByte(out, value)
  else if (value < 0x100) putPair(out, 0xcc, value)
  else if (value < 0x10000) put16(out, 0xcd, value)
  else if (value < TWO32) put32(out, 0xce, value)
  else put64(out, 0xcf, wordsOf(value))
}

export function putSigned(out: Writer, value: number): void {
  assert(Number.isSafeInteger(value), 'an integer on the wire is exact')
  if (value >= 0 && (value < 0x80 || !out.signedPositive)) putUnsigned(out, value)
  else if (value >= -32 && value < 0) putByte(out, value & 0xff)
  else if (value >= -0x80 && value < 0) putPair(out, 0xd0, value & 0xff)
  else if (value >= -0x8000 && value < 0x8000) put16(out, 0xd1, value)
  else if (value >= -0x8000_0000 && value < 0x8000_0000) put32(out, 0xd2, value)
  else put64(out, 0xd3, wordsOf(value))
}

function putPair(out: Writer, first: number, second: number): void {
  reserve(out, 2)
  out.bytes[out.at++] = first
  out.bytes[out.at++] = second
}

/** The head of a text, or of bytes in the raw dialects. */
export function putTextHead(out: Writer, size: number): void {
  if (size < 32) putByte(out, 0xa0 | size)
  else if (size < 0x100 && out.extended) putPair(out, 0xd9, size)
  else if (size < 0x10000) put16(out, 0xda, size)
  else put32(out, 0xdb, size)
}

export function putBytesHead(out: Writer, size: number): void {
  if (!out.extended) putTextHead(out, size)
  else if (size < 0x100) putPair(out, 0xc4, size)
  else if (size < 0x10000) put16(out, 0xc5, size)
  else put32(out, 0xc6, size)
}

export function putArrayHead(out: Writer, count: number): void {
  if (count < 16) putByte(out, 0x90 | count)
  else if (count < 0x10000) put16(out, 0xdc, count)
  else put32(out, 0xdd, count)
}

export function putMapHead(out: Writer, count: number): void {
  if (count < 16) putByte(out, 0x80 | count)
  else if (count < 0x10000) put16(out, 0xde, count)
  else put32(out, 0xdf, count)
}

const encoder = new TextEncoder()
/** Up to here a loop in JavaScript is faster than the engine's encoder. */
const LOOPED_MAX = 48

export function putText(out: Writer, text: string): void {
  if (text.length > LOOPED_MAX || !putAscii(out, text)) putLongText(out, text)
}

/** False if the text has more than one byte per unit: nothing is written then. */
function putAscii(out: Writer, text: string): boolean {
  const size = text.length
  putTextHead(out, size)
  reserve(out, size)
  const { bytes, at } = out
  for (let i = 0; i < size; i++) {
    const code = text.charCodeAt(i)
    if (code > 0x7f) {
      out.at = at - headSize(size, out.extended)
      return false
    }
    bytes[at + i] = code
  }
  out.at = at + size
  return true
}

const headSize = (size: number, extended: boolean) => (size < 32 ? 1 : extended ? 2 : 3)

function putLongText(out: Writer, text: string): void {
  const bytes = encoder.encode(text)
  putTextHead(out, bytes.length)
  putBytes(out, bytes)
}

/** A byte string (core/bytes.ts): one byte per unit, whatever the bytes are. */
export function putByteString(out: Writer, text: string): void {
  const size = text.length
  putTextHead(out, size)
  reserve(out, size)
  for (let i = 0; i < size; i++) {
    const code = text.charCodeAt(i)
    assert(code < 0x100, 'a byte string holds bytes')
    out.bytes[out.at + i] = code
  }
  out.at += size
}

const cell = new DataView(new ArrayBuffer(8))

export function putFloat64(out: Writer, value: number): void {
  cell.setFloat64(0, value)
  // Go's NaN has its lowest bit set; ours does not.
  const low = Number.isNaN(value) ? 1 : cell.getUint32(4)
  put64(out, 0xcb, { high: cell.getUint32(0), low })
}

export function putFloat32(out: Writer, value: number): void {
  cell.setFloat32(0, value)
  put32(out, 0xca, cell.getUint32(0))
}
