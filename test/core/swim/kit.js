// One member and what it hears and says, for tests that hold a rule each. Time is what the test
// says; every step is checked against the invariants.
import { createPrng } from '../../../core/prng.js'
import { checkSwim } from '../../../core/swim/invariants.js'
import { receivePacket, tick } from '../../../core/swim/server.js'
import { PROFILES } from '../../../core/swim/settings.js'
import { createSwim, drainSwim } from '../../../core/swim/swim.js'
import { nextDue } from '../../../core/swim/timers.js'
import { packPacket, unpackPacket } from '../../../core/wire/gossip-packet.js'
import { unpackStream } from '../../../core/wire/gossip-stream.js'
import { encodeMessage } from '../../../core/wire/memberlist.js'
import { decodeSerf, encodeSerf, encodeTags } from '../../../core/wire/serf.js'
export const VERSIONS = {
  protocolMin: 1,
  protocolMax: 5,
  protocolCur: 2,
  delegateMin: 2,
  delegateMax: 5,
  delegateCur: 5,
}
/** Of member number n. */
export const addressOf = (n) => ({ ip: `10.0.0.${n}`, port: 7946 })
export const nameOf = (n) => `node-${n}`
/** Member 1 at time 0, with nothing left to say. */
export function member1(options = {}) {
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
export function memberOf(size, options = {}) {
  const swim = member1(options)
  for (let n = 2; n <= size; n++) hear(swim, aliveOf(n))
  emptyQueues(swim)
  return swim
}
export function emptyQueues({ queues }) {
  for (const queue of Object.values(queues)) {
    queue.waiting.length = 0
    queue.bySubject.clear()
  }
}
export const aliveOf = (n, more = {}) => ({
  type: 'alive',
  incarnation: 1,
  node: nameOf(n),
  addr: addressOf(n).ip,
  port: addressOf(n).port,
  meta: encodeTags(new Map()),
  vsn: VERSIONS,
  ...more,
})
export const suspectOf = (n, from, incarnation = 1) => ({
  type: 'suspect',
  incarnation,
  node: nameOf(n),
  from: nameOf(from),
})
export const deadOf = (n, from, incarnation = 1) => ({
  type: 'dead',
  incarnation,
  node: nameOf(n),
  from: nameOf(from),
})
export const serfOf = (message) => ({
  type: 'user',
  body: encodeSerf(message),
})
/** Lets it hear messages in one packet, from member 2 unless somebody else is named. */
export function hear(swim, message, from = addressOf(2)) {
  const messages = Array.isArray(message) ? message : [message]
  const bytes = packPacket(
    messages.map((each) => encodeMessage(each)),
    { compress: false, crc: false },
  )
  receivePacket(swim, { from, bytes }, swim.now)
  return settled(swim)
}
/** The effects so far; the invariants hold. */
export function settled(swim) {
  checkSwim(swim)
  return drainSwim(swim)
}
/** Time passes, each timeout in its turn. */
export function passTime(swim, ms) {
  const until = swim.now + ms
  const effects = []
  for (let due = nextDue(swim); due <= until; due = nextDue(swim)) {
    tick(swim, Math.max(due, swim.now))
    effects.push(...settled(swim))
  }
  tick(swim, until)
  effects.push(...settled(swim))
  return effects
}
/** The same in a world where every ping is answered, that of a suspect, too. */
export function passTimeAnswered(swim, ms) {
  const until = swim.now + ms
  const effects = []
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
export const packetsOf = (effects) =>
  effects.flatMap((effect) => {
    if (effect.type !== 'packet') return []
    const { messages, faults } = unpackPacket(effect.bytes)
    if (faults.length > 0) throw new Error(faults.join())
    return [{ to: effect.to, messages, bytes: effect.bytes, watched: effect.watched }]
  })
/** All messages of a type that left, whatever packet they were in. */
export const sentOf = (effects, type) =>
  packetsOf(effects)
    .flatMap(({ messages }) => messages)
    .filter((message) => message.type === type)
/** Serf's messages that left. */
export const sentSerf = (effects) =>
  sentOf(effects, 'user').flatMap(({ body }) => {
    const read = decodeSerf(body)
    return read.ok ? [read.value] : []
  })
export const notesOf = (effects) =>
  effects.flatMap((effect) => (effect.type === 'note' ? [effect.note] : []))
export const whatOf = (effects) => notesOf(effects).map(({ what }) => what)
export const effectsOf = (effects, type) => effects.filter((effect) => effect.type === type)
/** Streams that it opened, with what it said on them. */
export const openedOf = (effects) =>
  effectsOf(effects, 'open-stream').map(({ stream, to, bytes }) => ({
    stream,
    to,
    message: streamMessageOf(bytes),
  }))
export function streamMessageOf(bytes) {
  const read = unpackStream(bytes)
  if (!read.ok) throw new Error(read.why)
  return read.value
}
export function memberNamed(swim, n) {
  const member = swim.members.get(nameOf(n))
  if (member === undefined) throw new Error(`no ${nameOf(n)}`)
  return member
}
/** What waits to be spread about members. */
export const waitingOf = (swim) =>
  swim.queues.members.waiting.flatMap(({ bytes }) => [...unpackPacket(bytes).messages])
export const stateOf = (swim, n) => memberNamed(swim, n).state.type
export const statusOf = (swim, n) => swim.roster.get(nameOf(n))?.status
//# sourceMappingURL=kit.js.map
