// Early detection: when a leader's process dies its connections close, and followers hear of it
// long before their timers. If they all campaigned at once they would split the votes, so they go
// one after the other.
import type { Instant } from '../time.ts'
import type { Peer, ServerId } from './messages.ts'
import { votersOf } from './quorum.ts'
import { configurationOf, type Raft } from './raft.ts'

/** Time for the one before to be elected: a tick, two rounds and a flush. */
const TURN_MS = 40
const JITTER_MS = 10
/** Campaigns that are begun anew soon when they are lost: others may hear of it a little later. */
export const HASTE_TRIES = 5

/** When this server campaigns if the leader is gone: in the order of the ids, a little apart. */
export const hintDue = (raft: Raft, leader: Peer): Instant =>
  Math.max(raft.now, raft.loyalUntil) + turnMs(raft, leader.id)

/** When it campaigns again, after it has lost. */
export const againDue = (raft: Raft): Instant => raft.now + TURN_MS / 2 + turnMs(raft, undefined)

function turnMs(raft: Raft, leader: ServerId | undefined): number {
  const ids = votersOf(configurationOf(raft))
    .map(({ id }) => id)
    .filter((id) => id !== leader)
    .sort()
  return Math.max(0, ids.indexOf(raft.self.id)) * TURN_MS + raft.prng.unit() * JITTER_MS
}
