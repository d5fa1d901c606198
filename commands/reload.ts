// lictor reload: the agent reads its configuration again.
import { connect } from './kit/client.ts'
import { type Answer, defineCommand } from './kit/declare.ts'
import { HTTP_FLAGS } from './kit/http-flags.ts'

export const command = defineCommand({
  id: 'reload',
  summary: 'Let the agent read its configuration again',
  description: [
    'The same as SIGHUP. Some settings take effect at once, others with the next start; when the ' +
      'files are wrong nothing changes.',
  ],
  examples: [
    { does: 'The agent of this machine', command: 'reload' },
    { does: 'Another one', command: 'reload -http-addr=127.0.0.2:8500' },
  ],
  args: [],
  flags: HTTP_FLAGS,
  consul: { usage: 'reload [options]' },
  run: async (call): Promise<Answer> => {
    const fault = 'Error reloading: '
    await connect(call).call('PUT /v1/agent/reload', { fault })
    return { json: true, text: 'Configuration reload triggered\n' }
  },
})
