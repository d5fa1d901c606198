// lictor swim join: two pools become one.
import { type Answer, boolean, defineCommand, type Flags } from '../kit/declare.ts'
import { callMember, connectMember, NODE_FLAGS } from './member.ts'

const FLAGS = {
  ...NODE_FLAGS,
  replay: boolean('also hear the events of before the join'),
} as const satisfies Flags

interface Joined {
  readonly joined: number
  readonly failures: readonly string[]
}

export const command = defineCommand({
  id: 'swim join',
  summary: 'Join a member to a gossip pool',
  description: ['It is enough to reach one member of the pool. Exit code 1: nobody answered.'],
  examples: [
    { does: 'By the address of any member', command: 'swim join localhost:7001' },
    { does: 'Several ways', command: 'swim join localhost:7001 localhost:7002 --json' },
  ],
  args: [{ name: 'ADDRESS', about: 'host:port of a member', required: true, many: true }],
  flags: FLAGS,
  run: async (call): Promise<Answer> => {
    const body = { addresses: call.args, replay: call.flags.replay }
    const client = await connectMember(call)
    const joined = await callMember<Joined>(client, ['PUT', '/v1/join'], body)
    const failures = joined.failures.map((why) => `not joined: ${why}`).join('\n')
    return {
      json: joined,
      text: `Successfully joined cluster by contacting ${joined.joined} nodes.\n`,
      ...(failures === '' || call.flags.json ? {} : { note: failures }),
    }
  },
})
