// Spreading what waits, to a few members at a time, as long as anything waits (SWIM §4.1;
// memberlist-wire §3.6). Those who died lately are told so: they may only have been cut off, and
// want to refute. But what is sent to them does not count as sent, as long as somebody lives: in a
// small pool the news would else be used up on the dead.
import { pruneBroadcasts } from './broadcast.ts'
import { isUp, type Member } from './member.ts'
import { sendGossip } from './outbox.ts'
import { hasOthersUp, type Swim } from './swim.ts'

export function gossip(swim: Swim): void {
  const { members, intents, queries, events } = swim.queues
  if ([members, intents, queries, events].every(({ waiting }) => waiting.length === 0)) return
  const isCounted = !hasOthersUp(swim)
  for (const member of nextAudience(swim))
    if (!sendGossip(swim, member, isCounted || isUp(member))) return
}

/**
 * The next ones of a circle that is each member's own. SWIM picks at random every time; then, of
 * the few sendings that a message has in a small pool, several go to one member, and none to
 * another.
 */
function nextAudience(swim: Swim): readonly Member[] {
  const { audience, settings } = swim
  const next: Member[] = []
  for (let looked = 0; looked < audience.length && next.length < settings.gossipNodes; looked++) {
    if (swim.audienceAt >= audience.length) swim.audienceAt = 0
    const member = audience[swim.audienceAt]
    swim.audienceAt += 1
    if (member !== undefined && mayListen(swim, member)) next.push(member)
  }
  return next
}

function mayListen({ now, settings, name }: Swim, member: Member): boolean {
  if (member.name === name) return false
  const isLatelyDead =
    member.state.type === 'dead' && now - member.since <= settings.gossipToTheDeadMs
  return isUp(member) || isLatelyDead
}

/** Of too many messages of a kind, those go that were sent most. */
export function pruneQueues(swim: Swim): void {
  for (const queue of Object.values(swim.queues))
    pruneBroadcasts(queue, swim.settings.queueDepthMax)
}
