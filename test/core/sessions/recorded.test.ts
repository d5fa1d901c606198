// Sessions and locks against what a real Consul answered: whole scenarios, headers and indexes
// included.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { replay } from '../../kit/replay.ts'

const recorded = suite('sessions/recorded')

/** How many steps of each are compared. */
const SCENARIOS: Readonly<Record<string, number>> = {
  'session/create-defaults.json': 24,
  'session/create-errors.json': 31,
  'session/destroy-behaviour.json': 25,
  'session/info-node-list-renew.json': 35,
  'session/lock-acquire-release.json': 27,
  'session/lock-delay.json': 24,
}

for (const [scenario, steps] of Object.entries(SCENARIOS)) {
  recorded(`${scenario} is answered as Consul does`, async () => {
    const { played, problems } = await replay(scenario)
    assert.equal(problems, [])
    assert.is(played, steps)
  })
}

recorded.run()
