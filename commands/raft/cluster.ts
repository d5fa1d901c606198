// Which cluster a command speaks to, and how: over the control sockets of the servers that run
// here, or over the control port of one that does not. Without a name it is the only cluster there
// is, or the one that was started in this folder.
import { readFileSync } from 'node:fs'
import { EXIT } from '../../core/errors.ts'
import type { NodeReport } from '../../core/raftnode/report.ts'
import { plainEndpoint, socketEndpoint } from '../kit/address.ts'
import { type Ask, type Client, clientFor, type Reply } from '../kit/client.ts'
import { runningDaemons } from '../kit/daemons.ts'
import { type Call, duration, type Flags, fromEnv, optional } from '../kit/declare.ts'
import { Failure, misuse, reasonOf } from '../kit/failure.ts'
import type { DaemonRecord } from '../kit/launch.ts'
import { pause } from '../kit/pause.ts'

const GROUP = { group: 'connection' } as const
const TOKEN_ENV = ['CONSUL_RAFT_TOKEN']

/** The flags of every command that speaks to a cluster. */
export const CLUSTER_FLAGS = {
  node: optional('ask this server: its id, its address, or the host:port of its control port', {
    ...GROUP,
    placeholder: 'NODE',
    completes: 'daemon',
  }),
  cluster: optional('which cluster, if several run here: the address of any of its servers', {
    ...GROUP,
    placeholder: 'HOST:PORT',
  }),
  'token-file': optional('the token of a control port (or LICTOR_RAFT_TOKEN)', {
    ...GROUP,
    placeholder: 'FILE',
    completes: 'file',
  }),
} as const satisfies Flags

/** Of commands that can wait for a leader. */
export const LEADER_FLAGS = {
  ...CLUSTER_FLAGS,
  timeout: duration('how long to wait for a leader (default 3s)', GROUP),
} as const satisfies Flags

type ClusterCall = Call<typeof CLUSTER_FLAGS>
type LeaderCall = Call<typeof LEADER_FLAGS>

/** A server that can be asked. */
export interface Target {
  readonly id: string
  readonly address: string
  readonly client: Client
}

export interface Cluster {
  /** The addresses of its founders. */
  readonly name: string
  readonly targets: readonly Target[]
}

const PORT_MAX = 65_535

/** An answer that takes longer will not come. */
const ANSWER_MS = 30_000
/** Of a question that is answered from memory. */
const STATUS_MS = 2_000

function targetOf({ name, addresses, socket }: DaemonRecord, timeoutMs: number): Target {
  const client = clientFor(socketEndpoint(socket), { query: {}, timeoutMs })
  return { id: name, address: addresses['raft']?.[0] ?? '', client }
}

/** All servers of the cluster that is meant; the one that was named comes first. */
export async function findCluster(call: ClusterCall, timeoutMs = ANSWER_MS): Promise<Cluster> {
  const { flags, env, out } = call
  const all = (await runningDaemons(env, out)).filter(({ kind }) => kind === 'raftnode')
  const named = flags.node === undefined ? undefined : recordNamed(all, flags)
  if (flags.node !== undefined && named === undefined) return remoteCluster(call, flags.node, all)
  const cluster = named?.cluster ?? clusterMeant(all, call)
  const records = all.filter((record) => record.cluster === cluster)
  const ordered = named === undefined ? records : [named, ...records.filter((one) => one !== named)]
  return { name: cluster, targets: ordered.map((record) => targetOf(record, timeoutMs)) }
}

function recordNamed(
  all: readonly DaemonRecord[],
  { node, cluster }: ClusterCall['flags'],
): DaemonRecord | undefined {
  const among = all.filter((one) => cluster === undefined || isOf(one, cluster))
  const isMeant = ({ name, pid, addresses }: DaemonRecord) =>
    name === node ||
    String(pid) === node ||
    Object.values(addresses)
      .flat()
      .includes(node ?? '')
  const meant = among.filter(isMeant)
  return meant.find(({ cwd }) => cwd === process.cwd()) ?? meant[0]
}

const isOf = (record: DaemonRecord, address: string): boolean =>
  record.cluster.split(',').includes(address) || record.cluster === address

