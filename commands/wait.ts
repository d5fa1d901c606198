// lictor wait: until something is so. For scripts that would otherwise sleep.
import { EXIT } from '../core/errors.ts'
import { MEMBER_STATUS } from '../core/route/site.ts'
import { formatDuration, parseDuration } from '../core/time.ts'
import { type Client, connect } from './kit/client.ts'
import { type Answer, defineCommand, duration, type Flags } from './kit/declare.ts'
import { Failure, misuse } from './kit/failure.ts'
import { HTTP_FLAGS } from './kit/http-flags.ts'
import { pause } from './kit/pause.ts'
import { suggest } from './kit/suggest.ts'
import { readEntries } from './kv/entry.ts'

const FLAGS = {
  ...HTTP_FLAGS,
  timeout: duration('give up after this time (default 60s)'),
} as const satisfies Flags

const TIMEOUT_MS = parseDuration('60s') ?? 0
/** How often is asked again. */
const POLL_MS = 100

/** What a condition has seen: it holds, or why not yet. */
type Look =
  | { readonly holds: true; readonly seen: unknown }
  | { readonly holds: false; readonly why: string }

type Condition = (client: Client) => Promise<Look>

const CONDITIONS = ['leader', 'ready', 'key=KEY', 'members=N', 'service/NAME=passing'] as const

export const command = defineCommand({
  id: 'wait',
  summary: 'Wait until something is so',
  description: [
    'CONDITION is leader (the cluster has one), ready (the agent answers and has a leader), ' +
      'key=KEY (the key exists), members=N (so many are alive), or service/NAME=passing (an ' +
      'instance is healthy). An agent that is not there yet is waited for. When time is up the ' +
      'exit code is 6.',
  ],
  examples: [
    { does: 'For a cluster that can be written to', command: 'wait leader -timeout=10s' },
    { does: 'For a service', command: 'wait service/consul=passing' },
    { does: 'For another program that writes a key', command: 'wait key=deploy/done -timeout=5m' },
  ],
  args: [{ name: 'CONDITION', about: CONDITIONS.join(', '), required: true }],
  flags: FLAGS,
  run: async (call): Promise<Answer> => {
    const [wanted = ''] = call.args
    const condition = conditionOf(wanted)
    const limitMs = call.flags.timeout ?? TIMEOUT_MS
    const client = connect(call)
    const deadline = performance.now() + limitMs
    for (;;) {
      const look = await lookAt(client, condition)
      if (look.holds) return { json: look.seen }
      if (performance.now() >= deadline) throw timeIsUp(wanted, limitMs, look.why)
      await pause(POLL_MS)
    }
  },
})

function conditionOf(wanted: string): Condition {
  const [kind, value = ''] = splitOnce(wanted)
  if (wanted === 'leader' || wanted === 'ready') return hasLeader
  if (kind === 'key' && value !== '') return hasKey(value)
  if (kind === 'members' && /^[1-9]\d*$/.test(value)) return hasMembers(Number(value))
  const service = /^service\/(.+)=passing$/.exec(wanted)?.[1]
  if (service !== undefined) return isPassing(service)
  const near = suggest(wanted, ['leader', 'ready']).map((one) => `did you mean ${one}?`)
  const next = [...near, ...CONDITIONS.map((one) => `lictor wait ${one}`)]
  throw misuse(`cannot wait for ${JSON.stringify(wanted)}`, { next })
}

function splitOnce(text: string): [string, string?] {
  const at = text.indexOf('=')
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)]
}

/** What cannot be asked now does not hold yet; wrong use and missing permission never will. */
async function lookAt(client: Client, condition: Condition): Promise<Look> {
  try {
    return await condition(client)
  } catch (error) {
    if (!(error instanceof Failure) || HOPELESS.has(error.parts.exit)) throw error
    return { holds: false, why: error.parts.why ?? error.parts.what }
  }
}

const HOPELESS: ReadonlySet<number> = new Set([EXIT.usage, EXIT.permission])

const hasLeader: Condition = async (client) => {
  const leader = (await client.call('GET /v1/status/leader', {})).value()
  return leader === '' ? { holds: false, why: 'there is no leader' } : { holds: true, seen: leader }
}

const hasKey =
  (key: string): Condition =>
  async (client) => {
    const entries = await readEntries(client, key)
    return entries.length === 0
      ? { holds: false, why: 'there is no such key' }
      : { holds: true, seen: entries }
  }

const isPassing =
  (service: string): Condition =>
  async (client) => {
    const args = { params: { service }, query: { passing: '' } }
    const healthy = (await client.call('GET /v1/health/service/*service', args)).value()
    return healthy.length === 0
      ? { holds: false, why: `no instance of ${service} is passing` }
      : { holds: true, seen: healthy }
  }

const hasMembers =
  (wanted: number): Condition =>
  async (client) => {
    const members = await client.call('GET /v1/agent/members', {})
    const alive = members.value().filter(({ Status }) => Status === MEMBER_STATUS.alive).length
    return alive < wanted ? { holds: false, why: `${alive} alive` } : { holds: true, seen: alive }
  }

const timeIsUp = (wanted: string, ms: number, why: string): Failure =>
  new Failure({
    code: 'timeout',
    what: `${wanted}: not within ${formatDuration(ms)}`,
    why,
    next: ['lictor doctor'],
    exit: EXIT.timeout,
  })
