// Endpoints of what is not there yet: known, empty, and refused with a reason.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { absentRoutes } from '../../../core/absent/routes.ts'
import { ROUTES } from '../../../core/api/table.ts'
import { ask, createMachine, headerOf, jsonOf, textOfBody } from '../../kit/machine.ts'

const absent = suite('absent')

const NOBODY = '77777777-7777-4777-8777-777777777777'

absent('lists are empty, and carry an index', () => {
  const machine = createMachine()
  const lists = [
    'query',
    'connect/intentions?filter=SourceName==x',
    'config/service-defaults',
    'config/',
    'catalog/gateway-services/web',
    'peerings',
    'exported-services',
  ]
  for (const list of lists) {
    const answer = ask(machine, `GET /v1/${list}`)
    assert.equal([answer.status, jsonOf(answer)], [200, []], list)
    assert.ok(Number(headerOf(answer, 'x-consul-index')) > 0, list)
  }
})

absent('no endpoint stands in the table twice', () => {
  const paths = ROUTES.map(({ path }) => path)
  assert.equal(
    paths.filter((path, at) => paths.indexOf(path) !== at),
    [],
  )
})

absent('what is asked for by name is not there', () => {
  const machine = createMachine()
  for (const [request, status, said] of [
    [`GET /v1/query/${NOBODY}`, 404, 'Query not found'],
    ['GET /v1/query/web/execute', 404, 'Query not found'],
    ['GET /v1/query/web', 500, 'failed prepared query lookup: index error: UUID must be 36'],
    [`PUT /v1/query/${NOBODY}`, 500, `Cannot modify non-existent prepared query: '${NOBODY}'`],
    ['DELETE /v1/query/web', 500, 'Prepared Query lookup failed: failed prepared query lookup'],
    ['GET /v1/config/mesh/mesh', 404, 'Config entry not found for "mesh" / "mesh"'],
    ['GET /v1/config/strange', 500, 'invalid config entry kind: strange'],
    ['DELETE /v1/config/strange/x', 400, 'invalid config entry kind: strange'],
    ['DELETE /v1/config/mesh', 404, 'Must provide both a kind and name to delete'],
    ['DELETE /v1/config/mesh/mesh?cas=z', 500, 'strconv.ParseUint: parsing "z": invalid syntax'],
    ['GET /v1/connect/intentions?filter=Bogus==1', 500, 'Selector "Bogus" is not valid'],
    ['GET /v1/peering/east', 404, 'Peering not found for "east"'],
    ['GET /v1/catalog/gateway-services/', 400, 'Missing gateway name'],
    ['GET /v1/peering/', 400, 'Must specify a name to fetch.'],
    ['DELETE /v1/peering/', 400, 'Must specify a name to delete.'],
    ['GET /v1/snapshot?dc=dc9', 500, 'No path to datacenter'],
  ] as const) {
    const answer = ask(machine, request)
    assert.is(answer.status, status, request)
    assert.match(textOfBody(answer), said)
  }
  assert.equal(jsonOf(ask(machine, 'DELETE /v1/config/mesh/mesh')), {})
  assert.is(jsonOf(ask(machine, 'DELETE /v1/config/mesh/mesh?cas=3')), false)
  assert.is(ask(machine, 'DELETE /v1/peering/east').status, 200)
  assert.equal(jsonOf(ask(machine, 'GET /v1/internal/federation-states/mesh-gateways')), {})
})

absent('what would put something there is refused with a reason', () => {
  const machine = createMachine()
  const paths = absentRoutes.map(({ path }) => path).filter((path) => /^(?:PUT|POST)/.test(path))
  assert.ok(paths.length > 8)
  for (const path of paths.filter((one) => one !== 'PUT /v1/query/*query')) {
    const answer = ask(machine, path.replace(/\*\w+$/, 'x'))
    assert.is(answer.status, 501, path)
    assert.match(textOfBody(answer), ' is not in this version')
  }
  assert.is(ask(machine, 'GET /v1/connect/ca/roots').status, 501)
})

absent('a wrong method is answered with those there are', () => {
  const machine = createMachine()
  for (const [request, allow] of [
    ['PUT /v1/query', 'OPTIONS,GET,POST'],
    ['POST /v1/snapshot', 'OPTIONS,GET,PUT'],
    ['PUT /v1/agent/connect/authorize', 'OPTIONS,POST'],
    ['PUT /v1/config/x/y', 'OPTIONS,GET,DELETE'],
    ['GET /v1/peering/token', 'OPTIONS,POST'],
    ['DELETE /v1/connect/intentions', 'OPTIONS,GET,POST'],
  ] as const) {
    const answer = ask(machine, request)
    assert.equal([answer.status, headerOf(answer, 'allow')], [405, allow], request)
  }
})

absent.run()
