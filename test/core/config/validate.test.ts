// Which settings are refused: in Consul's words where scripts know them, and in ours with the place
// and what to do.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { dev, load, refused, type Told } from './load.ts'

const validate = suite('config rules')

interface Case {
  readonly hcl: string
  readonly consul: string
  readonly ours: readonly string[]
}

const gathered = (text: string) => `1 error occurred:\n\t* ${text}\n\n`

const LONG = 'k'.repeat(129)
const NO_DURATION = '  next: write one as 300ms, 15s or 1h30m'

const CASES: readonly Case[] = [
  {
    hcl: 'datacenter = "Bad DC"',
    consul:
      'datacenter can only contain lowercase alphanumeric, - or _ characters. received: "bad dc"',
    ours: [
      'a.hcl:1:1: datacenter cannot be "Bad DC"',
      '  next: use lower-case letters, digits, "-" and "_"',
    ],
  },
  {
    hcl: 'ports {\n  http = 70000\n}',
    consul: gathered('ports.http: invalid port: 70000'),
    ours: [
      'a.hcl:2:3: ports.http is no port: 70000',
      '  next: ports go from 0 (any free one) to 65535; -1 is off',
    ],
  },
  {
    hcl: 'ports { http = 8600 }',
    consul: 'HTTP address 127.0.0.1:8600 already configured for DNS',
    ours: [
      'a.hcl:1:9: 127.0.0.1:8600 is for DNS already, not for HTTP',
      '  next: give ports.http another port; -1 is off, 0 is any free one',
    ],
  },
  {
    hcl: 'ports { server = 8500 }',
    consul: 'RPC Advertise address 127.0.0.1:8500 already configured for HTTP',
    ours: [
      'a.hcl:1:9: 127.0.0.1:8500 is for HTTP already, not for RPC Advertise',
      '  next: give ports.server another port; -1 is off, 0 is any free one',
    ],
  },
  {
    hcl: 'retry_interval = "fast"',
    consul: gathered('retry_interval: invalid duration: "fast": time: invalid duration "fast"'),
    ours: [
      'a.hcl:1:1: retry_interval is no duration: "fast"',
      '  next: write one as 300ms, 15s or 1h30m',
    ],
  },
  {
    hcl: 'max_query_time = "5"',
    consul: gathered('max_query_time: invalid duration: "5": time: missing unit in duration "5"'),
    ours: [
      'a.hcl:1:1: max_query_time is no duration: "5"',
      '  next: write one as 300ms, 15s or 1h30m',
    ],
  },
  {
    hcl: 'session_ttl_min = "5x"',
    consul: gathered(
      'session_ttl_min: invalid duration: "5x": time: unknown unit "x" in duration "5x"',
    ),
    ours: [
      'a.hcl:1:1: session_ttl_min is no duration: "5x"',
      '  next: write one as 300ms, 15s or 1h30m',
    ],
  },
  {
    hcl: 'dns_config { service_ttl { "db*" = "5x" } }',
    consul: gathered(
      'dns_config.service_ttl["db*"]: invalid duration: "5x": ' +
        'time: unknown unit "x" in duration "5x"',
    ),
    ours: [
      'a.hcl:1:14: dns_config.service_ttl["db*"] is no duration: "5x"',
      '  next: write one as 300ms, 15s or 1h30m',
    ],
  },
  {
    hcl: 'performance { raft_multiplier = 11 }',
    consul: 'performance.raft_multiplier cannot be 11. Must be between 1 and 10',
    ours: ['a.hcl:1:15: performance.raft_multiplier must be between 1 and 10, not 11'],
  },
  {
    hcl: 'http_config { allow_write_http_from = ["10.0.0.0/33"] }',
    consul: gathered('allow_write_http_from: invalid cidr: 10.0.0.0/33'),
    ours: [
      'a.hcl:1:15: http_config.allow_write_http_from takes networks as 10.0.0.0/8, ' +
        'not "10.0.0.0/33"',
    ],
  },
  {
    hcl: 'serf_lan_allowed_cidrs = ["10.0.0.1", "10.0.0.0/8", "x"]',
    consul:
      'serf_lan_allowed_cidrs: 2 errors occurred:\n\t* invalid cidr: 10.0.0.1\n' +
      '\t* invalid cidr: x\n\n',
    ours: ['a.hcl:1:1: serf_lan_allowed_cidrs takes networks as 10.0.0.0/8, not "10.0.0.1", "x"'],
  },
  {
    hcl: 'gossip_lan { probe_interval = "x" }',
    consul: gathered(
      'gossip_lan..probe_interval: invalid duration: "x": time: invalid duration "x"',
    ),
    ours: ['a.hcl:1:14: gossip_lan.probe_interval is no duration: "x"', NO_DURATION],
  },
  {
    hcl: 'dns_config { recursor_timeout = "x" }',
    consul: gathered('recursor_timeout: invalid duration: "x": time: invalid duration "x"'),
    ours: ['a.hcl:1:14: dns_config.recursor_timeout is no duration: "x"', NO_DURATION],
  },
  {
    hcl: 'server_rejoin_age_max = "1h"',
    consul: gathered("server_rejoin_age_max: duration '1h' cannot be less than: 6h0m0s"),
    ours: ['a.hcl:1:1: server_rejoin_age_max is shorter than 6h0m0s: "1h"'],
  },
  {
    hcl: 'dns_config { recursor_strategy = "best" }',
    consul: gathered('dns_config.recursor_strategy: invalid strategy: "best"'),
    ours: [
      'a.hcl:1:14: dns_config.recursor_strategy cannot be "best"',
      '  next: one of sequential, random',
    ],
  },
  {
    hcl: 'limits { request_limits { mode = "strict" } }',
    consul: gathered('limits.request_limits.mode: invalid mode: "strict"'),
    ours: [
      'a.hcl:1:27: limits.request_limits.mode cannot be "strict"',
      '  next: one of disabled, permissive, enforcing',
    ],
  },
  {
    hcl: 'ports { server = -1 }',
    consul: 'server-port must be greater than zero',
    ours: ['a.hcl:1:9: ports.server cannot be off'],
  },
  {
    hcl: 'ports { sidecar_min_port = 30000 }',
    consul: 'sidecar_min_port must be less than sidecar_max_port. To disable, set both to zero.',
    ours: [
      'a.hcl:1:9: ports.sidecar_min_port is above ports.sidecar_max_port',
      '  next: both 0: none at all',
    ],
  },
  {
    hcl: 'client_addr = "unix:///x"',
    consul: gathered('client_addr cannot be a unix socket'),
    ours: ['a.hcl:1:1: client_addr cannot be a Unix socket', '  next: name it in addresses.http'],
  },
  {
    hcl: 'advertise_addr_ipv4 = "::1"',
    consul: 'advertise_addr_ipv4 must be an ipv4 address',
    ours: ['a.hcl:1:1: advertise_addr_ipv4 is of the other family: ::1'],
  },
  {
    hcl: 'recursors = ["0.0.0.0"]',
    consul: 'DNS recursor address cannot be 0.0.0.0, :: or [::]',
    ours: ['a.hcl:1:1: recursors takes IP addresses, with a port or without, not "0.0.0.0"'],
  },
  {
    hcl: 'primary_gateways = ["10.0.0.1:443"]',
    consul: "'primary_gateways' should only be configured in a secondary datacenter",
    ours: ['a.hcl:1:1: primary_gateways is for datacenters that are not the primary'],
  },
  {
    hcl: 'ui_config { metrics_provider = "Bad" }',
    consul:
      'ui_config.metrics_provider can only contain lowercase alphanumeric, - or _ characters. ' +
      'received: "Bad"',
    ours: [
      'a.hcl:1:13: ui_config.metrics_provider cannot be "Bad"',
      '  next: use lower-case letters, digits, "-" and "_"',
    ],
  },
  {
    hcl: 'locality { zone = "z" }',
    consul: 'locality is invalid: zone cannot be set without region',
    ours: ['a.hcl:1:1: locality.zone needs locality.region'],
  },
  {
    hcl: 'cache { entry_fetch_rate = 0 }',
    consul: 'cache.entry_fetch_rate must be strictly positive, was: 0',
    ours: ['a.hcl:1:9: cache.entry_fetch_rate must be positive, not 0'],
  },
  {
    hcl: 'tls { grpc { verify_outgoing = true } }',
    consul: 'verify_outgoing is not valid in the tls.grpc stanza',
    ours: ['a.hcl:1:14: tls.grpc.verify_outgoing has no meaning there'],
  },
  {
    hcl: 'connect { ca_provider = "bogus" }',
    consul: 'bogus is not a valid CA provider',
    ours: [
      'a.hcl:1:11: connect.ca_provider cannot be "bogus"',
      '  next: one of consul, vault, aws-pca',
    ],
  },
  {
    hcl: 'advertise_reconnect_timeout = "5m"',
    consul: 'advertise_reconnect_timeout can only be used on a client',
    ours: ['a.hcl:1:1: advertise_reconnect_timeout is not for servers'],
  },
  {
    hcl: 'node_meta { "bad key" = "x" }',
    consul:
      "node_meta invalid: Couldn't load metadata pair ('bad key', 'x'): " +
      'Key contains invalid characters',
    ours: [
      "a.hcl:1:1: node_meta cannot stand: Couldn't load metadata pair ('bad key', 'x'): " +
        'Key contains invalid characters',
    ],
  },
  {
    hcl: 'encrypt = "aGFsbG8="',
    consul: 'encrypt has invalid key: key size must be 16, 24 or 32 bytes',
    ours: [
      'a.hcl:1:1: encrypt must hold 16, 24 or 32 bytes, not 5',
      '  next: lictor keygen makes one',
    ],
  },
  {
    hcl: 'encrypt = "####"',
    consul: 'encrypt has invalid key: illegal base64 data at input byte 0',
    ours: ['a.hcl:1:1: encrypt is no base64', '  next: lictor keygen makes one'],
  },
  {
    hcl: 'check_output_max_size = 0',
    consul:
      'check_output_max_size must be positive, ' +
      'to discard check output use the discard_check_output flag',
    ours: [
      'a.hcl:1:1: check_output_max_size must be positive, not 0',
      '  next: discard_check_output = true keeps none of it',
    ],
  },
  {
    hcl: 'dns_config { a_record_limit = -1 }',
    consul: 'dns_config.a_record_limit cannot be -1. Must be greater than or equal to zero',
    ours: ['a.hcl:1:14: dns_config.a_record_limit cannot be -1'],
  },
  {
    hcl: 'domain = "a..b"',
    consul: 'domain is no domain name: "a..b"',
    ours: [
      'a.hcl:1:1: domain is no domain name: "a..b"',
      '  next: labels with a dot between them, as in consul or dc.example.com',
    ],
  },
  {
    hcl: 'domain = "."',
    consul: 'domain is no domain name: "."',
    ours: [
      'a.hcl:1:1: domain is no domain name: "."',
      '  next: labels with a dot between them, as in consul or dc.example.com',
    ],
  },
  {
    hcl: 'alt_domain = ".corp"',
    consul: 'alt_domain is no domain name: ".corp"',
    ours: [
      'a.hcl:1:1: alt_domain is no domain name: ".corp"',
      '  next: labels with a dot between them, as in consul or dc.example.com',
    ],
  },
  {
    hcl: 'alt_domain = "service.corp"',
    consul: 'alt_domain cannot start with {service,connect,node,query,addr,dc1}',
    ours: [
      'a.hcl:1:1: alt_domain cannot begin with service: names below it could be read in two ways',
    ],
  },
  {
    hcl: 'acl { default_policy = "maybe" }',
    consul: 'acl.default_policy cannot be "maybe". Must be one of: allow, deny',
    ours: ['a.hcl:1:7: acl.default_policy cannot be "maybe"', '  next: one of allow, deny'],
  },
  {
    hcl: 'addresses { dns = "unix:///x" }',
    consul: 'DNS address cannot be a unix socket',
    ours: ['a.hcl:1:13: addresses.dns cannot be a Unix socket: /x'],
  },
  {
    hcl: 'bind_addr = "unix:///x"',
    consul: 'bind_addr cannot be a unix socket',
    ours: ['a.hcl:1:1: bind_addr cannot be a Unix socket: /x'],
  },
  {
    hcl: 'bind_addr = "10.0.0.1 10.0.0.2"',
    consul:
      "bind_addr cannot contain multiple addresses. Use 'addresses.{dns,http,https}' instead.",
    ours: [
      'a.hcl:1:1: bind_addr takes one address',
      '  next: name others in addresses.http or addresses.dns',
    ],
  },
  {
    hcl: 'bind_addr = "localhost"',
    consul: 'bind_addr cannot be empty',
    ours: [
      'a.hcl:1:1: bind_addr is no IP address: "localhost"',
      '  next: host names are not resolved here; write the address, or a template',
    ],
  },
  {
    hcl: 'advertise_addr = "0.0.0.0"',
    consul: 'Advertise address cannot be 0.0.0.0, :: or [::]',
    ours: ['a.hcl:1:1: advertise_addr cannot be 0.0.0.0: others need one address to call'],
  },
  {
    hcl: 'serf_lan = "10.0.0.1 10.0.0.2"',
    consul: gathered('serf_lan: multiple addresses found: 10.0.0.1 10.0.0.2'),
    ours: ['a.hcl:1:1: serf_lan takes one address, not 2: 10.0.0.1, 10.0.0.2'],
  },
  {
    hcl: 'serf_wan = "unix:///x"',
    consul: gathered('serf_wan cannot be a unix socket'),
    ours: ['a.hcl:1:1: serf_wan cannot be a Unix socket: /x'],
  },
  {
    hcl: `node_meta { ${LONG} = "x" }`,
    consul:
      `node_meta invalid: Couldn't load metadata pair ('${LONG}', 'x'): ` +
      'Key is too long (limit: 128 characters)',
    ours: [
      `a.hcl:1:1: node_meta cannot stand: Couldn't load metadata pair ('${LONG}', 'x'): ` +
        'Key is too long (limit: 128 characters)',
    ],
  },
  {
    hcl: 'log_level = "loud"',
    consul: 'Invalid log level: loud. Valid log levels are: [TRACE DEBUG INFO WARN ERR ERROR]',
    ours: ['a.hcl:1:1: log_level is no level: "loud"', '  next: trace, debug, info, warn or error'],
  },
  {
    hcl: 'ui_config { content_path = "/v1/" }',
    consul: `ui-content-path cannot have 'v[0-9]'. received: "/v1/"`,
    ours: ['a.hcl:1:13: ui_config.content_path cannot be /v1/: the API is there'],
  },
  {
    hcl: 'node_name = " "',
    consul: 'node_name cannot be empty',
    ours: [
      'a.hcl:1:1: node_name is blank',
      '  next: leave it out, and the node is called as the machine',
    ],
  },
  {
    hcl: 'raft_protocol = 2',
    consul: 'raft_protocol version 2 is not supported by this version of Consul',
    ours: ['a.hcl:1:1: raft_protocol is 3, not 2'],
  },
]

