// A state machine behind raft: commands go in, and come out of the log in the same order on every
// server; what they make of the state is the machine's business. Who proposed or reads gets one
// outcome for its ticket, and never before it is certain.
//
// Events in, effects out, as everywhere: the owner (daemons/runtime/raft-driver.ts) performs the
// effects in order and remembers no rule.
import { assert, unreachable } from '../assert.ts'
import { type Covered, ENTRY, type Entry } from '../entry.ts'
import type { LogIndex, Term } from '../ids.ts'
import type { Instant } from '../time.ts'
import type { MembershipChange } from './membership.ts'
import type { IncomingCall, Peer, RaftReply, ServerId, SnapshotMeta } from './messages.ts'
import { drainRaft, type Raft, type RaftEffect, snapshotMetaAt } from './raft.ts'
import {
  change,
  onCall,
  onCallFailed,
  onInstalled,
  onInstallFailed,
  onLeaderGone,
  onPersisted,
  onPersistRefused,
  onReply,
  onSnapshotSaved,
  onTick,
  proposeAll,
  read,
  takeCommitted,
  transfer,
} from './server.ts'
import { configurationCodec } from './wire.ts'

/** Deterministic: the same entries make the same state, everywhere. */
export interface StateMachine<Result> {
  /** Called once for each committed command, in order. */
  apply(entry: Entry): Result
  /** The same for each entry that is no command: only the place in the log moves. */
  pass?(entry: Entry): void
  /** The state as it is now, whatever is applied while the chunks are taken. */
  snapshot(): Iterable<Uint8Array>
  /** Becomes what a snapshot holds. Its chunks may come cut otherwise than they were given. */
  restore(chunks: Iterable<Uint8Array>): void
}

/** What the owner knows a request by. */
export type Ticket = number

export type Outcome<Result> =
  /** Committed and applied here. Without a result: no command, but a change of the servers. */
  | { readonly type: 'applied'; readonly index: LogIndex; readonly result: Result | undefined }
  /** The state as it is now is at least as new as when the read came. */
  | { readonly type: 'readable'; readonly index: LogIndex }
  | { readonly type: 'saved'; readonly index: LogIndex }
  | { readonly type: 'transferred'; readonly to: ServerId }
  /** Nothing was done: another server leads, or nobody does. */
  | { readonly type: 'elsewhere'; readonly leader: Peer | undefined }
  /** Nothing was done. */
  | { readonly type: 'refused'; readonly why: string }
  /** This server leads no more: it may have been done, or be done later, or never. */
  | { readonly type: 'unknown' }

export type ReplicatedEvent =
  | { readonly type: 'tick' }
  /** Commands that came together: one message and one write carry them. */
  | { readonly type: 'propose'; readonly commands: readonly Command[] }
  | { readonly type: 'read'; readonly ticket: Ticket }
  | { readonly type: 'change'; readonly ticket: Ticket; readonly change: MembershipChange }
  | { readonly type: 'transfer'; readonly ticket: Ticket; readonly to: ServerId | undefined }
  /** Save a snapshot now, whether one is due or not. */
  | { readonly type: 'snapshot'; readonly ticket: Ticket }
  | { readonly type: 'call'; readonly call: IncomingCall }
  | { readonly type: 'reply'; readonly call: number; readonly reply: RaftReply }
  | { readonly type: 'call-failed'; readonly call: number }
  /** A connection of this server was closed, or refused: its process is gone, or so it seems. */
  | { readonly type: 'gone'; readonly peer: Peer }
  | { readonly type: 'persisted'; readonly token: number }
  | { readonly type: 'persist-refused'; readonly token: number }
  | { readonly type: 'snapshot-saved'; readonly meta: SnapshotMeta }
  | { readonly type: 'snapshot-refused' }
  /** What `install` asked for is durable. */
  | {
      readonly type: 'installed'
      readonly id: number
      readonly meta: SnapshotMeta
      readonly chunks: Iterable<Uint8Array>
    }
  | { readonly type: 'install-failed'; readonly id: number }

