// What is answered, seen by another library. The recordings of Consul are played against a whole
// agent; here stands what they do not reach.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Name, nameOfText } from '../../../core/dns/name.ts'
import type { ResourceRecord } from '../../../core/dns/record.ts'
import { check, drop, node, put, registration, service } from '../catalog/bench.ts'
import { createDnsBench, type DnsBench, packetOf, shown } from './kit.ts'

const dns = suite('dns/answer')

function withWeb(bench: DnsBench, instances = 3): DnsBench {
  for (let i = 1; i <= instances; i++) {
    const spec = node(`n${i}`, { address: `10.0.0.${i}` })
    put(bench, registration(spec, { service: service('web', { port: 8000 + i }) }))
  }
  return bench
}

const nameText = (text: string): Name => {
  const name = nameOfText(text)
  assert.ok(name !== undefined)
  return name
}

dns('tells what is not ours, what is not there, and what is not of this type', () => {
  const bench = withWeb(createDnsBench())
  const { rcode, authorities } = bench.ask('missing.service.consul')
  assert.equal([rcode, authorities[0]?.type], ['NXDOMAIN', 'SOA'])
  const other = bench.ask('web.service.consul AAAA')
  assert.equal(
    [other.rcode, other.answers.length, other.authorities[0]?.type],
    ['NOERROR', 0, 'SOA'],
  )
  const foreign = bench.ask('example.com')
  assert.equal([foreign.rcode, foreign.authorities.length], ['REFUSED', 0])
})

dns('a change of a check shows in the next answer', () => {
  const bench = withWeb(createDnsBench(), 2)
  const told = () => shown(bench.ask('web.service.consul').answers).sort()
  assert.is(told().length, 2)
  const fail = (status: string) =>
    put(
      bench,
      registration(node('n1', { address: '10.0.0.1' }), { checks: [check('c', { status })] }),
    )
  fail('critical')
  assert.equal(told(), ['A web.service.consul 10.0.0.2'])
  fail('warning')
  assert.is(told().length, 2)
  drop(bench, 'n2')
  assert.equal(told(), ['A web.service.consul 10.0.0.1'])
  drop(bench, 'n1')
  assert.is(bench.ask('web.service.consul').rcode, 'NXDOMAIN')
})

dns('only_passing leaves out instances with a warning', () => {
  const bench = withWeb(createDnsBench({ onlyPassing: true }), 2)
  const checks = [check('c', { status: 'warning' })]
  put(bench, registration(node('n1', { address: '10.0.0.1' }), { checks }))
  assert.equal(shown(bench.ask('web.service.consul').answers), ['A web.service.consul 10.0.0.2'])
})

dns('a node is found back by its address, however that is written', () => {
  const bench = createDnsBench()
  put(bench, registration(node('six', { address: '2001:0DB8:0::1' })))
  const name = `1${'.0'.repeat(23)}.8.b.d.0.1.0.0.2.ip6.arpa`
  assert.equal(shown(bench.ask(`${name} PTR`).answers), [`PTR ${name} six.node.dc1.consul`])
  put(bench, registration(node('six', { address: '2001:db8::2' })))
  assert.is(bench.ask(`${name} PTR`).rcode, 'NXDOMAIN')
})

dns('a node whose name is too long for DNS is reached by its address', () => {
  const bench = createDnsBench()
  const spec = node('x'.repeat(64), { address: '10.0.0.9' })
  put(bench, registration(spec, { service: service('web') }))
  const { answers, additionals } = bench.ask('web.service.consul SRV')
  assert.equal(shown(additionals), ['A 0a000009.addr.dc1.consul 10.0.0.9'])
  assert.is(answers.length, 1)
})

