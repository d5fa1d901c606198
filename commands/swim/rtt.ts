// lictor swim rtt: how far apart two members are.
import { type Answer, defineCommand } from '../kit/declare.ts'
import { connectMember, NODE_FLAGS } from './member.ts'

interface RoundTrip {
  readonly from: string
  readonly to: string
  readonly ms: number
}

export const command = defineCommand({
  id: 'swim rtt',
  summary: 'Estimate the round trip between two members',
  description: [
    'From the network coordinates that members tell each other with their answers to pings ' +
      '(Vivaldi): no packet is sent for it. The second member is the one that is asked, unless ' +
      'named.',
  ],
  examples: [
    { does: 'From here', command: 'swim rtt node2' },
    { does: 'Between two others', command: 'swim rtt node2 node1 --json' },
  ],
  args: [
    { name: 'MEMBER', about: 'by its name', required: true },
    { name: 'OTHER', about: 'by its name' },
  ],
  flags: NODE_FLAGS,
  run: async (call): Promise<Answer> => {
    const [from = '', to = ''] = call.args
    const client = await connectMember(call)
    const path = '/v1/coordinate/rtt'
    const reply = await client.ask({ method: 'GET', path, query: { from, to } })
    const trip = JSON.parse(reply.body.toString()) as RoundTrip // our own daemon's words
    const text = `Estimated ${trip.from} <-> ${trip.to} rtt: ${trip.ms.toFixed(3)} ms\n`
    return { json: trip, text }
  },
})
