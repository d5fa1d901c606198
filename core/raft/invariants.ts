// What must hold after every step of one server. Tests and the simulator check after each step, a
// running server when its state has changed. What must hold between servers (one leader in a term,
// one history) is for the simulator's checkers.
import { assert } from '../assert.ts'
import type { LogIndex, Term } from '../ids.ts'
import type { Leadership } from './leader.ts'
import { checkBounds, checkLog, lastIndex, termAt } from './log.ts'
import type { Progress } from './progress.ts'
import { mayLead, type Raft, WITHHELD } from './raft.ts'

/** What was seen after the step before. */
export interface Watched {
  readonly term: Term
  readonly votedFor: string
  readonly saved: number
  readonly commit: LogIndex
  readonly delivered: LogIndex
  readonly base: LogIndex
  readonly last: LogIndex
  readonly isLeader: boolean
}

export const watch = (raft: Raft): Watched => ({
  term: raft.vote.term,
  votedFor: raft.vote.votedFor,
  saved: raft.votes.saved,
  commit: raft.commit,
  delivered: raft.delivered,
  base: raft.log.base.index,
  last: lastIndex(raft.log),
  isLeader: raft.role.type === 'leader',
})

/** The state is sound in itself, and has only changed as it may. Cost: the number of servers. */
export function checkStep(raft: Raft, before: Watched): Watched {
  checkState(raft)
  checkChange(raft, before)
  return watch(raft)
}

export function checkState(raft: Raft): void {
  checkOrder(raft)
  checkDisk(raft)
  checkConfigurations(raft)
  if (raft.role.type === 'candidate') checkCandidate(raft)
  if (raft.role.type === 'leader') checkLeader(raft, raft.role)
}

/** Everything above, and every entry of the log. */
export function checkThoroughly(raft: Raft): void {
  checkLog(raft.log)
  checkState(raft)
}

function checkOrder({ log, commit, delivered, snapshot }: Raft): void {
  checkBounds(log)
  const last = log.entries.at(-1)
  if (last !== undefined) assert(last.index === lastIndex(log), 'the log has no gap')
  assert(commit >= log.base.index, 'what a snapshot covers is committed')
  assert(commit <= lastIndex(log), 'what is committed is in the log')
  assert(delivered <= commit, 'only what is committed is handed out')
  assert(delivered >= log.base.index, 'entries do not go before they are handed out')
  if (log.base.index > 0) assert(snapshot !== undefined, 'entries go only behind a snapshot')
  if (snapshot !== undefined) assert(snapshot.index >= log.base.index, 'the log has no hole')
}

/** I12: nothing leaves that depends on what is not durable; and nothing waits without reason. */
function checkDisk({ votes, held, log, underWay, vote, quarantine }: Raft): void {
  assert(votes.saved <= votes.handedOver, 'a durable vote was handed over')
  assert(votes.handedOver <= votes.noted, 'a vote is noted before it is handed over')
  if (underWay === undefined) {
    assert(log.durable === log.handedOver, 'what was handed over is under way or durable')
    assert(votes.saved === votes.handedOver, 'a vote that was handed over is under way or durable')
  }
  for (const { vote: after, proves } of held) {
    assert(after > votes.saved || proves > log.durable, 'what can be said is said')
    assert(proves <= lastIndex(log), 'what is held proves entries that are here')
  }
  if (vote.votedFor !== '' && vote.votedFor !== WITHHELD)
    assert(quarantine === undefined, 'a server in quarantine has no vote (I13)')
}

/** I11: a configuration is in force from append. */
function checkConfigurations({ history, commit, log }: Raft): void {
  const first = history[0]
  assert(first !== undefined, 'there is always a configuration')
  assert(first.index <= commit, 'the oldest configuration that is known is committed')
  for (const [at, { index }] of history.entries()) {
    if (at === 0) continue
    assert(index > (history[at - 1]?.index ?? 0), 'configurations rise along the log')
    assert(index <= lastIndex(log), 'a configuration stands in the log')
  }
}

function checkCandidate(raft: Raft): void {
  const { role, self, vote } = raft
  assert(raft.leader === undefined, 'a candidate knows no leader')
  assert(raft.quarantine === undefined, 'a server in quarantine does not campaign')
  assert(mayLead(raft), 'only who has a vote, or may have it still, campaigns')
  if (role.type === 'candidate' && role.phase === 'vote')
    assert(vote.votedFor.startsWith(self.id), 'a candidate votes for itself')
}

function checkLeader(raft: Raft, leadership: Leadership): void {
  assert(raft.leader?.id === raft.self.id, 'a leader knows who leads')
  assert(raft.vote.votedFor.startsWith(raft.self.id), 'a leader has voted for itself')
  const pending = raft.history.filter(({ index }) => index > raft.commit)
  const own = pending.filter(({ index }) => termAt(raft.log, index) === raft.vote.term)
  assert(own.length <= 1, 'one change of the configuration is pending at a time (M31)')
  for (const progress of leadership.followers.values()) checkProgress(raft, progress)
}

function checkProgress(raft: Raft, { match, next, inflight, state }: Progress): void {
  assert(match < next, 'what is matched is not sent again')
  assert(next <= lastIndex(raft.log) + 1, 'what is sent is in the log')
  assert(inflight >= 0, 'answers are counted once')
  assert(inflight <= raft.settings.inflightMax, 'the window is kept')
  if (state !== 'replicate') assert(inflight <= 1, 'one probe is under way at a time')
}

function checkChange(raft: Raft, before: Watched): void {
  const { vote, log, role } = raft
  assert(vote.term >= before.term, 'a term never falls (I9)')
  if (vote.term === before.term && before.votedFor !== '')
    assert(vote.votedFor === before.votedFor, 'one vote in a term (I8)')
  assert(raft.votes.saved >= before.saved, 'what is durable stays durable')
  assert(raft.commit >= before.commit, 'the commit index never falls (I5)')
  assert(raft.delivered >= before.delivered, 'nothing is handed out twice (I5)')
  assert(log.base.index >= before.base, 'what is gone stays gone')
  if (before.isLeader && role.type === 'leader' && vote.term === before.term)
    assert(lastIndex(log) >= before.last, 'a leader only appends to its log (I2)')
}
