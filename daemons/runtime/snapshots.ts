// Snapshots: the whole state at one index, in a file of its own, so that the log before it can go.
// Written beside, synced, then named: what bears the name of a snapshot was whole once. Two are
// kept; should the newest have rotted, the one before serves together with the log (data-dir.ts
// keeps the log that it needs).
//
//   │ head (512) │ frame │ frame │ … │ end │
//
// One frame for each chunk, each tied to the one before (core/wire/frame.ts); the last says how
// many there were. A flipped bit is found wherever it is. The state is asked for chunk by chunk and
// written in small pieces, so that requests go on meanwhile.
import { join } from 'node:path'
import type { SnapshotOrder } from '../../core/agent/effects.ts'
import { assert } from '../../core/assert.ts'
import { concatBytes } from '../../core/bytes.ts'
import type { Recovered } from '../../core/entry.ts'
import { type LogIndex, logIndex, type Term, term } from '../../core/ids.ts'
import {
  announcedBytes,
  encodeFrames,
  FRAME_HEAD_BYTES,
  firstLink,
  type Link,
  readFrame,
} from '../../core/wire/frame.ts'
import { DataDirRefused, DiskFailure, isFull, newerFormat, otherNode } from './disk-errors.ts'
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
import { type FileSystem, type OpenFile, publish, writeAll } from './files.ts'
import type { LogFolder } from './wal-recover.ts'

/** One write of a snapshot; between two the process serves requests. */
const WRITE_BYTES = 64 << 10
/** Read at once when a snapshot is loaded. */
const READ_BYTES = 1 << 20
const KEPT = 2
const UNFINISHED = 'unfinished'
const NAME = /^snapshot-(\d{16})-(\d{16})$/

const HEAD = { magic: 'lictor-s', format: 1 }
const NODE_ID_AT = 64
const KIND = { chunk: 1, end: 2 } as const

export interface SnapshotOptions extends LogFolder {
  /** 32 random bits for each snapshot. */
  readonly random: () => number
}

/** A file that holds a snapshot. */
interface Kept {
  readonly index: LogIndex
  readonly term: Term
  readonly path: string
}

export interface Snapshots {
  readonly options: SnapshotOptions
  /** Oldest first; all read well or were written by us. */
  kept: Kept[]
  /** Found damaged at start; they go when a new one stands. */
  damaged: Kept[]
  isSaving: boolean
}

export interface OpenedSnapshots {
  readonly snapshots: Snapshots
  /** The newest that reads well. Its chunks are read, and checked again, as they are asked for. */
  readonly newest: Recovered['snapshot']
}

/**
 * What stands in the way of the newest snapshot is told in the log; whether the one before it will
 * do is for the caller.
 */
export async function openSnapshots(options: SnapshotOptions): Promise<OpenedSnapshots> {
  const { files, dir } = options
  const names = await files.list(dir)
  if (names.includes(UNFINISHED)) await files.unlink(join(dir, UNFINISHED))
  const kept = names.flatMap((name) => keptOf(dir, name))
  const damaged: Kept[] = []
  for (let last = kept.at(-1); last !== undefined; last = kept.at(-1)) {
    if (isWhole(options, last)) break
    kept.pop()
    damaged.push(last)
  }
  const last = kept.at(-1)
  const newest = last && { index: last.index, term: last.term, chunks: chunksOf(options, last) }
  return { snapshots: { options, kept, damaged, isSaving: false }, newest }
}

function keptOf(dir: string, name: string): Kept[] {
  const [, index, inTerm] = NAME.exec(name) ?? []
  if (index === undefined) return []
  return [{ index: logIndex(Number(index)), term: term(Number(inTerm)), path: join(dir, name) }]
}

const nameOf = (index: LogIndex, inTerm: Term): string =>
  `snapshot-${String(index).padStart(16, '0')}-${String(inTerm).padStart(16, '0')}`

function isWhole(options: SnapshotOptions, snapshot: Kept): boolean {
  try {
    for (const chunk of chunksOf(options, snapshot)) assert(chunk, 'a chunk is there')
    return true
  } catch (error) {
    if (!isDamage(error)) throw error
    const { message } = error
    options.log({ level: 'error', room: 'snapshot', message, fields: { file: snapshot.path } })
    return false
  }
}

