// Probe rounds, helpers, streams, health, refused ports and standing still (memberlist-wire §3.2 to
// §3.4).
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { originPoint } from '../../../core/swim/coordinate.js'
import { failStream, receiveAnswer, receiveRefusal, tick } from '../../../core/swim/server.js'
import { packStream } from '../../../core/wire/gossip-stream.js'
import { decodeCoordinate, encodeCoordinate } from '../../../core/wire/serf.js'
import {
  addressOf,
  aliveOf,
  deadOf,
  hear,
  memberOf,
  nameOf,
  openedOf,
  packetsOf,
  passTime,
  passTimeAnswered,
  sentOf,
  settled,
  stateOf,
  suspectOf,
  VERSIONS,
  whatOf,
} from './kit.js'

const ack = (seqNo, payload = null) => ({ type: 'ack', seqNo, payload })
const nack = (seqNo) => ({ type: 'nack', seqNo })
/** Time passes up to the next probe; its target and number. */
function probed(swim) {
  for (let tries = 0; tries < 100; tries++) {
    const [ping] = sentOf(passTime(swim, 100), 'ping')
    if (ping !== undefined) return { n: Number(ping.node.slice(5)), seqNo: ping.seqNo }
  }
  throw new Error('no probe')
}
const probe = suite('probe')
probe('every other member is pinged once per round, in an order that changes', () => {
  const swim = memberOf(9)
  const rounds = [1, 2, 3].map(() =>
    sentOf(passTimeAnswered(swim, 8_000), 'ping').map(({ node }) => node),
  )
  const names = [2, 3, 4, 5, 6, 7, 8, 9].map(nameOf)
  for (const round of rounds.slice(1)) assert.equal([...round].sort(), names)
  assert.not.equal(rounds[1], rounds[2])
})
probe('between two pings of a member lie at most two rounds', () => {
  const swim = memberOf(12)
  const last = new Map()
  for (let second = 0; second < 200; second++)
    for (const { node } of sentOf(passTimeAnswered(swim, 1_000), 'ping')) {
      const before = last.get(node)
      if (before !== undefined) assert.ok(second - before <= 2 * 11, `${node} ${second - before}`)
      last.set(node, second)
    }
  assert.is(last.size, 11)
})
probe('somebody new is pinged within a round', () => {
  const swim = memberOf(12)
  passTimeAnswered(swim, 5_000)
  hear(swim, aliveOf(20))
  const pinged = sentOf(passTimeAnswered(swim, 23_000), 'ping').map(({ node }) => node)
  assert.ok(pinged.includes(nameOf(20)))
})
probe('a ping names its target and where the answer goes, and is watched for refusals', () => {
  const swim = memberOf(2)
  const [packet] = packetsOf(passTime(swim, 1_000))
  assert.equal(packet?.to, addressOf(2))
  assert.is(packet?.watched, true)
  assert.equal(packet?.messages[0], {
    type: 'ping',
    seqNo: 1,
    node: nameOf(2),
    sourceAddr: addressOf(1).ip,
    sourcePort: 7946,
    sourceNode: nameOf(1),
  })
})
probe('an answer in time ends it: nobody is asked, health gets better', () => {
  const swim = memberOf(5)
  swim.awareness.score = 3
  const { seqNo } = probed(swim)
  assert.equal(whatOf(hear(swim, ack(seqNo))), ['ack'])
  assert.is(swim.awareness.score, 2)
  const later = passTime(swim, 900)
  assert.equal(sentOf(later, 'indirectPing'), [])
})
probe('an answer to something else is nothing', () => {
  const swim = memberOf(5)
  const { seqNo } = probed(swim)
  hear(swim, ack(seqNo + 1))
  assert.is(swim.probe?.seqNo, seqNo)
})
probe('without an answer three helpers are asked, and a stream is tried', () => {
  const swim = memberOf(8)
  const { n, seqNo } = probed(swim)
  const effects = passTime(swim, 500)
  const asked = packetsOf(effects).filter(({ messages }) => messages[0]?.type === 'indirectPing')
  assert.is(asked.length, 3)
  assert.is(new Set(asked.map(({ to }) => to.ip)).size, 3)
  assert.not.ok(asked.some(({ to }) => to.ip === addressOf(n).ip || to.ip === addressOf(1).ip))
  assert.equal(asked[0]?.messages[0], {
    type: 'indirectPing',
    seqNo,
    target: addressOf(n).ip,
    port: 7946,
    node: nameOf(n),
    nack: true,
    sourceAddr: addressOf(1).ip,
    sourcePort: 7946,
    sourceNode: nameOf(1),
  })
  const [stream] = openedOf(effects)
  assert.equal(stream?.to, addressOf(n))
  assert.is(stream?.message.type, 'ping')
})
probe('peers of old protocols are asked for no nack, and get no stream', () => {
  const swim = memberOf(4)
  for (let n = 2; n <= 4; n++)
    hear(swim, aliveOf(n, { incarnation: 2, vsn: { ...VERSIONS, protocolMax: 2 } }))
  probed(swim)
  const effects = passTime(swim, 500)
  assert.ok(sentOf(effects, 'indirectPing').every((message) => !message.nack))
  assert.equal(openedOf(effects), [])
})
probe('helpers are alive: suspects, the dead and the target are not asked', () => {
  const swim = memberOf(5)
  const { n } = probed(swim)
  const others = [2, 3, 4, 5].filter((other) => other !== n)
  const [suspected = 0, gone = 0, alive = 0] = others
  hear(swim, suspectOf(suspected, alive))
  hear(swim, deadOf(gone, alive))
  const asked = packetsOf(passTime(swim, 500)).filter(
    ({ messages }) => messages[0]?.type === 'indirectPing',
  )
  assert.equal(
    asked.map(({ to }) => to),
    [addressOf(alive)],
  )
})
probe('an answer by a helper, or on the stream, is an answer', () => {
  const byHelper = memberOf(5)
  const first = probed(byHelper)
  passTime(byHelper, 500)
  hear(byHelper, ack(first.seqNo))
  passTime(byHelper, 400)
  assert.is(stateOf(byHelper, first.n), 'alive')
  const byStream = memberOf(5)
  const second = probed(byStream)
  const [stream] = openedOf(passTime(byStream, 500))
  receiveAnswer(
    byStream,
    { stream: stream?.stream ?? 0, bytes: packStream(ack(second.seqNo), true) },
    byStream.now,
  )
  assert.ok(whatOf(settled(byStream)).includes('udp-blocked'))
  passTime(byStream, 400)
  assert.is(stateOf(byStream, second.n), 'alive')
})
probe('the answer on a stream to another ping is none', () => {
  const swim = memberOf(5)
  const { seqNo } = probed(swim)
  const [stream] = openedOf(passTime(swim, 500))
  receiveAnswer(
    swim,
    { stream: stream?.stream ?? 0, bytes: packStream(ack(seqNo + 9), true) },
    swim.now,
  )
  assert.is(swim.probe?.seqNo, seqNo)
})
probe('no answer at all: suspected when the interval ends, not before', () => {
  const swim = memberOf(5)
  const { n } = probed(swim)
  passTime(swim, 800)
  assert.is(stateOf(swim, n), 'alive')
  const effects = passTime(swim, 200)
  assert.is(stateOf(swim, n), 'suspect')
  assert.ok(sentOf(effects, 'suspect').every(({ from }) => from === nameOf(1)))
})
probe('silent helpers speak against our own health, those that say so do not', () => {
  const silent = memberOf(5)
  probed(silent)
  passTime(silent, 1_000)
  assert.is(silent.awareness.score, 3)
  const honest = memberOf(5)
  const { seqNo } = probed(honest)
  passTime(honest, 500)
  for (let i = 0; i < 4; i++) hear(honest, nack(seqNo)) // one more than there are helpers
  passTime(honest, 500)
  assert.is(honest.awareness.score, 0)
  const alone = memberOf(2)
  probed(alone)
  passTime(alone, 1_000)
  assert.is(alone.awareness.score, 1, 'nobody to ask')
})
probe('a nack before anybody was asked is none', () => {
  const swim = memberOf(5)
  const { seqNo } = probed(swim)
  hear(swim, nack(seqNo))
  passTime(swim, 500)
  assert.is(swim.probe?.nacks, 0)
})
probe('bad health gives probes more time, up to eight times as much', () => {
  const swim = memberOf(5)
  swim.awareness.score = 2
  const { n } = probed(swim)
  passTime(swim, 2_800)
  assert.is(stateOf(swim, n), 'alive')
  passTime(swim, 200)
  assert.is(stateOf(swim, n), 'suspect')
  assert.ok(swim.awareness.score <= 7)
})
probe('a suspect learns of the accusation from the ping itself (buddy system)', () => {
  const swim = memberOf(2)
  hear(swim, suspectOf(2, 9))
  swim.queues.members.waiting.length = 0
  swim.queues.members.bySubject.clear()
  const [packet] = packetsOf(passTime(swim, 1_000))
  assert.equal(packet?.messages, [{ ...packet?.messages[0], type: 'ping' }, suspectOf(2, 1)])
  assert.is(packet?.bytes[0], 12, 'with a checksum')
})
probe('a round trip with a point moves our own; one by a helper does not', () => {
  const swim = memberOf(5)
  const first = probed(swim)
  passTime(swim, 40)
  const point = { ...originPoint(), vec: [0.1, 0, 0, 0, 0, 0, 0, 0] }
  hear(swim, ack(first.seqNo, encodeCoordinate(point)))
  const moved = swim.vivaldi.coordinate
  assert.not.equal(moved, originPoint())
  const second = probed(swim)
  passTime(swim, 500)
  hear(swim, ack(second.seqNo))
  assert.is(swim.vivaldi.coordinate, moved)
})
probe.run()
const answering = suite('answering')
const pingFrom = (n, more = {}) => ({
  type: 'ping',
  seqNo: 77,
  node: nameOf(1),
  sourceAddr: addressOf(n).ip,
  sourcePort: 7946,
  sourceNode: nameOf(n),
  ...more,
})
answering('a member gets an ack with our point, at the address that it names', () => {
  const swim = memberOf(3)
  const [packet] = packetsOf(hear(swim, pingFrom(3), { ip: '10.9.9.9', port: 5 }))
  assert.equal(packet?.to, addressOf(3))
  const [message] = packet?.messages ?? []
  assert.ok(message?.type === 'ack' && message.seqNo === 77 && message.payload !== null)
  if (message?.type === 'ack') assert.ok(decodeCoordinate(message.payload ?? new Uint8Array()).ok)
})
answering('without a named address the answer goes back where the ping came from', () => {
  const swim = memberOf(3)
  const bare = pingFrom(3, { sourceAddr: '', sourcePort: 0, sourceNode: '' })
  const [packet] = packetsOf(hear(swim, bare, { ip: '10.9.9.9', port: 5 }))
  assert.equal(packet?.to, { ip: '10.9.9.9', port: 5 })
})
answering('a ping for somebody else of our port is not answered', () => {
  const swim = memberOf(3)
  assert.equal(hear(swim, pingFrom(3, { node: 'node-old' })), [])
  assert.is(packetsOf(hear(swim, pingFrom(3, { node: '' }))).length, 1, 'no name is any name')
})
answering('strangers get less than they sent: nobody is flooded in our name', () => {
  const swim = memberOf(3)
  for (let n = 50; n < 80; n++) hear(swim, aliveOf(n, { meta: new Uint8Array(300) }))
  const shortest = { ...pingFrom(2, { node: '', sourceNode: '' }), seqNo: 1 }
  for (const ping of [
    { ...shortest, sourceAddr: '10.66.0.1' },
    { ...shortest, sourceAddr: '', sourcePort: 0 },
    { ...shortest, sourceAddr: '10.66.0.1', sourceNode: nameOf(2) },
  ]) {
    const [packet] = packetsOf(hear(swim, ping, { ip: '10.66.0.1', port: 9 }))
    assert.equal(packet?.messages, [ack(1)])
    assert.ok((packet?.bytes.length ?? 99) <= 20)
  }
})
const askFor = (n, by, more = {}) => ({
  type: 'indirectPing',
  seqNo: 500,
  target: addressOf(n).ip,
  port: 7946,
  node: nameOf(n),
  nack: true,
  sourceAddr: addressOf(by).ip,
  sourcePort: 7946,
  sourceNode: nameOf(by),
  ...more,
})
answering('a helper pings under its own number and hands the answer on under the asked one', () => {
  const swim = memberOf(4)
  const [ping] = sentOf(hear(swim, askFor(3, 2)), 'ping')
  assert.is(ping?.node, nameOf(3))
  assert.not.equal(ping?.seqNo, 500)
  const [packet] = packetsOf(hear(swim, ack(ping?.seqNo ?? 0, new Uint8Array(9)), addressOf(3)))
  assert.equal(packet?.to, addressOf(2))
  assert.equal(packet?.messages[0], ack(500), 'without the payload')
  assert.equal(packetsOf(hear(swim, ack(ping?.seqNo ?? 0))), [], 'once')
})
answering('a helper says when it got no answer, if it was asked to', () => {
  for (const wanted of [true, false]) {
    const swim = memberOf(4)
    hear(swim, askFor(3, 2, { nack: wanted }))
    const early = passTime(swim, 490)
    assert.equal(sentOf(early, 'nack'), [])
    const late = passTime(swim, 20)
    assert.equal(sentOf(late, 'nack'), wanted ? [nack(500)] : [])
  }
})
answering('pings for others are bounded', () => {
  const swim = memberOf(4)
  let pings = 0
  for (let i = 0; i < 3000; i++) pings += sentOf(hear(swim, askFor(3, 2)), 'ping').length
  assert.is(pings, 1024)
  assert.is(swim.pings.size, 1024)
})
answering.run()
const refused = suite('refused ports')
refused('a refusal asks helpers at once, and needs no stream', () => {
  const swim = memberOf(5)
  const { n } = probed(swim)
  receiveRefusal(swim, addressOf(n), swim.now)
  const effects = settled(swim)
  assert.is(sentOf(effects, 'indirectPing').length, 3)
  assert.equal(openedOf(effects), [])
})
refused('when every helper has given up, too, the verdict does not wait', () => {
  const swim = memberOf(5)
  const { n, seqNo } = probed(swim)
  receiveRefusal(swim, addressOf(n), swim.now)
  for (let i = 0; i < 2; i++) hear(swim, nack(seqNo))
  assert.is(stateOf(swim, n), 'alive')
  hear(swim, nack(seqNo))
  assert.is(stateOf(swim, n), 'suspect')
  assert.is(swim.awareness.score, 0, 'that was no fault of ours')
})
refused('a helper that is refused says so at once and accuses, too', () => {
  const swim = memberOf(5)
  hear(swim, askFor(3, 2))
  receiveRefusal(swim, addressOf(3), swim.now)
  const effects = settled(swim)
  assert.equal(sentOf(effects, 'nack'), [nack(500)])
  assert.is(stateOf(swim, 3), 'suspect')
})
/** Member n is suspected by us, whom its port refuses, and by others if they are named. */
function refusedAndAccused(size, by) {
  const swim = memberOf(size)
  const { n, seqNo } = probed(swim)
  receiveRefusal(swim, addressOf(n), swim.now)
  settled(swim)
  for (let i = 0; i < 3; i++) hear(swim, nack(seqNo))
  for (const from of by) hear(swim, suspectOf(n, from))
  return { swim, n }
}
/** Refuses every ping of the member while time passes. */
function passTimeRefusing(swim, n, ms) {
  for (let at = 0; at < ms; at += 50) {
    tick(swim, swim.now + 50)
    for (const { to, messages } of packetsOf(settled(swim))) {
      const [first] = messages
      if (first?.type !== 'ping') continue
      if (to.ip === addressOf(n).ip) receiveRefusal(swim, to, swim.now)
      else hear(swim, ack(first.seqNo))
    }
    settled(swim)
  }
}
refused('with one more accuser it is asked again after a second, and buried if it refuses', () => {
  const { swim, n } = refusedAndAccused(8, [99])
  passTimeRefusing(swim, n, 900)
  assert.is(stateOf(swim, n), 'suspect')
  passTimeRefusing(swim, n, 200)
  assert.is(stateOf(swim, n), 'dead')
})
refused('without another accuser it lives as long as any suspect', () => {
  const { swim, n } = refusedAndAccused(8, [])
  passTimeRefusing(swim, n, 20_000)
  assert.is(stateOf(swim, n), 'suspect')
})
refused('in a pool of two nobody else can accuse', () => {
  const swim = memberOf(2)
  const { n } = probed(swim)
  receiveRefusal(swim, addressOf(n), swim.now)
  settled(swim)
  assert.is(stateOf(swim, n), 'suspect')
  passTimeRefusing(swim, n, 1_200)
  assert.is(stateOf(swim, n), 'dead')
})
refused('a port that answers again, or is silent, is not refusing any more', () => {
  const back = refusedAndAccused(8, [99])
  for (const { to, messages } of packetsOf(passTime(back.swim, 1_050))) {
    const [first] = messages
    if (to.ip === addressOf(back.n).ip && first?.type === 'ping') hear(back.swim, ack(first.seqNo))
  }
  passTime(back.swim, 3_000)
  assert.is(stateOf(back.swim, back.n), 'suspect')
  const silent = refusedAndAccused(8, [99])
  passTime(silent.swim, 3_000)
  assert.is(stateOf(silent.swim, silent.n), 'suspect')
})
refused('a restarted member that refutes meanwhile is not buried', () => {
  const { swim, n } = refusedAndAccused(8, [99])
  hear(swim, aliveOf(n, { incarnation: 2 }))
  passTimeRefusing(swim, n, 0)
  passTimeAnswered(swim, 5_000)
  assert.is(stateOf(swim, n), 'alive')
})
refused('a refusal by an address that is nobody we ask changes nothing', () => {
  const swim = memberOf(5)
  const { n } = probed(swim)
  receiveRefusal(swim, { ip: '10.7.7.7', port: 1 }, swim.now)
  receiveRefusal(swim, { ...addressOf(n), port: 1 }, swim.now)
  assert.equal(settled(swim), [])
  assert.is(swim.probe?.isRefused, false)
})
refused('a stream that is refused alone proves nothing: packets may still pass', () => {
  const swim = memberOf(5)
  probed(swim)
  const [stream] = openedOf(passTime(swim, 500))
  failStream(swim, { stream: stream?.stream ?? 0, why: 'refused' }, swim.now)
  settled(swim)
  assert.is(swim.probe?.isRefused, false)
})
refused.run()
const late = suite('standing still')
late('a probe during which we stood still is void', () => {
  const swim = memberOf(5)
  const { n } = probed(swim)
  tick(swim, swim.now + 3_000)
  const effects = settled(swim)
  assert.ok(whatOf(effects).includes('void-probe'))
  assert.is(stateOf(swim, n), 'alive')
  assert.is(swim.awareness.score, 1)
})
late('suspicions last as much longer as we could not hear a refutation', () => {
  const swim = memberOf(8)
  for (const from of [3, 4, 5]) hear(swim, suspectOf(2, from))
  passTimeAnswered(swim, 3_500)
  tick(swim, swim.now + 3_000)
  settled(swim)
  assert.is(stateOf(swim, 2), 'suspect')
  passTimeAnswered(swim, 300)
  assert.is(stateOf(swim, 2), 'suspect')
  passTimeAnswered(swim, 500)
  assert.is(stateOf(swim, 2), 'dead')
})
late('a tick that is a little late is none', () => {
  const swim = memberOf(5)
  const { n } = probed(swim)
  for (let i = 0; i < 4; i++) {
    tick(swim, swim.now + 240)
    assert.not.ok(whatOf(settled(swim)).includes('stood-still'))
  }
  tick(swim, swim.now + 60)
  assert.is(stateOf(swim, n), 'suspect')
})
late.run()
//# sourceMappingURL=probe.test.js.map
