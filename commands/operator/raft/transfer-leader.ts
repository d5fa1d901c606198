// lictor operator raft transfer-leader: another server leads from now on.
import { connect } from '../../kit/client.ts'
import { type Answer, defineCommand, type Flags, text } from '../../kit/declare.ts'
import { HTTP_FLAGS } from '../../kit/http-flags.ts'

const FLAGS = {
  ...HTTP_FLAGS,
  id: text('the ID of the server that shall lead; without it the one that is furthest', '', {
    placeholder: 'ID',
  }),
} as const satisfies Flags

export const command = defineCommand({
  id: 'operator raft transfer-leader',
  summary: 'Let another server lead',
  description: ['Before the leader is stopped for work on it: without a wait for an election.'],
  examples: [
    { does: 'To any other', command: 'operator raft transfer-leader' },
    { does: 'To one', command: 'operator raft transfer-leader -id=11111111-2222-3333-4444-5' },
  ],
  args: [],
  flags: FLAGS,
  consul: { usage: 'operator raft transfer-leader [options]' },
  run: async (call): Promise<Answer> => {
    const { id } = call.flags
    const query: Readonly<Record<string, string>> = id === '' ? {} : { id }
    // Consul's spelling.
    const fault = 'Error transfering leadership: Failed to transfer leadership '
    await connect(call).call('POST /v1/operator/raft/transfer-leader', { query, fault })
    return { json: true, text: 'Success\n' }
  },
})