/** What is in the file cannot be had: it reads wrong, or the disk cannot read it. */
const isDamage = (error: unknown): error is DataDirRefused | DiskFailure =>
  (error instanceof DataDirRefused && error.why === 'corrupt') ||
  (error instanceof DiskFailure && error.errno === 'EIO')

/**
 * Can be iterated more than once. Throws a DataDirRefused that names file and offset where
 * something is wrong.
 */
function chunksOf(options: SnapshotOptions, snapshot: Kept): Iterable<Uint8Array> {
  return { [Symbol.iterator]: () => readChunks(options, snapshot) }
}

function* readChunks(
  { files, nodeId }: SnapshotOptions,
  { path, index, term }: Kept,
): Generator<Uint8Array, void> {
  const source = createSource(files, path)
  let link = readHead(source, { nodeId, index, term })
  let at = HEAD_BYTES
  for (let count = 0; ; count++) {
    const { kind, payload, end, checksum } = frameAt(source, at, link)
    at = end
    link = { seed: link.seed, last: checksum }
    if (kind === KIND.chunk) yield payload
    else {
      if (uint64(viewOf(payload), 0) !== count || source.bytesAt(at, 1).length > 0)
        throw damaged(path, at)
      return
    }
  }
}

/** Bytes of a file, a large piece at a time. */
interface Source {
  readonly path: string
  /** As many as asked for; fewer only at the end of the file. */
  bytesAt(offset: number, length: number): Uint8Array
}

function createSource(files: FileSystem, path: string): Source {
  let piece = new Uint8Array(0)
  let from = 0
  return {
    path,
    bytesAt(offset, length) {
      if (offset < from || offset + length > from + piece.length) {
        const wanted = new Uint8Array(Math.max(length, READ_BYTES))
        piece = wanted.subarray(0, readFully(files, { path, into: wanted, offset }))
        from = offset
      }
      return piece.subarray(offset - from, offset - from + length)
    },
  }
}

function readFully(
  files: FileSystem,
  { path, into, offset }: { path: string; into: Uint8Array; offset: number },
): number {
  let done = 0
  while (done < into.length) {
    const count = files.readSync(path, into.subarray(done), offset + done)
    if (count === 0) break
    done += count
  }
  return done
}

/** The link of the first frame, if the head is that of the snapshot which the name promises. */
function readHead(
  { path, bytesAt }: Source,
  expected: { nodeId: string; index: LogIndex; term: Term },
): Link {
  const found = findHead(bytesAt(0, HEAD_BYTES), HEAD)
  if (found.type === 'newer') throw newerFormat(path, found.format)
  if (found.type === 'damaged') throw damaged(path, 0)
  const view = viewOf(found.bytes)
  const nodeId = idAt(found.bytes, NODE_ID_AT)
  if (nodeId !== expected.nodeId) throw otherNode(path, { theirs: nodeId, ours: expected.nodeId })
  const isNamed = uint64(view, 24) === expected.index && uint64(view, 32) === expected.term
  if (!isNamed) throw damaged(path, 0)
  return firstLink(found.sum)
}

function frameAt({ path, bytesAt }: Source, at: number, link: Link) {
  const head = bytesAt(at, FRAME_HEAD_BYTES)
  if (head.length < FRAME_HEAD_BYTES) throw damaged(path, at)
  const probe = readFrame(head, 0, link.seed)
  if (probe.type === 'flaw' && probe.flaw === 'head') throw damaged(path, at) // no length to trust
  const read = readFrame(bytesAt(at, announcedBytes(head, 0)), 0, link.seed)
  if (read.type !== 'frame') throw damaged(path, at)
  if (read.chain !== link.last) throw damaged(path, at)
  const { kind, payload } = read.frame
  return { kind, payload, end: at + read.end, checksum: read.checksum }
}

const damaged = (path: string, at: number): DataDirRefused =>
  new DataDirRefused('corrupt', `${path} is damaged at byte ${at}`)

