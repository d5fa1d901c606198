// Go's times in msgpack (raft-wire §1.3). Four forms occur: Go's own binary one of 15 or 16 bytes,
// msgpack's timestamp of 4, 8 or 12 bytes as plain bytes or as an extension, and nil for the zero
// time.
//
// Go's own: version, 1 byte │ seconds since year 1, 8 │ nanoseconds, 4 │ zone in minutes, 2, and in
// version 2 │ the zone's seconds, 1.
//
// A time that only passes through (raft's AppendedAt) is better kept as `raw`: then every form
// leaves as it came.
import { assert } from '../assert.ts'
import type { Codec } from './msgpack.ts'
import { fail, type Reader, readBytes, skipNil, take } from './msgpack-read.ts'
import {
  putByte,
  putBytes,
  putBytesHead,
  putTextHead,
  putWord,
  type Writer,
  wordsOf,
} from './msgpack-write.ts'

export interface GoTime {
  /** Since 1970 UTC; negative before. */
  readonly seconds: number
  /** 0 … 999,999,999. */
  readonly nanos: number
  /** Seconds east of UTC. The time is the same whatever it says: it only tells how to print it. */
  readonly zone: number | 'utc'
}

/** From the beginning of year 1, where Go's zero time is, to 1970. */
const YEAR_ONE = 62_135_596_800
const NANOS_MAX = 999_999_999
/** What Go writes for UTC in place of minutes. */
const UTC_MINUTES = -1
const EXTENSION_TYPE = 0xff

const ZERO_TIME: GoTime = Object.freeze({ seconds: -YEAR_ONE, nanos: 0, zone: 'utc' })

const isZeroTime = ({ seconds, nanos }: GoTime) => seconds === -YEAR_ONE && nanos === 0

export const time: Codec<GoTime> = {
  write: (out, value) => {
    assert(Number.isSafeInteger(value.seconds + YEAR_ONE), 'a time has whole seconds')
    assert(value.nanos >= 0 && value.nanos <= NANOS_MAX, 'nanoseconds stay below one second')
    if (!out.builtinTime) putGoBinary(out, value)
    else if (isZeroTime(value)) putByte(out, 0xc0)
    else putTimestamp(out, value)
  },
  read: readTime,
  zero: ZERO_TIME,
  isEmpty: isZeroTime,
}

function putGoBinary(out: Writer, { seconds, nanos, zone }: GoTime): void {
  const offset = zone === 'utc' ? UTC_MINUTES * 60 : zone
  const minutes = Math.trunc(offset / 60)
  const rest = offset % 60
  const { high, low } = wordsOf(seconds + YEAR_ONE)
  putBytesHead(out, rest === 0 ? 15 : 16)
  putByte(out, rest === 0 ? 1 : 2)
  putWord(out, high)
  putWord(out, low)
  putWord(out, nanos)
  putBytes(out, Uint8Array.of(minutes >> 8, minutes))
  if (rest !== 0) putByte(out, rest & 0xff)
}

/** The shortest of 4, 8 and 12 bytes that holds it. */
function putTimestamp(out: Writer, { seconds, nanos }: GoTime): void {
  const { high, low } = wordsOf(seconds)
  if (seconds >= 0 && high === 0 && nanos === 0) {
    putTextHead(out, 4)
  } else if (seconds >= 0 && high < 4) {
    putTextHead(out, 8)
    putWord(out, nanos * 4 + high)
  } else {
    putTextHead(out, 12)
    putWord(out, nanos)
    putWord(out, high)
  }
  putWord(out, low)
}

function readTime(input: Reader): GoTime {
  if (skipNil(input)) return ZERO_TIME
  const bytes = readExtension(input) ?? readBytes(input)
  if (bytes === null) return ZERO_TIME
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const value = bytes.length >= 15 ? goBinary(view) : timestamp(view)
  if (value !== undefined && value.nanos <= NANOS_MAX && Number.isSafeInteger(value.seconds))
    return value
  fail(input, 'these bytes are no time')
  return ZERO_TIME
}

/** The content of a timestamp extension, if one is next. */
function readExtension(input: Reader): Uint8Array | undefined {
  const { bytes, at } = input
  const tag = bytes[at]
  const size = tag === 0xd6 ? 4 : tag === 0xd7 ? 8 : tag === 0xc7 ? 12 : 0
  if (size === 0) return undefined
  const head = tag === 0xc7 ? 3 : 2
  const from = take(input, head + size)
  if (from < 0) return new Uint8Array(0)
  const known = bytes[at + head - 1] === EXTENSION_TYPE && (head === 2 || bytes[at + 1] === size)
  if (!known) fail(input, 'an extension that is no timestamp')
  return bytes.slice(from + head, from + head + size)
}

function goBinary(view: DataView): GoTime | undefined {
  const version = view.getUint8(0)
  if (version !== 1 && version !== 2) return undefined
  if (view.byteLength !== 14 + version) return undefined
  const seconds = view.getInt32(1) * 2 ** 32 + view.getUint32(5) - YEAR_ONE
  const nanos = view.getInt32(9)
  if (nanos < 0) return undefined
  const minutes = view.getInt16(13)
  if (version === 1 && minutes === UTC_MINUTES) return { seconds, nanos, zone: 'utc' }
  return { seconds, nanos, zone: minutes * 60 + (version === 2 ? view.getInt8(15) : 0) }
}

function timestamp(view: DataView): GoTime | undefined {
  const { byteLength } = view
  if (byteLength === 4) return { seconds: view.getUint32(0), nanos: 0, zone: 'utc' }
  if (byteLength === 8) {
    const high = view.getUint32(0)
    return { seconds: (high & 3) * 2 ** 32 + view.getUint32(4), nanos: high >>> 2, zone: 'utc' }
  }
  if (byteLength !== 12) return undefined
  const seconds = view.getInt32(4) * 2 ** 32 + view.getUint32(8)
  return { seconds, nanos: view.getUint32(0), zone: 'utc' }
}
