// The content hash against values that a real Consul gave.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { ServiceSpec } from '../../../core/catalog/records.ts'
import type { ProxySpec, Upstream } from '../../../core/config/proxy.ts'
import { contentHash } from '../../../core/local/content-hash.ts'

const hash = suite('local/content-hash')

const PLAIN: ServiceSpec = {
  kind: '',
  id: 'web',
  name: 'web',
  tags: null,
  address: '',
  taggedAddresses: null,
  meta: null,
  port: 0,
  socketPath: '',
  weights: { Passing: 1, Warning: 1 },
  enableTagOverride: false,
  proxy: null,
  native: false,
  locality: null,
}
const WEB: ProxySpec = { DestinationServiceName: 'web', MeshGateway: {}, Expose: {} }
const PROXY: ServiceSpec = {
  ...PLAIN,
  kind: 'connect-proxy',
  id: 'web-proxy',
  name: 'web-proxy',
  port: 8000,
  proxy: WEB,
}
const TO_DB: Upstream = {
  DestinationType: 'service',
  DestinationName: 'db',
  LocalBindPort: 9001,
  MeshGateway: {},
}
const TO_C: Upstream = {
  DestinationType: 'prepared_query',
  DestinationName: 'c',
  Datacenter: 'dc2',
  LocalBindAddress: '127.0.0.3',
  LocalBindPort: 9002,
  Config: { k: 'v' },
  MeshGateway: {},
}
const AT = { Address: '10.0.0.5', Port: 8080 }

const CASES: readonly (readonly [what: string, service: ServiceSpec, expected: string])[] = [
  ['a name alone', PLAIN, 'f2137234e77318c'],
  ['a port', { ...PLAIN, port: 9090 }, '40f169c822b14443'],
  ['a tag and meta', { ...PLAIN, port: 81, tags: ['a'], meta: { k: 'v' } }, 'ecd95d210571a5b3'],
  [
    'everything',
    {
      ...PLAIN,
      id: 'web2',
      tags: ['b', 'a'],
      port: 8080,
      address: '10.0.0.5',
      meta: { v: '2' },
      enableTagOverride: true,
      weights: { Passing: 5, Warning: 2 },
      taggedAddresses: {
        lan: AT,
        lan_ipv4: AT,
        wan: { Address: '203.0.113.5', Port: 80 },
        wan_ipv4: AT,
      },
    },
    'a522671708cc4c85',
  ],
  ['a proxy', PROXY, 'cdb67fed43eb05ac'],
  [
    'a proxy with upstreams',
    { ...PROXY, proxy: { ...WEB, Upstreams: [TO_DB, TO_C] } },
    '647c4915fc5883a7',
  ],
  [
    'a proxy with free settings',
    {
      ...PROXY,
      proxy: {
        ...WEB,
        DestinationServiceID: 'web1',
        LocalServiceAddress: '127.0.0.2',
        LocalServicePort: 81,
        Config: { a: 1, b: { c: [1, 'x'] } },
      },
    },
    'aa3ad351f6938e1',
  ],
]

for (const [what, service, expected] of CASES) {
  hash(`${what} has the hash that Consul gives it`, () => {
    assert.is(contentHash(service), expected)
  })
}

hash('the order of maps means nothing, the order of tags does', () => {
  const [a, b] = [
    { x: '1', y: '2' },
    { y: '2', x: '1' },
  ]
  assert.is(contentHash({ ...PLAIN, meta: a }), contentHash({ ...PLAIN, meta: b }))
  const tags = (...given: string[]) => contentHash({ ...PLAIN, tags: given })
  assert.is.not(tags('x', 'y'), tags('y', 'x'))
})

hash.run()
