// Network coordinates (Vivaldi, Dabek et al. 2004, with the height of §5.4 and the adjustment and
// gravity of Ledlie et al. 2007): each member learns a point in space such that distances between
// points predict round trips. Units are seconds.
//
// A point from another member is hostile until checked: NaN, infinities and wild sizes are refused,
// never stored.
import { assert } from '../assert.ts'
import type { Prng } from '../prng.ts'
import type { Coordinate } from '../wire/serf.ts'

const DIMENSIONS = 8
const ERROR_MAX = 1.5
/** How far one sample may pull us: Vivaldi's c_c and c_e. */
const CORRECTION = 0.25
/** Samples that the adjustment averages over. */
const ADJUSTMENTS = 20
const HEIGHT_MIN = 1e-5
const LATENCY_SAMPLES = 3
/** At this distance from the origin gravity pulls by a second. */
const GRAVITY_RHO = 150
const ZERO = 1e-6
const RTT_MAX_SECONDS = 10
/** No honest point is further out than light travels in minutes. */
const COMPONENT_MAX = 1e6

export interface Vivaldi {
  coordinate: Coordinate
  readonly adjustments: Float64Array
  adjustmentAt: number
  /** The last few round trips per member; their median is used. */
  readonly latencies: Map<string, number[]>
  /** The last point that each member has told us of itself. */
  readonly points: Map<string, Coordinate>
  /** How often our own point became invalid and was started afresh. */
  resets: number
}

export const originPoint = (): Coordinate => ({
  vec: new Array<number>(DIMENSIONS).fill(0),
  error: ERROR_MAX,
  adjustment: 0,
  height: HEIGHT_MIN,
})

export const createVivaldi = (): Vivaldi => ({
  coordinate: originPoint(),
  adjustments: new Float64Array(ADJUSTMENTS),
  adjustmentAt: 0,
  latencies: new Map(),
  points: new Map(),
  resets: 0,
})

export function isValidCoordinate({ vec, error, adjustment, height }: Coordinate): boolean {
  return vec.length === DIMENSIONS && [...vec, error, adjustment, height].every(isModest)
}

const isModest = (value: number) => Math.abs(value) <= COMPONENT_MAX // false for NaN

/** The predicted round trip between two points, in seconds. */
export function coordinateDistance(a: Coordinate, b: Coordinate): number {
  const raw = rawDistance(a, b)
  const adjusted = raw + a.adjustment + b.adjustment
  return adjusted > 0 ? adjusted : raw
}

/**
 * What one measured round trip to `name`, whose point is `other`, teaches us. False if it was not
 * usable.
 */
export function learnRoundTrip(
  vivaldi: Vivaldi,
  sample: { name: string; other: Coordinate; seconds: number },
  prng: Prng,
): boolean {
  const { name, other, seconds } = sample
  if (!isValidCoordinate(other)) return false
  if (!(seconds >= 0) || seconds > RTT_MAX_SECONDS) return false
  vivaldi.points.set(name, other)
  const rtt = Math.max(ZERO, medianLatency(vivaldi, name, seconds))
  const moved = pulled(vivaldi.coordinate, { other, rtt }, prng)
  const adjusted = { ...moved, adjustment: nextAdjustment(vivaldi, moved, { other, rtt }) }
  const settled = towardsOrigin(adjusted, prng)
  if (isValidCoordinate(settled)) vivaldi.coordinate = settled
  else {
    vivaldi.coordinate = originPoint()
    vivaldi.resets += 1
  }
  assert(isValidCoordinate(vivaldi.coordinate), 'our own coordinate is valid')
  return true
}

/** Members that are gone take their samples along. */
export function forgetLatency(vivaldi: Vivaldi, name: string): void {
  vivaldi.latencies.delete(name)
  vivaldi.points.delete(name)
}

function medianLatency(vivaldi: Vivaldi, name: string, seconds: number): number {
  const samples = vivaldi.latencies.get(name) ?? []
  samples.push(seconds)
  if (samples.length > LATENCY_SAMPLES) samples.shift()
  vivaldi.latencies.set(name, samples)
  const sorted = [...samples].sort((a, b) => a - b)
  return sorted[sorted.length >> 1] as number
}

/** Vivaldi §2.5: a spring between the two points, as stiff as we trust them. */
function pulled(
  own: Coordinate,
  { other, rtt }: { other: Coordinate; rtt: number },
  prng: Prng,
): Coordinate {
  const distance = coordinateDistance(own, other)
  const wrongness = Math.abs(distance - rtt) / rtt
  const weight = own.error / Math.max(ZERO, own.error + other.error)
  const error = Math.min(
    ERROR_MAX,
    CORRECTION * weight * wrongness + own.error * (1 - CORRECTION * weight),
  )
  return pushed({ ...own, error }, { other, force: CORRECTION * weight * (rtt - distance) }, prng)
}

function pushed(
  own: Coordinate,
  { other, force }: { other: Coordinate; force: number },
  prng: Prng,
): Coordinate {
  const difference = own.vec.map((value, i) => value - (other.vec[i] as number))
  const magnitude = Math.hypot(...difference)
  const apart = magnitude > ZERO
  const unit = apart ? difference.map((value) => value / magnitude) : randomUnit(prng)
  const height = apart ? ((own.height + other.height) * force) / magnitude + own.height : own.height
  return {
    ...own,
    vec: own.vec.map((value, i) => value + (unit[i] as number) * force),
    height: Math.max(HEIGHT_MIN, height),
  }
}

function nextAdjustment(
  vivaldi: Vivaldi,
  own: Coordinate,
  { other, rtt }: { other: Coordinate; rtt: number },
): number {
  vivaldi.adjustments[vivaldi.adjustmentAt] = rtt - rawDistance(own, other)
  vivaldi.adjustmentAt = (vivaldi.adjustmentAt + 1) % ADJUSTMENTS
  return vivaldi.adjustments.reduce((sum, value) => sum + value, 0) / (2 * ADJUSTMENTS)
}

/** A weak pull to the origin keeps the whole pool from drifting away. */
function towardsOrigin(own: Coordinate, prng: Prng): Coordinate {
  const origin = originPoint()
  const force = -((coordinateDistance(own, origin) / GRAVITY_RHO) ** 2)
  return pushed(own, { other: origin, force }, prng)
}

const rawDistance = (a: Coordinate, b: Coordinate): number =>
  Math.hypot(...a.vec.map((value, i) => value - (b.vec[i] as number))) + a.height + b.height

/** Two members at the same point part in a random direction. */
function randomUnit(prng: Prng): number[] {
  const direction = Array.from({ length: DIMENSIONS }, () => prng.unit() - 0.5)
  const magnitude = Math.hypot(...direction)
  return magnitude > ZERO
    ? direction.map((value) => value / magnitude)
    : direction.map((_, i) => (i === 0 ? 1 : 0))
}
