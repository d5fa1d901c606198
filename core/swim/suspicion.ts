// How long a suspicion lasts before the member is declared dead (Lifeguard, LHA-Suspicion;
// memberlist-wire §3.4).
//
// It starts long and shrinks with every member that confirms it independently: a suspicion that
// nobody else shares is more likely our own fault. Silence never shortens it.
//
// A port that refuses is another kind of evidence: its host lives, the process behind it does not.
// One refusal of our own and one more accuser bring the end forward to `refusedMs`, and the port is
// asked once more before it is believed: the process may have come back.
import type { Instant } from '../time.ts'
import type { Settings } from './settings.ts'

export interface Suspicion {
  startedAt: Instant
  readonly minMs: number
  readonly maxMs: number
  /** Confirmations that bring the timeout down to its minimum. */
  readonly confirmationsWanted: number
  /** Who has accused: the first accuser, then those who confirmed. */
  readonly accusers: Set<string>
  deadline: Instant
  /** The port refused us. */
  isRefused: boolean
}

/** The shortest and the longest timeout of a pool, and the confirmations between them. */
export interface SuspicionBounds {
  readonly minMs: number
  readonly maxMs: number
  readonly wanted: number
}

/** `size` counts ourselves, the accused, and those who died lately. */
export function suspicionBounds(settings: Settings, size: number): SuspicionBounds {
  const scale = Math.max(1, Math.log10(Math.max(1, size)))
  const minMs =
    (settings.suspicionMult * Math.floor(scale * 1000) * settings.probeIntervalMs) / 1000
  const wanted = Math.max(0, settings.suspicionMult - 2)
  return {
    minMs,
    maxMs: settings.suspicionMaxTimeoutMult * minMs,
    // Of a pool of n, the accused and the accuser cannot confirm.
    wanted: size - 2 < wanted ? 0 : wanted,
  }
}

export function startSuspicion(bounds: SuspicionBounds, from: string, now: Instant): Suspicion {
  const { minMs, maxMs, wanted } = bounds
  return {
    startedAt: now,
    minMs,
    maxMs,
    confirmationsWanted: wanted,
    accusers: new Set([from]),
    deadline: now + (wanted < 1 ? minMs : maxMs),
    isRefused: false,
  }
}

/** The whole length of a suspicion that `confirmations` members share with the first accuser. */
export function suspicionMs(
  { minMs, maxMs, confirmationsWanted }: Suspicion,
  confirmations: number,
): number {
  if (confirmationsWanted < 1) return minMs
  const share = Math.log(confirmations + 1) / Math.log(confirmationsWanted + 1)
  return Math.max(minMs, Math.floor(maxMs - share * (maxMs - minMs)))
}

/** Accusers that are told apart, for the sake of memory only: more of them change nothing. */
const ACCUSERS_MAX = 16

/**
 * Whether `from` is news and still wanted: then the deadline comes nearer, and the accusation is
 * worth passing on.
 */
export function confirmSuspicion(suspicion: Suspicion, from: string): boolean {
  const { accusers, confirmationsWanted } = suspicion
  if (accusers.has(from)) return false
  const isWanted = accusers.size <= confirmationsWanted
  if (accusers.size < ACCUSERS_MAX) accusers.add(from)
  if (!isWanted) return false
  const total = suspicionMs(suspicion, accusers.size - 1)
  suspicion.deadline = Math.min(suspicion.deadline, suspicion.startedAt + total)
  return true
}

/** We stood still and could not hear a refutation: that time does not count. */
export function delaySuspicion(suspicion: Suspicion, ms: number): void {
  suspicion.startedAt += ms
  suspicion.deadline += ms
}

/**
 * When the port of a suspect is asked once more, for a burial before the deadline; undefined while
 * the evidence does not suffice. In a pool of two nobody else can accuse.
 */
export function refusalDue(
  suspicion: Suspicion,
  { settings, size }: { settings: Settings; size: number },
): Instant | undefined {
  if (!suspicion.isRefused) return undefined
  if (suspicion.accusers.size < 2 && size > 2) return undefined
  return suspicion.startedAt + settings.refusedTimeoutMs
}
