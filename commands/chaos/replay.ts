// lictor chaos replay: the same run again, with everything that happened in it.
import { EXIT } from '../../core/errors.ts'
import type { Finding } from '../../core/sim/assemble.ts'
import { play } from '../../core/sim/play.ts'
import { simulate } from '../../core/sim/run.ts'
import { createTrace, type TraceLine, traceHead, traceText } from '../../core/sim/trace.ts'
import { INVARIANTS } from '../../core/sim/violation.ts'
import type { Watcher, World } from '../../core/sim/world.ts'
import { type Answer, boolean, type Call, defineCommand, type Flags } from '../kit/declare.ts'
import { type Plan, planOf, RUN_FLAGS, seedOf } from './plan.ts'

const FLAGS = {
  ...RUN_FLAGS,
  messages: boolean('every message, request and write as well'),
} as const satisfies Flags

type Replay = Call<typeof FLAGS>

export const command = defineCommand({
  id: 'chaos replay',
  summary: 'See a run again, step by step',
  description: [
    'Prints one line for each transition of a run, one column for each node; what is done to the ' +
      'cluster stands at the left. SEED and flags are those of the run, as chaos simulate ' +
      'printed them. With -json one record a line. The exit code is that of the run.',
  ],
  examples: [
    { does: 'What happened', command: 'chaos replay 7 -duration=30s' },
    {
      does: 'Every message of a run of the search',
      command: 'chaos replay 3 -profile=figure-8 -events=500 -messages',
    },
  ],
  args: [{ name: 'SEED', about: 'the number of the run', required: true }],
  flags: FLAGS,
  run: async (call): Promise<Answer> => {
    const plan = planOf(call, seedOf(call.args[0] ?? ''))
    const lines: TraceLine[] = []
    const finding = trace(call, plan, (line) => lines.push(line))
    await print(call, lines)
    if (finding === undefined) return { exit: EXIT.ok }
    const note = `${INVARIANTS[finding.invariant]}\n  ${finding.what}`
    return { exit: EXIT.no, note }
  },
})

function trace(
  { flags }: Replay,
  plan: Plan,
  onLine: (line: TraceLine) => void,
): Finding | undefined {
  const look = (clock: Pick<World, 'now'>): Watcher =>
    createTrace({ clock, onLine, messages: flags.messages })
  if (plan.type === 'search') return simulate({ ...plan.options, trace: look }).finding
  const { scenario, seed, bug } = plan
  return play(scenario, { seed, prefix: 'node-', trace: look, ...(bug && { bug }) })
}

/** Lines that are printed at once. */
const BATCH = 500

async function print({ out }: Replay, lines: readonly TraceLine[]): Promise<void> {
  if (!out.json) await out.print(`${traceHead(nodesOf(lines))}\n`)
  const show = (line: TraceLine) => (out.json ? JSON.stringify(line) : traceText(line))
  for (let at = 0; at < lines.length && !out.gone.aborted; at += BATCH) {
    const batch = lines.slice(at, at + BATCH)
    await out.print(batch.map((line) => `${show(line)}\n`).join(''))
  }
}

function nodesOf(lines: readonly TraceLine[]): string[] {
  const names: string[] = []
  for (const { node, column } of lines) if (node !== undefined) names[column] = node
  return Array.from(names, (name) => name ?? '')
}
