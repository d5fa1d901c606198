// The long form of the tests of the disk: crashes of many lives, and each bit of a log flipped once
// (G14 and G15 of reliability §0). `node dist/test/soak/disk.js --lives 100`. Prints the seed of
// what it finds wrong; exits 1 then.
import { parseArgs } from 'node:util'
import { openRegistrations, redoRegistrations } from '../../daemons/runtime/registrations.ts'
import { openWal } from '../../daemons/runtime/wal.ts'
import { checkBoth, recordBoth } from '../daemons/runtime/redo-checks.ts'
import {
  checkCrashes,
  checkEveryBit,
  recordLife,
  recordLog,
} from '../daemons/runtime/wal-checks.ts'

const { values } = parseArgs({
  options: {
    lives: { type: 'string', default: '50' },
    seed: { type: 'string', default: String(process.hrtime.bigint() % 1_000_000n) },
  },
})

const rooms = { openWal, openRegistrations, redoRegistrations }

async function main(): Promise<number> {
  const from = Number(values.seed)
  const lives = Number(values.lives)
  let images = 0
  let wrong = 0
  const report = (what: string, found: readonly string[]) => {
    wrong += found.length
    for (const line of found) console.log(`${what}: ${line}`)
  }
  console.log(`lives ${from} to ${from + lives - 1}`)
  for (let seed = from; seed < from + lives; seed++) {
    const life = { seed, persists: 200, fullRate: seed % 3 === 0 ? 0.5 : 0.05 }
    const checked = await checkCrashes(openWal, await recordLife(openWal, life), { draws: 6, seed })
    images += checked.images
    report(`life ${seed}`, checked.wrong)
    const both = await recordBoth(rooms, { seed, steps: 150 })
    report(`life ${seed} of two files`, await checkBoth(rooms, both, { draws: 4, seed }))
  }
  console.log(`${images} crash images`)
  for (const isClosed of [true, false]) {
    const { flipped, wrong: found } = await checkEveryBit(
      openWal,
      await recordLog(openWal, isClosed),
    )
    console.log(`${flipped} bits of a log that was ${isClosed ? 'closed' : 'killed'}`)
    report('flip', found)
  }
  console.log(wrong === 0 ? 'nothing wrong' : `${wrong} wrong`)
  return wrong === 0 ? 0 : 1
}

process.exitCode = await main()
