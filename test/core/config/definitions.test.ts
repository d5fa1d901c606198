// Services and checks of files: every spelling, and what no agent could register.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { dev, load, loaded, refused } from './load.ts'

const definitions = suite('config definitions')

const SPELLINGS = [
  `check {
    id = "c" name = "n" service_id = "s" args = ["x"] interval = "5s" tcp_use_tls = true
    tls_skip_verify = true success_before_passing = 2 deregister_critical_service_after = "2m"
  }`,
  `check {
    CheckID = "c" Name = "n" ServiceID = "s" ScriptArgs = ["x"] Interval = "5s" TCPUseTLS = true
    TLSSkipVerify = true SuccessBeforePassing = 2 DeregisterCriticalServiceAfter = "2m"
  }`,
  `checks = [{
    check_id = "c" name = "n" serviceid = "s" script_args = ["x"] interval = "5s" tcpusetls = true
    tlsskipverify = true successbeforepassing = 2 deregistercriticalserviceafter = "2m"
  }]`,
]

definitions('a check may be spelled as a file or as the API does', () => {
  for (const hcl of SPELLINGS) {
    const [check] = loaded({ flags: ['-dev'], files: { 'a.hcl': hcl } }).checks
    assert.equal(
      [check?.id, check?.name, check?.serviceId, check?.args, check?.intervalMs],
      ['c', 'n', 's', ['x'], 5000],
    )
    assert.equal([check?.tcpUseTls, check?.tlsSkipVerify, check?.h2pingUseTls], [true, true, true])
    assert.equal(
      [check?.successBeforePassing, check?.deregisterCriticalServiceAfterMs],
      [2, 120_000],
    )
  }
})

definitions('a service keeps everything that was said of it', () => {
  const answer = dev(`
    services {
      id = "web-2"
      name = "web"
      address = "10.0.0.2"
      port = 81
      tags = ["a", "b"]
      meta { team = "x" }
      weights { passing = 7 warning = 3 }
      enable_tag_override = true
      tagged_addresses { wan { address = "203.0.113.2" port = 8181 } }
      check { ttl = "1m" status = "passing" }
      checks = [{ name = "second" ttl = "2m" header { X = ["1", "2"] } }]
      connect {
        sidecar_service {
          proxy { upstreams = [{ destination_name = "db" local_bind_port = 1 }] }
        }
      }
    }
    service { name = "plain" }`)
  if (!answer.ok) return assert.unreachable(answer.ours.join('\n'))
  const [web, plain] = answer.config.services
  assert.equal(web?.taggedAddresses, { wan: { address: '203.0.113.2', port: 8181 } })
  assert.equal(web?.weights, { passing: 7, warning: 3 })
  assert.equal(
    web?.checks.map((check) => [check.name, check.ttlMs]),
    [
      ['second', 120_000],
      ['', 60_000],
    ],
  )
  assert.equal(web?.checks[0]?.header, { X: ['1', '2'] })
  assert.is(web?.connect?.sidecar?.proxy?.Upstreams?.[0]?.DestinationName, 'db')
  assert.equal([plain?.name, plain?.weights, plain?.port], ['plain', undefined, 0])
})

const REFUSED: readonly (readonly [hcl: string, consul: string])[] = [
  [
    'service { name = "x" check { interval = "1s" } }',
    'service "x": check "": TTL must be > 0 for TTL checks',
  ],
  ['service { port = 1 }', 'service "": name is missing'],
  ['service { name = "x" address = "0.0.0.0" }', 'service "x": Invalid service address'],
  [
    'check { name = "c" http = "http://x" }',
    'check "c": Interval must be > 0 for Script, HTTP, H2PING, TCP, UDP or OSService checks',
  ],
  [
    'check { name = "c" ttl = "1s" interval = "1s" }',
    'check "c": Interval and TTL cannot both be specified',
  ],
  [
    'check { name = "c" alias_node = "n" ttl = "1s" }',
    'check "c": TTL must be not be set for Alias checks',
  ],
  [
    'check { name = "c" alias_node = "n" tcp = "x:1" interval = "1s" }',
    'check "c": Interval cannot be set for Alias checks',
  ],
  [
    'check { name = "c" ttl = "1s" status = "sleepy" }',
    `check "c": Status for checks must 'passing', 'warning', 'critical'`,
  ],
  [
    'check { name = "c" ttl = "1s" output_max_size = -1 }',
    'check "c": MaxOutputMaxSize must be positive',
  ],
  [
    'check { name = "c" ttl = "1s" failures_before_warning = 2 failures_before_critical = 1 }',
    `check "c": FailuresBeforeWarning can't be higher than FailuresBeforeCritical`,
  ],
  ['check { ttl = "1s" }', 'check "": name is missing'],
]

definitions('what no agent could register is refused, with its place', () => {
  for (const [hcl, consul] of REFUSED) {
    const answer = refused(dev(`\n${hcl}`))
    assert.is(answer.consul, consul, hcl)
    assert.equal(answer.ours, [`a.hcl:2:${hcl.indexOf('{') + 1}: ${consul}`])
  }
})

