// lictor swim events: what a member has heard.
import { type Answer, boolean, count, defineCommand, type Flags } from '../kit/declare.ts'
import { callMember, connectMember, linesOf, memberGone, NODE_FLAGS } from './member.ts'
import { timeText } from './words.ts'

const FLAGS = {
  ...NODE_FLAGS,
  f: boolean('show what comes, until interrupted'),
  follow: boolean('the same'),
  count: count('with -f: end after so many', 0),
  utc: boolean('times in UTC'),
} as const satisfies Flags

interface EventLine {
  readonly ts: string
  readonly op: string
  readonly data: { readonly name: string; readonly payload: string; readonly dropped?: number }
}

export const command = defineCommand({
  id: 'swim events',
  summary: 'Show the events that a member has heard',
  description: [
    'The last 256, oldest first, or with -f also those that come. With -f and --json each is an ' +
      'object on a line of its own.',
  ],
  examples: [
    { does: 'What there was', command: 'swim events' },
    { does: 'Names, for programs', command: 'swim events --json', pipe: '| jq -r ".[].data.name"' },
  ],
  args: [],
  flags: FLAGS,
  run: async (call): Promise<Answer> => {
    const { flags, out } = call
    const client = await connectMember(call)
    if (!flags.f && !flags.follow) {
      const events = await callMember<readonly EventLine[]>(client, ['GET', '/v1/events'])
      return { json: events, text: events.map((event) => eventText(event, flags.utc)).join('') }
    }
    const query = { follow: '' }
    const stream = await client.open({ method: 'GET', path: '/v1/events', query })
    let shown = 0
    for await (const line of linesOf(stream, out)) {
      const event = JSON.parse(line) as EventLine // our own daemon's words
      await out.print(flags.json ? `${line}\n` : eventText(event, flags.utc))
      shown += 1
      if (shown !== flags.count) continue
      stream.destroy()
      return {}
    }
    if (out.gone.aborted) return {}
    throw memberGone()
  },
})

/** `[2026-01-15 10:23:45] deploy:v1.2.3` */
function eventText({ ts, op, data }: EventLine, utc: boolean): string {
  const time = `[${timeText(ts, utc)}]`
  if (op === 'gap') return `${time} ${data.dropped} events were lost here\n`
  return `${time} ${data.name}${data.payload === '' ? '' : ` ${data.payload}`}\n`
}
