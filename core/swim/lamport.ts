// Lamport's clocks (Lamport 1978, "Time, Clocks, and the Ordering of Events in a Distributed
// System"), of which Serf keeps three: for members, events and queries.
import { assert } from '../assert.ts'
import type { U64 } from '../u64.ts'

/** A reading of a Lamport clock. */
export type LTime = number

/**
 * Nobody gets here by counting: a higher one is a mistake or a lie. It is half of what is exact, so
 * that our own clock can go on from here.
 */
export const LTIME_MAX = 2 ** 52

export interface LamportClock {
  /** What the next message of ours is stamped with. */
  time: LTime
}

/** Starts at 1: 0 is what nobody has said. */
export const createClock = (): LamportClock => ({ time: 1 })

/** A time of the wire, if it is one that can be believed. */
export const believableTime = (value: U64): LTime | undefined =>
  typeof value === 'number' && value <= LTIME_MAX ? value : undefined

/** Whatever we say from now on comes after what we have seen. */
export function witness(clock: LamportClock, seen: LTime): void {
  assert(seen <= LTIME_MAX, 'only believable times are witnessed')
  if (seen >= clock.time) clock.time = seen + 1
}

/** The time of a new message. */
export function stamp(clock: LamportClock): LTime {
  const { time } = clock
  clock.time = time + 1
  return time
}
