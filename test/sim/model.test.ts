// Everything that can happen to three servers, not what chance brings: each state once, the nearest
// first (test/sim/model). Where a search comes to its end nothing within its limits is left.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { search } from './model/search.ts'
import { beginning, type Limits } from './model/world.ts'

const model = suite('small model')

/** Nobody crashes, nothing is lost but by never arriving, and the disk is prompt. */
const CALM: Limits = {
  termMax: 2,
  proposals: 1,
  crashes: 0,
  doubles: 0,
  losses: 0,
  promptDisk: true,
}

const STATES_MAX = 36_000
const NEAR_STATES_MAX = 20_000

model('one election and one command: of all that can happen nothing is wrong', () => {
  const searched = search(beginning(), { ...CALM, statesMax: STATES_MAX })
  assert.is(searched.finding, undefined)
  assert.ok(searched.isAll)
  assert.ok(searched.states > 30_000, `${searched.states} states`)
  assert.is(searched.commits, 3)
})

const HARSH: readonly (readonly [string, Partial<Limits>])[] = [
  ['two elections', { termMax: 3 }],
  ['crashes at any point of a write', { crashes: 1, promptDisk: false }],
  ['a message twice and one that is lost', { doubles: 1, losses: 1 }],
]

for (const [name, harsh] of HARSH)
  model(`${name}: nothing is wrong in the states that are nearest`, () => {
    const searched = search(beginning(), { ...CALM, ...harsh, statesMax: NEAR_STATES_MAX })
    assert.is(searched.finding, undefined)
    assert.ok(searched.leaders >= 2, JSON.stringify(searched))
  })

model('who forgets its vote in a crash is found out, by the shortest way', () => {
  const limits = { ...CALM, proposals: 0, crashes: 1, forgetsVotes: true }
  const { finding } = search(beginning(), { ...limits, statesMax: STATES_MAX })
  assert.match(finding?.what ?? '', /two leaders in one term/)
  assert.is(finding?.way.length, 13)
  assert.ok(finding?.way.some((text) => / crashes$/.test(text)))
})

model.run()
