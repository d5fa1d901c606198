// The questions of `lictor doctor`, each with a stable id: `leader.none`, `port.taken`, …
import {
  closeSync,
  fdatasyncSync,
  openSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { MEMBER_STATUS, type Member } from '../../core/route/site.ts'
import { formatDuration } from '../../core/time.ts'
import { type Client, connect, jsonOf, type Reply } from '../kit/client.ts'
import type { Call } from '../kit/declare.ts'
import { Failure, reasonOf } from '../kit/failure.ts'
import type { HttpFlags } from '../kit/http-flags.ts'
import { type DaemonRecord, listDaemons, portHolder } from '../kit/launch.ts'

export interface Finding {
  readonly id: string
  readonly ok: boolean
  readonly what: string
  readonly next?: readonly string[]
}

const fine = (id: string, what: string): Finding => ({ id, ok: true, what })

/** Asks one question after the other; what depends on an agent is left out when none answers. */
export async function examine(call: Call<HttpFlags>): Promise<readonly Finding[]> {
  const client = connect(call)
  const reached = await reach(client)
  const local = limitFindings()
  if (reached.type === 'failed') {
    const { records } = await listDaemons(call.env)
    const taken = await portFindings(new Set(records.map(({ pid }) => pid)))
    return [unreachable(client, reached.failure, records), ...taken, ...local]
  }
  const { reply, roundTripMs } = reached
  const leader = await leaderFinding(client, reply)
  return [
    fine('agent.unreachable', `${client.endpoint.shown} answers`),
    leader,
    ...(leader.ok ? [await apartFinding(client)] : []),
    clockFinding(reply, { now: Date.now(), roundTripMs }),
    ...diskFindings(await dataDirOf(client)),
    ...local,
  ]
}

type Reached =
  | { readonly type: 'answered'; readonly reply: Reply; readonly roundTripMs: number }
  | { readonly type: 'failed'; readonly failure: Failure }

async function reach(client: Client): Promise<Reached> {
  const sent = performance.now()
  try {
    const reply = await client.call('GET /v1/status/leader', { accept: [500, 503] })
    return { type: 'answered', reply, roundTripMs: performance.now() - sent }
  } catch (error) {
    if (error instanceof Failure) return { type: 'failed', failure: error }
    throw error
  }
}

function unreachable(
  { endpoint }: Client,
  { parts }: Failure,
  running: readonly DaemonRecord[],
): Finding {
  const others = running
    .flatMap(({ addresses }) => addresses['http'] ?? [])
    .map((address) => `CONSUL_HTTP_ADDR=${address}   an agent of yours is there`)
  const where = endpoint.socketPath ?? endpoint.shown
  return {
    id: 'agent.unreachable',
    ok: false,
    what: `nobody answers at ${where}: ${parts.why ?? parts.what}`,
    next: others.length > 0 ? others : ['lictor agent -dev   start an agent'],
  }
}

async function leaderFinding(client: Client, reply: Reply): Promise<Finding> {
  const leader = reply.status === 200 ? jsonOf(reply) : ''
  if (leader !== '') return fine('leader.none', `${leader} leads`)
  const peers = await client.call('GET /v1/status/peers', { accept: [500, 503] })
  const voters = peers.status === 200 ? peers.value() : []
  const needed = Math.floor(voters.length / 2) + 1
  const what =
    voters.length === 0
      ? 'no leader, and no server knows of another: the cluster was never started'
      : `no leader: ${needed} of these servers must reach each other: ${voters.join(', ')}`
  const next =
    voters.length === 0
      ? ['lictor agent -server -bootstrap -data-dir=DIR   for a cluster of one']
      : ['start the servers that are down; lictor wait leader -timeout=30s']
  return { id: 'leader.none', ok: false, what, next }
}

/** Servers of one pool that do not order writes together: a client meets one state or another. */
async function apartFinding(client: Client): Promise<Finding> {
  const [pool, peers] = [
    await client.call('GET /v1/agent/members', { accept: [403, 404, 500, 503] }),
    await client.call('GET /v1/status/peers', { accept: [403, 500, 503] }),
  ]
  if (pool.status !== 200 || peers.status !== 200)
    return fine('servers.apart', 'the agent does not tell who is in the pool')
  return apartAmong(pool.value(), peers.value())
}

function apartAmong(members: readonly Member[], peers: readonly string[]): Finding {
  const apart = members
    .filter(({ Status, Tags }) => Status === MEMBER_STATUS.alive && Tags['role'] === 'consul')
    .filter(({ Addr, Tags }) => !peers.includes(hostPort(Addr, Tags['port'] ?? '')))
    .map(({ Name }) => Name)
  if (apart.length === 0) return fine('servers.apart', 'no server of the pool stands apart')
  return {
    id: 'servers.apart',
    ok: false,
    what: `servers of the pool that do not order writes with this one: ${apart.join(', ')}`,
    next: [
      'lictor operator raft list-peers   who does',
      'lictor leave                      at each of them: its state is its own',
    ],
  }
}

const hostPort = (host: string, port: string): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`

/** Times in HTTP have whole seconds; beyond this the clocks differ. */
const SKEW_MS_MAX = 2_000

export function clockFinding(
  reply: Pick<Reply, 'header'>,
  { now, roundTripMs }: { now: number; roundTripMs: number },
): Finding {
  const said = Date.parse(reply.header('date') ?? '')
  if (Number.isNaN(said)) return fine('clock.skew', 'the agent does not tell its time')
  const skew = Math.max(0, Math.abs(now - said) - roundTripMs)
  if (skew <= SKEW_MS_MAX) return fine('clock.skew', 'the clock of the agent agrees with ours')
  const shown = formatDuration(Math.round(skew / 1000) * 1000)
  return {
    id: 'clock.skew',
    ok: false,
    what: `the clock of the agent differs from ours by ${shown}`,
    next: ['let both follow a time server (NTP)'],
  }
}

/** Undefined: in memory, elsewhere, or not told. */
async function dataDirOf(client: Client): Promise<string | undefined> {
  const reply = await client.call('GET /v1/agent/self', { accept: [403, 404, 500] })
  if (reply.status !== 200) return undefined
  const self = jsonOf(reply) as { DebugConfig?: { DataDir?: string } } // the API's contract
  return self.DebugConfig?.DataDir || undefined
}

/** Less free space than this is a problem. */
const FREE_SHARE_MIN = 0.05
/** However large the disk: the log grows by segments of 16 MiB, and needs room for the next. */
const FREE_MIB_MIN = 32
/** A disk that takes longer to keep one small record delays every write. */
const SYNC_MS_MAX = 50

function diskFindings(dir: string | undefined): Finding[] {
  if (dir === undefined) return []
  try {
    const { bavail, blocks, bsize } = statfsSync(dir)
    const share = blocks === 0 ? 1 : bavail / blocks
    const room = { share, mib: Math.floor((bavail * bsize) / 2 ** 20) }
    return [spaceFinding(dir, room), syncFinding(dir, measureSync(dir))]
  } catch (error) {
    if (!(error instanceof Error && 'errno' in error)) throw error
    return [fine('disk.full', `${dir}: not looked at (${reasonOf(error)})`)]
  }
}

export function spaceFinding(dir: string, free: { share: number; mib: number }): Finding {
  const what = `${dir}: ${Math.round(free.share * 100)} % free, ${free.mib} MiB`
  if (free.share >= FREE_SHARE_MIN && free.mib >= FREE_MIB_MIN) return fine('disk.full', what)
  return { id: 'disk.full', ok: false, what, next: ['make room: a full disk refuses writes'] }
}

export function syncFinding(dir: string, ms: number): Finding {
  const what = `${dir}: ${ms.toFixed(1)} ms to keep a record`
  if (ms <= SYNC_MS_MAX) return fine('disk.slow', what)
  return { id: 'disk.slow', ok: false, what, next: ['a quicker disk: every write waits for it'] }
}

/** Of so many the quickest counts: a busy machine is not a slow disk. */
const SYNC_TRIES = 5

/** One write and its flush, beside the data. */
function measureSync(dir: string): number {
  const path = join(dir, `.doctor-${process.pid}`)
  const file = openSync(path, 'w', 0o600)
  try {
    const times = Array.from({ length: SYNC_TRIES }, () => {
      const from = performance.now()
      writeSync(file, 'is this disk quick?')
      fdatasyncSync(file)
      return performance.now() - from
    })
    return Math.min(...times)
  } finally {
    closeSync(file)
    rmSync(path, { force: true })
  }
}

const DEFAULT_PORTS = [
  [8500, 'HTTP'],
  [8600, 'DNS'],
  [8300, 'servers'],
  [8301, 'gossip'],
  [8302, 'gossip between datacenters'],
] as const

/** Asked only when no agent answers: then whoever holds a port is in the way, agents excepted. */
async function portFindings(agents: ReadonlySet<number>): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const [port, use] of DEFAULT_PORTS) {
    const holder = await portHolder(port)
    if (holder === undefined || agents.has(holder.pid)) continue
    findings.push({
      id: 'port.taken',
      ok: false,
      what: `${port} (${use}) is held by pid ${holder.pid}: ${holder.command}`,
      next: holder.isOurs
        ? [`kill ${holder.pid}`, 'or move the agent to other ports']
        : ['use other ports'],
    })
  }
  return findings.length === 0
    ? [fine('port.taken', 'nothing else holds the default ports')]
    : findings
}

/** Connections, watches and files of the store: an agent under load needs more than this. */
const OPEN_FILES_MIN = 4_096

function limitFindings(): Finding[] {
  const limit = openFilesLimit()
  if (limit === undefined) return []
  const what = `${limit} files may be open at once`
  if (limit >= OPEN_FILES_MIN) return [fine('limits.open-files', what)]
  const next = [`ulimit -n 65536, or LimitNOFILE=65536 in a unit of systemd`]
  return [{ id: 'limits.open-files', ok: false, what, next }]
}

/** Undefined: not Linux, or unlimited. */
function openFilesLimit(): number | undefined {
  try {
    const limits = readFileSync('/proc/self/limits', 'utf8')
    const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1]
    return soft === undefined ? undefined : Number(soft)
  } catch (error) {
    if (error instanceof Error && 'errno' in error) return undefined // not Linux
    throw error
  }
}
