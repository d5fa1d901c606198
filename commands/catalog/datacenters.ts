// lictor catalog datacenters: which there are.
import { connect } from '../kit/client.ts'
import { type Answer, defineCommand } from '../kit/declare.ts'
import { HTTP_FLAGS } from '../kit/http-flags.ts'
import { noArguments } from '../kit/no-arguments.ts'

export const command = defineCommand({
  id: 'catalog datacenters',
  summary: 'List the datacenters',
  description: ['One name a line, the nearest first.'],
  examples: [
    { does: 'All', command: 'catalog datacenters' },
    { does: 'How many', command: 'catalog datacenters -json', pipe: '| jq length' },
  ],
  args: [],
  flags: HTTP_FLAGS,
  consul: { usage: 'catalog datacenters [options]', complain: noArguments },
  run: async (call): Promise<Answer> => {
    const fault = 'Error listing datacenters: '
    const names = (await connect(call).call('GET /v1/catalog/datacenters', { fault })).value()
    return { json: names, text: names.map((name) => `${name}\n`).join('') }
  },
})
