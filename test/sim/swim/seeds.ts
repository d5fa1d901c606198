// Seeds of virtual pools, in parts that run beside one another. What one finds is printed with its
// seed, by which it can be seen again.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type PoolResult, runOnePool } from '../../../core/sim/swim/run.ts'

const EVENTS = 2_000

export function seeds(first: number, count: number): void {
  const pools = suite(`virtual pools ${first} to ${first + count - 1}`)
  const results: PoolResult[] = []

  pools('nothing is found', () => {
    for (let seed = first; seed < first + count; seed++)
      results.push(runOnePool({ seed, events: EVENTS }))
    const found = results.filter(({ finding }) => finding !== undefined)
    assert.equal(
      found.map(
        ({ seed, faults, finding }) =>
          `seed ${seed} [${faults}]: ${finding?.rule}: ${finding?.what}`,
      ),
      [],
    )
  })

  pools('they were worth looking at', () => {
    const events = results.reduce((sum, result) => sum + result.events, 0)
    assert.ok(events / count >= EVENTS, `${events / count} events per seed`)
    assert.ok(results.some(({ size }) => size >= 28))
    assert.ok(results.some(({ size }) => size === 5))
    assert.ok(results.filter(({ failures }) => failures > 0).length > count / 2)
    assert.ok(results.filter(({ faults }) => faults.length === 0).length > count / 10)
    const suspicions = results.reduce((sum, result) => sum + result.suspicions, 0)
    assert.ok(suspicions > count)
  })

  pools.run()
}
