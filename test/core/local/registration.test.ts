// Bodies of /v1/agent/service/register and check/register as clients send them: what is understood,
// what is refused and in which words, and what is there afterwards.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { advance, ask, createMachine, jsonOf, type Machine, textOfBody } from '../../kit/machine.ts'

const registration = suite('local/registration')

const put = (machine: Machine, path: string, body: unknown): string => {
  const response = ask(machine, `PUT /v1/agent/${path}`, { body: JSON.stringify(body) })
  return `${response.status} ${textOfBody(response)}`
}

const register = (machine: Machine, body: object) => put(machine, 'service/register', body)
const check = (machine: Machine, body: object) => put(machine, 'check/register', body)

type Checks = Readonly<Record<string, Readonly<Record<string, unknown>>>>

const checksOf = (machine: Machine) => jsonOf(ask(machine, 'GET /v1/agent/checks')) as Checks

const decode = (why: string) => `400 Request decode failed: ${why}`
const NO_TTL = 'TTL must be > 0 for TTL checks'

registration('a duration is a text or a number, an empty text is neither', () => {
  const machine = createMachine()
  assert.is(check(machine, { Name: 'a', TTL: '' }), decode('time: invalid duration ""'))
  assert.is(check(machine, { Name: 'a', TTL: true }), `400 Invalid check: ${NO_TTL}`)
  assert.is(check(machine, { Name: 'a', TTL: '1m', Interval: [], Timeout: {} }), '200 ')
  assert.is(check(machine, { Name: 'b', TTL: 1e9, Timeout: 1.5e9 }), '200 ')
  assert.is(checksOf(machine)['b']?.['Timeout'], '1.5s')
})

registration('only the snake case that Consul knows is understood', () => {
  const machine = createMachine()
  const known = { name: 'a', ttl: '1m', deregister_critical_service_after: '2m', service_id: '' }
  assert.is(check(machine, known), '200 ')
  for (const field of ['alias_service', 'output_max_size', 'success_before_passing', 'check_id']) {
    const why = decode(`json: unknown field "${field}"`)
    assert.is(check(machine, { Name: 'b', TTL: '1m', [field]: '' }), why)
    assert.is(register(machine, { Name: 'b', Check: { TTL: '1m', [field]: '' } }), why)
  }
})

registration('within a service a check has a CheckID, and its ServiceID does not count', () => {
  const machine = createMachine()
  const refused = { Name: 'web', Check: { ID: 'up', TTL: '1m' } }
  assert.is(register(machine, refused), decode('json: unknown field "ID"'))
  const taken = { CheckID: 'up', TTL: '1m', ServiceID: 'db', service_id: 'other' }
  assert.is(register(machine, { Name: 'web', Check: taken }), '200 ')
  assert.is(checksOf(machine)['up']?.['ServiceID'], 'web')
})

registration('an empty check is none, in a list it is one', () => {
  const machine = createMachine()
  assert.is(register(machine, { Name: 'web', Check: {} }), '200 ')
  assert.is(register(machine, { Name: 'web', Check: { ServiceID: 'x', TTL: 0 } }), '200 ')
  assert.equal(checksOf(machine), {})
  assert.is(register(machine, { Name: 'web', Checks: [{}] }), `400 Invalid check: ${NO_TTL}`)
  assert.is(
    register(machine, { Name: 'web', Check: { Name: 'x' } }),
    `400 Invalid check: ${NO_TTL}`,
  )
})

registration('the single check is the first', () => {
  const machine = createMachine()
  const checks = { Check: { TTL: '1m', Name: 'one' }, Checks: [{ TTL: '1m', Name: 'two' }] }
  register(machine, { Name: 'web', ...checks })
  const names = Object.entries(checksOf(machine)).map(([id, { Name }]) => `${id} ${Name}`)
  assert.equal(names, ['service:web:1 one', 'service:web:2 two'])
})

registration('of several faults Consul tells the first of its own order', () => {
  const machine = createMachine()
  const weights = { Weights: { Passing: 0 } }
  const meta = { Meta: { 'consul-x': '1' } }
  const kind = { Kind: 'mesh-gateway' }
  const checks = { Check: { TTL: '1m', Status: 'bad' }, Checks: [{}] }
  const first = (body: object) => register(machine, { Name: 'a', ...body }).split(':')[0]
  assert.is(first({ ...weights, ...meta, ...kind, ...checks }), '400 Invalid Weights')
  assert.is(first({ ...meta, ...kind, ...checks }), '400 Invalid Service Meta')
  assert.is(first({ ...kind, ...checks }), '400 Validation failed')
  assert.is(first(checks), '400 Invalid check')
  const sidecar = { Port: 1, Connect: { SidecarService: { Check: { Name: 'x' } } } }
  assert.is(first(sidecar), '400 Invalid check in sidecar_service')
})

