// User events: a name and a few bytes for all agents of a datacenter. Each agent keeps the last
// ones that concern it, in memory, in a table of its own store: so waiting for one is the same
// machinery as waiting for anything else (consul-surface 9.5).
import { base64 } from '../bytes.ts'
import type { EventSpec } from '../route/route.ts'
import { defineTable } from '../state/table.ts'

/** An event as an agent has heard of it. */
export interface HeardEvent extends EventSpec {
  /** The Lamport time of its sending; 0 until it is sent. */
  readonly lTime: number
}

export interface EventRow extends HeardEvent {
  /** The order in which this agent has heard of events. */
  readonly at: number
}

/** How many an agent keeps. */
export const EVENTS_KEPT = 256

/** Places as text of one length, so that they sort as numbers do. */
export const placeKey = (at: number): string => String(at).padStart(16, '0')

export const EVENTS = defineTable<EventRow>({
  name: 'events',
  key: (row) => placeKey(row.at),
  indexes: {},
})

/** As the API prints it. */
export interface PrintedEvent {
  readonly ID: string
  readonly Name: string
  readonly Payload: string | null
  readonly NodeFilter: string
  readonly ServiceFilter: string
  readonly TagFilter: string
  readonly Version: number
  readonly LTime: number
}

export const EVENT_VERSION = 1

export const printedEvent = (event: HeardEvent): PrintedEvent => ({
  ID: event.id,
  Name: event.name,
  Payload: event.payload.length === 0 ? null : base64(event.payload),
  NodeFilter: event.nodeFilter,
  ServiceFilter: event.serviceFilter,
  TagFilter: event.tagFilter,
  Version: EVENT_VERSION,
  LTime: event.lTime,
})
