// A server's part in agreeing on a log (Ongaro and Ousterhout, "In Search of an Understandable
// Consensus Algorithm", the extended version: Raft; Ongaro's dissertation: Thesis), with the
// behaviour that peers on hashicorp/raft expect (raft-wire §2).
//
// A record and functions on it. Calls, replies, ticks and the disk's answers go in; effects come
// out, in order. What depends on the disk is held here until the disk has answered (see save.ts):
// the owner performs effects and remembers no rule.
//
//   follower ──timer──▶ candidate: pre-vote ──majority──▶ candidate: vote ──majority──▶ leader
//      ▲                        │                               │                          │
//      └── a higher term, or the leader of this term speaks ────┴── no majority in time ───┘
import { assert } from '../assert.ts'
import type { Entry, Persist, Recovered, Vote } from '../entry.ts'
import { ENTRY } from '../entry.ts'
import { type LogIndex, logIndex, type Term, term } from '../ids.ts'
import type { Prng } from '../prng.ts'
import type { Instant } from '../time.ts'
import type { Candidacy } from './candidate.ts'
import type { Leadership } from './leader.ts'
import { createLog, type Log, termAt } from './log.ts'
import type {
  Configuration,
  Peer,
  RaftReply,
  RaftRequest,
  ServerId,
  SnapshotMeta,
} from './messages.ts'
import { forbearanceMs, type Patience } from './patience.ts'
import { isVoter, votersOf } from './quorum.ts'
import type { Held } from './save.ts'

/** Knobs. Each trades speed of detection against false alarms or load. */
export interface Settings {
  /** A follower that has not heard of its leader for this long, up to twice as long, campaigns. */
  readonly heartbeatMs: number
  /**
   * A campaign without a result begins anew after this long, up to twice as long. At least
   * heartbeatMs.
   */
  readonly electionMs: number
  /** A leader without a majority's answer for this long steps down. At most heartbeatMs. */
  readonly leaseMs: number
  /** How long a new commit index may wait for the next entries before it is sent on its own. */
  readonly commitMs: number
  readonly appendEntriesMax: number
  readonly appendBytesMax: number
  /** Unanswered appends to one follower. */
  readonly inflightMax: number
  /** Entries that are kept behind a snapshot, for followers that are a little late. */
  readonly trailingEntries: number
  /**
   * Reads are answered under a lease instead of asking around: faster, and right only while each
   * clock's rate is within this fraction of the true one. Undefined: reads ask (Thesis §6.4).
   */
  readonly leaseDrift: number | undefined
  /** Undefined: nobody waits longer than the numbers above say. */
  readonly patience?: Patience
  /** When a nonvoter gets its vote by itself; undefined: only when it is told to. */
  readonly promotion?: PromotionRule
}

/** A nonvoter is promoted that has kept up for a while (Thesis §4.2.1; Consul: autopilot). */
interface PromotionRule {
  /** It lacks no more entries than this… */
  readonly trailingMax: number
  /** …for this long. */
  readonly steadyMs: number
}

/** What a server is at the moment. Only a candidate has votes, only a leader has followers. */
type Role =
  | { readonly type: 'follower'; electionDue: Instant }
  | ({ readonly type: 'candidate' } & Candidacy)
  | ({ readonly type: 'leader' } & Leadership)

/** A configuration and the entry that brought it; index 0: none yet. */
export interface ConfigurationAt {
  readonly index: LogIndex
  readonly configuration: Configuration
}

export interface Raft {
  readonly self: Peer
  readonly settings: Settings
  readonly prng: Prng
  /** Turns the data of a configuration entry into its value, and back. The wire's business. */
  readonly configurations: ConfigurationCodec
  now: Instant

  /** Raft figure 2, persistent: a term never falls, a vote stays for its term. */
  vote: Vote
  readonly log: Log
  /** Ascending; the last one is in force from the moment it is in the log (Raft §6). Not empty. */
  history: ConfigurationAt[]
  /** What the newest durable snapshot covers. */
  snapshot: SnapshotMeta | undefined

  /** Known to be committed. Does not survive a restart, and need not. */
  commit: LogIndex
  /** Handed out by takeCommitted. */
  delivered: LogIndex

