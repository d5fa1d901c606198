// lictor operator raft list-peers: the servers that order the writes.
import type { RaftServer } from '../../../core/route/site.ts'
import { connect } from '../../kit/client.ts'
import { type Answer, type Call, defineCommand, type Flags } from '../../kit/declare.ts'
import { HTTP_FLAGS } from '../../kit/http-flags.ts'
import { only, tableText, WIDE_FLAGS } from '../../kit/rows.ts'

const FLAGS = { ...HTTP_FLAGS, ...WIDE_FLAGS } as const satisfies Flags

export const command = defineCommand({
  id: 'operator raft list-peers',
  summary: 'List the servers, who votes and who leads',
  description: [
    'Asked with -stale any server answers, also without a leader; what it says may be old then.',
  ],
  examples: [
    { does: 'The servers', command: 'operator raft list-peers' },
    {
      does: 'Who leads',
      command: 'operator raft list-peers -json',
      pipe: '| jq -r ".Servers[] | select(.Leader) | .Node"',
    },
  ],
  args: [],
  flags: FLAGS,
  consul: { usage: 'operator raft list-peers [options]' },
  run: async (call): Promise<Answer> => {
    const fault = 'Error getting peers: Failed to retrieve raft configuration: '
    const reply = await connect(call).call('GET /v1/operator/raft/configuration', { fault })
    const json = reply.value()
    return { json, text: tableText(call, rowsOf(call, json.Servers)) }
  },
})

/** The columns of the founding text. */
const BRIEF: readonly string[] = ['Node', 'ID', 'Address', 'State', 'Voter']

function rowsOf({ flags, program, out }: Call<typeof FLAGS>, servers: readonly RaftServer[]) {
  const lead = servers.find(({ Leader }) => Leader)?.LastIndex ?? 0
  const rows = [
    [...BRIEF, 'RaftProtocol', 'Commit Index', 'Trails Leader By'],
    ...servers.map((one) => [
      one.Node,
      one.ID,
      one.Address,
      one.Leader ? out.paint('bold', 'leader') : 'follower',
      String(one.Voter),
      one.ProtocolVersion || '<=1',
      String(one.LastIndex),
      one.Leader ? '-' : trailing(lead - one.LastIndex),
    ]),
  ]
  return program.profile === 'consul' || flags.wide ? rows : only(rows, BRIEF)
}

const trailing = (commits: number): string => `${commits} commit${commits === 1 ? '' : 's'}`
