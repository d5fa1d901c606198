// Reading the log back at start: what stands, where the next write goes, and what is refused
// (reliability §4, the table).
//
//   found                                                decision
//   zeros behind the last write                          clean end
//   a flawed last write that a crash can have left       torn: cut, told, go on
//   a flaw with a later write behind it, or in a         damaged: refused by file, offset and
//     segment before the last, or that no crash leaves     index, never cut: it was acknowledged
//   a segment is missing                                 refused, never filled
//   segments of another node, or of a newer format       refused
import { join } from 'node:path'
import { assert, present } from '../../core/assert.ts'
import { concatBytes } from '../../core/bytes.ts'
import type { Entry, Vote } from '../../core/entry.ts'
import { type LogIndex, logIndex, term } from '../../core/ids.ts'
import type { LogLine } from '../../core/log.ts'
import { type FoundFrame, type Link, scanFrames } from '../../core/wire/frame.ts'
import { DataDirRefused, newerFormat, otherNode } from './disk-errors.ts'
import { HEAD_BYTES } from './file-head.ts'
import { type FileSystem, readAll } from './files.ts'
import type { Redo } from './redo.ts'
import {
  decodeRecords,
  decodeSegmentHead,
  isTear,
  KIND,
  type SegmentHead,
  type WalRecord,
} from './wal-format.ts'

export interface LogFolder {
  readonly files: FileSystem
  readonly dir: string
  readonly nodeId: string
  readonly log: (line: LogLine) => void
}

/** A segment that takes no more writes. */
export interface OldSegment {
  readonly path: string
  /** Of the entries in it; 0: none that matters. */
  highest: LogIndex
}

export interface RecoveredLog {
  readonly vote: Vote
  readonly entries: readonly Entry[]
  readonly nextIndex: LogIndex
  /** Of the last segment: what went along before is in its file for good. */
  readonly redo: readonly Redo[]
  readonly older: readonly OldSegment[]
  readonly last: LastSegment
}

/** The segment that takes the next write. */
interface LastSegment {
  readonly path: string
  readonly highest: LogIndex
  readonly sequence: number
  /** Of the file as it should be, and as it is: fewer where somebody has cut it. */
  readonly bytes: number
  readonly size: number
  /** Where the next write goes, and what it is tied to. */
  readonly at: number
  readonly link: Link
  /** What must be written again and synced before the log goes on; undefined after a clean end. */
  readonly mend: { readonly at: number; readonly bytes: Uint8Array } | undefined
}

const SEGMENT = /^segment-(\d{12})$/

export const segmentName = (sequence: number): string =>
  `segment-${String(sequence).padStart(12, '0')}`

/** The names of the segments in the folder, oldest first. */
export const listSegments = async ({ files, dir }: LogFolder): Promise<string[]> =>
  (await files.list(dir)).filter((name) => SEGMENT.test(name))

/** What the records of the segments read so far say. */
interface Replay {
  vote: Vote
  entries: Entry[]
  /** Of the entry that comes next. */
  next: LogIndex
  /** What a snapshot covers. */
  readonly behind: LogIndex
  readonly older: OldSegment[]
  /** Of the segment under way. */
  highest: LogIndex
  redo: Redo[]
}

interface Segment {
  readonly path: string
  /** All that it should be. */
  readonly bytes: Uint8Array
  /** Of the file as it is. */
  readonly size: number
  readonly head: SegmentHead
  readonly link: Link
}

/**
 * `names` as of listSegments, at least one. Segments that hold nothing behind `behind` (a snapshot
 * covers it) are not read.
 */
export async function recoverLog(
  folder: LogFolder,
  names: readonly string[],
  behind: LogIndex,
): Promise<RecoveredLog> {
  checkComplete(folder.dir, names)
  const needed = await readNeeded(folder, names, behind)
  const replay = startReplay(needed[0].head, behind)
  for (const name of names.slice(0, -needed.length))
    replay.older.push({ path: join(folder.dir, name), highest: logIndex(replay.next - 1) })
  const last = replayAll(folder, needed, replay)
  const { vote, entries, next, redo, older } = replay
  return { vote, entries, nextIndex: next, redo, older, last }
}

/** What stands before the first damage: nothing behind that is trusted. */
export async function salvageLog(
  folder: LogFolder,
  names: readonly string[],
  behind: LogIndex,
): Promise<Pick<RecoveredLog, 'vote' | 'entries' | 'redo'>> {
  for (let count = names.length; count > 0; count--) {
    const whole = names.slice(0, count)
    const needed = await unlessDamaged(async () => {
      checkComplete(folder.dir, whole)
      return readNeeded(folder, whole, behind)
    })
    if (needed === undefined) continue
    const replay = startReplay(needed[0].head, behind)
    await unlessDamaged(async () => replayAll(folder, needed, replay))
    return replay
  }
  return { vote: { term: term(0), votedFor: '' }, entries: [], redo: [] }
}

