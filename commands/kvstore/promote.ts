// lictor kvstore promote: makes a follower the leader, by hand.
import { type Answer, defineCommand } from '../kit/declare.ts'
import { askNode, meantNode, NODE_FLAGS } from './nodes.ts'

export const command = defineCommand({
  id: 'kvstore promote',
  summary: 'Make a follower the leader',
  description: [
    'What a person does when the leader is gone. Nobody is asked whether it really is: if it ' +
      'lives, there are two leaders, which both take writes, and kvstore status shows how they ' +
      'differ. Promote the follower with the highest index: writes that it does not have are lost.',
    'Other followers go over to the new leader when they hear of it.',
  ],
  examples: [
    { does: 'The node on a port', command: 'kvstore promote --node=localhost:8001' },
    {
      does: 'Its epoch',
      command: 'kvstore promote --node=localhost:8001 --json',
      pipe: '| jq .epoch',
    },
  ],
  args: [],
  flags: NODE_FLAGS,
  run: async ({ flags, env }): Promise<Answer> => {
    const node = await meantNode(flags.node, env)
    const json = await askNode({
      node,
      method: 'PUT',
      path: '/promote',
      timeoutMs: flags.timeout,
    })
    return { json, text: `${node} is the leader\n` }
  },
})
