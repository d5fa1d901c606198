// User events at this agent: what is fired here, and what is heard. A pool will carry them between
// agents: it is given what `carried` makes, and brings what it has heard to `hearEvent`. An agent
// that is alone hears itself.
import { utf8 } from '../bytes.ts'
import { concerns } from '../events/read.ts'
import type { HeardEvent } from '../events/records.ts'
import { carried, sizeComplaint } from '../events/wire.ts'
import { keepEvent } from '../events/write.ts'
import type { EventSpec } from '../route/route.ts'
import { beginTxn, commit, viewOf } from '../state/store.ts'
import { stamp } from '../swim/lamport.ts'
import { send } from '../swim/server.ts'
import { type Agent, asParked } from './record.ts'

/** Sends an event to all. Why it cannot be sent; undefined: it is on its way. */
export function fireEvent(agent: Agent, event: EventSpec): string | undefined {
  const { eventClock, lan, clock } = agent
  const serf = carried(event)
  const why = sizeComplaint(serf, lan?.swim.clocks.events.time ?? eventClock.time)
  if (why !== undefined) return why
  if (lan !== undefined) {
    // It comes back as an effect of the pool, as to everybody.
    const sent = send(lan.swim, { ...serf, coalesce: false }, clock.now)
    return sent.ok ? undefined : sent.why
  }
  hearEvent(agent, { ...event, lTime: stamp(eventClock) })
  return undefined
}

/** Agents are told who leads, so that they ask there: an event that no list shows. */
export function announceLead({ eventClock, lan, config, clock }: Agent): void {
  if (lan === undefined) stamp(eventClock)
  else {
    const payload = utf8(config.nodeName)
    send(lan.swim, { name: 'consul:new-leader', payload, coalesce: false }, clock.now)
  }
}

/** Keeps an event that concerns this agent, and wakes who waits for one. */
export function hearEvent({ own, config }: Agent, event: HeardEvent): void {
  if (!concerns(event, config.nodeName, viewOf(own.store))) return
  const txn = beginTxn(own.store, ++own.version)
  keepEvent(txn, event)
  for (const waiter of asParked(commit(own.store, txn))) own.fired.add(waiter)
}
