// What a server answers to others (Raft figure 2: "Receiver implementation"; the order of the
// checks of votes: raft-wire §2.2). Whatever comes from outside may be wrong: it is refused, never
// asserted.
import { assert } from '../assert.ts'
import { ENTRY, type Entry } from '../entry.ts'
import { type LogIndex, logIndex, type Term, term as termOf } from '../ids.ts'
import { takeOver } from './candidate.ts'
import {
  backtrackHint,
  bytesBetween,
  entryAt,
  isUpToDate,
  type Log,
  lastIndex,
  lastPosition,
  replaceBy,
  termAt,
} from './log.ts'
import type {
  Append,
  AppendReply,
  IncomingCall,
  InstallSnapshot,
  Peer,
  RequestPreVote,
  RequestVote,
  SnapshotMeta,
} from './messages.ts'
import { noteContact, patienceMs } from './patience.ts'
import {
  advanceCommit,
  drawTimeout,
  mayLead,
  note,
  type Raft,
  tellConfiguration,
  WITHHELD,
} from './raft.ts'
import {
  adoptTerm,
  candidateName,
  cutEntries,
  giveVote,
  noteComplete,
  refuseProofs,
  saveEntries,
  sayWhenDurable,
  sayWhenVoteSaved,
} from './save.ts'
import { becomeFollower } from './transitions.ts'

/** What a follower's disk lacks. Beyond it appends are refused until the disk has caught up. */
const UNSAVED_BYTES_MAX = 64 << 20
const UNSAVED_ENTRIES_MAX = 65_536

/**
 * Everything below our term is refused, everything above it is adopted (Raft §5.1). False:
 * refused. So is a second leader in one term: it cannot be one of ours.
 */
function acceptLeader(raft: Raft, from: Peer, term: Term): boolean {
  if (term < raft.vote.term) return false
  if (term === raft.vote.term) {
    if (raft.role.type === 'leader') return false
    if (raft.leader !== undefined && raft.leader.id !== from.id) return false
  } else adoptTerm(raft, term)
  if (raft.leader === undefined || raft.role.type !== 'follower') {
    becomeFollower(raft, 'another server leads')
    note(raft, { what: 'leader', term, id: from.id })
  } else noteContact(raft)
  raft.leader = from
  hearLeader(raft)
  return true
}

function hearLeader(raft: Raft): void {
  const { now, settings } = raft
  raft.lastContact = now
  raft.haste = 0
  if (settings.leaseDrift !== undefined) raft.loyalUntil = now + settings.heartbeatMs
  restartTimer(raft)
}

function restartTimer(raft: Raft): void {
  const { role } = raft
  if (role.type === 'follower') role.electionDue = drawTimeout(raft, patienceMs(raft))
}

export function onHeartbeat(raft: Raft, { id, from }: IncomingCall, term: Term): void {
  const success = acceptLeader(raft, from, term)
  const reply = appendReply(raft, { success, lastLog: lastIndex(raft.log), noRetryBackoff: false })
  sayWhenVoteSaved(raft, { type: 'reply', id, reply })
}

export function onAppend(raft: Raft, { id, from }: IncomingCall, request: Append): void {
  const before = lastIndex(raft.log)
  const refusal = acceptLeader(raft, from, request.term)
    ? refusalOfAppend(raft, request)
    : { lastLog: before, noRetryBackoff: false }
  if (refusal !== undefined) {
    const reply = appendReply(raft, { success: false, ...refusal })
    sayWhenVoteSaved(raft, { type: 'reply', id, reply })
    return
  }
  const proven = takeAppend(raft, request)
  const reply = appendReply(raft, { success: true, lastLog: before, noRetryBackoff: false })
  sayWhenDurable(raft, proven, { type: 'reply', id, reply })
}

const appendReply = (raft: Raft, said: Omit<AppendReply, 'type' | 'term'>): AppendReply => ({
  type: 'append-reply',
  term: raft.vote.term,
  ...said,
})

type Refusal = Pick<AppendReply, 'lastLog' | 'noRetryBackoff'>

/** Raft §5.3: the entry before must be the same. Then there is trouble that time may mend. */
function refusalOfAppend(raft: Raft, request: Append): Refusal | undefined {
  const { log, commit } = raft
  if (!matches(log, request))
    return { lastLog: backtrackHint(log, request.prevIndex, commit), noRetryBackoff: true }
  if (isSound(raft, request) && hasRoom(raft, request)) return undefined
  return { lastLog: lastIndex(log), noRetryBackoff: false }
}

