// Types, names and unknown keys: what Consul's decoder says, and what we say with a place.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { closest, editDistance } from '../../../core/config/nearest.ts'
import { dev, refused } from './load.ts'

const decode = suite('config decode')

const MISMATCHES: readonly (readonly [text: string, consul: string, ours: string])[] = [
  [
    'server = "x"',
    "'server' expected type 'bool', got unconvertible type 'string', value: 'x'",
    'a.hcl:1:10: server must be true or false, not "x"',
  ],
  [
    'server = 1',
    "'server' expected type 'bool', got unconvertible type 'int', value: '1'",
    'a.hcl:1:10: server must be true or false, not 1',
  ],
  [
    'ports {\n  http = "x"\n}',
    "'ports.http' expected type 'int', got unconvertible type 'string', value: 'x'",
    'a.hcl:2:10: ports.http must be a whole number, not "x"',
  ],
  [
    'node_name = 7',
    "'node_name' expected type 'string', got unconvertible type 'int', value: '7'",
    'a.hcl:1:13: node_name must be a text in quotes, not 7',
  ],
  [
    'node_name = ["a", "b"]',
    "'node_name' expected type 'string', got unconvertible type '[]interface {}', value: '[a b]'",
    'a.hcl:1:13: node_name must be a text in quotes, not a list of 2',
  ],
  ['ports = 5', "'ports' expected a map, got 'int'", 'a.hcl:1:9: ports must be a block, not 5'],
  [
    'ports {}\nports {}',
    "'ports' expected a map, got 'slice'",
    'a.hcl:1:7: ports must be a block, not 2 blocks',
  ],
  [
    'recursors = "1.1.1.1"',
    "'recursors': source data must be an array or slice, got string",
    'a.hcl:1:13: recursors must be a list, not "1.1.1.1"',
  ],
  [
    'node_meta { a = 1 }',
    "'node_meta[a]' expected type 'string', got unconvertible type 'int', value: '1'",
    'a.hcl:1:17: node_meta[a] must be a text in quotes, not 1',
  ],
  [
    'limits { rpc_rate = "1" }',
    "'limits.rpc_rate' expected type 'float64', got unconvertible type 'string', value: '1'",
    'a.hcl:1:21: limits.rpc_rate must be a number, not "1"',
  ],
  [
    'limits { kv_max_value_size = -1 }',
    "cannot parse 'limits.kv_max_value_size', -1 overflows uint",
    'a.hcl:1:30: limits.kv_max_value_size cannot be below 0: -1',
  ],
  [
    'autopilot { min_quorum = "3" }',
    "'autopilot.min_quorum' expected type 'uint', got unconvertible type 'string', value: '3'",
    'a.hcl:1:26: autopilot.min_quorum must be a whole number, 0 or more, not "3"',
  ],
  [
    'services { port = "1" }',
    "'services[0].port' expected type 'int', got unconvertible type 'string', value: '1'",
    'a.hcl:1:19: services[0].port must be a whole number, not "1"',
  ],
  [
    'dns_config { max_stale = 5 }',
    "'dns_config.max_stale' expected type 'string', got unconvertible type 'int', value: '5'",
    'a.hcl:1:26: dns_config.max_stale must be a duration in quotes, as "15s", not 5',
  ],
]

decode('names type and place of a value that does not fit', () => {
  for (const [text, consul, ours] of MISMATCHES) {
    const { consul: said, ours: shown } = refused(dev(text))
    assert.is(said, `failed to parse a.hcl: 1 error(s) decoding:\n\n* ${consul}`)
    assert.equal(shown, [ours])
  }
})

decode('names all mismatches of a file, in the order of their texts', () => {
  const { consul, ours } = refused(dev('server = 1\nbootstrap = "x"\nnode_name = true'))
  assert.is(
    consul,
    'failed to parse a.hcl: 3 error(s) decoding:\n\n' +
      "* 'bootstrap' expected type 'bool', got unconvertible type 'string', value: 'x'\n" +
      "* 'node_name' expected type 'string', got unconvertible type 'bool', value: 'true'\n" +
      "* 'server' expected type 'bool', got unconvertible type 'int', value: '1'",
  )
  assert.is(ours.length, 3)
})

