// Anything at all may be said to a member: by anybody where there is no key, and by a member gone
// wrong where there is one. It is taken or refused; the member stays whole and bounded.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createPrng } from '../../../core/prng.js'
import {
  failStream,
  receiveAnswer,
  receivePacket,
  receiveRefusal,
  receiveStream,
  tick,
} from '../../../core/swim/server.js'
import { compound } from '../../../core/wire/gossip-packet.js'
import { packStream } from '../../../core/wire/gossip-stream.js'
import { encodeMessage } from '../../../core/wire/memberlist.js'
import { encodeSerf, encodeTags } from '../../../core/wire/serf.js'
import {
  addressOf,
  aliveOf,
  effectsOf,
  hear,
  memberOf,
  nameOf,
  openedOf,
  settled,
  VERSIONS,
} from './kit.js'

/** Members 1 to 8 are known; others and odd ones occur. */
const anyName = (prng) =>
  prng.chance(0.9) ? nameOf(prng.range(1, 12)) : prng.pick(['', 'x y', 'é', 'x'.repeat(200)])
const anyTime = (prng) =>
  prng.pick([0, 1, prng.range(0, 40), prng.range(0, 4000), 2 ** 52, 2 ** 53 - 1, 2n ** 64n - 1n])
const anyIncarnation = (prng) => prng.pick([0, 1, prng.range(0, 9), 0xffff_fffe, 0xffff_ffff])
const anyBytes = (prng) => Uint8Array.from({ length: prng.range(0, 40) }, () => prng.range(0, 255))
const anyIp = (prng) => prng.pick([addressOf(prng.range(1, 12)).ip, '', '::1', '::ffff:10.0.0.2'])
const anySerf = (prng) => {
  const [node, lTime] = [anyName(prng), anyTime(prng)]
  const payload = prng.chance(0.3) ? null : anyBytes(prng)
  const name = prng.pick(['deploy', '_serf_ping', '_serf_conflict', '_serf_use-key', '_serf_x', ''])
  return prng.pick([
    { type: 'join', lTime, node },
    { type: 'leave', lTime, node, prune: prng.chance(0.3) },
    { type: 'userEvent', lTime, name, payload, cc: prng.chance(0.5) },
    {
      type: 'query',
      lTime,
      id: prng.range(0, 5),
      addr: anyIp(prng),
      port: prng.pick([0, 7946]),
      sourceNode: node,
      filters: prng.chance(0.5) ? null : [anyBytes(prng)],
      flags: prng.range(0, 3),
      relayFactor: prng.pick([0, 2, 255]),
      timeout: prng.pick([0, -1, 1e9, 2n ** 62n]),
      name,
      payload,
    },
    {
      type: 'queryResponse',
      lTime,
      id: prng.range(0, 5),
      from: node,
      flags: prng.range(0, 1),
      payload,
    },
    { type: 'relay', ip: anyIp(prng), port: 7946, node, message: anyBytes(prng) },
  ])
}
const anyMessage = (prng) => {
  const source = { sourceAddr: anyIp(prng), sourcePort: 7946, sourceNode: anyName(prng) }
  const seqNo = prng.range(0, 30)
  const [node, from, incarnation] = [anyName(prng), anyName(prng), anyIncarnation(prng)]
  const vsn = prng.chance(0.9) ? VERSIONS : { ...VERSIONS, protocolMin: prng.range(0, 9) }
  const meta = prng.pick([null, anyBytes(prng), encodeTags(new Map([['a', 'b']]))])
  const n = prng.range(1, 12)
  return prng.pick([
    { type: 'ping', seqNo, node, ...source },
    { type: 'indirectPing', seqNo, node, target: anyIp(prng), port: 7946, nack: true, ...source },
    { type: 'ack', seqNo, payload: prng.chance(0.5) ? null : anyBytes(prng) },
    { type: 'nack', seqNo },
    { type: 'suspect', incarnation, node, from },
    { type: 'dead', incarnation, node, from },
    aliveOf(n, { incarnation, meta, vsn, addr: prng.chance(0.8) ? addressOf(n).ip : anyIp(prng) }),
    { type: 'user', body: prng.chance(0.9) ? encodeSerf(anySerf(prng)) : anyBytes(prng) },
  ])
}
const anyState = (prng) => {
  const n = prng.range(1, 12)
  return {
    name: nameOf(n),
    addr: addressOf(n).ip,
    port: 7946,
    meta: null,
    incarnation: anyIncarnation(prng),
    state: prng.range(-1, 5),
    vsn: VERSIONS,
  }
}
const anyStream = (prng) => {
  if (prng.chance(0.2)) return anyBytes(prng)
  const states = Array.from({ length: prng.range(0, 6) }, () => anyState(prng))
  const userState = prng.chance(0.3)
    ? anyBytes(prng)
    : encodeSerf({
        type: 'pushPull',
        lTime: anyTime(prng),
        statusLTimes: new Map([[anyName(prng), anyTime(prng)]]),
        leftMembers: [anyName(prng)],
        eventLTime: anyTime(prng),
        events: [null, { lTime: anyTime(prng), events: [{ name: 'e', payload: null }] }],
        queryLTime: anyTime(prng),
      })
  return packStream({ type: 'pushPull', join: prng.chance(0.5), states, userState }, true)
}
function anything(swim, prng) {
  const now = swim.now + prng.pick([0, 0, 1, 50, 200, 400, 3_000])
  const from = addressOf(prng.range(1, 12))
  switch (prng.range(0, 9)) {
    case 0:
      receiveStream(swim, { stream: prng.range(1, 9), bytes: anyStream(prng) }, now)
      break
    case 1:
      receiveAnswer(swim, { stream: prng.range(1, 40), bytes: anyStream(prng) }, now)
      break
    case 2:
      failStream(swim, { stream: prng.range(1, 40), why: 'closed' }, now)
      break
    case 3:
      receiveRefusal(swim, from, now)
      break
    case 4:
    case 5:
      tick(swim, now)
      break
    default: {
      const messages = Array.from({ length: prng.range(1, 4) }, () => anyMessage(prng))
      const bytes = compound(messages.map((message) => encodeMessage(message)))
      receivePacket(swim, { from, bytes }, now)
    }
  }
}
const hostile = suite('hostile members')
hostile('whatever is said in whatever order, every invariant holds', () => {
  for (let seed = 1; seed <= 40; seed++) {
    const prng = createPrng(seed)
    const swim = memberOf(8, { isCoalescing: seed % 2 === 0, keys: [new Uint8Array(16)] })
    for (let i = 0; i < 300; i++) {
      anything(swim, prng)
      settled(swim)
    }
  }
})
hostile('a member flooded with strangers, accusations and questions stays bounded', () => {
  const swim = memberOf(3, { settings: { membersMax: 500, queueDepthMax: 100 } })
  for (let n = 10; n < 3_000; n++) {
    const messages = [
      aliveOf(n, { addr: `10.1.${n >> 8}.${n & 255}` }),
      { type: 'suspect', incarnation: 1, node: nameOf(2), from: `liar-${n}` },
    ]
    const bytes = compound(messages.map((message) => encodeMessage(message)))
    receivePacket(swim, { from: addressOf(2), bytes }, swim.now)
    if (n % 100 === 0) settled(swim)
  }
  tick(swim, 30_100)
  settled(swim)
  assert.ok(swim.members.size <= 500)
  assert.ok(swim.suspects.size <= 1)
  for (const { waiting } of Object.values(swim.queues)) assert.ok(waiting.length <= 100)
})
hostile('memory per known member is at most four kilobytes', () => {
  const swim = memberOf(1)
  const meta = encodeTags(
    new Map([
      ['role', 'consul'],
      ['id', 'x'.repeat(200)],
      ['dc', 'dc1'],
    ]),
  )
  const gc = globalThis.gc
  const used = () => {
    gc?.()
    const { heapUsed, arrayBuffers } = process.memoryUsage()
    return heapUsed + arrayBuffers
  }
  const before = used()
  const count = 5_000
  for (let n = 2; n <= count; n++) {
    receivePacket(
      swim,
      {
        from: addressOf(2),
        bytes: encodeMessage(aliveOf(n, { addr: `10.1.${n >> 8}.${n & 255}`, meta })),
      },
      0,
    )
    if (n % 100 === 0) {
      settled(swim)
      for (const queue of Object.values(swim.queues)) {
        queue.waiting.length = 0
        queue.bySubject.clear()
      }
      swim.memory.lines.length = 0
    }
  }
  const perMember = (used() - before) / count
  assert.is(swim.members.size, count)
  // Without a collector to call the figure holds garbage, too.
  assert.ok(perMember < (gc === undefined ? 16_384 : 4_096), `${Math.round(perMember)} bytes`)
})
hostile('forged packets bring no answer that is longer than twice what was sent', () => {
  const swim = memberOf(3)
  for (let n = 30; n < 60; n++) hear(swim, aliveOf(n))
  const prng = createPrng(9)
  for (let i = 0; i < 3_000; i++) {
    const bytes = encodeMessage(anyMessage(prng))
    receivePacket(swim, { from: { ip: '10.66.0.1', port: 9 }, bytes }, swim.now)
    const effects = settled(swim)
    const toVictim = effectsOf(effects, 'packet').filter(({ to }) => to.ip === '10.66.0.1')
    const sent = toVictim.reduce((sum, packet) => sum + packet.bytes.length, 0)
    assert.ok(sent <= 2 * bytes.length)
    assert.equal(openedOf(effects), [])
  }
})
hostile.run()
//# sourceMappingURL=hostile.test.js.map
