// Snapshots: the whole state at one index, in a file of its own, so that the log before it can go.
// Written beside, synced, then named: what bears the name of a snapshot was whole once. Two are
// kept; should the newest have rotted, the one before serves together with the log (data-dir.ts
// keeps the log that it needs). The bytes: snapshot-format.ts.
//
// A state of ours is asked for chunk by chunk and written in small pieces, so that requests go on
// meanwhile. A state that a leader sends is written as it comes, and named when raft says so.
import { join } from 'node:path'
import type { SnapshotOrder } from '../../core/agent/effects.ts'
import { assert } from '../../core/assert.ts'
import { concatBytes } from '../../core/bytes.ts'
import type { Covered, Recovered } from '../../core/entry.ts'
import { type LogIndex, logIndex, type Term, term } from '../../core/ids.ts'
import { DataDirRefused, DiskFailure, isFull } from './disk-errors.ts'
import { type OpenFile, publish, writeAll } from './files.ts'
import {
  beginSnapshot,
  encodeChunk,
  endSnapshot,
  readChunks,
  readCovered,
  type SnapshotFile,
  type SnapshotWriter,
} from './snapshot-format.ts'
import type { LogFolder } from './wal-recover.ts'

/** One write of a snapshot; between two the process serves requests. */
const WRITE_BYTES = 64 << 10
const KEPT = 2
const UNFINISHED = /^unfinished(-\d+)?$/
const NAME = /^snapshot-(\d{16})-(\d{16})$/
/** Snapshots that come at once: a leader sends one, and a new leader may send another. */
const ARRIVING_MAX = 4

export interface SnapshotOptions extends LogFolder {
  /** 32 random bits for each snapshot. */
  readonly random: () => number
}

/** A file that holds a snapshot. */
interface Kept extends SnapshotFile {
  /** Of all chunks. */
  readonly bytes: number
}

export interface Snapshots {
  readonly options: SnapshotOptions
  /** Oldest first; all read well or were written by us. */
  kept: Kept[]
  /** Found damaged at start; they go when a new one stands. */
  damaged: SnapshotFile[]
  isSaving: boolean
  /** Some are on their way to us. */
  readonly arriving: Set<Arriving>
  lastArriving: number
}

/** A snapshot that comes piece by piece. */
export interface Arriving {
  readonly head: Covered
  readonly file: OpenFile
  readonly writer: SnapshotWriter
  /** Encoded, and not yet written. */
  held: Uint8Array[]
  heldBytes: number
  offset: number
  /** Of all chunks. */
  bytes: number
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
  for (const name of names) if (UNFINISHED.test(name)) await files.unlink(join(dir, name))
  const found = names.flatMap((name) => fileOf(dir, name))
  const damaged: SnapshotFile[] = []
  const kept: Kept[] = []
  for (let last = found.pop(); last !== undefined; last = found.pop()) {
    const bytes = wholeBytes(options, last)
    if (bytes !== undefined) {
      kept.push(...found.map((older) => ({ ...older, bytes: 0 })), { ...last, bytes })
      break
    }
    damaged.push(last)
  }
  const last = kept.at(-1)
  const newest = last && { ...readCovered(options, last), chunks: chunksOf(options, last) }
  const snapshots: Snapshots = {
    options,
    kept,
    damaged,
    isSaving: false,
    arriving: new Set(),
    lastArriving: 0,
  }
  return { snapshots, newest }
}

function fileOf(dir: string, name: string): SnapshotFile[] {
  const [, index, inTerm] = NAME.exec(name) ?? []
  if (index === undefined) return []
  return [{ index: logIndex(Number(index)), term: term(Number(inTerm)), path: join(dir, name) }]
}

const nameOf = (index: LogIndex, inTerm: Term): string =>
  `snapshot-${String(index).padStart(16, '0')}-${String(inTerm).padStart(16, '0')}`

/** The bytes of all its chunks; undefined: it is damaged. */
function wholeBytes(options: SnapshotOptions, snapshot: SnapshotFile): number | undefined {
  let bytes = 0
  try {
    for (const chunk of chunksOf(options, snapshot)) bytes += chunk.length
    return bytes
  } catch (error) {
    if (!isDamage(error)) throw error
    const { message } = error
    options.log({ level: 'error', room: 'snapshot', message, fields: { file: snapshot.path } })
    return undefined
  }
}

/** What is in the file cannot be had: it reads wrong, or the disk cannot read it. */
const isDamage = (error: unknown): error is DataDirRefused | DiskFailure =>
  (error instanceof DataDirRefused && error.why === 'corrupt') ||
  (error instanceof DiskFailure && error.errno === 'EIO')

/** Can be iterated more than once. Throws where something is wrong. */
const chunksOf = (options: SnapshotOptions, file: SnapshotFile): Iterable<Uint8Array> => ({
  [Symbol.iterator]: () => readChunks(options, file),
})

