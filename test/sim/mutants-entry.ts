// Plants every mistake of the table, one at a time, and says after how many seeds it was found and
// by which rule. Arguments: ids, for these only.
import { performance } from 'node:perf_hooks'
import { withTemp } from '../kit/tmp.ts'
import { hunt } from './mutants/hunt.ts'
import { MUTANTS, type Mutant } from './mutants/table.ts'

/** One mutant may take this long. */
const LIMIT_MS = 600_000

async function report(dir: string, mutant: Mutant): Promise<boolean> {
  const begun = performance.now()
  const { by, seed, line } = await hunt(dir, mutant, LIMIT_MS)
  const seconds = `${((performance.now() - begun) / 1000).toFixed(1)} s`
  const isCaught = by !== undefined && mutant.caught.includes(by)
  const state = by === undefined ? 'SURVIVES' : isCaught ? 'caught' : 'CAUGHT OTHERWISE'
  console.log(`${mutant.id}  ${state}  ${seed ?? '-'} of ${mutant.seeds} seeds  ${seconds}`)
  console.log(`     ${mutant.what}`)
  console.log(`     ${line}`)
  return isCaught
}

async function main(ids: readonly string[]): Promise<void> {
  const chosen = MUTANTS.filter(({ id }) => ids.length === 0 || ids.includes(id))
  const survivors: string[] = []
  await withTemp(async (dir) => {
    for (const mutant of chosen) if (!(await report(dir, mutant))) survivors.push(mutant.id)
  })
  console.log(
    `${chosen.length - survivors.length} of ${chosen.length} caught ${survivors.join(' ')}`,
  )
  process.exitCode = survivors.length === 0 ? 0 : 1
}

await main(process.argv.slice(2))
