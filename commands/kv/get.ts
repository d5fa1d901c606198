// lictor kv get: one key, all below a prefix, or names.
import { isUtf8 } from 'node:buffer'
import type { KvEntry } from '../../core/kv/records.ts'
import { type Client, connect } from '../kit/client.ts'
import { type Answer, boolean, type Call, defineCommand, type Flags, text } from '../kit/declare.ts'
import { answerIsNo, type Failure, misuse } from '../kit/failure.ts'
import { HTTP_FLAGS } from '../kit/http-flags.ts'
import type { Output } from '../kit/output.ts'
import { bytesOf, detailsOf, keyOf, readEntries, readNames } from './entry.ts'

const FLAGS = {
  ...HTTP_FLAGS,
  base64: boolean('show values as base64'),
  detailed: boolean('show indexes, flags and session besides the value'),
  keys: boolean('list names only, up to the next separator'),
  recurse: boolean('take the key as a prefix and show everything below it'),
  separator: text('where -keys cuts names', '/'),
  raw: boolean('the bytes of the value and nothing else, even on a terminal', { only: 'lictor' }),
  decode: boolean('with -json: add the value as text (Text) where it is text', { only: 'lictor' }),
} as const satisfies Flags

type Get = Call<typeof FLAGS>

export const command = defineCommand({
  id: 'kv get',
  summary: 'Read a key, or all keys below a prefix',
  description: [
    'Prints the value of a key. With -recurse prints every key below the prefix as key:value, ' +
      'with -keys their names as far as the separator, with both all names. ' +
      'A key that does not exist ends with exit code 1; a prefix without keys prints nothing ' +
      'and ends with 0.',
    'A newline is added on a terminal only; pipes get the value byte by byte. A value that is no ' +
      'text is not shown on a terminal unless -raw asks for it.',
  ],
  examples: [
    { does: 'One value', command: 'kv get config/web/port' },
    { does: 'Everything below a prefix', command: 'kv get -recurse config/' },
    { does: 'Names, one level at a time', command: 'kv get -keys config/' },
    {
      does: 'For programs',
      command: 'kv get -json -decode config/web/port',
      pipe: '| jq -r ".[0].Text"',
    },
  ],
  args: [
    { name: 'KEY_OR_PREFIX', about: 'the key; with -recurse and -keys a prefix', completes: 'key' },
  ],
  flags: FLAGS,
  consul: {
    usage: 'kv get [options] [KEY_OR_PREFIX]',
    complain: (args) =>
      args.length > 1 ? `Too many arguments (expected 1, got ${args.length})` : undefined,
  },
  run: async (call): Promise<Answer> => {
    const { keys, recurse } = call.flags
    const key = keyOf(call.args[0] ?? '')
    if (key === '' && !keys && !recurse) {
      const next = ['-keys or -recurse   for all keys', `${call.program.name} kv get --help`]
      throw misuse('KEY is missing', { consul: 'Error! Missing KEY argument', next })
    }
    const client = connect(call)
    if (keys && recurse) return getAllNames(call, client, key)
    if (keys) return getNames(call, client, key)
    return recurse ? getTree(call, client, key) : getOne(call, client, key)
  },
})

async function getOne(call: Get, client: Client, key: string): Promise<Answer> {
  const [entry] = await readEntries(client, key)
  if (entry === undefined) {
    throw answerIsNo('key_missing', `no key ${JSON.stringify(key)}`, {
      consul: `Error! No key exists at: ${key}`,
    })
  }
  const { detailed, base64 } = call.flags
  const json = withText([entry], call.flags.decode)
  return { json, text: detailed ? detailsOf(entry, shapeOf(base64)) : valueText(call, entry) }
}

const shapeOf = (base64: boolean) => (base64 ? 'base64' : 'text')

/** Consul's command ends the value with a newline always, ours where a person reads it. */
function valueText({ flags, out }: Get, entry: KvEntry): Uint8Array {
  const value = flags.base64 ? Buffer.from(entry.Value ?? '') : bytesOf(entry)
  const forPeople = out.profile === 'lictor' && out.terminal && !flags.raw
  if (forPeople && !isText(value)) throw notForTerminals(entry.Key, value.length)
  return endsWithNewline(out, flags.raw) ? Buffer.concat([value, Buffer.from('\n')]) : value
}

/** Whole UTF-8 without the controls that would change the state of a terminal. */
function isText(value: Buffer): boolean {
  if (!isUtf8(value)) return false
  return value.every((byte) => byte >= 0x20 || LAYOUT.has(byte))
}

/** Tab, line feed, carriage return. */
const LAYOUT: ReadonlySet<number> = new Set([0x09, 0x0a, 0x0d])

const notForTerminals = (key: string, size: number): Failure =>
  answerIsNo('not_text', `the value of ${key} is no text (${size} bytes)`, {
    next: ['-base64       as text', '-raw > FILE   as it is'],
  })

const endsWithNewline = (out: Output, raw: boolean): boolean =>
  out.profile === 'consul' || (out.terminal && !raw)

async function getTree(call: Get, client: Client, prefix: string): Promise<Answer> {
  const entries = await readEntries(client, prefix, { recurse: '' })
  const { detailed, base64, decode } = call.flags
  const json = withText(entries, decode)
  if (detailed)
    return { json, text: entries.map((one) => detailsOf(one, shapeOf(base64))).join('\n') }
  const lines = entries.flatMap((one) => [
    Buffer.from(`${one.Key}:`),
    base64 ? Buffer.from(one.Value ?? '') : bytesOf(one),
    Buffer.from('\n'),
  ])
  return { json, text: Buffer.concat(lines) }
}

async function getNames(call: Get, client: Client, prefix: string): Promise<Answer> {
  const names = await readNames(client, prefix, { separator: call.flags.separator })
  return { json: names, text: names.map((name) => `${name}\n`).join('') }
}

/** Every key below the prefix, whatever the separator. */
async function getAllNames({ flags }: Get, client: Client, prefix: string): Promise<Answer> {
  if (!flags.detailed) {
    const names = await readNames(client, prefix)
    return { json: names, text: names.map((name) => `${name}\n`).join('') }
  }
  const entries = await readEntries(client, prefix, { recurse: '' })
  const json = entries.map(({ Value: _, ...rest }) => rest)
  // Two lines between them, as Consul prints them: a block without a value ends its last line.
  return { json, text: entries.map((one) => `${detailsOf(one, 'no-value')}\n`).join('\n') }
}

/** The API's entries, with the text of each value beside it when asked for. */
function withText(entries: readonly KvEntry[], decode: boolean): readonly KvEntry[] {
  if (!decode) return entries
  return entries.map((entry) => {
    const value = bytesOf(entry)
    return isUtf8(value) ? { ...entry, Text: value.toString('utf8') } : entry
  })
}
