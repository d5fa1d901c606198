import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createPrng } from '../../../core/prng.js'
import {
  coordinateDistance,
  createVivaldi,
  forgetLatency,
  isValidCoordinate,
  learnRoundTrip,
  originPoint,
} from '../../../core/swim/coordinate.js'

const vivaldi = suite('coordinates')
const pointAt = (...vec) => ({
  ...originPoint(),
  vec: Array.from({ length: 8 }, (_, i) => vec[i] ?? 0),
})
vivaldi(
  'a distance is that in space and both heights, and the adjustments if it stays positive',
  () => {
    const [a, b] = [pointAt(3, 0), pointAt(0, 4)]
    const near = (value, expected) => assert.ok(Math.abs(value - expected) < 1e-9)
    near(coordinateDistance(a, b), 5 + 2e-5)
    near(coordinateDistance({ ...a, height: 1 }, { ...b, adjustment: 0.5 }), 6.5 + 1e-5)
    near(coordinateDistance({ ...a, adjustment: -9 }, b), 5 + 2e-5)
  },
)
vivaldi('hostile points and round trips teach nothing', () => {
  const own = createVivaldi()
  const before = own.coordinate
  const points = [
    { ...originPoint(), vec: [0, 0] },
    { ...originPoint(), vec: new Array(9).fill(0) },
    pointAt(Number.NaN),
    pointAt(Number.POSITIVE_INFINITY),
    pointAt(1e300),
    { ...originPoint(), error: Number.NaN },
    { ...originPoint(), height: Number.NEGATIVE_INFINITY },
    { ...originPoint(), adjustment: Number.NaN },
  ]
  for (const other of points) {
    assert.not.ok(isValidCoordinate(other))
    assert.not.ok(learnRoundTrip(own, { name: 'a', other, seconds: 0.1 }, createPrng(1)))
  }
  for (const seconds of [-0.001, 10.1, Number.NaN, Number.POSITIVE_INFINITY])
    assert.not.ok(learnRoundTrip(own, { name: 'a', other: pointAt(1), seconds }, createPrng(1)))
  assert.is(own.coordinate, before)
  assert.is(own.latencies.size, 0)
})
vivaldi('one odd round trip among three is not believed', () => {
  const prng = createPrng(2)
  const [steady, odd] = [createVivaldi(), createVivaldi()]
  const samples = [0.1, 0.1, 0.1, 0.1]
  const other = pointAt(0.05)
  for (const seconds of samples) learnRoundTrip(steady, { name: 'a', other, seconds }, prng)
  for (const seconds of [0.1, 0.1, 9, 0.1])
    learnRoundTrip(odd, { name: 'a', other, seconds }, createPrng(2))
  assert.ok(coordinateDistance(odd.coordinate, other) < 0.3)
  assert.is(odd.latencies.get('a')?.length, 3)
  forgetLatency(odd, 'a')
  assert.is(odd.latencies.size, 0)
})
/** Members on a line, so many milliseconds apart, that measure one another for a while. */
function settle(places, rounds) {
  const prng = createPrng(3)
  const members = places.map(() => createVivaldi())
  for (let round = 0; round < rounds; round++)
    for (const [i, member] of members.entries()) {
      const j = (i + 1 + prng.range(0, members.length - 2)) % members.length
      const other = members[j]?.coordinate ?? originPoint()
      const seconds = Math.abs((places[i] ?? 0) - (places[j] ?? 0)) / 1000 + 0.0002
      learnRoundTrip(member, { name: `n${j}`, other, seconds }, prng)
    }
  return members
}
vivaldi('members that measure one another come to predict their round trips', () => {
  const places = [0, 10, 20, 40, 80, 120]
  const members = settle(places, 600)
  let error = 0
  let count = 0
  for (const [i, a] of members.entries())
    for (const [j, b] of members.entries()) {
      if (i === j) continue
      const real = Math.abs((places[i] ?? 0) - (places[j] ?? 0)) / 1000
      error += Math.abs(coordinateDistance(a.coordinate, b.coordinate) - real) / real
      count += 1
    }
  assert.ok(error / count < 0.15, `mean error ${error / count}`)
  assert.ok(members.every(({ coordinate }) => coordinate.error < 0.4))
})
vivaldi('members at one place part in some direction and stay close', () => {
  const members = settle([0, 0, 0, 0], 200)
  for (const a of members)
    for (const b of members) assert.ok(coordinateDistance(a.coordinate, b.coordinate) < 0.005)
})
vivaldi('a point that has become none starts afresh', () => {
  const own = createVivaldi()
  own.coordinate = { ...pointAt(9e5), error: 1.5, height: 9.9e5 }
  let resets = 0
  for (let i = 0; i < 50 && resets === 0; i++) {
    learnRoundTrip(own, { name: 'a', other: pointAt(-1e6), seconds: 1e-6 }, createPrng(i))
    resets = own.resets
    assert.ok(isValidCoordinate(own.coordinate))
  }
  assert.ok(resets > 0)
})
vivaldi.run()
//# sourceMappingURL=coordinate.test.js.map
