// Planted bugs (reliability §2.5): each must be caught by one of the checks that the real log
// passes.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { before } from '../../kit/within.ts'
import { complaintsUnder, PLANTED } from './planted.ts'

const mutants = suite('disk mutants')
const DEADLINE_MS = 30_000

for (const planted of PLANTED) {
  const check = async () => {
    const wrong = await complaintsUnder(planted)
    assert.is.not(wrong.length, 0, 'the mutant lives')
    if (process.env['SHOW'] !== undefined) console.log(planted.name, wrong[0])
  }
  mutants(planted.name, () => before(DEADLINE_MS, check, planted.name))
}

mutants.run()
