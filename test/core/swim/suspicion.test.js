import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { adjustAwareness, createAwareness, stretched } from '../../../core/swim/awareness.js'
import { PROFILES } from '../../../core/swim/settings.js'
import {
  confirmSuspicion,
  delaySuspicion,
  refusalDue,
  startSuspicion,
  suspicionBounds,
  suspicionMs,
} from '../../../core/swim/suspicion.js'

const suspicion = suite('suspicion')
const { lan, wan, lesson } = PROFILES
suspicion('bounds are those of memberlist-wire §6', () => {
  const cases = [3, 5, 10, 50, 100, 1_000, 10_000].map((size) => {
    const { minMs, maxMs, wanted } = suspicionBounds(lan, size)
    return [Math.round(minMs / 100) / 10, Math.round(maxMs / 100) / 10, wanted]
  })
  assert.equal(cases, [
    [4, 24, 0],
    [4, 24, 2],
    [4, 24, 2],
    [6.8, 40.8, 2],
    [8, 48, 2],
    [12, 72, 2],
    [16, 96, 2],
  ])
  assert.is(suspicionBounds(wan, 100).minMs, 60_000)
  assert.is(suspicionBounds(lan, 0).minMs, 4_000)
})
suspicion('with nobody to confirm it lasts the shortest time from the start', () => {
  const started = startSuspicion(suspicionBounds(lan, 3), 'a', 1_000)
  assert.is(started.deadline, 5_000)
})
suspicion('it begins at the longest time and falls with each new accuser to the shortest', () => {
  const started = startSuspicion(suspicionBounds(lan, 10), 'a', 1_000)
  assert.is(started.deadline, 25_000)
  assert.not.ok(confirmSuspicion(started, 'a'), 'who accused first does not confirm')
  assert.is(started.deadline, 25_000)
  assert.ok(confirmSuspicion(started, 'b'))
  assert.is(started.deadline, 1_000 + 11_381)
  assert.not.ok(confirmSuspicion(started, 'b'))
  assert.ok(confirmSuspicion(started, 'c'))
  assert.is(started.deadline, 5_000)
  assert.not.ok(confirmSuspicion(started, 'd'), 'enough have confirmed')
  assert.is(suspicionMs(started, 0), 24_000)
})
suspicion('accusers are bounded', () => {
  const started = startSuspicion(suspicionBounds(lan, 100), 'a', 0)
  for (let i = 0; i < 1_000; i++) confirmSuspicion(started, `n${i}`)
  assert.is(started.accusers.size, 16)
})
suspicion('time in which we stood still does not count', () => {
  const started = startSuspicion(suspicionBounds(lan, 10), 'a', 0)
  delaySuspicion(started, 3_000)
  assert.is(started.deadline, 27_000)
  confirmSuspicion(started, 'b')
  confirmSuspicion(started, 'c')
  assert.is(started.deadline, 7_000)
})
suspicion('a refused port counts with a second accuser, or where there can be none', () => {
  const started = startSuspicion(suspicionBounds(lan, 10), 'a', 500)
  assert.is(refusalDue(started, { settings: lan, size: 10 }), undefined)
  started.isRefused = true
  assert.is(refusalDue(started, { settings: lan, size: 10 }), undefined)
  assert.is(refusalDue(started, { settings: lan, size: 2 }), 1_500)
  confirmSuspicion(started, 'b')
  assert.is(refusalDue(started, { settings: lan, size: 10 }), 1_500)
})
suspicion('in the lesson a silent member is suspected for four seconds at least', () => {
  for (const size of [2, 3, 5]) assert.ok(suspicionBounds(lesson, size).minMs >= 4_000)
})
suspicion.run()
const awareness = suite('awareness')
awareness('it stays between its bounds', () => {
  const health = createAwareness(8)
  adjustAwareness(health, -3)
  assert.is(health.score, 0)
  adjustAwareness(health, 100)
  assert.is(health.score, 7)
  assert.is(stretched(health, 1_000), 8_000)
})
awareness.run()
//# sourceMappingURL=suspicion.test.js.map
