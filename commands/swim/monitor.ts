// lictor swim monitor: the log of a member as it is written.
import { type Answer, defineCommand, type Flags } from '../kit/declare.ts'
import { followLog, LEVEL_SHOWN } from '../kit/follow.ts'
import { connectMember, NODE_FLAGS } from './member.ts'

const FLAGS = {
  ...NODE_FLAGS,
  'log-level': LEVEL_SHOWN,
} as const satisfies Flags

export const command = defineCommand({
  id: 'swim monitor',
  summary: 'Follow the log of a member',
  description: ['Lines from now on, at a level of your choice; --json: one object a line.'],
  examples: [
    { does: 'What others do', command: 'swim monitor' },
    { does: 'Everything, for programs', command: 'swim monitor --log-level=trace --json' },
  ],
  args: [],
  flags: FLAGS,
  run: async (call): Promise<Answer> => {
    const { flags, out } = call
    const client = await connectMember(call)
    return followLog(client, { level: flags['log-level'], json: flags.json }, out)
  },
})
