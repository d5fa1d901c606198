// The bytes of the write-ahead log. No I/O here.
//
// The log is a chain of segments, files of a fixed size that hold zeros until they are written:
//
//   0          512                                        end           size
//   │ head     │ write │ write │ write │ … │ mark or seal │ zeros …     │
//
// A write is one frame (core/wire/frame.ts) with everything that one persist makes durable: the
// vote, what becomes void, the entries, and what goes along for another file (redo.ts), in this
// order. So a persist is on the disk whole or not at all, and term and vote are one record. Nothing
// is overwritten: a truncation is a record as well.
//
// A frame is padded to 32 bytes, which divide a sector, and ends in a byte that is not zero:
//
//   │ frame head (16) │ zero bytes (4) │ zero sectors (4) │ check (4) │ records … │ 0 … │ a5 │
//
// The record of an entry, filled up to a multiple of 8; of what may be missing, 0 is the length and
// 1 means empty:
//
//   │ kind │ type │ 0 0 │ data length │ index (8) │ term (8) │ extensions + 1 │ time + 1 │
//   │ data … │ extensions … │ time … │
//
// That of a redo has the place in its file for an index, and the file's generation for a term.
//
// What a crash leaves of a write that was never synced: parts of it are there, the others are still
// zero. A flipped bit leaves all of it, with at most one more zero byte than was written, and no
// more zero sectors (but for a sector that held nothing but this bit: there nobody can tell).
// `isTear` tells the two apart, so that a rotten last write is never cut off as a torn one.
import { assert } from '../../core/assert.ts'
import { EMPTY, textOf, utf8 } from '../../core/bytes.ts'
import type { Entry, EntryType, Persist, Vote } from '../../core/entry.ts'
import { type LogIndex, logIndex, type Term, term } from '../../core/ids.ts'
import {
  announcedBytes,
  encodeFrames,
  type Flaw,
  FRAME_HEAD_BYTES,
  firstLink,
  type Link,
} from '../../core/wire/frame.ts'
import {
  FIELDS_AT,
  findHead,
  finishHead,
  HEAD_BYTES,
  idAt,
  putId,
  putUint64,
  uint64,
  viewOf,
} from './file-head.ts'
import type { Redo } from './redo.ts'

/** What a disk writes whole or not at all. */
const SECTOR_BYTES = HEAD_BYTES
const WRITE_ALIGN_BYTES = 32
/** How many bytes, and how many whole sectors, behind it are zero; and a check of both. */
const PREFACE_BYTES = 12
const CONTENT_AT = FRAME_HEAD_BYTES + PREFACE_BYTES
const RECORD_HEAD_BYTES = 32
const RECORD_ALIGN_BYTES = 8
const LAST_BYTE = 0xa5

/**
 * Kinds of frames. A mark says that all before it was synced, at a clean end. A seal says that the
 * log goes on in the next segment: without that file something is missing.
 */
export const KIND = { write: 1, mark: 2, seal: 3 } as const
export type Kind = (typeof KIND)[keyof typeof KIND]

const RECORD = { vote: 1, truncate: 2, restart: 3, entry: 4, redo: 5 } as const

/** The size of a mark or a seal. */
export const BARE_WRITE_BYTES = WRITE_ALIGN_BYTES

/** What the head of a segment says. It was durable before the file got its name. */
export interface SegmentHead {
  readonly nodeId: string
  /** 1 for the first segment of a log. */
  readonly sequence: number
  /** Of the whole file. */
  readonly bytes: number
  /** Random: with it a client cannot write a value that looks like a frame of this file. */
  readonly salt: number
  /** Where the segment before ends, and the checksum of its last frame. */
  readonly previousEnd: number
  readonly previousLast: number
  /** The index that an entry appended next would have had. */
  readonly nextIndex: LogIndex
  /** As of the beginning of this segment, so that those before can go. */
  readonly vote: Vote
}

const HEAD = { magic: 'lictor-w', format: 1 }
const VOTED_FOR_AT = 64
const NODE_ID_AT = 256

export function encodeSegmentHead(head: SegmentHead): { bytes: Uint8Array; link: Link } {
  const bytes = new Uint8Array(HEAD_BYTES)
  const view = viewOf(bytes)
  view.setUint32(FIELDS_AT, head.salt, true)
  view.setUint32(20, head.previousLast, true)
  putUint64(view, 24, head.bytes)
  putUint64(view, 32, head.sequence)
  putUint64(view, 40, head.previousEnd)
  putUint64(view, 48, head.nextIndex)
  putUint64(view, 56, head.vote.term)
  putId(bytes, VOTED_FOR_AT, head.vote.votedFor)
  putId(bytes, NODE_ID_AT, head.nodeId)
  return { bytes, link: firstLink(finishHead(bytes, HEAD)) }
}

export type HeadRead =
  /** The link of the first frame: its seed covers the salt. */
  | { readonly type: 'head'; readonly head: SegmentHead; readonly link: Link }
  | { readonly type: 'damaged' }
  | { readonly type: 'newer'; readonly format: number }

