// lictor swim leave: a member says that it goes, and ends.
import { type Answer, defineCommand } from '../kit/declare.ts'
import { callMember, connectMember, NODE_FLAGS } from './member.ts'

export const command = defineCommand({
  id: 'swim leave',
  summary: 'Let a member leave its gossip pool and stop',
  description: ['The others are told first, so that nobody takes it for dead. Takes some seconds.'],
  examples: [
    { does: 'The member of this folder', command: 'swim leave' },
    { does: 'Another one', command: 'swim leave --node=node2' },
  ],
  args: [],
  flags: NODE_FLAGS,
  run: async (call): Promise<Answer> => {
    const left = await callMember(await connectMember(call), ['PUT', '/v1/leave'])
    return { json: left, text: 'Graceful leave complete\n' }
  },
})