function clusterMeant(all: readonly DaemonRecord[], { flags, out }: ClusterCall): string {
  const among = all.filter((one) => flags.cluster === undefined || isOf(one, flags.cluster))
  const names = [...new Set(among.map(({ cluster }) => cluster))]
  const [first] = names
  if (first === undefined) throw nobody(all, flags.cluster)
  if (names.length === 1) return first
  const newest = among.toSorted((a, b) => (a.startedAt < b.startedAt ? 1 : -1))
  const chosen = newest.find(({ cwd }) => cwd === process.cwd()) ?? newest[0]
  out.talk(`${names.length} clusters run here, this is ${chosen?.cluster}; --cluster names another`)
  return chosen?.cluster ?? first
}

function nobody(all: readonly DaemonRecord[], wanted: string | undefined): Failure {
  const others = [...new Set(all.map(({ cluster }) => cluster))]
  const what =
    wanted === undefined
      ? 'no server of a raft cluster runs here'
      : `nothing of ${wanted} runs here`
  const next =
    others.length > 0
      ? others.map((cluster) => `--cluster=${cluster.split(',')[0]}`)
      : ['raftnode --id=1 --peers=localhost:8001   start one']
  return new Failure({ code: 'nobody_there', what, next, exit: EXIT.nobody })
}

/** One server elsewhere, by its control port. */
function remoteCluster(
  { flags, env }: ClusterCall,
  node: string,
  all: readonly DaemonRecord[],
): Cluster {
  const [, host, port] = /^\[?([^\]]+)\]?:(\d{1,5})$/.exec(node) ?? []
  if (host === undefined) throw nobody(all, node)
  if (Number(port) > PORT_MAX) throw misuse(`--node: no port: ${port}`)
  const token = tokenIn(flags['token-file']) ?? fromEnv(env, TOKEN_ENV, 'lictor')
  if (token === undefined) {
    const next = all.map(({ name, addresses }) => `--node=${name}   at ${addresses['raft']}`)
    throw new Failure({
      code: 'nobody_there',
      what: `no server at ${node} runs here`,
      why: 'to ask its control port takes a token: -token-file',
      next,
      exit: EXIT.nobody,
    })
  }
  const endpoint = plainEndpoint({ host, port: Number(port), shown: `http://${node}` })
  const client = clientFor({ ...endpoint, token }, { query: {}, timeoutMs: ANSWER_MS })
  return { name: node, targets: [{ id: '', address: node, client }] }
}

function tokenIn(file: string | undefined): string | undefined {
  if (file === undefined) return undefined
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    throw misuse(`cannot read ${file}`, { why: reasonOf(error) })
  }
}

/** What each server says of itself; those that do not answer are left out. */
export async function reportsOf({ targets }: Cluster): Promise<readonly NodeReport[]> {
  const reports = await Promise.all(targets.map(reportOf))
  return reports.filter((report) => report !== undefined).toSorted(byId)
}

async function reportOf({ client }: Target): Promise<NodeReport | undefined> {
  try {
    const reply = await client.ask({ method: 'GET', path: '/v1/status' })
    return answerIn<NodeReport>(reply)
  } catch (error) {
    if (error instanceof Failure && UNHEARD.has(error.parts.exit)) return undefined
    throw error
  }
}

const UNHEARD: ReadonlySet<number> = new Set([EXIT.nobody, EXIT.timeout])

export const findForStatus = (call: ClusterCall): Promise<Cluster> => findCluster(call, STATUS_MS)

/** 2 before 10. */
export const byId = (a: { readonly id: string }, b: { readonly id: string }): number =>
  a.id.localeCompare(b.id, 'en', { numeric: true })

/** The shape is the door's contract (daemons/raft/control.ts). */
export const answerIn = <T>(reply: Reply): T => JSON.parse(reply.body.toString()) as T // see above

interface Told {
  readonly error: {
    readonly code: string
    readonly message: string
    readonly leader?: { readonly id: string; readonly address: string }
  }
}

const ANSWERED = [400, 403, 404, 409, 413, 421, 503, 504]
const WAIT_MS = 3_000
const POLL_MS = 50

/**
 * Asks the leader, whoever that is: a server that does not lead says who does. While nobody leads
 * they are asked again, until time is up.
 */
