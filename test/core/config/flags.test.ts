// The flags of agent: their table against the schema, and the rules of Go's flag package.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { parseArgv } from '../../../core/config/argv.ts'
import { settingsOfFlags } from '../../../core/config/flag-settings.ts'
import { AGENT_FLAGS, type AgentFlag } from '../../../core/config/flags.ts'
import { AGENT } from '../../../core/config/schema.ts'
import type { Shape } from '../../../core/config/shape.ts'

const flags = suite('agent flags')

const TYPES: Readonly<Record<AgentFlag['type'], readonly string[]>> = {
  bool: ['bool'],
  int: ['int'],
  string: ['string', 'duration'],
  list: ['list'],
  pairs: ['map'],
}

function shapeAt(path: string): Shape | undefined {
  let shape: Shape | undefined = AGENT
  for (const name of path.split('.'))
    shape = shape?.type === 'record' ? shape.fields[name] : undefined
  return shape
}

flags('each sets a setting that exists, of its type', () => {
  for (const { name, type, path } of AGENT_FLAGS.filter((flag) => flag.path !== ''))
    assert.ok(TYPES[type].includes(shapeAt(path)?.type ?? ''), `-${name} sets ${path}`)
})

flags('each has its name once, and says what it takes', () => {
  const names = AGENT_FLAGS.map((flag) => flag.name)
  assert.is(new Set(names).size, names.length)
  assert.equal(names, [...names].sort())
  for (const { name, type, takes, help } of AGENT_FLAGS) {
    assert.is(takes === '', type === 'bool', name)
    assert.ok(help !== '' && !help.endsWith('.'), name)
  }
})

flags('are all of those that Consul has', () => {
  // consul-surface 6.4
  const CONSULS =
    'advertise advertise-wan allow-write-http-from alt-domain auto-reload-config bind bootstrap ' +
    'bootstrap-expect check_output_max_size client config-dir config-file config-format data-dir ' +
    'datacenter default-query-time dev disable-host-node-id disable-keyring-file dns-port domain ' +
    'enable-local-script-checks enable-script-checks encrypt grpc-port grpc-tls-port hcl ' +
    'http-port https-port join join-wan log-file log-json log-level log-rotate-bytes ' +
    'log-rotate-duration log-rotate-max-files max-query-time node node-id node-meta ' +
    'non-voting-server pid-file primary-gateway protocol raft-protocol read-replica recursor ' +
    'rejoin retry-interval retry-interval-wan retry-join retry-join-wan retry-max retry-max-wan ' +
    'segment serf-lan-allowed-cidrs serf-lan-bind serf-lan-port serf-wan-allowed-cidrs ' +
    'serf-wan-bind serf-wan-port server server-port syslog ui ui-content-path ui-dir'
  const ours = AGENT_FLAGS.filter((flag) => flag.own !== true).map((flag) => flag.name)
  assert.equal(ours, CONSULS.split(' ').sort())
})

const given = (...argv: string[]) => {
  const parsed = parseArgv(argv, AGENT_FLAGS)
  if (!parsed.ok) return parsed.refusal.consul
  return [parsed.uses.map(({ flag, value }) => [flag.name, value]), parsed.rest]
}

flags('are read by the rules of Go', () => {
  assert.equal(given('-dev', '--server', '-node=a', '-node', 'b'), [
    [
      ['dev', 'true'],
      ['server', 'true'],
      ['node', 'a'],
      ['node', 'b'],
    ],
    [],
  ])
  assert.equal(given('-hcl', 'a = "x=y"', '-hcl=b = 1\n'), [
    [
      ['hcl', 'a = "x=y"'],
      ['hcl', 'b = 1\n'],
    ],
    [],
  ])
  assert.equal(given('-server=false', '-node='), [
    [
      ['server', 'false'],
      ['node', ''],
    ],
    [],
  ])
  assert.equal(given('-dev', '--', '-x'), [[['dev', 'true']], ['-x']])
  assert.equal(given('-server', 'false', '-dev'), [[['server', 'true']], ['false', '-dev']])
  assert.equal(given('-'), [[], ['-']])
})

flags('are refused in the words of Go', () => {
  assert.is(given('-bogus'), 'flag provided but not defined: -bogus')
  assert.is(given('-node'), 'flag needs an argument: -node')
  assert.is(given('-=x'), 'bad flag syntax: -=x')
  assert.is(given('---x'), 'bad flag syntax: ---x')
  assert.is(
    given('-server=x'),
    'invalid boolean value "x" for -server: strconv.ParseBool: parsing "x": invalid syntax',
  )
  assert.is(
    given('-http-port=1.5'),
    'invalid value "1.5" for flag -http-port: strconv.Atoi: parsing "1.5": invalid syntax',
  )
  assert.is(
    given('-http-port', '99999999999999999999'),
    'invalid value "99999999999999999999" for flag -http-port: ' +
      'strconv.Atoi: parsing "99999999999999999999": value out of range',
  )
})

flags('with a slip are guessed', () => {
  const parsed = parseArgv(['-htp-port=1'], AGENT_FLAGS)
  assert.is(parsed.ok ? '' : parsed.refusal.next, 'did you mean -http-port?')
})

flags('become settings: lists apart from the rest, pairs by their colon', () => {
  const parsed = parseArgv(
    ['-recursor=1.1.1.1', '-recursor=8.8.8.8', '-node-meta=a:b:c', '-node-meta=d', '-http-port=5'],
    AGENT_FLAGS,
  )
  if (!parsed.ok) return assert.unreachable()
  const { lists, values } = settingsOfFlags(parsed.uses)
  assert.equal(lists, { recursors: ['1.1.1.1', '8.8.8.8'] })
  assert.equal(values, { node_meta: { a: 'b:c', d: '' }, ports: { http: 5 } })
})

flags.run()
