// User events: a name and a few bytes for everybody, once (Serf, memberlist-wire §4). Echoes are
// told from news by what was seen at the last 512 Lamport times.
import { EMPTY, equalBytes, utf8 } from '../bytes.ts'
import { encodeSerf, type SerfState, type UserEvent } from '../wire/serf.ts'
import { tellEvent } from './coalesce.ts'
import { believableTime, type LTime, stamp, witness } from './lamport.ts'
import { spreadSerf } from './outbox.ts'
import { addSeen } from './ring.ts'
import type { Swim } from './swim.ts'

export interface SeenEvent {
  readonly name: string
  readonly payload: Uint8Array
}

/** Of the whole message: a packet must hold it, whatever the settings say. */
const EVENT_BYTES_HARD_MAX = 9 << 10

export type Sent =
  | { readonly ok: true; readonly lTime: LTime }
  | { readonly ok: false; readonly why: string }

/** Tells everybody, ourselves included. */
export function sendEvent(
  swim: Swim,
  { name, payload, coalesce }: { name: string; payload: Uint8Array; coalesce: boolean },
): Sent {
  const size = utf8(name).length + payload.length
  const { userEventBytesMax } = swim.settings
  if (size > userEventBytesMax)
    return { ok: false, why: `an event of ${size} bytes, at most ${userEventBytesMax}` }
  const lTime = swim.clocks.events.time
  const event: UserEvent = { type: 'userEvent', lTime, name, payload, cc: coalesce }
  const body = encodeSerf(event)
  if (body.length > EVENT_BYTES_HARD_MAX)
    return { ok: false, why: `an event of ${body.length} bytes, at most ${EVENT_BYTES_HARD_MAX}` }
  stamp(swim.clocks.events)
  onUserEvent(swim, event, body)
  return { ok: true, lTime }
}

/** `body` is passed on as it came. */
export function onUserEvent(swim: Swim, event: UserEvent, body: Uint8Array): void {
  if (hearEvent(swim, event)) spreadSerf(swim.queues.events, body)
}

function hearEvent(swim: Swim, event: UserEvent): boolean {
  const lTime = believableTime(event.lTime)
  if (lTime === undefined) return false
  witness(swim.clocks.events, lTime)
  const { name, cc: coalesce } = event
  const payload = event.payload ?? EMPTY
  const item: SeenEvent = { name, payload }
  if (!addSeen(swim.events, { item, lTime, clock: swim.clocks.events.time }, sameEvent))
    return false
  tellEvent(swim, { name, payload, lTime, coalesce })
  return true
}

const sameEvent = (a: SeenEvent, b: SeenEvent) =>
  a.name === b.name && equalBytes(a.payload, b.payload)

/** Events of another member's past. They are not passed on: who exchanges states has them, too. */
export function hearPastEvents(swim: Swim, events: SerfState['events']): void {
  for (const slot of events ?? [])
    for (const { name, payload } of slot?.events ?? [])
      hearEvent(swim, { type: 'userEvent', lTime: slot?.lTime ?? 0, name, payload, cc: false })
}

/** What we have seen, for another's past: only the times that hold something, which stock reads. */
export const pastEvents = ({ events }: Swim): SerfState['events'] =>
  [...events.slots.values()]
    .sort((a, b) => a.lTime - b.lTime)
    .map(({ lTime, items }) => ({ lTime, events: items }))
