// Planted mistakes of gossip: each must be found by the virtual pool within its seeds, by a rule
// that speaks of it.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { withTemp } from '../../kit/tmp.ts'
import { huntInPools } from './hunt.ts'
import { MUTANTS } from './mutants.ts'
import { plant } from './plant.ts'

const EVENTS = 2_000

const planted = suite('planted mistakes of gossip')

for (const mutant of MUTANTS)
  planted(`${mutant.id}: ${mutant.what}`, () =>
    withTemp(async (dir) => {
      const { by, line } = await huntInPools(dir, mutant)
      assert.ok(by !== undefined, line)
    }),
  )

planted('without a mistake nothing is found by the same seeds', () =>
  withTemp(async (dir) => {
    const { runOnePool } = await plant(dir, 'none', [])
    for (let seed = 1; seed <= 40; seed++)
      assert.is(runOnePool({ seed, events: EVENTS }).finding, undefined, `seed ${seed}`)
  }),
)

planted('a mistake that does not fit the source is a mistake of the test', () =>
  withTemp(async (dir) => {
    const patch = { file: 'core/swim/merge.ts', from: 'no such text', to: '' }
    const failed = await plant(dir, 'none', [patch]).catch((error: Error) => error)
    assert.ok(failed instanceof Error && failed.message.includes('0 times'))
  }),
)

planted.run()