export function decodeSegmentHead(file: Uint8Array): HeadRead {
  const found = findHead(file, HEAD)
  if (found.type !== 'head') return found
  const { bytes, sum } = found
  const view = viewOf(bytes)
  const head: SegmentHead = {
    nodeId: idAt(bytes, NODE_ID_AT),
    sequence: uint64(view, 32),
    bytes: uint64(view, 24),
    salt: view.getUint32(FIELDS_AT, true),
    previousEnd: uint64(view, 40),
    previousLast: view.getUint32(20, true),
    nextIndex: logIndex(uint64(view, 48)),
    vote: { term: term(uint64(view, 56)), votedFor: idAt(bytes, VOTED_FOR_AT) },
  }
  return { type: 'head', head, link: firstLink(sum) }
}

export type WalRecord =
  | { readonly type: 'vote'; readonly vote: Vote }
  | { readonly type: 'truncate'; readonly from: LogIndex }
  | { readonly type: 'restart'; readonly behind: LogIndex }
  | { readonly type: 'entry'; readonly entry: Entry }
  | { readonly type: 'redo'; readonly redo: Redo }

/** Where a frame goes: its bytes depend on both. */
export interface WritePlace {
  readonly link: Link
  /** Offset in the file. */
  readonly at: number
}

export interface EncodedWrite {
  readonly bytes: Uint8Array
  readonly link: Link
}

/** The bytes that a persist takes on the disk, with what goes along. */
export function writeBytes(persist: Persist, redo?: Redo): number {
  let content = persist.vote === undefined ? 0 : recordBytes(utf8(persist.vote.votedFor).length)
  if (persist.truncateFrom !== undefined) content += recordBytes(0)
  if (persist.restartBehind !== undefined) content += recordBytes(0)
  for (const entry of persist.entries) content += entryBytes(entry)
  if (redo !== undefined) content += recordBytes(redo.bytes.length)
  return paddedBytes(content)
}

const entryBytes = ({ data, extensions, appendedAt }: Entry): number =>
  recordBytes(data.length + (extensions?.length ?? 0) + (appendedAt?.length ?? 0))

const recordBytes = (body: number): number => RECORD_HEAD_BYTES + alignUp(body, RECORD_ALIGN_BYTES)

const paddedBytes = (content: number): number =>
  alignUp(CONTENT_AT + content + 1, WRITE_ALIGN_BYTES)

export const alignUp = (bytes: number, to: number): number => Math.ceil(bytes / to) * to

export function encodeWrite(place: WritePlace, persist: Persist, redo?: Redo): EncodedWrite {
  const payload = new Uint8Array(writeBytes(persist, redo) - FRAME_HEAD_BYTES)
  const view = viewOf(payload)
  let at = PREFACE_BYTES
  if (persist.vote !== undefined) {
    const { term, votedFor } = persist.vote
    at = putRecord(view, at, { kind: RECORD.vote, index: 0, term, data: utf8(votedFor) })
  }
  if (persist.truncateFrom !== undefined)
    at = putRecord(view, at, { kind: RECORD.truncate, index: persist.truncateFrom, term: 0 })
  if (persist.restartBehind !== undefined)
    at = putRecord(view, at, { kind: RECORD.restart, index: persist.restartBehind, term: 0 })
  for (const entry of persist.entries) at = putRecord(view, at, { kind: RECORD.entry, ...entry })
  if (redo !== undefined) {
    const { at: index, generation: term, bytes: data } = redo
    at = putRecord(view, at, { kind: RECORD.redo, index, term, data })
  }
  assert(at < payload.length, 'there is room for the last byte')
  return finish(place, KIND.write, payload)
}

/** A mark or a seal. */
export const encodeBare = (place: WritePlace, kind: Kind): EncodedWrite =>
  finish(place, kind, new Uint8Array(BARE_WRITE_BYTES - FRAME_HEAD_BYTES))

interface RecordFields {
  readonly kind: number
  readonly type?: number
  readonly index: number
  readonly term: number
  readonly data?: Uint8Array
  readonly extensions?: Uint8Array
  readonly appendedAt?: Uint8Array
}

function putRecord(view: DataView, at: number, record: RecordFields): number {
  const { kind, type = 0, index, term, data = EMPTY, extensions, appendedAt } = record
  view.setUint8(at, kind)
  view.setUint8(at + 1, type)
  view.setUint32(at + 4, data.length, true)
  putUint64(view, at + 8, index)
  putUint64(view, at + 16, term)
  view.setUint32(at + 24, extensions === undefined ? 0 : extensions.length + 1, true)
  view.setUint32(at + 28, appendedAt === undefined ? 0 : appendedAt.length + 1, true)
  const into = new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
  let end = at + RECORD_HEAD_BYTES
  for (const part of [data, extensions ?? EMPTY, appendedAt ?? EMPTY]) {
    into.set(part, end)
    end += part.length
  }
  return at + recordBytes(end - at - RECORD_HEAD_BYTES)
}

