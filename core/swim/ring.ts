// What was seen at the last so many Lamport times, to tell news from echoes (memberlist-wire §4).
// Times that are too old to tell are taken for echoes.
import { assert } from '../assert.ts'
import type { LTime } from './lamport.ts'

/** As many times are remembered. */
export const RING_TIMES = 512
/** Things of one time: more are made by nobody honest. */
const ITEMS_MAX = 128

interface Slot<Item> {
  readonly lTime: LTime
  readonly items: Item[]
}

export interface Ring<Item> {
  /** By the time modulo RING_TIMES. */
  readonly slots: Map<number, Slot<Item>>
  /** Older things are of a life before this one. */
  minTime: LTime
}

export const createRing = <Item>(minTime: LTime): Ring<Item> => ({ slots: new Map(), minTime })

/** Notes an item; false if it was seen before, or may have been. */
export function addSeen<Item>(
  ring: Ring<Item>,
  { item, lTime, clock }: { item: Item; lTime: LTime; clock: LTime },
  isSame: (a: Item, b: Item) => boolean,
): boolean {
  assert(lTime < clock, 'a clock has passed what it has witnessed')
  if (lTime < ring.minTime) return false
  if (clock > RING_TIMES && lTime < clock - RING_TIMES) return false
  const slot = slotAt(ring, lTime)
  if (slot === undefined || slot.items.length >= ITEMS_MAX) return false
  if (slot.items.some((seen) => isSame(seen, item))) return false
  slot.items.push(item)
  return true
}

/** The slot of a time; undefined if a later time has it. */
function slotAt<Item>(ring: Ring<Item>, lTime: LTime): Slot<Item> | undefined {
  const at = lTime % RING_TIMES
  const held = ring.slots.get(at)
  if (held?.lTime === lTime) return held
  if (held !== undefined && held.lTime > lTime) return undefined
  const fresh: Slot<Item> = { lTime, items: [] }
  ring.slots.set(at, fresh)
  return fresh
}
