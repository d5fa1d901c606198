// lictor kv export: all keys below a prefix as JSON that `kv import` reads.
import { encodeJson } from '../../core/route/json.ts'
import { connect } from '../kit/client.ts'
import { type Answer, defineCommand } from '../kit/declare.ts'
import { HTTP_FLAGS } from '../kit/http-flags.ts'
import { keyOf, readEntries } from './entry.ts'

export const command = defineCommand({
  id: 'kv export',
  summary: 'Print keys as JSON, for kv import',
  description: [
    'Values are base64, so that any bytes survive. Sessions and indexes are not exported.',
  ],
  examples: [
    { does: 'Everything', command: 'kv export', pipe: '> backup.json' },
    { does: 'Below a prefix', command: 'kv export config/' },
  ],
  args: [{ name: 'PREFIX', about: 'what to export; everything without it', completes: 'key' }],
  flags: HTTP_FLAGS,
  consul: {
    usage: 'kv export [options] [PREFIX]',
    complain: (args) =>
      args.length > 1 ? `Too many arguments (expected 1, got ${args.length})` : undefined,
  },
  run: async (call): Promise<Answer> => {
    const prefix = keyOf(call.args[0] ?? '')
    const client = connect(call)
    const entries = await readEntries(client, prefix, { recurse: '' })
    const rows = entries.map(({ Key, Flags, Value }) => ({
      key: Key,
      flags: Flags,
      value: Value ?? '',
    }))
    return { json: rows, text: `${withTabs(encodeJson(rows, 1))}\n` }
  },
})

/** Indented by tabs, as Consul's command does it. Strings of JSON hold no line breaks. */
const withTabs = (json: string): string =>
  json.replace(/^ +/gm, (spaces) => '\t'.repeat(spaces.length))
