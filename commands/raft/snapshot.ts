// raftctl snapshot: save the state now, so that the log before it can go.
import { EXIT } from '../../core/errors.ts'
import { type Answer, defineCommand } from '../kit/declare.ts'
import { Failure } from '../kit/failure.ts'
import { answerIn, CLUSTER_FLAGS, findCluster } from './cluster.ts'

interface Saved {
  readonly id: string
  readonly index: number
}

export const command = defineCommand({
  id: 'raft snapshot',
  summary: 'Save a snapshot of the state at servers of a raft cluster',
  description: [
    'Every server saves snapshots by itself after some thousand entries (--snapshot-entries); ' +
      'this asks for one now: of every server that answers, or of --node.',
  ],
  examples: [
    { does: 'Everywhere', command: 'raft snapshot' },
    { does: 'At node 2', command: 'raft snapshot --node=2 --json', pipe: '| jq .[].index' },
  ],
  args: [],
  flags: CLUSTER_FLAGS,
  run: async (call): Promise<Answer> => {
    const { targets } = await findCluster(call)
    const asked = call.flags.node === undefined ? targets : targets.slice(0, 1)
    const saved: Saved[] = []
    for (const { id, client } of asked) {
      const reply = await client.ask({ method: 'PUT', path: '/v1/snapshot', accept: [409] })
      if (reply.status === 409) throw refused(id, answerIn(reply))
      saved.push({ id, index: answerIn<{ readonly index: number }>(reply).index })
    }
    const text = saved
      .map(({ id, index }) => `Node ${id}: snapshot up to index ${index}\n`)
      .join('')
    return { json: saved, text }
  },
})

const refused = (id: string, { error }: { error: { code: string; message: string } }): Failure =>
  new Failure({ code: error.code, what: `node ${id}: ${error.message}`, exit: EXIT.no })
