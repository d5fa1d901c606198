// What leaves a server: no message may rest on what a crash could take back (Raft figure 2:
// "updated on stable storage before responding"), and a vote that left is given, whatever becomes
// of it.
import type { Append, RaftReply, RaftRequest, ServerId } from '../raft/messages.ts'
import { candidateName } from '../raft/save.ts'
import type { RaftChecks } from './check-raft.ts'
import { holds } from './disk.ts'
import type { HostEffect } from './host.ts'
import { mustHold } from './violation.ts'
import type { SimNode } from './world.ts'

/** Before an effect is performed: what leaves must rest on the disk. */
export function checkEffect(checks: RaftChecks, node: SimNode, effect: HostEffect): void {
  if (effect.type === 'call') checkCall(checks, node, effect.request)
  else if (effect.type === 'reply') checkReply(checks, node, effect)
}

function checkCall(checks: RaftChecks, node: SimNode, request: RaftRequest): void {
  if (request.type === 'pre-vote' || request.type === 'timeout-now') return
  checks.tally['saved-first']++
  const { vote } = node.disk.platter
  const self = node.peer.id
  if (request.type === 'vote') {
    noteVote(checks, { voter: self, in: request.term, for: self })
    const saved =
      vote.term > request.term ||
      (vote.term === request.term && vote.votedFor === candidateName(node.peer))
    mustHold(saved, 'saved-first', () => `${self} asks for votes in term ${request.term} unsaved`)
    return
  }
  const saved = vote.term >= request.term
  mustHold(saved, 'saved-first', () => `${self} leads term ${request.term}, which it has not saved`)
}

interface Given {
  readonly voter: ServerId
  readonly in: number
  readonly for: ServerId
}

function noteVote(checks: RaftChecks, given: Given): void {
  checks.tally['one-vote']++
  const ofVoter = checks.votes.get(given.voter) ?? new Map<number, ServerId>()
  checks.votes.set(given.voter, ofVoter)
  const before = ofVoter.get(given.in) ?? given.for
  mustHold(
    before === given.for,
    'one-vote',
    () => `${given.voter} votes in term ${given.in} for ${before} and for ${given.for}`,
  )
  ofVoter.set(given.in, given.for)
}

function checkReply(
  checks: RaftChecks,
  node: SimNode,
  { id, reply }: { id: number; reply: RaftReply },
): void {
  const caller = node.incoming.get(id)
  if (caller === undefined || reply.type === 'timeout-now-reply') return
  const { vote } = node.disk.platter
  checks.tally['saved-first']++
  // M03: no answer shows a term that a crash could take back. A pre-vote promises nothing.
  if (reply.type !== 'pre-vote-reply') {
    mustHold(
      vote.term >= reply.term,
      'saved-first',
      () => `${node.peer.id} shows term ${reply.term} before it is saved`,
    )
  }
  const saved = (good: boolean) =>
    mustHold(good, 'saved-first', () => `${node.peer.id} answers ${reply.type} before it is saved`)
  if (reply.type === 'vote-reply' && reply.granted) {
    const candidate = caller.node.peer.id
    noteVote(checks, { voter: node.peer.id, in: reply.term, for: candidate })
    const isIt = vote.term === reply.term && vote.votedFor === candidateName(caller.node.peer)
    saved(vote.term > reply.term || isIt)
  } else if (reply.type === 'append-reply' && reply.success) {
    const { request } = caller
    if (request.type === 'append') saved(vote.term > reply.term || isProven(node, request))
  } else if (reply.type === 'install-snapshot-reply' && reply.success) {
    const { request } = caller
    if (request.type !== 'install-snapshot') return
    const { index, term: inTerm } = request.snapshot
    saved(vote.term > reply.term || holds(node.disk.platter, index, inTerm))
  }
}

/** Whether the disk has what a positive answer to this append says it has. */
function isProven(node: SimNode, { prevIndex, prevTerm, entries }: Append): boolean {
  const last = entries.at(-1)
  const [index, inTerm] = last === undefined ? [prevIndex, prevTerm] : [last.index, last.term]
  return index === 0 || holds(node.disk.platter, index, inTerm)
}
