// What has to be done without anybody asking: forget old tombstones, write a snapshot when the
// log has grown. Duties of whoever orders the writes; each ends in a command of the log or in an
// effect, never in a change of state.
import type { Covered } from '../entry.ts'
import { type LogIndex, logIndex } from '../ids.ts'
import { SNAPSHOT_LOG_BYTES } from '../raft/replicated.ts'
import type { Instant } from '../time.ts'

/** How long a delete still holds the index of its prefix up (consul-surface 8.6). */
const TOMBSTONE_TTL_MS = 15 * 60_000
/** Deletes of one such span are forgotten together. */
const TOMBSTONE_GRAIN_MS = 30_000

export interface TombstoneDuty {
  /** The newest index that is noted. */
  noted: LogIndex
  /** The highest index of each span of deletes, oldest first. */
  readonly spans: { readonly expiresAt: Instant; through: LogIndex }[]
  /** What was proposed last may have been refused or lost: from here on it is proposed again. */
  retryDue: Instant
}

/** Longer than any write takes that is not lost. */
const REAP_RETRY_MS = 30_000

export const createTombstoneDuty = (): TombstoneDuty => ({
  noted: logIndex(0),
  spans: [],
  retryDue: 0,
})

/** Notes that a tombstone was written at this index. Nothing if that is known. */
export function noteTombstones(duty: TombstoneDuty, index: LogIndex, now: Instant): void {
  if (index <= duty.noted) return
  duty.noted = index
  const newest = duty.spans.at(-1)
  const expiresAt =
    (Math.floor(now / TOMBSTONE_GRAIN_MS) + 1) * TOMBSTONE_GRAIN_MS + TOMBSTONE_TTL_MS
  if (newest !== undefined && newest.expiresAt === expiresAt) newest.through = index
  else duty.spans.push({ expiresAt, through: index })
}

/**
 * The index up to which tombstones have served their time; undefined: none. It is due until
 * `forgetReaped` says that it is done.
 */
export function dueTombstones(duty: TombstoneDuty, now: Instant): LogIndex | undefined {
  const due = duty.spans.findLast(({ expiresAt }) => expiresAt <= now)
  if (due === undefined || now < duty.retryDue) return undefined
  duty.retryDue = now + REAP_RETRY_MS
  return due.through
}

/** Tombstones up to this index are gone. */
export function forgetReaped(duty: TombstoneDuty, through: number): void {
  while (duty.spans[0] !== undefined && duty.spans[0].through <= through) duty.spans.shift()
  duty.retryDue = 0
}

export interface SnapshotDuty {
  /** What the log has taken since the last snapshot. */
  entries: number
  bytes: number
  /**
   * The size of the last snapshot: a log shorter than the state is no reason to write the state
   * again.
   */
  lastBytes: number
  /** Before this, many entries are no reason. */
  pausedUntil: Instant
  /** The disk had no room for one: nothing is a reason before. */
  refusedUntil: Instant
  /** What the snapshot covers that is being written. */
  underWay: Covered | undefined
}

/** The start counts like a snapshot. */
export const createSnapshotDuty = (pausedUntil: Instant): SnapshotDuty => ({
  entries: 0,
  bytes: 0,
  lastBytes: 0,
  pausedUntil,
  refusedUntil: 0,
  underWay: undefined,
})

/**
 * After many entries, but neither soon after the last one nor while the log is shorter than that:
 * of a state that grows, writing it again and again would cost more than the writes themselves.
 */
export function isSnapshotDue(
  duty: SnapshotDuty,
  { entriesMax, now }: { readonly entriesMax: number; readonly now: Instant },
): boolean {
  const { underWay, bytes, entries, lastBytes, pausedUntil, refusedUntil } = duty
  if (underWay !== undefined || bytes < lastBytes || now < refusedUntil) return false
  return bytes >= SNAPSHOT_LOG_BYTES || (entries >= entriesMax && now >= pausedUntil)
}

/** A disk without room is tried again after this long. */
const REFUSED_RETRY_MS = 30_000

/** There was no room: what the log has taken by now is reason enough for the next try. */
export function noteRefused(duty: SnapshotDuty, now: Instant): void {
  duty.refusedUntil = now + REFUSED_RETRY_MS
  duty.bytes = Math.max(duty.bytes, SNAPSHOT_LOG_BYTES, duty.lastBytes)
}

/** Counts the chunks as they pass. */
export function* counted(duty: SnapshotDuty, chunks: Iterable<Uint8Array>): Iterable<Uint8Array> {
  let bytes = 0
  for (const chunk of chunks) {
    bytes += chunk.length
    yield chunk
  }
  duty.lastBytes = bytes
}
