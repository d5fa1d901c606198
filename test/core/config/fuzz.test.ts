// Whatever stands in a file or on the command line: a record or a refusal, never an exception, and
// in bounded time.

import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { fc } from '../../kit/property.ts'
import { load } from './load.ts'

const fuzz = suite('config fuzz')

const HCL = `# an agent
datacenter = "eu-1"
server = true
ports { http = 8500 dns = -1 }
node_meta { a = "1" }
recursors = ["8.8.8.8", "[::1]:53"]
service { name = "x" check { ttl = "1m" } }
check "c" {}
text = <<EOF
 line
EOF
http_config { response_headers { A = "b" } use_cache = false }
`
const JSON_TEXT = JSON.stringify({
  datacenter: 'eu-1',
  ports: { http: 8500 },
  services: [{ name: 'x', checks: [{ ttl: '1m' }] }],
  acl: { tokens: { default: 'x' } },
  start_join: ['a'],
  limits: { rpc_rate: 1.5e3 },
})

const slip = fc.oneof(
  fc.constantFrom('{', '}', '[', ']', '"', '\\', '=', ',', '<<', '/*', '\0', '${', '\n', 'true'),
  fc.string(),
)

fuzz('a text with slips is read or refused', () => {
  const texts = fc.tuple(fc.constantFrom('a.hcl', 'a.json'), fc.array(fc.tuple(fc.nat(), slip)))
  fc.assert(
    fc.property(texts, fc.nat(), ([name, slips], cut) => {
      let text = name === 'a.hcl' ? HCL : JSON_TEXT
      for (const [at, piece] of slips) {
        const where = at % (text.length + 1)
        text = text.slice(0, where) + piece + text.slice(where + 1)
      }
      for (const given of [text, text.slice(0, cut % (text.length + 1))]) {
        const answer = load({ flags: ['-dev'], files: { [name]: given } })
        if (!answer.ok) assert.ok(answer.consul !== '' && answer.ours.length > 0, given)
      }
    }),
    { numRuns: 400 },
  )
})

fuzz('a text cut anywhere is read or refused', () => {
  for (let end = 0; end <= HCL.length; end++)
    assert.type(load({ flags: ['-dev'], files: { 'a.hcl': HCL.slice(0, end) } }).ok, 'boolean')
})

fuzz('any JSON value under any key is read or refused, by both profiles', () => {
  const keys = ['ports', 'acl', 'services', 'check', 'node_meta', 'tls', 'retry_join', 'telemetry']
  const value = fc.jsonValue({ maxDepth: 4 })
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...keys, 'x'), value), (settings) => {
      const files = { 'a.json': JSON.stringify(settings) }
      for (const profile of ['lictor', 'consul'] as const)
        assert.type(load({ profile, flags: ['-dev'], files }).ok, 'boolean')
    }),
  )
})

fuzz('any command line is read or refused', () => {
  const word = fc.oneof(
    fc.constantFrom(
      '-dev',
      '-hcl',
      '-hcl=a=',
      '-node',
      '-node-meta=',
      '--',
      '-',
      '-=',
      '-server=x',
    ),
    fc.string(),
    fc.string().map((text) => `-bind=${text}`),
    fc.string().map((text) => `-hcl=${text}`),
  )
  fc.assert(
    fc.property(fc.array(word, { maxLength: 6 }), (flags) => {
      assert.type(load({ flags }).ok, 'boolean')
    }),
  )
})

fuzz('a megabyte of unknown keys is refused', () => {
  const lines = Array.from({ length: 60_000 }, (_, i) => `key_${i} = ${i}`).join('\n')
  const answer = load({ flags: ['-dev'], files: { 'a.hcl': `${lines}\n${'#'.repeat(1 << 18)}` } })
  assert.is(answer.ok, false)
})

fuzz('ten thousand levels are refused in either language, and too long a text', () => {
  const deep = { 'a.hcl': 'a {'.repeat(10_000), 'b.json': '{"a":'.repeat(10_000) }
  for (const [name, text] of Object.entries(deep))
    assert.is(load({ flags: ['-dev'], files: { [name]: text } }).ok, false)
  const long = ' '.repeat(5 * 1024 * 1024)
  assert.is(load({ flags: ['-dev'], files: { 'a.hcl': `a = 1${long}` } }).ok, false)
  assert.is(load({ flags: ['-dev'], files: { 'a.json': `{"a":1}${long}` } }).ok, false)
})

fuzz.run()