decode('names all unknown keys, of every file, and guesses what was meant', () => {
  const { ours } = refused(dev('servr = true\nports {\n  htpp = 1\n  xyz = 2\n}'))
  assert.equal(ours, [
    'a.hcl:1:1: unknown setting "servr"',
    '  next: did you mean server?',
    'a.hcl:3:3: unknown setting "ports.htpp"',
    '  next: did you mean http?',
    'a.hcl:4:3: unknown setting "ports.xyz"',
  ])
})

decode('lists unknown keys as Consul does', () => {
  const { consul } = refused(dev('zeta = 1\nports { htpp = 1 }', { profile: 'consul' }))
  assert.is(
    consul,
    'failed to parse a.hcl: 2 errors occurred:\n' +
      '\t* invalid config key ports.htpp\n\t* invalid config key zeta\n\n',
  )
})

decode('tells the first twenty of many complaints, and how many there are', () => {
  const { ours } = refused(dev(Array.from({ length: 50 }, (_, i) => `xyz_${i} = 1`).join('\n')))
  assert.is(ours.length, 21)
  assert.is(ours[20], 'and 30 more')
})

decode('opens a list of one where no list is wanted', () => {
  const answer = dev('node_name = ["one"]\nports = [{ http = 1 }]')
  if (!answer.ok) return assert.unreachable(answer.ours.join())
  assert.is(answer.config.nodeName, 'one')
  assert.is(answer.config.ports.http, 1)
})

decode('reads names without regard to case, the exact one first', () => {
  const answer = dev('Node_Name = "a"\nPorts { HTTP = 7 }')
  if (!answer.ok) return assert.unreachable(answer.ours.join())
  assert.is(answer.config.nodeName, 'a')
  assert.is(answer.config.ports.http, 7)
  const two = refused(dev('Node_Name = "a"\nnode_name = "b"'))
  assert.equal(two.ours, [
    'a.hcl:1:1: unknown setting "Node_Name"',
    '  next: did you mean node_name?',
  ])
})

decode('cuts the fraction of a whole number, as Go does', () => {
  const answer = dev('ports { http = 8500.9 }')
  assert.is(answer.ok && answer.config.ports.http, 8500)
})

decode('takes keys of Enterprise with a warning, and null as nothing said', () => {
  const told = {
    flags: ['-dev'],
    files: { 'a.json': '{"segments":null,"partition":"x","ports":null}' },
  }
  const answer = dev('', told)
  assert.is(answer.ok, true)
  const json = dev('partition = "x"')
  assert.ok(json.ok && json.warnings.some((one) => one.startsWith('partition belongs to Consul')))
})

decode('knows our own keys, except when called as consul', () => {
  const text = 'http_config { error_format = "json" }'
  const answer = dev(text)
  assert.is(answer.ok && answer.config.httpConfig.errorFormat, 'json')
  const { consul } = refused(dev(text, { profile: 'consul' }))
  assert.match(consul, 'invalid config key http_config.error_format')
})

decode('names that mean something to JavaScript are names like any other', () => {
  for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
    const { ours } = refused(dev(`"${name}" = 1`))
    assert.is(ours[0], `a.hcl:1:1: unknown setting "${name}"`)
    const answer = dev(`http_config { response_headers { "${name}" = "x" } }`)
    if (!answer.ok) return assert.unreachable(answer.ours.join())
    assert.equal(Object.entries(answer.config.httpConfig.responseHeaders), [[name, 'x']])
  }
})

decode('keeps what another part interprets as plain values, single blocks opened', () => {
  const answer = dev('connect { ca_config { a = [1, "x"] } }')
  assert.equal(answer.ok && answer.config.debug['ConnectCAConfig'], { a: [1, 'x'] })
  const nested = dev('connect { ca_config { a { b { c = 1.5 } } d = true } }')
  assert.equal(nested.ok && nested.config.debug['ConnectCAConfig'], {
    a: { b: { c: 1.5 } },
    d: true,
  })
})

decode('finds the nearest word within two slips', () => {
  const known = ['server', 'service', 'services', 'ports']
  assert.is(closest('servr', known), 'server')
  assert.is(closest('serivce', known), 'service')
  assert.is(closest('port', known), 'ports')
  assert.is(closest('cat', ['bat', 'hat']), 'bat')
  assert.is(closest('completely', known), undefined)
  assert.is(closest('x', ['ab']), undefined)
  assert.is(editDistance('kitten', 'sitting'), 3)
  assert.is(editDistance('ab', 'ba'), 1)
  assert.is(editDistance('', 'abc'), 3)
})

decode.run()
