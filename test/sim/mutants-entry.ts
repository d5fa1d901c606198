// Plants every mistake there is, one at a time, and says what found it: in clusters and lone
// agents by the simulator, in gossip by virtual pools, in the real log by its crashes and flips, in
// raft besides by the transcripts. Without arguments it writes the table of docs/MUTANTS.md; with
// ids it hunts those only.
import { writeFile } from 'node:fs/promises'
import { performance } from 'node:perf_hooks'
import { killTranscripts } from '../core/raft/kills.ts'
import { complaintsUnder, PLANTED } from '../daemons/runtime/planted.ts'
import { inProject } from '../kit/paths.ts'
import { withTemp } from '../kit/tmp.ts'
import { hunt } from './mutants/hunt.ts'
import { type Found, pageOf } from './mutants/page.ts'
import { MUTANTS } from './mutants/table.ts'
import { huntInPools } from './swim/hunt.ts'
import { MUTANTS as GOSSIP_MUTANTS } from './swim/mutants.ts'

/** One mutant may take this long. */
const LIMIT_MS = 600_000

interface Hunt {
  readonly id: string
  readonly what: string
  readonly where: string
  readonly run: (dir: string) => Promise<Pick<Found, 'by' | 'after'> & { readonly line: string }>
}

/** Found by a rule that does not speak of it is not found. */
const hunts: readonly Hunt[] = [
  ...MUTANTS.map((mutant) => ({
    id: mutant.id,
    what: mutant.what,
    where: mutant.world === 'lone' ? 'a lone agent' : `servers, ${mutant.profile}`,
    run: async (dir: string) => {
      const { by, seed, line } = await hunt(mutant, { dir, limitMs: LIMIT_MS })
      const isCaught = by !== undefined && mutant.caught.includes(by)
      return { by: isCaught ? by : undefined, after: `${seed} of ${mutant.seeds}`, line }
    },
  })),
  ...GOSSIP_MUTANTS.map((mutant) => ({
    id: mutant.id,
    what: mutant.what,
    where: `pools${mutant.faults === undefined ? '' : `, ${mutant.faults.join(' ') || 'no harm'}`}`,
    run: async (dir: string) => {
      const { by, seed, line } = await huntInPools(dir, mutant)
      return { by, after: `${seed} of ${mutant.seeds}`, line }
    },
  })),
  ...PLANTED.map((planted) => {
    const [, ids = '', what = planted.name] = /^([M\d, ]+): (.*)$/.exec(planted.name) ?? []
    return {
      id: ids,
      what,
      where: 'the real log',
      run: async () => {
        const [line] = await complaintsUnder(planted)
        return { by: line && 'crashes, cuts, flips', after: '', line: line ?? 'nothing' }
      },
    }
  }),
]

async function report(dir: string, { id, what, where, run }: Hunt): Promise<Found> {
  const begun = performance.now()
  const { by, after, line } = await run(dir)
  const seconds = (performance.now() - begun) / 1000
  console.log(`${id.padEnd(8)} ${by ?? 'SURVIVES'}  ${after}  ${seconds.toFixed(1)} s\n    ${what}`)
  console.log(`    ${line}`)
  return { id, what, where, by, after }
}

async function main(ids: readonly string[]): Promise<void> {
  const chosen = hunts.filter(({ id }) => ids.length === 0 || ids.includes(id))
  await withTemp(async (dir) => {
    const found: Found[] = []
    for (const each of chosen) found.push(await report(dir, each))
    const survivors = found.filter(({ by }) => by === undefined)
    console.log(`${found.length - survivors.length} of ${found.length} found`)
    if (survivors.length > 0) process.exitCode = 1
    if (ids.length > 0) return
    const { kills, alive } = await killTranscripts(dir)
    const idle = kills.filter(({ killed }) => killed.length === 0)
    for (const { rule } of idle) console.log(`${rule.id} kills no transcript: ${rule.what}`)
    for (const name of alive) console.log(`nothing kills ${name}`)
    if (alive.length > 0) process.exitCode = 1
    await writeFile(inProject('docs/MUTANTS.md'), pageOf(found, kills, alive))
  })
}

await main(process.argv.slice(2))
