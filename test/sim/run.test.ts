// The simulator as a whole: quiet on what is right, the same twice, and nothing that it promises to
// look at left out.
import { execFileSync } from 'node:child_process'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { PROFILE_NAMES } from '../../core/sim/profiles.ts'
import { type RunOptions, simulate } from '../../core/sim/run.ts'
import { createTrace } from '../../core/sim/trace.ts'
import { createTally, type Invariant } from '../../core/sim/violation.ts'
import { patient } from '../kit/within.ts'
import { describe } from './kit/search.ts'
import { PINNED } from './pinned.ts'

const run = suite('simulator')

run('a seed gives the same run again, and another seed another', () => {
  const options = { seed: 5, profile: 'swarm', events: 1_500 } as const
  const first = simulate(options)
  assert.is(simulate(options).hash, first.hash)
  assert.is.not(simulate({ ...options, seed: 6 }).hash, first.hash)
})

const HASHES = `
  const { simulate } = await import(process.argv[1])
  const hash = (seed) => simulate({ seed, profile: 'swarm', events: 1000 }).hash
  console.log(Array.from({ length: 25 }, (_, i) => hash(i + 1)).join(' '))
`

run('fresh processes with another heap, zone and language give the same hashes', () => {
  const module = import.meta.resolve('../../core/sim/run.ts').replace(/\.ts$/, ENDING)
  const hashes = (env: NodeJS.ProcessEnv, flags: string[]) =>
    execFileSync(
      process.execPath,
      [...process.execArgv, ...flags, '--input-type=module', '-e', HASHES, module],
      { env: { ...process.env, ...env }, encoding: 'utf8', timeout: patient(60_000) },
    )
  const first = hashes({ TZ: 'UTC', LANG: 'C' }, [])
  const second = hashes({ TZ: 'Pacific/Chatham', LANG: 'tr_TR.UTF-8' }, ['--max-semi-space-size=1'])
  assert.is(first.split(' ').length, 25)
  assert.is(second, first)
})

/** What came out of the compiler has another ending than the source. */
const ENDING = import.meta.filename.endsWith('.js') ? '.js' : '.ts'

run('a trace does not change the run', () => {
  const options = { seed: 9, profile: 'figure-8', events: 1_000 } as const
  let lines = 0
  const onLine = () => {
    lines++
  }
  const trace: RunOptions['trace'] = (clock) => createTrace({ clock, onLine, messages: true })
  const traced = simulate({ ...options, trace })
  assert.is(traced.hash, simulate(options).hash)
  assert.ok(lines > 500, `${lines} lines`)
})

run('every profile does its harm, and every rule is looked at', () => {
  const tally = createTally()
  for (const [at, profile] of PROFILE_NAMES.entries()) {
    const result = simulate({ seed: 3 + (at % 4), profile, events: 1_000 })
    for (const name of Object.keys(tally) as Invariant[]) tally[name] += result.tally[name]
    const faults = Object.values(result.faults).reduce((sum, count) => sum + count, 0)
    assert.ok(faults > 0, `${profile}: no fault`)
    assert.ok(result.commits > 0, `${profile}: nothing was committed`)
  }
  // What scenarios expect is looked at by scenarios, sessions and indexes with a lone agent.
  const elsewhere = ['assertion', 'expected', 'fence', 'session', 'index']
  const never = Object.entries(tally).filter(
    ([name, count]) => count === 0 && !elsewhere.includes(name),
  )
  assert.equal(never, [])
})

run('pinned seeds stay quiet', () => {
  for (const { why, ...options } of PINNED) {
    const result = simulate(options)
    assert.is(result.finding, undefined, `${describe(result)}: ${why}`)
  }
})

run.run()
