// Elections (Raft §5.2, §5.4.1; pre-vote: Thesis §9.6). A candidate first asks whether it would
// win: so a server that was cut off does not depose a working leader with its risen term when it
// comes back.
import { assert } from '../assert.ts'
import { type LogIndex, type Term, term as termOf } from '../ids.ts'
import type { Instant } from '../time.ts'
import { againDue } from './hint.ts'
import { lastPosition } from './log.ts'
import type { ServerId, VoteReply } from './messages.ts'
import { patienceMs } from './patience.ts'
import { hasMajority, votersOf } from './quorum.ts'
import {
  configurationOf,
  drawTimeout,
  mayLead,
  note,
  type OutgoingCall,
  type Raft,
} from './raft.ts'
import { adoptTerm, call, canWrite, giveVote } from './save.ts'
import { becomeFollower } from './transitions.ts'

export interface Candidacy {
  phase: 'pre-vote' | 'vote'
  /** Of other servers. */
  readonly votes: Set<ServerId>
  /** Who will not give theirs: they said so, or could not be asked. */
  readonly refusals: Set<ServerId>
  /** The number of our own vote: it counts when that is durable (M08, M09). */
  ownVote: number
  electionDue: Instant
}

/**
 * Why this server must not campaign; undefined: it may. Without a vote there is nothing to win,
 * and a server whose disk takes nothing would lead badly.
 */
function obstacle(raft: Raft): string | undefined {
  if (!mayLead(raft)) return 'it is no voter'
  if (raft.quarantine !== undefined) return 'its log is incomplete'
  return canWrite(raft) ? undefined : 'its disk takes nothing'
}

/** The election timer has fired, or the leader is thought to be gone. */
export function campaign(raft: Raft): void {
  const { self, settings, now } = raft
  const why = obstacle(raft)
  if (why !== undefined) {
    becomeFollower(raft, why)
    wait(raft, drawTimeout(raft, settings.heartbeatMs))
    return
  }
  assert(now >= raft.loyalUntil, 'nobody campaigns against a lease that rests on it')
  raft.leader = undefined
  raft.role = {
    type: 'candidate',
    phase: 'pre-vote',
    votes: new Set(),
    refusals: new Set(),
    ownVote: raft.votes.saved, // nothing is promised yet
    electionDue: drawTimeout(raft, Math.max(settings.electionMs, patienceMs(raft))),
  }
  note(raft, { what: 'became', role: 'candidate', term: raft.vote.term, phase: 'pre-vote' })
  const request = { type: 'pre-vote', term: nextTerm(raft), ...lastOf(raft) } as const
  for (const peer of votersOf(configurationOf(raft))) {
    if (peer.id !== self.id) call(raft, peer, { request, when: 'now' })
  }
}

function wait({ role }: Raft, until: Instant): void {
  if (role.type !== 'leader') role.electionDue = until
}

/**
 * The leader wants us to take over at once (Thesis §3.10): no pre-vote, its followers will obey.
 */
export function takeOver(raft: Raft): void {
  if (obstacle(raft) === undefined) stand(raft, true)
}

/** The real election: a new term, our own vote in it, both on the disk before anybody knows. */
export function stand(raft: Raft, transfer: boolean): void {
  const { self, settings } = raft
  assert(mayLead(raft), 'only a voter stands')
  raft.leader = undefined
  adoptTerm(raft, nextTerm(raft))
  giveVote(raft, self)
  raft.role = {
    type: 'candidate',
    phase: 'vote',
    votes: new Set(),
    refusals: new Set(),
    ownVote: raft.votes.noted,
    electionDue: drawTimeout(raft, Math.max(settings.electionMs, patienceMs(raft))),
  }
  const { term } = raft.vote
  note(raft, { what: 'became', role: 'candidate', term, phase: 'vote' })
  const request = { type: 'vote', term, transfer, ...lastOf(raft) } as const
  for (const peer of votersOf(configurationOf(raft))) {
    if (peer.id !== self.id) call(raft, peer, { request, when: 'vote-saved' })
  }
}

/**
 * Above every term that we know of. The log may know more than the vote: a leader that was deposed
 * passes on entries of its successor (raft-wire P8), and a snapshot may outlive a crash that the
 * term of its leader did not.
 */
const nextTerm = ({ vote, log }: Raft): Term =>
  termOf(Math.max(vote.term, lastPosition(log).term) + 1)

function lastOf(raft: Raft): { lastIndex: LogIndex; lastTerm: Term } {
  const { index, term } = lastPosition(raft.log)
  return { lastIndex: index, lastTerm: term }
}

/** Counts a reply once, and only in the phase and the term that it answers to (M16, M17). */
export function countVote(raft: Raft, sent: OutgoingCall, reply: VoteReply): void {
  const { role } = raft
  if (role.type !== 'candidate' || !reply.granted) {
    noteRefusal(raft, sent)
    return
  }
  if (sent.term !== raft.vote.term) return
  if ((role.phase === 'pre-vote') !== (reply.type === 'pre-vote-reply')) return
  role.votes.add(sent.to.id)
}

/**
 * A campaign that cannot be won any more is waited out, as ever: unless it is known that the leader
 * is gone. Then it is begun anew soon, a few times.
 */
export function noteRefusal(raft: Raft, { to, term, request }: OutgoingCall): void {
  const { role } = raft
  if (role.type !== 'candidate' || term !== raft.vote.term) return
  if ((role.phase === 'pre-vote') !== (request.type === 'pre-vote')) return
  role.refusals.add(to.id)
  const isLost = !hasMajority(configurationOf(raft), (id) => !role.refusals.has(id))
  if (!isLost || raft.haste === 0) return
  raft.haste--
  role.electionDue = Math.min(role.electionDue, againDue(raft))
}

/** Whether the election is won, in its present phase. */
export function hasWon(raft: Raft): boolean {
  const { role, self, votes } = raft
  if (role.type !== 'candidate') return false
  const isOurs = role.ownVote <= votes.saved
  return hasMajority(configurationOf(raft), (id) => (id === self.id ? isOurs : role.votes.has(id)))
}
