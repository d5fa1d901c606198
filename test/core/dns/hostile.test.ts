// Packets that mean harm: none throws, none takes long, none is answered with more than its
// transport allows.
import { encode } from 'dns-packet'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { decodeQuery } from '../../../core/dns/query.ts'
import { isAnswerTo, readAddresses } from '../../../core/dns/response.ts'
import { createPrng, type Prng } from '../../../core/prng.ts'
import { fc } from '../../kit/property.ts'
import { node, put, registration, service } from '../catalog/bench.ts'
import { type Asked, createDnsBench, type DnsBench, decode, packetOf } from './kit.ts'

const hostile = suite('dns/hostile')

const MUTATIONS = 100_000

const SEEDS = [
  packetOf('web.service.consul SRV'),
  packetOf('web.service.consul', { edns: 1232 }),
  packetOf('n1.node.dc1.consul ANY'),
  packetOf('1.0.0.10.in-addr.arpa PTR'),
  packetOf('7f000001.addr.consul'),
]

function mutated(prng: Prng, seed: Uint8Array): Uint8Array {
  const packet = Uint8Array.from(seed)
  const changes = prng.range(1, 6)
  for (let i = 0; i < changes; i++) packet[prng.range(0, packet.length - 1)] = prng.range(0, 255)
  if (prng.chance(0.2)) return packet.subarray(0, prng.range(0, packet.length))
  if (prng.chance(0.1)) return Uint8Array.from([...packet, ...packet])
  return packet
}

hostile('100,000 mutated questions are answered, refused or passed over', () => {
  const bench = createDnsBench({ recursors: [{ host: '10.0.0.53', port: 53 }] })
  for (let i = 1; i <= 5; i++) {
    const spec = node(`n${i}`, { address: `10.0.0.${i}` })
    put(bench, registration(spec, { service: service('web') }))
  }
  const prng = createPrng(20_260)
  const seen = new Map<string, number>()
  for (let i = 0; i < MUTATIONS; i++) {
    const packet = mutated(prng, prng.pick(SEEDS))
    const answer = bench.answer(packet)
    seen.set(answer.type, (seen.get(answer.type) ?? 0) + 1)
    if (answer.type === 'reply') assert.ok(answer.bytes.length <= 65_467)
  }
  for (const type of ['reply', 'forward', 'silence']) assert.ok((seen.get(type) ?? 0) > 100, type)
})

hostile('100,000 mutated answers of others are read to an end', () => {
  const query = packetOf('www.example.com')
  const response = encode({
    id: 4711,
    type: 'response',
    questions: [{ name: 'www.example.com', type: 'A' }],
    answers: [
      { name: 'www.example.com', type: 'CNAME', data: 'web.example.org' },
      { name: 'web.example.org', type: 'A', data: '192.0.2.1' },
    ],
  })
  assert.ok(isAnswerTo(query, response))
  assert.is(readAddresses(response).length, 2)
  const prng = createPrng(7)
  for (let i = 0; i < MUTATIONS; i++) {
    const packet = mutated(prng, response)
    isAnswerTo(query, packet)
    assert.ok(readAddresses(packet).length <= 64)
  }
})

hostile('a name that points to itself, or forwards, is no name', () => {
  const header = [0, 1, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]
  for (const name of [[0xc0, 12], [0xc0, 14], [1, 97, 0xc0, 12], [0xff, 0xff], [0xc0]]) {
    assert.equal(readAddresses(Uint8Array.from([...header, ...name, 0, 1, 0, 1])), [])
    const query = Uint8Array.from([0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...name, 0, 1, 0, 1])
    assert.is(decodeQuery(query).type, 'refused')
  }
})

hostile('labels of more than 63 bytes and names of more than 255 are refused', () => {
  const header = [0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]
  const question = (...lengths: number[]) => {
    const labels = lengths.flatMap((length) => [length, ...new Array(length).fill(97)])
    return decodeQuery(Uint8Array.from([...header, ...labels, 0, 0, 1, 0, 1])).type
  }
  assert.is(question(63), 'query')
  assert.is(question(64), 'refused')
  assert.is(question(63, 63, 63, 61), 'query')
  assert.is(question(63, 63, 63, 62), 'refused')
})

