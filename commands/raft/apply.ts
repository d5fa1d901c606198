// raftctl apply: a command through the log.
import { type Answer, defineCommand } from '../kit/declare.ts'
import { answerIn, askLeader, LEADER_FLAGS } from './cluster.ts'

interface Applied {
  readonly index: number
  readonly key: string
  readonly value: string | null
}

export const command = defineCommand({
  id: 'raft apply',
  summary: 'Apply a command to the state of a raft cluster',
  description: [
    'COMMAND is SET NAME = VALUE, GET NAME or DEL NAME. It goes to the leader, whichever server ' +
      'is asked. When this returns the command is on the disks of a majority, and applied.',
    'If the leader loses its office meanwhile nobody knows what becomes of the command: exit ' +
      'code 4, and nothing on standard output.',
  ],
  examples: [
    { does: 'A value', command: 'raft apply "SET x = 10"' },
    {
      does: 'The value that is gone, for programs',
      command: 'raft apply "DEL x" --json',
      pipe: '| jq .value',
    },
  ],
  args: [
    { name: 'COMMAND', about: 'SET NAME = VALUE, GET NAME, DEL NAME', required: true, many: true },
  ],
  flags: LEADER_FLAGS,
  run: async (call): Promise<Answer> => {
    const body = call.args.join(' ')
    const reply = await askLeader(call, { method: 'PUT', path: '/v1/apply', body })
    const applied = answerIn<Applied>(reply)
    return { json: applied, text: `Applied at index ${applied.index}\n` }
  },
})
