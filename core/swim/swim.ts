// A member of a gossip pool (Das, Gupta, Motivala, "SWIM", 2002: SWIM; Dadgar, Phillips, Currey,
// "Lifeguard", 2017: Lifeguard), with the behaviour that peers on memberlist and Serf expect
// (memberlist-wire §3, §4).
//
// A record and functions on it. Ticks, packets, streams and commands go in by the doors of
// server.ts; effects come out, in order. What is sent is plain text: sealing and labels are the
// runtime's (core/wire/gossip-seal.ts).
//
//   alive ──no answer, direct or by helpers──▶ suspect ──nobody refutes in time──▶ dead
//     ▲                                           │                                  │
//     └──────── the member itself speaks with a higher incarnation ──────────────────┘
import { assert } from '../assert.ts'
import { nameFault } from '../names.ts'
import type { Prng } from '../prng.ts'
import type { Instant } from '../time.ts'
import type { Address, Versions } from '../wire/memberlist.ts'
import { encodeTags, type Tags } from '../wire/serf.ts'
import { type Awareness, createAwareness } from './awareness.ts'
import { type BroadcastQueue, createQueue } from './broadcast.ts'
import { type Coalescer, createCoalescer } from './coalesce.ts'
import { createVivaldi, type Vivaldi } from './coordinate.ts'
import type { SwimEffect, SwimNote } from './effects.ts'
import type { SeenEvent } from './events.ts'
import type { Intent } from './intents.ts'
import type { Join } from './join.ts'
import { createClock, type LamportClock, witness } from './lamport.ts'
import type { Leaving } from './leave.ts'
import { ALIVE, META_BYTES_MAX, type Member, type PoolMember } from './member.ts'
import type { Ping } from './pings.ts'
import type { Probe } from './probe.ts'
import type { OwnQuery, Question } from './query.ts'
import { createRing, type Ring } from './ring.ts'
import { onMemberUp } from './roster.ts'
import type { Settings } from './settings.ts'
import type { Remembered } from './snapshot.ts'
import type { StreamUse } from './streams.ts'

/** Timers that are always running. Those of one suspicion or query are with it: see timers.ts. */
export const TIMERS = [
  'probe',
  'gossip',
  'push-pull',
  'reap',
  'reconnect',
  'queue-check',
  'remember',
] as const
export type TimerName = (typeof TIMERS)[number]

/** Whether somebody may be in our pool; else why not. */
type Admission = (candidate: {
  readonly name: string
  readonly address: Address
  readonly tags: Tags
  readonly versions: Versions
}) => string | undefined

export interface SwimOptions {
  readonly name: string
  /** Where others reach us, by datagram and by stream. */
  readonly address: Address
  readonly tags: Tags
  readonly settings: Settings
  readonly prng: Prng
  readonly versions: Versions
  /** Shrink what gets shorter by it. */
  readonly isCompressed: boolean
  /** What sealing and label add to a datagram. */
  readonly packetOverheadBytes: number
  /** Sealed packets guard themselves: they need no checksum. */
  readonly isSealed: boolean
  /** The ring of the pool, the primary key first; empty without encryption. */
  readonly keys: readonly Uint8Array[]
  readonly admit: Admission
  /** Ask the pool who has our name when two claim it, and go if it is not us. */
  readonly resolvesConflicts: boolean
  /** Events of members and users are gathered for a while (Settings.coalesceMs). */
  readonly isCoalescing: boolean
  /** Of the last run. */
  readonly remembered: Remembered | undefined
}

/** What has come and gone, for metrics. */
interface Tally {
  packetsIn: number
  packetsOut: number
  bytesIn: number
  bytesOut: number
  /** What was refused: packets, messages in them, streams. */
  refused: number
}

export interface Swim {
  readonly options: SwimOptions
  readonly settings: Settings
  readonly prng: Prng
  readonly name: string
  now: Instant

  /** By name, ourselves included, the dead until a while after. */
  readonly members: Map<string, Member>
  /** The same in the order of probing, shuffled anew after every round (SWIM §4.3). */
  readonly order: Member[]
  orderAt: number
  /** The same in the order in which they are told what is to be spread. */
  readonly audience: Member[]
  audienceAt: number
  /** Those whose state is suspect. */
  readonly suspects: Set<Member>
  readonly awareness: Awareness
  /** The one under way. */
  probe: Probe | undefined
  /** Pings of ours that wait for an ack, by sequence number. */
  readonly pings: Map<number, Ping>
  lastSeqNo: number

  /** In the order in which they fill packets. */
  readonly queues: {
    readonly members: BroadcastQueue
    readonly intents: BroadcastQueue
    readonly queries: BroadcastQueue
    readonly events: BroadcastQueue
  }

  readonly streams: Map<number, StreamUse>
  lastStream: number
  readonly joins: Map<number, Join>
  leaving: Leaving
  readonly timers: Record<TimerName, Instant>

