// Planted mistakes of gossip: each must be found by the virtual pool within its seeds, by a rule
// that speaks of it.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { withTemp } from '../../kit/tmp.ts'
import { MUTANTS, type Mutant } from './mutants.ts'
import { plant, type Simulator } from './plant.ts'

const EVENTS = 2_000

function hunt({ runOnePool }: Simulator, { seeds, faults, caught }: Mutant): string | undefined {
  for (let seed = 1; seed <= seeds; seed++) {
    const { finding } = runOnePool({ seed, events: EVENTS, ...(faults && { faults }) })
    if (finding === undefined) continue
    if (caught.includes(finding.rule)) return undefined
    return `seed ${seed} found ${finding.rule}: ${finding.what}`
  }
  return `survives ${seeds} seeds`
}

const planted = suite('planted mistakes of gossip')

for (const mutant of MUTANTS)
  planted(`${mutant.id}: ${mutant.what}`, () =>
    withTemp(async (dir) => {
      const simulator = await plant(dir, mutant.id, mutant.patches)
      assert.is(hunt(simulator, mutant), undefined)
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
