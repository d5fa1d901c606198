// The short form of the soak over real raftnodes, with a seed that nobody knew.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { before } from '../kit/within.ts'
import { killRaftAgain } from './raft-kills.ts'

const kills = suite('raft kills')

/** Half a minute on a quiet machine; `npm run soak` has the long form. */
const KILLS = 60

const seed = Number(process.hrtime.bigint() % 1_000_000n)

kills(`nothing acknowledged is lost, and histories are linear (seed ${seed})`, async () => {
  const run = () => killRaftAgain({ seed, kills: KILLS, clients: 8 })
  const { acknowledged, reads } = await before(240_000, run, 'the kills')
  assert.ok(acknowledged > KILLS, `${acknowledged} writes`)
  assert.ok(reads > KILLS, `${reads} reads`)
})

kills.run()
