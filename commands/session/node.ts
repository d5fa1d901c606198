// lictor session node: the sessions of one node.
import { connect } from '../kit/client.ts'
import { type Answer, defineCommand, type Flags } from '../kit/declare.ts'
import { HTTP_FLAGS } from '../kit/http-flags.ts'
import { TABLE_FLAGS, tableText } from '../kit/rows.ts'
import { tableOf } from './shown.ts'

const FLAGS = { ...HTTP_FLAGS, ...TABLE_FLAGS } as const satisfies Flags

export const command = defineCommand({
  id: 'session node',
  summary: 'List the sessions of a node',
  description: ['They end when the node goes, or when its agent is lost to the others.'],
  examples: [
    { does: 'The sessions of a node', command: 'session node node-1' },
    { does: 'How many', command: 'session node node-1 -json', pipe: '| jq length' },
  ],
  args: [{ name: 'NODE', about: 'the name of the node', required: true, completes: 'node' }],
  flags: FLAGS,
  run: async (call): Promise<Answer> => {
    const params = { node: call.args[0] ?? '' }
    const json = (await connect(call).call('GET /v1/session/node/*node', { params })).value()
    return { json, text: json.length === 0 ? '' : tableText(call, tableOf(json)) }
  },
})
