// lictor event: tells all agents of something, quickly and without a promise.
import { connect, jsonOf } from './kit/client.ts'
import { type Answer, type Call, defineCommand, type Flags, text } from './kit/declare.ts'
import { misuse } from './kit/failure.ts'
import { HTTP_FLAGS } from './kit/http-flags.ts'
import { matcherOf } from './kit/regexp.ts'

const FLAGS = {
  ...HTTP_FLAGS,
  name: text('what the event is called', '', { placeholder: 'NAME' }),
  node: text('only for nodes whose name matches', '', { placeholder: 'REGEXP' }),
  service: text('only for nodes with a service whose name matches', '', { placeholder: 'REGEXP' }),
  tag: text('with -service: and with a tag that matches', '', { placeholder: 'REGEXP' }),
} as const satisfies Flags

export const command = defineCommand({
  id: 'event',
  summary: 'Send an event to all agents',
  description: [
    'Events travel by gossip: within seconds to every agent, in no order, and without a promise ' +
      'that all get them; an agent keeps the last 256. PAYLOAD is at most about 400 bytes. ' +
      'lictor watch -type=event follows them.',
  ],
  examples: [
    { does: 'An event', command: 'event -name=deploy' },
    { does: 'For some nodes, with a payload', command: 'event -name=deploy -service=web v1.2' },
    { does: 'Its ID', command: 'event -name=deploy -json', pipe: '| jq -r .ID' },
  ],
  args: [{ name: 'PAYLOAD', about: 'what goes along with it' }],
  flags: FLAGS,
  consul: { usage: 'event [options] [payload]' },
  run: async (call): Promise<Answer> => {
    checkEvent(call)
    const client = connect(call)
    // Consul's command begins with a question, whose refusal scripts know.
    if (call.program.profile === 'consul') await client.call('GET /v1/agent/self', {})
    const { name, node, service, tag } = call.flags
    const reply = await client.ask({
      method: 'PUT',
      path: `/v1/event/fire/${name}`,
      query: filled({ node, service, tag }),
      body: call.args[0] ?? '',
      fault: 'Error firing event: ',
    })
    const event = jsonOf(reply) as { readonly ID: string } // the shape is the API's contract
    return { json: event, text: `Event ID: ${event.ID}\n` }
  },
})

const filled = (values: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ''))

function checkEvent({ args, flags, program }: Call<typeof FLAGS>): void {
  const { name, node, service, tag } = flags
  const usage = { withUsage: 'whole' } as const
  const wrong = (what: string) => misuse(what, { consul: what, ...usage })
  if (name === '') {
    throw misuse('-name is missing', { consul: 'Event name must be specified', ...usage })
  }
  if (args.length > 1 && program.profile === 'consul') {
    throw wrong('Too many command line arguments.')
  }
  const patterns = { node, service, tag }
  for (const [what, pattern] of Object.entries(patterns)) matcherOf(pattern, `${what} filter`)
  if (tag !== '' && service === '') {
    const what = 'Cannot provide tag filter without service filter.'
    throw misuse(what.replace(/\.$/, ''), { consul: what })
  }
}
