// lictor keyring: the keys of gossip encryption, on all agents at once.
import type { Method } from '../core/route/route.ts'
import { type Client, connect, jsonOf } from './kit/client.ts'
import {
  type Answer,
  boolean,
  type Call,
  count,
  defineCommand,
  type Flags,
  optional,
} from './kit/declare.ts'
import { misuse } from './kit/failure.ts'
import { AGENT_HTTP_FLAGS } from './kit/http-flags.ts'

const FLAGS = {
  ...AGENT_HTTP_FLAGS,
  list: boolean('which keys there are, and how many agents hold each'),
  'list-primary': boolean('which keys agents seal with'),
  install: optional('every agent can open with this key from now on', { placeholder: 'KEY' }),
  use: optional('every agent seals with this key from now on', { placeholder: 'KEY' }),
  remove: optional('no agent keeps this key', { placeholder: 'KEY' }),
  'relay-factor': count('answers also come by the way of so many others, 5 at most', 0),
  'local-only': boolean('with -list: only what this agent holds'),
} as const satisfies Flags

type KeyringCall = Call<typeof FLAGS>

/** Of one pool. */
interface Ring {
  readonly WAN: boolean
  readonly Datacenter: string
  readonly Keys: Readonly<Record<string, number>>
  readonly PrimaryKeys: Readonly<Record<string, number>>
  readonly NumNodes: number
}

const ACTIONS = {
  list: { method: 'GET', doing: 'Gathering installed encryption keys...' },
  'list-primary': { method: 'GET', doing: 'Gathering installed primary encryption keys...' },
  install: { method: 'POST', doing: 'Installing new gossip encryption key...' },
  use: { method: 'PUT', doing: 'Changing primary gossip encryption key...' },
  remove: { method: 'DELETE', doing: 'Removing gossip encryption key...' },
} as const satisfies Record<string, { method: Method; doing: string }>

type Action = keyof typeof ACTIONS

export const command = defineCommand({
  id: 'keyring',
  summary: 'Change or list the keys of gossip encryption',
  description: [
    'A key is exchanged in three steps: -install the new one, -use it, -remove the old one. Each ' +
      'must have reached all agents before the next. Agents keep the ring of their keys in the ' +
      'data folder.',
  ],
  examples: [
    { does: 'What there is', command: 'keyring -list' },
    { does: 'For programs', command: 'keyring -list -json', pipe: '| jq ".[].Keys"' },
  ],
  args: [],
  flags: FLAGS,
  consul: { usage: 'keyring [options]' },
  run: async (call): Promise<Answer> => {
    const action = await actionOf(call)
    const { out, program, flags } = call
    const { doing } = ACTIONS[action]
    if (program.profile === 'consul') await out.print(`==> ${doing}\n`)
    const reply = await send(connect(call), action, call)
    if (action !== 'list' && action !== 'list-primary') return { json: true }
    const rings = jsonOf(reply) as unknown as readonly Ring[] // the shape is the API's contract
    const keys = (ring: Ring) => (action === 'list' ? ring.Keys : ring.PrimaryKeys)
    const text = rings.map((ring) => ringText(ring, keys(ring))).join('')
    return { json: rings, text: flags.json ? '' : text }
  },
})

/** Exactly one; Consul's words for what is wrong. */
async function actionOf(call: KeyringCall): Promise<Action> {
  const { flags } = call
  const names = Object.keys(ACTIONS) as Action[] // those of the table above
  const wished = names.filter((name) => {
    const value = flags[name]
    return value === true || (typeof value === 'string' && value !== '')
  })
  const [action] = wished
  if (action === undefined) {
    const { commandUsage } = await import('./kit/usage.ts')
    const consul = commandUsage(command).trimEnd()
    throw misuse('one of -list, -list-primary, -install, -use, -remove', { consul })
  }
  const refuse = (what: string) => misuse(what, { consul: what })
  if (wished.length > 1) throw refuse('Only a single action is allowed')
  if (flags['relay-factor'] > RELAY_FACTOR_MAX) {
    const range = `Relay factor must be in range: [0, ${RELAY_FACTOR_MAX}]`
    throw refuse(`Error parsing relay factor: ${range}`)
  }
  if (flags['local-only'] && ACTIONS[action].method !== 'GET') {
    const what = 'local-only can only be set for list requests'
    throw refuse(`Error validating local-only: ${what}`)
  }
  return action
}

const RELAY_FACTOR_MAX = 5

function send(client: Client, action: Action, { flags }: KeyringCall) {
  const { method } = ACTIONS[action]
  const factor = flags['relay-factor']
  const query = {
    ...(factor > 0 ? { 'relay-factor': String(factor) } : {}),
    ...(flags['local-only'] ? { 'local-only': 'true' } : {}),
  }
  const key = flags.install ?? flags.use ?? flags.remove
  const body = method === 'GET' ? {} : { body: JSON.stringify({ Key: key }) }
  return client.ask({ method, path: '/v1/operator/keyring', query, ...body, fault: 'error: ' })
}

/** `dc1 (LAN):`, then a line for each key. */
function ringText({ WAN, Datacenter, NumNodes }: Ring, keys: Ring['Keys']): string {
  const title = WAN ? 'WAN' : `${Datacenter} (LAN)`
  const lines = Object.entries(keys).map(([key, held]) => `  ${key} [${held}/${NumNodes}]\n`)
  return `\n${title}:\n${lines.join('')}`
}
