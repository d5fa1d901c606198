// A log of one: the way to order writes for an agent that is alone. What raft (core/raft) does with
// a majority, solo does with its own disk: an entry is committed once it is durable. No
// acknowledgement leaves before that.
//
// At most one persist is under way; what is proposed meanwhile goes into the next (group commit).
//
// The data folder stays one that a raft with a single voter can take over. Each start is a term of
// its own, one above all that the disk has seen, and the vote for ourselves in that term reaches
// the disk in one write with its first entry and before it (Raft §5.2, figure 2). What is found on
// the disk counts as committed, as it would for a lone voter.
import { assert } from './assert.ts'
import { ENTRY, type Entry, type Persist, type Position, type Recovered } from './entry.ts'
import { type LogIndex, logIndex, type Term, term } from './ids.ts'

/** Entries that are not durable yet, those under way included. Beyond it `propose` refuses. */
export const SOLO_QUEUED_ENTRIES_MAX = 65_536
/** Their data in bytes. */
export const SOLO_QUEUED_BYTES_MAX = 64 << 20
/** One persist is not larger: a batch must not make those behind it wait for long. */
export const SOLO_PERSIST_ENTRIES_MAX = 4_096
/** A single larger entry goes alone. */
export const SOLO_PERSIST_BYTES_MAX = 4 << 20

export interface Solo {
  /** The server that votes for itself. */
  readonly self: string
  readonly term: Term
  /** Whether the disk knows of the vote for ourselves in `term`. */
  voted: boolean
  /** The last entry that has an index, durable or not. */
  last: LogIndex
  /** The last durable entry. */
  committed: Position
  /** Durable, and not yet taken by `takeCommitted`. */
  ready: Entry[]
  underWay: Persist | undefined
  /** The owner has more to say at once: it goes into the same persist. */
  isGathering: boolean
  /** Behind the persist under way. */
  queued: Entry[]
  /** Data of all that is not durable. */
  unsavedBytes: number
  lastToken: number
}

export type Proposed =
  | { readonly ok: true; readonly index: LogIndex }
  /** A limit is reached; `why` names it. Try again when the disk has caught up. */
  | { readonly ok: false; readonly why: string }

/**
 * What is found on the disk is committed: the first `takeCommitted` hands over the entries behind
 * the snapshot.
 */
export function createSolo(recovered: Recovered, self: string): Solo {
  const { snapshot, entries, vote } = recovered
  const start: Position = { index: snapshot?.index ?? logIndex(0), term: snapshot?.term ?? term(0) }
  const ready = entries.filter((entry) => entry.index > start.index)
  checkContiguous(start, ready)
  const committed = ready.at(-1) ?? start
  return {
    self,
    term: term(Math.max(vote.term, committed.term) + 1),
    voted: false,
    last: committed.index,
    committed: { index: committed.index, term: committed.term },
    ready,
    underWay: undefined,
    isGathering: false,
    queued: [],
    unsavedBytes: 0,
    lastToken: 0,
  }
}

/** Gives a command its place in the log. */
export const propose = (solo: Solo, data: Uint8Array): Proposed =>
  proposeEntry(solo, { type: ENTRY.command, data })

/** The entry is committed when `takeCommitted` hands it over, not before. */
export function proposeEntry(solo: Solo, { type, data }: Pick<Entry, 'type' | 'data'>): Proposed {
  const why = whyFull(solo, data.length)
  if (why !== undefined) return { ok: false, why }
  const index = logIndex(solo.last + 1)
  solo.queued.push({ index, term: solo.term, type, data })
  solo.unsavedBytes += data.length
  solo.last = index
  assert(index > solo.committed.index, 'a proposal stands behind what is durable')
  return { ok: true, index }
}

function whyFull(solo: Solo, bytes: number): string | undefined {
  if (solo.last - solo.committed.index >= SOLO_QUEUED_ENTRIES_MAX)
    return `${SOLO_QUEUED_ENTRIES_MAX} entries are not on the disk yet`
  if (solo.unsavedBytes + bytes > SOLO_QUEUED_BYTES_MAX)
    return `${SOLO_QUEUED_BYTES_MAX} bytes are not on the disk yet`
  return undefined
}

/** What must now reach the disk, or undefined: nothing is queued, or a persist is under way. */
export function takePersist(solo: Solo): Persist | undefined {
  if (solo.underWay !== undefined || solo.isGathering || solo.queued.length === 0) return undefined
  const entries = solo.queued.splice(0, batchLength(solo.queued))
  const token = ++solo.lastToken
  const vote = { term: solo.term, votedFor: solo.self }
  solo.underWay = solo.voted ? { token, entries } : { token, vote, entries }
  assert(entries[0]?.index === solo.committed.index + 1, 'a persist follows on what is durable')
  return solo.underWay
}

function batchLength(queued: readonly Entry[]): number {
  let bytes = 0
  for (let count = 0; count < queued.length; count++) {
    bytes += queued[count]?.data.length ?? 0
    if (count === SOLO_PERSIST_ENTRIES_MAX) return count
    if (count > 0 && bytes > SOLO_PERSIST_BYTES_MAX) return count
  }
  return queued.length
}

/** The persist with this token is durable, thus its entries are committed. */
export function onPersisted(solo: Solo, token: number): void {
  const { entries } = endPersist(solo, token)
  for (const entry of entries) {
    solo.ready.push(entry)
    solo.unsavedBytes -= entry.data.length
  }
  solo.voted = true
  const last = entries.at(-1) ?? solo.committed
  assert(last.index === solo.committed.index + entries.length, 'the log has no gap')
  solo.committed = { index: last.index, term: last.term }
  checkUnsaved(solo)
}

/**
 * The disk took nothing of the persist with this token. Its entries are void, and so are all behind
 * them, for their indexes would leave a gap; later proposals get these indexes again. Returns the
 * first.
 */
export function onRefused(solo: Solo, token: number): LogIndex {
  const refused = endPersist(solo, token)
  const first = refused.entries[0]?.index
  assert(first === solo.committed.index + 1, 'nothing durable is void')
  solo.queued = []
  solo.unsavedBytes = 0
  solo.last = solo.committed.index
  checkUnsaved(solo)
  return first
}

function endPersist(solo: Solo, token: number): Persist {
  const { underWay } = solo
  assert(underWay !== undefined, 'an answer of the disk belongs to a persist under way')
  assert(underWay.token === token, 'the disk answers the persist under way')
  solo.underWay = undefined
  return underWay
}

/** What has become durable since the last call, in the order of the log. */
export function takeCommitted(solo: Solo): readonly Entry[] {
  const { ready } = solo
  if (ready.length > 0) solo.ready = []
  return ready
}

/**
 * Where the log stands. `committed` is the last durable entry: what a snapshot of everything
 * applied covers.
 */
export const positionOf = (
  solo: Solo,
): { term: Term; lastIndex: LogIndex; committed: Position } => ({
  term: solo.term,
  lastIndex: solo.last,
  committed: solo.committed,
})

function checkContiguous(start: Position, entries: readonly Entry[]): void {
  let before = start
  for (const entry of entries) {
    assert(entry.index === before.index + 1, 'recovered entries have no gap')
    assert(entry.term >= before.term, 'terms never fall along the log')
    before = entry
  }
}

function checkUnsaved(solo: Solo): void {
  const unsaved = solo.last - solo.committed.index
  assert(solo.unsavedBytes >= 0, 'unsaved bytes are counted right')
  assert(unsaved === solo.queued.length, 'after an answer of the disk only the queue is unsaved')
}
