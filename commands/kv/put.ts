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
      throw misuse('a key cannot begin with a slash', { consul: `${faultOf(call, key)}${why}` })
    }
    checkConditions(call)
    const body = decode(call, await readValue(data))
    const client = connect(call)
    const reply = await client.call('PUT /v1/kv/*key', {
      params: { key },
      query: queryOf(call),
      body,
      fault: faultOf(call, key),
    })
    if (!reply.value()) throw notWritten(call, key)
    return { json: true, text: `Success! ${DONE[deedOf(call)]}: ${key}\n` }
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
  const { acquire, release, cas, session = '' } = flags
  if ((acquire || release) && session === '') {
    const consul = 'Error! Missing -session (required with -acquire and -release)'
    throw misuse(`${acquire ? '-acquire' : '-release'} needs -session`, { consul })
  }
  if (program.profile === 'consul') return
  if (acquire && release) throw misuse('-acquire and -release exclude each other')
  if (cas && (acquire || release)) throw misuse('-cas goes with neither -acquire nor -release')
  // Consul ignores it; who gives an index believes that it is compared.
  if (given.has('modify-index') && !cas) throw misuse('-modify-index needs -cas')
}

type Deed = 'cas' | 'acquire' | 'release' | 'put'

/** The first of them that is asked for, as Consul looks. */
const deedOf = ({ flags }: Put): Deed =>
  (['cas', 'acquire', 'release'] as const).find((name) => flags[name]) ?? 'put'

function queryOf(call: Put): Record<string, string> {
  const { flags } = call
  const deed = deedOf(call)
  const about = deed === 'cas' ? String(flags['modify-index']) : (flags.session ?? '')
  return {
    ...(flags.flags === 0 ? {} : { flags: String(flags.flags) }),
    ...(deed === 'put' ? {} : { [deed]: about }),
  }
}

const faultOf = (call: Put, key: string): string =>
  deedOf(call) === 'cas' ? `Error! Did not write to ${key}: ` : FAULT

const DONE: Readonly<Record<Deed, string>> = {
  cas: 'Data written to',
  acquire: 'Lock acquired on',
  release: 'Lock released on',
  put: 'Data written to',
}

function notWritten(call: Put, key: string): Failure {
  const fail = (code: string, what: string, why: string, consul: string) =>
    answerIsNo(code, what, { why, consul: `Error! ${consul}` })
  const deed = deedOf(call)
  if (deed === 'acquire') {
    const why = 'another session holds it'
    return fail('lock_held', `${key} is not locked`, why, 'Did not acquire lock')
  }
  if (deed === 'release') {
    const why = 'this session does not hold it'
    return fail('not_holder', `${key} is not released`, why, 'Did not release lock')
  }
  const exists = call.flags['modify-index'] === 0
  const cas = exists ? 'CAS performed with index=0 and key already exists.' : 'CAS failed'
  const why = exists ? 'it exists already' : 'its index has changed'
  return fail('cas_failed', `${key} is not written`, why, `Did not write to ${key}: ${cas}`)
}