dns('no instance is preferred: each comes first in its turn', () => {
  const bench = withWeb(createDnsBench())
  const first = new Map<unknown, number>()
  for (let i = 0; i < 300; i++) {
    const [{ data } = { data: '' }] = bench.ask('web.service.consul').answers
    first.set(data, (first.get(data) ?? 0) + 1)
  }
  assert.is(first.size, 3)
  for (const [data, times] of first) assert.ok(times > 60, `${String(data)}: ${times} of 300`)
})

dns('long meta is cut into strings, and left out where it does not fit', () => {
  const bench = createDnsBench()
  const meta = { long: 'x'.repeat(400) }
  put(bench, registration(node('n', { address: '10.0.0.1', meta })))
  const text = shown(bench.ask('n.node.consul TXT', { transport: 'tcp' }).answers)
  assert.equal(text, [`TXT n.node.consul long=${'x'.repeat(250)}|${'x'.repeat(150)}`])
  const more = { ...meta, longer: 'y'.repeat(400) }
  put(bench, registration(node('n', { address: '10.0.0.1', meta: more })))
  const { answers, additionals, flag_tc } = bench.ask('n.node.consul')
  assert.equal([answers.length, additionals.length, flag_tc], [1, 0, false])
})

dns('an answer of one record that is too long says so, whatever is configured', () => {
  const bench = createDnsBench({ enableTruncate: false })
  put(bench, registration(node('n', { address: '10.0.0.1', meta: { k: 'x'.repeat(600) } })))
  const cut = bench.ask('n.node.consul TXT')
  assert.equal([cut.answers.length, cut.flag_tc], [0, true])
  assert.is(bench.ask('n.node.consul TXT', { edns: 1232 }).answers.length, 1)
})

dns(
  'names outside are asked for once, then told with their own TTL for the alias of a node',
  () => {
    const recursors = [{ host: '10.0.0.53', port: 53 }]
    const bench = createDnsBench({ recursors, nodeTtlMs: 9_000 })
    put(bench, registration(node('n', { address: 'www.example.com' })))
    const packet = packetOf('n.node.consul')
    const first = bench.answer(packet)
    const name = nameText('www.example.com')
    assert.equal(first.type === 'chase' && first.names, [name])
    const record = (ip: number[]): ResourceRecord => ({
      name,
      ttl: 77,
      content: { type: 'address', ip },
    })
    const ips = [1, 2, 3, 4, 5, 6, 7].map((last) => record([192, 0, 2, last]))
    const { answers } = bench.ask('n.node.consul', { chased: new Map([[name, ips]]) })
    assert.is(answers.length, 3, 'the limit of answers holds for aliases, too')
    assert.equal([answers[0]?.ttl, answers[1]?.ttl], [9, 77])
    const tcp = bench.ask('n.node.consul', { chased: new Map([[name, ips]]), transport: 'tcp' })
    assert.is(tcp.answers.length, 8)
  },
)

dns('others are asked only if the client wants that', () => {
  const bench = createDnsBench({ recursors: [{ host: '10.0.0.53', port: 53 }] })
  const packet = packetOf('example.com')
  assert.is(bench.answer(packet).type, 'forward')
  packet[2] = 0 // without RD
  assert.is(bench.answer(packet).type, 'reply')
  assert.is(bench.answer(packetOf('9.9.9.9.in-addr.arpa PTR')).type, 'forward')
})

dns('a newer version of EDNS is told so (RFC 6891 §6.1.3)', () => {
  const bench = createDnsBench()
  const packet = packetOf('web.service.consul', { edns: 1232 })
  packet[packet.length - 5] = 1
  const answer = bench.answer(packet)
  assert.ok(answer.type === 'reply')
  const opt = answer.bytes.subarray(-11)
  assert.equal([...opt], [0, 0, 41, 4, 208, 1, 0, 0, 0, 0, 0])
  assert.is((answer.bytes[3] ?? 0) & 15, 0)
})

dns('a service without a name is an error of ours', () => {
  assert.is(createDnsBench().ask('_._tcp.service.consul SRV').rcode, 'SERVFAIL')
})

dns.run()