async function unlessDamaged<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof DataDirRefused && error.why === 'corrupt') return undefined
    throw error
  }
}

function replayAll(
  folder: LogFolder,
  [first, ...rest]: [Segment, ...Segment[]],
  replay: Replay,
): LastSegment {
  let segment = first
  for (const next of rest) {
    replayOlder(folder, { segment, next, replay })
    replay.older.push({ path: segment.path, highest: replay.highest })
    checkFollows(replay, next)
    segment = next
  }
  return replayLast(folder, segment, replay)
}

async function readNeeded(
  folder: LogFolder,
  names: readonly string[],
  behind: LogIndex,
): Promise<[Segment, ...Segment[]]> {
  const needed: Segment[] = []
  for (const name of names.toReversed()) {
    const segment = await readSegment(folder, name)
    if (segment.head.nextIndex <= behind + 1) return [segment, ...needed]
    needed.unshift(segment)
  }
  const [first, ...rest] = needed
  return [present(first, 'a segment'), ...rest]
}

function checkComplete(dir: string, names: readonly string[]): void {
  const first = sequenceOf(names[0] ?? '')
  for (const [at, name] of names.entries()) {
    if (sequenceOf(name) === first + at) continue
    throw new DataDirRefused(
      'corrupt',
      `${join(dir, segmentName(first + at))} is missing, and ${name} is there: the log has a ` +
        'gap, which is never filled. Bring the file back, or restore the data folder from a backup',
    )
  }
}

const sequenceOf = (name: string): number => Number(SEGMENT.exec(name)?.[1])

async function readSegment({ files, dir, nodeId }: LogFolder, name: string): Promise<Segment> {
  const path = join(dir, name)
  const file = await files.open(path)
  const found = await readAll(file, { offset: 0, length: await file.size() })
  await file.close()
  const read = decodeSegmentHead(found)
  if (read.type === 'newer') throw newerFormat(path, read.format)
  if (read.type === 'damaged') throw damagedHead(path)
  const { head, link } = read
  if (head.nodeId !== nodeId) throw otherNode(path, { theirs: head.nodeId, ours: nodeId })
  if (head.sequence !== sequenceOf(name)) throw damagedHead(path)
  if (found.length > head.bytes) throw damagedHead(path)
  // A file that was cut counts as zeros from there on: what was in it is judged like a torn write.
  const isCut = found.length < head.bytes
  const bytes = isCut ? concatBytes([found, new Uint8Array(head.bytes - found.length)]) : found
  return { path, bytes, size: found.length, head, link }
}

const damagedHead = (path: string): DataDirRefused =>
  new DataDirRefused(
    'corrupt',
    `${path} is damaged in its head, bytes 0 to ${HEAD_BYTES}: nothing in it can be trusted, so ` +
      'nothing is served. Restore the data folder from a backup',
  )

const startReplay = ({ vote, nextIndex }: SegmentHead, behind: LogIndex): Replay => ({
  vote,
  entries: [],
  next: nextIndex,
  behind,
  older: [],
  highest: logIndex(0),
  redo: [],
})

/** A segment that another one follows must hold all that it held when it was left. */
function replayOlder(
  { log }: LogFolder,
  { segment, next, replay }: { segment: Segment; next: Segment; replay: Replay },
): void {
  const { bytes, path } = segment
  const end = next.head.previousEnd
  const scanned = scanFrames(bytes.subarray(0, end), segment.link, HEAD_BYTES)
  replayFrames(replay, path, scanned.frames)
  const isWhole =
    scanned.verdict.type === 'end' &&
    scanned.end === end &&
    scanned.link.last === next.head.previousLast
  if (!isWhole) throw damaged(replay, path, scanned.end)
  if (!isSealOrNothing(bytes, { ...segment, link: scanned.link, end }))
    log({
      level: 'warn',
      room: 'wal',
      message: 'bytes behind the end of a finished segment are ignored',
      fields: { file: path, offset: end },
    })
}

function isSealOrNothing(bytes: Uint8Array, { link, end }: { link: Link; end: number }): boolean {
  const behind = scanFrames(bytes, link, end)
  return behind.verdict.type === 'end' && behind.frames.every(({ kind }) => kind === KIND.seal)
}

/** The head of a segment says again what the ones before it say. */
function checkFollows(replay: Replay, { path, head }: Segment): void {
  if (head.nextIndex !== replay.next) throw damagedHead(path)
  if (head.vote.term !== replay.vote.term) throw damagedHead(path)
  if (head.vote.votedFor !== replay.vote.votedFor) throw damagedHead(path)
  replay.highest = logIndex(0)
  replay.redo = []
}

