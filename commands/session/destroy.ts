// lictor session destroy: ends a session; its locks are let go.
import { connect } from '../kit/client.ts'
import { type Answer, defineCommand } from '../kit/declare.ts'
import { HTTP_FLAGS } from '../kit/http-flags.ts'

export const command = defineCommand({
  id: 'session destroy',
  summary: 'End a session',
  description: [
    'Its keys are released or deleted, as its behavior says, and cannot be locked for its lock ' +
      'delay. A session that is not there is fine.',
  ],
  examples: [
    { does: 'One', command: 'session destroy 11111111-2222-3333-4444-555555555555' },
    {
      does: 'And nothing on standard output but the answer',
      command: 'session destroy 11111111-2222-3333-4444-555555555555 -json',
    },
  ],
  args: [{ name: 'ID', about: 'of the session', required: true, completes: 'session' }],
  flags: HTTP_FLAGS,
  run: async (call): Promise<Answer> => {
    const params = { session: call.args[0] ?? '' }
    const json = (await connect(call).call('PUT /v1/session/destroy/*session', { params })).value()
    return { json }
  },
})
