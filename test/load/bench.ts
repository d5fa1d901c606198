// `npm run bench`: one durable agent against yardsticks measured in the same run, and the small
// machines by themselves. Prints a table; `--write` puts it into docs/BENCHMARKS.md. Exit code 1
// where a floor is missed.
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { arch, cpus, release } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { inProject } from '../kit/paths.ts'
import { openDurableAgent } from './durable-agent.ts'
import { measureEtcd } from './etcd.ts'
import { collect, type Figure, type Row, tableOf } from './figure.ts'
import { quiet } from './process.ts'
import { measureApplies, measureFailover } from './raft.ts'
import { SERVICE_WORKLOADS } from './registry.ts'
import { ALONE, type Effort, WORKLOADS } from './rows.ts'
import { measureYardsticks } from './yardsticks.ts'

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '5' },
    watchers: { type: 'string', default: '5000' },
    only: { type: 'string', default: '' },
    write: { type: 'boolean', default: false },
    'no-wait': { type: 'boolean', default: false },
  },
})
/** Of leaders of a raft cluster. */
const KILLS_A_ROUND = 50
const FREEZES_A_ROUND = 9
const BEGIN = '<!-- table -->'
const END = '<!-- end of the table -->'
const effort: Effort = { seconds: Number(options.seconds), watchers: Number(options.watchers) }

/**
 * On the project's own disk: the system's folder for temporary files may be memory, where a sync
 * costs nothing.
 */
const parent = inProject('dist/load')
await mkdir(parent, { recursive: true })
const dir = await mkdtemp(join(parent, 'l-'))
process.env['TMPDIR'] = dir
try {
  process.exitCode = await main()
} finally {
  await rm(dir, { recursive: true, force: true })
}

async function main(): Promise<number> {
  const rows = new Map<string, Row>()
  for (let round = 1; round <= Number(options.rounds); round++) {
    console.error(`round ${round}`)
    if (options.only !== 'micro' && options.only !== 'raft') await agentRound(rows)
    if (options.only === '' || options.only === 'raft') await raftRound(rows, round)
    if (options.only === '' || options.only === 'micro') await microRound(rows)
  }
  const { markdown, missed } = tableOf(rows)
  console.log(markdown)
  for (const line of missed) console.log(`MISSED ${line}`)
  if (options.write) await writeTable(markdown)
  return missed.length === 0 ? 0 : 1
}

async function settle(): Promise<void> {
  if (options['no-wait'] || (await quiet())) return
  console.error('the machine was never quiet: these figures prove little')
}

async function agentRound(rows: Map<string, Row>): Promise<void> {
  await settle()
  collect(rows, await measureYardsticks(dir, effort.seconds))
  const groups = { agent: [WORKLOADS, [ALONE]], services: [SERVICE_WORKLOADS] }
  const { only } = options
  const chosen =
    only === 'agent' || only === 'services' ? groups[only] : Object.values(groups).flat()
  for (const workloads of chosen) {
    const agent = await openDurableAgent()
    try {
      for (const workload of workloads) {
        await settle()
        collect(rows, await workload(agent, effort))
      }
    } finally {
      await agent.close()
    }
  }
}

/** Beside etcd, one after the other, in turns: what the machine does meanwhile hurts both. */
async function raftRound(rows: Map<string, Row>, round: number): Promise<void> {
  const ours = async () => {
    await settle()
    collect(rows, await measureApplies(effort.seconds))
  }
  if (round % 2 === 0) await ours()
  await settle()
  collect(rows, await measureEtcd(join(dir, `etcd-${round}`), effort.seconds))
  if (round % 2 === 1) await ours()
  await settle()
  collect(rows, await measureFailover(KILLS_A_ROUND, FREEZES_A_ROUND))
}

/** Every `test/micro/NAME.bench.ts` exports `run`, which answers rates. */
async function microRound(rows: Map<string, Row>): Promise<void> {
  const folder = join(import.meta.dirname, '../micro')
  const files = await readdir(folder).catch(() => [])
  for (const file of files.filter((name) => /\.bench\.[jt]s$/.test(name)).sort()) {
    await settle()
    const bench: Bench = await import(pathToFileURL(join(folder, file)).href)
    const figures = bench.run().map(({ name, perSecond }): Figure => {
      return { name: `${file.split('.')[0]}: ${name}`, unit: '/s', value: perSecond }
    })
    collect(rows, figures)
  }
}

interface Bench {
  run(): { readonly name: string; readonly perSecond: number }[]
}

async function writeTable(markdown: string): Promise<void> {
  const file = inProject('docs/BENCHMARKS.md')
  const text = await readFile(file, 'utf8')
  const [head, tail] = [text.indexOf(BEGIN), text.indexOf(END)]
  if (head < 0 || tail < head) throw new Error(`${file} has no place for the table`)
  const cores = `${cpus().length} cores (${cpus()[0]?.model.trim()}, ${arch()})`
  const machine = `${cores}, Linux ${release()}, Node ${process.version}`
  const method = `${options.rounds} rounds, ${effort.seconds} s a workload`
  const table = `${BEGIN}\n\n${machine}; ${method}.\n\n${markdown}\n\n`
  await writeFile(file, text.slice(0, head) + table + text.slice(tail))
}
