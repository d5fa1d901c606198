// The catalog against what a real Consul answered: whole scenarios, headers and indexes included.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { replay } from '../../kit/replay.ts'

const recorded = suite('catalog/recorded')

/** How many steps of each are compared. */
const SCENARIOS: Readonly<Record<string, number>> = {
  'catalog/register-nodes.json': 34,
  'catalog/register-services.json': 27,
  'catalog/register-checks.json': 22,
  'catalog/deregister.json': 26,
  'catalog/reads-and-methods.json': 37,
  'catalog/recipe-external-monitor.json': 21,
  'catalog/service-queries.json': 35,
  'health/node-checks-state.json': 35,
  'health/service.json': 32,
  'connect/health-connect.json': 17,
  'blocking/service-indexes.json': 35,
  'blocking/catalog.json': 20,
  'blocking/health.json': 20,
}

for (const [scenario, steps] of Object.entries(SCENARIOS)) {
  recorded(`${scenario} is answered as Consul does`, async () => {
    const { played, problems } = await replay(scenario)
    assert.equal(problems, [])
    assert.is(played, steps)
  })
}

recorded.run()
