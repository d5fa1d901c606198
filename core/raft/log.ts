// The log as one view: what a snapshot covers, what is durable, what is under way to the disk.
//
//     covered by the snapshot       entries[0] …                           … entries[n-1]
//   ─────────────────────────┬──────────────────┬────────────────┬─────────────────────┐
//                 base (index, term)         durable        handedOver               last
//
// Entries at and below `base` are gone; the term of `base` itself is still known, for the check of
// the first entry behind it. What the disk must still be given is everything behind `handedOver`:
// nothing else is kept about it, so nothing can disagree with the log.
import { assert, present } from '../assert.ts'
import type { Entry, Persist } from '../entry.ts'
import { type LogIndex, logIndex, type Term, term } from '../ids.ts'

/** One persist holds no more: a batch must not make those behind it wait for long. */
export const PERSIST_ENTRIES_MAX = 4_096
/** A single larger entry goes alone. */
export const PERSIST_BYTES_MAX = 4 << 20

export interface Position {
  readonly index: LogIndex
  readonly term: Term
}

export interface Log {
  base: Position
  /** Contiguous, the first one right behind `base`. */
  entries: Entry[]
  /** For each entry the bytes of data up to its end, counted from when the log was made. */
  ends: number[]
  /** Up to here the disk has it. Falls when a conflict is cut off before it is written anew. */
  durable: LogIndex
  /** Up to here the disk has it or is being given it. Falls in the same way. */
  handedOver: LogIndex
  /** What lies on the disk, the persist under way not counted. */
  disk: OnDisk
  /** The log that the persist under way hands over. */
  underWay: LogPart | undefined
}

interface OnDisk {
  /** The last entry there. May be one that counts no more. */
  end: LogIndex
  /** Nothing there counts: before anything else is written, its log begins anew behind `base`. */
  isVoid: boolean
}

/** The part of a persist that concerns the log. */
export type LogPart = Pick<Persist, 'truncateFrom' | 'restartBehind' | 'entries'>

export const NOWHERE: Position = { index: logIndex(0), term: term(0) }

/**
 * The log of a server that starts: `base` is what its snapshot covers, `found` what its disk has.
 */
export function createLog(base: Position, found: readonly Entry[]): Log {
  const isVoid = contradicts(base, found)
  const log: Log = {
    base,
    entries: [],
    ends: [],
    durable: base.index,
    handedOver: base.index,
    disk: { end: isVoid ? base.index : (found.at(-1)?.index ?? base.index), isVoid },
    underWay: undefined,
  }
  if (!isVoid)
    append(
      log,
      found.filter(({ index }) => index > base.index),
    )
  log.durable = lastIndex(log)
  log.handedOver = log.durable
  checkLog(log)
  return log
}

/**
 * Whether what is on the disk belongs to another history than the snapshot, or ends before it: a
 * crash came between a snapshot from elsewhere and the log behind it (S-SN1). An empty log may
 * await any index, so it is begun anew, too.
 */
function contradicts(base: Position, found: readonly Entry[]): boolean {
  const first = found[0]
  const last = found.at(-1)
  if (first === undefined || last === undefined) return base.index > 0
  assert(first.index <= base.index + 1, 'no entry is missing behind the snapshot')
  if (last.index < base.index) return true
  // Who has the snapshot's end in its log has no older term behind it.
  if (first.index === base.index + 1 && first.term < base.term) return true
  return found.some(({ index, term }) => index === base.index && term !== base.term)
}

export const lastIndex = (log: Log): LogIndex => logIndex(log.base.index + log.entries.length)

export const lastPosition = (log: Log): Position => log.entries.at(-1) ?? log.base

/** The term of the entry at `index`; undefined if it is not here (any more). */
export function termAt(log: Log, index: LogIndex): Term | undefined {
  if (index === log.base.index) return log.base.term
  return log.entries[index - log.base.index - 1]?.term
}

export const entryAt = (log: Log, index: LogIndex): Entry | undefined =>
  log.entries[index - log.base.index - 1]

