// Records on the disk: how the write-ahead log and the snapshots guard what they hold (reliability
// §4). No I/O here.
//
//   0        4       8      9       10        12         16          16 + length
//   │ length │ chain │ kind │ flags │ headSum │ checksum │ payload … │ zeros, up to a multiple of 8
//
// All numbers are little-endian. `checksum` covers the twelve bytes before it and the payload: a
// flipped length or kind is found as surely as a flipped byte of the payload. `chain` is the
// checksum of the frame before, so that none can be left out, doubled or moved; in the first frame
// it is the seed. `headSum` covers the ten bytes before it: it lets a reader look for frames behind
// a broken one without trusting a length.
//
// Both sums start from the seed. It should be random per file: then no client can write a value
// that looks like a frame.
//
// A frame that `joins` was handed to the disk in the same write as the frame before it. The disk
// may keep any part of a write that was never synced, so a good frame that joins proves nothing
// about those before it; one that does not join was written after all before it had been synced
// (one write under way at a time).
import { assert } from '../assert.ts'
import { crc32 } from './crc32.ts'

export interface Frame {
  /** 1 … 255; its meaning is the caller's. 0 is what an unwritten disk says. */
  readonly kind: number
  readonly joins: boolean
  readonly payload: Uint8Array
}

/** What the next frame of a file is tied to. */
export interface Link {
  readonly seed: number
  /** The checksum of the last frame; the seed if there is none yet. */
  readonly last: number
}

export const FRAME_HEAD_BYTES = 16
const FRAME_ALIGN_BYTES = 8
/** More in one frame is refused: a reader must hold it whole. */
export const FRAME_PAYLOAD_MAX = 256 << 20

const KIND_MAX = 255
const JOINS = 1
const CHAIN_AT = 4
const KIND_AT = 8
const FLAGS_AT = 9
const HEAD_SUM_AT = 10
const CHECKSUM_AT = 12

export const firstLink = (seed: number): Link => ({ seed: seed >>> 0, last: seed >>> 0 })

/** How many bytes a frame takes with its head and filling. */
export const frameBytes = (payloadBytes: number): number =>
  FRAME_HEAD_BYTES + Math.ceil(payloadBytes / FRAME_ALIGN_BYTES) * FRAME_ALIGN_BYTES

/**
 * How many bytes a frame takes by its head, which must be there and good: what a stream waits for.
 */
export function announcedBytes(bytes: Uint8Array, at: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, FRAME_HEAD_BYTES)
  return frameBytes(view.getUint32(0, true))
}

/**
 * The frames as one run of bytes, tied to what is in the file already, and the link for those that
 * follow.
 */
export function encodeFrames(
  link: Link,
  frames: readonly Frame[],
): { readonly bytes: Uint8Array; readonly link: Link } {
  const size = frames.reduce((sum, { payload }) => sum + frameBytes(payload.length), 0)
  const bytes = new Uint8Array(size)
  let at = 0
  let { last } = link
  for (const frame of frames) {
    last = putFrame({ bytes, at }, frame, { seed: link.seed, last })
    at += frameBytes(frame.payload.length)
  }
  return { bytes, link: { seed: link.seed, last } }
}

/** Writes one frame into zeroed bytes and returns its checksum. */
function putFrame(place: { bytes: Uint8Array; at: number }, frame: Frame, link: Link): number {
  const { kind, joins, payload } = frame
  assert(kind >= 1 && kind <= KIND_MAX, 'the kind of a frame is 1 to 255')
  assert(payload.length <= FRAME_PAYLOAD_MAX, 'a frame stays below its limit')
  const { bytes, at } = place
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, FRAME_HEAD_BYTES)
  view.setUint32(0, payload.length, true)
  view.setUint32(CHAIN_AT, link.last, true)
  view.setUint8(KIND_AT, kind)
  view.setUint8(FLAGS_AT, joins ? JOINS : 0)
  view.setUint16(HEAD_SUM_AT, headSum(bytes, at, link.seed), true)
  bytes.set(payload, at + FRAME_HEAD_BYTES)
  const checksum = checksumOf(bytes, at, { seed: link.seed, length: payload.length })
  view.setUint32(CHECKSUM_AT, checksum, true)
  return checksum
}

const headSum = (bytes: Uint8Array, at: number, seed: number): number =>
  crc32(bytes.subarray(at, at + HEAD_SUM_AT), seed) & 0xffff

function checksumOf(bytes: Uint8Array, at: number, of: { seed: number; length: number }): number {
  const head = crc32(bytes.subarray(at, at + CHECKSUM_AT), of.seed)
  const from = at + FRAME_HEAD_BYTES
  return crc32(bytes.subarray(from, from + of.length), head)
}

/** What is wrong where a frame should be. */
export type Flaw =
  /** The bytes end inside the frame. */
  | 'short'
  | 'head'
  | 'checksum'
  /** The filling behind the payload is not zero. */
  | 'filling'
  /** A good frame, but not the successor of the one before. */
  | 'chain'
  /** Zeros where a frame is due, and something behind them. */
  | 'gap'

export interface FoundFrame extends Frame {
  /** Where its head begins. The payload is a view into the scanned bytes. */
  readonly at: number
}

