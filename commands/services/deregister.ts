// lictor services deregister: services go from the agent, and with it from the catalog.
import { type Client, connect } from '../kit/client.ts'
import { type Answer, type Call, defineCommand, type Flags, text } from '../kit/declare.ts'
import { misuse } from '../kit/failure.ts'
import { HTTP_FLAGS } from '../kit/http-flags.ts'
import { servicesIn } from './definition.ts'

const FLAGS = {
  ...HTTP_FLAGS,
  id: text('the ID of the service', '', { placeholder: 'ID', completes: 'service' }),
} as const satisfies Flags

const NOTHING = 'Service deregistration requires at least one argument or -id.'
const BOTH = 'Service deregistration requires arguments or -id, not both.'

export const command = defineCommand({
  id: 'services deregister',
  summary: 'Deregister services from the agent',
  description: [
    'By ID, or those that files define. Only services of the agent that is asked: others come ' +
      'back, because their agents know better.',
  ],
  examples: [
    { does: 'One', command: 'services deregister -id=web' },
    { does: 'Those of a file', command: 'services deregister web.hcl' },
  ],
  args: [{ name: 'FILE', about: 'definitions of services', many: true, completes: 'file' }],
  flags: FLAGS,
  consul: { usage: 'services deregister [options] [FILE...]' },
  run: async (call): Promise<Answer> => {
    const wanted = await wantedOf(call)
    const client = connect(call)
    for (const one of wanted) await deregister(client, one)
    return {
      json: wanted.map(({ id }) => id),
      text: wanted.map(({ id }) => `Deregistered service: ${id}\n`).join(''),
    }
  },
})

interface Wanted {
  readonly id: string
  /** Consul names it in its complaint, and knows no name when given an ID. */
  readonly name: string
}

async function wantedOf({
  args,
  flags,
  program,
  out,
}: Call<typeof FLAGS>): Promise<readonly Wanted[]> {
  if (args.length === 0 && flags.id === '') {
    throw misuse('neither a file nor -id', { consul: NOTHING })
  }
  if (args.length > 0 && flags.id !== '') {
    throw misuse('files and -id exclude each other', { consul: BOTH })
  }
  if (args.length === 0) return [{ id: flags.id, name: '' }]
  const services = await servicesIn(args, { program, out })
  return services.map(({ id, name = '' }) => ({ id: id || name, name }))
}

async function deregister(client: Client, { id, name }: Wanted): Promise<void> {
  const fault = `Error deregistering service ${JSON.stringify(name)}: `
  const params = { service: id }
  await client.call('PUT /v1/agent/service/deregister/*service', { params, fault })
}
