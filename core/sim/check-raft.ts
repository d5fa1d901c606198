// The safety of Raft (Raft figure 3, and what the paper leaves to the reader), looked at after
// every step of every server, every message that leaves and every write that lands. Two rules are
// easy to get wrong: completeness counts from the term in which an entry was committed, not from
// the entry's own; and durability is read from the platters, not from what servers believe.
import { present } from '../assert.ts'
import { equalBytes } from '../bytes.ts'
import { ENTRY, type Entry, type Persist, type Vote } from '../entry.ts'
import { type LogIndex, logIndex, term } from '../ids.ts'
import { checkStep as checkServer, type Watched, watch } from '../raft/invariants.ts'
import { entryAt, lastIndex, termAt } from '../raft/log.ts'
import type { Configuration, ServerId } from '../raft/messages.ts'
import type { Raft } from '../raft/raft.ts'
import { candidateName } from '../raft/save.ts'
import { holds } from './disk.ts'
import { mustHold, type Tally, Violation } from './violation.ts'
import type { SimNode } from './world.ts'

/** An entry somewhere, and the term of the one before it. */
interface Seen {
  readonly entry: Entry
  readonly before: number
}

interface CommittedEntry {
  readonly entry: Entry
  /** The term of the leader that committed it. */
  readonly in: number
}

/** Who votes, from an entry on. */
interface VotersAt {
  readonly index: number
  readonly voters: readonly ServerId[]
}

/** What a server was seen to be. */
export interface Shadow {
  /** Its log as checked, by index. */
  log: (Entry | undefined)[]
  last: number
  /** Behind this index its log begins. */
  base: number
  /** Of its log; the last one is in force. Read off the entries, not asked of the server. */
  voters: VotersAt[]
  /** Of each node: how far it has said to have our log. */
  matched: number[]
  /** The term that it leads; 0: none. */
  leads: number
  commit: number
  /** Of its disk. */
  vote: Vote
  /** For the server's own invariants. */
  watched: Watched | undefined
}

export interface RaftChecks {
  readonly tally: Tally
  readonly byId: ReadonlyMap<ServerId, SimNode>
  readonly leaders: Map<number, ServerId>
  /** Of each server: candidate by term. */
  readonly votes: Map<ServerId, Map<number, ServerId>>
  /** All entries that were ever in a log, by index. */
  readonly seen: Seen[][]
  /** By index; nothing at 0. */
  readonly committed: (CommittedEntry | undefined)[]
  readonly shadows: Shadow[]
  readonly onCommitted: (entry: Entry) => void
}

const NO_VOTE: Vote = { term: term(0), votedFor: '' }

export const createRaftChecks = (options: {
  tally: Tally
  nodes: readonly SimNode[]
  byId: ReadonlyMap<ServerId, SimNode>
  onCommitted: (entry: Entry) => void
}): RaftChecks => ({
  tally: options.tally,
  byId: options.byId,
  leaders: new Map(),
  votes: new Map(),
  seen: [],
  committed: [undefined],
  shadows: options.nodes.map(() => ({ ...startShadow(), vote: NO_VOTE })),
  onCommitted: options.onCommitted,
})

const startShadow = (): Omit<Shadow, 'vote'> => ({
  log: [],
  last: 0,
  base: 0,
  voters: [],
  matched: [],
  leads: 0,
  commit: 0,
  watched: undefined,
})

export const shadowOf = (checks: RaftChecks, node: SimNode): Shadow =>
  checks.shadows[node.index] as Shadow

/** A new process remembers nothing but its disk. */
export function checkStart(checks: RaftChecks, node: SimNode): void {
  Object.assign(shadowOf(checks, node), startShadow())
}

/** A new machine, or one that knows its term still, and withholds its vote. */
export function checkWiped(checks: RaftChecks, node: SimNode): void {
  shadowOf(checks, node).vote = { ...NO_VOTE, term: node.disk.platter.vote.term }
}

export function checkStep(checks: RaftChecks, node: SimNode, raft: Raft): void {
  const shadow = shadowOf(checks, node)
  const was = shadow.last
  const kept = checkLogOf(checks, shadow, raft)
  checkRole(checks, { node, shadow, rewritten: kept < was ? kept : undefined }, raft)
  if (raft.commit !== shadow.commit) checkCommit(checks, { node, shadow }, raft)
  // Its own invariants come last: what they say of one server, the rules above say of all.
  shadow.watched = checkServer(raft, shadow.watched ?? watch(raft))
}

function checkCommit(
  checks: RaftChecks,
  { node, shadow }: Pick<Look, 'node' | 'shadow'>,
  raft: Raft,
): void {
  checks.tally.monotonic++
  mustHold(
    raft.commit > shadow.commit,
    'monotonic',
    () => `${node.peer.id} takes its commit index back from ${shadow.commit} to ${raft.commit}`,
  )
  checkCommits(checks, { node, from: shadow.commit }, raft)
  shadow.commit = raft.commit
}