const GATHERED: readonly (readonly [hcl: string, consul: string, ours: string])[] = [
  [
    'weights { passing = 0 }',
    'Invalid weight definition for service x: Passing must be greater than 0',
    'service "x": Invalid Weights: Passing must be greater than 0',
  ],
  [
    'weights { warning = -1 }',
    'Invalid weight definition for service x: Warning must be greater or equal than 0',
    'service "x": Invalid Weights: Warning must be greater or equal than 0',
  ],
  [
    'weights { passing = 70000 }',
    'Invalid weight definition for service x: DNS Weight must be between 0 and 65535',
    'service "x": Invalid Weights: DNS Weight must be between 0 and 65535',
  ],
  [
    'meta { "a b" = "c" }',
    "invalid meta for service x: Couldn't load metadata pair ('a b', 'c'): " +
      'Key contains invalid characters',
    `service "x": Invalid Service Meta: Couldn't load metadata pair ('a b', 'c'): ` +
      'Key contains invalid characters',
  ],
  [
    'port = 1 socket_path = "/s"',
    'service x cannot have both socket path /s and address/port',
    'service "x": cannot have both socket path /s and address/port',
  ],
]

definitions('what Consul finds while it reads a service, it lists', () => {
  for (const [fields, consul, ours] of GATHERED) {
    const answer = refused(dev(`service { name = "x" ${fields} }`))
    assert.is(answer.consul, `1 error occurred:\n\t* ${consul}\n\n`, fields)
    assert.equal(answer.ours, [`a.hcl:1:9: ${ours}`])
  }
  const sidecar = 'service { name = "x" connect { sidecar_service { id = "y" } } }'
  const list = "1 error occurred:\n\t* sidecar_service can't specify an ID\n\n"
  assert.is(refused(dev(sidecar)).consul, list)
})

definitions('half a weight leaves the other at one, and a check turns at its later mark', () => {
  const hcl = `
    service { name = "x" weights { passing = 7 } }
    check { name = "c" ttl = "1s" failures_before_critical = 3 }`
  const answer = dev(hcl)
  assert.equal(answer.ok && answer.config.services[0]?.weights, { passing: 7, warning: 1 })
  assert.is(answer.ok && answer.config.checks[0]?.failuresBeforeWarning, 3)
})

definitions('a duration of a check is refused with the id of the check', () => {
  const { consul } = refused(dev('check { id = "c" name = "n" ttl = "x" }', { profile: 'consul' }))
  assert.match(consul, 'check[c].ttl: invalid duration: "x": time: invalid duration "x"')
})

definitions('a duration of a check is refused where the check stands', () => {
  const { ours } = refused(dev('\nservice {\n  name = "s"\n  check { ttl = "x" }\n}'))
  assert.is(ours[0], 'a.hcl:4:9: check[].ttl is no duration: "x"')
})

definitions('nothing is said of a check that only follows from its bad duration', () => {
  const hcl = '\nservice {\n  name = "s"\n  check { http = "http://x" interval = "10x" }\n}\n'
  const { ours } = refused(dev(`${hcl}check { name = "c" ttl = "1" }`))
  assert.equal(
    ours.filter((line) => !line.startsWith('  next')),
    [
      'a.hcl:6:7: check[].ttl is no duration: "1"',
      'a.hcl:4:9: check[].interval is no duration: "10x"',
    ],
  )
})

definitions('a proxy that leads to no service is refused, as by Consul', () => {
  const hcl = '\nservice { name = "p" kind = "connect-proxy" }'
  const faults = [
    'Port or SocketPath must be set for a connect-proxy',
    'Proxy.DestinationServiceName must be non-empty for Connect proxy services',
  ]
  for (const purpose of ['check', 'start'] as const) {
    const { consul, ours } = refused(dev(hcl, { purpose }))
    const list = faults.map((fault) => `\t* ${fault}\n`).join('')
    assert.is(consul, `service "p": 2 errors occurred:\n${list}\n`)
    assert.equal(ours, [`a.hcl:2:9: service "p": ${faults.join('; ')}`])
  }
  const good = dev('service { name = "p" kind = "ingress-gateway" }')
  assert.ok(good.ok)
})

definitions('an alias with an interval, a script and an alias of a node alone are good', () => {
  const hcl = `
    checks { name = "a" alias_service = "x" interval = "1s" }
    checks { name = "b" args = ["/bin/true"] interval = "1s" }
    checks { name = "c" alias_node = "n" }`
  assert.is(loaded({ flags: ['-dev'], files: { 'a.hcl': hcl } }).checks.length, 3)
})

definitions('two single services in one file are not two, several files have one each', () => {
  const one = 'service { name = "a" }\n'
  assert.match(refused(dev(one + one)).consul, "'service' expected a map, got 'slice'")
  const answer = load({
    flags: ['-dev'],
    files: { 'a.hcl': one, 'b.hcl': 'service { name = "b" }' },
  })
  assert.equal(answer.ok && answer.config.services.map(({ name }) => name), ['a', 'b'])
})

definitions.run()
