// lictor kv put: write a key, on conditions or not.
import { parseBase64 } from '../../core/bytes.ts'
import { connect } from '../kit/client.ts'
import {
  type Answer,
  boolean,
  type Call,
  defineCommand,
  type Flags,
  optional,
  unsigned,
} from '../kit/declare.ts'
import { answerIsNo, type Failure, misuse } from '../kit/failure.ts'
import { HTTP_FLAGS } from '../kit/http-flags.ts'
import { readValue } from '../kit/input.ts'

const FLAGS = {
  ...HTTP_FLAGS,
  acquire: boolean('lock the key for -session'),
  base64: boolean('DATA is base64: store what it stands for'),
  cas: boolean(
    'write only if the index of the key still is -modify-index; 0: only if it does not exist',
  ),
  flags: unsigned('a number of yours that is kept with the value, 64 bits'),
  'modify-index': unsigned('the index that -cas compares', { placeholder: 'INDEX' }),
  release: boolean('give the lock of -session back'),
  session: optional('the session that locks or releases', {
    placeholder: 'ID',
    completes: 'session',
  }),
} as const satisfies Flags

type Put = Call<typeof FLAGS>

const FAULT = 'Error! Failed writing data: '

export const command = defineCommand({
  id: 'kv put',
  summary: 'Write a key',
  description: [
    'DATA is taken as it stands. @FILE reads it from a file, - from standard input; without ' +
      'DATA the value is empty.',
  ],
  examples: [
    { does: 'A value', command: 'kv put config/web/port 8080' },
    { does: 'From standard input', command: 'kv put config/web/motd -', pipe: '< /etc/hostname' },
    { does: 'Only if it does not exist', command: 'kv put -cas config/web/owner me' },
  ],
  args: [
    { name: 'KEY', about: 'where to write', required: true, completes: 'key' },
    { name: 'DATA', about: 'the value, @FILE or -', completes: 'file' },
  ],
  flags: FLAGS,
  consul: {
    usage: 'kv put [options] KEY [DATA]',
    complain: (args) => {
      if (args.length === 0) return 'Error! Missing KEY argument'
      if (args.length <= 2) return undefined
      return `Error! Too many arguments (expected 1 or 2, got ${args.length})`
    },
  },
  run: async (call): Promise<Answer> => {
    const [key = '', data = ''] = call.args
    if (key.startsWith('/')) {
      const why = `Invalid key. Key must not begin with a '/': ${key}`
      throw misuse('a key cannot begin with a slash', { consul: `${FAULT}${why}` })
    }
    checkConditions(call)
    const body = decode(call, await readValue(data))
    const client = connect(call)
    const reply = await client.call('PUT /v1/kv/*key', {
      params: { key },
      query: queryOf(call),
      body,
      fault: FAULT,
    })
    if (!reply.value()) throw notWritten(call, key)
    return { json: true, text: `Success! ${doneOf(call)}: ${key}\n` }
  },
})

/**
 * The value's bytes. Consul complains of bad base64 and then writes an empty value; we write
 * nothing.
 */
function decode({ flags, out }: Put, value: Buffer): Uint8Array {
  if (!flags.base64) return value
  const decoded = parseBase64(value.toString('latin1'))
  if (decoded.ok) return decoded.bytes
  const why = `illegal base64 data at input byte ${decoded.at}`
  if (out.profile === 'lictor') throw misuse('DATA is not base64', { why })
  out.talk(`Error! Cannot base 64 decode data: ${why}`)
  return Buffer.alloc(0)
}

function checkConditions({ flags, given, program }: Put): void {
  const { acquire, release, cas, session } = flags
  const wrong = (what: string) => misuse(what, { consul: `Error! ${what}` })
  if (acquire && release) throw wrong('-acquire and -release exclude each other')
  if (cas && (acquire || release)) throw wrong('-cas goes with neither -acquire nor -release')
  if ((acquire || release) && session === undefined) {
    throw wrong(`${acquire ? '-acquire' : '-release'} needs -session`)
  }
  // Consul ignores it; who gives an index believes that it is compared.
  if (given.has('modify-index') && !cas && program.profile === 'lictor') {
    throw misuse('-modify-index needs -cas')
  }
}

function queryOf({ flags }: Put): Record<string, string> {
  return {
    ...(flags.flags === 0 ? {} : { flags: String(flags.flags) }),
    ...(flags.cas ? { cas: String(flags['modify-index']) } : {}),
    ...(flags.acquire ? { acquire: flags.session ?? '' } : {}),
    ...(flags.release ? { release: flags.session ?? '' } : {}),
  }
}

function doneOf({ flags }: Put): string {
  if (flags.acquire) return 'Lock acquired on'
  return flags.release ? 'Lock released on' : 'Data written to'
}

function notWritten({ flags }: Put, key: string): Failure {
  const fail = (code: string, what: string, why: string, consul: string) =>
    answerIsNo(code, what, { why, consul })
  if (flags.acquire) {
    const consul = `Error! Lock on ${key} could not be acquired`
    return fail('lock_held', `${key} is not locked`, 'another session holds it', consul)
  }
  if (flags.release) {
    const consul = `Error! Lock on ${key} could not be released`
    return fail('not_holder', `${key} is not released`, 'this session does not hold it', consul)
  }
  const consul = `Error! Did not write to ${key}: CAS failed`
  const why = flags['modify-index'] === 0 ? 'it exists already' : 'its index has changed'
  return fail('cas_failed', `${key} is not written`, why, consul)
}
