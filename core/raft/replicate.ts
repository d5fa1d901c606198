// What a leader sends to one follower, and what it makes of the answers (Raft §5.3; flow control:
// progress.ts).
import { assert } from '../assert.ts'
import { logIndex } from '../ids.ts'
import type { Leadership } from './leader.ts'
import { entriesFrom, lastIndex, termAt } from './log.ts'
import type { AppendReply } from './messages.ts'
import {
  backOff,
  backOffHeartbeat,
  becomeProbe,
  becomeSnapshot,
  canSend,
  onBack,
  onMatch,
  type Progress,
  restartProbe,
} from './progress.ts'
import type { OutgoingCall, Raft } from './raft.ts'
import { beginRound } from './reads.ts'
import { call } from './save.ts'

/** Sends what the follower lacks, as far as the window allows. */
export function replicate(raft: Raft, progress: Progress): void {
  const { inflightMax, appendEntriesMax, appendBytesMax } = raft.settings
  const limit = { countMax: appendEntriesMax, bytesMax: appendBytesMax }
  while (canSend(progress, inflightMax, raft.now)) {
    const prevIndex = logIndex(progress.next - 1)
    const prevTerm = termAt(raft.log, prevIndex)
    if (prevTerm === undefined) {
      sendSnapshot(raft, progress)
      return
    }
    const hasMore = progress.next <= lastIndex(raft.log)
    if (!hasMore && !mustAsk(raft, progress)) return
    const entries = hasMore ? entriesFrom(raft.log, progress.next, limit) : []
    const proven = logIndex(prevIndex + entries.length)
    // Not beyond what the message proves: a Go follower commits up to its own last index, whatever
    // stands there (raft-wire P1).
    const commit = logIndex(Math.min(raft.commit, proven))
    const request = {
      type: 'append',
      term: raft.vote.term,
      prevIndex,
      prevTerm,
      entries,
      commit,
    } as const
    call(raft, progress.peer, { request, when: 'now', epoch: progress.epoch })
    progress.inflight++
    progress.commitTold = commit
    progress.commitDue = nextCommitDue(raft)
    if (progress.state === 'replicate') progress.next = logIndex(proven + 1)
  }
}

/** A follower that was restarted has forgotten the commit index, and its leader cannot know. */
const RETELL_HEARTBEATS = 0.5

const nextCommitDue = ({ now, settings }: Raft) => now + RETELL_HEARTBEATS * settings.heartbeatMs

/** Without entries there is still a match to find, or a commit index to tell. */
function mustAsk(raft: Raft, progress: Progress): boolean {
  if (progress.state === 'probe') return progress.match === 0 || progress.commitTold < raft.commit
  if (progress.commitTold < raft.commit)
    progress.commitDue = Math.min(progress.commitDue, raft.now + raft.settings.commitMs)
  return progress.inflight === 0 && progress.commitDue <= raft.now
}

function sendSnapshot(raft: Raft, progress: Progress): void {
  const { snapshot, log } = raft
  assert(snapshot !== undefined, 'entries go only when a snapshot covers them')
  assert(snapshot.index >= log.base.index, 'the newest snapshot covers what is gone')
  becomeSnapshot(progress, snapshot.index)
  const request = { type: 'install-snapshot', term: raft.vote.term, snapshot } as const
  call(raft, progress.peer, { request, when: 'now', epoch: progress.epoch })
}

/** Every tenth to fifth of heartbeatMs, and at once when reads wait for it. */
export function heartbeat(raft: Raft, progress: Progress, { reads }: Leadership): void {
  if (progress.heartbeatUnderWay || progress.leavesAt !== undefined) return
  const isAwaited = reads.open.length > 0 || progress.ackedReadSeq < reads.seq
  const isHurried = isAwaited && progress.isVoter && progress.heartbeatFailures === 0
  if (!isHurried && raft.now < progress.heartbeatDue) return
  const readSeq = beginRound(raft, reads)
  progress.heartbeatUnderWay = true
  const { heartbeatMs } = raft.settings
  progress.heartbeatDue = raft.now + (heartbeatMs / 10) * (1 + raft.prng.unit())
  const request = { type: 'heartbeat', term: raft.vote.term } as const
  call(raft, progress.peer, { request, when: 'now', readSeq })
}

export function onAppendReply(raft: Raft, sent: OutgoingCall, reply: AppendReply): void {
  const progress = progressOf(raft, sent)
  if (progress === undefined) return
  progress.heardAt = raft.now
  if (reply.success) progress.ackedSentAt = Math.max(progress.ackedSentAt, sent.sentAt)
  if (sent.request.type === 'heartbeat') {
    progress.heartbeatUnderWay = false
    onBack(progress, raft.now)
    if (reply.success) progress.ackedReadSeq = Math.max(progress.ackedReadSeq, sent.readSeq)
    return
  }
  assert(sent.request.type === 'append', 'an append reply answers an append or a heartbeat')
  const { prevIndex, entries } = sent.request
  const isCurrent = sent.epoch === progress.epoch && progress.state !== 'snapshot'
  if (isCurrent) progress.inflight--
  // A match is a match, however old the question: the follower answers when it is durable.
  if (reply.success) onMatch(progress, logIndex(prevIndex + entries.length))
  if (!isCurrent) return
  if (reply.success || reply.noRetryBackoff) {
    progress.failures = 0
    progress.retryAt = raft.now
  }
  if (reply.success) return
  // It had this entry, and has it no more: its disk was lost. What was counted is counted, but from
  // now on nothing of it is known to be there. A disk without room has lost nothing.
  if (reply.noRetryBackoff && prevIndex <= progress.match) progress.match = logIndex(0)
  becomeProbe(progress, logIndex(Math.max(1, Math.min(prevIndex, reply.lastLog + 1))))
  // Behind nothing everything matches: then the refusal is not about the log.
  if (!reply.noRetryBackoff || prevIndex === 0) backOff(progress, raft.now)
}

export function onSnapshotReply(raft: Raft, sent: OutgoingCall, success: boolean): void {
  const progress = progressOf(raft, sent)
  if (progress === undefined || sent.request.type !== 'install-snapshot') return
  progress.heardAt = raft.now
  if (success) onMatch(progress, sent.request.snapshot.index)
  if (sent.epoch !== progress.epoch) return
  becomeProbe(progress, progress.next)
  if (success) progress.failures = 0
  else backOff(progress, raft.now)
}

/** The connection broke, or the answer did not come in time. */
export function onFollowerFailed(raft: Raft, sent: OutgoingCall): void {
  const progress = progressOf(raft, sent)
  if (progress === undefined) return
  const { type } = sent.request
  if (type === 'heartbeat') {
    progress.heartbeatUnderWay = false
    backOffHeartbeat(progress, raft.now, raft.settings.heartbeatMs / 2)
    return
  }
  if (type === 'timeout-now' || sent.epoch !== progress.epoch) return
  restartProbe(progress)
  backOff(progress, raft.now)
}

function progressOf(raft: Raft, sent: OutgoingCall): Progress | undefined {
  return raft.role.type === 'leader' ? raft.role.followers.get(sent.to.id) : undefined
}
