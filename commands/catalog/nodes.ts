// lictor catalog nodes: the nodes of the catalog, all or those that fit.
import type { CatalogNode, ServiceNode } from '../../core/catalog/shapes.ts'
import { type AskQuery, type Client, connect } from '../kit/client.ts'
import {
  type Answer,
  boolean,
  type Call,
  defineCommand,
  type Flags,
  optional,
  pairs,
} from '../kit/declare.ts'
import { answerIsNo } from '../kit/failure.ts'
import { HTTP_FLAGS } from '../kit/http-flags.ts'
import { noArguments } from '../kit/no-arguments.ts'
import { TABLE_FLAGS, tableText } from '../kit/rows.ts'
import { metaParameter } from './meta.ts'

const FLAGS = {
  ...HTTP_FLAGS,
  ...TABLE_FLAGS,
  detailed: boolean('show the whole ID, tagged addresses and metadata too'),
  filter: optional('only what this expression selects', { placeholder: 'EXPRESSION' }),
  near: optional('sort by the round trip from this node; _agent: from the one asked', {
    placeholder: 'NODE',
    completes: 'node',
  }),
  'node-meta': pairs('only nodes with this metadata'),
  service: optional('only nodes with instances of this service', {
    placeholder: 'NAME',
    completes: 'service',
  }),
} as const satisfies Flags

type Nodes = Call<typeof FLAGS>

/** What both kinds of answers tell of a node. */
type NodeRow = Pick<CatalogNode, 'ID' | 'Node' | 'Address' | 'Datacenter' | 'TaggedAddresses'> & {
  readonly Meta: Readonly<Record<string, string>> | null
}

const FAULT = 'Error listing nodes: '

export const command = defineCommand({
  id: 'catalog nodes',
  summary: 'List nodes',
  description: [
    'All nodes that are registered, whether an agent runs on them or not, or those that the ' +
      'flags select.',
  ],
  examples: [
    { does: 'All', command: 'catalog nodes' },
    { does: 'Where a service runs', command: 'catalog nodes -service=web' },
    { does: 'Addresses by name', command: 'catalog nodes -plain', pipe: '| cut -f 1,3' },
  ],
  args: [],
  flags: FLAGS,
  consul: { usage: 'catalog nodes [options]', complain: noArguments },
  run: async (call): Promise<Answer> => {
    const { json, rows } = await findNodes(call, connect(call))
    if (rows.length === 0) return { json, text: '', note: NONE }
    if (rows.some((row) => row.Node === undefined)) throw answeredAsLesson()
    return { json, text: tableText(call, call.flags.detailed ? detailed(rows) : brief(rows)) }
  },
})

const answeredAsLesson = () =>
  answerIsNo('lesson', 'a registry of the lesson answers, in shapes of its own', {
    next: ['lictor api GET /v1/catalog/nodes', 'registry --dialect=consul'],
  })

const NONE = 'No nodes match the given query - try expanding your search.'

async function findNodes(
  { flags }: Nodes,
  client: Client,
): Promise<{ json: unknown; rows: readonly NodeRow[] }> {
  const query: AskQuery = {
    ...(flags.near ? { near: flags.near } : {}),
    ...(flags.filter ? { filter: flags.filter } : {}),
    'node-meta': flags['node-meta'].map(metaParameter),
  }
  if (!flags.service) {
    const json = (await client.call('GET /v1/catalog/nodes', { query, fault: FAULT })).value()
    return { json, rows: json }
  }
  const params = { service: flags.service }
  const reply = await client.call('GET /v1/catalog/service/*service', {
    params,
    query,
    fault: FAULT,
  })
  const json = reply.value()
  const byName = new Map(json.map((one) => [one.Node, ofInstance(one)]))
  return { json, rows: [...byName.values()] }
}

const ofInstance = (one: ServiceNode): NodeRow => ({ ...one, Meta: one.NodeMeta })

/** Enough of an ID to tell nodes apart. */
const ID_BRIEF = 8

const brief = (rows: readonly NodeRow[]): string[][] => [
  ['Node', 'ID', 'Address', 'DC'],
  ...rows.map(({ Node, ID, Address, Datacenter }) => [
    Node,
    ID.slice(0, ID_BRIEF),
    Address,
    Datacenter,
  ]),
]

const detailed = (rows: readonly NodeRow[]): string[][] => [
  ['Node', 'ID', 'Address', 'DC', 'TaggedAddresses', 'Meta'],
  ...rows.map(({ Node, ID, Address, Datacenter, TaggedAddresses, Meta }) => [
    Node,
    ID,
    Address,
    Datacenter,
    listed(TaggedAddresses),
    listed(Meta),
  ]),
]

const listed = (values: Readonly<Record<string, string>> | null): string =>
  Object.entries(values ?? {})
    .map(([name, value]) => `${name}=${value}`)
    .sort()
    .join(', ')
