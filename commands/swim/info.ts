// lictor swim info: what a member says of itself.
import type { PoolInfo } from '../../core/swim/views.ts'
import { type Answer, choice, defineCommand, type Flags } from '../kit/declare.ts'
import { callMember, connectMember, NODE_FLAGS } from './member.ts'

const FLAGS = {
  ...NODE_FLAGS,
  format: choice('text, or json as --json', ['text', 'json']),
} as const satisfies Flags

export const command = defineCommand({
  id: 'swim info',
  summary: 'Show the state of a member',
  description: [
    'Clocks, queues, local health and traffic. A health score above 0 says that the member ' +
      'itself is slow, or its network: it gives others more time (Lifeguard).',
  ],
  examples: [
    { does: 'All', command: 'swim info' },
    { does: 'Its health', command: 'swim info --json', pipe: '| jq -r .serf.health_score' },
  ],
  args: [],
  flags: FLAGS,
  run: async (call): Promise<Answer> => {
    const info = await callMember<PoolInfo>(await connectMember(call), ['GET', '/v1/info'])
    const asJson = call.flags.format === 'json'
    return { json: info, text: asJson ? `${JSON.stringify(info, null, 2)}\n` : infoText(info) }
  },
})

const infoText = (info: PoolInfo): string =>
  Object.entries(info)
    .map(([title, rows]) => {
      const lines = Object.entries(rows).map(([name, value]) => `\t${name} = ${value}\n`)
      return `${title}:\n${lines.join('')}`
    })
    .join('')
