// A failing run is made smaller, and still breaks the same rule.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createPrng } from '../../core/prng.ts'
import { type RunOptions, simulate } from '../../core/sim/run.ts'
import { type Shrunk, shrinkRun, smallest } from '../../core/sim/shrink.ts'
import { SIMPLER } from '../../core/sim/simpler.ts'

const shrinking = suite('shrinking')
const always = () => true

/** Doors that answer without asking: every seed finds it soon. */
const wrong = (seed: number): RunOptions => ({
  seed,
  profile: 'swarm',
  events: 3_000,
  bug: 'stale-read',
})

function shrunk(seed: number): Shrunk {
  const found = shrinkRun(wrong(seed), { mayGoOn: always })
  if (found === undefined) throw new Error(`seed ${seed} does not fail`)
  return found
}

const faultsIn = (faults: Partial<Record<string, number>>) =>
  Object.values(faults).reduce<number>((sum, count) => sum + (count ?? 0), 0)

shrinking('what is left is a small part, and breaks the same rule', () => {
  for (const seed of [1, 4, 9, 18, 23]) {
    const before = simulate(wrong(seed))
    const { options, result } = shrunk(seed)
    assert.is(result.finding?.invariant, before.finding?.invariant)
    assert.is(simulate(options).hash, result.hash)
    assert.ok(options.events <= 750, `${options.events} of 3,000 events`)
    assert.ok(faultsIn(result.faults) <= 10, `${faultsIn(result.faults)} faults`)
    assert.ok((options.simpler ?? []).length >= 3, `simpler: ${options.simpler}`)
    const asked = result.requests.reduce((sum, count) => sum + count, 0)
    const left = asked - [...(options.skip ?? [])].filter((name) => name.includes(':')).length
    assert.ok(left <= 30, `${left} requests`)
  }
})

shrinking('what does not fail is not shrunk', () => {
  const quiet: RunOptions = { seed: 4, profile: 'swarm', events: 500 }
  assert.is(shrinkRun(quiet, { mayGoOn: always }), undefined)
})

shrinking('it ends when time is up, with what it has', () => {
  let runs = 0
  const seen: number[] = []
  const found = shrinkRun(wrong(4), {
    mayGoOn: () => ++runs <= 3,
    onProgress: ({ events }) => seen.push(events),
  })
  assert.ok(found !== undefined && found.runs <= 4)
  assert.ok(seen.length > 0)
})

shrinking('every way to make a run simpler leaves a run', () => {
  for (const simpler of SIMPLER) {
    const result = simulate({ seed: 3, profile: 'churn', events: 600, simpler: [simpler] })
    assert.is(result.finding, undefined, simpler)
  }
})

/** Fails when all of `needed` are there: then nothing else is left. */
shrinking('the smallest part that fails is found', () => {
  const prng = createPrng(5)
  for (let round = 0; round < 200; round++) {
    const all = Array.from({ length: prng.range(1, 40) }, (_, i) => i)
    const needed = all.filter(() => prng.chance(0.15))
    const kept = smallest(all, (some) => needed.every((one) => some.includes(one)), always)
    assert.equal(kept, needed)
  }
})

shrinking.run()
