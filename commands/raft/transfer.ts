// raftctl transfer: another leader, without an election timeout.
import { type Answer, defineCommand } from '../kit/declare.ts'
import { answerIn, askLeader, LEADER_FLAGS } from './cluster.ts'

export const command = defineCommand({
  id: 'raft transfer',
  summary: 'Hand the leadership of a raft cluster over',
  description: [
    'The leader brings the other up to date and tells it to campaign at once. Without an ID it ' +
      'is the one that has most of the log. If that server does not take over, the leader goes on.',
  ],
  examples: [
    { does: 'To anybody', command: 'raft transfer' },
    { does: 'To node 3', command: 'raft transfer 3 --json', pipe: '| jq -r .to' },
  ],
  args: [{ name: 'ID', about: 'of the server that shall lead' }],
  flags: LEADER_FLAGS,
  run: async (call): Promise<Answer> => {
    const [to = ''] = call.args
    const reply = await askLeader(call, { method: 'PUT', path: '/v1/transfer', query: { to } })
    const handed = answerIn<{ readonly to: string }>(reply)
    return { json: handed, text: `Leadership handed over to node ${handed.to}\n` }
  },
})
