// lictor swim event: a word for every member of the pool.
import { type Answer, boolean, defineCommand, type Flags, optional } from '../kit/declare.ts'
import { misuse } from '../kit/failure.ts'
import { callMember, connectMember, NODE_FLAGS } from './member.ts'

const FLAGS = {
  ...NODE_FLAGS,
  payload: optional('a few bytes that go with it', { placeholder: 'TEXT' }),
  coalesce: boolean('a newer event of this name may stand for this one'),
} as const satisfies Flags

interface Sent {
  readonly name: string
  readonly ltime: number
  readonly members: number
  readonly alive: number
}

export const command = defineCommand({
  id: 'swim event',
  summary: 'Tell an event to all members of a gossip pool',
  description: [
    'The event travels from member to member, and each hears it once. The number that is printed ' +
      'counts the members that have not left; how many of them are alive is said on standard ' +
      'error. Name and payload together have 512 bytes at most.',
  ],
  examples: [
    { does: 'A name alone', command: 'swim event deploy:v1.2.3' },
    { does: 'With a payload', command: 'swim event deploy v1.2.3 --json', pipe: '| jq .ltime' },
  ],
  args: [
    { name: 'NAME', about: 'of the event, whatever is in it', required: true },
    { name: 'PAYLOAD', about: 'the same as --payload' },
  ],
  flags: FLAGS,
  run: async (call): Promise<Answer> => {
    const [name = '', second] = call.args
    if (name === '') throw misuse('NAME is empty')
    const payload = call.flags.payload ?? second ?? ''
    const body = { name, payload, coalesce: call.flags.coalesce }
    const sent = await callMember<Sent>(await connectMember(call), ['PUT', '/v1/event'], body)
    return {
      json: sent,
      text: `Event broadcast to ${sent.members} ${sent.members === 1 ? 'node' : 'nodes'}\n`,
      ...(call.flags.json ? {} : { note: `${sent.alive} alive` }),
    }
  },
})