validate('each names what it refuses', () => {
  for (const { hcl, consul, ours } of CASES) {
    const told: Told = { profile: 'consul' }
    assert.is(refused(dev(hcl, told)).consul, consul, hcl)
    assert.equal(refused(dev(hcl)).ours, ours, hcl)
  }
})

validate('a flag is named as the place of its value', () => {
  const { ours } = refused(load({ flags: ['-dev', '-http-port=70000'] }))
  assert.is(ours[0], '-http-port: ports.http is no port: 70000')
})

validate('ours are told together, Consul tells the first', () => {
  const hcl = 'datacenter = "X!"\nnode_meta { "" = "x" }\nencrypt = "x"'
  assert.is(refused(dev(hcl)).ours.filter((line) => !line.startsWith('  ')).length, 3)
  const { consul } = refused(dev(hcl, { profile: 'consul' }))
  assert.match(consul, /^datacenter can only/)
})

validate('what Consul gathers, it lists once the rules are kept, before definitions', () => {
  const hcl = 'retry_interval = "x"\nports { dns = 99999 }\nservice { name = "x" check {} }'
  const broken = `datacenter = "X!"\n${hcl}`
  assert.match(refused(dev(broken, { profile: 'consul' })).consul, /^datacenter can only/)
  assert.is(
    refused(dev(hcl, { profile: 'consul' })).consul,
    '2 errors occurred:\n\t* ports.dns: invalid port: 99999\n' +
      '\t* retry_interval: invalid duration: "x": time: invalid duration "x"\n\n',
  )
})

