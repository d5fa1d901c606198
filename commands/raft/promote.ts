// raftctl promote: a vote for a server, or one taken away.
import { type Answer, boolean, defineCommand, type Flags } from '../kit/declare.ts'
import { answerIn, askLeader, LEADER_FLAGS } from './cluster.ts'

const FLAGS = {
  ...LEADER_FLAGS,
  demote: boolean('take its vote away instead'),
} as const satisfies Flags

export const command = defineCommand({
  id: 'raft promote',
  summary: 'Give a server of a raft cluster its vote',
  description: ['Best when it has caught up: see the commit indexes in raftctl status.'],
  examples: [
    { does: 'From now on it counts', command: 'raft promote 4' },
    { does: 'And no more', command: 'raft promote 4 --demote --json', pipe: '| jq .index' },
  ],
  args: [{ name: 'ID', about: 'of the server', required: true }],
  flags: FLAGS,
  run: async (call): Promise<Answer> => {
    const [id = ''] = call.args
    const { demote } = call.flags
    const path = `/v1/servers/${demote ? 'demote' : 'promote'}`
    const reply = await askLeader(call, { method: 'PUT', path, query: { id } })
    const changed = answerIn<{ readonly index: number }>(reply)
    const done = demote ? 'has no vote' : 'has a vote'
    return { json: changed, text: `Node ${id} ${done} from index ${changed.index} on\n` }
  },
})