/** One at a time; may run beside writes to the log. `full`: nothing of it is left. */
export async function saveSnapshot(
  snapshots: Snapshots,
  order: SnapshotOrder,
): Promise<'saved' | 'full'> {
  assert(!snapshots.isSaving, 'one snapshot is under way at a time')
  const newest = snapshots.kept.at(-1)
  assert(order.index >= (newest?.index ?? 0), 'snapshots never go back')
  if (order.index === newest?.index) return 'saved'
  snapshots.isSaving = true
  try {
    const path = await write(snapshots.options, order)
    if (path === 'full') return 'full'
    snapshots.kept.push({ index: order.index, term: order.term, path })
    await forgetOld(snapshots)
    return 'saved'
  } finally {
    snapshots.isSaving = false
  }
}

async function write(options: SnapshotOptions, order: SnapshotOrder): Promise<string | 'full'> {
  const { files, dir } = options
  const path = join(dir, nameOf(order.index, order.term))
  let file: OpenFile | undefined
  try {
    file = await files.create(join(dir, UNFINISHED))
    for await (const [offset, bytes] of piecesOf(options, order))
      await writeAll(file, bytes, offset)
    await file.datasync()
    await publish(files, file.path, path)
  } catch (error) {
    if (!isFull(error)) throw error
    if (file !== undefined) await discard(files, file)
    return 'full'
  }
  await file.close()
  return path
}

async function discard(files: FileSystem, file: OpenFile): Promise<void> {
  await file.close()
  await files.unlink(file.path)
}

/** The bytes of the file in pieces worth a write, with their offsets. */
function* piecesOf(
  options: SnapshotOptions,
  order: SnapshotOrder,
): Generator<readonly [number, Uint8Array], void> {
  const head = headOf(options, order)
  let held = [head.bytes]
  let heldBytes = HEAD_BYTES
  let offset = 0
  for (const bytes of framesOf(head.link, order.chunks)) {
    held.push(bytes)
    heldBytes += bytes.length
    if (heldBytes < WRITE_BYTES) continue
    yield [offset, concatBytes(held)]
    offset += heldBytes
    held = []
    heldBytes = 0
  }
  yield [offset, concatBytes(held)]
}

function* framesOf(first: Link, chunks: Iterable<Uint8Array>): Generator<Uint8Array, void> {
  let link = first
  let count = 0
  const frame = (kind: number, payload: Uint8Array): Uint8Array => {
    const encoded = encodeFrames(link, [{ kind, joins: false, payload }])
    link = encoded.link
    return encoded.bytes
  }
  for (const chunk of chunks) {
    yield frame(KIND.chunk, chunk)
    count++
  }
  const end = new Uint8Array(8)
  putUint64(viewOf(end), 0, count)
  yield frame(KIND.end, end)
}

function headOf(
  { nodeId, random }: SnapshotOptions,
  order: SnapshotOrder,
): { bytes: Uint8Array; link: Link } {
  const bytes = new Uint8Array(HEAD_BYTES)
  const view = viewOf(bytes)
  view.setUint32(FIELDS_AT, random(), true)
  putUint64(view, 24, order.index)
  putUint64(view, 32, order.term)
  putId(bytes, NODE_ID_AT, nodeId)
  return { bytes, link: firstLink(finishHead(bytes, HEAD)) }
}

/** Keeps two. Only now, when a new one stands, those that were damaged may go. */
async function forgetOld(snapshots: Snapshots): Promise<void> {
  const { files, dir } = snapshots.options
  const old = [...snapshots.damaged, ...snapshots.kept.slice(0, -KEPT)]
  snapshots.damaged = []
  snapshots.kept = snapshots.kept.slice(-KEPT)
  for (const { path } of old) await files.unlink(path)
  if (old.length > 0) await files.syncDir(dir)
}

/**
 * The log from behind this entry on is needed to fall back on the older snapshot; undefined: all of
 * it is.
 */
export const neededBehind = ({ kept }: Snapshots): LogIndex | undefined =>
  kept.length < KEPT ? undefined : kept[0]?.index
