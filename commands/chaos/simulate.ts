// lictor chaos simulate: a cluster in virtual time, harmed by plan or by chance, and a verdict.
import { randomInt } from 'node:crypto'
import { EXIT } from '../../core/errors.ts'
import type { Finding, Run } from '../../core/sim/assemble.ts'
import { startPlay } from '../../core/sim/play.ts'
import type { Telling } from '../../core/sim/player.ts'
import { resultOf, simulate } from '../../core/sim/run.ts'
import { INVARIANTS } from '../../core/sim/violation.ts'
import {
  type Answer,
  type Call,
  defineCommand,
  type Flags,
  optional,
  typedAs,
} from '../kit/declare.ts'
import { planOf, RUN_FLAGS, type SearchPlan, type StoryPlan, seedOf } from './plan.ts'
import {
  basisLines,
  behindLine,
  clockText,
  countCut,
  failLines,
  historyLines,
  resultLines,
  startReading,
  tellingText,
} from './words.ts'

const FLAGS = {
  ...RUN_FLAGS,
  seed: optional('the run that this number stands for (default: any)', { placeholder: 'N' }),
} as const satisfies Flags

type Simulate = Call<typeof FLAGS>

/** Seeds that are drawn stay short enough to be typed. */
const SEED_LIMIT = 1_000_000

export const command = defineCommand({
  id: 'chaos simulate',
  summary: 'Put a simulated cluster to the test',
  description: [
    'Runs servers and clients in one process, with a simulated network, disks and clocks: ten ' +
      'minutes take seconds, and the same seed gives the same run. Prints what is done to the ' +
      'cluster and what it does, holds every step against the rules of Raft and every answer ' +
      'against the order of the log, and ends with a verdict.',
    'Exit code 0: no violation. 1: a rule was broken, and the last line says how to see it ' +
      'again. 7: what the clients saw could not be judged. With -json one record a line, the ' +
      'verdict last.',
    'With -profile the seed draws everything: sizes, timing, weather, faults. This is how the ' +
      'project searches for its own mistakes.',
  ],
  examples: [
    { does: 'Five nodes, ten minutes', command: 'chaos simulate -nodes=5 -duration=10m' },
    {
      does: 'See a planted mistake found',
      command: 'chaos simulate -bug=stale-read -seed=7',
      pipe: '|| test $? -eq 1',
    },
    {
      does: 'A run of the search, for programs',
      command: 'chaos simulate -profile=figure-8 -seed=3 -json',
      pipe: '| tail -1 | jq .pass',
    },
  ],
  args: [],
  flags: FLAGS,
  run: (call): Promise<Answer> => {
    const { seed: given } = call.flags
    const seed = given === undefined ? randomInt(SEED_LIMIT) : seedOf(given)
    const plan = planOf(call, seed)
    call.out.talk(`seed ${seed}`)
    return plan.type === 'search' ? searchRun(call, plan) : tellStory(call, plan)
  },
})

/** So much virtual time passes between two looks at the output. */
const SLICE_MS = 5_000

async function tellStory(call: Simulate, plan: StoryPlan): Promise<Answer> {
  const { scenario, seed, bug, servers, clients } = plan
  const { out } = call
  const print = async (line: string, record: object) =>
    out.print(out.json ? `${JSON.stringify(record)}\n` : `${line}\n`)
  const tellings: Telling[] = []
  const reading = startReading()
  const onTelling = (telling: Telling) => {
    countCut(reading, telling, playing.run.clients.counts.stale)
    tellings.push(telling)
  }
  const playing = startPlay(scenario, { seed, prefix: 'node-', onTelling, ...(bug && { bug }) })
  const nodes = servers + clients
  const start = `[00:00] Starting ${nodes} nodes (${servers} servers, ${clients} clients)`
  await print(start, { ms: 0, kind: 'start', seed, servers, clients })
  let finding: Finding | undefined
  for (let ms = SLICE_MS; finding === undefined && !out.gone.aborted; ms += SLICE_MS) {
    finding = playing.proceed(ms)
    for (const telling of tellings.splice(0)) {
      const text = tellingText(reading, telling)
      if (text !== undefined || out.json) await print(`${clockText(telling.ms)} ${text}`, telling)
    }
    if (ms >= scenario.endMs) break
  }
  finding ??= playing.finish()
  if (!out.json) {
    const end = finding === undefined ? scenario.endMs : finding.atMs
    await out.print(`${clockText(end)} Simulation complete\n`)
    await out.print(`${resultLines(playing.run, reading, finding).join('\n')}\n`)
  }
  const behind = behindLine(playing.run, reading)
  return verdict(call, { run: playing.run, finding, again: plan.again, behind })
}

interface Ended {
  readonly run: Run
  readonly finding: Finding | undefined
  readonly again: (verb: string) => string
  readonly behind: string | undefined
}

async function verdict(call: Simulate, { run, finding, again, behind }: Ended): Promise<Answer> {
  const { out, program } = call
  const result = resultOf(run)
  const exit = exitOf(finding, result.undecided)
  if (out.json) {
    const line = typedAs(program, again('replay'))
    const record = { kind: 'verdict', pass: exit === EXIT.ok, finding, ...result, again: line }
    await out.print(`${JSON.stringify(record)}\n`)
    return { exit }
  }
  if (finding !== undefined) {
    await out.print(
      `${[...failLines(finding), ...historyLines(run.workload.history)].join('\n')}\n`,
    )
    await out.print(`reproduce: ${typedAs(program, again('replay'))}\n`)
    return { exit }
  }
  const words = result.undecided
    ? 'INCONCLUSIVE: what the clients saw could not be judged within the limits'
    : 'PASS: Your Consul clone is production-ready!'
  await out.print(`${words}\n`)
  const notes = [...(behind === undefined ? [] : [behind]), ...basisLines(run, result.hash)]
  return { exit, note: notes.join('\n') }
}

const exitOf = (finding: Finding | undefined, undecided: boolean): number => {
  if (finding !== undefined) return EXIT.no
  return undecided ? EXIT.inconclusive : EXIT.ok
}

/** A run of the search has no story: its verdict says it all. */
async function searchRun({ out, program }: Simulate, plan: SearchPlan): Promise<Answer> {
  const result = simulate(plan.options)
  const { finding, undecided } = result
  const exit = exitOf(finding, undecided)
  const again = typedAs(program, plan.again('replay'))
  if (out.json) return { json: { kind: 'verdict', pass: exit === EXIT.ok, ...result, again }, exit }
  const faults = Object.entries(result.faults).map(([kind, count]) => `${count} ${kind}`)
  const lines = [
    `${result.events} events, ${(result.ms / 1000).toFixed(1)} s simulated`,
    `${result.commits} commits, ${result.elections} elections, faults: ${faults.join(', ')}`,
    finding === undefined
      ? `${undecided ? 'INCONCLUSIVE' : 'PASS'}: trace ${result.hash}`
      : `FAIL: ${INVARIANTS[finding.invariant]}\n  ${finding.what}\nreproduce: ${again}`,
  ]
  return { text: `${lines.join('\n')}\n`, exit }
}
