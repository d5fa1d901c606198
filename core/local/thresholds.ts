// How many results in a row change a state (consul-surface 7.3). Passing and warning both count as
// successes. Both counters begin at their thresholds, so the very first result holds at once.
import type { CheckDefinition } from '../config/agent-config.ts'
import type { Status } from './records.ts'

export interface Streak {
  successes: number
  failures: number
}

type Thresholds = Pick<
  CheckDefinition,
  'successBeforePassing' | 'failuresBeforeWarning' | 'failuresBeforeCritical'
>

export const createStreak = (limits: Thresholds): Streak => ({
  successes: limits.successBeforePassing,
  failures: limits.failuresBeforeCritical,
})

/** The state that a result leads to; undefined: the old one is kept. */
export function judge(streak: Streak, status: Status, limits: Thresholds): Status | undefined {
  if (status !== 'critical') {
    streak.successes++
    streak.failures = 0
    return streak.successes >= limits.successBeforePassing ? status : undefined
  }
  streak.failures++
  streak.successes = 0
  if (streak.failures >= limits.failuresBeforeCritical) return 'critical'
  const warnsFrom = limits.failuresBeforeWarning || limits.failuresBeforeCritical
  return streak.failures >= warnsFrom ? 'warning' : undefined
}
