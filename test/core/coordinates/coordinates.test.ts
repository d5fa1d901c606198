// Coordinates through the whole machine: they gather, come into the catalog together, and sort its
// lists.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { advance, ask, createMachine, jsonOf, type Machine, send } from '../../kit/machine.ts'
import { replay } from '../../kit/replay.ts'

const coordinates = suite('coordinates')

const register = (machine: Machine, node: string) =>
  ask(machine, 'PUT /v1/catalog/register', {
    body: JSON.stringify({
      Node: node,
      Address: '10.0.0.1',
      Service: { Service: 'web' },
      Check: { CheckID: 'c', Name: 'c', Status: 'passing', ServiceID: 'web' },
    }),
  })

const place = (machine: Machine, node: string, x: number) =>
  ask(machine, 'PUT /v1/coordinate/update', {
    body: JSON.stringify({ Node: node, Coord: { Vec: [x, 0, 0, 0, 0, 0, 0, 0], Height: 0.00001 } }),
  })

const FLUSH_MS = 5_040

const nodesOf = (machine: Machine, target: string) =>
  (jsonOf(ask(machine, `GET ${target}`)) as { Node: string | { Node: string } }[]).map(
    ({ Node }) => (typeof Node === 'string' ? Node : Node.Node),
  )

function spread(): Machine {
  const machine = createMachine({ dev: false })
  for (const node of ['a', 'b', 'c', 'lost']) register(machine, node)
  place(machine, 'a', 0.5)
  place(machine, 'b', 0.1)
  place(machine, 'c', 0.2)
  place(machine, 'node1', 0)
  advance(machine, FLUSH_MS)
  return machine
}

coordinates('coordinate/reads-and-updates.json is answered as Consul does', async () => {
  const { played, problems } = await replay('coordinate/reads-and-updates.json')
  assert.equal(problems, [])
  assert.is(played, 22)
})

coordinates('?near sorts every list of nodes by distance, and those without a place last', () => {
  const machine = spread()
  const order = ['b', 'c', 'a', 'lost']
  for (const list of [
    '/v1/catalog/service/web?near=_agent',
    '/v1/catalog/service/web?near=NODE1',
    '/v1/health/service/web?near=_agent',
    '/v1/health/checks/web?near=_agent',
  ])
    assert.equal(nodesOf(machine, list), order, list)
  assert.equal(nodesOf(machine, '/v1/catalog/nodes?near=c'), ['c', 'b', 'node1', 'a', 'lost'])
  const passing = nodesOf(machine, '/v1/health/state/passing?near=a')
  assert.equal(passing, ['a', 'c', 'b', 'node1', 'lost'])
})

coordinates('near a node that nobody has placed the order stays', () => {
  const machine = spread()
  for (const near of ['lost', 'nobody', '_ip', ''])
    assert.equal(
      nodesOf(machine, `/v1/catalog/service/web?near=${near}`),
      ['a', 'b', 'c', 'lost'],
      near,
    )
})

coordinates('that a node moves wakes nobody who waits for a service', () => {
  const machine = spread()
  const { headers } = ask(machine, 'GET /v1/health/service/web')
  const index = headers[headers.indexOf('X-Consul-Index') + 1]
  const waiting = send(machine, `GET /v1/health/service/web?near=_agent&index=${index}`)
  const placed = send(machine, 'GET /v1/coordinate/node/b?index=1000000')
  place(machine, 'b', 0.9)
  advance(machine, FLUSH_MS)
  assert.not(machine.responses.has(waiting))
  assert.not(machine.responses.has(placed))
  assert.equal(nodesOf(machine, '/v1/catalog/service/web?near=_agent')[0], 'c')
})

coordinates('a node takes its place along', () => {
  const machine = spread()
  ask(machine, 'PUT /v1/catalog/deregister', { body: '{"Node":"B"}' })
  assert.is(ask(machine, 'GET /v1/coordinate/node/b').status, 404)
  assert.equal(nodesOf(machine, '/v1/coordinate/nodes'), ['a', 'c', 'node1'])
})

coordinates('what does not fit a batch is dropped, the last word of a node counts', () => {
  const machine = createMachine({ dev: false })
  for (let n = 0; n < 700; n++) register(machine, `n${n}`)
  for (let n = 0; n < 700; n++) place(machine, `n${n}`, 1)
  place(machine, 'n0', 2)
  const before = machine.disk.length
  advance(machine, FLUSH_MS)
  assert.ok(machine.disk.length > before)
  assert.is(nodesOf(machine, '/v1/coordinate/nodes').length, 640)
  const [first] = jsonOf(ask(machine, 'GET /v1/coordinate/node/n0')) as {
    Coord: { Vec: number[] }
  }[]
  assert.is(first?.Coord.Vec[0], 2)
})

coordinates('a point that is none is refused', () => {
  const machine = createMachine()
  for (const [coord, status] of [
    ['{"Vec":[1,2]}', 500],
    ['null', 500],
    ['{"Vec":[1e999,0,0,0,0,0,0,0]}', 400],
    ['{"Vec":["x"]}', 400],
  ] as const) {
    const body = `{"Node":"node1","Coord":${coord}}`
    assert.is(ask(machine, 'PUT /v1/coordinate/update', { body }).status, status, coord)
  }
})

coordinates.run()
