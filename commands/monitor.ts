// lictor monitor: the agent's log as it is written.
import { connect } from './kit/client.ts'
import { type Answer, boolean, defineCommand, type Flags } from './kit/declare.ts'
import { followLog, LEVEL_SHOWN } from './kit/follow.ts'
import { HTTP_FLAGS } from './kit/http-flags.ts'

const FLAGS = {
  ...HTTP_FLAGS,
  'log-level': LEVEL_SHOWN,
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
    const fault = 'Error starting monitor: '
    return followLog(connect(call), { level: flags['log-level'], json, fault }, out)
  },
})
