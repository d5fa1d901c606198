// The short form of `npm run soak`: a few kills with a fixed seed, and one with a seed that nobody
// knew.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { before } from '../kit/within.ts'
import { killAgain } from './kills.ts'

const kills = suite('kills')

const DATA_BYTES_MAX = 200 * 2 ** 20

for (const seed of [1, Number(process.hrtime.bigint() % 1_000_000n)]) {
  kills(`nothing acknowledged is lost by SIGKILL (seed ${seed})`, async () => {
    const options = { seed, rounds: 6, writers: 16, lifeMs: 300 }
    const { acknowledged, dataBytes } = await before(60_000, () => killAgain(options), 'the kills')
    assert.ok(acknowledged > 0, 'something was written')
    assert.ok(dataBytes < DATA_BYTES_MAX, `${dataBytes} bytes on the disk`)
  })
}

kills.run()
