// lictor api: any request to the HTTP API.
import type { Method } from '../core/route/route.ts'
import { type Client, connect, type Reply } from './kit/client.ts'
import { type Answer, boolean, defineCommand, type Flags } from './kit/declare.ts'
import { misuse } from './kit/failure.ts'
import { HTTP_FLAGS } from './kit/http-flags.ts'
import { readValue } from './kit/input.ts'
import { decodeJson } from './kit/json.ts'

const FLAGS = {
  ...HTTP_FLAGS,
  include: boolean('show status and headers on stderr'),
} as const satisfies Flags

const METHODS: readonly string[] = ['GET', 'PUT', 'POST', 'DELETE'] satisfies Method[]

export const command = defineCommand({
  id: 'api',
  summary: 'Send a request to the HTTP API',
  description: [
    'Address, token and TLS come from flags and environment as in every command; the body of the ' +
      'answer goes to standard output as it is. A status of 400 or more ends with an exit code.',
  ],
  examples: [
    { does: 'Who leads', command: 'api /v1/status/leader' },
    { does: 'Write a key', command: 'api PUT /v1/kv/config/web/port 8080' },
    { does: 'What there is', command: 'api list' },
  ],
  args: [
    { name: 'METHOD', about: 'GET, PUT, POST or DELETE; left out before a PATH: GET' },
    { name: 'PATH', about: 'path and query, percent-encoded', required: true },
    { name: 'DATA', about: 'the body, @FILE or -', completes: 'file' },
  ],
  flags: FLAGS,
  run: async (call): Promise<Answer> => {
    const named = call.args[0]?.startsWith('/') ? ['GET', ...call.args] : call.args
    const [given = '', path, data] = named
    const method = given.toUpperCase()
    if (!isMethod(method)) throw misuse(`${given}: the method is one of ${METHODS.join(', ')}`)
    if (path === undefined) throw misuse('PATH is missing', { next: ['lictor api list'] })
    const body = data === undefined ? undefined : await readValue(data)
    const target = path.startsWith('/') ? path : `/${path}`
    const reply = await send(connect(call), { method, target, body })
    if (call.flags.include) call.out.talk(headOf(reply))
    return { text: reply.body, ...jsonPart(reply) }
  },
})

const isMethod = (text: string): text is Method => METHODS.includes(text)

const send = (
  client: Client,
  { method, target, body }: { method: Method; target: string; body: Buffer | undefined },
): Promise<Reply> =>
  client.ask({ method, path: '', target, ...(body === undefined ? {} : { body }) })

const SHOWN_HEADERS = [
  'content-type',
  'x-consul-index',
  'x-consul-knownleader',
  'x-consul-lastcontact',
]

function headOf(reply: Reply): string {
  const headers = SHOWN_HEADERS.flatMap((name) => {
    const value = reply.header(name)
    return value === undefined ? [] : [`${name}: ${value}`]
  })
  return [`status: ${reply.status}`, ...headers].join('\n')
}

/** With --json an answer that is no JSON becomes a string. */
function jsonPart(reply: Reply): { json: unknown } {
  const text = reply.body.toString('utf8')
  const decoded = decodeJson(text)
  return { json: decoded.ok ? decoded.value : text }
}
