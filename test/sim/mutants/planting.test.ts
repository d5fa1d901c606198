// Planted mistakes are found, each within its number of seeds: those that need few seeds in every
// run, those that need many by turns, two a day. `npm run mutants` hunts all of them.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { INVARIANTS } from '../../core/sim/violation.ts'
import { withTemp } from '../kit/tmp.ts'
import { before } from '../kit/within.ts'
import { hunt } from './mutants/hunt.ts'
import { plant } from './mutants/plant.ts'
import { MUTANTS } from './mutants/table.ts'

const mutants = suite('mutants')

/** Above it a mutant waits for its turn. */
const QUICK_SEEDS = 500
const TURNS_A_DAY = 2
const DEADLINE_MS = 60_000

const slow = MUTANTS.filter(({ seeds }) => seeds > QUICK_SEEDS)
const day = Math.floor(Date.now() / 86_400_000)
const onTurn = slow.filter(
  (_, i) => Math.floor(i / TURNS_A_DAY) === day % Math.ceil(slow.length / 2),
)
const hunted = [...MUTANTS.filter(({ seeds }) => seeds <= QUICK_SEEDS), ...onTurn]

for (const mutant of hunted) {
  mutants(`${mutant.id} is found: ${mutant.what}`, () =>
    withTemp((dir) =>
      before(
        DEADLINE_MS,
        async () => {
          const { by, line } = await hunt(dir, mutant, DEADLINE_MS)
          assert.ok(by !== undefined && mutant.caught.includes(by), line)
        },
        mutant.id,
      ),
    ),
  )
}

mutants('a patch that does not fit is no mutant', () =>
  withTemp(async (dir) => {
    const file = 'core/raft/quorum.ts'
    const planted = plant(dir, {
      id: 'odd',
      patches: [{ file, from: 'no such text', to: '' }],
    })
    const why = await planted.then(() => '', String)
    assert.match(why, /has 0 times/)
    const elsewhere = plant(dir, {
      id: 'odd',
      patches: [{ file: 'daemons/agent.ts', from: 'x', to: '' }],
    })
    assert.match(await elsewhere.then(() => '', String), /is not in the simulator/)
  }),
)

mutants('every rule of the simulator catches some mutant', () => {
  // What a scenario expects fails in scenario.test.ts.
  const catching = new Set(['expected', ...MUTANTS.flatMap(({ caught }) => caught)])
  assert.equal(
    Object.keys(INVARIANTS).filter((name) => !catching.has(name)),
    [],
  )
})

mutants.run()