function finish(place: WritePlace, kind: Kind, payload: Uint8Array): EncodedWrite {
  assert(place.at % WRITE_ALIGN_BYTES === 0, 'a write begins at a multiple of 32')
  payload[payload.length - 1] = LAST_BYTE
  const zeros = countZeros(payload.subarray(PREFACE_BYTES), place.at + CONTENT_AT)
  const view = viewOf(payload)
  view.setUint32(0, zeros.bytes, true)
  view.setUint32(4, zeros.sectors, true)
  view.setUint32(8, checkOf(zeros), true)
  const written = encodeFrames(place.link, [{ kind, joins: false, payload }])
  assert(written.bytes.length % WRITE_ALIGN_BYTES === 0, 'a write ends at a multiple of 32')
  return written
}

interface Zeros {
  readonly bytes: number
  /** Whole ones, as the file is divided. */
  readonly sectors: number
}

function countZeros(content: Uint8Array, offset: number): Zeros {
  let [bytes, sectors, run] = [0, 0, 0]
  for (let at = 0; at < content.length; at++) {
    if (content[at] !== 0) {
      run = 0
      continue
    }
    bytes++
    run++
    if (run >= SECTOR_BYTES && (offset + at + 1) % SECTOR_BYTES === 0) sectors++
  }
  return { bytes, sectors }
}

const checkOf = ({ bytes, sectors }: Zeros): number => ~(bytes ^ sectors) >>> 0

/**
 * The records of a good frame of kind `write`; undefined if they make no sense, which only a bug of
 * ours can cause.
 */
export function decodeRecords(payload: Uint8Array): WalRecord[] | undefined {
  const records: WalRecord[] = []
  const view = viewOf(payload)
  let at = PREFACE_BYTES
  while (at + RECORD_HEAD_BYTES < payload.length && payload[at] !== 0) {
    const lengths = [
      view.getUint32(at + 4, true),
      Math.max(0, view.getUint32(at + 24, true) - 1),
      Math.max(0, view.getUint32(at + 28, true) - 1),
    ]
    const end = at + recordBytes(lengths.reduce((sum, length) => sum + length, 0))
    if (end >= payload.length) return undefined
    const record = decodeRecord(view, at, lengths)
    if (record === undefined) return undefined
    records.push(record)
    at = end
  }
  return records
}

function decodeRecord(
  view: DataView,
  at: number,
  [dataBytes = 0, extensionBytes = 0, timeBytes = 0]: readonly number[],
): WalRecord | undefined {
  const part = (from: number, length: number) =>
    new Uint8Array(view.buffer, view.byteOffset + at + RECORD_HEAD_BYTES + from, length)
  const data = part(0, dataBytes)
  const index = logIndex(uint64(view, at + 8))
  const inTerm: Term = term(uint64(view, at + 16))
  switch (view.getUint8(at)) {
    case RECORD.vote:
      return { type: 'vote', vote: { term: inTerm, votedFor: textOf(data) } }
    case RECORD.truncate:
      return { type: 'truncate', from: index }
    case RECORD.restart:
      return { type: 'restart', behind: index }
    case RECORD.entry: {
      const type = view.getUint8(at + 1) as EntryType // what was persisted, under a good checksum
      const hasExtensions = view.getUint32(at + 24, true) > 0
      const hasTime = view.getUint32(at + 28, true) > 0
      const extensions = hasExtensions ? { extensions: part(dataBytes, extensionBytes) } : {}
      const time = hasTime ? { appendedAt: part(dataBytes + extensionBytes, timeBytes) } : {}
      return { type: 'entry', entry: { index, term: inTerm, type, data, ...extensions, ...time } }
    }
    case RECORD.redo:
      return { type: 'redo', redo: { at: index, generation: inTerm, bytes: data } }
    default:
      return undefined
  }
}

/**
 * Whether a flawed last write is what a crash can leave: parts of it are zero. Otherwise it was
 * whole once, and is damaged. `bytes` is the whole segment, and behind the flaw there is no good
 * frame.
 */
export function isTear(bytes: Uint8Array, { at, flaw }: { at: number; flaw: Flaw }): boolean {
  if (flaw === 'gap') return true // the sector with the head is missing
  if (flaw === 'chain') return false
  const view = viewOf(bytes)
  const [from, content] = [at + FRAME_HEAD_BYTES, at + CONTENT_AT]
  const then = { bytes: view.getUint32(from, true), sectors: view.getUint32(from + 4, true) }
  if (flaw === 'head' || view.getUint32(from + 8, true) !== checkOf(then)) {
    // No write has a length of zero. And head and preface lie in one sector with the first record,
    // which does not begin with a zero: if all behind them is zero there, it is missing.
    if (view.getUint16(at, true) === 0) return true
    return isZero(bytes, content, alignUp(content, SECTOR_BYTES))
  }
  const end = at + announcedBytes(bytes, at)
  if (end > bytes.length || end <= content) return false
  if (bytes[end - 1] === 0) return true
  const now = countZeros(bytes.subarray(content, end), content)
  return now.bytes > then.bytes + 1 || now.sectors > then.sectors
}

function isZero(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (bytes[at] !== 0) return false
  return true
}
