// How long a session lives without a sign of its owner (consul-surface §8.2). The timers belong to
// whoever orders the log: they are no part of the state, and after a change of leader they all
// begin anew. So a session may outlive its TTL, and twice that, but never ends before it.

import type { Instant } from '../time.ts'
import { parseDuration } from '../time.ts'
import type { SessionRow } from './records.ts'

/** A session ends when it was not renewed for this many TTLs. */
const TTL_GRACE = 2

export interface SessionTimers {
  readonly deadlines: Map<string, Instant>
  /** Their end is proposed. It may be in the log already: they cannot be renewed any more. */
  readonly ending: Set<string>
  /** No deadline is earlier. */
  nearest: Instant
}

export const createSessionTimers = (): SessionTimers => ({
  deadlines: new Map(),
  ending: new Set(),
  nearest: Infinity,
})

/** Starts the timer of a session anew; nothing for one without a TTL. False: it is about to end. */
export function renewSession(
  timers: SessionTimers,
  { id, ttl }: SessionRow,
  now: Instant,
): boolean {
  if (timers.ending.has(id)) return false
  const ttlMs = parseDuration(ttl) ?? 0
  if (ttlMs <= 0) return true
  const deadline = now + TTL_GRACE * ttlMs
  timers.deadlines.set(id, deadline)
  timers.nearest = Math.min(timers.nearest, deadline)
  return true
}

/** Whoever begins to order the log gives each session its whole time. */
export function restartSessions(
  timers: SessionTimers,
  rows: Iterable<SessionRow>,
  now: Instant,
): void {
  timers.ending.clear()
  for (const row of rows) renewSession(timers, row, now)
}

export function forgetSession(timers: SessionTimers, id: string): void {
  timers.deadlines.delete(id)
  timers.ending.delete(id)
}

/**
 * Sessions whose time is up. They stay until they are forgotten: the end may have to be proposed
 * again.
 */
export function expiredSessions(timers: SessionTimers, now: Instant): readonly string[] {
  if (now < timers.nearest) return []
  const expired: string[] = []
  timers.nearest = Infinity
  for (const [id, deadline] of timers.deadlines) {
    if (deadline <= now) {
      expired.push(id)
      timers.ending.add(id)
      timers.deadlines.set(id, now + RETRY_MS)
    }
    timers.nearest = Math.min(timers.nearest, timers.deadlines.get(id) ?? Infinity)
  }
  return expired
}

/** An end that was proposed and has not come is proposed again after this long. */
const RETRY_MS = 1_000