export interface Command {
  readonly ticket: Ticket
  readonly data: Uint8Array
}

/** As of raft; see there how each is answered. */
type Passed = Extract<RaftEffect, { type: 'persist' | 'call' | 'reply' | 'install' | 'note' }>

export type ReplicatedEffect<Result> =
  | Passed
  /** Answered by `snapshot-saved` or `snapshot-refused`. At most one is under way. */
  | {
      readonly type: 'save-snapshot'
      readonly meta: SnapshotMeta
      readonly chunks: Iterable<Uint8Array>
    }
  | { readonly type: 'trim-log'; readonly through: LogIndex }
  | { readonly type: 'outcome'; readonly ticket: Ticket; readonly outcome: Outcome<Result> }

interface Waiting {
  readonly ticket: Ticket
  readonly term: Term
}

export interface Replicated<Result> {
  readonly raft: Raft
  readonly machine: StateMachine<Result>
  /** A snapshot is saved after so many applied entries. */
  readonly snapshotEntries: number
  /** Few entries may be many bytes: the log stays bounded, in memory and on the disk. */
  readonly snapshotBytes: number
  /** Who waits for which entry. */
  readonly writes: Map<LogIndex, Waiting>
  /** Who asked for a transfer of the leadership. */
  transferring: Ticket | undefined
  /** Who asked for the snapshot that is under way. */
  saving: { readonly tickets: Ticket[] } | undefined
  appliedSince: number
  appliedBytes: number
  effects: ReplicatedEffect<Result>[]
}

/** After so many bytes of log a snapshot is due: the data folder stays bounded. */
export const SNAPSHOT_LOG_BYTES = 64 << 20

export const createReplicated = <Result>(
  parts: Pick<Replicated<Result>, 'raft' | 'machine' | 'snapshotEntries'> &
    Partial<Pick<Replicated<Result>, 'snapshotBytes'>>,
): Replicated<Result> => ({
  snapshotBytes: SNAPSHOT_LOG_BYTES,
  ...parts,
  writes: new Map(),
  transferring: undefined,
  saving: undefined,
  appliedSince: 0,
  appliedBytes: 0,
  effects: [],
})

export function stepReplicated<Result>(
  replicated: Replicated<Result>,
  event: ReplicatedEvent,
  now: Instant,
): void {
  handle(replicated, event, now)
  for (const effect of drainRaft(replicated.raft)) onRaftEffect(replicated, effect)
}

/** What has to be done now, in order. */
export function drainReplicated<Result>(
  replicated: Replicated<Result>,
): readonly ReplicatedEffect<Result>[] {
  const { effects } = replicated
  if (effects.length > 0) replicated.effects = []
  return effects
}

function handle<Result>(
  replicated: Replicated<Result>,
  event: ReplicatedEvent,
  now: Instant,
): void {
  const { raft } = replicated
  switch (event.type) {
    case 'tick':
      onTick(raft, now)
      break
    case 'call':
      onCall(raft, event.call, now)
      break
    case 'reply':
      onReply(raft, event, now)
      break
    case 'call-failed':
      onCallFailed(raft, event.call, now)
      break
    case 'gone':
      if (raft.leader?.id === event.peer.id) onLeaderGone(raft, now)
      break
    case 'persisted':
      onPersisted(raft, event.token, now)
      break
    case 'persist-refused':
      onPersistRefused(raft, event.token, now)
      break
    case 'snapshot-saved':
      onSaved(replicated, event.meta, now)
      break
    case 'snapshot-refused':
      onSaveRefused(replicated)
      break
    case 'installed':
      onInstall(replicated, event, now)
      break
    case 'install-failed':
      onInstallFailed(raft, event.id, now)
      break
    default:
      onRequest(replicated, event, now)
  }
}

type Asking = Extract<
  ReplicatedEvent,
  { type: 'propose' | 'read' | 'change' | 'transfer' | 'snapshot' }
>

