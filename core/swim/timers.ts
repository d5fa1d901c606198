// Every timeout of a member in one place: what is due is done, in a fixed order, and anybody may
// ask what is due when.
import type { Instant } from '../time.ts'
import { adjustAwareness } from './awareness.ts'
import { coalescerDue, flushCoalescer } from './coalesce.ts'
import { exchangeIntervalMs, exchangeStates } from './exchange.ts'
import { gossip, pruneQueues } from './gossip.ts'
import { joinsDue, retryJoins } from './join.ts'
import { advanceLeave, leaveDue } from './leave.ts'
import { expirePings, pingsDue } from './pings.ts'
import { advanceProbe, probeDue, voidProbe } from './probe.ts'
import { expireQueries, queriesDue } from './query.ts'
import { reap, reconnect } from './reap.ts'
import { remember } from './snapshot.ts'
import { judgeSuspects, suspicionsDue } from './suspects.ts'
import { delaySuspicion } from './suspicion.ts'
import { note, QUEUE_CHECK_MS, type Swim, TIMERS, type TimerName } from './swim.ts'

/** What is waited for, and until when. */
interface Timeout {
  readonly name: string
  readonly due: Instant
}

/** @public for whoever wants to know why a tick is due */
export const timeoutsOf = (swim: Swim): readonly Timeout[] => [
  ...TIMERS.filter((name) => name !== 'probe').map((name) => ({ name, due: swim.timers[name] })),
  { name: 'probe', due: probeDue(swim) },
  { name: 'suspicion', due: suspicionsDue(swim) },
  { name: 'ping', due: pingsDue(swim) },
  { name: 'join', due: joinsDue(swim) },
  { name: 'query', due: queriesDue(swim) },
  { name: 'coalescing', due: coalescerDue(swim) },
  { name: 'leave', due: leaveDue(swim) },
]

/** When a tick has something to do again. */
export function nextDue(swim: Swim): Instant {
  const { timers } = swim
  let due = Math.min(probeDue(swim), timers.gossip, timers['push-pull'], timers.reap)
  due = Math.min(due, timers.reconnect, timers['queue-check'], timers.remember)
  due = Math.min(due, suspicionsDue(swim), pingsDue(swim), joinsDue(swim))
  return Math.min(due, queriesDue(swim), coalescerDue(swim), leaveDue(swim))
}

export function runTimers(swim: Swim): void {
  const late = swim.now - nextDue(swim)
  if (late < 0) return
  if (late > swim.settings.lateMs) standStill(swim, late)
  judgeSuspects(swim)
  expirePings(swim)
  advanceProbe(swim)
  retryJoins(swim)
  expireQueries(swim)
  runPeriodic(swim)
  flushCoalescer(swim)
  advanceLeave(swim)
}

/**
 * Our own silence, measured instead of inferred from that of others (after Lifeguard): answers and
 * refutations may be waiting to be read.
 */
function standStill(swim: Swim, ms: number): void {
  note(swim, { what: 'stood-still', ms: Math.round(ms) })
  adjustAwareness(swim.awareness, 1)
  voidProbe(swim)
  for (const { state } of swim.suspects)
    if (state.type === 'suspect') delaySuspicion(state.suspicion, ms)
}

function runPeriodic(swim: Swim): void {
  const { settings } = swim
  every(swim, 'gossip', settings.gossipIntervalMs, gossip)
  every(swim, 'push-pull', exchangeIntervalMs(swim), exchangeStates)
  every(swim, 'reap', settings.reapIntervalMs, reap)
  every(swim, 'reconnect', settings.reconnectIntervalMs, reconnect)
  every(swim, 'queue-check', QUEUE_CHECK_MS, pruneQueues)
  if (swim.now >= swim.timers.remember) remember(swim)
}

/** What was missed is not made up for. */
function every(swim: Swim, name: TimerName, ms: number, work: (swim: Swim) => void): void {
  const due = swim.timers[name]
  if (swim.now < due) return
  swim.timers[name] = Math.max(due, swim.now - ms) + ms
  work(swim)
}
