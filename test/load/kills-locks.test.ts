// The short form of what `npm run soak` does to registrations and locks: a few kills with a fixed
// seed, and some with a seed that nobody knew.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { before } from '../kit/within.ts'
import { killLocks } from './kills-locks.ts'

const kills = suite('kills of locks')

for (const seed of [1, Number(process.hrtime.bigint() % 1_000_000n)]) {
  kills(`no registration is lost and no lock held by two (seed ${seed})`, async () => {
    const options = { seed, rounds: 5, registrars: 8, contenders: 6, lifeMs: 400 }
    const report = await before(60_000, () => killLocks(options), 'the kills')
    assert.ok(report.registrations > 0, 'something was registered')
    assert.ok(report.acquisitions > 0, 'something was locked')
  })
}

kills.run()