hostile('every cut of a question is refused or passed over', () => {
  for (const seed of SEEDS) {
    for (let length = 0; length < seed.length; length++) {
      const { type } = decodeQuery(seed.subarray(0, length))
      assert.is(type, length < 12 ? 'ignored' : 'refused', `${length} of ${seed.length}`)
    }
    assert.is(decodeQuery(seed).type, 'query')
  }
})

hostile('answers are not answered, other operations are not done', () => {
  const packet = packetOf('web.service.consul')
  packet[2] = 0x81
  assert.is(decodeQuery(packet).type, 'ignored')
  packet[2] = 0x28 // UPDATE
  assert.equal(decodeQuery(packet), { type: 'refused', id: 4711, flags: 0x2800, rcode: 4 })
})

hostile('more questions and two OPT records are refused', () => {
  const rcode = (packet: Uint8Array) => {
    const decoded = decodeQuery(packet)
    return decoded.type === 'refused' ? decoded.rcode : undefined
  }
  const two = packetOf('web.service.consul')
  two[5] = 2
  assert.is(rcode(two), 1)
  const opt = packetOf('web.service.consul', { edns: 512 })
  const doubled = Uint8Array.from([...opt, ...opt.subarray(-11)])
  doubled[11] = 2
  assert.is(rcode(doubled), 1)
})

hostile(
  'what goes far away is never ten times as long as its question, and says what it cut',
  () => {
    const bench = createDnsBench()
    for (let i = 1; i <= 100; i++) {
      const spec = node(`node-${i}`, { address: `10.0.1.${i}`, meta: { rack: 'x'.repeat(200) } })
      put(bench, registration(spec, { service: service('web', { port: 8000 + i }) }))
    }
    const far = (question: string, edns?: number) => {
      const packet = packetOf(question, edns === undefined ? {} : { edns })
      const asked = { transport: 'udp', far: true } as const
      const answer = bench.answer(packet, asked)
      assert.is(answer.type, 'reply', question)
      const bytes = answer.type === 'reply' ? answer.bytes : new Uint8Array()
      assert.ok(bytes.length < 10 * packet.length, `${question}: ${bytes.length}`)
      assert.ok(bytes.length <= 1_232, question)
      return bytes
    }
    const names = ['web.service.consul', 'node-1.node.consul', 'none.service.consul', 'consul']
    for (const name of names) {
      for (const type of ['A', 'AAAA', 'SRV', 'ANY', 'TXT', 'SOA', 'NS']) {
        for (const edns of [undefined, 512, 1_232, 65_535]) far(`${name} ${type}`, edns)
      }
    }
    const cut = far('web.service.consul SRV', 65_535)
    assert.is((cut[2] ?? 0) & 2, 2, 'TC')
    assert.ok(decode(far('web.service.consul')).answers.length > 0)
  },
)

hostile('whatever names are registered, every answer is a packet that others can read', () => {
  const label = fc.string({ minLength: 1, maxLength: 70, unit: 'grapheme' })
  const text = fc.oneof(label, fc.constantFrom('a.b', '_x._tcp', 'x'.repeat(64), 'Ünï', '*', '-'))
  const types = ['A', 'SRV', 'ANY', 'TXT']
  fc.assert(
    fc.property(text, text, fc.dictionary(text, text, { maxKeys: 3 }), (name, on, meta) => {
      const bench = createDnsBench()
      const spec = node(on, { address: '10.0.0.1', meta })
      put(bench, registration(spec, { service: service('id', { name: 'web', tags: [name] }) }))
      put(bench, registration(spec, { service: service(name, { name, address: on }) }))
      for (const type of types) {
        for (const transport of ['udp', 'tcp'] as const) {
          const asked = { transport, edns: 4_096 }
          const { answers } = decode(replyOf(bench, `web.service.consul ${type}`, asked))
          if (type === 'A') assert.is(answers.length, 1)
        }
      }
    }),
    { numRuns: 200 },
  )
})

function replyOf(bench: DnsBench, question: string, asked: Asked): Uint8Array {
  const answer = bench.answer(packetOf(question, asked), asked)
  assert.is(answer.type, 'reply', question)
  return answer.type === 'reply' ? answer.bytes : new Uint8Array()
}

hostile.run()
