// lictor operator usage instances: how many instances of services there are.
import type { Usage } from '../../../core/catalog/usage-routes.ts'
import { byName } from '../../../core/sorted.ts'
import { connect } from '../../kit/client.ts'
import { type Answer, boolean, type Call, defineCommand, type Flags } from '../../kit/declare.ts'
import { misuse } from '../../kit/failure.ts'
import { HTTP_FLAGS } from '../../kit/http-flags.ts'

const FLAGS = {
  ...HTTP_FLAGS,
  'all-datacenters': boolean('of all datacenters'),
  billable: boolean('only services: neither proxies and gateways nor the servers themselves'),
  connect: boolean('only the mesh: native services, proxies and gateways'),
} as const satisfies Flags

type Instances = Call<typeof FLAGS>

/** Of each datacenter by its name. */
type Usages = readonly (readonly [dc: string, usage: Usage])[]

export const command = defineCommand({
  id: 'operator usage instances',
  summary: 'Count nodes, services and their instances',
  description: [
    'Billable are the instances of services but for proxies, gateways and the servers, as in ' +
      "Consul's own accounts.",
  ],
  examples: [
    { does: 'All counts', command: 'operator usage instances' },
    {
      does: 'How many instances there are',
      command: 'operator usage instances -json',
      pipe: '| jq "[.[].ServiceInstances] | add"',
    },
  ],
  args: [],
  flags: FLAGS,
  consul: {
    usage: 'operator usage instances [options]',
    complain: ({ length }) =>
      length > 0 ? `Too many arguments (expected 0, got ${length})` : undefined,
  },
  run: async (call): Promise<Answer> => {
    const { billable, connect: mesh, 'all-datacenters': all } = call.flags
    if (billable && mesh) {
      throw misuse('-billable and -connect exclude each other', {
        consul: 'Cannot specify both -billable and -connect flags',
      })
    }
    const fault = 'Error fetching usage information: '
    const query: Readonly<Record<string, string>> = all ? { global: '' } : {}
    const reply = await connect(call).call('GET /v1/operator/usage', { query, fault })
    const json = reply.value().Usage
    const usages = Object.entries(json).sort(byName)
    return { json, text: usageText(call, usages) }
  },
})

function usageText({ flags, program }: Instances, usages: Usages): string {
  const all = flags['all-datacenters']
  const text = [
    ...(flags.connect ? [] : [billableText(usages, all)]),
    ...(flags.billable ? [] : [`Connect Services\n${tabulate(meshRows(usages, all))}\n`]),
  ].join('')
  return program.profile === 'consul' ? text : text.replace(/ +$/gm, '').replace(/\n\n+/g, '\n\n')
}

function billableText(usages: Usages, all: boolean): string {
  const billed = ([dc, usage]: Usages[number]) =>
    `${dc} Billable Service Instances: ${usage.BillableServiceInstances}`
  return [
    `Billable Service Instances Total: ${totalOf(usages, 'BillableServiceInstances')}`,
    ...usages.map(billed),
    '',
    'Billable Services',
    tabulate(billableRows(usages, all)),
    '',
    '',
    'Nodes',
    tabulate(nodeRows(usages)),
    '',
    '',
    '',
  ].join('\n')
}

type Rows = readonly (readonly string[])[]

const totalOf = (usages: Usages, name: 'Nodes' | 'Services' | 'BillableServiceInstances') =>
  usages.reduce((sum, [, usage]) => sum + usage[name], 0)

const WITH_DATACENTER = 'Datacenter'
const TOTAL = 'Total'

function billableRows(usages: Usages, all: boolean): Rows {
  const sums = [totalOf(usages, 'Services'), totalOf(usages, 'BillableServiceInstances')]
  const header = ['Services', 'Service instances']
  if (!all) return [header, sums.map(String)]
  return [
    [WITH_DATACENTER, ...header],
    ...usages.map(([dc, usage]) => [
      dc,
      String(usage.Services),
      String(usage.BillableServiceInstances),
    ]),
    ['', '', ''],
    [TOTAL, ...sums.map(String)],
  ]
}

const nodeRows = (usages: Usages): Rows => [
  // Consul's header has two columns more, which are empty.
  [WITH_DATACENTER, 'Count', '', ''],
  ...usages.map(([dc, usage]) => [dc, String(usage.Nodes)]),
  ['', ''],
  [TOTAL, String(totalOf(usages, 'Nodes'))],
]

function meshRows(usages: Usages, all: boolean): Rows {
  const rows = usages.flatMap(([dc, usage]) =>
    Object.entries(usage.ConnectServiceInstances)
      .sort(byName)
      .map(([kind, instances]) => ({ dc, kind, instances })),
  )
  const header = ['Type', 'Service instances']
  if (!all) return [header, ...rows.map(({ kind, instances }) => [kind, String(instances)])]
  const sum = rows.reduce((total, { instances }) => total + instances, 0)
  return [
    [WITH_DATACENTER, ...header],
    ...rows.map(({ dc, kind, instances }) => [dc, kind, String(instances)]),
    ['', '', ''],
    [TOTAL, '', String(sum)],
  ]
}

const GAP = 6

/** Columns six spaces apart, as wide as what ends in them: the last cell of a row ends nothing. */
function tabulate(rows: Rows): string {
  const widths: number[] = []
  for (const row of rows) {
    for (const [i, cell] of row.slice(0, -1).entries()) {
      widths[i] = Math.max(widths[i] ?? 0, cell.length)
    }
  }
  const padded = (row: readonly string[]) =>
    row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd((widths[i] ?? 0) + GAP)))
  return rows.map((row) => padded(row).join('')).join('\n')
}
