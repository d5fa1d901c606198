// The dialect of the lesson, asked of a whole machine: what is registered, what is said of it, and
// how a mistake is told.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { testConfig } from '../../kit/config.ts'
import { advance, ask, createMachine, type Machine, textOfBody } from '../../kit/machine.ts'

const registry = suite('registry/routes')

function createRegistry(): Machine {
  const { httpConfig } = testConfig({})
  return createMachine({
    nodeName: 'registry',
    advertiseAddr: '127.0.0.1',
    httpConfig: { ...httpConfig, dialect: 'lesson', errorFormat: 'json' },
  })
}

const put = (machine: Machine, path: string, body: unknown = '') =>
  ask(machine, `PUT /v1/${path}`, { body: typeof body === 'string' ? body : JSON.stringify(body) })

const get = (machine: Machine, path: string): string => textOfBody(ask(machine, `GET /v1/${path}`))

function withWeb(): Machine {
  const machine = createRegistry()
  const check = { ttl: '10s' }
  put(machine, 'agent/service/register', { name: 'web', id: 'web-1', port: 8080, check })
  const tags = ['production']
  put(machine, 'agent/service/register', { name: 'web', id: 'web-2', port: 8081, tags, check })
  return machine
}

registry('a registration and its end are answered in the words of the lesson', () => {
  const machine = createRegistry()
  const said = put(machine, 'agent/service/register', { name: 'web', id: 'web-1', port: 8080 })
  assert.is(textOfBody(said), '{"success": true}\n')
  const gone = put(machine, 'agent/service/deregister/web-1')
  assert.is(textOfBody(gone), '{"success": true}\n')
  assert.is(get(machine, 'catalog/service/web'), '[]\n')
  assert.is(get(machine, 'catalog/services'), '{}\n')
})

registry('a wrong method is told as any mistake, with the right ones', () => {
  const said = ask(createRegistry(), 'GET /v1/agent/service/register')
  assert.is(said.status, 405)
  assert.is(textOfBody(said), '{"error": "method GET not allowed"}\n')
  assert.match(said.headers.join(' '), 'Allow OPTIONS,PUT Content-Type application/json')
})

registry('registered is one thing, healthy another', () => {
  const machine = withWeb()
  const of = (query: string) => get(machine, `catalog/service/web${query}`)
  assert.is(of('?passing=true'), '[]\n')
  put(machine, 'agent/check/pass/service:web-1')
  put(machine, 'agent/check/warn/service:web-2', '')
  const first = '{"id": "web-1", "address": "127.0.0.1", "port": 8080, "status": "passing"}'
  assert.is(of('?passing=true'), `[\n${first}\n]\n`)
  const second =
    '{"id": "web-2", "address": "127.0.0.1", "port": 8081, "status": "warning", ' +
    '"tags": ["production"]}'
  assert.is(of(''), `[\n${first},\n${second}\n]\n`)
  assert.is(of('?tag=production'), `[\n${second}\n]\n`)
  put(machine, 'agent/check/fail/service:web-2')
  assert.match(of('?tag=production'), '"status": "critical"')
})

registry('a TTL check that falls silent is critical', () => {
  const machine = withWeb()
  put(machine, 'agent/check/pass/service:web-1')
  assert.match(get(machine, 'catalog/service/web?passing=true'), 'web-1')
  advance(machine, 10_100)
  assert.is(get(machine, 'catalog/service/web?passing=true'), '[]\n')
  assert.match(get(machine, 'health/checks/web'), '"output": "TTL expired')
})

registry('a mistake is told as JSON with status 400, the missing as 404', () => {
  const machine = createRegistry()
  const cases: [string, unknown, number, RegExp][] = [
    ['agent/service/register', {}, 400, /^\{"error": "Missing service name"\}\n$/],
    ['agent/service/register', '{', 400, /^\{"error": "Request decode failed: /],
    ['agent/service/deregister/none', '', 404, /^\{"error": "Unknown service ID /],
    ['agent/check/pass/none', '', 404, /^\{"error": "Unknown check ID /],
    ['nonsense', '', 404, /^\{"error": "Invalid URL path: /],
  ]
  for (const [path, body, status, shown] of cases) {
    const response = put(machine, path, body)
    assert.is(response.status, status, path)
    assert.match(textOfBody(response), shown)
    const named = response.headers.filter((text) => text.startsWith('X-Consul-'))
    assert.equal(named, [], 'a refusal says nothing of Consul')
  }
})

registry('there is no page at /', () => {
  const response = ask(createRegistry(), 'GET /')
  assert.is(response.status, 404)
  assert.is(textOfBody(response), '{"error": "nothing is at /: the API is below /v1/"}\n')
})

registry('a script check is refused with the flag that allows it', () => {
  const machine = createRegistry()
  const check = { args: ['true'], interval: '10s' }
  for (const [path, body] of [
    ['agent/service/register', { name: 'web', check }],
    ['agent/check/register', { name: 'up', ...check }],
  ] as const) {
    const { status, body: said } = put(machine, path, body)
    assert.is(status, 400)
    assert.match(String(said), '--enable-script-checks')
  }
})

registry('a node that goes takes its services along', () => {
  const machine = createRegistry()
  const service = { id: 'db-1', service: 'db', port: 5432 }
  const body = { node: 'host-2', address: '10.0.0.2', service }
  assert.is(textOfBody(put(machine, 'catalog/register', body)), '{"success": true}\n')
  assert.match(get(machine, 'catalog/service/db'), '"address": "10.0.0.2"')
  assert.match(get(machine, 'catalog/node/host-2'), '"services": ["db-1"]')
  put(machine, 'catalog/deregister', { node: 'host-2' })
  assert.is(get(machine, 'catalog/service/db'), '[]\n')
  assert.is(ask(machine, 'GET /v1/catalog/node/host-2').status, 404)
})

registry('the list of all instances names service and node, and waits for a change', () => {
  const machine = withWeb()
  const response = ask(machine, 'GET /v1/catalog/instances')
  assert.match(textOfBody(response), '{"name": "web", "node": "registry", "id": "web-1"')
  assert.not.match(textOfBody(response), '"consul"')
})

registry('the registry is not among its services, and shows what was registered with it', () => {
  const machine = withWeb()
  assert.is(get(machine, 'catalog/services'), '{"web": ["production"]}\n')
  assert.match(get(machine, 'agent/services'), '"id": "web-2"')
  assert.match(get(machine, 'agent/checks'), '"service": "web-2"')
  assert.match(get(machine, 'health/state/critical'), '"id": "service:web-1"')
  assert.match(get(machine, 'health/node/registry'), '"id": "serfHealth"')
  assert.match(get(machine, 'health/service/web'), '"checks": [{"id": "serfHealth"')
  assert.is(get(machine, 'catalog/nodes'), '[\n{"node": "registry", "address": "127.0.0.1"}\n]\n')
})

registry.run()
