// lictor session info: one session.
import { connect } from '../kit/client.ts'
import { type Answer, defineCommand } from '../kit/declare.ts'
import { answerIsNo } from '../kit/failure.ts'
import { HTTP_FLAGS } from '../kit/http-flags.ts'
import { detailsOf } from './shown.ts'

export const command = defineCommand({
  id: 'session info',
  summary: 'Show a session',
  description: ['When there is no such session (any more) the exit code is 1.'],
  examples: [
    { does: 'One session', command: 'session info 11111111-2222-3333-4444-555555555555' },
    {
      does: 'Whether it still lives',
      command: 'session info 11111111-2222-3333-4444-555555555555 -json',
      pipe: '| jq -r ".[0].Name"',
    },
  ],
  args: [{ name: 'ID', about: 'of the session', required: true, completes: 'session' }],
  flags: HTTP_FLAGS,
  run: async (call): Promise<Answer> => {
    const [session = ''] = call.args
    const params = { session }
    const json = (await connect(call).call('GET /v1/session/info/*session', { params })).value()
    const [found] = json
    if (found === undefined) throw answerIsNo('no_session', `no session ${session}`)
    return { json, text: detailsOf(found) }
  },
})
