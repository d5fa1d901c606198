// lictor kvstore follow: makes a node copy another, whatever it has itself.
import { type Answer, defineCommand } from '../kit/declare.ts'
import { addressOf, askNode, meantNode, NODE_FLAGS } from './nodes.ts'

export const command = defineCommand({
  id: 'kvstore follow',
  summary: 'Make a node copy a leader',
  description: [
    'The way out of two leaders: one of them follows the other, and what it has written since ' +
      'they parted is given up. Look at it before, with kvstore status. Also for a follower ' +
      'whose leader has another address, or has come back without its data.',
  ],
  examples: [
    {
      does: 'The old leader gives up',
      command: 'kvstore follow localhost:8001 --node=localhost:8000',
    },
    {
      does: 'A node with another leader',
      command: 'kvstore follow localhost:8001 --node=localhost:8002 --json',
    },
  ],
  args: [{ name: 'LEADER', about: 'HOST:PORT of the node to copy', required: true }],
  flags: NODE_FLAGS,
  run: async ({ flags, env, args }): Promise<Answer> => {
    const leader = addressOf(args[0] ?? '')
    const node = await meantNode(flags.node, env)
    const json = await askNode({
      node,
      method: 'PUT',
      path: '/follow',
      query: { leader },
      timeoutMs: flags.timeout,
    })
    return { json, text: `${node} follows ${leader}\n` }
  },
})
