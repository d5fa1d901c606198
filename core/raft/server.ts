// The doors of a server: everything that can happen to it. Each opens, does one thing, and settles:
// a won election is taken, a leader sends, commits and answers what it can, the disk is given what
// has gathered. Every call, persist and install that comes out as an effect is answered through one
// of them, once.
import { assert, unreachable } from '../assert.ts'
import { ENTRY, type Entry } from '../entry.ts'
import { type LogIndex, logIndex, type Term, term } from '../ids.ts'
import type { Instant } from '../time.ts'
import { campaign, countVote, hasWon, noteRefusal, stand } from './candidate.ts'
import {
  confirmInstall,
  onAppend,
  onHeartbeat,
  onInstallSnapshot,
  onPreVote,
  onTimeoutNow,
  onVote,
  refuseInstall,
  takeSnapshot,
} from './follower.ts'
import { HASTE_TRIES, hintDue } from './hint.ts'
import { addEntry, lead, onLeaderFull, onLeaderTick, runLeader } from './leader.ts'
import { bytesBetween, compact, entriesFrom, lastIndex, trailingFrom } from './log.ts'
import {
  type Changed,
  changeMembership,
  type MembershipChange,
  maybePromote,
  transferLeadership,
  whyNoBootstrap,
} from './membership.ts'
import type {
  Configuration,
  IncomingCall,
  RaftReply,
  RaftRequest,
  SnapshotMeta,
} from './messages.ts'
import { isAlone, type OutgoingCall, type Raft, standAlone } from './raft.ts'
import { addRead } from './reads.ts'
import { onAppendReply, onFollowerFailed, onSnapshotReply } from './replicate.ts'
import { adoptTerm, endPersist, persistNext, refusePersist, saveEntries, sayHeld } from './save.ts'
import { becomeFollower } from './transitions.ts'

/** Proposals that are not committed yet. Beyond it they are refused. */
export const UNCOMMITTED_ENTRIES_MAX = 65_536
export const UNCOMMITTED_BYTES_MAX = 64 << 20
/** Data of the entries that are kept behind a snapshot, besides Settings.trailingEntries. */
const TRAILING_BYTES_MAX = 64 << 20
/** What is kept, at most, for followers to which a snapshot is under way. */
const AWAITED_ENTRIES_MAX = 262_144

export function onTick(raft: Raft, now: Instant): void {
  raft.now = now
  const { role } = raft
  switch (role.type) {
    case 'follower':
    case 'candidate':
      if (now >= role.electionDue) campaign(raft)
      break
    case 'leader':
      onLeaderTick(raft, role)
      break
    default:
      unreachable(role)
  }
  settle(raft)
}

/** Another server calls. It is answered by an effect `reply` with the same id, perhaps later. */
export function onCall(raft: Raft, incoming: IncomingCall, now: Instant): void {
  raft.now = now
  const { request } = incoming
  switch (request.type) {
    case 'append':
      onAppend(raft, incoming, request)
      break
    case 'heartbeat':
      onHeartbeat(raft, incoming, request.term)
      break
    case 'vote':
      onVote(raft, incoming, request)
      break
    case 'pre-vote':
      onPreVote(raft, incoming, request)
      break
    case 'timeout-now':
      onTimeoutNow(raft, incoming)
      break
    case 'install-snapshot':
      onInstallSnapshot(raft, incoming, request)
      break
    default:
      unreachable(request)
  }
  settle(raft)
}

/** The answer to a call of ours. */
export function onReply(
  raft: Raft,
  answer: { call: number; reply: RaftReply },
  now: Instant,
): void {
  raft.now = now
  const sent = raft.calls.get(answer.call)
  raft.calls.delete(answer.call)
  if (sent === undefined) return // of a role that is over
  if (REPLIES[sent.request.type] !== answer.reply.type) onFollowerFailed(raft, sent)
  else if (!isSuperseded(raft, sent, answer.reply)) takeReply(raft, sent, answer.reply)
  settle(raft)
}

const REPLIES: Readonly<Record<RaftRequest['type'], RaftReply['type']>> = {
  append: 'append-reply',
  heartbeat: 'append-reply',
  vote: 'vote-reply',
  'pre-vote': 'pre-vote-reply',
  'timeout-now': 'timeout-now-reply',
  'install-snapshot': 'install-snapshot-reply',
}

