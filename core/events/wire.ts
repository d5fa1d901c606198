// An event on its way through gossip: the Serf event that carries it, and whether it is small
// enough for a packet (memberlist-wire §5; Serf's own bounds and words).
import { EMPTY, utf8 } from '../bytes.ts'
import type { EventSpec } from '../route/route.ts'
import { decodeConsulEvent, encodeConsulEvent } from '../wire/consul-event.ts'
import { encodeSerf } from '../wire/serf.ts'
import { EVENT_VERSION, type HeardEvent } from './records.ts'

/** What the names of Serf events begin with that carry one of ours. */
const CARRIER = 'consul:event:'

/** Of name and payload of the Serf event, and of the whole message. */
const EVENT_BYTES_MAX = 512

export interface CarriedEvent {
  readonly name: string
  readonly payload: Uint8Array
}

export const carried = (event: EventSpec): CarriedEvent => ({
  name: CARRIER + event.name,
  payload: encodeConsulEvent({
    id: event.id,
    name: event.name,
    payload: event.payload.length === 0 ? null : event.payload,
    nodeFilter: event.nodeFilter,
    serviceFilter: event.serviceFilter,
    tagFilter: event.tagFilter,
    version: EVENT_VERSION,
  }),
})

/** Why it cannot be sent; undefined if it can. */
export function sizeComplaint({ name, payload }: CarriedEvent, lTime: number): string | undefined {
  const limit = `exceeds configured limit of ${EVENT_BYTES_MAX} bytes`
  if (utf8(name).length + payload.length > EVENT_BYTES_MAX) {
    return `user event ${limit} before encoding`
  }
  const message = encodeSerf({ type: 'userEvent', lTime, name, payload, cc: false })
  if (message.length <= EVENT_BYTES_MAX) return undefined
  return `encoded user event ${limit} after encoding`
}

/** What a Serf event carries; undefined: nothing of ours, or of a version that we do not know. */
export function uncarried({ name, payload }: CarriedEvent, lTime: number): HeardEvent | undefined {
  if (!name.startsWith(CARRIER)) return undefined
  const opened = decodeConsulEvent(payload)
  if (!opened.ok || opened.value.version > EVENT_VERSION) return undefined
  const { id, nodeFilter, serviceFilter, tagFilter } = opened.value
  const told = { id, nodeFilter, serviceFilter, tagFilter, lTime }
  return { ...told, name: opened.value.name, payload: opened.value.payload ?? EMPTY }
}
