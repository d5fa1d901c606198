// The hidden half of completion: what only a running agent knows. Quick and silent: a shell waits
// for it at every TAB.
import { connect } from './kit/client.ts'
import { type Answer, type Call, defineCommand } from './kit/declare.ts'
import { Failure } from './kit/failure.ts'
import { HTTP_FLAGS } from './kit/http-flags.ts'
import { listDaemons } from './kit/launch.ts'
import { readNames } from './kv/entry.ts'

/** A shell that waits longer feels broken. */
const BUDGET_MS = 150
const NAMES_MAX = 500

type Complete = Call<typeof HTTP_FLAGS>

export const command = defineCommand({
  id: '__complete',
  summary: 'Find words for the shell',
  hidden: true,
  examples: [
    { does: 'Keys', command: '__complete key config/' },
    { does: 'Daemons', command: '__complete daemon ""' },
  ],
  args: [
    { name: 'KIND', about: 'key, service, node, session or daemon' },
    { name: 'PREFIX', about: 'what has been typed' },
  ],
  flags: HTTP_FLAGS,
  run: async (call): Promise<Answer> => {
    const [kind, prefix = ''] = call.args
    const names = await silently(() => namesOf(call, kind, prefix))
    const fitting = names.filter((name) => name.startsWith(prefix)).slice(0, NAMES_MAX)
    return { json: fitting, text: fitting.map((name) => `${name}\n`).join('') }
  },
})

async function namesOf(
  call: Complete,
  kind: string | undefined,
  prefix: string,
): Promise<readonly string[]> {
  const client = () => connect({ ...call, flags: { ...call.flags, timeout: BUDGET_MS } })
  switch (kind) {
    case 'key':
      return readNames(client(), prefix, { separator: '/' })
    case 'service':
      return Object.keys((await client().call('GET /v1/catalog/services', STALE)).value())
    case 'node':
      return (await client().call('GET /v1/catalog/nodes', STALE)).value().map(({ Node }) => Node)
    case 'session':
      return (await client().call('GET /v1/session/list', STALE)).value().map(({ ID }) => ID)
    case 'daemon':
      return (await listDaemons(call.env)).records.map(({ name }) => name)
    default:
      return []
  }
}

/** What lags a little is good enough for a list of names. */
const STALE = { query: { stale: '' } } as const

/** Nothing is said of what fails: a message would end up in the line that is being typed. */
async function silently(find: () => Promise<readonly string[]>): Promise<readonly string[]> {
  try {
    return await find()
  } catch (error) {
    if (error instanceof Failure) return []
    throw error
  }
}
