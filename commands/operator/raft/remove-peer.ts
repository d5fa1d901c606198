// lictor operator raft remove-peer: a server that will not come back votes no more.
import { connect } from '../../kit/client.ts'
import { type Answer, defineCommand, type Flags, text } from '../../kit/declare.ts'
import { misuse } from '../../kit/failure.ts'
import { HTTP_FLAGS } from '../../kit/http-flags.ts'

const FLAGS = {
  ...HTTP_FLAGS,
  address: text('the address of the server, as list-peers shows it', '', {
    placeholder: 'IP:PORT',
  }),
  id: text('the ID of the server', '', { placeholder: 'ID' }),
} as const satisfies Flags

const FAULT = 'Error removing peer: '

export const command = defineCommand({
  id: 'operator raft remove-peer',
  summary: 'Remove a server that will not come back',
  description: [
    'It no longer counts when the others vote. Only for one that could not leave by itself.',
  ],
  examples: [
    { does: 'By its ID', command: 'operator raft remove-peer -id=11111111-2222-3333-4444-5' },
    { does: 'By its address', command: 'operator raft remove-peer -address=10.0.0.7:8300' },
  ],
  args: [],
  flags: FLAGS,
  consul: { usage: 'operator raft remove-peer [options]' },
  run: async (call): Promise<Answer> => {
    const { address, id } = call.flags
    if (address === '' && id === '')
      throw wrong('an address or id is required for the peer to remove')
    if (address !== '' && id !== '') throw wrong('cannot give both an address and id')
    const by = id === '' ? { address } : { id }
    const query: Readonly<Record<string, string>> = by
    await connect(call).call('DELETE /v1/operator/raft/peer', { query, fault: FAULT })
    return {
      json: true,
      text: `Removed peer with ${id === '' ? 'address' : 'id'} "${id || address}"\n`,
    }
  },
})

const wrong = (what: string) => misuse(what, { consul: `${FAULT}${what}` })
