import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createPrng } from '../../../core/prng.js'
import {
  addBroadcast,
  createQueue,
  isWaiting,
  pruneBroadcasts,
  sendingsMax,
  takeBroadcasts,
} from '../../../core/swim/broadcast.js'
import { gossip } from '../../../core/swim/gossip.js'
import {
  addressOf,
  aliveOf,
  deadOf,
  hear,
  memberOf,
  nameOf,
  packetsOf,
  passTime,
  passTimeAnswered,
  serfOf,
  settled,
  suspectOf,
} from './kit.js'

const queue = suite('broadcast queue')
const sized = (bytes) => new Uint8Array(bytes).fill(bytes)
const take = (from, bytesMax, sentMax = 4, counted = true) =>
  takeBroadcasts(from, { bytesMax, partBytes: 2, partsMax: 255 }, { sentMax, counted }).map(
    ({ length }) => length,
  )
queue('what was sent least goes first, then what is longest, then what is newest', () => {
  const waiting = createQueue()
  for (const bytes of [10, 30, 20]) addBroadcast(waiting, sized(bytes))
  assert.equal(take(waiting, 64), [30, 20])
  assert.equal(take(waiting, 32), [10, 20 - 2].slice(0, 1))
  addBroadcast(waiting, sized(5))
  assert.equal(take(waiting, 7), [5], 'it was never sent')
  const ties = createQueue()
  const [older, newer] = [Uint8Array.of(1, 1, 1, 1), Uint8Array.of(2, 2, 2, 2)]
  addBroadcast(ties, older)
  addBroadcast(ties, newer)
  const room = { bytesMax: 6, partBytes: 2, partsMax: 9 }
  assert.equal(takeBroadcasts(ties, room, { sentMax: 4, counted: false }), [newer])
})
queue('a packet is filled with what still fits', () => {
  const waiting = createQueue()
  for (const bytes of [50, 40, 30, 9]) addBroadcast(waiting, sized(bytes))
  assert.equal(take(waiting, 70), [50, 9])
})
queue('a message is sent so often and not more', () => {
  const waiting = createQueue()
  const id = addBroadcast(waiting, sized(10))
  for (let i = 0; i < 4; i++) {
    assert.ok(isWaiting(waiting, id))
    assert.equal(take(waiting, 100), [10])
  }
  assert.not.ok(isWaiting(waiting, id))
  assert.equal(take(waiting, 100), [])
})
queue('what is not counted is sent and stays', () => {
  const waiting = createQueue()
  addBroadcast(waiting, sized(10))
  for (let i = 0; i < 9; i++) assert.equal(take(waiting, 100, 4, false), [10])
})
queue('a newer message about a subject takes the place of the older', () => {
  const waiting = createQueue()
  const older = addBroadcast(waiting, sized(10), 'a')
  take(waiting, 100)
  addBroadcast(waiting, sized(11), 'a')
  addBroadcast(waiting, sized(12), 'b')
  addBroadcast(waiting, sized(13))
  addBroadcast(waiting, sized(13))
  assert.not.ok(isWaiting(waiting, older))
  assert.equal(take(waiting, 100), [13, 13, 12, 11])
})
queue('of too many those go that were sent most', () => {
  const waiting = createQueue()
  for (let i = 0; i < 5; i++) addBroadcast(waiting, sized(10 + i), `s${i}`)
  take(waiting, 34)
  assert.is(pruneBroadcasts(waiting, 3), 2)
  assert.equal(take(waiting, 100), [12, 11, 10])
  assert.is(pruneBroadcasts(waiting, 3), 0)
  addBroadcast(waiting, sized(9), 's4')
  assert.is(waiting.bySubject.size, 4)
})
queue('at any time it is in order, with one message for each subject', () => {
  const prng = createPrng(5)
  const waiting = createQueue()
  for (let i = 0; i < 2000; i++) {
    const subject = prng.chance(0.5) ? `s${prng.range(0, 9)}` : undefined
    if (prng.chance(0.5)) addBroadcast(waiting, sized(prng.range(4, 60)), subject)
    else take(waiting, prng.range(0, 200), 3, prng.chance(0.8))
    const keys = waiting.waiting.map(({ sent, bytes, id }) => [sent, -bytes.length, -id])
    const sorted = [...keys].sort((a, b) => compare(a, b))
    assert.equal(keys, sorted)
    const subjects = waiting.waiting.flatMap((each) => (each.subject ? [each.subject] : []))
    assert.is(new Set(subjects).size, subjects.length)
    assert.is(waiting.bySubject.size, subjects.length)
  }
})
function compare(a, b) {
  for (const [i, value] of a.entries()) if (value !== b[i]) return value - (b[i] ?? 0)
  return 0
}
queue('how often a message is sent grows with the logarithm of the pool', () => {
  const cases = [1, 9, 10, 99, 100, 999, 9_999].map((size) => sendingsMax(4, size))
  assert.equal(cases, [4, 4, 8, 8, 12, 12, 16])
})
queue.run()
const spreading = suite('gossip')
const told = (swim) => {
  gossip(swim)
  return packetsOf(settled(swim))
}
spreading('three others are told per tick, each once', () => {
  const swim = memberOf(9)
  hear(swim, aliveOf(2, { incarnation: 2 }))
  const packets = told(swim)
  assert.is(packets.length, 3)
  assert.is(new Set(packets.map(({ to }) => to.ip)).size, 3)
  assert.not.ok(packets.some(({ to }) => to.ip === addressOf(1).ip))
  assert.is(packets[0]?.bytes[0], 12, 'with a checksum')
})
spreading('nothing to say, nothing sent', () => {
  const swim = memberOf(9)
  assert.equal(told(swim), [])
  hear(swim, aliveOf(2, { incarnation: 2 }))
  const effects = passTimeAnswered(swim, 5_000)
  const withNews = packetsOf(effects).filter(({ messages }) =>
    messages.some(({ type }) => type === 'alive'),
  )
  assert.is(withNews.length, 4, 'four times with gossip, pings and acks together')
})
spreading('those who left are not told, the dead for a while', () => {
  const swim = memberOf(4)
  hear(swim, deadOf(2, 2))
  hear(swim, deadOf(3, 4))
  const ips = new Set(
    Array.from({ length: 20 }, () => told(swim))
      .flat()
      .map(({ to }) => to.ip),
  )
  assert.equal([...ips].sort(), [addressOf(3).ip, addressOf(4).ip])
  passTimeAnswered(swim, 31_000)
  hear(swim, aliveOf(4, { incarnation: 3 }))
  assert.equal(
    told(swim).map(({ to }) => to),
    [addressOf(4)],
  )
})
spreading('what the dead are told is not lost for the living (a small pool)', () => {
  const swim = memberOf(4)
  for (const n of [2, 3]) hear(swim, deadOf(n, 4))
  const heard = Array.from({ length: 30 }, () => told(swim)).flat()
  const byLiving = heard.filter(({ to }) => to.ip === addressOf(4).ip)
  assert.is(byLiving.length, 4)
})
spreading('suspects are told, so that they can refute', () => {
  const swim = memberOf(2)
  hear(swim, suspectOf(2, 1))
  assert.equal(
    told(swim).map(({ messages }) => messages),
    [[suspectOf(2, 1)]],
  )
})
spreading('packets stay below the size of a datagram, with seal and label', () => {
  for (const packetOverheadBytes of [0, 29 + 8]) {
    const swim = memberOf(60, { packetOverheadBytes })
    for (let n = 2; n <= 60; n++)
      hear(swim, aliveOf(n, { incarnation: 2, meta: new Uint8Array(200 + n) }))
    const packets = packetsOf(passTime(swim, 3_000))
    assert.ok(packets.length > 20)
    const largest = Math.max(...packets.map(({ bytes }) => bytes.length + packetOverheadBytes))
    assert.ok(largest <= 1400 && largest > 1200, String(largest))
  }
})
spreading('first members, then intents, then queries, then events', () => {
  const swim = memberOf(3)
  const event = (lTime) =>
    serfOf({ type: 'userEvent', lTime, name: 'e', payload: new Uint8Array(300), cc: false })
  for (let i = 1; i <= 6; i++) hear(swim, event(i))
  hear(swim, serfOf({ type: 'join', lTime: 9, node: nameOf(3) }))
  hear(swim, aliveOf(2, { incarnation: 2 }))
  const [packet] = told(swim)
  const kinds = packet?.messages.map((message) =>
    message.type === 'user' ? `user ${message.body[0]}` : message.type,
  )
  assert.equal(kinds, ['alive', 'user 1', 'user 3', 'user 3', 'user 3'])
})
spreading('sealed packets guard themselves, old peers know no checksum', () => {
  const sealed = memberOf(3, { isSealed: true })
  hear(sealed, aliveOf(2, { incarnation: 2 }))
  assert.is(told(sealed)[0]?.bytes[0], 4)
  const old = memberOf(2)
  const vsn = { ...aliveOf(2).vsn, protocolMax: 4 }
  hear(old, aliveOf(2, { incarnation: 2, vsn }))
  assert.is(told(old)[0]?.bytes[0], 4)
})
spreading.run()
//# sourceMappingURL=broadcast.test.js.map