registration('an address that is named for its family belongs to it', () => {
  const machine = createMachine()
  const tagged = (tag: string, Address: string) =>
    register(machine, { Name: 'a', TaggedAddresses: { [tag]: { Address, Port: 1 } } })
  const fault = (tag: string, family: string) =>
    `500 Service tagged address "${tag}" must be a valid ${family} address`
  assert.is(tagged('lan_ipv4', '::1'), fault('lan_ipv4', 'ipv4'))
  assert.is(tagged('wan_ipv4', 'host'), fault('wan_ipv4', 'ipv4'))
  assert.is(tagged('lan_ipv6', '10.0.0.1'), fault('lan_ipv6', 'ipv6'))
  assert.is(tagged('lan_ipv6', 'fe80::1'), '200 ')
  assert.is(tagged('wan_ipv6', '10.0.0.1'), '200 ', 'as in Consul, which forgets it')
  assert.is(tagged('lan', 'host'), '200 ')
})

registration('an IPv4 address within IPv6 counts as IPv4', () => {
  const machine = createMachine()
  const Address = '::ffff:10.0.0.1'
  register(machine, { Name: 'a', Address, Port: 1 })
  const { TaggedAddresses } = jsonOf(ask(machine, 'GET /v1/agent/service/a')) as {
    TaggedAddresses: object
  }
  assert.equal(Object.keys(TaggedAddresses), ['lan_ipv4', 'wan_ipv4'])
})

const proxyOf = (machine: Machine, sidecar: object, service: object = {}) => {
  const body = { Name: 'web', Port: 80, Connect: { SidecarService: sidecar }, ...service }
  assert.is(register(machine, body), '200 ')
  const shown = jsonOf(ask(machine, 'GET /v1/agent/service/web-sidecar-proxy')) as {
    Proxy: Readonly<Record<string, unknown>>
  }
  const { LocalServiceAddress, LocalServicePort, LocalServiceSocketPath } = shown.Proxy
  return [LocalServiceAddress, LocalServicePort, LocalServiceSocketPath]
}

registration('where its service is, a sidecar takes from it as far as nobody says', () => {
  const machine = createMachine()
  assert.equal(proxyOf(machine, {}), ['127.0.0.1', 80, undefined])
  const proxy = (given: object) => proxyOf(machine, { Proxy: given })
  assert.equal(proxy({ LocalServiceAddress: '10.0.0.1' }), ['10.0.0.1', 80, undefined])
  assert.equal(proxy({ LocalServicePort: 5 }), ['127.0.0.1', 5, undefined])
  assert.equal(proxy({ LocalServiceSocketPath: '/own' }), [undefined, undefined, '/own'])
  assert.equal(proxyOf(machine, {}, { SocketPath: '/s' }), [undefined, undefined, '/s'])
})

registration('a sidecar is looked for at its own address', () => {
  const machine = createMachine({ checksBegin: 'soon' })
  proxyOf(machine, {}, { Address: '10.0.0.9' })
  advance(machine, 500)
  const probed = machine.effects.flatMap((effect) => (effect.type === 'probe' ? effect.probe : []))
  assert.match(JSON.stringify(probed), '"10.0.0.9:21000"')
})

registration(
  'a sidecar is judged before anything is registered, its port is found after that',
  () => {
    const machine = createMachine({ sidecarPorts: { min: 81, max: 80 } })
    const sidecar = (SidecarService: object) =>
      register(machine, { Name: 'web', Port: 80, Connect: { SidecarService } })
    assert.match(sidecar({ Meta: { 'consul-x': '1' } }), '400 Invalid SidecarService: ')
    assert.match(sidecar({ Kind: 'mesh-gateway' }), '400 Failed Validation: 5 errors occurred')
    assert.equal(jsonOf(ask(machine, 'GET /v1/agent/services')), {})
    const none =
      'no port provided for sidecar_service and none left in the configured range [81, 80]'
    assert.is(sidecar({}), `500 ${none}`)
    assert.equal(Object.keys(jsonOf(ask(machine, 'GET /v1/agent/services')) as object), ['web'])
  },
)

