// A lone agent in its world: quiet on what is right, the same twice, and nothing left out.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createTally, type Invariant } from '../../core/sim/violation.ts'
import { describe } from './kit/search.ts'
import { simulate } from './lone/simulate.ts'

const lone = suite('lone agent')

const run = (seed: number, events = 2_500) => simulate({ seed, events, profile: 'alone' })

lone('forty seeds find nothing, and look at all that concerns an agent', () => {
  const tally = createTally()
  let starts = 0
  for (let seed = 1; seed <= 40; seed++) {
    const result = run(seed)
    assert.is(result.finding, undefined, describe(result))
    starts += result.elections
    for (const name of Object.keys(tally) as Invariant[]) tally[name] += result.tally[name]
  }
  const looked = ['state-machine', 'durable', 'snapshot', 'lost-write', 'fence'] as const
  for (const name of [...looked, 'session', 'index', 'wake-up'] as const)
    assert.ok(tally[name] > 50, `${name}: ${tally[name]}`)
  assert.ok(starts > 200, `${starts} starts`)
})

lone('a seed gives the same run again, and another seed another', () => {
  assert.is(run(3).hash, run(3).hash)
  assert.is.not(run(3).hash, run(4).hash)
})

lone.run()
