// lictor swim trace: the protocol at work, as one member sees it.
import type { SwimNote } from '../../core/swim/effects.ts'
import { traceText } from '../../core/swim/trace.ts'
import { type Answer, boolean, count, defineCommand, type Flags, list } from '../kit/declare.ts'
import { connectMember, linesOf, memberGone, NODE_FLAGS } from './member.ts'

const FLAGS = {
  ...NODE_FLAGS,
  once: boolean('end with what there was, instead of waiting for more'),
  count: count('end after so many lines', 0),
  only: list('only this verb, as suspect or refute; several may be named', {
    placeholder: 'VERB',
  }),
  about: list('only what concerns this member; several may be named', { placeholder: 'NAME' }),
} as const satisfies Flags

interface TraceLine {
  readonly ts: string
  readonly op: string
  readonly node: string
  readonly data: SwimNote & { readonly dropped?: number }
}

export const command = defineCommand({
  id: 'swim trace',
  summary: 'Watch the gossip protocol at work',
  description: [
    'Each probe, answer, suspicion, refutation and exchange of the member that is asked: first ' +
      'the last of what there was, then what comes. A line has the time, the member that tells, ' +
      'what happened (ping, ack, ping-req, nack, refused, suspect, confirm, refute, cleared, ' +
      'dead, left, alive, exchange and others), to whom, and more. lictor-swim(7) explains them.',
  ],
  examples: [
    { does: 'What there was', command: 'swim trace --once' },
    {
      does: 'Suspicions and their ends, for programs',
      command: 'swim trace --once --only=suspect --only=cleared --json',
      pipe: '| jq -c .data',
    },
  ],
  args: [],
  flags: FLAGS,
  run: async (call): Promise<Answer> => {
    const { flags, out } = call
    const client = await connectMember(call)
    const isWanted = wantedBy(flags)
    const show = (line: string, trace: TraceLine) =>
      out.print(flags.json ? `${line}\n` : lineText(trace))
    if (flags.once) {
      const reply = await client.ask({ method: 'GET', path: '/v1/trace' })
      const kept = JSON.parse(reply.body.toString()) as TraceLine[] // our own daemon's words
      for (const trace of kept.filter(isWanted)) await show(JSON.stringify(trace), trace)
      return {}
    }
    const query = { follow: '' }
    const stream = await client.open({ method: 'GET', path: '/v1/trace', query })
    let shown = 0
    for await (const line of linesOf(stream, out)) {
      const trace = JSON.parse(line) as TraceLine // our own daemon's words
      if (!isWanted(trace)) continue
      await show(line, trace)
      shown += 1
      if (shown !== flags.count) continue
      stream.destroy()
      return {}
    }
    if (out.gone.aborted) return {}
    throw memberGone()
  },
})

interface Wishes {
  readonly only: readonly string[]
  readonly about: readonly string[]
}

function wantedBy({ only, about }: Wishes): (trace: TraceLine) => boolean {
  return ({ op, data, node: self }) => {
    if (op === 'gap') return true
    const { verb, node } = traceText(data, self)
    const fits = (wanted: readonly string[], given: string) =>
      wanted.length === 0 || wanted.includes(given)
    return fits(only, verb) && fits(about, node)
  }
}

const VERB_WIDTH = 9
const NODE_WIDTH = 12

/** `10:23:45.120  node1  suspect    node3        accused by node1` */
function lineText({ ts, op, node: self, data }: TraceLine): string {
  const time = ts.slice(11, 23)
  if (op === 'gap') return `${time}  ${self}  ${data.dropped} lines were lost here\n`
  const { verb, node, rest } = traceText(data, self)
  const shown = `${verb.padEnd(VERB_WIDTH)}  ${node.padEnd(NODE_WIDTH)}  ${rest}`
  return `${time}  ${self}  ${shown}`.trimEnd().concat('\n')
}
