// Three members of etcd, as its package ships it, on the same disk: what a raft cluster is held
// against here. Loaded by its own Go client (test/peers/etcdload), which is its best way in.
import { execFile, execFileSync, spawn, spawnSync } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { inProject } from '../kit/paths.ts'
import { within } from '../kit/within.ts'
import { type Figure, YARDSTICK_NAMES } from './figure.ts'

interface Etcd {
  /** Of the leader, as its client wants it. */
  readonly endpoint: string
  readonly loader: string
  close(): Promise<void>
}

const READY_MS = 30_000
const MEMBERS = 3

/** Undefined, and said so, where etcd or Go is not there. */
async function openEtcd(dir: string): Promise<Etcd | undefined> {
  const missing = ['etcd', 'etcdctl', 'go'].find((tool) => spawnSync('which', [tool]).status !== 0)
  if (missing !== undefined) {
    console.error(`SKIP etcd: ${missing} is not installed`)
    return undefined
  }
  const loader = buildLoader()
  const ports = await freePorts(2 * MEMBERS)
  const members = Array.from({ length: MEMBERS }, (_, at) => ({
    name: `e${at}`,
    peer: `http://127.0.0.1:${ports[2 * at]}`,
    client: `127.0.0.1:${ports[2 * at + 1]}`,
  }))
  const initial = members.map(({ name, peer }) => `${name}=${peer}`).join(',')
  const children = members.map(({ name, peer, client }) =>
    spawn(
      'etcd',
      [
        `--name=${name}`,
        `--data-dir=${join(dir, name)}`,
        `--listen-peer-urls=${peer}`,
        `--initial-advertise-peer-urls=${peer}`,
        `--listen-client-urls=http://${client}`,
        `--advertise-client-urls=http://${client}`,
        '--log-level=error',
        `--initial-cluster=${initial}`,
      ],
      { stdio: 'ignore' },
    ),
  )
  const ends = children.map((child) => new Promise((resolve) => child.once('exit', resolve)))
  const close = async () => {
    for (const child of children) child.kill('SIGKILL')
    await Promise.all(ends)
  }
  const clients = members.map(({ client }) => client)
  try {
    const endpoint = await within(READY_MS, () => leaderAmong(clients), 'etcd has a leader')
    return { endpoint, loader, close }
  } catch (error) {
    await close()
    throw error
  }
}

function buildLoader(): string {
  const loader = inProject('dist/load/etcdload')
  execFileSync('go', ['build', '-o', loader, '.'], { cwd: inProject('test/peers/etcdload') })
  return loader
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => new Promise((done) => server.once('listening', done))))
  const ports = servers.map((server) => (server.address() as { port: number }).port) // on TCP
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))))
  return ports
}

async function leaderAmong(clients: readonly string[]): Promise<string | undefined> {
  const args = [`--endpoints=${clients.join(',')}`, '--command-timeout=1s', 'endpoint', 'status']
  const env = { ...process.env, ETCDCTL_API: '3' }
  const { stdout } = await promisify(execFile)('etcdctl', args, { env })
  const rows = stdout.split('\n').map((line) => line.split(',').map((cell) => cell.trim()))
  return rows.find((row) => row[4] === 'true')?.[0]
}

/**
 * Puts of 128 bytes to ten thousand keys, with one client and with 64. Nothing, and said so, where
 * etcd or Go is not there.
 */
export async function measureEtcd(dir: string, seconds: number): Promise<Figure[]> {
  await mkdir(dir)
  const etcd = await openEtcd(dir)
  if (etcd === undefined) return []
  try {
    await load(etcd, 64, WARM_UP_SECONDS)
    const one = await load(etcd, 1, seconds)
    const many = await load(etcd, 64, seconds)
    return [
      { name: YARDSTICK_NAMES.E1, unit: '/s', value: one },
      { name: YARDSTICK_NAMES.E64, unit: '/s', value: many },
    ]
  } finally {
    await etcd.close()
  }
}

const WARM_UP_SECONDS = 2

/** Puts a second. */
async function load({ loader, endpoint }: Etcd, clients: number, seconds: number): Promise<number> {
  const args = [endpoint, `${clients}`, `${seconds}`]
  const { stdout } = await promisify(execFile)(loader, args)
  return Number(stdout.split(' ')[1])
}
