// lictor swim wait: until so many members are there. For scripts that would otherwise sleep.
import { EXIT } from '../../core/errors.ts'
import type { MemberView } from '../../core/swim/views.ts'
import { formatDuration, parseDuration } from '../../core/time.ts'
import { type Answer, defineCommand, duration, type Flags, typedAs } from '../kit/declare.ts'
import { Failure, misuse } from '../kit/failure.ts'
import { pause } from '../kit/pause.ts'
import { callMember, connectMember, NODE_FLAGS } from './member.ts'

const FLAGS = {
  ...NODE_FLAGS,
  timeout: duration('give up after this time (default 60s)'),
} as const satisfies Flags

const TIMEOUT_MS = parseDuration('60s') ?? 0
/** How often is asked again. */
const POLL_MS = 50

type NodeCall = Parameters<typeof connectMember>[0]

/** What the pool is to be like. */
type Condition = (members: readonly MemberView[]) => boolean

export const command = defineCommand({
  id: 'swim wait',
  summary: 'Wait until a gossip pool is so',
  description: [
    'CONDITION is members=N (so many are alive), or NAME=STATUS with alive, suspect, dead, ' +
      'failed, leaving or left. A member that does not run yet is waited for. When time is up ' +
      'the exit code is 6.',
  ],
  examples: [
    { does: 'For a pool of one', command: 'swim wait members=1 --timeout=10s' },
    { does: 'For a member', command: 'swim wait node1=alive --json', pipe: '| jq length' },
  ],
  args: [{ name: 'CONDITION', about: 'members=N or NAME=STATUS', required: true }],
  flags: FLAGS,
  run: async (call): Promise<Answer> => {
    const [wanted = ''] = call.args
    const isSo = conditionOf(wanted, typedAs(call.program, 'swim wait'))
    const limitMs = call.flags.timeout ?? TIMEOUT_MS
    const deadline = performance.now() + limitMs
    for (;;) {
      const members = await lookAt(call)
      if (Array.isArray(members) && isSo(members)) return { json: members }
      if (performance.now() >= deadline) {
        const look = typedAs(call.program, 'swim members')
        throw timeIsUp({ wanted, limitMs, look }, members)
      }
      await pause(POLL_MS)
    }
  },
})

function conditionOf(wanted: string, typed: string): Condition {
  const [, name = '', value = ''] = /^(.+)=([^=]+)$/.exec(wanted) ?? []
  if (name === 'members' && /^[1-9]\d*$/.test(value))
    return (members) => aliveOf(members) >= Number(value)
  if (['alive', 'suspect', 'dead', 'failed', 'left', 'leaving'].includes(value))
    return (members) =>
      members.some((one) => one.name === name && (one.state === value || one.status === value))
  throw misuse(`cannot wait for ${JSON.stringify(wanted)}`, {
    next: [`${typed} members=3`, `${typed} node2=dead`],
  })
}

const aliveOf = (members: readonly MemberView[]): number =>
  members.filter(({ status }) => status === 'alive').length

/** Who is there; or why that cannot be asked yet. */
async function lookAt(call: NodeCall): Promise<readonly MemberView[] | string> {
  try {
    return await callMember(await connectMember(call), ['GET', '/v1/members'])
  } catch (error) {
    if (!(error instanceof Failure) || error.parts.exit !== EXIT.nobody) throw error
    return error.parts.what
  }
}

interface Waited {
  readonly wanted: string
  readonly limitMs: number
  /** What shows the members, as it is typed. */
  readonly look: string
}

function timeIsUp(
  { wanted, limitMs, look }: Waited,
  seen: readonly MemberView[] | string,
): Failure {
  const why = typeof seen === 'string' ? seen : `${aliveOf(seen)} alive`
  return new Failure({
    code: 'timeout',
    what: `${wanted}: not within ${formatDuration(limitMs)}`,
    why,
    next: [look],
    exit: EXIT.timeout,
  })
}
