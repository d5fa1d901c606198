// How each file of ours begins: the first 512 bytes say what it is, in which format, and whether
// they are whole.
//
//   │ magic (8) │ format (4) │ checksum (4) │ fields of the file's own, up to 512 │
//
// Every later format keeps this, so that a newer file can be told from a damaged one.
import { assert } from '../../core/assert.ts'
import { textOf, utf8 } from '../../core/bytes.ts'
import { crc32 } from '../../core/wire/crc32.ts'

/** One sector: a disk writes it whole or not at all. */
export const HEAD_BYTES = 512
/** Where the fields of the file's own begin. */
export const FIELDS_AT = 16
/** Of the id of a server: a length before it fills 192 bytes. */
const ID_BYTES_MAX = 191

const FORMAT_AT = 8
const SUM_AT = 12

export interface HeadKind {
  /** Eight ASCII characters. */
  readonly magic: string
  readonly format: number
}

/**
 * Fills in what is common once the fields are there. Returns the checksum, which is random if a
 * field is.
 */
export function finishHead(bytes: Uint8Array, { magic, format }: HeadKind): number {
  assert(bytes.length === HEAD_BYTES, 'a head has its size')
  assert(magic.length === FORMAT_AT, 'a magic has eight characters')
  bytes.set(utf8(magic))
  const view = viewOf(bytes)
  view.setUint32(FORMAT_AT, format, true)
  const sum = sumOf(bytes)
  view.setUint32(SUM_AT, sum, true)
  return sum
}

export type HeadFound =
  | { readonly type: 'head'; readonly bytes: Uint8Array; readonly sum: number }
  | { readonly type: 'damaged' }
  /** Whole, but of another version. */
  | { readonly type: 'newer'; readonly format: number }

export function findHead(file: Uint8Array, kind: HeadKind): HeadFound {
  if (file.length < HEAD_BYTES) return { type: 'damaged' }
  const bytes = file.subarray(0, HEAD_BYTES)
  const view = viewOf(bytes)
  const sum = view.getUint32(SUM_AT, true)
  const isOurs = utf8(kind.magic).every((byte, at) => bytes[at] === byte)
  if (!isOurs || sum !== sumOf(bytes)) return { type: 'damaged' }
  const format = view.getUint32(FORMAT_AT, true)
  return format === kind.format ? { type: 'head', bytes, sum } : { type: 'newer', format }
}

const sumOf = (bytes: Uint8Array): number =>
  crc32(bytes.subarray(FIELDS_AT), crc32(bytes.subarray(0, SUM_AT)))

/** A length and up to 191 bytes of text. */
export function putId(bytes: Uint8Array, at: number, id: string): void {
  const text = utf8(id)
  assert(text.length <= ID_BYTES_MAX, 'the id of a server fits into a head')
  bytes[at] = text.length
  bytes.set(text, at + 1)
}

export const idAt = (bytes: Uint8Array, at: number): string =>
  textOf(bytes.subarray(at + 1, at + 1 + (bytes[at] ?? 0)))

export const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

const TWO_32 = 2 ** 32

/** A whole number below 2^53 in eight bytes. */
export function putUint64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value % TWO_32, true)
  view.setUint32(at + 4, Math.floor(value / TWO_32), true)
}

export const uint64 = (view: DataView, at: number): number =>
  view.getUint32(at + 4, true) * TWO_32 + view.getUint32(at, true)
