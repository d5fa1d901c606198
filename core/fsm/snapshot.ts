// The whole state as a stream of bytes, and back.
//
//   frame 'head'   format, last applied entry; of every table the name, index and number of rows
//   frame 'rows'   the slot of a table in the head, then its rows one after the other; about
//                  64 KiB, any number of such frames
//   frame 'tail'   the number of rows again; nothing follows
//
// Frames (core/wire/frame.ts) chain their checksums, so no bit can be flipped and no frame left
// out, moved or doubled without being seen. A restore builds the new state beside the live one and
// swaps at the end: a bad stream changes nothing.
import { present } from '../assert.ts'
import { concatBytes } from '../bytes.ts'
import type { Position } from '../entry.ts'
import { logIndex, term } from '../ids.ts'
import { indexesOf, restore, rowsOf, type StoredRow } from '../state/snapshot.ts'
import { viewOf, type Waiter } from '../state/store.ts'
import type { AnyTable } from '../state/table.ts'
import { countRows, type View } from '../state/txn.ts'
import { crc32 } from '../wire/crc32.ts'
import {
  announcedBytes,
  encodeFrames,
  type Flaw,
  type FoundFrame,
  FRAME_HEAD_BYTES,
  FRAME_PAYLOAD_MAX,
  firstLink,
  type Link,
  scanFrames,
  type Verdict,
} from '../wire/frame.ts'
import { type Codec, decode, encode, type Infer, list, str, uint } from '../wire/msgpack.ts'
import { createReader } from '../wire/msgpack-read.ts'
import { struct } from '../wire/msgpack-struct.ts'
import type { Fsm } from './fsm.ts'
import { type StoredTable, TABLES } from './tables.ts'

/**
 * Raised when a reader of the old form would misunderstand the new one; added fields and tables are
 * no reason.
 */
const FORMAT = 1
/** A frame of rows is closed once it is at least this long. */
const ROWS_BYTES = 64 << 10
/** Fixed: a snapshot is read from its beginning, nobody searches for frames in it. */
const SEED = 0x6c696374

const KIND = { head: 1, rows: 2, tail: 3 } as const

const headCodec = struct({
  format: uint,
  index: uint,
  term: uint,
  tables: list(struct({ name: str, index: uint, rows: uint })),
})
type Head = Infer<typeof headCodec>

const tailCodec = struct({ rows: uint })

/**
 * The state as it is now, whatever is applied while the chunks are taken. They can be walked more
 * than once.
 */
export function snapshotChunks(fsm: Fsm): Iterable<Uint8Array> {
  const view = viewOf(fsm.store)
  const { applied } = fsm
  return { [Symbol.iterator]: () => writeChunks(view, applied) }
}

function* writeChunks(view: View, applied: Position): Generator<Uint8Array> {
  let link = firstLink(SEED)
  const framed = (kind: number, payload: Uint8Array): Uint8Array => {
    const encoded = encodeFrames(link, [{ kind, joins: false, payload }])
    link = encoded.link
    return encoded.bytes
  }
  yield framed(KIND.head, encode(headCodec, headOf(view, applied)))
  let rows = 0
  for (const batch of batchesOf(view)) {
    rows += batch.rows
    yield framed(KIND.rows, concatBytes(batch.parts))
  }
  yield framed(KIND.tail, encode(tailCodec, { rows }))
}

const headOf = (view: View, { index, term }: Position): Head => ({
  format: FORMAT,
  index,
  term,
  tables: indexesOf(view).map(({ table, index: changed }) => ({
    name: table.name,
    index: changed,
    rows: countRows(view, table),
  })),
})

/** Rows of one table. */
interface Batch {
  readonly stored: StoredTable
  readonly parts: Uint8Array[]
  rows: number
  bytes: number
}

