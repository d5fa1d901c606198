// lictor swim monitor: the log of a member as it is written.
import { type Answer, defineCommand, type Flags, text } from '../kit/declare.ts'
import { followLog } from '../kit/follow.ts'
import { connectMember, NODE_FLAGS } from './member.ts'

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const

const FLAGS = {
  ...NODE_FLAGS,
  'log-level': text('show this and what is worse', 'info', {
    placeholder: 'LEVEL',
    choices: LEVELS,
  }),
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
    const query = { loglevel: flags['log-level'], ...(flags.json ? { logjson: '' } : {}) }
    const client = await connectMember(call)
    return followLog(await client.open({ method: 'GET', path: '/v1/agent/monitor', query }), out)
  },
})
