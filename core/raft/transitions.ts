// Between the roles. Each transition leaves nothing of the role before it: reads that waited are
// refused, calls are forgotten.
import { logIndex } from '../ids.ts'
import type { Leadership } from './leader.ts'
import { drawTimeout, note, type Raft } from './raft.ts'
import { allReads } from './reads.ts'

/** Follows, in the term that is in force. Whoever leads it, if anybody, will be heard. */
export function becomeFollower(raft: Raft, why: string): void {
  const { role } = raft
  raft.leader = undefined
  // Its timer runs on: only a leader or a vote that was given winds it up.
  if (role.type === 'follower') return
  if (role.type === 'leader') endLeadership(raft, role, why)
  note(raft, { what: 'became', role: 'follower', term: raft.vote.term })
  raft.calls.clear()
  raft.held = raft.held.filter(({ effect }) => effect.type !== 'call')
  raft.role = { type: 'follower', electionDue: drawTimeout(raft, raft.settings.heartbeatMs) }
}

function endLeadership(raft: Raft, { reads, transfer }: Leadership, why: string): void {
  note(raft, { what: 'stepped-down', term: raft.vote.term, why })
  const ids = allReads(reads)
  if (ids.length > 0) raft.effects.push({ type: 'unreadable', ids })
  if (transfer !== undefined)
    raft.effects.push({ type: 'transferred', to: transfer.to.id, ok: transfer.told })
  raft.effects.push({ type: 'lost', from: logIndex(raft.commit + 1) })
}
