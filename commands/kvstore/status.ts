// lictor kvstore status: who leads, who is how far behind, and where two leaders have parted.
import { EXIT } from '../../core/errors.ts'
import { byName } from '../../core/sorted.ts'
import { formatDuration } from '../../core/time.ts'
import { type Answer, defineCommand, type Env } from '../kit/declare.ts'
import { isFailure } from '../kit/failure.ts'
import { columns } from '../kit/output.ts'
import { type Address, addressOf, askNode, NODE_FLAGS, nodesHere } from './nodes.ts'

export const command = defineCommand({
  id: 'kvstore status',
  summary: 'Show who leads, who lags, and where leaders differ',
  description: [
    'Of the nodes that run here; with --node of that one and those that it knows of. BEHIND is ' +
      'the number of writes that a follower lacks. Exit 4: nobody leads; 1: two lead, and which ' +
      'keys they have written differently is printed.',
  ],
  examples: [
    { does: 'The nodes of this machine', command: 'kvstore status' },
    {
      does: 'How long writes wait for a follower',
      command: 'kvstore status --node=localhost:8000 --json',
      pipe: '| jq ".[0].followers"',
    },
  ],
  args: [],
  flags: NODE_FLAGS,
  run: async ({ flags, env }): Promise<Answer> => {
    const asked = new Map<Address, Status | string>()
    const first = await firstNodes(flags.node, env)
    await askAll(first, asked, flags.timeout)
    const found = [...asked.values()].filter((one) => typeof one !== 'string')
    if (flags.node !== undefined) {
      const known = found.flatMap(knownTo).filter((node) => !asked.has(node))
      await askAll(known, asked, flags.timeout)
    }
    const all = [...asked].sort(byName)
    const statuses = all.flatMap(([, status]) => (typeof status === 'string' ? [] : [status]))
    return { json: statuses, text: shown(all), exit: exitOf(statuses) }
  },
})

/** What a node says of itself (core/replica/http.ts); of another version at its word. */
interface Status {
  readonly node: Address
  readonly role: string
  readonly epoch: number
  readonly index: number
  readonly keys: number
  readonly sync?: string
  readonly leader?: Address
  readonly state?: string
  readonly behind?: number
  readonly silent_ms?: number
  readonly discarded?: number
  readonly followers?: readonly FollowerStatus[]
  readonly conflicts?: readonly Conflict[]
}

interface FollowerStatus {
  readonly node: Address
  readonly behind: number
  readonly lag_ms: number
  readonly live: boolean
}

interface Conflict {
  readonly leader: Address
  readonly since: number
  readonly keys: readonly { key: string; here: string | null; there: string | null }[]
  readonly only_here: readonly string[]
  readonly only_there: readonly string[]
  readonly complete: boolean
}

async function firstNodes(named: string | undefined, env: Env): Promise<readonly Address[]> {
  if (named !== undefined) return [addressOf(named)]
  return nodesHere(env)
}

const knownTo = ({ leader, followers = [], conflicts = [] }: Status): readonly Address[] => [
  ...(leader === undefined ? [] : [leader]),
  ...followers.map(({ node }) => node),
  ...conflicts.map((conflict) => conflict.leader),
]

/** A node that does not answer is shown as such, unless it is the only one that was asked for. */
async function askAll(
  nodes: readonly Address[],
  asked: Map<Address, Status | string>,
  timeoutMs: number | undefined,
): Promise<void> {
  const isOnly = asked.size === 0 && nodes.length === 1
  const answers = nodes.map(async (node) => {
    try {
      const answer = await askNode({ node, method: 'GET', path: '/status', timeoutMs })
      asked.set(node, answer as Status) // see Status
    } catch (error) {
      if (!isFailure(error) || isOnly) throw error
      asked.set(node, error.parts.why ?? error.parts.what)
    }
  })
  await Promise.all(answers)
}

function exitOf(statuses: readonly Status[]): number {
  if (statuses.some(({ conflicts = [] }) => conflicts.length > 0)) return EXIT.no
  return statuses.some(({ role }) => role === 'leader') ? EXIT.ok : EXIT.noLeader
}

type Row = readonly [Address, Status | string]

function shown(all: readonly Row[]): string {
  const head = ['NODE', 'ROLE', 'EPOCH', 'INDEX', 'KEYS', 'BEHIND', 'STATE']
  const table = columns([head, ...all.map((row) => rowOf(row, all))])
  const statuses = all.flatMap(([, status]) => (typeof status === 'string' ? [] : [status]))
  return `${table}${conflictsOf(statuses)}`
}

function rowOf([node, status]: Row, all: readonly Row[]): string[] {
  if (typeof status === 'string') return [node, '-', '-', '-', '-', '-', status]
  const { role, epoch, index, keys } = status
  const behind = role === 'leader' ? '-' : behindOf(status, all)
  return [node, role, String(epoch), String(index), String(keys), behind, stateOf(status)]
}

/** By the leader, which knows better: a follower that is cut off has not heard of later writes. */
function behindOf({ node, leader, behind = 0 }: Status, all: readonly Row[]): string {
  const [, told] = all.find(([address]) => address === leader) ?? []
  const known =
    typeof told === 'object' ? told.followers?.find((one) => one.node === node) : undefined
  if (known === undefined || known.behind === 0) return String(behind)
  return `${known.behind} (${formatDuration(Math.round(known.lag_ms))})`
}

function stateOf({ role, sync, followers = [], ...status }: Status): string {
  if (role === 'leader') {
    const live = followers.filter((one) => one.live).length
    return `sync ${sync}, ${live} of ${followers.length} followers alive`
  }
  const { state = '', leader, silent_ms: silent, discarded = 0 } = status
  const since = silent === undefined ? '' : ` for ${formatDuration(silent)}`
  const lost = discarded === 0 ? '' : `, gave up ${discarded} writes`
  return `${SAID[state]?.(`${leader}`, since) ?? state}${lost}`
}

const SAID: Readonly<Record<string, (leader: Address, since: string) => string>> = {
  following: (leader) => `follows ${leader}`,
  syncing: (leader) => `copies ${leader}`,
  'no-leader': (leader, since) => `no word of ${leader}${since}`,
  diverged: (leader) => `${leader} has another history`,
}

/** Each pair of leaders once. */
function conflictsOf(statuses: readonly Status[]): string {
  const seen = new Set<string>()
  const texts: string[] = []
  for (const { node, conflicts = [] } of statuses) {
    for (const conflict of conflicts) {
      const pair = [node, conflict.leader].sort().join(' ')
      if (!seen.has(pair)) texts.push(conflictText(node, conflict))
      seen.add(pair)
    }
  }
  return texts.map((text) => `\n${text}`).join('')
}

function conflictText(node: Address, conflict: Conflict): string {
  const { leader, since, keys, only_here: here, only_there: there, complete } = conflict
  const rows = keys.map((one) => [one.key, valueText(one.here), valueText(one.there)])
  return [
    `TWO LEADERS: ${node} and ${leader} have parted after write ${since}\n`,
    rows.length === 0 ? '' : columns([['KEY', node, leader], ...rows]),
    here.length === 0 ? '' : `only ${node} has written: ${here.join(', ')}\n`,
    there.length === 0 ? '' : `only ${leader} has written: ${there.join(', ')}\n`,
    complete ? '' : 'there may be more\n',
    `to give up what ${node} has written since: kvstore follow ${leader} --node=${node}\n`,
  ].join('')
}

const valueText = (value: string | null): string =>
  value === null ? '(deleted)' : JSON.stringify(value)
