import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { textOf as textOfBytes } from '../../../core/bytes.ts'
import { type Meaning, meaningOf } from '../../../core/dns/meaning.ts'
import { metaTexts } from '../../../core/dns/meta-text.ts'
import { labelsOf, nameOf, nameOfText, suffixWithin, textOf } from '../../../core/dns/name.ts'
import { TYPE } from '../../../core/dns/record.ts'
import { reverseIp } from '../../../core/dns/reverse.ts'
import { serviceTtl } from '../../../core/dns/settings.ts'

const names = suite('dns/names')

const meaning = (name: string, type: number = TYPE.A): Meaning =>
  meaningOf({ labels: name === '' ? [] : name.split('.'), type, datacenter: 'dc1' })

const node = (name: string, here = true): Meaning => ({ type: 'node', name, here })
const service = (name: string, tag = '', here = true): Meaning => ({
  type: 'service',
  name,
  tag,
  here,
})
/** Who serves a name over Connect. */
const connected = (name: string): Meaning => ({
  type: 'service',
  name,
  tag: '',
  here: true,
  connected: true,
})
const nothing: Meaning = { type: 'nothing' }

const MEANINGS: readonly (readonly [string, Meaning])[] = [
  ['a.node', node('a')],
  ['A.B.Node.DC1', node('a.b')],
  ['a.node.dc1.dc', node('a')],
  ['a.node.dc2', node('a', false)],
  ['a.node.dc1.extra', nothing],
  ['a.node.dc1.ns', nothing],
  ['a.node.x.y.dc', nothing],
  ['a.node.p.peer', node('a', false)],
  ['a.node.dc2.dc.dc1.dc', node('a')],
  ['a.node.dc1.dc.p.peer', nothing],
  ['node', nothing],
  ['node.dc1', nothing],
  ['web.service', service('web')],
  ['v1.2.web.service', service('web', 'v1.2')],
  ['_web._tcp.service', service('web')],
  ['_web._TCP.service', service('web')],
  ['_web._udp.service.dc9', service('web', 'udp', false)],
  ['_web.service', service('_web')],
  ['web._tcp.service', service('_tcp', 'web')],
  ['_a._web._tcp.service', service('_tcp', '_a._web')],
  ['_web._tcp', nothing],
  ['x.service.node', node('x.service')],
  ['a.node.service', service('node', 'a')],
  ['7f000001.addr', { type: 'addr', digits: '7f000001' }],
  ['7f000001.addr.a.b.c', { type: 'addr', digits: '7f000001' }],
  ['x.7f000001.addr', nothing],
  ['web.virtual', { type: 'virtual', name: 'web' }],
  ['web.virtual.dc1', { type: 'virtual', name: '' }],
  ['web.virtual.dc2.dc', { type: 'virtual', name: 'web' }],
  ['web.virtual.p.peer', { type: 'virtual', name: '' }],
  ['web.virtual.a.b', nothing],
  ['web.virtual.a.b.c', nothing],
  ['virtual', nothing],
  ['web.query', nothing],
  ['web.connect', connected('web')],
  ['tag.web.connect.dc1', connected('web')],
  ['web.connect.a.b', nothing],
  ['web.connect.p.peer', connected('web')],
  ['_web._tcp.connect', connected('_tcp')],
  ['web', nothing],
  ['', nothing],
]

names('each name has one meaning, read from the right', () => {
  for (const [name, expected] of MEANINGS) assert.equal(meaning(name), expected, name)
})

names('a question for SRV may leave the word service out', () => {
  assert.equal(meaning('_web._tcp', TYPE.SRV), service('web'))
  assert.equal(meaning('_web._blue.dc1', TYPE.SRV), service('web', 'blue'))
  assert.equal(meaning('_web._tcp.dc2.dc', TYPE.SRV), service('web', '', false))
  assert.equal(meaning('_web._tcp.node', TYPE.SRV), node('_web._tcp'))
})

names('a name keeps to 63 bytes a label and 255 in all', () => {
  assert.ok(nameOf(['a'.repeat(63)]))
  assert.is(nameOf(['a'.repeat(64)]), undefined)
  assert.is(nameOf(['']), undefined)
  const long = [63, 63, 63, 61].map((length) => 'a'.repeat(length))
  assert.is(nameOf(long)?.length, 255)
  assert.is(nameOf([...long.slice(0, 3), 'a'.repeat(62)]), undefined)
  assert.is(nameOfText('a..b'), undefined)
  assert.is(nameOfText('.'), undefined)
  assert.is(nameOfText('a.b.'), nameOfText('a.b'))
})

names('a dot inside a label does not split it', () => {
  const name = nameOf(['a.b', 'consul'])
  assert.ok(name !== undefined)
  assert.equal(labelsOf(name), ['a.b', 'consul'])
  assert.is.not(name, nameOfText('a.b.consul'))
  assert.is(textOf(name), 'a.b.consul.')
})

names('a domain is found without regard to case, and not inside a label', () => {
  const within = (name: string, domain: string) => {
    const [whole, end] = [nameOfText(name), nameOfText(domain)]
    const found = whole && end && suffixWithin(whole, end)
    return found && textOf(found)
  }
  assert.is(within('a.CONSUL', 'consul'), 'CONSUL.')
  assert.is(within('consul', 'consul'), 'consul.')
  assert.is(within('xconsul', 'consul'), undefined)
  assert.is(within('a.consul.com', 'consul'), undefined)
  assert.is(within('a.other.corp', 'example.corp'), undefined)
})

names('reverse names stand for whole addresses only', () => {
  const ip = (name: string) => reverseIp(name.split('.'))?.join('.')
  assert.is(ip('4.3.2.1.in-addr.ARPA'), '1.2.3.4')
  for (const bad of ['3.2.1.in-addr.arpa', '300.3.2.1.in-addr.arpa', '04.3.2.1.in-addr.arpa'])
    assert.is(ip(bad), undefined, bad)
  assert.is(ip('x.3.2.1.in-addr.arpa'), undefined)
  assert.is(ip('arpa'), undefined)
  const six = `1${'.0'.repeat(23)}.8.b.d.0.1.0.0.2.ip6.arpa`
  assert.is(ip(six), '32.1.13.184.0.0.0.0.0.0.0.0.0.0.0.1')
  assert.is(ip(six.slice(2)), undefined)
})

names('the meta of a node becomes texts as RFC 1464 has them', () => {
  const texts = (meta: Record<string, string>) => metaTexts(meta).map(textOfBytes)
  assert.equal(texts({ key: 'a=b`c' }), ['key=a=b``c'])
  assert.equal(texts({ 'a=b': '' }), ['a`=b='])
  assert.equal(texts({ ' a ': 'x' }), ['` a` =x'])
  assert.equal(texts({ 'RFC1035-x': 'raw=`' }), ['raw=`'])
  assert.equal(metaTexts(null), [])
})

names('the TTL of a service is its own, else that of the longest prefix', () => {
  const ttls = {
    exact: new Map([['dbx', 60]]),
    prefixes: [['db-', 7] as const, ['db', 5] as const, ['', 2] as const],
  }
  const found = ['dbx', 'dbxy', 'db-one', 'db', 'web'].map((name) => serviceTtl(ttls, name))
  assert.equal(found, [60, 5, 7, 5, 2])
  assert.is(serviceTtl({ exact: new Map(), prefixes: [] }, 'web'), 0)
})

names.run()
