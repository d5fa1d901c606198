// raftctl log: the log as a server has it, or as it lies in a data folder.
import { type EntryReport, entryText } from '../../core/raftnode/report.ts'
import { type Answer, boolean, count, defineCommand, type Flags, optional } from '../kit/declare.ts'
import { Failure } from '../kit/failure.ts'
import { readRaftLog } from '../kit/launch.ts'
import { columns, tabbed } from '../kit/output.ts'
import { answerIn, CLUSTER_FLAGS, findCluster } from './cluster.ts'

const FLAGS = {
  ...CLUSTER_FLAGS,
  from: count('the first index', 1),
  to: count('the last index', Number.MAX_SAFE_INTEGER),
  decode: boolean('show what entries say (it always does)'),
  'data-dir': optional('read this folder of a server that need not run', {
    placeholder: 'DIR',
    completes: 'file',
  }),
  plain: boolean('separated by tabs, without a header', { group: 'output' }),
} as const satisfies Flags

interface Row extends EntryReport {
  /** Unknown where nobody was asked. */
  readonly committed?: boolean
}

export const command = defineCommand({
  id: 'raft log',
  summary: 'Show the log of a raft server',
  description: [
    'Index, term and what each entry says: commands as they were typed, the empty entry with ' +
      'which a leader begins its term, and who the servers are. What is not agreed on yet bears ' +
      'a question mark. Entries that a snapshot covers may be gone.',
    'With --data-dir the log is read from the disk, so that a server need not run.',
  ],
  examples: [
    { does: 'From the beginning', command: 'raft log --from 1' },
    {
      does: 'The commands of node 2',
      command: 'raft log --node=2 --json',
      pipe: "| jq -r '.[].command // empty'",
    },
    { does: 'Of a server that does not run', command: 'raft log --data-dir=.lictor/raftnode-1' },
  ],
  args: [],
  flags: FLAGS,
  run: async (call): Promise<Answer> => {
    const { flags } = call
    const all =
      flags['data-dir'] === undefined ? await askFor(call) : await readFrom(flags['data-dir'])
    const rows = all.filter(({ index }) => index >= flags.from && index <= flags.to)
    const cells = [['INDEX', 'TERM', '', 'ENTRY'], ...rows.map(cellsOf)]
    return { json: rows, text: flags.plain ? tabbed(cells) : columns(cells) }
  },
})

const cellsOf = (row: Row): string[] => [
  String(row.index),
  String(row.term),
  row.committed === false ? '?' : '',
  entryText(row),
]

type LogCall = Parameters<typeof findCluster>[0] & { flags: { from: number; to: number } }

async function askFor(call: LogCall): Promise<readonly Row[]> {
  const { from, to } = call.flags
  const { targets } = await findCluster(call)
  const rows: Row[] = []
  // A server answers with so many at most.
  for (let next = from; ; ) {
    const query = { from: String(next), to: String(to) }
    const reply = await targets[0]?.client.ask({ method: 'GET', path: '/v1/log', query })
    const part = reply === undefined ? [] : answerIn<readonly Row[]>(reply)
    rows.push(...part)
    const last = part.at(-1)
    if (last === undefined || last.index >= to) return rows
    next = last.index + 1
  }
}

async function readFrom(dir: string): Promise<readonly Row[]> {
  const read = await readRaftLog(dir)
  if (read.ok) return read.entries
  throw new Failure({
    code: 'unreadable',
    what: `cannot read the log in ${dir}`,
    why: read.why,
    exit: read.exit,
  })
}
