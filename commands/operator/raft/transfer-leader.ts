// lictor operator raft transfer-leader: another server leads from now on.
import { connect } from '../../kit/client.ts'
import { type Answer, defineCommand, type Flags, text } from '../../kit/declare.ts'
import { Failure, isFailure } from '../../kit/failure.ts'
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
    try {
      await connect(call).call('POST /v1/operator/raft/transfer-leader', { query, fault })
    } catch (error) {
      throw isFailure(error) && id === '' ? asAlone(error) : error
    }
    return { json: true, text: 'Success\n' }
  },
})

/** What Consul answers when nobody else may lead. */
const NO_PEER = 'cannot find peer'

const asAlone = (error: Failure): Failure =>
  error.parts.why === NO_PEER
    ? new Failure({
        ...error.parts,
        what: 'there is no other voter',
        why: 'nobody can take the lead over',
        next: ['lictor operator raft list-peers'],
      })
    : error
