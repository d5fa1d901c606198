// What the doctor takes for a problem, where the limit is a number.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { clockFinding, spaceFinding, syncFinding } from '../../../commands/doctor/examine.ts'

const doctor = suite('doctor')

doctor('a disk is full when little of it is free, or not enough for the log to grow', () => {
  for (const [share, mib, ok] of [
    [0.5, 10_000, true],
    [0.04, 10_000, false],
    [0.11, 4, false],
    [0.5, 32, true],
    [0.5, 31, false],
  ] as const) {
    const { id, ok: found, what } = spaceFinding('/d', { share, mib })
    assert.equal([id, found], ['disk.full', ok], what)
  }
  assert.is(spaceFinding('/d', { share: 0.11, mib: 4 }).what, '/d: 11 % free, 4 MiB')
})

doctor('a disk is slow when one record takes longer than fifty milliseconds', () => {
  assert.is(syncFinding('/d', 50).ok, true)
  assert.is(syncFinding('/d', 50.1).ok, false)
})

doctor('clocks differ when that is more than the seconds of HTTP and the way there explain', () => {
  const header = () => 'Thu, 26 Nov 2026 12:00:00 GMT'
  const now = Date.parse(header())
  assert.is(clockFinding({ header }, { now: now + 2_000, roundTripMs: 0 }).ok, true)
  assert.is(clockFinding({ header }, { now: now + 2_900, roundTripMs: 1_000 }).ok, true)
  const late = clockFinding({ header }, { now: now - 61_000, roundTripMs: 0 })
  assert.is(late.ok, false)
  assert.match(late.what, 'differs from ours by 1m1s')
})

doctor.run()
