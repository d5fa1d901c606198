// lictor force-leave: takes a member that has failed out of the pool.
import { connect } from './kit/client.ts'
import { type Answer, boolean, defineCommand, type Flags } from './kit/declare.ts'
import { AGENT_HTTP_FLAGS } from './kit/http-flags.ts'

const FLAGS = {
  ...AGENT_HTTP_FLAGS,
  prune: boolean('forget it at once instead of listing it as left for a while'),
  wan: boolean('in the pool of the servers of all datacenters'),
} as const satisfies Flags

const ONE_NAME = 'A single node name must be specified to force leave.'

export const command = defineCommand({
  id: 'force-leave',
  summary: 'Take a failed member out of the pool',
  description: [
    'For a machine that will not come back: others stop trying to reach it. An agent that is ' +
      'alive joins again by itself; use lictor leave for those.',
  ],
  examples: [
    { does: 'A member that has failed', command: 'force-leave node-7' },
    { does: 'And no trace of it', command: 'force-leave -prune node-7' },
  ],
  args: [{ name: 'NODE', about: 'the name of the member', required: true, completes: 'node' }],
  flags: FLAGS,
  consul: {
    usage: 'force-leave [options] name',
    complain: (args) => (args.length === 1 ? undefined : { text: ONE_NAME, withUsage: 'whole' }),
  },
  run: async (call): Promise<Answer> => {
    const { prune, wan } = call.flags
    await connect(call).ask({
      method: 'PUT',
      path: `/v1/agent/force-leave/${call.args[0] ?? ''}`,
      query: { ...(prune ? { prune: '1' } : {}), ...(wan ? { wan: '1' } : {}) },
      fault: 'Error force leaving: ',
    })
    return { json: true }
  },
})