/** A higher term in an answer ends whatever we are (Raft §5.1; M26). */
function isSuperseded(raft: Raft, sent: OutgoingCall, reply: RaftReply): boolean {
  if (reply.type === 'timeout-now-reply') return false
  // A pre-vote is answered with the term that it proposed: only a term beyond that is news.
  const known = sent.request.type === 'pre-vote' ? sent.request.term : raft.vote.term
  if (reply.term <= Math.max(known, raft.vote.term)) return false
  adoptTerm(raft, reply.term)
  becomeFollower(raft, 'there is a higher term')
  return true
}

function takeReply(raft: Raft, sent: OutgoingCall, reply: RaftReply): void {
  switch (reply.type) {
    case 'vote-reply':
    case 'pre-vote-reply':
      countVote(raft, sent, reply)
      break
    case 'append-reply':
      onAppendReply(raft, sent, reply)
      break
    case 'install-snapshot-reply':
      onSnapshotReply(raft, sent, reply.success)
      break
    case 'timeout-now-reply':
      break
    default:
      unreachable(reply)
  }
}

/** A call of ours will not be answered. */
export function onCallFailed(raft: Raft, id: number, now: Instant): void {
  raft.now = now
  const sent = raft.calls.get(id)
  raft.calls.delete(id)
  if (sent === undefined) return
  onFollowerFailed(raft, sent)
  noteRefusal(raft, sent)
  settle(raft)
}

/**
 * A closed connection or a refused port says that the leader's process is gone: ask soon whether
 * an election would be won. Safety does not rest on it: pre-vote and the voters' own loyalty
 * decide. The caller makes sure that it was the leader of now.
 */
export function onLeaderGone(raft: Raft, now: Instant): void {
  raft.now = now
  const { role } = raft
  if (role.type === 'follower' && raft.leader !== undefined) {
    role.electionDue = Math.min(role.electionDue, hintDue(raft, raft.leader))
    raft.haste = HASTE_TRIES
    raft.leader = undefined
  }
  settle(raft)
}

/** Between true and false, what changes is gathered into one persist. */
export function gather(raft: Raft, isGathering: boolean): void {
  raft.isGathering = isGathering
  settle(raft)
}

/** The disk has what it was given. */
export function onPersisted(raft: Raft, persisted: number, now: Instant): void {
  raft.now = now
  endPersist(raft, persisted)
  settle(raft)
}

/** The disk is full, and nothing of what it was given stands. It is given the same again later. */
export function onPersistRefused(raft: Raft, token: number, now: Instant): void {
  raft.now = now
  const isNews = refusePersist(raft, token)
  if (isNews && raft.role.type === 'leader') onLeaderFull(raft, raft.role)
  settle(raft)
}

export type Proposed =
  | { readonly ok: true; readonly index: LogIndex; readonly term: Term }
  | { readonly ok: false; readonly why: 'not-leader' | 'transferring' | 'too-many' | 'disk-full' }

/** Puts a command into the log of the leader. */
export const propose = (raft: Raft, data: Uint8Array, now: Instant): Proposed =>
  proposeEntry(raft, { type: ENTRY.command, data }, now)

type Proposal = Pick<Entry, 'type' | 'data'>

/** Committed when `takeCommitted` hands out this index with this term, not before. */
export function proposeEntry(raft: Raft, entry: Proposal, now: Instant): Proposed {
  raft.now = now
  const proposed = addProposal(raft, entry)
  if (proposed.ok) settle(raft)
  return proposed
}

/** Several that came together: one message and one write carry them. */
export function proposeAll(raft: Raft, entries: readonly Proposal[], now: Instant): Proposed[] {
  raft.now = now
  const proposed = entries.map((entry) => addProposal(raft, entry))
  settle(raft)
  return proposed
}

function addProposal(raft: Raft, { type, data }: Proposal): Proposed {
  const why = whyNoProposal(raft, data.length)
  if (why !== undefined) return { ok: false, why }
  return { ok: true, index: addEntry(raft, type, data), term: raft.vote.term }
}

function whyNoProposal(raft: Raft, bytes: number) {
  const { role, log, commit } = raft
  if (role.type !== 'leader') return 'not-leader'
  if (role.transfer !== undefined) return 'transferring'
  if (raft.full !== undefined) return 'disk-full'
  const last = lastIndex(log)
  if (last - commit >= UNCOMMITTED_ENTRIES_MAX) return 'too-many'
  return bytesBetween(log, commit, last) + bytes > UNCOMMITTED_BYTES_MAX ? 'too-many' : undefined
}

