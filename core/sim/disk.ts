// A disk with the manners of core/entry.ts's Persist: one write at a time, durable when it says so.
// A crash may leave nothing of the write under way, all of it, or its beginning; the real log
// writes a persist whole or not at all (lictor-wal(5)), the contract asks for less, and both are
// tried.
import { assert } from '../assert.ts'
import type { Entry, Persist, Recovered, Vote } from '../entry.ts'
import { type LogIndex, logIndex, term } from '../ids.ts'
import type { Prng } from '../prng.ts'
import type { SnapshotMeta } from '../raft/messages.ts'
import { WITHHELD } from '../raft/raft.ts'
import type { Instant } from '../time.ts'
import type { SnapshotImage } from './host.ts'

export interface DiskConditions {
  /** A write takes at least this long, and up to this much more. */
  readonly writeMs: number
  readonly writeSpreadMs: number
  /** Now and then one takes this long. */
  readonly slowChance: number
  readonly slowMs: number
  readonly snapshotMs: number
  /** A crash may leave the beginning of a write. */
  readonly tears: boolean
}

/** What survives. */
export interface Platter {
  vote: Vote
  /** Contiguous, the first one right behind `base`. */
  entries: Entry[]
  base: LogIndex
  /** The newest last; two are kept. */
  snapshots: SnapshotImage[]
}

export interface Disk {
  readonly prng: Prng
  platter: Platter
  writing: Persist | undefined
  /** True time; writes under way end after it. */
  stalledUntil: Instant
  /** Writes take this much longer. */
  slowMs: number
  /** Entries and snapshots are refused; for a vote there is always room. */
  full: boolean
  /** The next sync fails, and with it the process. */
  failsNext: boolean
}

const SNAPSHOTS_KEPT = 2

export const createDisk = (prng: Prng): Disk => ({
  prng,
  platter: emptyPlatter(),
  writing: undefined,
  stalledUntil: 0,
  slowMs: 0,
  full: false,
  failsNext: false,
})

export const emptyPlatter = (): Platter => ({
  vote: { term: term(0), votedFor: '' },
  entries: [],
  base: logIndex(0),
  snapshots: [],
})

/**
 * Damage in the middle of the log: what is left when the runtime has set it aside (lictor-wal(5)).
 * The term is known by a second witness; the vote is withheld.
 */
export function rotten({ vote, entries, base, snapshots }: Platter, prng: Prng): Platter {
  assert(entries.length > 0, 'what rots is there')
  return {
    vote: { term: vote.term, votedFor: WITHHELD },
    entries: entries.slice(0, prng.range(0, entries.length - 1)),
    base,
    snapshots: [...snapshots],
  }
}

export const isBlank = ({ vote, entries, snapshots }: Platter): boolean =>
  vote.term === 0 && entries.length === 0 && snapshots.length === 0

export function writeMs({ prng, slowMs }: Disk, conditions: DiskConditions): number {
  if (prng.chance(conditions.slowChance)) return slowMs + prng.unit() * conditions.slowMs
  return slowMs + conditions.writeMs + prng.unit() * conditions.writeSpreadMs
}

/** The persist is on the platter. `steps`: only so many of its parts (a crash came between). */
export function land(platter: Platter, persist: Persist, steps: number): void {
  const parts = partsOf(platter, persist)
  for (const part of parts.slice(0, steps)) part()
}

/** The parts of a persist in the order of core/entry.ts. */
function partsOf(platter: Platter, persist: Persist): (() => void)[] {
  const { vote, truncateFrom, restartBehind, entries } = persist
  const parts: (() => void)[] = []
  if (vote !== undefined) parts.push(() => setVote(platter, vote))
  if (truncateFrom !== undefined) parts.push(() => cut(platter, truncateFrom))
  if (restartBehind !== undefined) parts.push(() => restart(platter, restartBehind))
  for (const entry of entries) parts.push(() => add(platter, entry))
  return parts
}

export const stepsOf = ({ vote, truncateFrom, restartBehind, entries }: Persist): number =>
  (vote === undefined ? 0 : 1) +
  (truncateFrom === undefined ? 0 : 1) +
  (restartBehind === undefined ? 0 : 1) +
  entries.length

function setVote(platter: Platter, vote: Vote): void {
  platter.vote = vote
}

function cut(platter: Platter, from: LogIndex): void {
  assert(from > platter.base, 'what is cut off stands behind the base of the log')
  platter.entries.length = Math.min(platter.entries.length, from - platter.base - 1)
}

function restart(platter: Platter, behind: LogIndex): void {
  platter.entries = []
  platter.base = behind
}

function add(platter: Platter, entry: Entry): void {
  assert(entry.index === lastOf(platter) + 1, 'the log on the disk has no gap')
  platter.entries.push(entry)
}

export const lastOf = ({ base, entries }: Platter): LogIndex => logIndex(base + entries.length)

export function keepSnapshot(platter: Platter, image: SnapshotImage): void {
  platter.snapshots.push(image)
  platter.snapshots.sort((a, b) => a.meta.index - b.meta.index)
  if (platter.snapshots.length > SNAPSHOTS_KEPT) platter.snapshots.shift()
}

/** Forgets entries up to `through`. */
export function trim(platter: Platter, through: LogIndex): void {
  if (through <= platter.base) return
  assert(newestMeta(platter) !== undefined, 'the log is trimmed behind a snapshot')
  platter.entries = platter.entries.slice(through - platter.base)
  platter.base = through
}

export const newest = ({ snapshots }: Platter): SnapshotImage | undefined => snapshots.at(-1)
const newestMeta = (platter: Platter): SnapshotMeta | undefined => newest(platter)?.meta

/** Whether this entry, or a snapshot that covers it, would be found after a crash. */
export function holds(platter: Platter, index: LogIndex, inTerm: number): boolean {
  if (index <= (newestMeta(platter)?.index ?? 0)) return true
  return platter.entries[index - platter.base - 1]?.term === inTerm
}

/** What a program finds at its start. */
export function recover(platter: Platter): Recovered {
  const image = newest(platter)
  const snapshot =
    image === undefined
      ? undefined
      : { index: image.meta.index, term: image.meta.term, chunks: image.chunks }
  return { vote: platter.vote, snapshot, entries: platter.entries.slice() }
}

/** How much of the write under way a crash has left. */
export function stepsLeft(disk: Disk, conditions: DiskConditions): number {
  const { writing, prng } = disk
  if (writing === undefined) return 0
  const steps = stepsOf(writing)
  // The first write begins a cluster: half of it would be a server that can do neither.
  if (!conditions.tears || isBlank(disk.platter)) return prng.chance(0.5) ? steps : 0
  return prng.range(0, steps)
}
