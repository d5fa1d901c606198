// lictor session renew: its TTL begins anew.
import type { SessionEntry } from '../../core/sessions/records.ts'
import { connect } from '../kit/client.ts'
import { type Answer, defineCommand } from '../kit/declare.ts'
import { answerIsNo } from '../kit/failure.ts'
import { HTTP_FLAGS } from '../kit/http-flags.ts'
import { detailsOf } from './shown.ts'

export const command = defineCommand({
  id: 'session renew',
  summary: 'Let the TTL of a session begin anew',
  description: [
    'To be done every half TTL. When the session has ended the exit code is 1: its locks are lost.',
  ],
  examples: [
    { does: 'Once', command: 'session renew 11111111-2222-3333-4444-555555555555' },
    {
      does: 'And see how long it lasts',
      command: 'session renew 11111111-2222-3333-4444-555555555555 -json',
      pipe: '| jq -r ".[0].TTL"',
    },
  ],
  args: [{ name: 'ID', about: 'of the session', required: true, completes: 'session' }],
  flags: HTTP_FLAGS,
  run: async (call): Promise<Answer> => {
    const [session = ''] = call.args
    const args = { params: { session }, missing: /^Session id '/ }
    const reply = await connect(call).call('PUT /v1/session/renew/*session', args)
    if (reply.status === 404) throw answerIsNo('no_session', `no session ${session}`)
    const json = reply.value() as readonly SessionEntry[] // the API's contract
    return { json, text: json.map(detailsOf).join('') }
  },
})
