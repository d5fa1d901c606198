// A cluster of real raftnodes, each a process of its own, with control ports that the kernel chose.
// What they keep outlives a kill; all of it goes with the home.
import { readFile, writeFile } from 'node:fs/promises'
import http from 'node:http'
import { join } from 'node:path'
import type { NodeReport } from '../../core/raftnode/report.ts'
import { startDaemon } from './daemon.ts'
import type { Home } from './home.ts'
import { freePorts } from './ports.ts'
import { before, within } from './within.ts'

export interface NodeProcess {
  readonly id: string
  readonly pid: number
  /** Of its control port. */
  readonly port: number
  /** What it has said so far. */
  output(): string
  signal(name: NodeJS.Signals): void
  readonly ended: Promise<number | string>
}

export interface RaftCluster {
  readonly home: Home
  /** `localhost:PORT`, by id. */
  readonly addresses: ReadonlyMap<string, string>
  /** Those that run. */
  readonly nodes: Map<string, NodeProcess>
  readonly options: readonly string[]
}

export interface Answer {
  readonly status: number
  readonly text: string
}

const TOKEN = 'a token for tests'
const READY_MS = 20_000
const END_MS = 15_000

/** Starts so many, and resolves when one leads. */
export async function startCluster(
  home: Home,
  { count = 3, options = [] }: { count?: number; options?: readonly string[] } = {},
): Promise<RaftCluster> {
  await writeFile(join(home.work, 'token'), TOKEN)
  const ports = await freePorts(count)
  const addresses = new Map(ports.map((port, at) => [String(at + 1), `localhost:${port}`]))
  const cluster: RaftCluster = { home, addresses, nodes: new Map(), options }
  try {
    await Promise.all([...addresses.keys()].map((id) => startNode(cluster, id)))
    await leaderOf(cluster)
    return cluster
  } catch (error) {
    await stopCluster(cluster)
    throw error
  }
}

/** Resolves when it is ready. One that ran before goes on with what it has kept. */
export async function startNode(
  cluster: RaftCluster,
  id: string,
  more: readonly string[] = [],
): Promise<NodeProcess> {
  const { home, addresses, options } = cluster
  const peers = [...addresses.values()].join(',')
  const control = ['--control=127.0.0.1:0', '--control-token-file=token']
  const args = [`--id=${id}`, `--peers=${peers}`, ...control, ...options, ...more]
  const daemon = await startDaemon(home, { program: 'raftnode', args, ready: / ready: node / })
  const { pid, output, signal, ended } = daemon
  const port = await controlPortOf(cluster, id, more)
  const node: NodeProcess = { id, pid, port, output, signal, ended }
  cluster.nodes.set(id, node)
  return node
}

/** As the record beside its control socket says. */
async function controlPortOf(
  { home, addresses }: RaftCluster,
  id: string,
  more: readonly string[],
): Promise<number> {
  const own = more.find((word) => word.startsWith('--address='))?.slice('--address='.length)
  const port = (own ?? addresses.get(id) ?? '').split(':').at(-1)
  const file = join(home.env['XDG_RUNTIME_DIR'] ?? '', `lictor/raftnode-${port}.json`)
  const record = JSON.parse(await readFile(file, 'utf8')) as {
    addresses: { control: string[] } // our own daemon's words
  }
  return Number(record.addresses.control[0]?.split(':').at(-1))
}

/** Gone without a word; its sockets are closed when this resolves. */
export async function killNode(
  cluster: RaftCluster,
  id: string,
  signal: NodeJS.Signals = 'SIGKILL',
): Promise<void> {
  const node = cluster.nodes.get(id)
  if (node === undefined) return
  cluster.nodes.delete(id)
  node.signal(signal)
  await before(END_MS, () => node.ended, `node ${id}: the end`)
}

export async function stopCluster(cluster: RaftCluster): Promise<void> {
  await Promise.all([...cluster.nodes.keys()].map((id) => killNode(cluster, id)))
}

interface Request {
  readonly port: number
  readonly method: 'GET' | 'PUT'
  readonly path: string
  readonly body?: string
  readonly agent?: http.Agent
  readonly timeoutMs?: number
}

const ANSWER_MS = 10_000

/** Rejects when the connection breaks, or nothing comes. */
export function callNode(request: Request): Promise<Answer> {
  const { port, method, path, body, agent, timeoutMs = ANSWER_MS } = request
  return new Promise((resolve, reject) => {
    const headers = { 'x-consul-token': TOKEN }
    const options = { host: '127.0.0.1', port, method, path, headers, ...(agent && { agent }) }
    const sent = http.request(options, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }),
      )
    })
    sent.on('error', reject)
    sent.setTimeout(timeoutMs, () => sent.destroy(new Error('no answer')))
    sent.end(body)
  })
}

export async function reportOf(node: NodeProcess): Promise<NodeReport> {
  const timeoutMs = 5_000
  const { text } = await callNode({ port: node.port, method: 'GET', path: '/v1/status', timeoutMs })
  return JSON.parse(text) as NodeReport // our own daemon's words
}

/** The one that leads and has committed an entry of its term, as its followers know. */
export function leaderOf(cluster: RaftCluster, withinMs = READY_MS): Promise<NodeProcess> {
  return within(
    withinMs,
    async () => {
      const nodes = [...cluster.nodes.values()]
      const reports = await Promise.all(nodes.map((node) => reportOf(node).catch(() => undefined)))
      const leader = reports.find((report) => report?.role === 'leader')
      const known = reports.filter((report) => report?.leader?.id === leader?.id).length
      return leader !== undefined && known * 2 > cluster.addresses.size
        ? cluster.nodes.get(leader.id)
        : undefined
    },
    'a leader',
  )
}
