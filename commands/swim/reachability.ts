// lictor swim reachability: whether every live member hears, and can answer.
import type { MemberView } from '../../core/swim/views.ts'
import { type Answer, defineCommand, duration, type Flags } from '../kit/declare.ts'
import { callMember, connectMember, linesOf, NODE_FLAGS } from './member.ts'

const FLAGS = {
  ...NODE_FLAGS,
  timeout: duration('how long to wait for answers; by default as long as gossip needs'),
} as const satisfies Flags

interface Heard {
  readonly type: 'ack' | 'response' | 'end'
  readonly from: string
}

/** Serf's own question, to which the acknowledgement is the answer. */
const PING = '_serf_ping'

export const command = defineCommand({
  id: 'swim reachability',
  summary: 'Test whether all live members can be reached',
  description: [
    'Asks all, and names those who are alive but do not acknowledge. Exit code 1: some do not.',
  ],
  examples: [
    { does: 'Of the pool', command: 'swim reachability' },
    { does: 'For programs', command: 'swim reachability --json', pipe: '| jq .silent' },
  ],
  args: [],
  flags: FLAGS,
  run: async (call): Promise<Answer> => {
    const { timeout } = call.flags
    const client = await connectMember(call)
    const members = await callMember<readonly MemberView[]>(client, ['GET', '/v1/members'])
    const live = members.filter(({ status }) => status === 'alive').map(({ name }) => name)
    const body = { name: PING, ...(timeout === undefined ? {} : { timeout_ms: timeout }) }
    const ask = { method: 'PUT', path: '/v1/query', body: JSON.stringify(body) } as const
    const stream = await client.open(ask)
    const acked = new Set<string>()
    for await (const line of linesOf(stream, call.out)) {
      const { type, from } = JSON.parse(line) as Heard // our own daemon's words
      if (type === 'ack') acked.add(from)
      if (type === 'end' || live.every((name) => acked.has(name))) stream.destroy()
    }
    const silent = live.filter((name) => !acked.has(name))
    const said = silent.length === 0 ? 'Successfully contacted all live nodes' : failed(silent)
    return {
      json: { live, acked: [...acked], silent },
      text: `Total members: ${members.length}, live members: ${live.length}\n${said}\n`,
      exit: silent.length === 0 ? 0 : 1,
    }
  },
})

const failed = (silent: readonly string[]): string =>
  `Failed to contact: ${silent.join(', ')}\n` +
  'Either datagrams to or from them are dropped, or they are about to be declared dead.'
