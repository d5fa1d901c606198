// Fresh worlds with every change of what is searched, in parts that run beside one another: 500
// seeds each, nothing may be found, and of a quarter of them a second run, in another process with
// another heap, zone and language, must give the same hash.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type RunResult, simulate } from '../../../core/sim/run.ts'
import { inProject } from '../../kit/paths.ts'
import { before } from '../../kit/within.ts'
import { describe, profileOf, search } from '../kit/search.ts'

const SEEDS = 500
const EVENTS = 4_000
const TWICE = 125
/** All parts together have this many at most. */
const STRIDE = 10_000
/** Seeds are 32 bits wide. */
const STRIDES = 200_000
const DEADLINE_MS = 60_000

/**
 * Others with each change of what is searched, the same for everybody who looks at this change.
 * `npm run seeds` takes others every time.
 */
function firstOfChange(): number {
  const hash = createHash('sha256')
  for (const folder of ['core/raft', 'core/sim'])
    for (const name of readdirSync(inProject(folder)).sort())
      if (name.endsWith('.ts')) hash.update(readFileSync(join(inProject(folder), name)))
  return (hash.digest().readUInt32BE() % STRIDES) * STRIDE + 1
}

export function freshWorlds(part: number): void {
  const first = firstOfChange() + part * SEEDS
  const worlds = suite(`fresh worlds ${first} to ${first + SEEDS - 1}`)
  const results: RunResult[] = []

  worlds('nothing is found', () => {
    for (let seed = first; seed < first + SEEDS; seed++)
      results.push(simulate({ seed, profile: profileOf(seed), events: EVENTS }))
    const found = results.filter(({ finding }) => finding !== undefined)
    assert.equal(found.map(describe), [])
  })

  worlds('they were worth looking at', () => {
    const sum = (of: (result: RunResult) => number) =>
      results.reduce((total, result) => total + of(result), 0)
    assert.ok(sum(({ events }) => events) / SEEDS >= EVENTS)
    assert.ok(sum(({ commits }) => commits) / SEEDS > 50)
    assert.ok(sum(({ elections }) => elections) / SEEDS > 3)
    assert.ok(sum(({ faults }) => Object.keys(faults).length) / SEEDS > 2)
    const undecided = results.filter((result) => result.undecided).length
    assert.ok(undecided < SEEDS / 100, `${undecided} histories could not be judged`)
  })

  worlds('a second run, in a process that is set up otherwise, has the same hashes', () =>
    before(
      DEADLINE_MS,
      async () => {
        const env = { TZ: 'Pacific/Chatham', LANG: 'tr_TR.UTF-8' }
        const flags = ['--max-semi-space-size=1']
        const options = { first, count: TWICE, events: EVENTS, all: true, processes: 1 }
        const again = await search({ ...options, env, flags })
        const hashes = new Map(again.results.map(({ seed, hash }) => [seed, hash]))
        const drifted = results.slice(0, TWICE).filter(({ seed, hash }) => {
          return hashes.get(seed) !== hash
        })
        assert.is(again.seeds, TWICE)
        assert.equal(drifted.map(describe), [])
      },
      'the second run',
    ),
  )

  worlds.run()
}