function onRequest<Result>(replicated: Replicated<Result>, event: Asking, now: Instant): void {
  const { raft } = replicated
  switch (event.type) {
    case 'propose':
      onPropose(replicated, event.commands, now)
      break
    case 'read':
      if (!read(raft, event.ticket, now))
        answer(replicated, event.ticket, notHere(raft, 'too many reads wait'))
      break
    case 'change':
      onChange(replicated, event, now)
      break
    case 'transfer':
      onTransfer(replicated, event, now)
      break
    case 'snapshot':
      save(replicated, event.ticket)
      break
    default:
      unreachable(event)
  }
}

const WHY = {
  transferring: 'the leadership is being transferred',
  'too-many': 'too many commands wait to be committed',
  'disk-full': 'the disk of the leader is full',
} as const

function onPropose<Result>(
  replicated: Replicated<Result>,
  commands: readonly Command[],
  now: Instant,
): void {
  const { raft, writes } = replicated
  const entries = commands.map(({ data }) => ({ type: ENTRY.command, data }))
  const proposed = proposeAll(raft, entries, now)
  for (const [at, { ticket }] of commands.entries()) {
    const one = proposed[at]
    assert(one !== undefined, 'every proposal is answered')
    if (one.ok) writes.set(one.index, { ticket, term: one.term })
    else if (one.why === 'not-leader') answer(replicated, ticket, elsewhere(raft))
    else answer(replicated, ticket, { type: 'refused', why: WHY[one.why] })
  }
}

const elsewhere = ({ leader }: Raft) => ({ type: 'elsewhere', leader }) as const

/** A leader that refuses has a reason of its own. */
const notHere = (raft: Raft, why: string) =>
  raft.role.type === 'leader' ? ({ type: 'refused', why } as const) : elsewhere(raft)

function onChange<Result>(
  replicated: Replicated<Result>,
  { ticket, change: wanted }: Extract<ReplicatedEvent, { type: 'change' }>,
  now: Instant,
): void {
  const { raft } = replicated
  const term = raft.vote.term
  const changed = change(raft, wanted, now)
  if (changed.ok) replicated.writes.set(changed.index, { ticket, term })
  else answer(replicated, ticket, notHere(raft, changed.why))
}

function onTransfer<Result>(
  replicated: Replicated<Result>,
  { ticket, to }: Extract<ReplicatedEvent, { type: 'transfer' }>,
  now: Instant,
): void {
  const { raft } = replicated
  const begun = transfer(raft, to, now)
  if (begun.ok) replicated.transferring = ticket
  else answer(replicated, ticket, notHere(raft, begun.why))
}

function answer<Result>(
  replicated: Replicated<Result>,
  ticket: Ticket,
  outcome: Outcome<Result>,
): void {
  replicated.effects.push({ type: 'outcome', ticket, outcome })
}

function onRaftEffect<Result>(replicated: Replicated<Result>, effect: RaftEffect): void {
  switch (effect.type) {
    case 'persist':
    case 'call':
    case 'reply':
    case 'install':
    case 'note':
      replicated.effects.push(effect)
      break
    case 'committed':
      for (const entry of takeCommitted(replicated.raft)) apply(replicated, entry)
      if (isSnapshotDue(replicated)) save(replicated, undefined)
      break
    case 'lost':
      loseWrites(replicated, effect.from)
      break
    case 'readable':
      for (const ticket of effect.ids)
        answer(replicated, ticket, { type: 'readable', index: effect.index })
      break
    case 'unreadable':
      for (const ticket of effect.ids) answer(replicated, ticket, elsewhere(replicated.raft))
      break
    case 'transferred':
      onTransferred(replicated, effect)
      break
    default:
      unreachable(effect)
  }
}

function apply<Result>(replicated: Replicated<Result>, entry: Entry): void {
  const isCommand = entry.type === ENTRY.command
  const result = isCommand ? replicated.machine.apply(entry) : undefined
  if (!isCommand) replicated.machine.pass?.(entry)
  replicated.appliedSince++
  replicated.appliedBytes += entry.data.length
  const waiting = replicated.writes.get(entry.index)
  if (waiting === undefined) return
  replicated.writes.delete(entry.index)
  // What stood here before was overwritten: it was never committed, and never will be.
  if (waiting.term !== entry.term) answer(replicated, waiting.ticket, elsewhere(replicated.raft))
  else answer(replicated, waiting.ticket, { type: 'applied', index: entry.index, result })
}

