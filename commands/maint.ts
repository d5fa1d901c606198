// lictor maint: takes a node or a service out of rotation, and back.
import { type Client, connect } from './kit/client.ts'
import { type Answer, boolean, type Call, defineCommand, type Flags, text } from './kit/declare.ts'
import { type Failure, misuse } from './kit/failure.ts'
import { AGENT_HTTP_FLAGS } from './kit/http-flags.ts'

const FLAGS = {
  ...AGENT_HTTP_FLAGS,
  disable: boolean('put it back into rotation'),
  enable: boolean('take it out of rotation'),
  reason: text('with -enable: why, for others to read', '', { placeholder: 'TEXT' }),
  service: text('this service of the agent, by its ID, instead of the node', '', {
    placeholder: 'ID',
    completes: 'service',
  }),
} as const satisfies Flags

type Maint = Call<typeof FLAGS>

export const command = defineCommand({
  id: 'maint',
  summary: 'Take a node or a service out of rotation',
  description: [
    'Maintenance is a check that is critical: what is under it is no longer found by DNS or by ' +
      'questions for healthy instances, and sessions of the node end. It stays until it is ' +
      'disabled, also over a restart. Without flags shows what is under maintenance.',
  ],
  examples: [
    { does: 'The node, with a reason', command: 'maint -enable -reason="new kernel"' },
    { does: 'What is under maintenance', command: 'maint' },
    { does: 'Back into rotation', command: 'maint -disable' },
  ],
  args: [],
  flags: FLAGS,
  consul: { usage: 'maint [options]' },
  run: async (call): Promise<Answer> => {
    checkFlags(call)
    const client = connect(call)
    const { enable, disable, service } = call.flags
    if (!enable && !disable) return show(client)
    return service === '' ? switchNode(call, client) : switchService(call, client)
  },
})

function checkFlags({ flags }: Maint): void {
  const { enable, disable, reason, service } = flags
  if (enable && disable) throw wrong('Only one of -enable or -disable may be provided')
  if (!enable && reason !== '') throw wrong('Reason may only be provided with -enable')
  if (!enable && !disable && service !== '') {
    throw wrong('Service requires either -enable or -disable')
  }
}

/** Consul's words are clear enough to be ours. */
const wrong = (what: string): Failure => misuse(what, { consul: what })

async function switchNode({ flags }: Maint, client: Client): Promise<Answer> {
  const doing = flags.enable ? 'enabling' : 'disabling'
  const fault = `Error ${doing} node maintenance: `
  await client.call('PUT /v1/agent/maintenance', { query: queryOf(flags), fault })
  return { json: true, text: `Node maintenance is now ${done(flags)}\n` }
}

async function switchService({ flags }: Maint, client: Client): Promise<Answer> {
  const doing = flags.enable ? 'enabling' : 'disabling'
  const params = { service: flags.service }
  const fault = `Error ${doing} service maintenance: `
  const query = queryOf(flags)
  await client.call('PUT /v1/agent/service/maintenance/*service', { params, query, fault })
  const named = JSON.stringify(flags.service)
  return { json: true, text: `Service maintenance is now ${done(flags)} for ${named}\n` }
}

const done = ({ enable }: Maint['flags']): string => (enable ? 'enabled' : 'disabled')

const queryOf = ({ enable, reason }: Maint['flags']): Record<string, string> => ({
  enable: String(enable),
  ...(enable && reason !== '' ? { reason } : {}),
})

/** The checks that maintenance is made of (consul-surface 7.4). */
const NODE_CHECK = '_node_maintenance'
const SERVICE_CHECK = '_service_maintenance'

async function show(client: Client): Promise<Answer> {
  const self = (await client.call('GET /v1/agent/self', {})).value()
  const fault = 'Error getting checks: '
  const checks = (await client.call('GET /v1/agent/checks', { fault })).value()
  const under = Object.values(checks)
    .filter(({ CheckID: id }) => id === NODE_CHECK || id.startsWith(SERVICE_CHECK))
    .sort((a, b) => (a.CheckID < b.CheckID ? -1 : 1))
  const text = under.map(({ CheckID, ServiceID, Notes }) =>
    CheckID === NODE_CHECK
      ? `Node:\n  Name:   ${self.Config.NodeName}\n  Reason: ${Notes}\n\n`
      : `Service:\n  ID:     ${ServiceID}\n  Reason: ${Notes}\n\n`,
  )
  return { json: under, text: text.join('') }
}
