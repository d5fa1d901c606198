// Spreading what waits, to a few members at random, as long as anything waits (SWIM §4.1;
// memberlist-wire §3.6). Those who died lately are told so: they may only have been cut off, and
// want to refute. But what is sent to them does not count as sent, as long as somebody lives: in a
// small pool the news would else be used up on the dead.
import { pruneBroadcasts } from './broadcast.ts'
import { isUp, type Member } from './member.ts'
import { sendGossip } from './outbox.ts'
import { hasOthersUp, pickMembers, type Swim } from './swim.ts'

export function gossip(swim: Swim): void {
  const { members, intents, queries, events } = swim.queues
  if ([members, intents, queries, events].every(({ waiting }) => waiting.length === 0)) return
  const isCounted = !hasOthersUp(swim)
  for (const member of pickMembers(swim, swim.settings.gossipNodes, mayListen(swim)))
    if (!sendGossip(swim, member, isCounted || isUp(member))) return
}

const mayListen =
  ({ now, settings }: Swim) =>
  (member: Member): boolean =>
    isUp(member) ||
    (member.state.type === 'dead' && now - member.since <= settings.gossipToTheDeadMs)

/** Of too many messages of a kind, those go that were sent most. */
export function pruneQueues(swim: Swim): void {
  for (const queue of Object.values(swim.queues))
    pruneBroadcasts(queue, swim.settings.queueDepthMax)
}
