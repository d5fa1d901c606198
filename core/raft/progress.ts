// What a leader knows of one follower, and how much it may send.
//
//   probe ──a match is found──▶ replicate ──a refusal, or a call failed──▶ probe
//     └──── what it needs next is only in the snapshot ────▶ snapshot ──installed──▶ probe
//
// While probing one append is under way: it looks for where the logs agree. While replicating
// several are, each on the assumption that those before it arrive.
import { assert } from '../assert.ts'
import { type LogIndex, logIndex } from '../ids.ts'
import type { Instant } from '../time.ts'
import type { Peer } from './messages.ts'

export interface Progress {
  peer: Peer
  /** Its answers count for majorities. */
  isVoter: boolean
  state: 'probe' | 'replicate' | 'snapshot'
  /** The next entry to send. */
  next: LogIndex
  /** Up to here the follower's disk agrees with our log. 0: nothing is known. */
  match: LogIndex
  /** Appends of this epoch that are not answered. */
  inflight: number
  /** Rises whenever the assumption behind the unanswered appends has fallen. */
  epoch: number
  /** In state `snapshot`: the last entry of the one under way. */
  pendingSnapshot: LogIndex
  /** The commit index that it was last told, if that has not been lost since. */
  commitTold: LogIndex
  /** When it will be told the commit index even without entries. */
  commitDue: Instant
  /** When it last answered anything: a majority that does not answer ends the leadership. */
  heardAt: Instant
  /**
   * When the last call that it answered had been *sent*: what a lease counts from (M23: the
   * arrival of the reply would be too late). Before the first: -Infinity.
   */
  ackedSentAt: Instant
  /** The last read number that an answer has confirmed. */
  ackedReadSeq: number
  heartbeatDue: Instant
  heartbeatUnderWay: boolean
  heartbeatFailures: number
  /** Failed calls in a row, and when the next may be made. */
  failures: number
  retryAt: Instant
  /** Since when it has kept up; undefined: it is behind. See PromotionRule. */
  steadySince: Instant | undefined
  /** It is in the configuration no more, and is sent the entry that says so until then. */
  leavesAt: Instant | undefined
}

export const createProgress = (peer: Peer, next: LogIndex, now: Instant): Progress => ({
  peer,
  isVoter: false,
  state: 'probe',
  next,
  match: logIndex(0),
  inflight: 0,
  epoch: 0,
  pendingSnapshot: logIndex(0),
  commitTold: logIndex(0),
  commitDue: now,
  heardAt: now,
  ackedSentAt: Number.NEGATIVE_INFINITY,
  ackedReadSeq: 0,
  heartbeatDue: now,
  heartbeatUnderWay: false,
  heartbeatFailures: 0,
  failures: 0,
  retryAt: now,
  steadySince: undefined,
  leavesAt: undefined,
})

/** The unanswered appends count no more: what they assumed is not so. */
export function becomeProbe(progress: Progress, next: LogIndex): void {
  progress.state = 'probe'
  progress.next = logIndex(Math.max(next, progress.match + 1))
  progress.inflight = 0
  progress.epoch++
  progress.commitTold = logIndex(0)
}

export function becomeSnapshot(progress: Progress, index: LogIndex): void {
  becomeProbe(progress, progress.next)
  progress.state = 'snapshot'
  progress.pendingSnapshot = index
}

/** The follower has everything up to `match` on its disk. */
export function onMatch(progress: Progress, match: LogIndex): void {
  if (match > progress.match) progress.match = match
  if (progress.next <= progress.match) progress.next = logIndex(progress.match + 1)
  if (progress.state === 'probe') progress.state = 'replicate'
  assert(progress.next > progress.match, 'what is matched is not sent again')
}

const BACKOFF_FIRST_MS = 10
const BACKOFF_DOUBLINGS_MAX = 8

/** Twice as long after each failure: 10 ms to 2.56 s. */
const delayAfter = (failures: number): number =>
  BACKOFF_FIRST_MS * 2 ** Math.min(failures - 1, BACKOFF_DOUBLINGS_MAX)

/** A server that is down shall cost little, one that comes back shall be found soon. */
export function backOff(progress: Progress, now: Instant): void {
  progress.failures++
  progress.retryAt = now + delayAfter(progress.failures)
}

/** What was under way is lost: on from what is known to be there. */
export const restartProbe = (progress: Progress): void =>
  becomeProbe(progress, progress.match === 0 ? progress.next : logIndex(progress.match + 1))

/**
 * An answered heartbeat after failures: it is back. It need not wait out what it had earned, and
 * appends that it has not answered went the way of the lost heartbeats.
 */
export function onBack(progress: Progress, now: Instant): void {
  if (progress.heartbeatFailures === 0) return
  progress.heartbeatFailures = 0
  progress.failures = 0
  progress.retryAt = now
  if (progress.inflight > 0) restartProbe(progress)
}

/** Heartbeats are tried more often. */
export function backOffHeartbeat(progress: Progress, now: Instant, delayMax: number): void {
  progress.heartbeatFailures++
  progress.heartbeatDue = now + Math.min(delayAfter(progress.heartbeatFailures), delayMax)
}

export function canSend(progress: Progress, inflightMax: number, now: Instant): boolean {
  if (progress.state === 'snapshot' || now < progress.retryAt) return false
  return progress.inflight < (progress.state === 'probe' ? 1 : inflightMax)
}
