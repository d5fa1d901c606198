// Blocking queries: parked until what they read changes, until their time is up, or until the
// client leaves. What you read is what you watch: the store notes each key and prefix that a read
// touched and names the parked when one of them changes (consul-surface 8.6, Consul: blocking
// queries).
import { assert, present } from '../assert.ts'
import type { RequestId } from '../ids.ts'
import { type Store, unwatch, type WatchSet, watch } from '../state/store.ts'
import type { Instant } from '../time.ts'
import type { U64 } from '../u64.ts'
import type { Call } from './call.ts'

/**
 * More blocking queries than this at one agent are refused: each holds a socket and a few hundred
 * bytes.
 */
export const PARKED_MAX = 100_000

export interface Parked {
  readonly call: Call
  readonly deadline: Instant
  /** What is not newer than this does not end the wait. */
  minIndex: U64
  /** For a wait by content: what has this hash does not end the wait. */
  readonly hash: string | undefined
  /** A look at a missing object has moved minIndex: from then on only its appearance counts. */
  missingSeen: boolean
  /** The place in the heap of deadlines; -1: not parked. */
  at: number
}

export interface Parking {
  readonly byId: Map<RequestId, Parked>
  /** A binary heap, the nearest deadline first. */
  readonly heap: Parked[]
}

export const createParking = (): Parking => ({ byId: new Map(), heap: [] })

export const parkedCount = (parking: Parking): number => parking.byId.size

/**
 * Parks a query, or parks it again after it was woken for nothing: what it watches is what it
 * read last.
 */
export function park(
  parking: Parking,
  store: Store,
  waiter: { parked: Parked; read: WatchSet },
): void {
  const { parked, read } = waiter
  watch(store, read, parked)
  if (parked.at >= 0) return
  parking.byId.set(parked.call.id, parked)
  parking.heap.push(parked)
  parked.at = parking.heap.length - 1
  rise(parking.heap, parked)
}

/** Takes a query out, whatever ended its wait. */
export function unpark(parking: Parking, store: Store, parked: Parked): void {
  assert(parking.byId.get(parked.call.id) === parked, 'only what is parked can be taken out')
  unwatch(store, parked)
  parking.byId.delete(parked.call.id)
  removeAt(parking.heap, parked.at)
  parked.at = -1
}

/** The next query whose time is up. It stays parked. */
export function nextExpired(parking: Parking, now: Instant): Parked | undefined {
  const first = parking.heap[0]
  return first !== undefined && first.deadline <= now ? first : undefined
}

function removeAt(heap: Parked[], at: number): void {
  const last = present(heap.pop(), 'the last of a heap that holds one')
  if (at === heap.length) return
  heap[at] = last
  last.at = at
  rise(heap, last)
  sink(heap, last)
}

function rise(heap: Parked[], parked: Parked): void {
  while (parked.at > 0) {
    const above = heap[(parked.at - 1) >> 1] as Parked // a parent has a lower place
    if (above.deadline <= parked.deadline) return
    swap(heap, above, parked)
  }
}

function sink(heap: Parked[], parked: Parked): void {
  for (;;) {
    const left = heap[2 * parked.at + 1]
    if (left === undefined) return
    const right = heap[2 * parked.at + 2]
    const below = right !== undefined && right.deadline < left.deadline ? right : left
    if (parked.deadline <= below.deadline) return
    swap(heap, parked, below)
  }
}

function swap(heap: Parked[], above: Parked, below: Parked): void {
  const at = above.at
  above.at = below.at
  below.at = at
  heap[above.at] = above
  heap[below.at] = below
}
