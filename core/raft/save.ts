// The order of durability (Raft figure 2: "updated on stable storage before responding to RPCs"),
// kept inside the machine:
//
// · one persist is under way at a time; what changes meanwhile goes out with the next (group
//   commit). What the disk lacks is read off the log and the count of votes: no second list;
// · whatever reveals a term or a vote is held until that vote is durable, whatever says that
//   entries are here until they are. An answer about the leader's term does not wait for entries:
//   a slow disk must not make a leader lose its followers.
import { assert } from '../assert.ts'
import type { Entry, Persist, Vote } from '../entry.ts'
import { type LogIndex, logIndex, type Term } from '../ids.ts'
import type { Instant } from '../time.ts'
import { append, confirm, handOver, lastIndex, takeBack, truncate } from './log.ts'
import type { Peer, RaftRequest } from './messages.ts'
import { forbearanceMs } from './patience.ts'
import {
  forgetConfigurations,
  note,
  noteConfiguration,
  type OutgoingCall,
  type Raft,
  type RaftEffect,
  WITHHELD,
} from './raft.ts'

export interface Held {
  /** The vote, by its number, after which it may be said. */
  readonly vote: number
  /** It says that entries up to here are durable; 0: it says nothing about entries. */
  readonly proves: LogIndex
  readonly effect: RaftEffect
}

/** How often a full disk is tried again. */
const FULL_RETRY_MS = 1_000

const NOTHING = logIndex(0)

/** Says what reveals the term, or the vote given in it. */
export const sayWhenVoteSaved = (raft: Raft, effect: RaftEffect): void =>
  say(raft, { vote: raft.votes.noted, proves: NOTHING, effect })

/** Says what proves that entries up to `proves` are on this server's disk. */
export const sayWhenDurable = (raft: Raft, proves: LogIndex, effect: RaftEffect): void =>
  say(raft, { vote: raft.votes.noted, proves, effect })

function say(raft: Raft, held: Held): void {
  if (canSay(raft, held)) raft.effects.push(held.effect)
  else raft.held.push(held)
}

const canSay = ({ votes, log }: Raft, { vote, proves }: Held): boolean =>
  vote <= votes.saved && proves <= log.durable

/** Says what has waited for the disk and need not any more. */
export function sayHeld(raft: Raft): void {
  if (raft.held.length === 0) return
  const ready = raft.held.filter((held) => canSay(raft, held))
  raft.held = raft.held.filter((held) => !canSay(raft, held))
  for (const { effect } of ready) raft.effects.push(effect)
}

/** Hands over what the disk lacks, unless it is busy. */
export function persistNext(raft: Raft): void {
  const { votes, full, now } = raft
  if (raft.underWay !== undefined || raft.isGathering) return
  const mayTry = full === undefined || now >= full.retryAt
  const hasVote = votes.handedOver < votes.noted && (mayTry || !full.votesToo)
  const part = mayTry ? handOver(raft.log) : undefined
  if (!hasVote && part === undefined) {
    if (mayTry) stopWaiting(raft) // what was refused has been cut off since
    return
  }
  const token = ++raft.lastToken
  const vote = hasVote ? { vote: raft.vote } : {}
  const persist: Persist = { token, ...vote, ...(part ?? { entries: [] }) }
  if (hasVote) votes.handedOver = votes.noted
  raft.underWay = { persist, votes: votes.handedOver, since: now }
  raft.effects.push({ type: 'persist', persist })
}

/** The persist under way is durable. */
export function endPersist(raft: Raft, token: number): void {
  const { votes, persist } = takeUnderWay(raft, token)
  raft.votes.saved = votes
  confirm(raft.log)
  if (hasLog(persist)) stopWaiting(raft)
  endQuarantine(raft)
}

/** The disk is not known to be full any more. */
function stopWaiting(raft: Raft): void {
  if (raft.full === undefined) return
  raft.full = undefined
  note(raft, { what: 'disk-has-room' })
}

/**
 * Nothing of the persist under way stands: the disk is full. All of it will be tried again.
 * Returns whether this is news.
 */
export function refusePersist(raft: Raft, token: number): boolean {
  const { persist } = takeUnderWay(raft, token)
  raft.votes.handedOver = raft.votes.saved
  takeBack(raft.log)
  const isNews = raft.full === undefined
  if (isNews) note(raft, { what: 'disk-full' })
  raft.full = { retryAt: raft.now + FULL_RETRY_MS, votesToo: !hasLog(persist) }
  return isNews
}

