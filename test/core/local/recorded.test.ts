// The services and checks of an agent, against what a real Consul answered.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type ReplayOptions, replay } from '../../kit/replay.ts'

const recorded = suite('local/recorded')

interface Case extends ReplayOptions {
  readonly scenario: string
  /** How many steps are compared. */
  readonly steps: number
}

const CASES: readonly Case[] = [
  { scenario: 'agent/services.json', steps: 29 },
  { scenario: 'agent/checks.json', steps: 38 },
  { scenario: 'agent/check-kinds.json', steps: 27 },
  { scenario: 'agent/maintenance.json', steps: 34 },
  { scenario: 'agent/health-by-service.json', steps: 37 },
  { scenario: 'agent/replace-existing-checks.json', steps: 17 },
  { scenario: 'agent/service-register-errors.json', steps: 43 },
  { scenario: 'blocking/agent-service-hash.json', steps: 17 },
  { scenario: 'connect/proxy-registration.json', steps: 36 },
  { scenario: 'connect/sidecar-service.json', steps: 28 },
  { scenario: 'session/invalidation.json', steps: 29 },
]

for (const { scenario, steps, ...options } of CASES) {
  recorded(`${scenario} is answered as Consul does`, async () => {
    const { played, problems } = await replay(scenario, options)
    assert.equal(problems, [])
    assert.is(played, steps)
  })
}

recorded.run()
