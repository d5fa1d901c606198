// lictor kv delete: one key, or everything below a prefix.
import { type Client, connect } from '../kit/client.ts'
import {
  type Answer,
  boolean,
  type Call,
  defineCommand,
  type Flags,
  unsigned,
} from '../kit/declare.ts'
import { answerIsNo, Failure, misuse } from '../kit/failure.ts'
import { HTTP_FLAGS } from '../kit/http-flags.ts'
import { confirm } from '../kit/input.ts'
import { keyOf, readNames } from './entry.ts'

const FLAGS = {
  ...HTTP_FLAGS,
  cas: boolean('delete only if the index of the key still is -modify-index'),
  'modify-index': unsigned('the index that -cas compares', { placeholder: 'INDEX' }),
  recurse: boolean('delete every key below the prefix'),
  force: boolean('with -recurse: do not ask', { only: 'lictor' }),
  'dry-run': boolean('list what would be deleted, delete nothing', { only: 'lictor' }),
} as const satisfies Flags

type Delete = Call<typeof FLAGS>

export const command = defineCommand({
  id: 'kv delete',
  summary: 'Delete a key, or all keys below a prefix',
  description: [
    'Deleting a key that does not exist is no error. With -recurse the number of keys is shown ' +
      'and you are asked; without a terminal -force is needed.',
  ],
  examples: [
    { does: 'One key', command: 'kv delete config/web/port' },
    { does: 'See what would go', command: 'kv delete -recurse -dry-run config/' },
    { does: 'Everything below a prefix', command: 'kv delete -recurse -force config/' },
  ],
  args: [{ name: 'KEY_OR_PREFIX', about: 'the key; with -recurse a prefix', completes: 'key' }],
  flags: FLAGS,
  consul: {
    usage: 'kv delete [options] KEY_OR_PREFIX',
    complain: (args) =>
      args.length > 1 ? `Too many arguments (expected 1, got ${args.length})` : undefined,
  },
  run: async (call): Promise<Answer> => {
    const { cas, recurse } = call.flags
    const key = keyOf(call.args[0] ?? '')
    if (key === '' && !recurse) {
      const next = [`${call.program.name} kv delete --help`]
      throw misuse('KEY is missing', { consul: 'Error! Missing KEY argument', next })
    }
    checkIndex(call)
    if (cas && recurse) {
      const consul = 'Cannot specify both -cas and -recurse!'
      throw misuse('-cas and -recurse exclude each other', { consul })
    }
    const client = connect(call)
    return recurse ? deleteTree(call, client, key) : deleteOne(call, client, key)
  },
})

/** An index that nothing compares would look like a safeguard. */
function checkIndex({ flags, given, program }: Delete): void {
  const asConsul = program.profile === 'consul'
  const indexed = asConsul ? flags['modify-index'] !== 0 : given.has('modify-index')
  if (indexed === flags.cas) return
  if (indexed) {
    const consul = 'Cannot specify -modify-index without -cas!'
    throw misuse('-modify-index needs -cas', { consul })
  }
  const advice = 'Provide a -modify-index greater than than 0.'
  const consul = `Cannot delete a key that does not exist. ${advice}`
  throw misuse('-cas needs -modify-index', { consul })
}

async function deleteOne({ flags }: Delete, client: Client, key: string): Promise<Answer> {
  if (flags['dry-run']) return { json: [key], text: `${key}\n` }
  const query: Record<string, string> = flags.cas ? { cas: String(flags['modify-index']) } : {}
  const fault = flags.cas ? `Error! Did not delete key ${key}: ` : `Error deleting key ${key}: `
  const args = { params: { key }, query, fault }
  const reply = await client.call('DELETE /v1/kv/*key', args)
  if (!reply.value()) {
    throw answerIsNo('cas_failed', `${key} is not deleted`, {
      why: 'its index has changed',
      consul: `Error! Did not delete key ${key}: CAS failed`,
    })
  }
  return { json: true, text: `Success! Deleted key: ${key}\n` }
}

async function deleteTree(call: Delete, client: Client, prefix: string): Promise<Answer> {
  if (call.flags['dry-run']) {
    const names = await readNames(client, prefix)
    return { json: names, text: names.map((name) => `${name}\n`).join('') }
  }
  if (call.program.profile === 'lictor' && !call.flags.force) await mayDelete(client, prefix)
  const query = { recurse: '' }
  const fault = `Error! Did not delete prefix ${prefix}: `
  await client.call('DELETE /v1/kv/*key', { params: { key: prefix }, query, fault })
  return { json: true, text: `Success! Deleted keys with prefix: ${prefix}\n` }
}

async function mayDelete(client: Client, prefix: string): Promise<void> {
  const what = `delete everything below ${JSON.stringify(prefix)}`
  if (process.stdin.isTTY !== true) {
    const next = ['-force     do it', '-dry-run   see what would go']
    throw misuse(`${what}: nobody to ask here`, { next })
  }
  const count = (await readNames(client, prefix)).length
  if (count === 0) return
  if (await confirm(`${what}: ${count} ${count === 1 ? 'key' : 'keys'}?`)) return
  throw new Failure({ code: 'declined', what: 'nothing deleted', exit: 1 })
}