function* batchesOf(view: View): Generator<Batch> {
  let batch: Batch | undefined
  for (const { table, row } of rowsOf(view)) {
    if (batch !== undefined && (batch.stored.table !== table || batch.bytes >= ROWS_BYTES)) {
      yield batch
      batch = undefined
    }
    batch ??= openBatch(table)
    const encoded = encode(batch.stored.codec, row)
    batch.parts.push(encoded)
    batch.rows++
    batch.bytes += encoded.length
  }
  if (batch !== undefined) yield batch
}

function openBatch(table: AnyTable): Batch {
  const slot = TABLES.findIndex((stored) => stored.table === table)
  const stored = present(TABLES[slot], 'a table of the store in the list')
  return { stored, parts: [encode(uint, slot)], rows: 0, bytes: 0 }
}

/** Why a stream is not taken. */
export type SnapshotFlaw =
  | Flaw
  /** The stream ends before its tail. */
  | 'truncated'
  /** There is something behind the tail. */
  | 'excess'
  /** A head, row or tail cannot be read. */
  | 'unreadable'
  /** Written by a later version: another format, or a table that is unknown here. */
  | 'format'
  /** Rows are out of order or not as many as announced. */
  | 'rows'

/** The stream is refused; nothing has changed. */
export class SnapshotError extends Error {
  override readonly name = 'SnapshotError'
  readonly flaw: SnapshotFlaw
  /** The offset of the frame that is bad. */
  readonly at: number
  constructor(flaw: SnapshotFlaw, at: number, what: string) {
    super(`the snapshot is refused: ${what} (${flaw}, byte ${at})`)
    this.flaw = flaw
    this.at = at
  }
}

/**
 * Replaces the whole state by that of the stream. Throws a SnapshotError, and then nothing has
 * changed.
 */
export function restoreFsm(fsm: Fsm, chunks: Iterable<Uint8Array>): ReadonlySet<Waiter> {
  const frames = framesOf(chunks)
  try {
    const head = readHead(frames)
    const tables = head.tables.map(({ name }) => tableNamed(name))
    if (new Set(tables).size < tables.length) {
      throw new SnapshotError('unreadable', 0, 'a table is announced twice')
    }
    const indexes = tables.map(({ table }, slot) => ({
      table,
      index: head.tables[slot]?.index ?? 0,
    }))
    const fired = restore(fsm.store, { indexes, rows: readRows(frames, { head, tables }) })
    fsm.applied = { index: logIndex(head.index), term: term(head.term) }
    return fired
  } finally {
    frames.return(undefined) // lets the source of the chunks go
  }
}

/** Cuts a stream into frames, however it arrives. Holds one frame and one chunk at a time. */
function* framesOf(chunks: Iterable<Uint8Array>): Generator<FoundFrame> {
  let link: Link = firstLink(SEED)
  let held: Uint8Array[] = []
  let size = 0
  let needed = FRAME_HEAD_BYTES
  let base = 0
  for (const chunk of chunks) {
    held.push(chunk)
    size += chunk.length
    if (size < needed) continue
    const bytes = held.length === 1 ? chunk : concatBytes(held)
    const scanned = scanFrames(bytes, link)
    for (const frame of scanned.frames) yield { ...frame, at: base + frame.at }
    const rest = bytes.subarray(scanned.end)
    base += scanned.end
    link = scanned.link
    checkRest(scanned.verdict, rest, base)
    held = [rest]
    size = rest.length
    needed = size < FRAME_HEAD_BYTES ? FRAME_HEAD_BYTES : announcedBytes(rest, 0)
  }
  if (size > 0) throw new SnapshotError('short', base, 'it ends inside a frame')
}

/** What is left may be the beginning of a frame, and nothing else. */
function checkRest(verdict: Verdict, rest: Uint8Array, base: number): void {
  if (rest.length < FRAME_HEAD_BYTES) return
  if (verdict.type === 'end') throw new SnapshotError('gap', base, 'zeros where a frame is due')
  if (verdict.flaw === 'short') return
  throw new SnapshotError(verdict.flaw, base, 'a frame is damaged')
}

