// lictor monitor: the agent's log as it is written.
import { connect } from './kit/client.ts'
import { type Answer, boolean, defineCommand, type Flags, text } from './kit/declare.ts'
import { followLog } from './kit/follow.ts'
import { HTTP_FLAGS } from './kit/http-flags.ts'

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const

const FLAGS = {
  ...HTTP_FLAGS,
  'log-level': text('show this and what is worse', 'info', {
    placeholder: 'LEVEL',
    choices: LEVELS,
  }),
  'log-json': boolean('one JSON object per line'),
} as const satisfies Flags

export const command = defineCommand({
  id: 'monitor',
  summary: 'Follow the log of an agent',
  description: [
    'Shows lines from now on, at a level of your choice, whatever the agent itself writes.',
  ],
  examples: [
    { does: 'Everything that happens', command: 'monitor -log-level=trace' },
    { does: 'Warnings, for programs', command: 'monitor -log-level=warn -log-json' },
  ],
  args: [],
  flags: FLAGS,
  consul: { usage: 'monitor [options]' },
  run: async (call): Promise<Answer> => {
    const { flags, out } = call
    const json = flags['log-json'] || flags.json
    const query = { loglevel: flags['log-level'], ...(json ? { logjson: '' } : {}) }
    const fault = 'Error starting monitor: '
    const path = '/v1/agent/monitor'
    const stream = await connect(call).open({ method: 'GET', path, query, fault })
    return followLog(stream, out)
  },
})
