// lictor join: tells an agent of others.
import { connect } from './kit/client.ts'
import { type Answer, boolean, type Call, defineCommand, type Flags } from './kit/declare.ts'
import { answerIsNo, Failure } from './kit/failure.ts'
import { AGENT_HTTP_FLAGS } from './kit/http-flags.ts'

const FLAGS = {
  ...AGENT_HTTP_FLAGS,
  wan: boolean('join the pool of the servers of all datacenters'),
} as const satisfies Flags

const NO_ADDRESS = 'At least one address to join must be specified.'

export const command = defineCommand({
  id: 'join',
  summary: 'Let the agent join a pool',
  description: [
    'ADDRESS is where a member of the pool gossips: host, host:port, port 8301 unless given. One ' +
      'that answers is enough: it knows the others. When none does the exit code is 1.',
  ],
  examples: [
    { does: 'By one member', command: 'join 10.0.0.1' },
    { does: 'By any of two', command: 'join 10.0.0.1 10.0.0.2:8301' },
  ],
  args: [{ name: 'ADDRESS', about: 'members of the pool', required: true, many: true }],
  flags: FLAGS,
  consul: {
    usage: 'join [options] address ...',
    complain: (args) => (args.length > 0 ? undefined : { text: NO_ADDRESS, withUsage: 'whole' }),
  },
  run: async (call): Promise<Answer> => {
    const joined: string[] = []
    for (const address of call.args) if (await joinsBy(call, address)) joined.push(address)
    if (joined.length > 0) return { json: { joined }, text: successOf(joined.length) }
    throw answerIsNo('not_joined', 'no address led into a pool', {
      consul: 'Failed to join any nodes.',
    })
  },
})

const successOf = (count: number): string =>
  `Successfully joined cluster by contacting ${count} nodes.\n`

async function joinsBy(call: Call<typeof FLAGS>, address: string): Promise<boolean> {
  try {
    await connect(call).ask({
      method: 'PUT',
      path: `/v1/agent/join/${address}`,
      query: call.flags.wan ? { wan: '1' } : {},
      fault: `Error joining address '${address}': `,
    })
    return true
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    const { code, what, why, consul = what } = error.parts
    const asConsul = call.program.profile === 'consul'
    if (!asConsul && code !== 'refused') throw error // the agent that was asked is at fault
    call.out.talk(asConsul ? consul : `${address}: ${why ?? what}`)
    return false
  }
}
