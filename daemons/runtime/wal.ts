// The write-ahead log: what a persist holds is on the disk when `write` says so, or nothing of it
// stands. One write that syncs for each persist; what gathers meanwhile is the next persist (core
// decides that). The bytes: wal-format.ts; reading them back at start: wal-recover.ts.
//
// Segments are filled with zeros and synced before they take a write, so that a write changes no
// size and needs no room. The next one is made ready when the last is half full. Where it would
// leave too little room for snapshots and for others, writes are refused before they begin. A vote
// is still taken then: the end of each segment is kept for it, and the rest of the disk.
//
// A failed sync is never tried again: the log refuses everything from then on, and the process ends
// (exit 71). Only a disk that is full is an outcome.
import { join } from 'node:path'
import { assert } from '../../core/assert.ts'
import { equalBytes } from '../../core/bytes.ts'
import type { Persist, Vote } from '../../core/entry.ts'
import { type LogIndex, logIndex, type Term, term } from '../../core/ids.ts'
import type { Link } from '../../core/wire/frame.ts'
import { DataDirRefused, DiskFailure, isFull } from './disk-errors.ts'
import { HEAD_BYTES } from './file-head.ts'
import { type FileSystem, type OpenFile, readAll, writeAll } from './files.ts'
import type { Passenger } from './redo.ts'
import {
  alignUp,
  BARE_WRITE_BYTES,
  encodeBare,
  encodeSegmentHead,
  encodeWrite,
  KIND,
  writeBytes,
} from './wal-format.ts'
import {
  type LogFolder,
  listSegments,
  type OldSegment,
  type RecoveredLog,
  recoverLog,
  segmentName,
} from './wal-recover.ts'

/**
 * Of one segment: what the disk gives up for an agent that hardly writes, against how often a new
 * one is due.
 */
export const SEGMENT_BYTES = 16 << 20
const SEGMENT_BYTES_MIN = 16 << 10
/**
 * Kept at the end of a segment for votes, of which each takes a few hundred bytes, and for the
 * seal.
 */
const VOTE_RESERVE_BYTES = 4 << 10
/** So much of the disk is left free by entries, or of a small one this share. */
const LEFT_BYTES_MAX = 256 << 20
const LEFT_SHARE = 0.05
const ZERO_CHUNK_BYTES = 1 << 20
const SPARE = 'spare'

export interface WalOptions extends LogFolder {
  /** 32 random bits for each segment. */
  readonly random: () => number
  readonly segmentBytes: number
  /** The index of the first entry of a log that does not exist yet; undefined: it must exist. */
  readonly createAt: LogIndex | undefined
  /** A snapshot covers the entries up to here: they need not come back. 0: there is none. */
  readonly behind: LogIndex
}

export interface OpenedWal {
  readonly wal: Wal
  readonly recovered: Pick<RecoveredLog, 'vote' | 'entries' | 'nextIndex' | 'redo'>
}

export async function openWal(options: WalOptions): Promise<OpenedWal> {
  const { files, dir, createAt } = options
  assert(options.segmentBytes >= SEGMENT_BYTES_MIN, 'a segment has room for its head and reserve')
  assert(options.segmentBytes % HEAD_BYTES === 0, 'a segment is a number of whole sectors')
  if ((await files.list(dir)).includes(SPARE)) await files.unlink(join(dir, SPARE))
  const names = await listSegments(options)
  if (names.length > 0)
    return openExisting(options, await recoverLog(options, names, options.behind))
  if (createAt === undefined)
    throw new DataDirRefused(
      'corrupt',
      `${dir} holds no segment of the log, and this data folder had one: restore it from a backup`,
    )
  const vote = { term: term(0), votedFor: '' }
  const recovered = { vote, entries: [], nextIndex: createAt, redo: [] }
  return { wal: new Wal(options, await createFirst(options, recovered), recovered), recovered }
}

async function openExisting(options: WalOptions, recovered: RecoveredLog): Promise<OpenedWal> {
  const { last, older } = recovered
  const file = await openForWrites(options.files, last.path)
  await mend(file, last)
  const { path, sequence, bytes, at, link, highest } = last
  const segment = { file, path, sequence, bytes, at, link, highest }
  return { wal: new Wal(options, { segment, older }, recovered), recovered }
}

/** Each write into a segment is durable when it returns. */
const openForWrites = (files: FileSystem, path: string): Promise<OpenFile> =>
  files.openSynced(path, 'caller')

async function mend(file: OpenFile, last: RecoveredLog['last']): Promise<void> {
  if (last.mend === undefined && last.size === last.bytes) return
  if (last.size < last.bytes) await fillWithZeros(file, { from: last.size, to: last.bytes })
  if (last.mend !== undefined) await writeAll(file, last.mend.bytes, last.mend.at)
  await file.datasync()
}

