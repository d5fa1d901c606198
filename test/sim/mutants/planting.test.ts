// Planting itself, and that every rule of the simulator is of use.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { INVARIANTS } from '../../../core/sim/violation.ts'
import { withTemp } from '../../kit/tmp.ts'
import { plant } from './plant.ts'
import { MUTANTS } from './table.ts'

const planting = suite('planting')

planting('a patch that does not fit is no mutant', () =>
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

planting('every rule of the simulator catches some mutant', () => {
  // What a scenario expects fails in scenario.test.ts.
  const catching = new Set(['expected', ...MUTANTS.flatMap(({ caught }) => caught)])
  assert.equal(
    Object.keys(INVARIANTS).filter((name) => !catching.has(name)),
    [],
  )
})

planting.run()
