// How the names of our domain are told, where Consul has a way of its own that no recording
// reaches: each of these was read in its sources (agent/dns.go).
import type { PacketRecord } from 'dns-packet'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { DnsConfig } from '../../../core/config/agent-config.ts'
import { type Name, nameOfText } from '../../../core/dns/name.ts'
import type { ResourceRecord } from '../../../core/dns/record.ts'
import { check, meshed, node, put, registration, service } from '../catalog/bench.ts'
import { createDnsBench, type DnsBench, packetOf, shown } from './kit.ts'

const zone = suite('dns/zone')

const tcp = { transport: 'tcp' } as const
const nodeTtlMs = 9_000

/** Nodes by name and address. */
function withNodes(dns: Partial<DnsConfig>, nodes: Readonly<Record<string, string>>): DnsBench {
  const bench = createDnsBench(dns)
  for (const [name, address] of Object.entries(nodes)) {
    put(bench, registration(node(name, { address })))
  }
  return bench
}

zone('a virtual name and that of an address are told in lower case, the domain as asked', () => {
  const bench = createDnsBench({ nodeTtlMs })
  put(bench, registration(node('n'), { service: service('web', meshed('native')) }))
  const virtual = bench.ask('WEB.Virtual.CONSUL')
  assert.equal(shown(virtual.answers), ['A web.virtual.CONSUL 240.0.0.1'])
  assert.is(ttlOf(virtual.answers), 9)
  assert.equal(shown(bench.ask('7F000001.Addr.Consul').answers), [
    'A 7f000001.addr.Consul 127.0.0.1',
  ])
})

const ttlOf = ([first]: readonly PacketRecord[]): unknown => first?.ttl

zone('a name is of the second domain only if that is written in lower case', () => {
  const bench = createDnsBench({ altDomain: 'Alt.Test' }, { domain: 'Main.Test.' })
  const zoneOf = (name: string) => bench.ask(name).authorities[0]?.name
  assert.is(zoneOf('none.alt.test'), 'alt.test')
  assert.is(zoneOf('none.ALT.test'), 'main.test')
  assert.is(zoneOf('alt.test'), 'main.test')
})

zone('servers whose names no host may have are not told of; the others in lower case', () => {
  const bench = withNodes({}, {})
  for (const [name, address] of [
    ['Good-1', 'web.example.com'],
    ['bad_name', '10.0.0.2'],
    ['bad.name', '10.0.0.3'],
  ] as const) {
    put(bench, registration(node(name, { address }), { service: service('consul') }))
  }
  const { answers, additionals } = bench.ask('x.CONSUL NS')
  assert.equal(shown(answers), ['NS CONSUL good-1.node.dc1.consul'])
  assert.equal(shown(additionals), ['CNAME good-1.node.dc1.consul web.example.com'])
})

zone('instances of one node and port are one, but by the address they have of their own', () => {
  const bench = createDnsBench()
  const instance = (id: string, address: string) =>
    put(bench, registration(node('n'), { service: service(id, { name: 'web', address }) }))
  instance('a', '')
  instance('b', '')
  instance('c', '10.0.0.1')
  const targets = bench.ask('web.service.consul SRV').answers.map(({ data }) => targetOf(data))
  assert.equal(targets.sort(), ['0a000001.addr.dc1.consul', 'n.node.dc1.consul'])
})

const targetOf = (data: unknown): unknown =>
  typeof data === 'object' && data !== null && 'target' in data && data.target

zone('a weight may be none, and a state that nobody knows weighs one', () => {
  const bench = createDnsBench()
  const weigh = (status: string): unknown => {
    const checks = [check('c', { status })]
    const weights = { Passing: 5, Warning: 0 }
    put(bench, registration(node('n'), { service: service('web', { weights }), checks }))
    const [first] = bench.ask('web.service.consul SRV').answers
    const data: unknown = first?.data
    return typeof data === 'object' && data !== null && 'weight' in data && data.weight
  }
  assert.equal(['passing', 'warning', 'odd'].map(weigh), [5, 0, 1])
})

zone('a node is found by its id', () => {
  const bench = createDnsBench()
  const id = '8f910000-0000-0000-0000-000000000001'
  put(bench, registration(node('n', { id, address: '10.0.0.7' })))
  for (const name of [id, id.toUpperCase()]) {
    const asked = `${name}.node.consul`
    assert.equal(shown(bench.ask(asked).answers), [`A ${asked} 10.0.0.7`])
  }
})

zone('the alias of a node brings all that its target has, with the TTLs of that', () => {
  const bench = createDnsBench({ nodeTtlMs, serviceTtlMs: { web: 30_000 } })
  put(bench, registration(node('far', { address: 'web.service.consul' })))
  put(bench, registration(node('near', { address: 'n.node.consul' })))
  const spec = node('n', { address: '10.0.0.7', meta: { k: 'v' } })
  put(bench, registration(spec, { service: service('web') }))
  assert.equal(shown(bench.ask('near.node.consul').answers), [
    'CNAME near.node.consul n.node.consul',
    'A n.node.consul 10.0.0.7',
    'TXT n.node.consul k=v',
  ])
  const ttls = bench.ask('far.node.consul').answers.map((answer) => ttlOf([answer]))
  assert.equal(ttls, [9, 30])
})

