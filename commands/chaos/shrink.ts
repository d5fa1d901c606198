// lictor chaos shrink: what is left of a failing run when everything is gone that it does not need.
import { performance } from 'node:perf_hooks'
import { EXIT } from '../../core/errors.ts'
import { play } from '../../core/sim/play.ts'
import type { Scenario } from '../../core/sim/scenario.ts'
import { shrinkRun, smallest } from '../../core/sim/shrink.ts'
import { INVARIANTS } from '../../core/sim/violation.ts'
import { formatDuration } from '../../core/time.ts'
import {
  type Answer,
  type Call,
  defineCommand,
  duration,
  type Flags,
  typedAs,
} from '../kit/declare.ts'
import { planOf, RUN_FLAGS, type SearchPlan, type StoryPlan, searchLine, seedOf } from './plan.ts'

const FLAGS = {
  ...RUN_FLAGS,
  timeout: duration('stop after this time with what there is (default 5m)'),
} as const satisfies Flags

type Shrink = Call<typeof FLAGS>

const LIMIT_MS = 300_000

export const command = defineCommand({
  id: 'chaos shrink',
  summary: 'Make a failing run as small as it can be',
  description: [
    'Runs a failing run again and again with less: fewer events, faults, requests and steps, as ' +
      'long as the same rule breaks. Prints what is left and the line that replays it. A run ' +
      'that does not fail ends with exit code 1.',
  ],
  examples: [
    {
      does: 'A story with a planted mistake',
      command: 'chaos shrink 7 -bug=stale-read -duration=30s',
    },
    {
      does: 'A run of the search that finds nothing',
      command: 'chaos shrink 3 -profile=swarm -events=300',
      pipe: '|| test $? -eq 1',
    },
  ],
  args: [{ name: 'SEED', about: 'the number of the run', required: true }],
  flags: FLAGS,
  run: (call): Answer => {
    const plan = planOf(call, seedOf(call.args[0] ?? ''))
    const deadline = performance.now() + (call.flags.timeout ?? LIMIT_MS)
    const mayGoOn = () => performance.now() < deadline
    return plan.type === 'search' ? shrinkSearch(call, plan, mayGoOn) : shrinkStory(plan, mayGoOn)
  },
})

const NOTHING: Answer = {
  json: { shrunk: false },
  note: 'this run does not fail: there is nothing to shrink',
  exit: EXIT.no,
}

function shrinkSearch({ program }: Shrink, plan: SearchPlan, mayGoOn: () => boolean): Answer {
  const shrunk = shrinkRun(plan.options, { mayGoOn })
  const finding = shrunk?.result.finding
  if (shrunk === undefined || finding === undefined) return NOTHING
  const { options, result, runs } = shrunk
  const faults = Object.values(result.faults).reduce((sum, count) => sum + count, 0)
  const { written, read, unknown } = result.clients
  const requests = written + read + unknown
  const again = typedAs(program, searchLine('replay', options))
  const lines = [
    `${INVARIANTS[finding.invariant]}`,
    `  ${finding.what}`,
    `${result.events} events, ${faults} faults, ${requests} requests (${runs} runs)`,
    `replay: ${again}`,
  ]
  const left = { events: result.events, faults, requests, runs }
  return { json: { shrunk: true, finding, ...left, again }, text: `${lines.join('\n')}\n` }
}

/** Leaves out steps. */
function shrinkStory({ scenario, seed, bug }: StoryPlan, mayGoOn: () => boolean): Answer {
  const run = (told: Scenario) => play(told, { seed, prefix: 'node-', ...(bug && { bug }) })
  const first = run(scenario)
  if (first === undefined) return NOTHING
  const fails = (steps: Scenario['steps']) =>
    run({ ...scenario, steps, endMs: Math.min(scenario.endMs, first.atMs + 1) })?.invariant ===
    first.invariant
  const steps = smallest(scenario.steps, fails, mayGoOn)
  const finding = run({ ...scenario, steps, endMs: Math.min(scenario.endMs, first.atMs + 1) })
  const lines = [
    `${INVARIANTS[first.invariant]}`,
    `  ${finding?.what ?? first.what}`,
    `${formatDuration(Math.round(first.atMs))}, ${steps.length} of ${scenario.steps.length} steps:`,
    ...steps.map(({ text }) => `  ${text}`),
  ]
  const left = steps.map(({ text }) => text)
  return { json: { shrunk: true, finding, steps: left }, text: `${lines.join('\n')}\n` }
}
