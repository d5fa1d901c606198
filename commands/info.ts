// lictor info: what an agent tells of its inside.
import type { Json } from '../core/route/json.ts'
import { byName } from '../core/sorted.ts'
import { connect, jsonOf } from './kit/client.ts'
import { type Answer, defineCommand } from './kit/declare.ts'
import { HTTP_FLAGS } from './kit/http-flags.ts'

type Sections = Readonly<Record<string, Readonly<Record<string, Json>>>>

export const command = defineCommand({
  id: 'info',
  summary: 'Show numbers from inside the agent',
  description: [
    'For people who look for the cause of something. Names and values may change from version ' +
      'to version.',
  ],
  examples: [
    { does: 'Everything', command: 'info' },
    {
      does: 'How far the log has been applied',
      command: 'info -json',
      pipe: '| jq -r .raft.applied_index',
    },
  ],
  args: [],
  flags: HTTP_FLAGS,
  consul: { usage: 'info [options]' },
  run: async (call): Promise<Answer> => {
    const fault = 'Error querying agent: '
    const reply = await connect(call).call('GET /v1/agent/self', { fault })
    const { Stats = {} } = jsonOf(reply) as { Stats?: Sections } // the shape is the API's contract
    return { json: Stats, text: Object.entries(Stats).sort(byName).map(sectionText).join('') }
  },
})

const sectionText = ([name, values]: [string, Readonly<Record<string, Json>>]): string =>
  `${name}:\n${Object.entries(values)
    .sort(byName)
    .map(([key, value]) => `\t${key} = ${value}\n`)
    .join('')}`
