// From settings to the record an agent runs by: defaults, development, what real harnesses write.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { inProject } from '../../kit/paths.ts'
import { dev, load, loaded } from './load.ts'

const config = suite('agent config')

const SERVER = ['-server', '-bootstrap', '-data-dir=/d', '-bind=10.0.0.1']

config('a server has the defaults of Consul', () => {
  const server = loaded({ flags: SERVER })
  assert.equal(server.ports, {
    dns: 8600,
    http: 8500,
    https: -1,
    grpc: -1,
    grpcTls: 8503,
    serfLan: 8301,
    serfWan: 8302,
    server: 8300,
  })
  assert.equal(server.http, [{ type: 'tcp', host: '127.0.0.1', port: 8500 }])
  assert.is(server.nodeName, 'box')
  assert.is(server.datacenter, 'dc1')
  assert.is(server.domain, 'consul.')
  assert.is(server.log.level, 'info')
  assert.is(server.defaultQueryTimeMs, 300_000)
  assert.is(server.maxQueryTimeMs, 600_000)
  assert.equal(server.limits, {
    kvMaxValueSize: 524_288,
    txnMaxReqLen: 524_288,
    httpMaxConnsPerClient: 200,
  })
  assert.equal([server.leaveOnTerminate, server.skipLeaveOnInterrupt], [false, true])
  assert.is(server.dataDir, '/d')
})

config('a development agent keeps nothing and says much', () => {
  const agent = loaded({ flags: ['-dev', '-data-dir=/d'] })
  assert.is(agent.dataDir, undefined)
  assert.is(agent.bindAddr, '127.0.0.1')
  assert.is(agent.log.level, 'debug')
  assert.equal([agent.dev, agent.server, agent.bootstrap], [true, true, false])
  assert.is(agent.enableDebug, true)
})

config('cannot be changed once it is decided, nor anything in it', () => {
  const agent = loaded({
    flags: ['-dev'],
    files: { 'a.hcl': 'service { name = "x" tags = ["t"] }' },
  })
  const frozen = (value: unknown): boolean =>
    typeof value !== 'object' ||
    value === null ||
    (Object.isFrozen(value) && Object.values(value).every(frozen))
  assert.ok(frozen(agent))
})

// consul-surface 1.3: what the harness of Consul's own clients writes, unknown keys and all.
const HARNESS = {
  node_name: 'node-1',
  node_id: '11111111-2222-3333-4444-555555555555',
  performance: { raft_multiplier: 1 },
  bootstrap: true,
  server: true,
  data_dir: '/d',
  segments: null,
  disable_update_check: true,
  log_level: 'debug',
  bind_addr: '127.0.0.1',
  addresses: {},
  ports: {
    dns: 19_000,
    http: 19_001,
    https: 19_002,
    serf_lan: 19_003,
    serf_wan: 19_004,
    server: 19_005,
    grpc: 19_006,
    grpc_tls: 19_007,
  },
  acl: { tokens: {} },
  connect: {
    ca_config: { cluster_id: '11111111-2222-3333-4444-555555555555' },
    enabled: true,
  },
  skip_leave_on_interrupt: true,
  peering: { enabled: true },
  version: '1.21.4',
}
const HARNESS_MORE = {
  locality: { region: 'r', zone: 'z' },
  partition: 'p',
  retry_join: ['127.0.0.1:1'],
  raft_protocol: 3,
  acl_datacenter: 'dc1',
  acl_default_policy: 'allow',
  acl: {
    enabled: false,
    enable_token_replication: true,
    policy_ttl: '30s',
    token_ttl: '30s',
    down_policy: 'extend-cache',
    default_policy: 'allow',
    enable_key_list_policy: true,
    disabled_ttl: '1s',
    tokens: { replication: 'a', default: 'b', agent: 'c', master: 'd', agent_master: 'e' },
  },
  encrypt: 'pUqJrVyVRj5jsiYEkM/tFQYfWyJIv4s3XkvDwy7Cu5s=',
  ca_file: '/c',
  cert_file: '/c',
  key_file: '/k',
  verify_incoming: true,
  verify_incoming_rpc: true,
  verify_incoming_https: true,
  verify_outgoing: true,
  enable_script_checks: true,
  enable_debug: true,
  autopilot: { server_stabilization_time: '1ms' },
  audit: { enabled: true },
  experiments: ['x'],
  ports: { proxy_min_port: 1, proxy_max_port: 2 },
}

for (const profile of ['lictor', 'consul'] as const) {
  config(`starts with what the harness of Consul's clients writes, as ${profile}`, () => {
    const plain = loaded({ profile, files: { 'config.json': JSON.stringify(HARNESS) } })
    assert.is(plain.nodeId, HARNESS.node_id)
    assert.is(plain.ports.grpcTls, 19_007)
    const files = {
      'config.json': JSON.stringify(HARNESS),
      'more.json': JSON.stringify(HARNESS_MORE),
      'empty.json': '',
    }
    assert.is(load({ profile, files }).ok, true)
  })
}

interface Scenario {
  readonly agent?: { readonly config?: Readonly<Record<string, unknown>> }
  readonly agents?: readonly { readonly config?: Readonly<Record<string, unknown>> }[]
}