export type Verdict =
  /** Nothing but zeros, or nothing, follows. */
  | { readonly type: 'end' }
  /**
   * The last write did not reach the disk whole. Nothing that was synced is missing: cut at `at`
   * and go on.
   */
  | { readonly type: 'torn'; readonly at: number; readonly flaw: Flaw }
  /**
   * A frame is bad though a later write is there (it begins at `next`): what was durable is
   * damaged. Never cut here.
   */
  | { readonly type: 'corrupt'; readonly at: number; readonly flaw: Flaw; readonly next: number }

export interface Scanned {
  /** The good frames up to the first flaw. */
  readonly frames: readonly FoundFrame[]
  /** Behind the last good frame: here the next one is written. */
  readonly end: number
  /** What the next frame is tied to. */
  readonly link: Link
  readonly verdict: Verdict
}

/** Reads frames from `from` on until the end or the first flaw, and says what kind of end it is. */
export function scanFrames(bytes: Uint8Array, link: Link, from = 0): Scanned {
  const frames: FoundFrame[] = []
  let at = from
  let { last } = link
  for (;;) {
    const read = readFrame(bytes, at, link.seed)
    const done = { frames, end: at, link: { seed: link.seed, last } }
    if (read.type === 'zeros') return { ...done, verdict: judgeZeros(bytes, at, link.seed) }
    if (read.type === 'flaw') return { ...done, verdict: judge(bytes, link.seed, { at, ...read }) }
    if (read.chain !== last)
      return { ...done, verdict: { type: 'corrupt', at, flaw: 'chain', next: at } }
    frames.push(read.frame)
    at = read.end
    last = read.checksum
  }
}

export type FrameRead =
  | {
      readonly type: 'frame'
      readonly frame: FoundFrame
      readonly end: number
      readonly chain: number
      readonly checksum: number
    }
  | { readonly type: 'flaw'; readonly flaw: Flaw }
  /** No head here: zeros, or no bytes at all. */
  | { readonly type: 'zeros' }

/**
 * The frame that begins at `at`. Whether it follows on the one before (`chain`) is for the caller
 * to compare.
 */
export function readFrame(bytes: Uint8Array, at: number, seed: number): FrameRead {
  if (isZero(bytes, at, Math.min(at + FRAME_HEAD_BYTES, bytes.length))) return { type: 'zeros' }
  if (at + FRAME_HEAD_BYTES > bytes.length) return { type: 'flaw', flaw: 'short' }
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, FRAME_HEAD_BYTES)
  if (!isHead(bytes, at, seed)) return { type: 'flaw', flaw: 'head' }
  const length = view.getUint32(0, true)
  const end = at + frameBytes(length)
  if (end > bytes.length) return { type: 'flaw', flaw: 'short' }
  const checksum = view.getUint32(CHECKSUM_AT, true)
  if (checksum !== checksumOf(bytes, at, { seed, length }))
    return { type: 'flaw', flaw: 'checksum' }
  const from = at + FRAME_HEAD_BYTES
  if (!isZero(bytes, from + length, end)) return { type: 'flaw', flaw: 'filling' }
  const frame: FoundFrame = {
    at,
    kind: bytes[at + KIND_AT] as number, // the head is there
    joins: bytes[at + FLAGS_AT] === JOINS,
    payload: bytes.subarray(from, from + length),
  }
  return { type: 'frame', frame, end, chain: view.getUint32(CHAIN_AT, true), checksum }
}

/** Cheap tests first: a search asks this at every eighth byte. */
function isHead(bytes: Uint8Array, at: number, seed: number): boolean {
  const flags = bytes[at + FLAGS_AT] as number // the caller made sure of the bytes
  if (bytes[at + KIND_AT] === 0 || flags > JOINS) return false
  const sum = (bytes[at + HEAD_SUM_AT] as number) | ((bytes[at + HEAD_SUM_AT + 1] as number) << 8)
  if (sum !== headSum(bytes, at, seed)) return false
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, 4)
  return view.getUint32(0, true) <= FRAME_PAYLOAD_MAX
}

function isZero(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (bytes[at] !== 0) return false
  return true
}

function judgeZeros(bytes: Uint8Array, at: number, seed: number): Verdict {
  if (isZero(bytes, at, bytes.length)) return { type: 'end' }
  return judge(bytes, seed, { at, flaw: 'gap' })
}

function judge(bytes: Uint8Array, seed: number, { at, flaw }: { at: number; flaw: Flaw }): Verdict {
  const next = findLaterWrite(bytes, at + FRAME_ALIGN_BYTES, seed)
  return next === undefined ? { type: 'torn', at, flaw } : { type: 'corrupt', at, flaw, next }
}

/** The first good frame behind a flaw that opened a write of its own. */
function findLaterWrite(bytes: Uint8Array, from: number, seed: number): number | undefined {
  let at = from
  while (at + FRAME_HEAD_BYTES <= bytes.length) {
    const read = readFrame(bytes, at, seed)
    if (read.type !== 'frame') at += FRAME_ALIGN_BYTES
    else if (!read.frame.joins) return at
    else at = read.end
  }
  return undefined
}
