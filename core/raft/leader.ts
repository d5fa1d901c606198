// Leading: the commit rule, the check that a majority still listens, handing over (Raft §5.3,
// §5.4.2; check-quorum: Thesis §6.2; transfer: Thesis §3.10). What is sent to whom: replicate.ts.
import { assert } from '../assert.ts'
import { ENTRY, type Entry, type EntryType } from '../entry.ts'
import { type LogIndex, logIndex } from '../ids.ts'
import type { Instant } from '../time.ts'
import { lastIndex, lastPosition, termAt } from './log.ts'
import type { Peer, Server, ServerId } from './messages.ts'
import { forbearanceMs } from './patience.ts'
import { createProgress, type Progress } from './progress.ts'
import { isVoter, majorityIndex, majorityReached, votersOf } from './quorum.ts'
import { advanceCommit, configurationOf, isAlone, latest, note, type Raft } from './raft.ts'
import { admitEarly, answerOpen, confirmReads, createReads, type Reads } from './reads.ts'
import { heartbeat, replicate } from './replicate.ts'
import { call, saveEntries, stallDue } from './save.ts'
import { becomeFollower } from './transitions.ts'

export interface Leadership {
  /**
   * All other servers of the configuration in force, and some that are about to learn they left.
   */
  readonly followers: Map<ServerId, Progress>
  readonly reads: Reads
  /** When it is checked again that a majority listens. */
  leaseDue: Instant
  /** Nothing is taken while the leadership goes to another. */
  transfer: Transfer | undefined
  /** Another server was told to campaign: no lease any more, however that ends. */
  isLeaseVoid: boolean
  /** The configuration that `followers` was made from. */
  followersOf: LogIndex | undefined
}

interface Transfer {
  readonly to: Peer
  readonly deadline: Instant
  /** It has all of our log and was told to campaign. */
  told: boolean
}

export function lead(raft: Raft): void {
  const { now, settings } = raft
  assert(lastPosition(raft.log).term < raft.vote.term, 'nobody has led in a new term before')
  raft.leader = raft.self
  raft.calls.clear()
  const leadership: Leadership = {
    followers: new Map(),
    reads: createReads(),
    leaseDue: now + settings.leaseMs,
    transfer: undefined,
    isLeaseVoid: false,
    followersOf: undefined,
  }
  raft.role = { type: 'leader', ...leadership }
  note(raft, { what: 'became', role: 'leader', term: raft.vote.term })
  note(raft, { what: 'leader', term: raft.vote.term, id: raft.self.id })
  // Before the noop, so that the first append to each carries it.
  matchFollowers(raft, raft.role)
  addEntry(raft, ENTRY.noop, new Uint8Array(0))
}

/** Puts an entry into the leader's log. Not agreed on before it is committed. */
export function addEntry(raft: Raft, type: EntryType, data: Uint8Array): LogIndex {
  assert(raft.role.type === 'leader', 'only a leader adds entries of its own')
  const index = logIndex(lastIndex(raft.log) + 1)
  const entry: Entry = { index, term: raft.vote.term, type, data }
  saveEntries(raft, [entry])
  return index
}

/** Follows the configuration in force: who is new is sent the log, who is gone soon no more. */
function matchFollowers(raft: Raft, leadership: Leadership): void {
  const { index, configuration } = latest(raft)
  const { followers } = leadership
  if (leadership.followersOf === index) return
  leadership.followersOf = index
  const isHere = (id: ServerId) => configuration.servers.some((server) => server.id === id)
  for (const [id, progress] of followers) {
    if (!isHere(id)) progress.leavesAt ??= raft.now + raft.settings.electionMs
    else if (progress.leavesAt !== undefined) letGo(raft, followers, id) // and it begins anew
  }
  const next = logIndex(lastIndex(raft.log) + 1)
  for (const { id, address, suffrage } of configuration.servers) {
    if (id === raft.self.id) continue
    const progress = followers.get(id) ?? createProgress({ id, address }, next, raft.now)
    followers.set(id, progress)
    progress.isVoter = suffrage === 'voter'
    if (progress.peer.address !== address) progress.peer = { id, address }
  }
}

/**
 * A server that was removed is let go when it was told that this is agreed on, or when it had time
 * enough to hear of it. Otherwise it would campaign.
 */
function dropLeavers(raft: Raft, { followers }: Leadership): void {
  for (const [id, { leavesAt, match, commitTold }] of followers) {
    if (leavesAt === undefined) continue
    const isTold = Math.min(match, commitTold) >= latest(raft).index
    if (raft.now >= leavesAt || isTold) letGo(raft, followers, id)
  }
}

/**
 * Should it ever be added again it may have another disk: no answer to what it was sent before
 * counts then.
 */
