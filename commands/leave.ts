// lictor leave: the agent leaves the cluster and stops.
import { connect } from './kit/client.ts'
import { type Answer, defineCommand } from './kit/declare.ts'
import { HTTP_FLAGS } from './kit/http-flags.ts'

export const command = defineCommand({
  id: 'leave',
  summary: 'Let the agent leave the cluster and stop',
  description: ['Others are told, so that nobody takes it for failed. Its data stays.'],
  examples: [
    { does: 'The agent of this machine', command: 'leave' },
    { does: 'Another one', command: 'leave -http-addr=127.0.0.2:8500' },
  ],
  args: [],
  flags: HTTP_FLAGS,
  consul: { usage: 'leave [options]' },
  run: async (call): Promise<Answer> => {
    const fault = 'Error leaving: '
    await connect(call).call('PUT /v1/agent/leave', { fault })
    return { json: true, text: 'Graceful leave complete\n' }
  },
})
