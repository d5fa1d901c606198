// Who waits for what. What you read is what you watch: a read notes itself in a WatchSet, parking
// registers those notes, and a write finds the waiters whose answer it may have changed. Nothing is
// called back: firing returns a list.
//
//   Watches ── per table ── keys      key    ─▶ Spot ─▶ Link ⇄ Link ⇄ Link
//                           prefixes  prefix ─▶ Spot      │      one per waiter, chained to
//                           entries   value  ─▶ Spot      ▼      the other links of that waiter
//                                                      Waiter
//
// Many wait for one thing, and most wait for one thing only: so a link is five pointers, and no
// waiter has a set of its own.
import { assert, present } from '../assert.ts'
import type { Schema, TableState } from './table.ts'

/** Whoever waits; opaque here. */
export type Waiter = object

/** One thing that was read. */
export type Note =
  | { readonly type: 'key' | 'prefix'; readonly slot: number; readonly value: string }
  | {
      readonly type: 'entry'
      readonly slot: number
      /** Which of the table's indexes. */
      readonly at: number
      readonly value: string
    }

/** What the reads of one question touched. */
export interface WatchSet {
  notes: Note[]
  /** The state that was read, to prove at parking that nothing was missed. */
  seen: readonly TableState<unknown>[] | undefined
}

export const createWatchSet = (): WatchSet => ({ notes: [], seen: undefined })

/**
 * A question that read more things than this watches whole tables from then on: it may wake in
 * vain, memory is bounded.
 */
export const NOTES_MAX = 4096

export function note(set: WatchSet, next: Note): void {
  const last = set.notes.at(-1)
  if (last !== undefined && sameNote(last, next)) return
  set.notes.push(next)
  if (set.notes.length > NOTES_MAX) coarsen(set)
}

function sameNote(a: Note, b: Note): boolean {
  if (a.type !== b.type || a.slot !== b.slot || a.value !== b.value) return false
  return a.type !== 'entry' || b.type !== 'entry' || a.at === b.at
}

function coarsen(set: WatchSet): void {
  const slots = new Set(set.notes.map(({ slot }) => slot))
  set.notes = [...slots].map((slot) => ({ type: 'prefix', slot, value: '' }))
}

/** One thing that somebody waits for. */
export interface Spot {
  readonly value: string
  /** Where it is found by its value. */
  readonly filed: Map<string, Spot>
  readonly table: TableWatches
  first: Link | undefined
  last: Link | undefined
  /** The open transaction changed it. */
  hit: boolean
}

/** One waiter at one spot. */
export interface Link {
  readonly waiter: Waiter
  readonly spot: Spot
  before: Link | undefined
  after: Link | undefined
  /** The next link of the same waiter. */
  readonly sibling: Link | undefined
}

interface PrefixGroup {
  readonly length: number
  readonly spots: Map<string, Spot>
}

export interface TableWatches {
  readonly keys: Map<string, Spot>
  /** One group for each length in use: so the prefixes of a key are found by as many lookups. */
  readonly prefixes: PrefixGroup[]
  readonly entries: readonly Map<string, Spot>[]
  spots: number
}

export interface Watches {
  readonly tables: readonly TableWatches[]
  /** Each parked waiter with the first of its links. */
  readonly parked: Map<Waiter, Link | undefined>
}

export const createWatches = (schema: Schema): Watches => ({
  tables: schema.tables.map((table) => ({
    keys: new Map(),
    prefixes: [],
    entries: table.indexes.map(() => new Map()),
    spots: 0,
  })),
  parked: new Map(),
})

export function park(watches: Watches, set: WatchSet, waiter: Waiter): void {
  assert(!watches.parked.has(waiter), 'a waiter is parked once at a time')
  let sibling: Link | undefined
  for (const next of set.notes) {
    const spot = spotOf(watches, next)
    if (spot.last?.waiter === waiter) continue // noted twice: nobody else can have come between
    const link: Link = { waiter, spot, before: spot.last, after: undefined, sibling }
    if (spot.last === undefined) spot.first = link
    else spot.last.after = link
    spot.last = link
    sibling = link
  }
  watches.parked.set(waiter, sibling)
}

function spotOf(watches: Watches, next: Note): Spot {
  const table = tableWatches(watches, next.slot)
  const filed = filedUnder(table, next)
  const known = filed.get(next.value)
  if (known !== undefined) return known
  const { value } = next
  const spot: Spot = { value, filed, table, first: undefined, last: undefined, hit: false }
  filed.set(value, spot)
  table.spots++
  return spot
}

function filedUnder(table: TableWatches, next: Note): Map<string, Spot> {
  if (next.type === 'key') return table.keys
  if (next.type === 'entry') return present(table.entries[next.at], 'the spots of an index')
  const { length } = next.value
  const known = table.prefixes.find((group) => group.length === length)
  if (known !== undefined) return known.spots
  const spots = new Map<string, Spot>()
  table.prefixes.push({ length, spots })
  return spots
}

const tableWatches = (watches: Watches, slot: number): TableWatches =>
  watches.tables[slot] as TableWatches // one for each table

/** Forgets a waiter. Without effect if it is not parked. */
export function unpark(watches: Watches, waiter: Waiter): void {
  let link = watches.parked.get(waiter)
  watches.parked.delete(waiter)
  for (; link !== undefined; link = link.sibling) detach(link)
}

function detach({ spot, before, after }: Link): void {
  if (before === undefined) spot.first = after
  else before.after = after
  if (after === undefined) spot.last = before
  else after.before = before
  if (spot.first !== undefined) return
  spot.filed.delete(spot.value)
  spot.table.spots--
  if (spot.filed.size > 0) return
  const { prefixes } = spot.table
  const group = prefixes.findIndex(({ spots }) => spots === spot.filed)
  if (group >= 0) prefixes.splice(group, 1)
}

/** Adds the spots that a change of one key touches: the key, and each watched prefix of it. */
export function hitKey(table: TableWatches, key: string, hits: Spot[]): void {
  hit(table.keys.get(key), hits)
  for (const { length, spots } of table.prefixes) {
    if (length <= key.length) hit(spots.get(key.slice(0, length)), hits)
  }
}

/** Adds the spot of an index value. */
export function hitEntry(
  table: TableWatches,
  { at, value }: { readonly at: number; readonly value: string },
  hits: Spot[],
): void {
  hit(table.entries[at]?.get(value), hits)
}

function hit(spot: Spot | undefined, hits: Spot[]): void {
  if (spot === undefined || spot.hit) return
  spot.hit = true
  hits.push(spot)
}

const NOBODY: ReadonlySet<Waiter> = new Set()

/** Everybody at the spots, each once; they are parked nowhere afterwards. */
export function fire(watches: Watches, hits: readonly Spot[] | undefined): ReadonlySet<Waiter> {
  if (hits === undefined || hits.length === 0) return NOBODY
  const fired = new Set<Waiter>()
  for (const spot of hits) {
    spot.hit = false
    for (let link = spot.first; link !== undefined; link = link.after) fired.add(link.waiter)
  }
  for (const waiter of fired) unpark(watches, waiter)
  return fired
}

/** The transaction is void: nothing was changed. */
export function calm(hits: readonly Spot[]): void {
  for (const spot of hits) spot.hit = false
}

/** Everybody who is parked; nobody is afterwards. */
export function fireAll(watches: Watches): ReadonlySet<Waiter> {
  const fired = new Set(watches.parked.keys())
  for (const waiter of fired) unpark(watches, waiter)
  assert(watches.parked.size === 0, 'nobody is parked after all were fired')
  return fired
}
