// DNS out of what a registry tells: the names of the lesson, and what follows a change.
import type { PacketRecord } from 'dns-packet'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { utf8 } from '../../../core/bytes.ts'
import { indexOf } from '../../../core/catalog/indexes.ts'
import { answerPacket, createResolver } from '../../../core/dns/answer.ts'
import { dnsSettings } from '../../../core/dns/settings.ts'
import { createPrng } from '../../../core/prng.ts'
import { createMirror, instancesOf, mirror } from '../../../core/registry/mirror.ts'
import type { NamedInstance } from '../../../core/registry/shapes.ts'
import { viewOf } from '../../../core/state/store.ts'
import { testConfig } from '../../kit/config.ts'
import { decode, packetOf, shown } from '../dns/kit.ts'

const suiteOf = suite('registry/mirror')

const instance = (id: string, changed: Partial<NamedInstance> = {}): NamedInstance => ({
  id,
  name: 'web',
  node: 'registry',
  address: '192.168.1.10',
  port: 8080,
  status: 'passing',
  ...changed,
})

/** The names that DNS has for what a registry tells, and a way to tell it more. */
function createNames() {
  const names = createMirror()
  const settings = { ...dnsSettings(testConfig({})), namesDatacenter: false }
  const resolver = createResolver(settings, createPrng(7))
  const ask = (question: string) => {
    const asking = { packet: packetOf(question), transport: 'udp', chased: new Map() } as const
    const answer = answerPacket(resolver, asking, { view: viewOf(names.store), wall: 1_000 })
    assert.is(answer.type, 'reply', question)
    return decode(answer.type === 'reply' ? answer.bytes : new Uint8Array())
  }
  return {
    ask,
    tell: (...instances: NamedInstance[]) => mirror(names, instances),
    index: (name: `service.${string}`) => indexOf(viewOf(names.store), name),
  }
}

const targets = (records: readonly PacketRecord[]) =>
  records.map(({ data }) => JSON.stringify(data)).sort()

suiteOf('each instance is a node of its own, without a datacenter in its name', () => {
  const { tell, ask } = createNames()
  tell(instance('web-1'), instance('web-2', { address: '192.168.1.11', port: 8081 }))
  const { answers, additionals } = ask('web.service.consul SRV')
  assert.equal(targets(answers), [
    '{"priority":1,"weight":1,"port":8080,"target":"web-1.node.consul"}',
    '{"priority":1,"weight":1,"port":8081,"target":"web-2.node.consul"}',
  ])
  assert.equal(shown(additionals).sort(), [
    'A web-1.node.consul 192.168.1.10',
    'A web-2.node.consul 192.168.1.11',
  ])
  const name = '11.1.168.192.in-addr.arpa'
  assert.equal(shown(ask(`${name} PTR`).answers), [`PTR ${name} web-2.node.consul`])
  assert.equal(shown(ask('web-2.node.consul').answers), ['A web-2.node.consul 192.168.1.11'])
})

suiteOf('what goes, falls ill or takes another tag shows; what stays moves no index', () => {
  const { tell, ask, index } = createNames()
  const db = instance('db-1', { name: 'db' })
  tell(instance('web-1', { tags: ['blue'] }), db)
  const before = index('service.db')
  tell(instance('web-1', { tags: ['green'] }), db)
  assert.is(ask('blue.web.service.consul').rcode, 'NXDOMAIN')
  assert.is(ask('green.web.service.consul').answers.length, 1)
  tell(instance('web-1', { status: 'critical' }), db)
  assert.is(ask('web.service.consul').rcode, 'NXDOMAIN')
  assert.is(index('service.db'), before)
  tell()
  assert.is(ask('db.service.consul').rcode, 'NXDOMAIN')
})

suiteOf('two instances with one id are told apart by their nodes', () => {
  const { tell, ask } = createNames()
  tell(instance('a', { node: 'n1' }), instance('a', { node: 'n2', address: '10.0.0.2' }))
  assert.is(ask('web.service.consul').answers.length, 2)
  assert.equal(shown(ask('a.n2.node.consul').answers), ['A a.n2.node.consul 10.0.0.2'])
})

suiteOf('what is no list of a registry is refused', () => {
  for (const text of ['', '{}x', '{"a": 1}', '[{"id": 7}]', '[{"id": "web-1"}]', '["web"]']) {
    assert.throws(() => instancesOf(utf8(text)), /.+/, text)
  }
  assert.is(instancesOf(utf8('[]')).length, 0)
})

suiteOf.run()