/** What a snapshot covers is committed, thus the same everywhere. */
function matches(log: Log, { prevIndex, prevTerm }: Append): boolean {
  if (prevIndex === 0 || prevIndex < log.base.index) return true
  return termAt(log, prevIndex) === prevTerm
}

/** Whether the entries follow on each other and contradict nothing that is committed. */
function isSound(raft: Raft, { prevIndex, prevTerm, entries }: Append): boolean {
  const { log, commit } = raft
  let before: { index: number; term: number } = { index: prevIndex, term: prevTerm }
  for (const entry of entries) {
    if (entry.index !== before.index + 1 || entry.term < before.term) return false
    const known = termAt(log, entry.index)
    if (known !== entry.term) {
      if (known !== undefined && entry.index <= commit) return false
      if (!isReadable(raft, entry)) return false
    }
    before = entry
  }
  return true
}

const isReadable = (raft: Raft, { type, data }: Entry): boolean =>
  type !== ENTRY.configuration || raft.configurations.decode(data) !== undefined

function hasRoom({ log, full }: Raft, { entries }: Append): boolean {
  if (entries.length === 0) return true
  if (full !== undefined) return false
  const last = lastIndex(log)
  if (last - log.durable > UNSAVED_ENTRIES_MAX) return false
  return bytesBetween(log, log.durable, last) <= UNSAVED_BYTES_MAX
}

/** Takes the entries and the commit index. Returns up to where the log now agrees. */
function takeAppend(raft: Raft, { term, prevIndex, entries, commit }: Append): LogIndex {
  takeEntries(raft, entries)
  const proven = logIndex(prevIndex + entries.length)
  // The message vouches for the log up to its own last entry, not for what stands behind it
  // (raft-wire Q1; M12, M13).
  advanceCommit(raft, logIndex(Math.min(commit, proven)))
  if (entries.length === 0 || isWholeCommit(raft, { term, commit, proven }))
    noteComplete(raft, proven)
  return proven
}

/**
 * Whether the leader has shown all that is committed. One that has nothing more to send has; so has
 * one that tells a commit index which it did not have to cut down to what it sent, if that is of
 * its own term: before, it does not know all that is committed itself (Raft §5.4.2).
 */
function isWholeCommit(
  { log }: Raft,
  told: { term: Term; commit: LogIndex; proven: LogIndex },
): boolean {
  return told.commit < told.proven && termAt(log, told.commit) === told.term
}

/** Keeps what is the same, cuts at the first conflict, takes the rest. */
function takeEntries(raft: Raft, entries: readonly Entry[]): void {
  const { log } = raft
  const at = entries.findIndex(
    ({ index, term }) => index > log.base.index && entryAt(log, index)?.term !== term,
  )
  const first = entries[at]
  if (first === undefined) return
  if (entryAt(log, first.index) !== undefined) cutEntries(raft, first.index)
  saveEntries(raft, entries.slice(at))
}

export function onVote(raft: Raft, { id, from }: IncomingCall, request: RequestVote): void {
  const why = refusalOfVote(raft, from, request)
  if (why === undefined) {
    if (raft.vote.votedFor === '') giveVote(raft, from)
    if (raft.role.type !== 'follower') becomeFollower(raft, 'it has voted for another')
    restartTimer(raft)
  } else note(raft, { what: 'refused-vote', term: request.term, to: from.id, why })
  const reply = { type: 'vote-reply', term: raft.vote.term, granted: why === undefined } as const
  sayWhenVoteSaved(raft, { type: 'reply', id, reply })
}

/**
 * Why a vote is not given; undefined: it is. Adopts a higher term on the way. Our configuration is
 * not asked: who is not in it, or has no vote there, may have got one since, and a majority may
 * need ours (Thesis §4.1; hashicorp/raft refuses, and can get stuck).
 */
function refusalOfVote(raft: Raft, from: Peer, request: RequestVote): string | undefined {
  const disloyal = request.transfer ? undefined : loyaltyOf(raft, from)
  if (disloyal !== undefined) return disloyal
  if (request.term < raft.vote.term) return 'its term is over'
  if (request.term > raft.vote.term) {
    adoptTerm(raft, request.term)
    becomeFollower(raft, 'a candidate has a higher term')
  }
  const { votedFor } = raft.vote
  if (raft.quarantine !== undefined || votedFor === WITHHELD) return 'our log was incomplete'
  if (votedFor !== '' && votedFor !== candidateName(from)) return `the vote went to ${votedFor}`
  return isBehind(raft, request) ? 'its log is behind' : undefined
}

