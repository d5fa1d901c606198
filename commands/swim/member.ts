// Which member of a gossip pool a command speaks to, and how: over its control socket. Without a
// name it is the only one that runs here, or the one from this folder.
import type { IncomingMessage } from 'node:http'
import { networkInterfaces } from 'node:os'
import { EXIT } from '../../core/errors.ts'
import { socketEndpoint } from '../kit/address.ts'
import { type Client, clientFor } from '../kit/client.ts'
import { runningDaemons } from '../kit/daemons.ts'
import { type Call, type Flags, fromEnv, optional } from '../kit/declare.ts'
import { Failure } from '../kit/failure.ts'
import type { DaemonRecord } from '../kit/launch.ts'
import type { Output } from '../kit/output.ts'

const GROUP = { group: 'connection' } as const
const NODE_ENV = ['CONSUL_SWIM_NODE']

/** The flags of every command that speaks to a member. */
export const NODE_FLAGS = {
  node: optional('which member: host:port of its gossip, its name or its process id', {
    ...GROUP,
    placeholder: 'NODE',
    env: NODE_ENV,
    completes: 'daemon',
  }),
  'rpc-addr': optional('the same, for hands that know serf', { ...GROUP, placeholder: 'NODE' }),
  socket: optional('the control socket of the member', {
    ...GROUP,
    placeholder: 'PATH',
    completes: 'file',
  }),
} as const satisfies Flags

type NodeCall = Call<typeof NODE_FLAGS>

/** An answer that takes longer will not come; a leave may take ten seconds. */
const ANSWER_MS = 60_000

/** The client of a command that declares NODE_FLAGS. */
export async function connectMember(call: NodeCall): Promise<Client> {
  const socketPath = call.flags.socket ?? (await findMember(call)).socket
  return clientFor(socketEndpoint(socketPath), { query: {}, timeoutMs: ANSWER_MS })
}

/** A body and its answer as JSON. The shape is the door's contract (daemons/swim). */
export async function callMember<T>(
  client: Client,
  [method, path]: readonly ['GET' | 'PUT', string],
  body?: unknown,
): Promise<T> {
  const sent = body === undefined ? {} : { body: JSON.stringify(body) }
  const reply = await client.ask({ method, path, ...sent })
  return JSON.parse(reply.body.toString()) as T // our own daemon's words
}

/** The lines of an answer without an end, each one JSON object. */
export async function* linesOf(stream: IncomingMessage, out: Output): AsyncGenerator<string> {
  out.gone.addEventListener('abort', () => stream.destroy())
  stream.setEncoding('utf8')
  let rest = ''
  try {
    for await (const chunk of stream) {
      const lines = `${rest}${chunk}`.split('\n')
      rest = lines.pop() ?? ''
      yield* lines
    }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error // the connection is gone
  }
}

/** What a follower says when its member has gone before the reader has. */
export const memberGone = (): Failure =>
  new Failure({
    code: 'nobody_there',
    what: 'the member has ended the stream',
    why: 'it stopped, or the connection broke',
    exit: EXIT.nobody,
  })

async function findMember({ flags, env, out }: NodeCall): Promise<DaemonRecord> {
  const all = (await runningDaemons(env, out)).filter(({ kind }) => kind === 'swimnode')
  const named = flags.node ?? flags['rpc-addr'] ?? fromEnv(env, NODE_ENV, 'lictor')
  if (named !== undefined) return namedMember(all, named)
  const here = all.filter(({ cwd }) => cwd === process.cwd())
  const [chosen] = (here.length > 0 ? here : all).toSorted(byStart)
  if (chosen === undefined) throw nobody('no member of a gossip pool runs here', all)
  if (all.length > 1) out.talk(`${shown(chosen)}: one of ${all.length}; --node names another`)
  return chosen
}

const byStart = (a: DaemonRecord, b: DaemonRecord) => (a.startedAt < b.startedAt ? -1 : 1)

/** `localhost:7001` is whoever listens on that port of this machine; an address of it is better. */
function namedMember(all: readonly DaemonRecord[], named: string): DaemonRecord {
  const byName = all.find(({ name, pid }) => name === named || String(pid) === named)
  const exact = all.find(({ addresses }) => Object.values(addresses).flat().includes(named))
  const [, host = '', port = ''] = /^(?:\[?([^\]]*)\]?:)?(\d+)$/.exec(named) ?? []
  const onPort = all.filter(({ addresses }) =>
    (addresses['gossip'] ?? []).some((address) => address.endsWith(`:${port}`)),
  )
  const local = port !== '' && isThisMachine(host) ? onPort : []
  const found = byName ?? exact ?? local.find(listensOn(host)) ?? local[0]
  if (found === undefined) throw nobody(`no member ${JSON.stringify(named)} runs here`, all)
  return found
}

/** Exactly there, or everywhere. */
const listensOn = (host: string) => (record: DaemonRecord) =>
  (record.addresses['gossip'] ?? []).some(
    (address) => address.startsWith(`${host}:`) || /^(?:0\.0\.0\.0|\[::\]):/.test(address),
  )

function isThisMachine(host: string): boolean {
  if (host === '' || host === 'localhost' || host === '::1' || host.startsWith('127.')) return true
  const own = Object.values(networkInterfaces()).flatMap((one) => one ?? [])
  return own.some(({ address }) => address === host)
}

const shown = ({ name, pid, addresses }: DaemonRecord): string =>
  `${name} at ${addresses['advertised']?.join(' ') ?? ''} (pid ${pid})`

function nobody(what: string, all: readonly DaemonRecord[]): Failure {
  const others = all.map((record) => `--node=${record.name}   ${shown(record)}`)
  const next = others.length > 0 ? others : ['swimnode --name=node1 --port=7001   start one']
  return new Failure({ code: 'nobody_there', what, next, exit: EXIT.nobody })
}