function letGo(raft: Raft, followers: Leadership['followers'], id: ServerId): void {
  followers.delete(id)
  for (const [number, { to }] of raft.calls) if (to.id === id) raft.calls.delete(number)
}

/** Everything a leader does after whatever has happened: commit, send and answer what can be. */
export function runLeader(raft: Raft, leadership: Leadership): void {
  matchFollowers(raft, leadership)
  maybeCommit(raft, leadership)
  if (raft.role.type !== 'leader') return // it has committed its own removal
  admitEarly(raft, leadership.reads)
  answerOpen(raft, leadership)
  for (const progress of leadership.followers.values()) {
    replicate(raft, progress)
    heartbeat(raft, progress, leadership)
  }
  confirmReads(raft, leadership)
  maybeHandOver(raft, leadership)
  dropLeavers(raft, leadership)
}

/**
 * A majority has it on disk, and it is of this term: only so are older entries committed along
 * (Raft §5.4.2, figure 8; M01).
 */
function maybeCommit(raft: Raft, leadership: Leadership): void {
  const { log, self } = raft
  const { followers } = leadership
  const matched = (id: ServerId) =>
    id === self.id ? log.durable : (followers.get(id)?.match ?? logIndex(0))
  const index = majorityIndex(configurationOf(raft), matched)
  if (index <= raft.commit || termAt(log, index) !== raft.vote.term) return
  advanceCommit(raft, index)
  const { index: changedAt, configuration } = latest(raft)
  if (changedAt <= raft.commit && !isVoter(configuration, self.id))
    resign(raft, leadership, 'it is no voter any more')
}

/** Steps down, and tells the voter that is furthest to take over at once if it has everything. */
function resign(raft: Raft, leadership: Leadership, why: string): void {
  const heir = furthestVoter(raft, leadership)
  const hasAll = heir !== undefined && matchOf(leadership, heir) === lastIndex(raft.log)
  if (hasAll && leadership.transfer === undefined)
    call(raft, heir, { request: { type: 'timeout-now' }, when: 'now' })
  becomeFollower(raft, why)
}

const matchOf = ({ followers }: Leadership, { id }: Server): LogIndex =>
  followers.get(id)?.match ?? logIndex(0)

/** Of the other voters the one that has most of our log. */
export function furthestVoter(raft: Raft, leadership: Leadership): Server | undefined {
  const others = votersOf(configurationOf(raft)).filter(({ id }) => id !== raft.self.id)
  return others.reduce<Server | undefined>((best, voter) => {
    if (best === undefined) return voter
    return matchOf(leadership, voter) > matchOf(leadership, best) ? voter : best
  }, undefined)
}

/** What only time brings about. */
export function onLeaderTick(raft: Raft, leadership: Leadership): void {
  if (raft.now >= leadership.leaseDue) checkQuorum(raft, leadership)
  if (raft.role.type !== 'leader' || isAlone(raft)) return
  // A leader that cannot write must not keep others from leading by its heartbeats (M69).
  if (raft.now >= stallDue(raft)) resign(raft, leadership, 'its disk has stalled')
}

/** A leader that a majority does not answer is perhaps one no longer: it steps down. */
function checkQuorum(raft: Raft, leadership: Leadership): void {
  const { now, self, settings } = raft
  const heardAt = (id: ServerId) =>
    id === self.id ? now : (leadership.followers.get(id)?.heardAt ?? 0)
  const leaseMs = forbearanceMs(settings, settings.leaseMs)
  const lostAt = majorityReached(configurationOf(raft), heardAt) + leaseMs
  if (now >= lostAt) becomeFollower(raft, 'no majority answers')
  else leadership.leaseDue = lostAt
}

/** The disk has no room for what the leader wrote: somebody else may have. */
export function onLeaderFull(raft: Raft, leadership: Leadership): void {
  // Nobody can take over from a sole voter, and its reads go on.
  if (isAlone(raft)) raft.effects.push({ type: 'lost', from: logIndex(raft.commit + 1) })
  else resign(raft, leadership, 'its disk is full')
}

/** When the target has everything, it is told to campaign; if nothing comes of it, we go on. */
function maybeHandOver(raft: Raft, leadership: Leadership): void {
  const { transfer, followers } = leadership
  if (transfer === undefined) return
  const { to } = transfer
  if (raft.now >= transfer.deadline) {
    leadership.transfer = undefined
    raft.effects.push({ type: 'transferred', to: to.id, ok: false })
    return
  }
  if (transfer.told || followers.get(to.id)?.match !== lastIndex(raft.log)) return
  transfer.told = true
  leadership.isLeaseVoid = true
  call(raft, to, { request: { type: 'timeout-now' }, when: 'now' })
}