registration(
  'a proxy has no unknown fields, what stands beside it in Connect does not count',
  () => {
    const machine = createMachine()
    const unknown = decode('json: unknown field "Bogus"')
    assert.is(register(machine, { Name: 'a', Proxy: { Bogus: 1 } }), unknown)
    assert.is(register(machine, { Name: 'a', Proxy: { Upstreams: [{ Bogus: 1 }] } }), unknown)
    assert.is(register(machine, { Name: 'a', Connect: { SidecarService: { Bogus: 1 } } }), unknown)
    assert.is(register(machine, { Name: 'a', Connect: { Bogus: 1 } }), '200 ')
  },
)

const SCRIPT = { Args: ['true'], Interval: '1s' }

registration('a check of an unknown service is refused before its script is', () => {
  const machine = createMachine()
  const said = check(machine, { Name: 'a', ServiceID: 'none', ...SCRIPT })
  assert.is(said, '404 ServiceID "none" does not exist')
})

registration('a script that may not run keeps a new service out and changes a known one', () => {
  const machine = createMachine()
  const body = { Name: 'a', Port: 2, Check: SCRIPT }
  assert.match(register(machine, body), '500 Scripts are disabled')
  assert.equal(jsonOf(ask(machine, 'GET /v1/agent/services')), {})
  register(machine, { Name: 'a', Port: 1 })
  assert.match(register(machine, body), '500 Scripts are disabled')
  assert.match(textOfBody(ask(machine, 'GET /v1/agent/service/a')), '"Port":2')
  assert.equal(checksOf(machine), {})
})

registration('a filter of checks is held against them when there is one', () => {
  const machine = createMachine()
  const look = (filter: string) =>
    textOfBody(ask(machine, `GET /v1/agent/checks?filter=${encodeURIComponent(filter)}`))
  assert.match(look('Bogus'), 'Failed to create boolean expression evaluator: 1:6')
  assert.is(look('Bogus == 1'), '{}')
  check(machine, { Name: 'a', TTL: '1m' })
  assert.is(look('Bogus == 1'), 'Selector "Bogus" is not valid')
  assert.is(look('Status is empty'), 'Invalid match operator "Is Empty" for selector "Status"')
  assert.is(look('Status == passing'), '{}')
  assert.match(look('Status == critical'), '"a"')
})

registration('who registers again what was there already lets the time of its TTL run anew', () => {
  const machine = createMachine()
  const status = (id: string) => checksOf(machine)[id]?.['Status']
  const again = () => {
    register(machine, { Name: 'web', Check: { CheckID: 'a', TTL: '10s', Status: 'passing' } })
    check(machine, { Name: 'b', TTL: '10s', Status: 'passing' })
  }
  check(machine, { Name: 'once', TTL: '10s', Status: 'passing' })
  again()
  for (const _ of [1, 2]) {
    advance(machine, 8_000)
    again()
  }
  assert.equal([status('a'), status('b'), status('once')], ['passing', 'passing', 'critical'])
  advance(machine, 11_000)
  assert.equal([status('a'), status('b')], ['critical', 'critical'])
})

registration(
  'the catalog is not told how often a check is tried, or that it is another kind',
  () => {
    const machine = createMachine()
    const entries = () => machine.disk.flatMap(({ entries: written }) => written).length
    const http = { Name: 'a', HTTP: 'http://127.0.0.1:1', Interval: '1h' }
    check(machine, http)
    const before = entries()
    check(machine, { ...http, Interval: '2h' })
    check(machine, { Name: 'a', TTL: '1h' })
    assert.is(entries(), before)
    assert.is(checksOf(machine)['a']?.['Type'], 'ttl')
    check(machine, { ...http, Notes: 'new' })
    assert.is(entries(), before + 1)
  },
)

registration('no labels and nothing said of them are told apart by the catalog', () => {
  const machine = createMachine()
  register(machine, { Name: 'none', Meta: {} })
  register(machine, { Name: 'unsaid', Meta: null })
  const { Services } = jsonOf(ask(machine, 'GET /v1/catalog/node/node1')) as {
    Services: Readonly<Record<string, { readonly Meta: unknown }>>
  }
  assert.equal([Services['none']?.Meta, Services['unsaid']?.Meta], [{}, null])
  const shown = jsonOf(ask(machine, 'GET /v1/agent/service/unsaid')) as { readonly Meta: unknown }
  assert.equal(shown.Meta, {})
})

registration('Accept wants text when it begins with it', () => {
  const machine = createMachine()
  register(machine, { Name: 'web' })
  const look = (accept: string) =>
    textOfBody(ask(machine, 'GET /v1/agent/health/service/id/web', { headers: { accept } }))
  assert.is(look('text/plain'), 'passing')
  assert.is(look('text/plain; charset=utf-8, */*'), 'passing')
  assert.match(look('application/json, text/plain'), '"AggregatedStatus"')
})

registration.run()