/**
 * Thesis §4.2.3: who hears its leader does not help to depose it. The leader itself is the most
 * loyal. With leases loyalty lasts its time, whatever else happens (M32, M71).
 */
function loyaltyOf(raft: Raft, from: Peer): string | undefined {
  if (raft.now < raft.loyalUntil) return 'a lease may rest on us'
  const isLoyal =
    raft.role.type === 'leader' ||
    (raft.leader !== undefined && raft.leader.address !== from.address)
  return isLoyal ? 'there is a leader' : undefined
}

const isBehind = (raft: Raft, asked: { lastIndex: LogIndex; lastTerm: Term }): boolean =>
  !isUpToDate({ index: asked.lastIndex, term: asked.lastTerm }, lastPosition(raft.log))

export function onPreVote(raft: Raft, { id, from }: IncomingCall, request: RequestPreVote): void {
  const granted = wouldVote(raft, from, request)
  const term = termOf(Math.max(request.term, raft.vote.term))
  sayWhenVoteSaved(raft, { type: 'reply', id, reply: { type: 'pre-vote-reply', term, granted } })
}

/**
 * A vote that was given in the proposed term already does not count here: the candidate could not
 * learn from the reply that it must propose a higher one. But who stands in that term himself will
 * say so for as long as he does: two at once would win nothing.
 */
function wouldVote(raft: Raft, from: Peer, request: RequestPreVote): boolean {
  const { role } = raft
  const stands = role.type === 'candidate' && role.phase === 'vote'
  if (stands && request.term === raft.vote.term) return false
  if (raft.quarantine !== undefined || loyaltyOf(raft, from) !== undefined) return false
  return request.term >= raft.vote.term && !isBehind(raft, request)
}

/** Only our leader may send us ahead, and only a voter can win (raft-wire Q4). */
export function onTimeoutNow(raft: Raft, { id, from }: IncomingCall): void {
  raft.effects.push({ type: 'reply', id, reply: { type: 'timeout-now-reply' } })
  if (raft.role.type === 'follower' && raft.leader?.id === from.id) takeOver(raft)
}

/** The state has arrived and was checked by the runtime; whether it is wanted is decided here. */
export function onInstallSnapshot(raft: Raft, call: IncomingCall, request: InstallSnapshot): void {
  const { id, from } = call
  const { snapshot } = request
  if (!acceptLeader(raft, from, request.term)) refuseInstall(raft, id)
  // What is committed here needs no snapshot, and must not be taken back by one.
  else if (snapshot.index <= raft.commit) confirmInstall(raft, id, snapshot)
  else raft.effects.push({ type: 'install', id, snapshot })
}

/** The leader takes it that everything up to the snapshot's end is durable here. */
export function confirmInstall(raft: Raft, id: number, { index }: SnapshotMeta): void {
  const reply = { type: 'install-snapshot-reply', term: raft.vote.term, success: true } as const
  sayWhenDurable(raft, index, { type: 'reply', id, reply })
}

export function refuseInstall(raft: Raft, id: number): void {
  const reply = { type: 'install-snapshot-reply', term: raft.vote.term, success: false } as const
  sayWhenVoteSaved(raft, { type: 'reply', id, reply })
}

/**
 * The snapshot is durable. Unless what it covers has been committed meanwhile it takes the place
 * of the log (Raft figure 13). Returns whether it becomes the state.
 */
export function takeSnapshot(raft: Raft, snapshot: SnapshotMeta): boolean {
  if (snapshot.index > (raft.snapshot?.index ?? 0)) raft.snapshot = snapshot
  if (snapshot.index <= raft.commit) return false
  const kept = replaceBy(raft.log, snapshot)
  assert(kept === 'prefix' || raft.role.type !== 'leader', 'a leader lacks nothing committed')
  if (kept === 'all') refuseProofs(raft, logIndex(raft.commit + 1))
  const later = raft.history.filter(({ index }) => index > snapshot.index)
  raft.history = [
    { index: snapshot.configurationIndex, configuration: snapshot.configuration },
    ...(kept === 'prefix' ? later : []),
  ]
  // It may have begun to campaign while the snapshot was written, and have no vote by it.
  if (raft.role.type === 'candidate' && !mayLead(raft))
    becomeFollower(raft, 'it is no voter any more')
  raft.commit = snapshot.index
  raft.delivered = snapshot.index
  note(raft, { what: 'snapshot', index: snapshot.index, term: snapshot.term })
  tellConfiguration(raft)
  return true
}