function replayLast(folder: LogFolder, segment: Segment, replay: Replay): LastSegment {
  const { bytes, head, path } = segment
  const used = usedBytes(bytes)
  const scanned = scanFrames(bytes.subarray(0, used), segment.link, HEAD_BYTES)
  const { verdict, frames, end } = scanned
  replayFrames(replay, path, frames)
  const isDamaged =
    verdict.type === 'corrupt' || (verdict.type === 'torn' && !isTear(bytes, verdict))
  if (isDamaged) throw damaged(replay, path, end)
  const last = frames.at(-1)
  if (last?.kind === KIND.seal) throw missingNext(folder.dir, head.sequence)
  if (verdict.type === 'torn') tellTorn(folder, { path, end, next: replay.next })
  return {
    path,
    highest: replay.highest,
    sequence: head.sequence,
    bytes: head.bytes,
    size: segment.size,
    at: end,
    link: scanned.link,
    mend: mendOf(bytes.subarray(0, used), { last, end, isTorn: verdict.type === 'torn' }),
  }
}

/**
 * Most of a segment is zeros. Up to here there may be something else; a frame's head that begins
 * before it is within it.
 */
function usedBytes(bytes: Uint8Array): number {
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2)
  let used = words.length
  while (used > 0 && words[used - 1] === 0) used--
  return Math.min(bytes.length, Math.ceil((used << 2) / HEAD_BYTES) * HEAD_BYTES + HEAD_BYTES)
}

/**
 * After an unclean end the last write is in doubt even where it reads well: its sync may have
 * failed, and then the kernel shows what the disk does not hold. It is written and synced again,
 * with zeros over what is behind it.
 */
function mendOf(
  bytes: Uint8Array,
  { last, end, isTorn }: { last: FoundFrame | undefined; end: number; isTorn: boolean },
): LastSegment['mend'] {
  if (last?.kind === KIND.mark && !isTorn) return undefined
  const at = last?.at ?? HEAD_BYTES
  const mended = bytes.slice(at)
  mended.fill(0, end - at)
  return { at, bytes: mended }
}

function tellTorn(
  { log }: LogFolder,
  { path, end, next }: { path: string; end: number; next: LogIndex },
): void {
  log({
    level: 'warn',
    room: 'wal',
    message: 'cut off a write that a crash had torn: it was never acknowledged',
    fields: { file: path, offset: end, index: next },
  })
}

function damaged({ next, behind }: Replay, path: string, at: number): DataDirRefused {
  const giveUp =
    '. To give up that entry and all behind it, for good and knowingly: ' +
    `truncate -s ${at} ${path}, remove the segments with higher numbers, start again`
  return new DataDirRefused(
    'corrupt',
    `${path} is damaged at byte ${at}, where entry ${next} is due: what was acknowledged there ` +
      'is lost, and nothing is served. Restore the data folder from a backup' +
      // Not where the log would then end before the snapshot.
      (next > behind ? giveUp : ''),
  )
}

const missingNext = (dir: string, sequence: number): DataDirRefused =>
  new DataDirRefused(
    'corrupt',
    `${join(dir, segmentName(sequence + 1))} is missing: the log goes on in it. ` +
      'Bring the file back, or restore the data folder from a backup',
  )

function replayFrames(replay: Replay, path: string, frames: readonly FoundFrame[]): void {
  for (const { at, kind, payload } of frames) {
    if (kind !== KIND.write) continue
    const records = decodeRecords(payload)
    if (records === undefined) throw damaged(replay, path, at)
    for (const record of records) if (!replayRecord(replay, record)) throw damaged(replay, path, at)
  }
}

/** False: the record cannot follow on those before it. */
function replayRecord(replay: Replay, record: WalRecord): boolean {
  switch (record.type) {
    case 'vote':
      if (record.vote.term < replay.vote.term) return false
      replay.vote = record.vote
      return true
    case 'truncate': {
      if (record.from > replay.next) return false
      const first = replay.next - replay.entries.length
      replay.entries.length = Math.max(0, record.from - first)
      replay.next = record.from
      return true
    }
    case 'restart':
      replay.entries = []
      replay.next = logIndex(record.behind + 1)
      replay.highest = logIndex(0)
      for (const old of replay.older) old.highest = logIndex(0)
      return true
    case 'redo':
      replay.redo.push(record.redo)
      return true
    case 'entry': {
      const { entry } = record
      if (entry.index !== replay.next) return false
      if (entry.term < (replay.entries.at(-1)?.term ?? 0)) return false
      replay.entries.push(entry)
      replay.next = logIndex(entry.index + 1)
      if (entry.index > replay.highest) replay.highest = entry.index
      assert(replay.entries.length < replay.next, 'no more entries than indexes')
      return true
    }
  }
}
