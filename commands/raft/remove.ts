// raftctl remove: one server less.
import { type Answer, defineCommand } from '../kit/declare.ts'
import { answerIn, askLeader, LEADER_FLAGS } from './cluster.ts'

export const command = defineCommand({
  id: 'raft remove',
  summary: 'Remove a server from a raft cluster',
  description: [
    'The majority is counted without it from then on. A leader that is removed hands over when ' +
      'its removal is agreed on. Stop the server afterwards.',
  ],
  examples: [
    { does: 'For good', command: 'raft remove 4' },
    { does: 'The entry that says so', command: 'raft remove 4 --json', pipe: '| jq .index' },
  ],
  args: [{ name: 'ID', about: 'of the server', required: true }],
  flags: LEADER_FLAGS,
  run: async (call): Promise<Answer> => {
    const [id = ''] = call.args
    const reply = await askLeader(call, {
      method: 'PUT',
      path: '/v1/servers/remove',
      query: { id },
    })
    const removed = answerIn<{ readonly index: number }>(reply)
    return { json: removed, text: `Node ${id} removed at index ${removed.index}\n` }
  },
})