validate('files are good though an agent would not start with them, as Consul judges', () => {
  const told: Told = { profile: 'consul', purpose: 'check' }
  assert.is(dev('log_level = "loud"\nnode_id = "x"', told).ok, true)
  assert.is(dev('log_level = "loud"', { purpose: 'check' }).ok, false)
})

validate('what a registration finds, Consul leaves to the start', () => {
  const told: Told = { profile: 'consul', purpose: 'check' }
  for (const hcl of ['service { port = 1 }', 'check { ttl = "1s" }', 'encrypt = "aGFsbG8="'])
    assert.is(dev(hcl, told).ok, true, hcl)
  assert.is(dev('raft_protocol = 2', told).ok, false)
})

validate('to expect one server is to bootstrap, even in development', () => {
  for (const hcl of ['bootstrap_expect = 1', 'bootstrap_expect = 1\nbootstrap = true']) {
    const answer = dev(hcl, { profile: 'consul' })
    assert.equal(answer.ok && [answer.config.bootstrap, answer.config.bootstrapExpect], [true, 0])
  }
  const flags = ['-data-dir=/d', '-bind=10.0.0.1', '-bootstrap-expect=1']
  const { consul } = refused(load({ profile: 'consul', flags }))
  assert.is(consul, "'bootstrap = true' requires 'server = true'")
})