  readonly clocks: {
    readonly members: LamportClock
    readonly events: LamportClock
    readonly queries: LamportClock
  }
  readonly roster: Map<string, PoolMember>
  /** Of members that nobody has told us of yet. */
  readonly intents: Map<string, Intent>
  /** Events and the ids of queries that were seen, by the time they were stamped with. */
  readonly events: Ring<SeenEvent>
  readonly questions: Ring<number>
  /** Asked of us and not answered yet. */
  readonly asked: Map<number, Question>
  readonly ownQueries: Map<number, OwnQuery>
  lastQuestion: number
  readonly vivaldi: Vivaldi
  keys: readonly Uint8Array[]
  readonly coalescer: Coalescer
  /** Lines that were not handed out yet, and the clocks as they were written last. */
  readonly memory: { lines: string[]; clocks: string }

  readonly tally: Tally
  effects: SwimEffect[]
}

/** A pool of one. It speaks when it has joined, or is joined. */
export function createSwim(options: SwimOptions, now: Instant): Swim {
  const { settings, prng, name, address, tags, versions, remembered } = options
  assert(nameFault(name) === undefined, 'our own name is one that we take from others')
  const meta = encodeTags(tags)
  assert(meta.length <= META_BYTES_MAX, 'our own metadata fit')
  const self: Member = {
    name,
    address,
    meta,
    versions,
    incarnation: 1,
    state: ALIVE,
    since: now,
  }
  const clocks = { members: createClock(), events: createClock(), queries: createClock() }
  if (remembered !== undefined) {
    witness(clocks.members, remembered.clock)
    witness(clocks.events, remembered.eventClock)
    witness(clocks.queries, remembered.queryClock)
  }
  const swim: Swim = {
    options,
    settings,
    prng,
    name,
    now,
    members: new Map([[name, self]]),
    order: [self],
    orderAt: 0,
    audience: [self],
    audienceAt: 0,
    suspects: new Set(),
    awareness: createAwareness(settings.awarenessMax),
    probe: undefined,
    pings: new Map(),
    lastSeqNo: 0,
    queues: {
      members: createQueue(),
      intents: createQueue(),
      queries: createQueue(),
      events: createQueue(),
    },
    streams: new Map(),
    lastStream: 0,
    joins: new Map(),
    leaving: { type: 'no' },
    timers: firstTimers(settings, prng, now),
    clocks,
    roster: new Map(),
    intents: new Map(),
    events: createRing((remembered?.eventClock ?? -1) + 1),
    questions: createRing((remembered?.queryClock ?? -1) + 1),
    asked: new Map(),
    ownQueries: new Map(),
    lastQuestion: 0,
    vivaldi: createVivaldi(),
    keys: options.keys,
    coalescer: createCoalescer(),
    memory: { lines: [], clocks: '' },
    tally: { packetsIn: 0, packetsOut: 0, bytesIn: 0, bytesOut: 0, refused: 0 },
    effects: [],
  }
  onMemberUp(swim, self)
  return swim
}

/** Members that start together must not speak together. */
function firstTimers(settings: Settings, prng: Prng, now: Instant): Record<TimerName, Instant> {
  const staggered = (ms: number) => now + prng.unit() * ms
  return {
    probe: staggered(settings.probeIntervalMs),
    gossip: staggered(settings.gossipIntervalMs),
    'push-pull': staggered(settings.pushPullIntervalMs),
    reap: now + settings.reapIntervalMs,
    reconnect: staggered(settings.reconnectIntervalMs),
    'queue-check': now + QUEUE_CHECK_MS,
    remember: now + REMEMBER_MS,
  }
}

export const QUEUE_CHECK_MS = 30_000
export const REMEMBER_MS = 500

/** What has to be done now, in order. */
export function drainSwim(swim: Swim): readonly SwimEffect[] {
  const { effects } = swim
  if (effects.length > 0) swim.effects = []
  return effects
}

export function selfOf(swim: Swim): Member {
  const self = swim.members.get(swim.name)
  assert(self !== undefined, 'a member knows itself')
  return self
}

export function note(swim: Swim, what: SwimNote): void {
  swim.effects.push({ type: 'note', note: what })
}

/** Somebody new, at a random place of an order. */
export function insertMember(prng: Prng, order: Member[], member: Member): void {
  const at = prng.range(0, order.length)
  const moved = order[at]
  order[at] = member
  if (moved !== undefined) order.push(moved)
}

/** Something from outside that cannot be used. It is counted, and changes nothing. */
export function refusePacket(swim: Swim, from: string, why: string): void {
  swim.tally.refused += 1
  note(swim, { what: 'bad-packet', from, why })
}

/** Up to `count` others that fit, at random, each once. Tries as often as memberlist does. */
export function pickMembers(
  swim: Swim,
  count: number,
  fits: (member: Member) => boolean,
): Member[] {
  const { order, prng } = swim
  const picked: Member[] = []
  for (let tries = 0; tries < TRIES * order.length && picked.length < count; tries++) {
    const member = prng.pick(order)
    if (member.name !== swim.name && fits(member) && !picked.includes(member)) picked.push(member)
  }
  return picked
}

const TRIES = 3

export const hasOthersUp = (swim: Swim): boolean =>
  swim.order.some((member) => member.name !== swim.name && member.state.type === 'alive')
