// What a leader believes, against what is so: rules that no paper lists, for they follow from the
// others. They fire long before the harm is done, and so make short runs of long ones.
import type { LogIndex } from '../ids.ts'
import { termAt } from '../raft/log.ts'
import type { Raft } from '../raft/raft.ts'
import type { Instant } from '../time.ts'
import { isOnDisk, type RaftChecks, shadowOf } from './check-raft.ts'
import { mustHold } from './violation.ts'
import type { SimNode } from './world.ts'

export function checkLeader(checks: RaftChecks, node: SimNode, raft: Raft): void {
  if (raft.role.type !== 'leader') return
  const { matched } = shadowOf(checks, node)
  for (const { peer, match } of raft.role.followers.values()) {
    const follower = checks.byId.get(peer.id)
    if (follower === undefined || matched[follower.index] === match) continue
    matched[follower.index] = match
    if (match > 0) checkMatch(checks, { node, follower, match }, raft)
  }
}

interface Match {
  readonly node: SimNode
  readonly follower: SimNode
  readonly match: LogIndex
}

/** M18, M28: a match is on the follower's disk, unless a later leader has taken it away again. */
function checkMatch(checks: RaftChecks, { node, follower, match }: Match, raft: Raft): void {
  const { id } = follower.peer
  const { vote } = follower.disk.platter
  const inTerm = termAt(raft.log, match)
  if (vote.term > raft.vote.term || inTerm === undefined) return
  checks.tally.believed++
  mustHold(
    isOnDisk(checks, id, { index: match, term: inTerm }),
    'believed',
    () => `${node.peer.id} believes that ${id} has ${match} of term ${inTerm} on its disk`,
  )
}

/** How many election timeouts a leader may hold on with a disk that takes nothing. */
const STALL_TIMEOUTS = 2

/** M69: heartbeats must not keep a leader in office that cannot write (consul#3552). */
export function checkStall(
  checks: RaftChecks,
  node: SimNode,
  { raft, now, tickMs }: { raft: Raft; now: Instant; tickMs: number },
): void {
  const { underWay, role, settings } = raft
  const shadow = shadowOf(checks, node)
  if (underWay === undefined || role.type !== 'leader') return
  if ((shadow.voters.at(-1)?.voters.length ?? 0) < 2) return
  checks.tally.liveness++
  mustHold(
    now - underWay.since <= STALL_TIMEOUTS * settings.electionMs + 2 * tickMs,
    'liveness',
    () => `${node.peer.id} leads, and its disk has taken nothing for ${now - underWay.since} ms`,
  )
}
