// raftctl status: who leads, and how far each server is.
import { EXIT } from '../../core/errors.ts'
import { type NodeReport, reportLine } from '../../core/raftnode/report.ts'
import { type Answer, boolean, defineCommand, type Flags } from '../kit/declare.ts'
import {
  byId,
  CLUSTER_FLAGS,
  type Cluster,
  findForStatus,
  leaderlessWords,
  reportsOf,
  serversIn,
} from './cluster.ts'

const FLAGS = {
  ...CLUSTER_FLAGS,
  all: boolean('also show servers that do not answer'),
} as const satisfies Flags

export const command = defineCommand({
  id: 'raft status',
  summary: 'Show the servers of a raft cluster',
  description: [
    'One line for each server that answers. The commit index is what that server knows to be ' +
      'agreed on. Without a leader the exit code is 4.',
  ],
  examples: [
    { does: 'All', command: 'raft status' },
    {
      does: 'The leader, for programs',
      command: 'raft status --json',
      pipe: '| jq -r \'.nodes[] | select(.role == "leader") | .id\'',
    },
  ],
  args: [],
  flags: FLAGS,
  run: async (call): Promise<Answer> => {
    const cluster = await findForStatus(call)
    const reports = await reportsOf(cluster)
    const silent = silentOf(cluster, reports)
    const hasLeader = reports.some(({ role }) => role === 'leader')
    const notes = [
      ...silentNote(reports, silent),
      ...(hasLeader ? [] : [leaderlessNote(cluster, reports)]),
    ]
    return {
      json: { cluster: cluster.name, nodes: reports, silent },
      text: linesOf(reports, call.flags.all ? silent : []),
      ...(notes.length > 0 ? { note: notes.join('\n') } : {}),
      exit: hasLeader ? EXIT.ok : EXIT.noLeader,
    }
  },
})

interface Silent {
  readonly id: string
  readonly address: string
}

/** Members of the cluster of which nothing is heard here. */
function silentOf({ name }: Cluster, reports: readonly NodeReport[]): readonly Silent[] {
  const servers = serversIn(reports)
  const founders = name.split(',').map((address, at) => ({ id: String(at + 1), address }))
  const known: readonly Silent[] = servers.length > 0 ? servers : founders
  return known
    .filter(({ id }) => !reports.some((report) => report.id === id))
    .map(({ id, address }) => ({ id, address }))
}

function silentNote(reports: readonly NodeReport[], silent: readonly Silent[]): string[] {
  if (silent.length === 0) return []
  const names = silent.map(({ id, address }) => `${id} (${address})`).join(', ')
  return [`${silent.length} of ${reports.length + silent.length} nodes did not answer: ${names}`]
}

function leaderlessNote({ name }: Cluster, reports: readonly NodeReport[]): string {
  const { what, why, next } = leaderlessWords(name, reports)
  return `${what} (exit ${EXIT.noLeader})\n  ${why}\n  next: ${next}`
}

function linesOf(reports: readonly NodeReport[], silent: readonly Silent[]): string {
  const servers = serversIn(reports)
  const hasVote = ({ id }: NodeReport) =>
    servers.some((server) => server.id === id && server.suffrage === 'voter')
  const lines = [
    ...reports.map((report) => ({
      id: report.id,
      text: hasVote(report) ? reportLine(report) : reportLine(report).replace(/\)$/, ', no vote)'),
    })),
    ...silent.map(({ id, address }) => ({ id, text: `Node ${id}: no answer (${address})` })),
  ]
  return lines
    .toSorted(byId)
    .map(({ text }) => `${text}\n`)
    .join('')
}
