// The virtual pool itself: the same run twice, calm where nothing happens, and as fast as the
// papers say.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { runOnePool } from '../../../core/sim/swim/run.ts'

const world = suite('virtual pool')

world('a seed gives the same run again, and another seed another', () => {
  const first = runOnePool({ seed: 5, events: 2_000 })
  assert.is(runOnePool({ seed: 5, events: 2_000 }).hash, first.hash)
  assert.is.not(runOnePool({ seed: 6, events: 2_000 }).hash, first.hash)
})

world('without faults nobody fails but those that we end, whatever the network loses', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const { finding, failures, size } = runOnePool({ seed, events: 2_000, faults: [] })
    assert.is(finding, undefined)
    assert.ok(failures <= 2 * size, `${failures} of ${size}`)
  }
})

world('members that stand still, are slow or flap are no danger to others', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const { finding } = runOnePool({ seed, events: 3_000, faults: ['pause', 'slow', 'flap'] })
    assert.is(finding, undefined, `seed ${seed}`)
  }
})

world('who leaves a large pool while states are exchanged has failed for nobody', () => {
  for (const seed of [1, 2, 8]) {
    const { finding } = runOnePool({ seed, size: 70, events: 2_000, faults: [] })
    assert.is(finding, undefined, `seed ${seed}`)
  }
})

world.run()
