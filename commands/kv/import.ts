// lictor kv import: keys from the JSON of `kv export`.
import { existsSync } from 'node:fs'
import { parseBase64 } from '../../core/bytes.ts'
import type { Json } from '../../core/route/json.ts'
import type { U64 } from '../../core/u64.ts'
import { connect } from '../kit/client.ts'
import { type Answer, boolean, defineCommand, type Flags, optional } from '../kit/declare.ts'
import { type Failure, misuse } from '../kit/failure.ts'
import { HTTP_FLAGS } from '../kit/http-flags.ts'
import { readValue } from '../kit/input.ts'
import { decodeJson } from '../kit/json.ts'

const FLAGS = {
  ...HTTP_FLAGS,
  prefix: optional('put every key below this one', { placeholder: 'PREFIX', completes: 'key' }),
  'dry-run': boolean('check everything, write nothing', { only: 'lictor' }),
} as const satisfies Flags

interface Row {
  readonly key: string
  readonly flags: U64
  readonly value: Uint8Array
}

export const command = defineCommand({
  id: 'kv import',
  summary: 'Write keys from the JSON of kv export',
  description: [
    'DATA is JSON as it stands, @FILE or -. Every entry is checked before the first is written; ' +
      'keys are then written one after the other, and other keys stay as they are.',
  ],
  examples: [
    { does: 'From a file', command: 'kv import @backup.json' },
    {
      does: 'From standard input, below another prefix',
      command: 'kv import -prefix=copy/ -',
      pipe: '< backup.json',
    },
  ],
  args: [{ name: 'DATA', about: 'JSON, @FILE or -', required: true, completes: 'file' }],
  flags: FLAGS,
  consul: {
    usage: 'kv import [options] [DATA]',
    complain: (args) => {
      if (args.length === 0) return 'Error! Missing DATA argument'
      if (args[0] === '') return 'Error! Empty DATA argument'
      return args.length > 1
        ? `Error! Too many arguments (expected 1, got ${args.length})`
        : undefined
    },
  },
  run: async (call): Promise<Answer> => {
    const [word = ''] = call.args
    if (call.program.profile === 'lictor') checkNoFile(word)
    const rows = rowsOf((await readValue(word)).toString('utf8'))
    const client = connect(call)
    const imported: string[] = []
    for (const row of rows) {
      const key = joinKey(call.flags.prefix, row.key)
      const query: Record<string, string> = row.flags === 0 ? {} : { flags: String(row.flags) }
      const fault = `Error! Failed writing data for key ${key}: `
      if (!call.flags['dry-run']) {
        const args = { params: { key }, query, body: row.value, fault }
        await client.call('PUT /v1/kv/*key', args)
      }
      imported.push(key)
      const done = call.flags['dry-run'] ? 'Would import' : 'Imported'
      if (!call.out.json) await call.out.print(`${done}: ${key}\n`)
    }
    return { json: imported }
  },
})

/** The name of a file is no JSON, but it is clear what was meant. */
function checkNoFile(word: string): void {
  if (word === '' || /^[-@[{]/.test(word) || !existsSync(word)) return
  throw misuse(`${word} is a file`, { next: [`lictor kv import @${word}`] })
}

const joinKey = (prefix: string | undefined, key: string): string =>
  prefix === undefined || prefix === '' ? key : `${prefix.replace(/\/+$/, '')}/${key}`

function rowsOf(text: string): readonly Row[] {
  const decoded = decodeJson(text)
  if (!decoded.ok) throw unreadable(decoded.why)
  if (!Array.isArray(decoded.value)) throw unreadable(`${goType(decoded.value)} ${LIST}`)
  return decoded.value.map(rowOf)
}

const LIST = 'into Go value of type []*impexp.Entry'
const ENTRY = 'into Go value of type impexp.Entry'

const unreadable = (why: string): Failure =>
  misuse('DATA is not the JSON of kv export', { why, consul: `Cannot unmarshal data: ${why}` })

function goType(value: Json): string {
  const name =
    value === null
      ? 'null'
      : Array.isArray(value)
        ? 'array'
        : typeof value === 'boolean'
          ? 'bool'
          : typeof value
  return `json: cannot unmarshal ${name}`
}

/** One entry; missing fields are empty, as in Consul. */
function rowOf(entry: Json): Row {
  if (entry === null || typeof entry !== 'object' || Array.isArray(entry)) {
    throw unreadable(`${goType(entry)} ${ENTRY}`)
  }
  // Neither null nor a list.
  const { key = '', flags = 0, value = '' } = entry as Record<string, Json>
  if (typeof key !== 'string') throw unreadable(`${goType(key)} ${ENTRY}.key of type string`)
  if (typeof value !== 'string') throw unreadable(`${goType(value)} ${ENTRY}.value of type string`)
  if (!isU64(flags)) throw unreadable(`${goType(flags)} ${ENTRY}.flags of type uint64`)
  const decoded = parseBase64(value)
  if (decoded.ok) return { key, flags, value: decoded.bytes }
  const why = `illegal base64 data at input byte ${decoded.at}`
  throw misuse(`the value of ${key} is not base64`, {
    why,
    consul: `Error base 64 decoding value for key ${key}: ${why}`,
  })
}

const U64_MAX = 2n ** 64n - 1n

const isU64 = (value: Json): value is U64 =>
  typeof value === 'bigint'
    ? value >= 0n && value <= U64_MAX
    : Number.isSafeInteger(value) && Number(value) >= 0
