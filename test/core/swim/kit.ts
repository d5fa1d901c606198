// One member and what it hears and says, for tests that hold a rule each. Time is what the test
// says; every step is checked against the invariants.
import { createPrng } from '../../../core/prng.ts'
import type { SwimEffect, SwimNote } from '../../../core/swim/effects.ts'
import { checkSwim } from '../../../core/swim/invariants.ts'
import type { Member } from '../../../core/swim/member.ts'
import { receivePacket, tick } from '../../../core/swim/server.ts'
import { PROFILES, type Settings } from '../../../core/swim/settings.ts'
import { createSwim, drainSwim, type Swim, type SwimOptions } from '../../../core/swim/swim.ts'
import { nextDue } from '../../../core/swim/timers.ts'
import { packPacket, unpackPacket } from '../../../core/wire/gossip-packet.ts'
import { unpackStream } from '../../../core/wire/gossip-stream.ts'
import {
  type Address,
  encodeMessage,
  type Message,
  type StreamMessage,
  type Versions,
} from '../../../core/wire/memberlist.ts'
import { decodeSerf, encodeSerf, encodeTags, type SerfMessage } from '../../../core/wire/serf.ts'

export const VERSIONS: Versions = {
  protocolMin: 1,
  protocolMax: 5,
  protocolCur: 2,
  delegateMin: 2,
  delegateMax: 5,
  delegateCur: 5,
}

/** Of member number n. */
export const addressOf = (n: number): Address => ({ ip: `10.0.0.${n}`, port: 7946 })
export const nameOf = (n: number): string => `node-${n}`

export interface MemberOptions extends Partial<Omit<SwimOptions, 'settings'>> {
  readonly settings?: Partial<Settings>
}

/** Member 1 at time 0, with nothing left to say. */
export function member1(options: MemberOptions = {}): Swim {
  const { settings, ...rest } = options
  const swim = createSwim(
    {
      name: nameOf(1),
      address: addressOf(1),
      tags: new Map(),
      prng: createPrng(1),
      versions: VERSIONS,
      isCompressed: false,
      packetOverheadBytes: 0,
      isSealed: false,
      keys: [],
      admit: () => undefined,
      resolvesConflicts: true,
      isCoalescing: false,
      remembered: undefined,
      ...rest,
      settings: { ...PROFILES.lan, ...settings },
    },
    0,
  )
  drainSwim(swim)
  return swim
}

/** Member 1 among members 2 … size, whom it has heard of, with its queues empty. */
export function memberOf(size: number, options: MemberOptions = {}): Swim {
  const swim = member1(options)
  for (let n = 2; n <= size; n++) hear(swim, aliveOf(n))
  emptyQueues(swim)
  return swim
}

export function emptyQueues({ queues }: Swim): void {
  for (const queue of Object.values(queues)) {
    queue.waiting.length = 0
    queue.bySubject.clear()
  }
}

export type AliveMessage = Extract<Message, { type: 'alive' }>

export const aliveOf = (n: number, more: Partial<AliveMessage> = {}): AliveMessage => ({
  type: 'alive',
  incarnation: 1,
  node: nameOf(n),
  addr: addressOf(n).ip,
  port: addressOf(n).port,
  meta: encodeTags(new Map()),
  vsn: VERSIONS,
  ...more,
})

export const suspectOf = (n: number, from: number, incarnation = 1): Message => ({
  type: 'suspect',
  incarnation,
  node: nameOf(n),
  from: nameOf(from),
})

export const deadOf = (n: number, from: number, incarnation = 1): Message => ({
  type: 'dead',
  incarnation,
  node: nameOf(n),
  from: nameOf(from),
})

export const serfOf = (message: SerfMessage): Message => ({
  type: 'user',
  body: encodeSerf(message),
})

/** Lets it hear messages in one packet, from member 2 unless somebody else is named. */
export function hear(
  swim: Swim,
  message: Message | readonly Message[],
  from: Address = addressOf(2),
): readonly SwimEffect[] {
  const messages = Array.isArray(message) ? (message as Message[]) : [message as Message]
  const bytes = packPacket(
    messages.map((each) => encodeMessage(each)),
    { compress: false, crc: false },
  )
  receivePacket(swim, { from, bytes }, swim.now)
  return settled(swim)
}