function loseWrites<Result>(replicated: Replicated<Result>, from: LogIndex): void {
  for (const [index, { ticket }] of replicated.writes) {
    if (index < from) continue
    replicated.writes.delete(index)
    answer(replicated, ticket, { type: 'unknown' })
  }
}

function onTransferred<Result>(
  replicated: Replicated<Result>,
  { to, ok }: { to: ServerId; ok: boolean },
): void {
  const ticket = replicated.transferring
  replicated.transferring = undefined
  if (ticket === undefined) return
  const why = `server ${to} did not take over in time`
  answer(replicated, ticket, ok ? { type: 'transferred', to } : { type: 'refused', why })
}

const isSnapshotDue = <Result>(replicated: Replicated<Result>): boolean =>
  replicated.appliedSince >= replicated.snapshotEntries ||
  replicated.appliedBytes >= replicated.snapshotBytes

function startOver<Result>(replicated: Replicated<Result>): void {
  replicated.appliedSince = 0
  replicated.appliedBytes = 0
}

function save<Result>(replicated: Replicated<Result>, ticket: Ticket | undefined): void {
  const { raft, machine, saving } = replicated
  const tickets = ticket === undefined ? [] : [ticket]
  if (saving !== undefined) {
    saving.tickets.push(...tickets)
    return
  }
  const meta = snapshotMetaAt(raft, raft.delivered)
  const isNew = raft.delivered > (raft.snapshot?.index ?? 0)
  if (meta === undefined || !isNew) {
    const outcome = isNew
      ? ({ type: 'refused', why: 'the log has been trimmed behind this state' } as const)
      : ({ type: 'saved', index: raft.delivered } as const)
    for (const each of tickets) answer(replicated, each, outcome)
    return
  }
  replicated.saving = { tickets }
  startOver(replicated)
  replicated.effects.push({ type: 'save-snapshot', meta, chunks: machine.snapshot() })
}

function onSaved<Result>(replicated: Replicated<Result>, meta: SnapshotMeta, now: Instant): void {
  endSaving(replicated, { type: 'saved', index: meta.index })
  const through = onSnapshotSaved(replicated.raft, meta, now)
  replicated.effects.push({ type: 'trim-log', through })
}

const onSaveRefused = <Result>(replicated: Replicated<Result>): void =>
  endSaving(replicated, { type: 'refused', why: 'the disk has no room for a snapshot' })

function endSaving<Result>(replicated: Replicated<Result>, outcome: Outcome<Result>): void {
  const { saving } = replicated
  assert(saving !== undefined, 'the end of a snapshot follows its beginning')
  replicated.saving = undefined
  for (const ticket of saving.tickets) answer(replicated, ticket, outcome)
}

/** The state is durable; whether it is newer than what was committed meanwhile, raft knows. */
function onInstall<Result>(
  replicated: Replicated<Result>,
  { id, meta, chunks }: Extract<ReplicatedEvent, { type: 'installed' }>,
  now: Instant,
): void {
  if (!onInstalled(replicated.raft, { id, snapshot: meta }, now)) return
  replicated.machine.restore(chunks)
  startOver(replicated)
}

/** What stands in the head of a snapshot, and back. */
export const coveredOf = ({ index, term, ...servers }: SnapshotMeta): Covered => ({
  index,
  term,
  configuration: {
    index: servers.configurationIndex,
    data: configurationCodec.encode(servers.configuration),
  },
})

/** Undefined: it says nothing of servers that could be understood. */
export function metaOf({ index, term, configuration: stored }: Covered): SnapshotMeta | undefined {
  const configuration = stored && configurationCodec.decode(stored.data)
  if (stored === undefined || configuration === undefined) return undefined
  return { index, term, configuration, configurationIndex: stored.index }
}
