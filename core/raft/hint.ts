// Early detection: when a leader's process dies its connections close, and followers hear of it
// long before their timers. If they all campaigned at once they would split the votes, so they go
// one after the other.
import type { Instant } from '../time.ts'
import type { Peer } from './messages.ts'
import { votersOf } from './quorum.ts'
import { configurationOf, type Raft } from './raft.ts'

/** Time for the one before to be elected: two rounds and a flush. */
const TURN_MS = 20
const JITTER_MS = 10

/** When this server campaigns if the leader is gone: in the order of the ids, a little apart. */
export function hintDue(raft: Raft, leader: Peer): Instant {
  const ids = votersOf(configurationOf(raft))
    .map(({ id }) => id)
    .filter((id) => id !== leader.id)
    .sort()
  const rank = Math.max(0, ids.indexOf(raft.self.id))
  return Math.max(raft.now, raft.loyalUntil) + rank * TURN_MS + raft.prng.unit() * JITTER_MS
}