validate('an empty node name is that of the machine', () => {
  const answer = dev('node_name = ""')
  assert.is(answer.ok && answer.config.nodeName, 'box')
})

validate('a second domain may be a word of DNS alone, not begin with it', () => {
  assert.is(dev('alt_domain = "service"').ok, true)
  assert.is(dev('datacenter = "DC2"\nalt_domain = "dc2.corp"').ok, false)
})

validate('a recursor is an address, with a port or without', () => {
  for (const good of ['8.8.8.8', '8.8.8.8:53', '::1', '[::1]:53', '{{ GetPrivateIP }}'])
    assert.is(dev(`recursors = ["${good}"]`).ok, true, good)
  for (const bad of ['dns.example', '8.8.8.8:x', '8.8.8', '', '[::1'])
    assert.is(dev(`recursors = ["${bad}"]`).ok, false, bad)
})

validate('names that DNS cannot ask for are warned about', () => {
  for (const name of ['a_b', 'a.b', 'x'.repeat(64)]) {
    const answer = dev(`node_name = "${name}"`)
    assert.ok(answer.ok && answer.warnings.some((one) => one.startsWith('DNS cannot find')), name)
  }
})

validate('a name that no pool takes is refused, before it is asked for one', () => {
  for (const name of ['a b', 'a\\tb', 'x'.repeat(129)]) {
    const answer = dev(`node_name = "${name}"`)
    assert.not(answer.ok, name)
    assert.match(refused(answer).ours.join('\n'), /node_name cannot be /)
  }
  assert.ok(dev(`node_name = "${'x'.repeat(128)}"`).ok)
})

validate('a data folder that is a file is refused', () => {
  const flags = ['-server', '-bootstrap', '-data-dir=/d', '-bind=10.0.0.1']
  const { consul } = refused(load({ flags, facts: { dataDir: 'no-folder' } }))
  assert.is(consul, 'data_dir "/d" is not a directory')
})

validate.run()