  role: Role
  /** Of the current term, as far as known. */
  leader: Peer | undefined
  /** When the leader was last heard. */
  lastContact: Instant
  /** How late it was of late; see patience.ts. */
  lateness: number
  /** So many lost campaigns are begun anew soon: the leader is thought to be gone. See hint.ts. */
  haste: number
  /** With leases: a leader may rely on us until then, and nobody is helped to depose it. */
  loyalUntil: Instant
  /** Not all that this server once had is known to be here again: it must not vote. See Boot. */
  quarantine: Quarantine | undefined

  /** Votes are counted as they are recorded: what was noted, handed over, and is durable. */
  readonly votes: { noted: number; handedOver: number; saved: number }
  underWay: PersistUnderWay | undefined
  /** The owner has more to say at once: what the disk lacks goes to it when that is said. */
  isGathering: boolean
  lastToken: number
  /** The disk has refused entries for want of room. Undefined: it takes them. */
  full: DiskFull | undefined
  held: Held[]

  lastCall: number
  readonly calls: Map<number, OutgoingCall>
  effects: RaftEffect[]
}

interface Quarantine {
  /**
   * It ends when the disk has this entry; undefined: no leader has shown yet how far its log is.
   */
  through: LogIndex | undefined
}

interface PersistUnderWay {
  readonly persist: Persist
  /** Of Raft's `votes`, the number that it makes durable. */
  readonly votes: number
  readonly since: Instant
}

interface DiskFull {
  retryAt: Instant
  /** Not even a vote found room. */
  votesToo: boolean
}

export interface ConfigurationCodec {
  readonly decode: (data: Uint8Array) => Configuration | undefined
  readonly encode: (configuration: Configuration) => Uint8Array
}

/** A call of ours that has not been answered. */
export interface OutgoingCall {
  readonly to: Peer
  readonly request: RaftRequest
  readonly sentAt: Instant
  readonly term: Term
  /** Of the follower's progress when it was sent: an older one says nothing about the present. */
  readonly epoch: number
  /** Reads up to this number are confirmed by the answer. */
  readonly readSeq: number
}

export type RaftEffect =
  /** Answered by `onPersisted` or `onPersistRefused`. At most one is under way. */
  | { readonly type: 'persist'; readonly persist: Persist }
  /**
   * Answered by `onReply` or `onCallFailed`, the latter after `callTimeoutMs` at the latest. An
   * install-snapshot is followed by the state of that snapshot.
   */
  | {
      readonly type: 'call'
      readonly call: number
      readonly to: Peer
      readonly request: RaftRequest
    }
  | { readonly type: 'reply'; readonly id: number; readonly reply: RaftReply }
  /** Entries up to here can be taken (takeCommitted). */
  | { readonly type: 'committed'; readonly through: LogIndex }
  /**
   * Of what this server proposed while it led, nobody knows from here on whether it will be
   * committed: it may be, by the next leader, or may be overwritten.
   */
  | { readonly type: 'lost'; readonly from: LogIndex }
  /** The state as of `index`, or later, is at least as new as when these reads came. */
  | { readonly type: 'readable'; readonly ids: readonly number[]; readonly index: LogIndex }
  | { readonly type: 'unreadable'; readonly ids: readonly number[] }
  /**
   * Write the snapshot that came with call `id` durably, and leave the state as it is. Answered by
   * `onInstalled`, which says whether it becomes the state, or by `onInstallFailed`.
   */
  | { readonly type: 'install'; readonly id: number; readonly snapshot: SnapshotMeta }
  /** What became of `transfer`: another server leads or is about to, or this one goes on. */
  | { readonly type: 'transferred'; readonly to: ServerId; readonly ok: boolean }
  /** A transition, for logs, traces and transcripts. */
  | { readonly type: 'note'; readonly note: RaftNote }

export type RaftNote =
  | {
      readonly what: 'became'
      readonly role: Role['type']
      readonly term: Term
      readonly phase?: 'pre-vote' | 'vote'
    }
  | { readonly what: 'leader'; readonly term: Term; readonly id: ServerId }
  | { readonly what: 'voted'; readonly term: Term; readonly for: ServerId }
  | {
      readonly what: 'refused-vote'
      readonly term: Term
      readonly to: ServerId
      readonly why: string
    }
  | { readonly what: 'commit'; readonly index: LogIndex; readonly term: Term }
  | { readonly what: 'truncated'; readonly from: LogIndex }
  | {
      readonly what: 'configuration'
      readonly index: LogIndex
      readonly servers: readonly string[]
    }
  | { readonly what: 'snapshot'; readonly index: LogIndex; readonly term: Term }
  | { readonly what: 'stepped-down'; readonly term: Term; readonly why: string }
  | { readonly what: 'disk-full' | 'disk-has-room' }
  | { readonly what: 'quarantine-over'; readonly index: LogIndex }