/** Returns how far the log is what it was at the last look. */
function checkLogOf(checks: RaftChecks, shadow: Shadow, raft: Raft): number {
  const { log } = raft
  const last = lastIndex(log)
  let kept = Math.min(shadow.last, last)
  if (kept === last && shadow.last === last && sameAt(shadow, raft, kept)) return kept
  while (kept > log.base.index && !sameAt(shadow, raft, kept)) kept--
  keepVoters(shadow, raft, kept)
  for (let index = Math.max(kept, log.base.index) + 1; index <= last; index++) {
    const entry = present(entryAt(log, logIndex(index)), 'an entry of the log')
    noteEntry(checks, entry, termAt(log, logIndex(index - 1)) ?? 0)
    shadow.log[index] = entry
    if (entry.type === ENTRY.configuration) {
      shadow.voters.push({ index, voters: votersIn(raft, entry) })
      checkConfiguration(checks, raft, entry)
    }
  }
  shadow.last = last
  return kept
}

/** What was cut off counts no more; a snapshot that takes the place of a log brings its own. */
function keepVoters(shadow: Shadow, { log, snapshot }: Raft, kept: number): void {
  const { base } = log
  while ((shadow.voters.at(-1)?.index ?? 0) > kept) shadow.voters.pop()
  if (base.index === shadow.base) return
  shadow.base = base.index
  const wasThere = shadow.last >= base.index && shadow.log[base.index]?.term === base.term
  if (snapshot === undefined || snapshot.index !== base.index || wasThere) return
  const { configuration, configurationIndex: index } = snapshot
  shadow.voters = [{ index, voters: idsOfVoters(configuration) }]
}

const votersIn = ({ configurations }: Raft, { data }: Entry): readonly ServerId[] =>
  idsOfVoters(present(configurations.decode(data), 'a configuration that can be read'))

const idsOfVoters = ({ servers }: Configuration): readonly ServerId[] =>
  servers.filter(({ suffrage }) => suffrage === 'voter').map(({ id }) => id)

/** By the log of the server, and the arithmetic of this file. */
const isMajority = ({ voters }: Shadow, has: (id: ServerId) => boolean): boolean => {
  const ids = voters.at(-1)?.voters ?? []
  return 2 * ids.filter(has).length > ids.length
}

const sameAt = ({ log }: Shadow, raft: Raft, index: number): boolean =>
  log[index] === entryAt(raft.log, logIndex(index))

/** By induction over `before`: two logs with this entry agree on all before it. */
function noteEntry(checks: RaftChecks, entry: Entry, before: number): void {
  checks.tally['log-matching']++
  const there = checks.seen[entry.index]
  if (there === undefined) {
    checks.seen[entry.index] = [{ entry, before }]
    return
  }
  const known = there.find((one) => one.entry.term === entry.term)
  if (known === undefined) {
    there.push({ entry, before })
    return
  }
  mustHold(
    known.before === before && sameEntry(known.entry, entry),
    'log-matching',
    () =>
      `two logs have entry ${entry.index} of term ${entry.term}, and are not the same before it`,
  )
}

const sameEntry = (a: Entry, b: Entry): boolean =>
  a === b || (a.term === b.term && a.type === b.type && equalBytes(a.data, b.data))

/**
 * M29, M30, M31: it counts from its append; a leader makes one at a time, and none before it has
 * committed in its term.
 */
function checkConfiguration(checks: RaftChecks, raft: Raft, entry: Entry): void {
  checks.tally.configuration++
  const wrong = (what: string) =>
    `${raft.self.id}: configuration at ${entry.index} ${what} (commit ${raft.commit})`
  const later = raft.history.some(({ index }) => index >= entry.index)
  mustHold(later, 'configuration', () => wrong('is in the log and not in force'))
  if (raft.role.type !== 'leader' || entry.term !== raft.vote.term) return
  const started = termAt(raft.log, raft.commit) === raft.vote.term
  mustHold(started, 'configuration', () => wrong('comes before the first commit of the term'))
  for (let index = raft.commit + 1; index < entry.index; index++) {
    const other = entryAt(raft.log, logIndex(index))?.type === ENTRY.configuration
    mustHold(!other, 'configuration', () => wrong(`comes while that at ${index} is pending`))
  }
}

interface Look {
  readonly node: SimNode
  readonly shadow: Shadow
  /** The log is not what it was behind this index. */
  readonly rewritten: number | undefined
}

function checkRole(checks: RaftChecks, { node, shadow, rewritten }: Look, raft: Raft): void {
  if (raft.role.type !== 'leader') {
    shadow.leads = 0
    if (shadow.matched.length > 0) shadow.matched = []
    return
  }
  const now = raft.vote.term
  if (shadow.leads === now) {
    checks.tally['append-only']++
    mustHold(
      rewritten === undefined,
      'append-only',
      () => `${node.peer.id} leads term ${now} and changes its log behind ${rewritten}`,
    )
    return
  }
  shadow.leads = now
  checks.tally['one-leader']++
  const other = checks.leaders.get(now) ?? node.peer.id
  mustHold(
    other === node.peer.id,
    'one-leader',
    () => `${other} and ${node.peer.id} both lead term ${now}`,
  )
  checks.leaders.set(now, node.peer.id)
  checkElected(checks, { node, shadow }, now)
  checkCompleteness(checks, node, raft)
}

