// lictor members: the pool of agents, as one of them sees it.
import { MEMBER_STATUS, type Member } from '../core/route/site.ts'
import { connect } from './kit/client.ts'
import {
  type Answer,
  boolean,
  type Call,
  defineCommand,
  type Flags,
  optional,
  text,
} from './kit/declare.ts'
import { AGENT_HTTP_FLAGS } from './kit/http-flags.ts'
import type { Style } from './kit/output.ts'
import { matcherOf } from './kit/regexp.ts'
import { only, tableText, WIDE_FLAGS } from './kit/rows.ts'

/** What the API calls all segments at once. */
const ALL_SEGMENTS = '_all'

const FLAGS = {
  ...AGENT_HTTP_FLAGS,
  ...WIDE_FLAGS,
  detailed: boolean('show all that members say of themselves'),
  filter: optional('only what this expression selects', { placeholder: 'EXPRESSION' }),
  segment: text('only this segment (Consul Enterprise)', ALL_SEGMENTS, { placeholder: 'NAME' }),
  status: text('only those whose status matches: alive, leaving, left, failed', '.*', {
    placeholder: 'REGEXP',
  }),
  wan: boolean('the pool of the servers of all datacenters'),
} as const satisfies Flags

type Members = Call<typeof FLAGS>

export const command = defineCommand({
  id: 'members',
  summary: 'List the members of the pool',
  description: [
    'Agents find each other by gossip: this is what the agent that is asked knows of the others. ' +
      'When no member fits, the exit code is 1.',
  ],
  examples: [
    { does: 'All', command: 'members' },
    { does: 'With builds and protocols', command: 'members -wide' },
    { does: 'How many there are', command: 'members -json', pipe: '| jq length' },
  ],
  args: [],
  flags: FLAGS,
  consul: { usage: 'members [options]' },
  run: async (call): Promise<Answer> => {
    const fits = matcherOf(call.flags.status, 'status')
    const members = (await readMembers(call)).filter((one) => fits(statusOf(one)))
    if (members.length === 0) return nobody(call, fits)
    return { json: members, text: tableText(call, rowsOf(call, members)) }
  },
})

async function readMembers(call: Members): Promise<readonly Member[]> {
  const { segment, filter, wan } = call.flags
  const query = { segment, ...(filter ? { filter } : {}), ...(wan ? { wan: '1' } : {}) }
  const fault = 'Error retrieving members: '
  const reply = await connect(call).call('GET /v1/agent/members', { query, fault })
  return [...reply.value()].sort(byRank)
}

/** Consul exits with 2, and says nothing. */
function nobody({ program, flags }: Members, fits: (status: string) => boolean): Answer {
  if (program.profile === 'consul') return { exit: 2 }
  const shown = STATUS_NAMES.filter((name) => name !== 'none').join(', ')
  const strange = STATUS_NAMES.some(fits) ? '' : `: -status=${flags.status} is none of ${shown}`
  return { json: [], note: `no member fits${strange}`, exit: 1 }
}

const isServer = ({ Tags }: Member): boolean => Tags['role'] === 'consul'

/** Servers first, then by name. */
function byRank(a: Member, b: Member): number {
  if (isServer(a) !== isServer(b)) return isServer(a) ? -1 : 1
  return a.Name < b.Name ? -1 : 1
}

type StatusName = keyof typeof MEMBER_STATUS

const STYLES: Readonly<Record<StatusName, Style | undefined>> = {
  none: undefined,
  alive: 'green',
  leaving: 'yellow',
  left: 'dim',
  failed: 'red',
}

const STATUS_NAMES = Object.keys(MEMBER_STATUS) as StatusName[] // just these, in their order

/** Undefined: a number that no member has. */
const nameOf = ({ Status }: Member): StatusName | undefined =>
  STATUS_NAMES.find((name) => MEMBER_STATUS[name] === Status)

const statusOf = (member: Member): string => nameOf(member) ?? String(member.Status)

function rowsOf(call: Members, members: readonly Member[]): readonly (readonly string[])[] {
  if (call.flags.detailed) {
    return [
      ['Node', 'Address', 'Status', 'Tags'],
      ...members.map((one) => [...identityOf(call, one), tagsOf(one)]),
    ]
  }
  const rows = [
    ['Node', 'Address', 'Status', 'Type', 'Build', 'Protocol', 'DC', 'Partition', 'Segment'],
    ...members.map((one) => [...identityOf(call, one), ...kindOf(one)]),
  ]
  const whole = call.program.profile === 'consul' || call.flags.wide
  return whole ? rows : only(rows, BRIEF)
}

/** The columns of the founding text. */
const BRIEF: readonly string[] = ['Node', 'Address', 'Status', 'Type', 'DC']

function identityOf({ out }: Members, member: Member): readonly string[] {
  const { Name, Addr, Port } = member
  const name = nameOf(member)
  const style = name && STYLES[name]
  const status = statusOf(member)
  const address = `${Addr.includes(':') ? `[${Addr}]` : Addr}:${Port}`
  return [Name, address, style === undefined ? status : out.paint(style, status)]
}

function kindOf(member: Member): readonly string[] {
  const { role, build = '', vsn = '', dc = '' } = member.Tags
  const type = { consul: 'server', node: 'client' }[role ?? ''] ?? 'unknown'
  const [version = ''] = build.split(':')
  const { ap, segment } = placeOf(member)
  return [type, version, vsn, dc, ap, segment]
}

/** Partition and segment: members that name none are in these. */
const placeOf = (member: Member) => ({
  ap: member.Tags['ap'] || 'default',
  segment: member.Tags['segment'] || (isServer(member) ? '<all>' : '<default>'),
})

/** All that it says of itself, and where that puts it. */
const tagsOf = (member: Member): string =>
  Object.entries({ ...member.Tags, ...placeOf(member) })
    .map(([name, value]) => `${name}=${value}`)
    .sort()
    .join(',')