/**
 * What a server brings along.
 * - `first`: it never promised anything to anybody.
 * - `again`: it may have acknowledged a leader a moment ago, and with leases it must not help to
 *   depose that leader before the lease has run out.
 * - `damaged`: something that it once had is gone, a part of its log or all of its data folder. It
 *   takes what a leader sends, but neither votes nor campaigns before it has everything again.
 */
export type Boot = 'first' | 'again' | 'damaged'

export interface RaftOptions {
  readonly self: Peer
  readonly settings: Settings
  readonly prng: Prng
  readonly configurations: ConfigurationCodec
  readonly recovered: Recovered
  /** Of the snapshot in `recovered`. */
  readonly snapshot: SnapshotMeta | undefined
  readonly now: Instant
  readonly boot: Boot
  /**
   * When the first campaign may begin, instead of a time that is drawn: servers that begin a
   * cluster together need not split its first vote.
   */
  readonly firstElectionMs?: number
}

const NOBODY: Configuration = { servers: [] }

/** Stands on the disk in place of a vote while a server is in quarantine: no restart ends that. */
export const WITHHELD = '-'

export function createRaft(options: RaftOptions): Raft {
  const { recovered, snapshot, settings, now, boot } = options
  checkSettings(settings)
  const base = { index: snapshot?.index ?? logIndex(0), term: snapshot?.term ?? term(0) }
  const isDamaged = boot === 'damaged' || recovered.vote.votedFor === WITHHELD
  const raft: Raft = {
    self: options.self,
    settings,
    prng: options.prng,
    configurations: options.configurations,
    now,
    vote: isDamaged ? { ...recovered.vote, votedFor: WITHHELD } : recovered.vote,
    log: createLog(base, recovered.entries),
    history: [
      {
        index: snapshot?.configurationIndex ?? logIndex(0),
        configuration: snapshot?.configuration ?? NOBODY,
      },
    ],
    snapshot,
    commit: base.index,
    delivered: base.index,
    role: { type: 'follower', electionDue: now },
    leader: undefined,
    lastContact: now,
    lateness: 0,
    haste: 0,
    loyalUntil:
      boot === 'first' || settings.leaseDrift === undefined ? now : now + settings.heartbeatMs,
    quarantine: isDamaged ? { through: undefined } : undefined,
    votes: { noted: boot === 'damaged' ? 1 : 0, handedOver: 0, saved: 0 },
    underWay: undefined,
    isGathering: false,
    lastToken: 0,
    full: undefined,
    held: [],
    lastCall: 0,
    calls: new Map(),
    effects: [],
  }
  for (const entry of raft.log.entries) noteConfiguration(raft, entry)
  if (isAlone(raft)) standAlone(raft)
  else raft.role = { type: 'follower', electionDue: firstDue(raft, options) }
  return raft
}

const firstDue = (raft: Raft, { firstElectionMs, settings, now }: RaftOptions): Instant =>
  firstElectionMs === undefined ? drawTimeout(raft, settings.heartbeatMs) : now + firstElectionMs

function checkSettings(settings: Settings): void {
  const { heartbeatMs, electionMs, leaseMs, leaseDrift, inflightMax, appendEntriesMax } = settings
  assert(electionMs >= heartbeatMs, 'an election lasts no shorter than a heartbeat is waited for')
  assert(leaseMs <= heartbeatMs, 'a leader gives up no later than its followers do')
  assert(leaseDrift === undefined || leaseDrift < 1, 'a clock does not stand still')
  assert(inflightMax >= 1, 'an append can be under way')
  assert(appendEntriesMax >= 1, 'an append can carry an entry')
}

/** What has to be done now, in order. */
export function drainRaft(raft: Raft): readonly RaftEffect[] {
  const { effects } = raft
  if (effects.length > 0) raft.effects = []
  return effects
}

export const configurationOf = (raft: Raft): Configuration => latest(raft).configuration

export function latest({ history }: Raft): ConfigurationAt {
  const last = history.at(-1)
  assert(last !== undefined, 'there is always a configuration, if an empty one')
  return last
}

