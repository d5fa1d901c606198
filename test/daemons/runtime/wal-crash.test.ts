// G14 and G15 of reliability §0 for the log: every cut, every crash, flipped bits. The checks
// themselves are tried on mutants in disk-mutants.test.ts.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openWal } from '../../../daemons/runtime/wal.ts'
import { before } from '../../kit/within.ts'
import {
  checkCrashes,
  checkCuts,
  checkFlips,
  checkHeadFlips,
  recordLife,
  recordLog,
  recordRun,
} from './wal-checks.ts'

const crash = suite('wal crash')
const DEADLINE_MS = 60_000
const fact = (name: string, check: () => Promise<void>) =>
  crash(name, () => before(DEADLINE_MS, check, name))

fact('cut at every byte of 200 records, it gives back exactly what was acknowledged', async () => {
  const run = await recordRun(openWal)
  const last = run.ends.at(-1) ?? 0
  assert.ok(last > 50_000, `${last} bytes`)
  assert.equal(await checkCuts(openWal, run), [])
})

for (const [name, life] of [
  ['a busy life', { seed: 7 }],
  ['a life with an often full disk', { seed: 11, persists: 100, fullRate: 0.5 }],
] as const) {
  fact(`every prefix of the calls of ${name} recovers, whatever was not synced`, async () => {
    const journal = await recordLife(openWal, life)
    const { wrong, images } = await checkCrashes(openWal, journal, { draws: 3, seed: 8 })
    assert.equal(wrong, [])
    assert.ok(images > 2_000, `${images} images`)
  })
}

for (const [name, isClosed] of [
  ['closed well', true],
  ['killed', false],
] as const) {
  fact(`no flipped bit of a log that was ${name} is accepted in silence`, async () => {
    const log = await recordLog(openWal, isClosed)
    assert.equal(await checkFlips(openWal, log, { count: 5_000, seed: 9 }), [])
    assert.equal(await checkHeadFlips(openWal, log, 6), [])
  })
}

crash.run()
