// Questions about the events that this agent keeps, and which events concern it.
import { listServices } from '../local/read.ts'
import { fitsRegexp } from '../regexp.ts'
import { list, type View } from '../state/txn.ts'
import { type U64, u64 } from '../u64.ts'
import { EVENTS, type EventRow, type HeardEvent } from './records.ts'

/** The oldest first; with a name only those that are called so. */
export const listEvents = (view: View, name: string): EventRow[] =>
  list(view, EVENTS, '').filter((event) => name === '' || event.name === name)

/**
 * What stands for a list of events as its index: the id of the last, folded. It says whether two
 * lists are the same, and nothing of which is newer.
 */
export function eventsCursor(events: readonly EventRow[]): U64 {
  const last = events.at(-1)
  if (last === undefined) return 1
  const digits = last.id.replaceAll('-', '')
  return u64(BigInt(`0x${digits.slice(0, 16)}`) ^ BigInt(`0x${digits.slice(16)}`))
}

/** Whether an event is for this agent: judged by its name and by what is registered with it. */
export function concerns(event: HeardEvent, nodeName: string, own: View): boolean {
  const { nodeFilter, serviceFilter, tagFilter } = event
  if (nodeFilter !== '' && !fitsRegexp(nodeFilter, nodeName)) return false
  if (serviceFilter === '') return true
  return listServices(own).some(({ service: { name, tags } }) => {
    if (!fitsRegexp(serviceFilter, name)) return false
    return tagFilter === '' || (tags ?? []).some((tag) => fitsRegexp(tagFilter, tag))
  })
}