/** The content of the snapshot at `index`; undefined: there is none such any more. */
export function contentOf(
  { options, kept }: Snapshots,
  index: LogIndex,
): { size: number; chunks: Iterable<Uint8Array> } | undefined {
  const found = kept.find((one) => one.index === index)
  return found && { size: found.bytes, chunks: chunksOf(options, found) }
}

/** One at a time; may run beside writes to the log. `full`: nothing of it is left. */
export async function saveSnapshot(
  snapshots: Snapshots,
  order: SnapshotOrder,
): Promise<'saved' | 'full'> {
  assert(!snapshots.isSaving, 'one snapshot is under way at a time')
  const newest = snapshots.kept.at(-1)
  assert(order.index >= (newest?.index ?? 0), 'snapshots never go back')
  return order.index === newest?.index ? 'saved' : replaceSnapshot(snapshots, order)
}

/** Also where there is one of the same entry already, which says something else of the servers. */
export async function replaceSnapshot(
  snapshots: Snapshots,
  order: SnapshotOrder,
): Promise<'saved' | 'full'> {
  snapshots.isSaving = true
  try {
    return await save(snapshots, order)
  } catch (error) {
    if (!isFull(error)) throw error
    return 'full'
  } finally {
    snapshots.isSaving = false
  }
}

async function save(snapshots: Snapshots, order: SnapshotOrder): Promise<'saved'> {
  const arriving = await begin(snapshots, order, 'unfinished')
  try {
    for (const chunk of order.chunks) await writeChunk(arriving, chunk)
    await endWriting(arriving)
  } catch (error) {
    if (isFull(error)) await discard(snapshots, arriving)
    throw error
  }
  await keep(snapshots, arriving)
  return 'saved'
}

/** A snapshot that comes from elsewhere, beside all others. Rejects when there is no room. */
export async function beginArriving(snapshots: Snapshots, head: Covered): Promise<Arriving> {
  const { arriving } = snapshots
  if (arriving.size >= ARRIVING_MAX) throw new Error(`${ARRIVING_MAX} snapshots arrive already`)
  const begun = await begin(snapshots, head, `unfinished-${++snapshots.lastArriving}`)
  arriving.add(begun)
  return begun
}

async function begin({ options }: Snapshots, head: Covered, name: string): Promise<Arriving> {
  const { files, dir, nodeId, random } = options
  const file = await files.create(join(dir, name))
  const { bytes, writer } = beginSnapshot(head, { nodeId, salt: random() })
  const heldBytes = bytes.reduce((sum, { length }) => sum + length, 0)
  return { head, file, writer, held: [...bytes], heldBytes, offset: 0, bytes: 0 }
}

/** Pieces worth a write are written. */
export async function writeChunk(arriving: Arriving, chunk: Uint8Array): Promise<void> {
  const bytes = encodeChunk(arriving.writer, chunk)
  arriving.held.push(bytes)
  arriving.heldBytes += bytes.length
  arriving.bytes += chunk.length
  if (arriving.heldBytes >= WRITE_BYTES) await flush(arriving)
}

async function flush(arriving: Arriving): Promise<void> {
  const { file, held, heldBytes, offset } = arriving
  arriving.held = []
  arriving.heldBytes = 0
  arriving.offset += heldBytes
  await writeAll(file, concatBytes(held), offset)
}

/** All of it is there, and durable; it has no name yet. */
export async function endWriting(arriving: Arriving): Promise<void> {
  arriving.held.push(endSnapshot(arriving.writer))
  await flush(arriving)
  await arriving.file.datasync()
}

/** Gives it its name. An older one than what is there already is of no use. */
export async function keepArrived(snapshots: Snapshots, arrived: Arriving): Promise<void> {
  const { index } = arrived.head
  const isNews = snapshots.kept.every((one) => one.index < index)
  if (!isNews) return discard(snapshots, arrived)
  snapshots.arriving.delete(arrived)
  await keep(snapshots, arrived)
}

export async function discard(snapshots: Snapshots, arriving: Arriving): Promise<void> {
  snapshots.arriving.delete(arriving)
  await arriving.file.close()
  await snapshots.options.files.unlink(arriving.file.path)
}

async function keep(snapshots: Snapshots, { file, head, bytes }: Arriving): Promise<void> {
  const { files, dir } = snapshots.options
  const { index, term: inTerm } = head
  const path = join(dir, nameOf(index, inTerm))
  await publish(files, file.path, path)
  await file.close()
  const isOther = (one: SnapshotFile) => one.path !== path
  snapshots.damaged = snapshots.damaged.filter(isOther)
  const others = snapshots.kept.filter(isOther)
  const kept = [...others, { index, term: inTerm, path, bytes }]
  snapshots.kept = kept.sort((a, b) => a.index - b.index)
  await forgetOld(snapshots)
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
