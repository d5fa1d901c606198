// raftctl wait: until the cluster is so. For scripts that would otherwise sleep.
import { EXIT } from '../../core/errors.ts'
import type { NodeReport } from '../../core/raftnode/report.ts'
import { formatDuration, parseDuration } from '../../core/time.ts'
import { type Answer, defineCommand, duration, type Flags } from '../kit/declare.ts'
import { Failure, misuse } from '../kit/failure.ts'
import { pause } from '../kit/pause.ts'
import { CLUSTER_FLAGS, findForStatus, reportsOf } from './cluster.ts'

const FLAGS = {
  ...CLUSTER_FLAGS,
  timeout: duration('give up after this time (default 60s)'),
} as const satisfies Flags

const TIMEOUT_MS = parseDuration('60s') ?? 0
const POLL_MS = 50

/** What is seen when it holds; undefined: it does not yet. */
type Condition = (reports: readonly NodeReport[]) => unknown

export const command = defineCommand({
  id: 'raft wait',
  summary: 'Wait until a raft cluster is so',
  description: [
    'CONDITION is leader (one leads, and a majority of the servers that answer know it), ' +
      'leader=ID, nodes=N (so many answer), or applied=INDEX (all that answer have applied that ' +
      'entry). Servers that do not run yet are waited for. When time is up the exit code is 6.',
  ],
  examples: [
    { does: 'For a cluster that can be written to', command: 'raft wait leader --timeout=10s' },
    { does: 'Who it is', command: 'raft wait leader --json', pipe: '| jq -r .id' },
  ],
  args: [{ name: 'CONDITION', about: 'leader, leader=ID, nodes=N, applied=INDEX', required: true }],
  flags: FLAGS,
  run: async (call): Promise<Answer> => {
    const [wanted = ''] = call.args
    const condition = conditionOf(wanted)
    const limitMs = call.flags.timeout ?? TIMEOUT_MS
    const deadline = performance.now() + limitMs
    for (;;) {
      const reports = await lookAt(call)
      const seen = condition(reports)
      if (seen !== undefined) return { json: seen }
      if (performance.now() >= deadline) throw timeIsUp(wanted, limitMs, reports)
      await pause(POLL_MS)
    }
  },
})

function conditionOf(wanted: string): Condition {
  const [, name = '', value = ''] = /^([a-z]+)(?:=(.+))?$/.exec(wanted) ?? []
  if (name === 'leader') return (reports) => leaderIn(reports, value)
  const isNumber = /^[1-9]\d*$/.test(value)
  if (name === 'nodes' && isNumber)
    return (reports) => (reports.length >= Number(value) ? reports : undefined)
  if (name === 'applied' && isNumber)
    return (reports) =>
      reports.length > 0 && reports.every(({ appliedIndex }) => appliedIndex >= Number(value))
        ? reports
        : undefined
  throw misuse(`cannot wait for ${JSON.stringify(wanted)}`, {
    next: ['raftctl wait leader', 'raftctl wait nodes=3', 'raftctl wait applied=43'],
  })
}

/** Its followers have heard of it: a leader that was just deposed may not know that. */
function leaderIn(reports: readonly NodeReport[], id: string): NodeReport | undefined {
  const leader = reports.find(({ role, id: own }) => role === 'leader' && (id === '' || own === id))
  if (leader === undefined) return undefined
  const followers = reports.filter((report) => report.leader?.id === leader.id)
  return followers.length * 2 > reports.length ? leader : undefined
}

async function lookAt(call: Parameters<typeof findForStatus>[0]): Promise<readonly NodeReport[]> {
  try {
    return await reportsOf(await findForStatus(call))
  } catch (error) {
    if (!(error instanceof Failure) || error.parts.exit !== EXIT.nobody) throw error
    return []
  }
}

function timeIsUp(wanted: string, ms: number, reports: readonly NodeReport[]): Failure {
  const states = reports.map(({ id, role, term }) => `node ${id} is ${role}, term ${term}`)
  return new Failure({
    code: 'timeout',
    what: `${wanted}: not within ${formatDuration(ms)}`,
    why: states.length === 0 ? 'no server answers' : states.join('; '),
    next: ['raftctl status --all'],
    exit: EXIT.timeout,
  })
}
