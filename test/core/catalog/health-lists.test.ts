// Health lists as they leave an agent: kept printed, and never older than the state.

import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ask, createMachine, jsonOf, type Machine, send, textOfBody } from '../../kit/machine.ts'
import { fc } from '../../kit/property.ts'

const lists = suite('catalog/health-lists')

const put = (machine: Machine, path: string, body: unknown) =>
  ask(machine, `PUT /v1/catalog/${path}`, { body: JSON.stringify(body) })

interface Change {
  readonly node: number
  readonly service: string
  readonly status: string
  readonly gone: boolean
}

function apply(machine: Machine, { node, service, status, gone }: Change): void {
  const Node = `n${node}`
  if (gone) {
    put(machine, 'deregister', { Node, ServiceID: service })
    return
  }
  put(machine, 'register', {
    Node,
    Address: `10.0.0.${node}`,
    Service: { Service: service, Port: 80 + node },
    Check: { Name: `c-${service}`, ServiceID: service, Status: status },
  })
}

const change = fc.record({
  node: fc.integer({ min: 1, max: 4 }),
  service: fc.constantFrom('web', 'WEB', 'db'),
  status: fc.constantFrom('passing', 'warning', 'critical'),
  gone: fc.boolean(),
})

lists('a check of a node keeps what it says of a service, one of an instance does not', () => {
  const machine = createMachine()
  const said = { Status: 'passing', ServiceName: 'said', ServiceTags: ['t'] }
  const Checks = [
    { CheckID: 'c', ...said },
    { CheckID: 'd', ServiceID: 'web', ...said },
  ]
  put(machine, 'register', { Node: 'n', Address: 'a', Service: { Service: 'web' }, Checks })
  const named = (name: string) =>
    (jsonOf(ask(machine, `GET /v1/health/checks/${name}`)) as Record<string, unknown>[]).map(
      ({ CheckID, ServiceID, ServiceTags }) => [CheckID, ServiceID, ServiceTags],
    )
  assert.equal(named('said'), [['c', '', ['t']]])
  assert.equal(named('web'), [['d', 'web', []]])
})

lists('after any changes a list is what it would be without being kept', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 12 }), (changes) => {
      const machine = createMachine()
      for (const one of changes) {
        apply(machine, one)
        for (const query of ['', '?passing', '?passing=false']) {
          for (const name of ['web', 'db', 'none']) {
            const path = `GET /v1/health/service/${name}${query}`
            const kept = ask(machine, path)
            const anew = ask(machine, `${path}${query === '' ? '?' : '&'}filter=`)
            assert.equal(JSON.parse(textOfBody(kept)), JSON.parse(textOfBody(anew)))
            const pretty = ask(machine, `${path}${query === '' ? '?' : '&'}pretty`)
            assert.equal(JSON.parse(textOfBody(pretty)), JSON.parse(textOfBody(anew)))
            assert.equal(kept.headers, anew.headers)
          }
        }
      }
    }),
    { numRuns: 60 },
  )
})

lists('the catalog tells those that are passing alone, if asked', () => {
  const machine = createMachine()
  apply(machine, { node: 1, service: 'web', status: 'passing', gone: false })
  apply(machine, { node: 2, service: 'web', status: 'warning', gone: false })
  const count = (query: string) =>
    (jsonOf(ask(machine, `GET /v1/catalog/service/web${query}`)) as unknown[]).length
  assert.equal(
    ['', '?passing', '?passing=true', '?passing=false', '?passing=maybe'].map(count),
    [2, 1, 1, 2, 2],
  )
})

const SERVICES = 1_000

lists('a change of one service wakes its own watcher, and no other of a thousand', () => {
  const machine = createMachine()
  const register = (i: number, port: number) =>
    put(machine, 'register', {
      Node: `n${i}`,
      Address: '10.0.0.1',
      Service: { Service: `svc-${i}`, Port: port },
    })
  for (let i = 0; i < SERVICES; i++) register(i, 80)
  const woken = () => machine.agent.metrics.totals.counters.get('lictor.woken')?.sum ?? 0
  const watchers = Array.from({ length: SERVICES }, (_, i) => {
    const { headers } = ask(machine, `GET /v1/health/service/svc-${i}`)
    const index = headers[headers.indexOf('X-Consul-Index') + 1]
    return send(machine, `GET /v1/health/service/svc-${i}?index=${index}&wait=60s`)
  })
  const before = woken()
  register(7, 81)
  assert.is(woken() - before, 1)
  const answered = watchers.filter((id) => machine.responses.has(id))
  assert.equal(answered, [watchers[7]])
})

lists.run()