export async function askLeader(call: LeaderCall, ask: Ask): Promise<Reply> {
  const deadline = performance.now() + (call.flags.timeout ?? WAIT_MS)
  for (let wanted: string | undefined; ; ) {
    const cluster = await findCluster(call)
    const target = cluster.targets.find(({ id }) => id === wanted) ?? cluster.targets[0]
    const reply = await tryAsk(target, ask)
    if (reply !== undefined && reply.status < 300) return reply
    const told = reply === undefined ? undefined : answerIn<Told>(reply).error
    if (told !== undefined && !WAITABLE.has(told.code)) throw refusalOf(told)
    const isElsewhere = told?.leader !== undefined && told.leader.id !== target?.id
    if (performance.now() >= deadline) throw leaderless(cluster, await reportsOf(cluster))
    wanted = isElsewhere ? told.leader.id : nextAfter(cluster, target)
    if (!isElsewhere || !cluster.targets.some(({ id }) => id === wanted)) await pause(POLL_MS)
  }
}

const WAITABLE: ReadonlySet<string> = new Set(['not_leader', 'no_leader'])

/** Undefined: it cannot be asked, and nothing was done. */
async function tryAsk(target: Target | undefined, ask: Ask): Promise<Reply | undefined> {
  if (target === undefined) return undefined
  try {
    return await target.client.ask({ ...ask, accept: ANSWERED })
  } catch (error) {
    if (error instanceof Failure && isRefused(error)) return undefined
    throw error
  }
}

/** Nobody listened: a command that was not heard was not done. */
const isRefused = ({ cause }: Failure): boolean =>
  cause instanceof Error &&
  'code' in cause &&
  (cause.code === 'ECONNREFUSED' || cause.code === 'ENOENT')

function nextAfter({ targets }: Cluster, target: Target | undefined): string | undefined {
  const at = target === undefined ? -1 : targets.indexOf(target)
  return targets[(at + 1) % Math.max(1, targets.length)]?.id
}

function refusalOf({ code, message }: Told['error']): Failure {
  const exit = EXITS[code] ?? EXIT.no
  return new Failure({ code, what: message, exit })
}

const EXITS: Readonly<Record<string, number>> = {
  usage: EXIT.usage,
  too_large: EXIT.usage,
  forbidden: EXIT.permission,
  unknown: EXIT.noLeader,
}

/** Nobody leads, and why that is. */
export function leaderless({ name }: Cluster, reports: readonly NodeReport[]): Failure {
  const { what, why, next } = leaderlessWords(name, reports)
  return new Failure({ code: 'no_leader', what, why, next: [next], exit: EXIT.noLeader })
}

export function leaderlessWords(name: string, reports: readonly NodeReport[]) {
  const voters = votersIn(reports)
  const count = voters.length === 0 ? name.split(',').length : voters.length
  const needed = Math.floor(count / 2) + 1
  const missing = voters.filter(({ id }) => !reports.some((report) => report.id === id))
  const states = reports.map(
    ({ id, role, term }) => `node ${id} is ${role.toUpperCase()}, term ${term}`,
  )
  const seen = states.join('; ') || 'no more is known'
  const lost = reports.filter(({ quarantined }) => quarantined).map(({ id }) => id)
  const isBeyondWaiting = count - lost.length < needed
  const answers = reports.length === 1 ? '1 of' : `${reports.length} of`
  const verb = reports.length === 1 ? 'answers' : 'answer'
  const start =
    missing.length === 0 ? '' : `start node ${missing.map(({ id }) => id).join(' or ')}, or: `
  return {
    what: `no leader in cluster ${shortName(name)}`,
    why:
      `${answers} ${count} nodes ${verb} (${needed} needed): ${seen}` +
      (lost.length === 0 ? '' : `; ${lost.join(', ')} lost data and must not vote`),
    next: isBeyondWaiting ? beginAnew(lost) : `${start}raftctl wait leader --timeout 10s`,
  }
}

/** Too few are left that may vote: however long one waits, nobody will lead. */
const beginAnew = (lost: readonly string[]): string =>
  `stop node ${lost.join(', ')} and restore its data folder; or, for a new cluster, ` +
  'stop all and remove the data folder of each node and the .json beside it'

/** `localhost:8001,8002,8003` */
function shortName(name: string): string {
  const [first = '', ...rest] = name.split(',')
  const host = first.slice(0, first.lastIndexOf(':') + 1)
  return [
    first,
    ...rest.map((each) => (each.startsWith(host) ? each.slice(host.length) : each)),
  ].join(',')
}

/** As the server knows them that has seen most. */
export const serversIn = (reports: readonly NodeReport[]) =>
  reports.toSorted((a, b) => b.term - a.term || b.commitIndex - a.commitIndex)[0]?.servers ?? []

const votersIn = (reports: readonly NodeReport[]) =>
  serversIn(reports).filter(({ suffrage }) => suffrage === 'voter')