interface Segment {
  readonly file: OpenFile
  readonly path: string
  readonly sequence: number
  readonly bytes: number
  /** Where the next write goes, and what it is tied to. */
  at: number
  link: Link
  /** Of the entries in it; 0: none. */
  highest: LogIndex
}

interface Standing {
  readonly vote: Vote
  readonly nextIndex: LogIndex
}

async function createFirst(
  options: WalOptions,
  standing: Standing,
): Promise<{ segment: Segment; older: readonly OldSegment[] }> {
  const spare = await createSpare(options, { bytes: options.segmentBytes, mayFill: true })
  const segment = spare === 'full' ? 'full' : await openSegment(options, { spare, standing })
  if (segment === 'full')
    throw new DataDirRefused(
      'full',
      `the disk is too full to begin the log in ${options.dir}: its first segment takes ` +
        `${options.segmentBytes} bytes. Make room, or use a folder on another disk`,
    )
  return { segment, older: [] }
}

/** A file of zeros, synced: ready to become a segment. */
interface Spare {
  readonly file: OpenFile
  readonly bytes: number
}

interface SpareWish {
  readonly bytes: number
  /** It may take what is left of the disk. */
  readonly mayFill: boolean
}

async function createSpare(
  { files, dir }: LogFolder,
  { bytes, mayFill }: SpareWish,
): Promise<Spare | 'full'> {
  const { free, total } = await files.space(dir)
  const left = mayFill ? 0 : Math.min(LEFT_BYTES_MAX, total * LEFT_SHARE)
  if (free < bytes + left) return 'full'
  let file: OpenFile | undefined
  try {
    file = await files.create(join(dir, SPARE))
    await fillWithZeros(file, { from: 0, to: bytes })
    await file.datasync()
    return { file, bytes }
  } catch (error) {
    if (!isFull(error)) throw error
    if (file !== undefined) await dropSpare(files, { file, bytes })
    return 'full'
  }
}

async function dropSpare(files: FileSystem, { file }: Spare): Promise<void> {
  await file.close()
  await files.unlink(file.path)
}

async function fillWithZeros(
  file: OpenFile,
  { from, to }: { from: number; to: number },
): Promise<void> {
  const zeros = new Uint8Array(Math.min(ZERO_CHUNK_BYTES, to - from))
  for (let at = from; at < to; at += zeros.length)
    await writeAll(file, zeros.subarray(0, to - at), at)
}

interface Opening {
  readonly spare: Spare
  readonly standing: Standing
  /** Undefined: the first segment of the log. */
  readonly previous?: Segment
}

/** Turns the spare into a segment: head, sync, name, sync of the folder. */
async function openSegment(
  options: WalOptions,
  { spare, standing, previous }: Opening,
): Promise<Segment | 'full'> {
  const { files, dir, nodeId } = options
  const sequence = (previous?.sequence ?? 0) + 1
  const head = encodeSegmentHead({
    nodeId,
    sequence,
    bytes: spare.bytes,
    salt: options.random(),
    previousEnd: previous?.at ?? 0,
    previousLast: previous?.link.last ?? 0,
    ...standing,
  })
  const path = join(dir, segmentName(sequence))
  try {
    await writeAll(spare.file, head.bytes, 0)
    await spare.file.datasync()
    await files.rename(spare.file.path, path)
  } catch (error) {
    if (!isFull(error)) throw error
    await dropSpare(files, spare)
    return 'full'
  }
  await files.syncDir(dir)
  await spare.file.close()
  const file = await openForWrites(files, path) // its failures must name the segment
  const { bytes } = spare
  return { file, path, sequence, bytes, at: HEAD_BYTES, link: head.link, highest: logIndex(0) }
}

export class Wal {
  readonly #options: WalOptions
  readonly #older: OldSegment[]
  #segment: Segment
  #vote: Vote
  #nextIndex: LogIndex
  /** Of the last entry; 0 where it is not known, as behind a truncation. */
  #lastTerm: Term
  /** Behind the last good write up to here there may be a part of one that found no room. */
  #dirtyEnd = 0
  /** Under way or ready. Never rejects. */
  #spare: Promise<Spare | 'full' | DiskFailure> | undefined
  #hasRoom = true
  #failed: DiskFailure | undefined
  #isWriting = false
  #isClosed = false
  /** Of the last write in this segment with which something went along. */
  #passenger: Passenger | undefined
  #trimmed: LogIndex = logIndex(0)
  #trimming: Promise<void> | undefined

