// raftctl add: one more server.
import { type Answer, boolean, defineCommand, type Flags } from '../kit/declare.ts'
import { answerIn, askLeader, LEADER_FLAGS } from './cluster.ts'

const FLAGS = {
  ...LEADER_FLAGS,
  voter: boolean('with a vote from the start'),
} as const satisfies Flags

export const command = defineCommand({
  id: 'raft add',
  summary: 'Add a server to a raft cluster',
  description: [
    'The server is sent the log, and has no vote until raftctl promote gives it one: so a server ' +
      'that is far behind holds nobody up. It runs with --join. A server that is known gets the ' +
      'new address. One change at a time: it must be agreed on before the next.',
  ],
  examples: [
    { does: 'A fourth one, without a vote', command: 'raft add 4 localhost:8004' },
    {
      does: 'The entry that says so',
      command: 'raft add 4 localhost:8004 --json',
      pipe: '| jq .index',
    },
  ],
  args: [
    { name: 'ID', about: 'of the server', required: true },
    { name: 'ADDRESS', about: 'host:port where it listens', required: true },
  ],
  flags: FLAGS,
  run: async (call): Promise<Answer> => {
    const [id = '', address = ''] = call.args
    const query = { id, address, ...(call.flags.voter ? { voter: '' } : {}) }
    const reply = await askLeader(call, { method: 'PUT', path: '/v1/servers/add', query })
    const added = answerIn<{ readonly index: number }>(reply)
    return { json: added, text: `Node ${id} added at index ${added.index}\n` }
  },
})
