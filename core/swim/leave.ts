// Leaving politely, so that nobody takes it for a failure (memberlist-wire §3.7, §4): first Serf's
// intent is spread, then memberlist's word that we are gone; then the others have a while in which
// we still answer their probes.
import { assert, unreachable } from '../assert.ts'
import type { Instant } from '../time.ts'
import { type BroadcastQueue, isWaiting } from './broadcast.ts'
import { announceLeave } from './intents.ts'
import { onDead } from './merge.ts'
import { hasOthersUp, type Swim, selfOf } from './swim.ts'

export type Leaving =
  | { readonly type: 'no' }
  /** The intent, and then the word of our end, is being spread; `broadcast` is its id. */
  | { readonly type: 'intent'; readonly broadcast: number | undefined; readonly until: Instant }
  | { readonly type: 'dead'; readonly broadcast: number | undefined; readonly until: Instant }
  | { readonly type: 'linger'; readonly until: Instant }
  | { readonly type: 'done' }

export function startLeave(swim: Swim): void {
  if (swim.leaving.type !== 'no') return
  const until = swim.now + swim.settings.broadcastTimeoutMs
  swim.leaving = { type: 'intent', broadcast: undefined, until }
  const broadcast = announceLeave(swim, { node: swim.name, prune: false })
  swim.leaving = { type: 'intent', broadcast, until }
  swim.memory.lines.push('leave')
  advanceLeave(swim)
}

/** Goes on as soon as what was to be spread has been sent often enough, or for too long. */
export function advanceLeave(swim: Swim): void {
  while (takeStep(swim)) assert(swim.leaving.type !== 'no', 'nobody leaves unasked')
}

/** Whether the next step was due. */
function takeStep(swim: Swim): boolean {
  const { leaving, now, queues } = swim
  switch (leaving.type) {
    case 'intent':
      if (isBeingSpread(swim, queues.intents, leaving)) return false
      sayGone(swim)
      return true
    case 'dead':
      if (isBeingSpread(swim, queues.members, leaving)) return false
      // Nobody is there who could still ask.
      swim.leaving = {
        type: 'linger',
        until: now + (hasOthersUp(swim) ? swim.settings.leavePropagateMs : 0),
      }
      return true
    case 'linger':
      if (now < leaving.until) return false
      swim.leaving = { type: 'done' }
      swim.effects.push({ type: 'left' })
      return false
    case 'no':
    case 'done':
      return false
    default:
      return unreachable(leaving)
  }
}

const isBeingSpread = (
  { now }: Swim,
  queue: BroadcastQueue,
  { broadcast, until }: { broadcast: number | undefined; until: Instant },
): boolean => broadcast !== undefined && now < until && isWaiting(queue, broadcast)

function sayGone(swim: Swim): void {
  const until = swim.now + swim.settings.broadcastTimeoutMs
  const isHeard = hasOthersUp(swim)
  swim.leaving = { type: 'dead', broadcast: undefined, until }
  const { name, incarnation } = selfOf(swim)
  onDead(swim, { type: 'dead', incarnation, node: name, from: name })
  const broadcast = isHeard ? swim.queues.members.bySubject.get(name)?.id : undefined
  swim.leaving = { type: 'dead', broadcast, until }
}

/** When the wait is over at the latest. */
export function leaveDue({ leaving }: Swim): Instant {
  if (leaving.type === 'no' || leaving.type === 'done') return Number.POSITIVE_INFINITY
  return leaving.until
}