/** A linearizable read: `readable` or `unreadable` with this id follows. False: not here. */
export function read(raft: Raft, id: number, now: Instant): boolean {
  raft.now = now
  if (!addRead(raft, id)) return false
  settle(raft)
  return true
}

export function change(raft: Raft, wanted: MembershipChange, now: Instant): Changed {
  raft.now = now
  const changed = changeMembership(raft, wanted)
  settle(raft)
  return changed
}

/** With `ok` an effect `transferred` follows. */
export function transfer(raft: Raft, to: string | undefined, now: Instant): Changed {
  raft.now = now
  const begun = transferLeadership(raft, to)
  settle(raft)
  return begun
}

/** Makes the first server of a cluster, or one of several with the same first entry. */
export function bootstrap(raft: Raft, configuration: Configuration, now: Instant): Changed {
  raft.now = now
  const why = whyNoBootstrap(raft, configuration)
  if (why !== undefined) return { ok: false, why }
  const first = term(1)
  adoptTerm(raft, first)
  const data = raft.configurations.encode(configuration)
  saveEntries(raft, [{ index: logIndex(1), term: first, type: ENTRY.configuration, data }])
  if (isAlone(raft)) standAlone(raft)
  settle(raft)
  return { ok: true, index: logIndex(1) }
}

/** Committed entries that were not handed out before, in order. */
export function takeCommitted(raft: Raft): readonly Entry[] {
  const { log, delivered, commit } = raft
  if (delivered === commit) return []
  const limit = { countMax: commit - delivered, bytesMax: Number.POSITIVE_INFINITY }
  const entries = entriesFrom(log, logIndex(delivered + 1), limit)
  assert(entries.length === limit.countMax, 'what is committed is here')
  raft.delivered = commit
  return entries
}

/**
 * Our own snapshot is durable: the log before it can go, but for what followers may still need.
 * Returns up to where the disk's log can be trimmed.
 */
export function onSnapshotSaved(raft: Raft, snapshot: SnapshotMeta, now: Instant): LogIndex {
  raft.now = now
  const { log } = raft
  if (snapshot.index > (raft.snapshot?.index ?? 0)) raft.snapshot = snapshot
  const kept = trailingFrom(log, raft.settings.trailingEntries, TRAILING_BYTES_MAX)
  compact(log, logIndex(Math.min(snapshot.index, kept - 1, log.durable, awaited(raft))))
  settle(raft)
  return trimmableThrough(raft)
}

/**
 * Entries behind a snapshot that is on its way stay: without them the next would be due (S-SN2).
 */
function awaited({ role, log }: Raft): number {
  if (role.type !== 'leader') return Number.POSITIVE_INFINITY
  let lowest = Number.POSITIVE_INFINITY
  for (const { state, pendingSnapshot } of role.followers.values())
    if (state === 'snapshot') lowest = Math.min(lowest, pendingSnapshot)
  return Math.max(lowest, lastIndex(log) - AWAITED_ENTRIES_MAX)
}

/** Not before a log that begins anew is on the disk: until then that still awaits other entries. */
const trimmableThrough = ({ log }: Raft): LogIndex =>
  logIndex(log.disk.isVoid ? 0 : Math.min(log.base.index, log.disk.end))

/**
 * The snapshot that a leader sent is durable. True: it is newer than what is committed here, and
 * the state must become that of the snapshot now, before the next committed entry is applied.
 */
export function onInstalled(
  raft: Raft,
  installed: { id: number; snapshot: SnapshotMeta },
  now: Instant,
): boolean {
  raft.now = now
  const isTaken = takeSnapshot(raft, installed.snapshot)
  confirmInstall(raft, installed.id, installed.snapshot)
  settle(raft)
  return isTaken
}

/** The snapshot was damaged on its way, or found no room. */
export function onInstallFailed(raft: Raft, id: number, now: Instant): void {
  raft.now = now
  refuseInstall(raft, id)
  settle(raft)
}

function settle(raft: Raft): void {
  sayHeld(raft)
  while (hasWon(raft)) advance(raft)
  if (raft.role.type === 'leader') runLeader(raft, raft.role)
  if (raft.role.type === 'leader') maybePromote(raft, raft.role)
  persistNext(raft)
}

/** From the pre-vote to the vote, from the vote to the lead. */
function advance(raft: Raft): void {
  const { role } = raft
  assert(role.type === 'candidate', 'only a candidate wins')
  if (role.phase === 'vote') lead(raft)
  else stand(raft, false)
}
