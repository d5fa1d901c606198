// A body in chunks (RFC 9112 §7.1), read byte by byte, however it is cut. Extensions and trailers
// are checked and dropped.
//
//   size ─▶ extension ─▶ size-end ─▶ data ─▶ data-cr ─▶ data-lf ─▶ size …
//                            └─ 0 ─▶ trailer ─▶ name ─▶ value ─▶ trailer-lf ─▶ trailer …
//                                       └─▶ end ─▶ done
import { unreachable } from '../../core/assert.ts'
import { CHUNK_TOO_LARGE, type Fault, HEAD_TOO_LARGE, MALFORMED } from './complaint.ts'
import { type Body, keep } from './http-body.ts'
import { isTokenByte } from './http-head.ts'

/** More digits than this, and a double could not hold the size. */
const SIZE_DIGITS_MAX = 13
/** Extensions of all chunks of one body together. Nobody uses them. */
export const EXTENSION_BYTES_MAX = 16 << 10
export const TRAILER_BYTES_MAX = 16 << 10

type State =
  | 'size'
  | 'extension'
  | 'size-end'
  | 'data'
  | 'data-cr'
  | 'data-lf'
  | 'trailer'
  | 'name'
  | 'value'
  | 'trailer-lf'
  | 'end'
  | 'done'

export interface Chunked {
  state: State
  /** Bytes of the chunk that have not come; while its size is read, what it is so far. */
  left: number
  digits: number
  extensionBytes: number
  trailerBytes: number
}

export const createChunked = (): Chunked => ({
  state: 'size',
  left: 0,
  digits: 0,
  extensionBytes: 0,
  trailerBytes: 0,
})

/** Reads until the body or the bytes end, and says where: the body has ended if it is `done`. */
export function readChunks(
  chunked: Chunked,
  from: { readonly bytes: Uint8Array; readonly at: number },
  body: Body,
): number | Fault {
  const { bytes } = from
  let { at } = from
  while (at < bytes.length && chunked.state !== 'done') {
    if (chunked.state === 'data') {
      const end = Math.min(bytes.length, at + chunked.left)
      keep(body, bytes.subarray(at, end))
      chunked.left -= end - at
      at = end
      if (chunked.left === 0) chunked.state = 'data-cr'
      continue
    }
    const next = step(chunked, bytes[at++] as number)
    if (typeof next !== 'string') return next
    chunked.state = next
  }
  return at
}

const CR = 13
const LF = 10

function step(chunked: Chunked, byte: number): State | Fault {
  switch (chunked.state) {
    case 'size':
      return onSize(chunked, byte)
    case 'extension':
      if (byte === CR) return 'size-end'
      if (++chunked.extensionBytes > EXTENSION_BYTES_MAX) return CHUNK_TOO_LARGE
      return isText(byte) ? 'extension' : MALFORMED
    case 'size-end':
      if (byte !== LF) return MALFORMED
      chunked.digits = 0
      return chunked.left === 0 ? 'trailer' : 'data'
    case 'data-cr':
      return byte === CR ? 'data-lf' : MALFORMED
    case 'data-lf':
      return byte === LF ? 'size' : MALFORMED
    case 'trailer':
      if (byte === CR) return 'end'
      return onTrailer(chunked, isTokenByte(byte) ? 'name' : MALFORMED)
    case 'name':
      if (byte === COLON) return onTrailer(chunked, 'value')
      return onTrailer(chunked, isTokenByte(byte) ? 'name' : MALFORMED)
    case 'value':
      if (byte === CR) return 'trailer-lf'
      return onTrailer(chunked, isText(byte) ? 'value' : MALFORMED)
    case 'trailer-lf':
      return byte === LF ? 'trailer' : MALFORMED
    case 'end':
      return byte === LF ? 'done' : MALFORMED
    case 'data':
    case 'done':
      return chunked.state
    default:
      return unreachable(chunked.state)
  }
}

const COLON = 58
const SEMICOLON = 59

function onSize(chunked: Chunked, byte: number): State | Fault {
  const digit = digitOf(byte)
  if (digit >= 0) {
    chunked.left = chunked.left * 16 + digit
    return ++chunked.digits > SIZE_DIGITS_MAX ? CHUNK_TOO_LARGE : 'size'
  }
  if (chunked.digits === 0) return MALFORMED
  if (byte === CR) return 'size-end'
  return byte === SEMICOLON ? 'extension' : MALFORMED
}

function digitOf(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48
  const letter = byte | 32
  return letter >= 97 && letter <= 102 ? letter - 87 : -1
}

const onTrailer = (chunked: Chunked, next: State | Fault): State | Fault =>
  ++chunked.trailerBytes > TRAILER_BYTES_MAX ? HEAD_TOO_LARGE : next

/** Printable, or a tab. */
const isText = (byte: number): boolean => (byte >= 32 && byte !== 127) || byte === 9