/** Bytes of data behind `from` and up to `to`. */
export function bytesBetween(log: Log, from: LogIndex, to: LogIndex): number {
  const before = log.base.index + 1
  const end = log.ends[to - before] ?? 0
  const start = log.ends[from - before] ?? startOf(log)
  return Math.max(0, end - start)
}

/** What had been counted when the first entry came. */
function startOf({ entries, ends }: Log): number {
  const [first] = entries
  return first === undefined ? 0 : present(ends[0], 'its end') - first.data.length
}

/**
 * Entries from `from` on: at most `countMax`, and at most `bytesMax` of data, but one at least if
 * there is one.
 */
export function entriesFrom(
  log: Log,
  from: LogIndex,
  limit: { countMax: number; bytesMax: number },
): readonly Entry[] {
  assert(from > log.base.index, 'entries that a snapshot covers are gone')
  const start = from - log.base.index - 1
  const whole = Math.min(log.entries.length, start + limit.countMax)
  let end = start
  let bytes = 0
  while (end < whole) {
    bytes += present(log.entries[end], 'an entry of the log').data.length
    if (end > start && bytes > limit.bytesMax) break
    end++
  }
  return log.entries.slice(start, end)
}

export function append(log: Log, entries: readonly Entry[]): void {
  let end = log.ends.at(-1) ?? 0
  for (const entry of entries) {
    assert(entry.index === lastIndex(log) + 1, 'the log has no gap')
    assert(entry.term >= lastPosition(log).term, 'terms never fall along the log')
    end += entry.data.length
    log.entries.push(entry)
    log.ends.push(end)
  }
}

/** Cuts off everything from `from` on (Raft §5.3: a conflict with the leader). */
export function truncate(log: Log, from: LogIndex): void {
  assert(from > log.base.index, 'what a snapshot covers is committed and stays')
  log.entries.length = from - log.base.index - 1
  log.ends.length = log.entries.length
  log.durable = lower(log.durable, from)
  log.handedOver = lower(log.handedOver, from)
}

const lower = (index: LogIndex, from: LogIndex): LogIndex => logIndex(Math.min(index, from - 1))

/** Forgets entries up to `through`, which a durable snapshot covers. */
export function compact(log: Log, through: LogIndex): void {
  if (through <= log.base.index) return
  const covered = termAt(log, through)
  assert(covered !== undefined, 'only what the log has is compacted')
  const count = through - log.base.index
  log.entries = log.entries.slice(count)
  log.ends = log.ends.slice(count)
  log.base = { index: through, term: covered }
  // What the snapshot covers is durable, whether the log on the disk reaches so far or not. If it
  // does not, it has a gap now, and begins anew.
  if (log.handedOver < through) voidDisk(log)
  if (log.durable < through) log.durable = through
}

function voidDisk(log: Log): void {
  log.handedOver = log.base.index
  log.disk.isVoid = true
}

/** A snapshot from the leader takes the place of the log, as far as it reaches (Raft figure 13). */
export function replaceBy(log: Log, snapshot: Position): 'all' | 'prefix' {
  assert(snapshot.index > log.base.index, 'a snapshot that is taken reaches further than the last')
  if (termAt(log, snapshot.index) === snapshot.term) {
    compact(log, snapshot.index)
    return 'prefix'
  }
  log.base = { index: snapshot.index, term: snapshot.term }
  log.entries = []
  log.ends = []
  log.durable = snapshot.index
  voidDisk(log)
  return 'all'
}

/** Takes what the disk must be given next; undefined: it has everything, or is getting it. */
export function handOver(log: Log): LogPart | undefined {
  assert(log.underWay === undefined, 'one persist is under way at a time')
  const { disk, handedOver } = log
  const hasNew = handedOver < lastIndex(log)
  if (!hasNew && !disk.isVoid && disk.end <= handedOver) return undefined
  const limit = { countMax: PERSIST_ENTRIES_MAX, bytesMax: PERSIST_BYTES_MAX }
  const entries = hasNew ? entriesFrom(log, logIndex(handedOver + 1), limit) : []
  const part: LogPart = { ...cutOf(log), entries }
  log.underWay = part
  disk.isVoid = false
  log.handedOver = entries.at(-1)?.index ?? handedOver
  return part
}

