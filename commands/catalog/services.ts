// lictor catalog services: the names of the services, and with which tags they are there.
import { byName } from '../../core/sorted.ts'
import { type Client, connect } from '../kit/client.ts'
import {
  type Answer,
  boolean,
  type Call,
  defineCommand,
  type Flags,
  optional,
  pairs,
} from '../kit/declare.ts'
import { HTTP_FLAGS } from '../kit/http-flags.ts'
import { noArguments } from '../kit/no-arguments.ts'
import { columns } from '../kit/output.ts'
import { metaParameter } from './meta.ts'

const FLAGS = {
  ...HTTP_FLAGS,
  node: optional('only services of this node', { placeholder: 'NODE', completes: 'node' }),
  'node-meta': pairs('only services on nodes with this metadata'),
  tags: boolean('show the tags of all instances too'),
  all: boolean('also the service that servers register for themselves', { only: 'lictor' }),
} as const satisfies Flags

type Services = Call<typeof FLAGS>
type TagsByName = Readonly<Record<string, readonly string[]>>

const FAULT = 'Error listing services: '
const NONE = 'No services match the given query - try expanding your search.'

export const command = defineCommand({
  id: 'catalog services',
  summary: 'List services by name',
  description: [
    'One name a line. The service consul, which servers register for themselves, is left out ' +
      'unless -all asks for it; -json has everything.',
  ],
  examples: [
    { does: 'All', command: 'catalog services' },
    { does: 'With their tags', command: 'catalog services -tags' },
    { does: 'For programs', command: 'catalog services -json', pipe: "| jq -r 'keys[]'" },
  ],
  args: [],
  flags: FLAGS,
  consul: { usage: 'catalog services [options]', complain: noArguments },
  run: async (call): Promise<Answer> => {
    const json = await findServices(call, connect(call))
    const shown = Object.entries(json)
      .filter(([name]) => name !== OWN || isShown(call))
      .sort(byName)
    if (shown.length === 0) return { json, text: '', note: OWN in json ? ONLY_OWN : NONE }
    if (!call.flags.tags) return { json, text: shown.map(([name]) => `${name}\n`).join('') }
    const rows = shown.map(([name, tags]) => [name, [...tags].sort().join(',')])
    return { json, text: columns(rows, { gap: GAP, trim: call.out.profile === 'lictor' }) }
  },
})

/** The servers. */
const OWN = 'consul'

const isShown = ({ flags, program }: Services): boolean => flags.all || program.profile === 'consul'

const ONLY_OWN = `no services but ${OWN}: -all shows it`

/** Between names and tags. */
const GAP = 6

async function findServices({ flags }: Services, client: Client): Promise<TagsByName> {
  const query = { 'node-meta': flags['node-meta'].map(metaParameter) }
  if (!flags.node) {
    return (await client.call('GET /v1/catalog/services', { query, fault: FAULT })).value()
  }
  const params = { node: flags.node }
  const reply = await client.call('GET /v1/catalog/node/*node', { params, query, fault: FAULT })
  const tags: Record<string, string[]> = {}
  for (const one of Object.values(reply.value()?.Services ?? {})) {
    tags[one.Service] = [...new Set([...(tags[one.Service] ?? []), ...(one.Tags ?? [])])]
  }
  return tags
}