  constructor(
    options: WalOptions,
    files: { readonly segment: Segment; readonly older: readonly OldSegment[] },
    standing: OpenedWal['recovered'],
  ) {
    this.#options = options
    this.#segment = files.segment
    this.#older = [...files.older]
    this.#vote = standing.vote
    this.#nextIndex = standing.nextIndex
    this.#lastTerm = standing.entries.at(-1)?.term ?? term(0)
  }

  /** One at a time. `full`: nothing of it stands. Rejects with a DiskFailure, once and for ever. */
  async write(persist: Persist, passenger?: Passenger): Promise<'durable' | 'full'> {
    assert(!this.#isWriting, 'one write is under way at a time')
    assert(!this.#isClosed, 'nothing is written to a closed log')
    this.#isWriting = true
    try {
      return await this.#guarded(() => this.#write(persist, passenger))
    } finally {
      this.#isWriting = false
    }
  }

  async #write(persist: Persist, passenger?: Passenger): Promise<'durable' | 'full'> {
    this.#check(persist)
    if (this.#dirtyEnd > this.#segment.at && !(await this.#wipe())) return 'full'
    if (!(await this.#makeRoom(persist, passenger))) return 'full'
    const segment = this.#segment
    const { bytes, link } = encodeWrite(segment, persist, passenger?.redo)
    assert(segment.at + bytes.length <= segment.bytes, 'a write stays inside its segment')
    if (!(await this.#append(bytes))) return 'full'
    segment.at += bytes.length
    segment.link = link
    if (passenger !== undefined) this.#passenger = passenger
    this.#take(persist)
    this.#prepareSpare()
    return 'durable'
  }

  #check(persist: Persist): void {
    const { truncateFrom, vote } = persist
    if (truncateFrom !== undefined)
      assert(truncateFrom <= this.#nextIndex, 'only what is there is truncated')
    if (vote !== undefined) assert(vote.term >= this.#vote.term, 'terms never fall')
    let next = this.#nextOf(persist)
    let lastTerm = next === this.#nextIndex ? this.#lastTerm : term(0)
    for (const entry of persist.entries) {
      assert(entry.index === next, 'entries follow on the log without a gap')
      assert(entry.term >= lastTerm, 'terms never fall along the log')
      next = logIndex(next + 1)
      lastTerm = entry.term
    }
  }

  /** False: no room, and nothing of the bytes can be read back as a write. */
  async #append(bytes: Uint8Array): Promise<boolean> {
    const { file, at } = this.#segment
    try {
      await writeAll(file, bytes, at)
      return true
    } catch (error) {
      if (!isFull(error)) throw error
      this.#dirtyEnd = at + bytes.length
      if (!(await this.#isThere(bytes))) return false // a part of a write is no write: it may wait
      // The whole write may be on the disk. It must not come back after it was refused.
      if (!(await this.#wipe())) throw error
      return false
    }
  }

  /** There was room for the bytes, if not for what makes them durable. */
  async #isThere(bytes: Uint8Array): Promise<boolean> {
    const { file, at } = this.#segment
    return equalBytes(await readAll(file, { offset: at, length: bytes.length }), bytes)
  }

  /**
   * Puts zeros where a refused write may have left something. Must be durable before another write
   * goes there: what a crash leaves of two writes in one place could not be told from damage.
   */
  async #wipe(): Promise<boolean> {
    const { file, at } = this.#segment
    try {
      await fillWithZeros(file, { from: at, to: this.#dirtyEnd })
      await file.datasync()
    } catch (error) {
      if (isFull(error)) return false
      throw error
    }
    this.#dirtyEnd = 0
    return true
  }

  /** Makes sure that the persist fits into the segment, if need be into a new one. */
  async #makeRoom(persist: Persist, passenger?: Passenger): Promise<boolean> {
    const bytes = writeBytes(persist, passenger?.redo)
    const reserve = persist.entries.length > 0 ? VOTE_RESERVE_BYTES : BARE_WRITE_BYTES
    if (this.#segment.at + bytes + reserve <= this.#segment.bytes) return true
    if ((await this.#passenger?.settle()) === 'full') return false // read from the last one only
    this.#passenger = undefined
    const needed = alignUp(HEAD_BYTES + bytes + VOTE_RESERVE_BYTES, HEAD_BYTES)
    const spare = await this.#takeSpare({
      bytes: Math.max(this.#options.segmentBytes, needed),
      mayFill: persist.entries.length === 0,
    })
    this.#tellRoom(spare !== 'full')
    if (spare === 'full') return false
    const standing = { vote: this.#vote, nextIndex: this.#nextIndex }
    const previous = this.#segment
    const segment = await openSegment(this.#options, { spare, standing, previous })
    if (segment === 'full') return false
    this.#segment = segment
    this.#older.push({ path: previous.path, highest: previous.highest })
    await this.#seal(previous)
    return true
  }

  /**
   * Says in the old segment that there is a next one. Without room it is left out: it only guards
   * against a lost file.
   */
  async #seal({ file, at, link }: Segment): Promise<void> {
    try {
      await writeAll(file, encodeBare({ at, link }, KIND.seal).bytes, at)
      await file.datasync()
    } catch (error) {
      if (!isFull(error)) throw error
    }
    await file.close()
  }

  async #takeSpare(wish: SpareWish): Promise<Spare | 'full'> {
    const spare = await this.#spare
    this.#spare = undefined
    if (spare instanceof DiskFailure) throw spare
    if (spare !== undefined && spare !== 'full') {
      if (spare.bytes >= wish.bytes) return spare
      await dropSpare(this.#options.files, spare)
    }
    return createSpare(this.#options, wish)
  }

  /** Once, however often it is tried. */
  #tellRoom(hasRoom: boolean): void {
    if (this.#hasRoom && !hasRoom)
      this.#options.log({
        level: 'warn',
        room: 'wal',
        message:
          'a new segment of the log would leave too little of the disk: no entries are taken',
        fields: { dir: this.#options.dir },
      })
    this.#hasRoom = hasRoom
  }

  #prepareSpare(): void {
    const { at, bytes } = this.#segment
    if (this.#spare !== undefined || at < bytes / 2) return
    const { segmentBytes } = this.#options
    const wish = { bytes: segmentBytes, mayFill: false }
    this.#spare = createSpare(this.#options, wish).catch((error: unknown) => {
      if (error instanceof DiskFailure) return error // for the write that wants the spare
      throw error
    })
  }

  /** The index that the first entry of the persist must have. */
  #nextOf({ truncateFrom, restartBehind }: Persist): LogIndex {
    if (restartBehind !== undefined) return logIndex(restartBehind + 1)
    return truncateFrom ?? this.#nextIndex
  }

  #take(persist: Persist): void {
    if (persist.vote !== undefined) this.#vote = persist.vote
    if (persist.restartBehind !== undefined) {
      for (const old of this.#older) old.highest = logIndex(0)
      this.#segment.highest = logIndex(0)
    }
    if (this.#nextOf(persist) !== this.#nextIndex) this.#lastTerm = term(0)
    this.#nextIndex = this.#nextOf(persist)
    const last = persist.entries.at(-1)
    if (last === undefined) return
    this.#nextIndex = logIndex(last.index + 1)
    this.#lastTerm = last.term
    if (last.index > this.#segment.highest) this.#segment.highest = last.index
  }

  /**
   * Removes the segments whose entries all stand at `through` or before it: a snapshot covers them.
   */
  trim(through: LogIndex): Promise<void> {
    assert(through < this.#nextIndex, 'what is trimmed is in the log')
    if (through > this.#trimmed) this.#trimmed = through
    this.#trimming ??= this.#guarded(() => this.#trim()).finally(() => {
      this.#trimming = undefined
    })
    return this.#trimming
  }

  /** One by one from the oldest on: a power cut must not leave a gap. */
  async #trim(): Promise<void> {
    const { files, dir } = this.#options
    for (let old = this.#older[0]; old !== undefined; old = this.#older[0]) {
      if (old.highest > this.#trimmed) return
      this.#older.shift()
      await files.unlink(old.path)
      await files.syncDir(dir)
    }
  }

  /** After the last write has returned. A mark says that all before it was synced. */
  async close(): Promise<void> {
    assert(!this.#isWriting, 'the log is closed after its last write')
    this.#isClosed = true
    await this.#trimming
    const spare = await this.#spare
    if (spare !== undefined && spare !== 'full' && !(spare instanceof DiskFailure))
      await dropSpare(this.#options.files, spare)
    if (this.#failed === undefined) await this.#mark()
    await this.#segment.file.close()
  }

  async #mark(): Promise<void> {
    const { at, bytes, link } = this.#segment
    if (at + BARE_WRITE_BYTES > bytes) return
    if (this.#dirtyEnd > at && !(await this.#wipe())) return
    await this.#append(encodeBare({ at, link }, KIND.mark).bytes)
  }

  /** After one failure of the disk there is no second try. */
  async #guarded<T>(work: () => Promise<T>): Promise<T> {
    if (this.#failed !== undefined) throw this.#failed
    try {
      return await work()
    } catch (error) {
      if (error instanceof DiskFailure) this.#failed = error
      throw error
    }
  }
}