function readHead(frames: Iterator<FoundFrame>): Head {
  const first = frames.next()
  if (first.done) throw new SnapshotError('truncated', 0, 'it is empty')
  if (first.value.kind !== KIND.head) {
    throw new SnapshotError('unreadable', 0, 'it does not begin with a head')
  }
  const head = readWhole(headCodec, first.value)
  if (head.format !== FORMAT) {
    throw new SnapshotError('format', 0, `format ${head.format} is not ${FORMAT}`)
  }
  return head
}

function readWhole<T>(codec: Codec<T>, { at, payload }: FoundFrame): T {
  const decoded = decode(codec, payload)
  if (!decoded.ok) throw new SnapshotError('unreadable', at, decoded.fault.why)
  if (decoded.used < payload.length) {
    throw new SnapshotError('unreadable', at, 'a frame is longer than its content')
  }
  return decoded.value
}

function tableNamed(name: string): StoredTable {
  const stored = TABLES.find(({ table }) => table.name === name)
  if (stored === undefined) throw new SnapshotError('format', 0, `the table ${name} is unknown`)
  return stored
}

interface Announced {
  readonly head: Head
  /** In the order of the head. */
  readonly tables: readonly StoredTable[]
}

/**
 * All rows, checked as they pass; it does not come to its end unless the stream is good to the last
 * byte.
 */
function* readRows(frames: Iterator<FoundFrame>, announced: Announced): Generator<StoredRow> {
  const counts = announced.tables.map(() => 0)
  let last = { slot: -1, key: '' }
  let at = 0
  for (;;) {
    const next = frames.next()
    if (next.done) throw new SnapshotError('truncated', at, 'it ends before its tail')
    const frame = next.value
    at = frame.at
    if (frame.kind === KIND.tail) return checkTail(frames, frame, { ...announced, counts })
    if (frame.kind !== KIND.rows) {
      throw new SnapshotError('unreadable', frame.at, `a frame of kind ${frame.kind}`)
    }
    const { slot, stored, rows } = readBatch(frame, announced)
    for (const row of rows) {
      const key = stored.table.key(row)
      const rises = slot > last.slot || (slot === last.slot && key > last.key)
      if (!rises) throw new SnapshotError('rows', at, 'rows are out of order')
      last = { slot, key }
      counts[slot] = (counts[slot] ?? 0) + 1
      yield { table: stored.table, row }
    }
  }
}

/** A row that could be written must be readable, however large it is: the frame is the bound. */
const AS_WRITTEN = { bytesMax: FRAME_PAYLOAD_MAX, itemsMax: FRAME_PAYLOAD_MAX }

function readBatch(frame: FoundFrame, { tables }: Announced) {
  const input = createReader(frame.payload, 0, AS_WRITTEN)
  const slot = uint.read(input)
  const stored = tables[slot]
  if (stored === undefined) throw new SnapshotError('unreadable', frame.at, `no table ${slot}`)
  const rows: unknown[] = []
  while (input.fault === undefined && input.at < frame.payload.length) {
    rows.push(stored.codec.read(input))
  }
  if (input.fault !== undefined) throw new SnapshotError('unreadable', frame.at, input.fault.why)
  return { slot, stored, rows }
}

function checkTail(
  frames: Iterator<FoundFrame>,
  frame: FoundFrame,
  { head, counts }: Announced & { readonly counts: readonly number[] },
): void {
  const { rows } = readWhole(tailCodec, frame)
  const total = counts.reduce((sum, count) => sum + count, 0)
  const asAnnounced = head.tables.every((table, slot) => table.rows === counts[slot])
  if (rows !== total || !asAnnounced) {
    throw new SnapshotError('rows', frame.at, `${total} rows were found, other numbers announced`)
  }
  if (!frames.next().done) throw new SnapshotError('excess', frame.at, 'something follows its tail')
}

/**
 * A number that two servers with equal state share, and others hardly ever: a checksum of all rows
 * and table indexes. Walks the whole state.
 */
export function hashState(fsm: Fsm): number {
  let hash = 0
  for (const chunk of snapshotChunks(fsm)) hash = crc32(chunk, hash)
  return hash
}