const hasLog = ({ entries, truncateFrom, restartBehind }: Persist): boolean =>
  entries.length > 0 || truncateFrom !== undefined || restartBehind !== undefined

function takeUnderWay(raft: Raft, token: number) {
  const { underWay } = raft
  assert(underWay !== undefined, 'an answer of the disk belongs to a persist under way')
  assert(underWay.persist.token === token, 'the disk answers the persist under way')
  raft.underWay = undefined
  return underWay
}

/** From when on the persist under way shows that the disk has stalled. */
export const stallDue = ({ underWay, settings }: Raft): Instant =>
  underWay === undefined
    ? Number.POSITIVE_INFINITY
    : underWay.since + forbearanceMs(settings, settings.electionMs)

/** Whether the disk can take what a leader must write. */
export const canWrite = (raft: Raft): boolean =>
  raft.full === undefined && raft.now < stallDue(raft)

/** A new term has no vote yet; the vote of a term is given once. */
function saveVote(raft: Raft, vote: Vote): void {
  const { vote: known } = raft
  assert(vote.term >= known.term, 'a term never falls')
  assert(vote.term > known.term || known.votedFor === '', 'one vote in a term')
  raft.vote = vote
  raft.votes.noted++
}

/** Goes over to a higher term. In quarantine its vote is given away at once, to nobody. */
export function adoptTerm(raft: Raft, term: Term): void {
  assert(term > raft.vote.term, 'a term that is adopted is higher')
  saveVote(raft, { term, votedFor: raft.quarantine === undefined ? '' : WITHHELD })
}

/** The name of a candidate on the disk: hashicorp/raft knows one by its address, we by both. */
export const candidateName = ({ id, address }: Peer): string => `${id}@${address}`

export function giveVote(raft: Raft, to: Peer): void {
  assert(raft.quarantine === undefined, 'a server in quarantine does not vote')
  saveVote(raft, { term: raft.vote.term, votedFor: candidateName(to) })
  note(raft, { what: 'voted', term: raft.vote.term, for: to.id })
}

function endQuarantine(raft: Raft): void {
  const through = raft.quarantine?.through
  if (through === undefined || raft.log.durable < through) return
  raft.quarantine = undefined
  note(raft, { what: 'quarantine-over', index: through })
}

/** The leader has shown where its log ended, and we have it up to there, if not yet durably. */
export function noteComplete(raft: Raft, through: LogIndex): void {
  const { quarantine } = raft
  if (quarantine === undefined) return
  quarantine.through = through
  endQuarantine(raft)
}

/** Puts entries at the end of the log; persistNext hands them over. */
export function saveEntries(raft: Raft, entries: readonly Entry[]): void {
  append(raft.log, entries)
  for (const entry of entries) noteConfiguration(raft, entry)
}

/** Cuts the log, here and on the disk. */
export function cutEntries(raft: Raft, from: LogIndex): void {
  assert(from > raft.commit, 'what is committed is never cut off')
  truncate(raft.log, from)
  note(raft, { what: 'truncated', from })
  forgetConfigurations(raft, from)
  refuseProofs(raft, from)
  if (raft.quarantine !== undefined) raft.quarantine.through = undefined
}

/** What was held to say that entries are here must not be said of entries that are here no more. */
export function refuseProofs(raft: Raft, from: LogIndex): void {
  raft.held = raft.held.map((held) => (held.proves < from ? held : refused(raft, held)))
}

function refused(raft: Raft, held: Held): Held {
  const { effect } = held
  assert(effect.type === 'reply', 'only replies prove entries')
  assert(effect.reply.type === 'append-reply', 'only replies to appends prove entries')
  const lastLog = lastIndex(raft.log)
  const reply = { ...effect.reply, success: false, term: raft.vote.term, lastLog }
  return { vote: raft.votes.noted, proves: NOTHING, effect: { ...effect, reply } }
}

/** Calls another server. `when` says whether the call reveals a vote that must be durable first. */
export function call(
  raft: Raft,
  to: Peer,
  how: { request: RaftRequest; when: 'now' | 'vote-saved'; epoch?: number; readSeq?: number },
): void {
  const id = ++raft.lastCall
  const { request } = how
  const made: OutgoingCall = {
    to,
    request,
    sentAt: raft.now,
    term: raft.vote.term,
    epoch: how.epoch ?? 0,
    readSeq: how.readSeq ?? 0,
  }
  raft.calls.set(id, made)
  const effect: RaftEffect = { type: 'call', call: id, to, request }
  if (how.when === 'now') raft.effects.push(effect)
  else sayWhenVoteSaved(raft, effect)
}