/** M16, M17, M19: whoever leads has the votes, which left the voters, of a majority by its log. */
function checkElected(
  checks: RaftChecks,
  { node, shadow }: Pick<Look, 'node' | 'shadow'>,
  now: number,
): void {
  checks.tally.elected++
  const self = node.peer.id
  const { vote } = node.disk.platter
  const ownVote = vote.term === now && vote.votedFor === candidateName(node.peer)
  const gave = (id: ServerId) => (id === self ? ownVote : checks.votes.get(id)?.get(now) === self)
  mustHold(
    isMajority(shadow, gave),
    'elected',
    () => `${self} leads term ${now} without the votes of a majority`,
  )
}

function checkCompleteness({ tally, committed }: RaftChecks, node: SimNode, raft: Raft): void {
  tally.completeness++
  const { log } = raft
  for (let index = committed.length - 1; index > log.base.index; index--) {
    const known = committed[index]
    if (known === undefined || known.in >= raft.vote.term) continue
    const ours = entryAt(log, logIndex(index))
    mustHold(
      ours !== undefined && sameEntry(ours, known.entry),
      'completeness',
      () =>
        `${node.peer.id} leads term ${raft.vote.term} without entry ${index}, ` +
        `which was committed in term ${known.in}`,
    )
  }
}

interface NewCommits {
  readonly node: SimNode
  /** What was known to be committed before. */
  readonly from: number
}

function checkCommits(checks: RaftChecks, { node, from }: NewCommits, raft: Raft): void {
  const { committed, tally } = checks
  const { base } = raft.log
  const first = Math.max(from, base.index) + 1
  if (base.index > from) {
    mustHold(
      committed[base.index]?.entry.term === base.term,
      'snapshot',
      () => `${node.peer.id} takes a snapshot at ${base.index} of term ${base.term}: not committed`,
    )
  }
  for (let index = first; index <= raft.commit; index++) {
    const entry = entryAt(raft.log, logIndex(index))
    const known = committed[index]
    tally['state-machine']++
    if (entry === undefined) throw new Violation('state-machine', `nothing at ${index} to commit`)
    if (known === undefined) firstCommit(checks, { node, entry }, raft)
    else
      mustHold(
        sameEntry(known.entry, entry),
        'state-machine',
        () =>
          `${node.peer.id} commits an entry of term ${entry.term} at ${index}; ` +
          `committed there is one of term ${known.entry.term}`,
      )
  }
}

function firstCommit(
  checks: RaftChecks,
  { node, entry }: { node: SimNode; entry: Entry },
  raft: Raft,
): void {
  const { committed, tally } = checks
  const { index } = entry
  mustHold(
    index === committed.length,
    'state-machine',
    () => `${node.peer.id} commits ${index} and nobody has committed ${committed.length}`,
  )
  tally.durable++
  mustHold(
    isMajority(shadowOf(checks, node), (id) => isOnDisk(checks, id, entry)),
    'durable',
    () => `${node.peer.id} commits ${index} of term ${entry.term}, which a majority lacks`,
  )
  committed.push({ entry, in: raft.vote.term })
  checks.onCommitted(entry)
}

/** What a wiped disk has lost is forgiven: it was there. */
export function isOnDisk(
  { byId }: RaftChecks,
  id: ServerId,
  { index, term: inTerm }: Pick<Entry, 'index' | 'term'>,
): boolean {
  const node = byId.get(id)
  if (node === undefined) return false
  if (holds(node.disk.platter, index, inTerm)) return true
  return node.lost !== undefined && holds(node.lost, index, inTerm)
}

/** After a write has landed, in part or whole. */
export function checkPersisted(checks: RaftChecks, node: SimNode, { vote }: Persist): void {
  if (vote === undefined) return
  const shadow = shadowOf(checks, node)
  const { vote: now } = node.disk.platter
  checks.tally['term-on-disk']++
  mustHold(
    now.term >= shadow.vote.term,
    'term-on-disk',
    () => `the term on the disk of ${node.peer.id} falls from ${shadow.vote.term} to ${now.term}`,
  )
  const { votedFor } = shadow.vote
  const changed = now.term === shadow.vote.term && votedFor !== '' && votedFor !== now.votedFor
  mustHold(
    !changed,
    'one-vote',
    () => `the vote of ${node.peer.id} in term ${now.term} changes on its disk`,
  )
  shadow.vote = now
}

/** At the end of a run, when nothing is under way: every log against what was committed. */
export function checkAll(checks: RaftChecks, node: SimNode, raft: Raft): void {
  const { log } = raft
  let before: LogIndex | undefined
  for (const entry of log.entries) {
    mustHold(
      before === undefined || entry.index === before + 1,
      'log-matching',
      () => `the log of ${node.peer.id} has a gap before ${entry.index}`,
    )
    before = entry.index
    noteEntry(checks, entry, termAt(log, logIndex(entry.index - 1)) ?? 0)
  }
}