config('reads every configuration of the recorded corpus', () => {
  const folder = inProject('test/conformance')
  let seen = 0
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.json')) continue
    const text = readFileSync(join(folder, name), 'utf8')
    const scenario = JSON.parse(text.replace(/"\{port[^}]*\}"|\{port[^}]*\}/g, '1')) as Scenario
    for (const agent of [scenario.agent, ...(scenario.agents ?? [])]) {
      if (agent?.config === undefined) continue
      seen++
      const told = { flags: ['-dev'], files: { 'a.json': JSON.stringify(agent.config) } }
      const answer = load({ ...told, profile: 'consul', purpose: 'check' })
      // Some are for agents without -dev.
      const bootstraps = !answer.ok && answer.consul.includes('bootstrap')
      assert.ok(answer.ok || bootstraps, `${name}: ${answer.ok ? '' : answer.consul}`)
    }
  }
  assert.ok(seen > 50, `only ${seen}`)
})

config('tags its addresses, which nobody can name otherwise', () => {
  const agent = dev(
    'advertise_addr_wan = "127.0.0.8"\ntagged_addresses { lan = "127.0.0.3" custom = "10.9.9.9" }',
  )
  assert.equal(agent.ok && agent.config.taggedAddresses, {
    custom: '10.9.9.9',
    lan: '127.0.0.1',
    lan_ipv4: '127.0.0.1',
    wan: '127.0.0.8',
    wan_ipv4: '127.0.0.8',
  })
})

config('a lone server starts a cluster by itself and says so, but not as consul', () => {
  const flags = ['-server', '-data-dir=/d', '-bind=10.0.0.1']
  const alone = load({ flags })
  if (!alone.ok) return assert.unreachable(alone.ours.join())
  assert.is(alone.config.bootstrap, true)
  assert.match(alone.warnings.join(), 'bootstrapping a new cluster')
  const again = load({ flags, facts: { dataDir: 'used' } })
  assert.is(again.ok && again.warnings.join().includes('bootstrapping'), false)
  const consul = load({ flags, profile: 'consul' })
  assert.is(consul.ok ? '' : consul.consul.startsWith('a server without bootstrap waits'), true)
  assert.is(load({ flags, profile: 'consul', facts: { dataDir: 'used' } }).ok, true)
})

config('does not start where it would ignore what safety or data hang on', () => {
  const cases = [
    { flags: ['-dev', '-acl'], says: 'acl.enabled' },
    { flags: ['-server=false', '-data-dir=/d'], says: 'server = false' },
    { flags: ['-server', '-bootstrap-expect=3', '-data-dir=/d'], says: 'bootstrap_expect = 3' },
  ]
  for (const { flags, says } of cases) {
    const answer = load({ flags })
    assert.is(answer.ok ? '' : answer.ours[0]?.includes(`: ${says}`), true, says)
    assert.is(load({ flags, purpose: 'check' }).ok, true, 'and the files are good')
  }
})

config('warns of what it takes and does not do yet', () => {
  const answer = dev('retry_join_wan = ["10.0.0.9"]\nenable_syslog = true')
  const warning = 'not in this version, without effect: retry_join_wan, enable_syslog'
  assert.ok(answer.ok && answer.warnings.includes(warning))
})

config('warns of a folder that is named and not used, but not as consul', () => {
  const flags = ['-dev', '-data-dir=/d']
  const ours = load({ flags })
  assert.ok(ours.ok && ours.warnings.includes('with -dev nothing is kept: data_dir /d is not used'))
  const consul = load({ flags, profile: 'consul' })
  assert.ok(consul.ok && !consul.warnings.join().includes('nothing is kept'))
})

config('reads what DNS answers and where it asks', () => {
  const { dns } = loaded({
    flags: ['-dev', '-recursor=10.0.0.1', '-recursor=[fd00::1]:5353', '-alt-domain=corp'],
    files: {
      'a.hcl': 'dns_config { node_ttl = "90s", service_ttl { "db*" = "5s" }, only_passing = true }',
    },
  })
  assert.equal(dns.recursors, [
    { host: '10.0.0.1', port: 53 },
    { host: 'fd00::1', port: 5353 },
  ])
  const { altDomain, nodeTtlMs, serviceTtlMs, onlyPassing, udpAnswerLimit, soa } = dns
  assert.equal([altDomain, nodeTtlMs, onlyPassing, udpAnswerLimit], ['corp', 90_000, true, 3])
  assert.equal(serviceTtlMs, { 'db*': 5_000 })
  assert.equal(soa, { refresh: 3_600, retry: 600, expire: 86_400, minTtl: 0 })
})

config('shows its settings under the names of Consul, and no secrets', () => {
  const { debug } = loaded({
    flags: ['-dev', '-encrypt=pUqJrVyVRj5jsiYEkM/tFQYfWyJIv4s3XkvDwy7Cu5s='],
    files: {
      'a.hcl':
        'acl { tokens { agent = "geheim" } }\nconnect { ca_config { private_key = "geheim" } }',
    },
  })
  assert.is(debug['SerfAdvertiseAddrLAN'], 'tcp://127.0.0.1:8301')
  assert.is(debug['SessionTTLMin'], '10s')
  assert.is(debug['MaxQueryTime'], '10m0s')
  assert.is(debug['EncryptKey'], 'hidden')
  assert.equal(Object.keys(debug), Object.keys(debug).sort())
  const text = JSON.stringify(debug)
  assert.not.match(text, 'geheim')
  assert.not.match(text, 'pUqJ')
})

config.run()
