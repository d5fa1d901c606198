// When the next tick would do anything. A runtime may tick as often as it likes; the virtual world
// leaves out the ticks that would do nothing, which are nearly all.
import type { Instant } from '../time.ts'
import type { Leadership } from './leader.ts'
import { lastIndex } from './log.ts'
import type { Progress } from './progress.ts'
import type { Raft } from './raft.ts'
import { stallDue } from './save.ts'

const NEVER = Number.POSITIVE_INFINITY

/** May be in the past: then a tick is due now. */
export function dueAt(raft: Raft): Instant {
  const { role, full } = raft
  const due = role.type === 'leader' ? leaderDueAt(raft, role) : role.electionDue
  return full === undefined ? due : Math.min(due, full.retryAt)
}

function leaderDueAt(raft: Raft, leadership: Leadership): Instant {
  const { leaseDue, transfer, followers } = leadership
  let due = Math.min(leaseDue, transfer?.deadline ?? NEVER, stallDue(raft))
  for (const progress of followers.values()) due = Math.min(due, followerDueAt(raft, progress))
  return due
}

function followerDueAt(raft: Raft, progress: Progress): Instant {
  const { leavesAt, heartbeatUnderWay, heartbeatDue, steadySince } = progress
  const { promotion } = raft.settings
  const due = Math.min(leavesAt ?? NEVER, sendDueAt(raft, progress))
  const steady = steadySince === undefined ? NEVER : steadySince + (promotion?.steadyMs ?? NEVER)
  const beat = heartbeatUnderWay || leavesAt !== undefined ? NEVER : heartbeatDue
  return Math.min(due, steady, beat)
}

/** A retry after failures, or a commit index that has waited for company. */
function sendDueAt(raft: Raft, { state, retryAt, next, inflight, commitDue }: Progress): Instant {
  if (state === 'snapshot' || inflight > 0) return NEVER
  if (retryAt > raft.now) return retryAt
  const isIdle = state === 'replicate' && next > lastIndex(raft.log)
  return isIdle ? commitDue : NEVER
}
