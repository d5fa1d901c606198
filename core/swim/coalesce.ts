// Changes of members and events of users, told at once or gathered for a while: of one member only
// the last state is told, of events of one name that may be coalesced only the newest (Serf's
// coalescing, memberlist-wire §4).
import type { Instant } from '../time.ts'
import type { MemberChange, PoolEvent } from './effects.ts'
import type { PoolMember } from './member.ts'
import type { Swim } from './swim.ts'

interface Window {
  /** When what was gathered is told at the latest. */
  closesAt: Instant
  /** When it is told if nothing more comes. */
  quietAt: Instant
}

export interface Coalescer {
  readonly members: Map<string, { readonly change: MemberChange; readonly member: PoolMember }>
  /** What each member was told to be last. */
  readonly told: Map<string, MemberChange>
  readonly events: Map<string, PoolEvent[]>
  memberWindow: Window | undefined
  eventWindow: Window | undefined
}

export const createCoalescer = (): Coalescer => ({
  members: new Map(),
  told: new Map(),
  events: new Map(),
  memberWindow: undefined,
  eventWindow: undefined,
})

export function tellMember(swim: Swim, change: MemberChange, member: PoolMember): void {
  if (!swim.options.isCoalescing) {
    swim.effects.push({ type: 'members', change, members: [member] })
    return
  }
  const { coalescer } = swim
  coalescer.members.set(member.name, { change, member })
  coalescer.memberWindow = extended(swim, coalescer.memberWindow)
}

export function tellEvent(swim: Swim, event: PoolEvent): void {
  if (!swim.options.isCoalescing || !event.coalesce) {
    swim.effects.push({ type: 'event', event })
    return
  }
  const { coalescer } = swim
  const held = coalescer.events.get(event.name)
  const newest = held?.[0]?.lTime ?? 0
  if (event.lTime > newest) coalescer.events.set(event.name, [event])
  else if (event.lTime === newest) held?.push(event)
  coalescer.eventWindow = extended(swim, coalescer.eventWindow)
}

function extended({ now, settings }: Swim, open: Window | undefined): Window {
  const { coalesceMs, quiescentMs } = settings
  return { closesAt: open?.closesAt ?? now + coalesceMs, quietAt: now + quiescentMs }
}

const dueOf = (open: Window | undefined): Instant =>
  open === undefined ? Number.POSITIVE_INFINITY : Math.min(open.closesAt, open.quietAt)

export const coalescerDue = ({ coalescer }: Swim): Instant =>
  Math.min(dueOf(coalescer.memberWindow), dueOf(coalescer.eventWindow))

/** Tells what was gathered, when it is time. */
export function flushCoalescer(swim: Swim): void {
  const { coalescer, now } = swim
  if (now >= dueOf(coalescer.memberWindow)) flushMembers(swim)
  if (now >= dueOf(coalescer.eventWindow)) flushEvents(swim)
}

const CHANGES: readonly MemberChange[] = ['join', 'leave', 'failed', 'update', 'reap']

function flushMembers(swim: Swim): void {
  const { coalescer } = swim
  const news = [...coalescer.members.values()].filter(
    ({ change, member }) => change === 'update' || coalescer.told.get(member.name) !== change,
  )
  coalescer.members.clear()
  coalescer.memberWindow = undefined
  for (const { change, member } of news) {
    if (change === 'reap') coalescer.told.delete(member.name)
    else if (change !== 'update') coalescer.told.set(member.name, change)
  }
  for (const change of CHANGES) {
    const members = news.filter((each) => each.change === change).map(({ member }) => member)
    if (members.length > 0) swim.effects.push({ type: 'members', change, members })
  }
}

function flushEvents(swim: Swim): void {
  const { coalescer } = swim
  const events = [...coalescer.events.values()].flat()
  coalescer.events.clear()
  coalescer.eventWindow = undefined
  for (const event of events) swim.effects.push({ type: 'event', event })
}
