// raftctl get: a value, as new as any answer that was given before.

import type { Reply } from '../kit/client.ts'
import { type Answer, boolean, defineCommand, type Flags } from '../kit/declare.ts'
import { answerIsNo } from '../kit/failure.ts'
import { answerIn, askLeader, findCluster, LEADER_FLAGS } from './cluster.ts'

const FLAGS = {
  ...LEADER_FLAGS,
  stale: boolean('from the server that is asked, as it is, also without a leader'),
} as const satisfies Flags

interface Found {
  readonly key: string
  readonly value: string | null
  readonly index: number
}

export const command = defineCommand({
  id: 'raft get',
  summary: 'Read a value from the state of a raft cluster',
  description: [
    'The leader asks a majority whether it still leads before it answers, so that no older value ' +
      'comes after a newer one. A name without a value: exit code 1.',
  ],
  examples: [
    { does: 'A value', command: 'raft get x' },
    {
      does: 'What node 3 has, for programs',
      command: 'raft get x --stale --node=3 --json',
      pipe: '| jq -r .value',
    },
  ],
  args: [{ name: 'NAME', about: 'of the value', required: true }],
  flags: FLAGS,
  run: async (call): Promise<Answer> => {
    const [key = ''] = call.args
    const reply = await look(call, key)
    const found = answerIn<Found>(reply)
    if (found.value === null) throw answerIsNo('not_found', `nothing is called ${key}`)
    return { json: found, text: `${found.value}\n` }
  },
})

async function look(
  call: Parameters<typeof askLeader>[0] & { flags: { stale: boolean } },
  key: string,
): Promise<Reply> {
  const ask = { method: 'GET', path: '/v1/get' } as const
  if (!call.flags.stale) return askLeader(call, { ...ask, query: { key } })
  const { targets } = await findCluster(call)
  const [target] = targets
  if (target === undefined) throw answerIsNo('nobody_there', 'no server answers')
  return target.client.ask({ ...ask, query: { key, stale: '' } })
}
