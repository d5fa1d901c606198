// Planted mistakes are found, each within its number of seeds, in parts that run beside one
// another. `npm run mutants` hunts all of them and those of gossip, of the real log and of the
// transcripts, and writes the table in docs/MUTANTS.md.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { withTemp } from '../../kit/tmp.ts'
import { before } from '../../kit/within.ts'
import { hunt } from './hunt.ts'
import { MUTANTS } from './table.ts'

const PARTS = 4
const DEADLINE_MS = 60_000

export function findMutants(part: number): void {
  const mutants = suite(`mutants, part ${part + 1} of ${PARTS}`)
  for (const mutant of MUTANTS.filter((_, at) => at % PARTS === part)) {
    const find = (dir: string) => async () => {
      const { by, line } = await hunt(mutant, { dir, processes: 1 })
      assert.ok(by !== undefined && mutant.caught.includes(by), line)
    }
    mutants(`${mutant.id} is found: ${mutant.what}`, () =>
      withTemp((dir) => before(DEADLINE_MS, find(dir), mutant.id)),
    )
  }
  mutants.run()
}