/** The effects so far; the invariants hold. */
export function settled(swim: Swim): readonly SwimEffect[] {
  checkSwim(swim)
  return drainSwim(swim)
}

/** Time passes, each timeout in its turn. */
export function passTime(swim: Swim, ms: number): readonly SwimEffect[] {
  const until = swim.now + ms
  const effects: SwimEffect[] = []
  for (let due = nextDue(swim); due <= until; due = nextDue(swim)) {
    tick(swim, Math.max(due, swim.now))
    effects.push(...settled(swim))
  }
  tick(swim, until)
  effects.push(...settled(swim))
  return effects
}

/** The same in a world where every ping is answered, that of a suspect, too. */
export function passTimeAnswered(swim: Swim, ms: number): readonly SwimEffect[] {
  const until = swim.now + ms
  const effects: SwimEffect[] = []
  for (let due = nextDue(swim); due <= until; due = nextDue(swim)) {
    tick(swim, Math.max(due, swim.now))
    const asked = settled(swim)
    effects.push(...asked)
    for (const { seqNo } of sentOf(asked, 'ping'))
      effects.push(...hear(swim, { type: 'ack', seqNo, payload: null }))
  }
  tick(swim, until)
  effects.push(...settled(swim))
  return effects
}

export interface SentPacket {
  readonly to: Address
  readonly messages: readonly Message[]
  readonly bytes: Uint8Array
  readonly watched: boolean
}

export const packetsOf = (effects: readonly SwimEffect[]): SentPacket[] =>
  effects.flatMap((effect) => {
    if (effect.type !== 'packet') return []
    const { messages, faults } = unpackPacket(effect.bytes)
    if (faults.length > 0) throw new Error(faults.join())
    return [{ to: effect.to, messages, bytes: effect.bytes, watched: effect.watched }]
  })

/** All messages of a type that left, whatever packet they were in. */
export const sentOf = <T extends Message['type']>(
  effects: readonly SwimEffect[],
  type: T,
): Extract<Message, { type: T }>[] =>
  packetsOf(effects)
    .flatMap(({ messages }) => messages)
    .filter((message): message is Extract<Message, { type: T }> => message.type === type)

/** Serf's messages that left. */
export const sentSerf = (effects: readonly SwimEffect[]): SerfMessage[] =>
  sentOf(effects, 'user').flatMap(({ body }) => {
    const read = decodeSerf(body)
    return read.ok ? [read.value] : []
  })

export const notesOf = (effects: readonly SwimEffect[]): SwimNote[] =>
  effects.flatMap((effect) => (effect.type === 'note' ? [effect.note] : []))

export const whatOf = (effects: readonly SwimEffect[]): string[] =>
  notesOf(effects).map(({ what }) => what)

export const effectsOf = <T extends SwimEffect['type']>(
  effects: readonly SwimEffect[],
  type: T,
): Extract<SwimEffect, { type: T }>[] =>
  effects.filter((effect): effect is Extract<SwimEffect, { type: T }> => effect.type === type)

/** Streams that it opened, with what it said on them. */
export const openedOf = (
  effects: readonly SwimEffect[],
): { stream: number; to: Address; message: StreamMessage }[] =>
  effectsOf(effects, 'open-stream').map(({ stream, to, bytes }) => ({
    stream,
    to,
    message: streamMessageOf(bytes),
  }))

export function streamMessageOf(bytes: Uint8Array): StreamMessage {
  const read = unpackStream(bytes)
  if (!read.ok) throw new Error(read.why)
  return read.value
}

export function memberNamed(swim: Swim, n: number): Member {
  const member = swim.members.get(nameOf(n))
  if (member === undefined) throw new Error(`no ${nameOf(n)}`)
  return member
}

/** What waits to be spread about members. */
export const waitingOf = (swim: Swim): Message[] =>
  swim.queues.members.waiting.flatMap(({ bytes }) => [...unpackPacket(bytes).messages])

export const stateOf = (swim: Swim, n: number): string => memberNamed(swim, n).state.type

export const statusOf = (swim: Swim, n: number): string | undefined =>
  swim.roster.get(nameOf(n))?.status