zone('of an alias four steps are gone, then no further', () => {
  const bench = withNodes(
    {},
    {
      a: 'b.node.consul',
      b: 'c.node.consul',
      c: 'd.node.consul',
      d: 'e.node.consul',
      e: '10.0.0.9',
    },
  )
  assert.is(bench.ask('a.node.consul', tcp).answers.at(-1)?.data, 'e.node.consul')
  assert.is(bench.ask('b.node.consul', tcp).answers.at(-1)?.data, '10.0.0.9')
})

zone('beside a port stand five addresses of what its alias leads to', () => {
  const bench = createDnsBench()
  for (let i = 1; i <= 7; i++) {
    put(
      bench,
      registration(node(`n${i}`, { address: `10.0.0.${i}` }), { service: service('many') }),
    )
  }
  const alias = service('alias', { address: 'many.service.consul' })
  put(bench, registration(node('n1'), { service: alias }))
  assert.is(bench.ask('alias.service.consul SRV').additionals.length, 5)
})

zone('what is a little too long loses an answer, though the meta of its nodes goes as well', () => {
  // Three ports with the meta of their nodes, in all so many bytes, and without it far fewer.
  const told = (bytes: number): number => {
    const bench = createDnsBench()
    const instance = (i: number, length: number) => {
      const meta = { k: 'x'.repeat(length) }
      const spec = node(`n${i}`, { address: `10.0.0.${i}`, meta })
      put(bench, registration(spec, { service: service('web') }))
    }
    for (const i of [1, 2, 3]) instance(i, 0)
    const whole = bench.answer(packetOf('web.service.consul SRV'), tcp)
    assert.is(whole.type, 'reply')
    const bare = whole.type === 'reply' ? whole.bytes.length : 0
    for (const i of [1, 2, 3]) instance(i, i < 3 ? 80 : bytes - bare - 160)
    return bench.ask('web.service.consul SRV').answers.length
  }
  assert.equal([504, 505, 612, 613].map(told), [3, 2, 2, 3])
})

zone('a host name of an instance is told with the TTL of its service', () => {
  const recursors = [{ host: '10.0.0.53', port: 53 }]
  const bench = createDnsBench({ recursors, serviceTtlMs: { '*': 4_000 } })
  put(bench, registration(node('n'), { service: service('web', { address: 'a.example.com' }) }))
  const name = nameOfText('a.example.com') as Name // it is one
  const record: ResourceRecord = { name, ttl: 77, content: { type: 'address', ip: [192, 0, 2, 1] } }
  const { answers } = bench.ask('web.service.consul', { chased: new Map([[name, [record]]]) })
  assert.equal(
    answers.map((answer) => ttlOf([answer])),
    [4, 4],
  )
})

zone('a TTL for a name with a capital fits none', () => {
  const bench = createDnsBench({ serviceTtlMs: { Web: 5_000, 'WE*': 3_000, '*': 2_000 } })
  put(bench, registration(node('n'), { service: service('Web') }))
  assert.is(ttlOf(bench.ask('Web.service.consul').answers), 2)
})

zone('who asks for the keys of a delegation is sent on', () => {
  const recursors = [{ host: '10.0.0.53', port: 53 }]
  const asked = packetOf('web.service.consul DS')
  assert.is(createDnsBench({ recursors }).answer(asked).type, 'forward')
  assert.is(createDnsBench().ask('web.service.consul DS').rcode, 'NXDOMAIN')
})

zone('whichever class is asked for is told back', () => {
  const bench = withNodes({}, { n: '10.0.0.1' })
  const told = (name: string) => {
    const packet = packetOf(name)
    packet[packet.length - 1] = 255
    const answer = bench.answer(packet)
    assert.is(answer.type, 'reply')
    const bytes = answer.type === 'reply' ? answer.bytes : new Uint8Array()
    return [bytes[packet.length - 1], (bytes[3] ?? 0) & 15, bytes[7]]
  }
  assert.equal(told('n.node.consul'), [255, 0, 1])
  assert.equal(told('version.bind TXT'), [255, 5, 0])
})

zone('an IPv4 address in the dress of IPv6 is one of IPv4', () => {
  const bench = withNodes({}, { n: '::ffff:10.1.2.3' })
  assert.equal(shown(bench.ask('n.node.consul').answers), ['A n.node.consul 10.1.2.3'])
  assert.equal(bench.ask('n.node.consul AAAA').answers, [])
  assert.equal(shown(bench.ask('3.2.1.10.in-addr.arpa PTR').answers), [
    'PTR 3.2.1.10.in-addr.arpa n.node.dc1.consul',
  ])
})

zone.run()