/** Whether this server is the only voter: nobody else can lead, and nobody need be waited for. */
export function isAlone(raft: Raft): boolean {
  const voters = votersOf(configurationOf(raft))
  return voters.length === 1 && voters[0]?.id === raft.self.id
}

/**
 * Whether this server has a vote, or had one before changes of which it does not know whether they
 * were agreed on: its log may be the only one that can win, and without it nobody ever would
 * (Thesis §4.2.2). Its own vote does not count then.
 */
export const mayLead = ({ history, self }: Raft): boolean =>
  history.some(({ configuration }) => isVoter(configuration, self.id))

/**
 * Alone there is no leader to wait for, and no lease but our own: unless others had a vote before.
 * The entry that took it from them may not be agreed on, and a lease of theirs may rest on us.
 */
export function standAlone(raft: Raft): void {
  const { history, self, now } = raft
  const isOurs = ({ configuration }: ConfigurationAt) =>
    votersOf(configuration).every(({ id }) => id === self.id)
  if (history.every(isOurs)) raft.loyalUntil = now
  raft.role = { type: 'follower', electionDue: Math.max(now, raft.loyalUntil) }
}

/** A configuration is in force as soon as it is in the log, committed or not (Raft §6). */
export function noteConfiguration(raft: Raft, entry: Entry): void {
  if (entry.type !== ENTRY.configuration) return
  const configuration = raft.configurations.decode(entry.data)
  assert(configuration !== undefined, 'a configuration in the log can be read')
  assert(entry.index > latest(raft).index, 'configurations rise along the log')
  raft.history.push({ index: entry.index, configuration })
  tellConfiguration(raft)
}

export function tellConfiguration(raft: Raft): void {
  const { index, configuration } = latest(raft)
  const servers = configuration.servers.map(({ id, suffrage }) => `${id}:${suffrage}`)
  note(raft, { what: 'configuration', index, servers })
}

/** Configurations at and behind a cut were never agreed on: the one before is in force again. */
export function forgetConfigurations(raft: Raft, from: LogIndex): void {
  if (latest(raft).index < from) return
  raft.history = raft.history.filter(({ index }) => index < from)
  assert(raft.history.length > 0, 'the committed configuration is never cut off')
  tellConfiguration(raft)
}

/** Older ones than the last committed one have no further use. */
function settleConfigurations(raft: Raft): void {
  const committed = raft.history.findLastIndex(({ index }) => index <= raft.commit)
  if (committed > 0) raft.history = raft.history.slice(committed)
}

/**
 * What a snapshot of everything up to `index` has to say; undefined: it cannot be told any more.
 */
export function snapshotMetaAt(raft: Raft, index: LogIndex): SnapshotMeta | undefined {
  assert(index <= raft.commit, 'a snapshot holds what is committed')
  const at = termAt(raft.log, index)
  const known = raft.history.findLast((each) => each.index <= index)
  if (at === undefined || known === undefined) return undefined
  const { configuration, index: configurationIndex } = known
  return { index, term: at, configuration, configurationIndex }
}

/**
 * A deadline between `ms` and twice as much from now: so that servers do not campaign together
 * (Raft §5.2).
 */
export const drawTimeout = (raft: Raft, ms: number): Instant =>
  raft.now + ms + raft.prng.unit() * ms

export function note(raft: Raft, what: RaftNote): void {
  raft.effects.push({ type: 'note', note: what })
}

/** The commit index moves forward only, and never beyond what this server has. */
export function advanceCommit(raft: Raft, index: LogIndex): void {
  if (index <= raft.commit) return
  const at = termAt(raft.log, index)
  assert(at !== undefined, 'only what is in the log is committed')
  raft.commit = index
  settleConfigurations(raft)
  note(raft, { what: 'commit', index, term: at })
  raft.effects.push({ type: 'committed', through: index })
}

/** Of install-snapshot: the runtime knows how much there is to send. */
const TIMEOUT_SNAPSHOT_MS = 600_000

/** How long a call may go without an answer before it counts as failed. */
export function callTimeoutMs(settings: Settings, request: RaftRequest): number {
  if (request.type === 'install-snapshot') return TIMEOUT_SNAPSHOT_MS
  // An append waits for the follower's disk; asking again would only give that more to do.
  const ms = forbearanceMs(settings, settings.electionMs)
  return request.type === 'append' ? 4 * ms : ms
}
