// What clients of `?cached` are told.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { advance, ask, createMachine, headerOf, type Machine, send } from '../../kit/machine.ts'

const cached = suite('cached')

const told = (machine: Machine, target: string, control = '') => {
  const response = ask(machine, `GET ${target}`, { headers: { 'cache-control': control } })
  return [headerOf(response, 'x-cache'), headerOf(response, 'age')]
}

const MISS = ['MISS', undefined]
const HIT = ['HIT', '0']

cached('the second who asks the same hits, whatever the order and manner of asking', () => {
  const machine = createMachine()
  assert.equal(told(machine, '/v1/catalog/service/web?cached&tag=a&near=x'), MISS)
  assert.equal(told(machine, '/v1/catalog/service/web?pretty&near=x&tag=a&cached'), HIT)
  assert.equal(told(machine, '/v1/catalog/service/web?cached&tag=b&near=x'), MISS)
  assert.equal(told(machine, '/v1/catalog/service/db?cached&tag=a&near=x'), MISS)
  assert.equal(told(machine, '/v1/health/service/web?cached'), MISS)
  assert.equal(told(machine, '/v1/catalog/services?cached'), MISS)
})

cached('what is not kept in a cache says nothing of one', () => {
  const machine = createMachine()
  for (const target of ['/v1/catalog/nodes?cached', '/v1/kv/a?cached', '/v1/catalog/services'])
    assert.equal(told(machine, target), [undefined, undefined], target)
  const without = createMachine()
  const { httpConfig } = without.agent.config
  const off = createMachine({ httpConfig: { ...httpConfig, useCache: false } })
  assert.equal(told(off, '/v1/catalog/services?cached'), [undefined, undefined])
})

cached('without a cache ?cached contradicts nothing; a stale age of zero is none', () => {
  const machine = createMachine()
  const { httpConfig } = machine.agent.config
  const off = createMachine({ httpConfig: { ...httpConfig, useCache: false } })
  const effective = (agent: Machine, target: string) => {
    const response = ask(agent, `GET ${target}`)
    return headerOf(response, 'x-consul-effective-consistency') ?? response.status
  }
  assert.is(effective(machine, '/v1/catalog/nodes?cached&consistent'), 400)
  assert.is(effective(off, '/v1/catalog/nodes?cached&consistent'), 'consistent')
  assert.is(effective(machine, '/v1/catalog/nodes?max_stale=0s'), 'leader')
  assert.is(effective(machine, '/v1/catalog/nodes?max_stale=1s'), 'stale')
  assert.is(effective(machine, '/v1/catalog/nodes?max_stale=0s&consistent'), 'consistent')
})

cached('who says nothing takes what discovery_max_stale allows, of catalog and health', () => {
  const machine = createMachine({ discoveryMaxStaleMs: 5_000 })
  const effective = (target: string) =>
    headerOf(ask(machine, `GET /v1/${target}`), 'x-consul-effective-consistency')
  for (const target of ['catalog/nodes', 'health/state/any?pretty', 'catalog/nodes?max_stale=0s'])
    assert.is(effective(target), 'stale', target)
  for (const target of ['catalog/nodes?leader', 'catalog/services?cached', 'operator/usage'])
    assert.is(effective(target), 'leader', target)
  assert.is(effective('catalog/nodes?consistent'), 'consistent')
})

cached('only what is not kept fresh has an age, and can be too old', () => {
  const machine = createMachine()
  told(machine, '/v1/catalog/datacenters?cached')
  told(machine, '/v1/catalog/services?cached')
  advance(machine, 3_000)
  assert.equal(told(machine, '/v1/catalog/services?cached', 'max-age=1'), HIT)
  assert.equal(told(machine, '/v1/catalog/datacenters?cached', 'max-age'), ['HIT', '3'])
  assert.equal(told(machine, '/v1/catalog/datacenters?cached', 'max-age=5'), ['HIT', '3'])
  assert.equal(told(machine, '/v1/catalog/datacenters?cached', 'max-age=2'), MISS)
  assert.equal(told(machine, '/v1/catalog/datacenters?cached', 'must-revalidate'), MISS)
  assert.equal(told(machine, '/v1/catalog/datacenters?cached', ' max-age=0 , x=1'), MISS)
  assert.equal(told(machine, '/v1/catalog/datacenters?cached', 'no-cache'), HIT)
})

cached('a view that is streamed says so', () => {
  const machine = createMachine()
  const plain = ask(machine, 'GET /v1/health/service/web')
  assert.is(headerOf(plain, 'x-consul-query-backend'), 'blocking-query')
  const streamed = ask(machine, 'GET /v1/health/service/web?cached')
  assert.is(headerOf(streamed, 'x-consul-query-backend'), 'streaming')
  for (const beyond of ['near=a', 'merge-central-config']) {
    const found = ask(machine, `GET /v1/health/service/web?cached&${beyond}`)
    assert.is(headerOf(found, 'x-consul-query-backend'), 'blocking-query', beyond)
    assert.is(headerOf(found, 'x-consul-knownleader'), 'true', beyond)
  }
})

cached('what had to be waited for was not there, what was there need not be waited for', () => {
  const machine = createMachine()
  const first = ask(machine, 'GET /v1/catalog/services?cached')
  const index = headerOf(first, 'x-consul-index')
  const waiting = send(machine, `GET /v1/catalog/services?cached&index=${index}`)
  assert.not(machine.responses.has(waiting))
  ask(machine, 'PUT /v1/agent/service/register', { body: '{"Name":"web"}' })
  const response = machine.responses.get(waiting)
  assert.ok(response)
  assert.is(headerOf(response, 'x-cache'), 'MISS')
  assert.equal(told(machine, `/v1/catalog/services?cached&index=${index}`), HIT)
})

cached.run()
