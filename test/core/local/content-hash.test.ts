// The content hash against values that a real Consul gave.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { ServiceSpec } from '../../../core/catalog/records.ts'
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
  locality: null,
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
