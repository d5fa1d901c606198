// lictor services export: lets clusters that are peers use a service. It changes the configuration
// entry `exported-services`, in which all exports stand.
import { type Client, connect, jsonOf } from '../kit/client.ts'
import { type Answer, type Call, defineCommand, type Flags, text } from '../kit/declare.ts'
import { answerIsNo, misuse } from '../kit/failure.ts'
import { HTTP_FLAGS } from '../kit/http-flags.ts'

const FLAGS = {
  ...HTTP_FLAGS,
  'consumer-partitions': text('to these partitions (Consul Enterprise), separated by commas', '', {
    placeholder: 'NAMES',
  }),
  'consumer-peers': text('to these peers, separated by commas', '', { placeholder: 'NAMES' }),
  name: text('the service', '', { placeholder: 'NAME', completes: 'service' }),
} as const satisfies Flags

export const command = defineCommand({
  id: 'services export',
  summary: 'Let other clusters use a service',
  description: [
    'What was exported before stays so. The agent must have configuration entries: one that has ' +
      'not refuses, with exit code 69.',
  ],
  examples: [
    { does: 'To a peer', command: 'services export -name=web -consumer-peers=east' },
    { does: 'To several', command: 'services export -name=web -consumer-peers=east,west' },
  ],
  args: [],
  flags: FLAGS,
  consul: { usage: 'services export [options] -name <service name> -consumer-peers <peers>' },
  run: async (call): Promise<Answer> => {
    const { name } = call.flags
    const consumers = consumersOf(call)
    const client = connect(call)
    const entry = await readEntry(client)
    const changed = {
      ...entry.value,
      Services: withConsumers(entry.value.Services, name, consumers),
    }
    await writeEntry(client, changed, entry.index)
    const to = consumers.map((one) => one.Peer ?? one.Partition).join(',')
    return { json: changed, text: `Successfully exported service "${name}" to "${to}"\n` }
  },
})

interface Consumer {
  readonly Peer?: string
  readonly Partition?: string
}

interface Exported {
  readonly Name: string
  readonly Consumers: readonly Consumer[]
}

interface Entry {
  readonly Kind: string
  readonly Name: string
  readonly Services: readonly Exported[]
}

function consumersOf({ flags }: Call<typeof FLAGS>): readonly Consumer[] {
  const missing = (what: string) => misuse(what, { consul: `Missing the required ${what}` })
  if (flags.name === '') throw missing('-name flag')
  const names = (given: string) => given.split(',').filter((name) => name !== '')
  const consumers = [
    ...names(flags['consumer-peers']).map((Peer) => ({ Peer })),
    ...names(flags['consumer-partitions']).map((Partition) => ({ Partition })),
  ]
  if (consumers.length > 0) return consumers
  throw missing('-consumer-peers or -consumer-partitions flag')
}

const FAULT = 'Error reading exported service configuration: '

/** None yet: an empty one, and the index that says so. */
async function readEntry(client: Client): Promise<{ value: Entry; index: number }> {
  const path = '/v1/config/exported-services/default'
  const reply = await client.ask({
    method: 'GET',
    path,
    missing: /^Config entry not found/,
    fault: FAULT,
  })
  if (reply.status === 404) {
    return { value: { Kind: 'exported-services', Name: 'default', Services: [] }, index: 0 }
  }
  const found = jsonOf(reply) as unknown as Entry & { ModifyIndex: number } // the API's contract
  return { value: found, index: found.ModifyIndex }
}

function withConsumers(
  before: readonly Exported[] | null,
  name: string,
  consumers: readonly Consumer[],
): readonly Exported[] {
  const all = before ?? []
  const known = all.find(({ Name }) => Name === name)?.Consumers ?? []
  const added = consumers.filter(
    ({ Peer, Partition }) => !known.some((one) => one.Peer === Peer && one.Partition === Partition),
  )
  const others = all.filter(({ Name }) => Name !== name)
  return [...others, { Name: name, Consumers: [...known, ...added] }]
}

async function writeEntry(client: Client, entry: Entry, index: number): Promise<void> {
  const reply = await client.ask({
    method: 'PUT',
    path: '/v1/config',
    query: { cas: String(index) },
    body: JSON.stringify(entry),
    fault: 'Error writing exported service configuration: ',
  })
  if (jsonOf(reply) === true) return
  throw answerIsNo('cas_failed', 'the exports were changed meanwhile: nothing done', {
    next: ['try again'],
    consul: 'Error writing exported service configuration: it has changed meanwhile',
  })
}
