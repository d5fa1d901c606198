// lictor swim members, swimctl members: who is in the pool.
import type { MemberView } from '../../core/swim/views.ts'
import {
  type Answer,
  boolean,
  choice,
  defineCommand,
  type Flags,
  list,
  optional,
} from '../kit/declare.ts'
import { misuse } from '../kit/failure.ts'
import { columns } from '../kit/output.ts'
import { callMember, connectMember, NODE_FLAGS } from './member.ts'
import { agoText } from './words.ts'

const FLAGS = {
  ...NODE_FLAGS,
  detailed: boolean('tags and protocol versions, as serf shows them'),
  format: choice('text, or json as --json', ['text', 'json']),
  name: optional('only names that match, from start to end', { placeholder: 'REGEXP' }),
  status: optional('only in this status: alive, leaving, left, failed', { placeholder: 'REGEXP' }),
  tag: list('only with this tag', { placeholder: 'NAME=REGEXP' }),
  role: optional('the same as --tag=role=REGEXP', { placeholder: 'REGEXP' }),
} as const satisfies Flags

export const command = defineCommand({
  id: 'swim members',
  summary: 'List the members of a gossip pool',
  description: [
    'Those who failed are called dead, and how long ago they were declared so stands behind ' +
      'them. JSON has the keys of serf, whose word for the dead is failed, and the state that ' +
      'the failure detector gives a member: alive, suspect, dead or left.',
  ],
  examples: [
    { does: 'All', command: 'swim members' },
    {
      does: 'Names of those who are there',
      command: 'swim members --status=alive --json',
      pipe: '| jq -r ".members[].name"',
    },
    { does: 'With tags and versions', command: 'swim members -detailed' },
  ],
  args: [],
  flags: FLAGS,
  run: async (call): Promise<Answer> => {
    const { flags } = call
    const all = await callMember<readonly MemberView[]>(await connectMember(call), [
      'GET',
      '/v1/members',
    ])
    const isWanted = wantedBy(flags)
    const members = all.filter(isWanted)
    const json = { members }
    if (flags.format === 'json') return { json, text: `${JSON.stringify(json, null, 2)}\n` }
    return {
      json,
      text: flags.detailed ? columns(members.map(detailRow)) : members.map(line).join(''),
    }
  },
})

interface Wishes {
  readonly name: string | undefined
  readonly status: string | undefined
  readonly role: string | undefined
  readonly tag: readonly string[]
}

/** As serf: an expression holds for the whole text; a member without the tag has an empty one. */
function wantedBy({ name, status, role, tag }: Wishes): (member: MemberView) => boolean {
  const names = name === undefined ? undefined : whole(name)
  const statuses = status === undefined ? undefined : whole(status)
  const tags = [...tag, ...(role === undefined ? [] : [`role=${role}`])].map((one) => {
    const at = one.indexOf('=')
    if (at <= 0) throw misuse(`--tag=${one}: NAME=REGEXP`)
    return { key: one.slice(0, at), expr: whole(one.slice(at + 1)) }
  })
  return (member) =>
    (names?.test(member.name) ?? true) &&
    (statuses === undefined || statuses.test(member.status) || statuses.test(member.state)) &&
    tags.every(({ key, expr }) => expr.test(member.tags[key] ?? ''))
}

function whole(expr: string): RegExp {
  try {
    return new RegExp(`^(?:${expr})$`)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw misuse(`${expr}: ${error.message}`)
  }
}

/** `node2 dead 192.168.1.10:7002 (detected: 1.2s ago)` */
function line({ name, state, status, addr, since_ms: sinceMs }: MemberView): string {
  const word = status === 'leaving' ? status : state
  const label = LABELS[state]
  const since = label === '' ? '' : ` (${label}: ${agoText(sinceMs)} ago)`
  return `${name} ${word} ${addr}${since}\n`
}

const LABELS: Readonly<Record<MemberView['state'], string>> = {
  alive: '',
  suspect: 'suspected',
  dead: 'detected',
  left: 'left',
}

/** The columns of `serf members -detailed`. */
function detailRow({ name, addr, status, tags, protocol }: MemberView): readonly string[] {
  const shown = Object.entries(tags).map(([key, value]) => `${key}=${value}`)
  const { min, max, version } = protocol
  return [
    name,
    addr,
    status,
    shown.join(','),
    `Protocol Version: ${version}`,
    `Available Protocol Range: [${min}, ${max}]`,
  ]
}