/** What of the disk's log does not count. */
function cutOf({ disk, handedOver }: Log): Omit<LogPart, 'entries'> {
  if (disk.isVoid) return { restartBehind: handedOver }
  return disk.end > handedOver ? { truncateFrom: logIndex(handedOver + 1) } : {}
}

/** What was handed over is durable: as far as it was not cut off meanwhile it is the log's. */
export function confirm(log: Log): void {
  const { underWay, disk } = log
  if (underWay === undefined) return
  log.underWay = undefined
  disk.end = endOf(underWay, disk.end)
  if (!disk.isVoid) log.durable = log.handedOver
  assert(log.durable <= lastIndex(log), 'nothing is durable that is not in the log')
}

function endOf({ entries, truncateFrom, restartBehind }: LogPart, before: LogIndex): LogIndex {
  const last = entries.at(-1)?.index
  if (last !== undefined) return last
  if (truncateFrom !== undefined) return logIndex(truncateFrom - 1)
  return restartBehind ?? before
}

/** The disk took nothing of it: all of it must be handed over again. */
export function takeBack(log: Log): void {
  const { underWay } = log
  if (underWay === undefined) return
  const { truncateFrom, restartBehind } = underWay
  log.underWay = undefined
  log.handedOver = log.durable
  // A snapshot may have covered what was refused: then the disk has a gap, or entries of another
  // history where the snapshot ends.
  const hasGap = log.disk.end < log.durable
  const hasStrangers = truncateFrom !== undefined && truncateFrom <= log.durable
  if (restartBehind !== undefined || hasGap || hasStrangers) voidDisk(log)
}

/**
 * The first of the last entries that are at most `countMax` and have at most `bytesMax` of data.
 */
export function trailingFrom(log: Log, countMax: number, bytesMax: number): LogIndex {
  const total = log.ends.at(-1) ?? 0
  let at = Math.max(0, log.entries.length - countMax)
  while (at < log.ends.length && total - present(log.ends[at - 1] ?? startOf(log), 'it') > bytesMax)
    at++
  return logIndex(log.base.index + 1 + at)
}

/** Whether a candidate's last position is at least as far as ours (Raft §5.4.1). */
export const isUpToDate = (theirs: Position, ours: Position): boolean =>
  theirs.term > ours.term || (theirs.term === ours.term && theirs.index >= ours.index)

/**
 * Where a follower suggests that the leader should go on when the entry at `prevIndex` does not
 * match: before the whole term that it has there, so that one refusal skips a term (Raft §5.3, the
 * last paragraphs), but not before what is committed, which is the same everywhere.
 */
export function backtrackHint(log: Log, prevIndex: LogIndex, commit: LogIndex): LogIndex {
  const last = lastIndex(log)
  if (prevIndex > last) return last
  const conflicting = termAt(log, prevIndex)
  let index = Math.max(prevIndex - 1, log.base.index)
  while (index > commit && termAt(log, logIndex(index)) === conflicting) index--
  return logIndex(index)
}

export function checkLog(log: Log): void {
  let before = log.base
  for (const entry of log.entries) {
    assert(entry.index === before.index + 1, 'the log has no gap')
    assert(entry.term >= before.term, 'terms never fall along the log')
    before = entry
  }
  checkBounds(log)
}

export function checkBounds(log: Log): void {
  assert(log.ends.length === log.entries.length, 'every entry has its end')
  assert(log.durable >= log.base.index, 'a snapshot is durable')
  assert(log.handedOver >= log.durable, 'what is durable was handed over')
  assert(lastIndex(log) >= log.handedOver, 'nothing is handed over that is not in the log')
}
