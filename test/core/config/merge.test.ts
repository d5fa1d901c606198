// Sources in their order: which value wins, what lists and maps come to, what becomes of old names.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { mergeSettings, modernize } from '../../../core/config/merge.ts'
import { AGENT, MOVES, type Settings } from '../../../core/config/schema.ts'
import type { Shape } from '../../../core/config/shape.ts'
import { load, loaded } from './load.ts'

const merge = suite('config merge')

merge('a later scalar wins, lists are joined, maps and blocks are merged', () => {
  const one: Settings = {
    server: true,
    ports: { http: 1, dns: 2 },
    recursors: ['a'],
    node_meta: { x: '1', y: '1' },
  }
  const two: Settings = {
    server: false,
    ports: { http: 3 },
    recursors: ['b'],
    node_meta: { y: '2' },
  }
  assert.equal(mergeSettings([one, two]), {
    server: false,
    ports: { http: 3, dns: 2 },
    recursors: ['a', 'b'],
    node_meta: { x: '1', y: '2' },
  })
  assert.equal(mergeSettings([]), {})
})

merge('files in their order, flags after them, fragments last; lists of flags first', () => {
  const config = loaded({
    files: {
      'a.hcl':
        'node_name = "file"\ndatacenter = "file"\nports { http = 1 }\n' +
        'http_config { block_endpoints = ["/a"] }',
      'b.json': '{"http_config":{"block_endpoints":["/b"],"allow_write_http_from":["10.0.0.0/8"]}}',
    },
    flags: [
      '-dev',
      '-node=flag',
      '-datacenter=flag',
      '-hcl=datacenter = "fragment"',
      '-hcl=ports { http = 2 }\nhttp_config { block_endpoints = ["/c"] }',
      '-allow-write-http-from=127.0.0.0/8',
    ],
  })
  assert.is(config.nodeName, 'flag')
  assert.is(config.datacenter, 'fragment')
  assert.is(config.ports.http, 2)
  assert.equal(config.httpConfig.blockEndpoints, ['/a', '/b', '/c'])
  assert.equal(config.httpConfig.allowWriteFrom, ['127.0.0.0/8', '10.0.0.0/8'])
})

merge('a single service or check joins the others of its file', () => {
  const { settings } = modernize({
    service: { name: 'one' },
    services: [{ name: 'two' }],
    check: { name: 'c' },
  })
  assert.equal(settings.services, [{ name: 'two' }, { name: 'one' }])
  assert.equal(settings.checks, [{ name: 'c' }])
  assert.is(settings.service, undefined)
})

merge('every old name leads to a setting that exists, from one that can be read', () => {
  for (const [from, to] of Object.entries(MOVES)) {
    assert.ok(shapeAt(from) !== undefined, from)
    assert.ok(to === '' || shapeAt(to)?.type === shapeAt(from)?.type, `${from} -> ${to}`)
  }
})

function shapeAt(path: string): Shape | undefined {
  let shape: Shape | undefined = AGENT
  for (const name of path.split('.'))
    shape = shape?.type === 'record' ? shape.fields[name] : undefined
  return shape
}

merge('an old name is taken with a warning, and gives way to the new one beside it', () => {
  const answer = load({
    flags: ['-dev'],
    files: {
      'a.json':
        '{"acl_default_policy":"deny","acl_datacenter":"dc9",' +
        '"acl":{"default_policy":"allow","tokens":{"master":"x"}}}',
    },
  })
  if (!answer.ok) return assert.unreachable(answer.ours.join())
  assert.is(answer.config.acl.defaultPolicy, 'allow')
  assert.is(answer.config.primaryDatacenter, 'dc9')
  assert.equal(
    answer.warnings.filter((one) => one.includes('out of use')),
    [
      'acl.tokens.master is out of use; write acl.tokens.initial_management instead',
      'acl_datacenter is out of use; write primary_datacenter instead',
      'acl_default_policy is out of use; write acl.default_policy instead',
    ],
  )
})

merge('an old list joins the new one', () => {
  const { settings, moved } = modernize({ start_join: ['a'], retry_join: ['b'] })
  assert.equal(settings.retry_join, ['b', 'a'])
  assert.equal(moved, ['start_join'])
})

merge.run()
