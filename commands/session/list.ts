// lictor session list: all sessions there are.
import { connect } from '../kit/client.ts'
import { type Answer, defineCommand, type Flags } from '../kit/declare.ts'
import { HTTP_FLAGS } from '../kit/http-flags.ts'
import { TABLE_FLAGS, tableText } from '../kit/rows.ts'
import { tableOf } from './shown.ts'

const FLAGS = { ...HTTP_FLAGS, ...TABLE_FLAGS } as const satisfies Flags

export const command = defineCommand({
  id: 'session list',
  summary: 'List all sessions',
  description: ['Which keys a session holds is said by lictor kv get -recurse -detailed.'],
  examples: [
    { does: 'All', command: 'session list' },
    { does: 'Their IDs', command: 'session list -json', pipe: '| jq -r ".[].ID"' },
  ],
  args: [],
  flags: FLAGS,
  run: async (call): Promise<Answer> => {
    const json = (await connect(call).call('GET /v1/session/list', {})).value()
    return { json, text: json.length === 0 ? '' : tableText(call, tableOf(json)) }
  },
})
