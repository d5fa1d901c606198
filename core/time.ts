// Milliseconds, and durations as Go writes them. Core never asks for the time: `now` is an
// argument. Two clocks, two types: a monotonic reading orders things inside a process, a wall
// reading is shown to people.

import { quoteGo } from './quote.ts'

/** A reading of the monotonic clock in milliseconds; only differences mean something. */
export type Instant = number
/**
 * Milliseconds since 1970 UTC. Stamped by the leader, travels inside commands, never compared with
 * an Instant.
 */
export type WallMs = number

const UNIT_NS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n, // U+00B5
  μs: 1_000n, // U+03BC
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
}

const PART = /(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)/y

/** Go counts nanoseconds in 64 bits with a sign. */
const NS_BOUND = 2n ** 63n
/** A longer number passes the bound. */
const WHOLE_DIGITS_MAX = 19
/** As many digits of a fraction as Go looks at. */
const FRACTION_DIGITS_MAX = 19

/**
 * A Go duration (`1h2m3.5s`, `-300ms`, `0`) in nanoseconds; undefined if it is none. Whole above
 * 2^53 only to a rounding.
 */
export function parseDurationNs(text: string): number | undefined {
  const negative = text.startsWith('-')
  const body = negative || text.startsWith('+') ? text.slice(1) : text
  if (body === '0') return 0
  if (body === '') return undefined
  let total = 0n
  PART.lastIndex = 0
  while (PART.lastIndex < body.length) {
    const match = PART.exec(body)
    if (match === null) return undefined
    const part = partNs(match)
    if (part === undefined) return undefined
    total += part
  }
  if (total > NS_BOUND || (total === NS_BOUND && !negative)) return undefined
  return Number(negative ? -total : total)
}

function partNs([, digits = '', decimals = '', name = '']: RegExpExecArray): bigint | undefined {
  const unit = UNIT_NS[name]
  if (unit === undefined || digits + decimals === '') return undefined
  const whole = digits.replace(/^0+/, '')
  if (whole.length > WHOLE_DIGITS_MAX) return undefined
  const seen = decimals.slice(0, FRACTION_DIGITS_MAX)
  const fraction = Number(seen) * (Number(unit) / 10 ** seen.length) // cut, not rounded, as in Go
  return BigInt(whole) * unit + BigInt(Math.trunc(fraction))
}

/** What follows the last number, after parts that are right. No digit can be read in two ways. */
const AFTER_PARTS =
  /^[-+]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))*(?:\d+(?:\.\d*)?|\.\d+)([^\d.]*)/

/** What Go says of a text that parseDurationNs refuses. */
export function durationComplaint(text: string): string {
  const shown = quoteGo(text)
  const unit = AFTER_PARTS.exec(text)?.[1]
  if (unit === '') return `time: missing unit in duration ${shown}`
  // With a unit that there is, the number was too large.
  if (unit === undefined || Object.hasOwn(UNIT_NS, unit)) return `time: invalid duration ${shown}`
  return `time: unknown unit ${quoteGo(unit)} in duration ${shown}`
}

/** As parseDurationNs, in milliseconds (with fractions). */
export function parseDuration(text: string): number | undefined {
  const ns = parseDurationNs(text)
  return ns === undefined ? undefined : ns / 1e6
}

/** Nanoseconds as Go prints them: `1h0m0s`, `1m30s`, `1.5s`, `300ms`, `0s`. */
export function formatDurationNs(ns: number): string {
  if (ns === 0) return '0s'
  const sign = ns < 0 ? '-' : ''
  const size = Math.abs(ns)
  if (size < 1e3) return `${sign}${size}ns`
  if (size < 1e6) return `${sign}${trim(size / 1e3)}µs`
  if (size < 1e9) return `${sign}${trim(size / 1e6)}ms`
  const hours = Math.floor(size / 3600e9)
  const minutes = Math.floor((size % 3600e9) / 60e9)
  const seconds = `${trim((size % 60e9) / 1e9)}s`
  if (hours > 0) return `${sign}${hours}h${minutes}m${seconds}`
  return minutes > 0 ? `${sign}${minutes}m${seconds}` : `${sign}${seconds}`
}

/** Milliseconds as Go prints a duration. */
export const formatDuration = (ms: number): string => formatDurationNs(Math.round(ms * 1e6))

const trim = (value: number) => String(Number(value.toFixed(9)))

const DAY_MS = 86_400_000
/** From 0000-03-01, where a leap day ends a year, to 1970-01-01. */
const DAYS_TO_EPOCH = 719_468
const DAYS_OF_400_YEARS = 146_097

/** A wall reading as `2026-01-02T03:04:05.006Z` (RFC 3339), for the years 0 to 9999. */
export function isoUtc(wall: WallMs): string {
  const days = Math.floor(wall / DAY_MS)
  const ms = wall - days * DAY_MS
  const [hour, minute, second] = [ms / 3_600_000, (ms / 60_000) % 60, (ms / 1000) % 60].map(
    (part) => padded(part),
  )
  return `${civilDate(days)}T${hour}:${minute}:${second}.${padded(ms % 1000, 3)}Z`
}

const padded = (value: number, digits = 2): string =>
  String(Math.floor(value)).padStart(digits, '0')

/**
 * Days since 1970 as a date of the Gregorian calendar (Hinnant, "chrono-Compatible Low-Level Date
 * Algorithms").
 */
function civilDate(daysSinceEpoch: number): string {
  const days = daysSinceEpoch + DAYS_TO_EPOCH
  const era = Math.floor(days / DAYS_OF_400_YEARS)
  const dayOfEra = days - era * DAYS_OF_400_YEARS
  const leapDays =
    Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096)
  const yearOfEra = Math.floor((dayOfEra - leapDays) / 365)
  const firstDay = 365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100)
  const dayOfYear = dayOfEra - firstDay
  // Months from March: five of them have 153 days.
  const month = Math.floor((5 * dayOfYear + 2) / 153)
  const day = dayOfYear - Math.floor((153 * month + 2) / 5) + 1
  const year = era * 400 + yearOfEra + (month >= 10 ? 1 : 0)
  return `${padded(year, 4)}-${padded(month >= 10 ? month - 9 : month + 3)}-${padded(day)}`
}
