// Nodes of the replicated store, asked over their own HTTP: which one is meant, what it answers,
// and why it does not.
import { EXIT } from '../../core/errors.ts'
import { isAddress } from '../../core/replica/http.ts'
import { plainEndpoint } from '../kit/address.ts'
import { clientFor, type Reply } from '../kit/client.ts'
import { duration, type Env, type Flags, optional } from '../kit/declare.ts'
import { answerIsNo, Failure, isFailure, misuse } from '../kit/failure.ts'
import { listDaemons } from '../kit/launch.ts'

/** `localhost:8001` */
export type Address = string

const GROUP = { group: 'connection' } as const

export const NODE_FLAGS = {
  node: optional('the node to ask; needed if several run here', {
    ...GROUP,
    placeholder: 'HOST:PORT',
    completes: 'daemon',
  }),
  timeout: duration('give up after this time (default 5s)', GROUP),
} as const satisfies Flags

const TIMEOUT_MS = 5_000

/** A bare port is one of this machine. */
export function addressOf(text: string): Address {
  const address = /^\d+$/.test(text) ? `localhost:${text}` : text
  if (isAddress(address)) return address
  throw misuse(`${JSON.stringify(text)} is no HOST:PORT`)
}

/** Those that run here, by their control sockets; one at least. */
export async function nodesHere(env: Env): Promise<readonly [Address, ...Address[]]> {
  const { records } = await listDaemons(env)
  const [first, ...others] = records
    .filter(({ kind }) => kind === 'kvstore')
    .map(({ name }) => name)
  if (first !== undefined) return [first, ...others]
  const agreeing = records.find(({ kind }) => kind === 'kvstore-raft')
  throw nobodyHere(agreeing?.addresses['http']?.[0])
}

/** The one that is named, or the only one. */
export async function meantNode(named: string | undefined, env: Env): Promise<Address> {
  if (named !== undefined) return addressOf(named)
  const [first, ...others] = await nodesHere(env)
  if (others.length === 0) return first
  const next = [first, ...others].map((node) => `--node=${node}`)
  throw misuse(`${others.length + 1} nodes run here: say which`, { next })
}

const START = 'kvstore --role=leader --port=8000   start one'

/** `agreeing`: where a node with --engine=raft answers, which needs no person to look after it. */
const nobodyHere = (agreeing: string | undefined): Failure =>
  new Failure({
    code: 'nobody_there',
    what:
      agreeing === undefined
        ? 'no node of yours is running'
        : 'this is for nodes that copy by hand; those that run here agree by raft',
    next: [
      agreeing === undefined ? START : `curl ${agreeing}/v1/status/leader   who leads of them`,
    ],
    exit: EXIT.nobody,
  })

/** Answers with a JSON body, refusals too. */
const REFUSALS = [400, 404, 409, 429, 503, 507]

export interface NodeAsk {
  readonly node: Address
  readonly method: 'GET' | 'PUT'
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  readonly timeoutMs: number | undefined
}

/** The JSON of its answer. A refusal fails with what it says. */
export async function askNode(ask: NodeAsk): Promise<unknown> {
  const { node, method, path, query = {} } = ask
  const at = node.lastIndexOf(':')
  const endpoint = plainEndpoint({
    host: node.slice(0, at).replace(/^\[|\]$/g, ''),
    port: Number(node.slice(at + 1)),
    shown: `http://${node}`,
  })
  const client = clientFor(endpoint, { query: {}, timeoutMs: ask.timeoutMs ?? TIMEOUT_MS })
  try {
    return jsonOf(node, await client.ask({ method, path, query, accept: REFUSALS }))
  } catch (error) {
    if (!isFailure(error) || error.parts.code !== 'nobody_there') throw error
    const next = [START, 'lictor ps                           see what runs here']
    throw new Failure({ ...error.parts, next }, { cause: error })
  }
}

function jsonOf(node: Address, { status, body }: Reply): unknown {
  const json = parsed(body.toString())
  if (json === undefined) {
    throw answerIsNo('not_a_node', `${node} is no node of kvstore: it answers ${status}`)
  }
  if (status === 200) return json
  const { error, hint } = json
  throw new Failure({
    code: status === 503 ? 'no_leader' : 'refused',
    what: `${node}: ${error}`,
    ...(typeof hint === 'string' ? { next: [hint] } : {}),
    exit: status === 503 ? EXIT.noLeader : EXIT.no,
  })
}

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const json: unknown = JSON.parse(text)
    return typeof json === 'object' && json !== null ? { ...json } : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
