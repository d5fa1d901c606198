// lictor operator autopilot state: what the servers make of each other.
import type { AutopilotState } from '../../../core/autopilot/routes.ts'
import { encodeJson } from '../../../core/route/json.ts'
import { byName } from '../../../core/sorted.ts'
import { connect } from '../../kit/client.ts'
import { type Answer, type Call, defineCommand, type Flags, text } from '../../kit/declare.ts'
import { misuse } from '../../kit/failure.ts'
import { HTTP_FLAGS } from '../../kit/http-flags.ts'

const FLAGS = {
  ...HTTP_FLAGS,
  format: text('pretty, or json', 'pretty', {
    placeholder: 'pretty|json',
    choices: ['pretty', 'json'],
  }),
} as const satisfies Flags

export const command = defineCommand({
  id: 'operator autopilot state',
  summary: 'Show which servers are healthy, and how many may fail',
  description: [
    'As the leader sees it. When a server is not healthy the exit code is still 0: a script asks ' +
      'with -json.',
  ],
  examples: [
    { does: 'Everything', command: 'operator autopilot state' },
    {
      does: 'How many servers may fail now',
      command: 'operator autopilot state -json',
      pipe: '| jq .FailureTolerance',
    },
  ],
  args: [],
  flags: FLAGS,
  consul: { usage: 'operator autopilot state [options]' },
  run: async (call): Promise<Answer> => {
    const print = printerOf(call.flags.format)
    const fault = 'Error querying Autopilot state: '
    const reply = await connect(call).call('GET /v1/operator/autopilot/state', { fault })
    const json = reply.value()
    return { json, text: print(json, call) }
  },
})

/** So does Consul indent. */
const INDENT = 4

function printerOf(format: string): (state: AutopilotState, call: Call<typeof FLAGS>) => string {
  if (format === 'pretty') return stateText
  if (format === 'json') return (state) => `${encodeJson(state, INDENT)}\n`
  throw misuse(`-format=${format} is neither pretty nor json`, {
    consul: `Unknown format: ${format}`,
  })
}

type ServerState = AutopilotState['Servers'][string]

const stateText = (state: AutopilotState, { program }: Call<typeof FLAGS>): string =>
  [
    `Healthy:                      ${state.Healthy}`,
    `Failure Tolerance:            ${state.FailureTolerance}`,
    `Optimistic Failure Tolerance: ${state.OptimisticFailureTolerance}`,
    `Leader:                       ${state.Leader}`,
    'Voters:',
    ...state.Voters.map((id) => `   ${id}`),
    'Servers:',
    ...byId(state.Servers).flatMap(serverLines),
    ...(program.profile === 'consul' ? [''] : []),
  ]
    .map((line) => `${line}\n`)
    .join('')

const byId = (servers: AutopilotState['Servers']): readonly ServerState[] =>
  Object.values(servers).sort((a, b) => (a.ID < b.ID ? -1 : 1))

const serverLines = (server: ServerState): readonly string[] => [
  `   ${server.ID}`,
  ...[
    `Name:            ${server.Name}`,
    `Address:         ${server.Address}`,
    `Version:         ${server.Version}`,
    `Status:          ${server.Status}`,
    `Node Type:       ${server.NodeType}`,
    `Node Status:     ${server.NodeStatus}`,
    `Healthy:         ${server.Healthy}`,
    `Last Contact:    ${server.LastContact}`,
    `Last Term:       ${server.LastTerm}`,
    `Last Index:      ${server.LastIndex}`,
  ].map((line) => `      ${line}`),
  ...metaLines(server.Meta),
]

function metaLines(meta: ServerState['Meta']): readonly string[] {
  const entries = Object.entries(meta).sort(byName)
  if (entries.length === 0) return []
  const lines = entries.map(([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)}`)
  return ['      Meta', ...lines.map((line) => `         ${line}`)]
}
