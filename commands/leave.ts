// lictor leave: the agent leaves the cluster and stops.
import { connect } from './kit/client.ts'
import { type Answer, defineCommand } from './kit/declare.ts'
import { HTTP_FLAGS } from './kit/http-flags.ts'
import { commandUsage } from './kit/usage.ts'

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
    if (call.args.length > 0) {
      // Only as Consul, whose command prints its help as if it had been asked for.
      call.out.talk(`Error found unexpected args: [${call.args.join(' ')}]`)
      return { text: `${commandUsage(command).trimEnd()}\n`, exit: 1 }
    }
    const fault = 'Error leaving: '
    await connect(call).call('PUT /v1/agent/leave', { fault })
    return { json: true, text: 'Graceful leave complete\n' }
  },
})
