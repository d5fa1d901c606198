// lictor swim query: a question to the pool, and what comes back.
import {
  type Answer,
  boolean,
  choice,
  count,
  defineCommand,
  duration,
  type Flags,
  list,
  optional,
} from '../kit/declare.ts'
import { misuse } from '../kit/failure.ts'
import { connectMember, linesOf, memberGone, NODE_FLAGS } from './member.ts'

const FLAGS = {
  ...NODE_FLAGS,
  payload: optional('a few bytes that go with it', { placeholder: 'TEXT' }),
  format: choice('text, or json as --json', ['text', 'json']),
  only: list('ask this member alone; several may be named', { placeholder: 'NAME' }),
  tag: list('ask those whose tag matches', { placeholder: 'NAME=REGEXP' }),
  timeout: duration('how long to wait; by default as long as gossip needs'),
  'no-ack': boolean('do not ask who was reached'),
  'relay-factor': count('answers also come by the way of so many others', 0),
} as const satisfies Flags

interface Heard {
  readonly type: 'ack' | 'response' | 'end'
  readonly from: string
  readonly payload: string
}

export const command = defineCommand({
  id: 'swim query',
  summary: 'Ask the members of a gossip pool',
  description: [
    'Members acknowledge the question, and those with a handler for it answer (swimnode ' +
      "--event-handler='query:NAME=SCRIPT'). Printed as they come; JSON is printed at the end, " +
      'with the keys of serf.',
  ],
  examples: [
    { does: 'Who is reached', command: 'swim query ping --timeout=1s' },
    {
      does: 'Those with a tag, for programs',
      command: 'swim query load --tag=role=web --timeout=1s --json',
      pipe: '| jq .Responses',
    },
  ],
  args: [
    { name: 'NAME', about: 'of the question', required: true },
    { name: 'PAYLOAD', about: 'the same as --payload' },
  ],
  flags: FLAGS,
  run: async (call): Promise<Answer> => {
    const { args, flags, out } = call
    const asJson = flags.json || flags.format === 'json'
    const client = await connectMember(call)
    const body = JSON.stringify({
      name: args[0],
      payload: flags.payload ?? args[1] ?? '',
      nodes: flags.only,
      tags: Object.fromEntries(flags.tag.map(splitPair)),
      no_ack: flags['no-ack'],
      relay_factor: flags['relay-factor'],
      ...(flags.timeout === undefined ? {} : { timeout_ms: flags.timeout }),
    })
    const stream = await client.open({ method: 'PUT', path: '/v1/query', body })
    const acks: string[] = []
    const responses: Record<string, string> = {}
    if (!asJson) await out.print(`Query '${args[0]}' dispatched\n`)
    for await (const line of linesOf(stream, out)) {
      const heard = JSON.parse(line) as Heard // our own daemon's words
      if (heard.type === 'ack') acks.push(heard.from)
      else if (heard.type === 'response') responses[heard.from] = heard.payload
      else return endOf({ acks, responses, asJson }, () => stream.destroy())
      if (!asJson) await out.print(heardText(heard))
    }
    if (out.gone.aborted) return {}
    throw memberGone()
  },
})

function splitPair(pair: string): readonly [string, string] {
  const at = pair.indexOf('=')
  if (at <= 0) throw misuse(`--tag=${pair}: NAME=REGEXP`)
  return [pair.slice(0, at), pair.slice(at + 1)]
}

const heardText = ({ type, from, payload }: Heard): string =>
  type === 'ack'
    ? `Ack from '${from}'\n`
    : `Response from '${from}': ${payload.replace(/\n$/, '')}\n`

function endOf(
  { acks, responses, asJson }: { acks: string[]; responses: object; asJson: boolean },
  close: () => void,
): Answer {
  close()
  const json = { Acks: acks, Responses: responses }
  const count = Object.keys(responses).length
  const totals = `Total Acks: ${acks.length}\nTotal Responses: ${count}\n`
  return { json, text: asJson ? `${JSON.stringify(json, null, 2)}\n` : totals }
}
