// What the agent tells of itself, against what a real Consul answered.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type ReplayOptions, replay } from '../../kit/replay.ts'

const recorded = suite('self/recorded')

interface Case extends ReplayOptions {
  readonly scenario: string
  /** How many steps are compared. */
  readonly steps: number
}

const CASES: readonly Case[] = [
  { scenario: 'status/leader-and-peers.json', steps: 17 },
  {
    scenario: 'agent/self-and-members.json',
    steps: 27,
    config: { prometheus: false },
  },
  {
    scenario: 'operator/raft.json',
    steps: 21,
    config: { dev: false },
  },
]

for (const { scenario, steps, ...options } of CASES) {
  recorded(`${scenario} is answered as Consul does`, async () => {
    const { played, problems } = await replay(scenario, options)
    assert.equal(problems, [])
    assert.is(played, steps)
  })
}

recorded.run()
