// lictor swim force-leave: a dead member will not come back.
import { type Answer, boolean, defineCommand, type Flags } from '../kit/declare.ts'
import { callMember, connectMember, NODE_FLAGS } from './member.ts'

const FLAGS = {
  ...NODE_FLAGS,
  prune: boolean('forget it at once, not after a day'),
} as const satisfies Flags

export const command = defineCommand({
  id: 'swim force-leave',
  summary: 'Say of a dead member that it has left',
  description: [
    'Nobody tries to reach it any more. A member that is alive is not impressed: it says so, and ' +
      'stays.',
  ],
  examples: [
    { does: 'One that is gone for good', command: 'swim force-leave node2' },
    { does: 'And forgotten', command: 'swim force-leave --prune node2' },
  ],
  args: [{ name: 'NAME', about: 'of the member', required: true }],
  flags: FLAGS,
  run: async (call): Promise<Answer> => {
    const body = { name: call.args[0], prune: call.flags.prune }
    return { json: await callMember(await connectMember(call), ['PUT', '/v1/force-leave'], body) }
  },
})
