// Stock members of gossip pools, started from tests: Serf's agent and test/peers/memberlistpeer.
// They end with the test that started them.
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import type { Address } from '../../../core/wire/memberlist.ts'
import { goBuilds } from '../../kit/go.ts'
import { inProject } from '../../kit/paths.ts'
import { patient, within } from '../../kit/within.ts'

const run = promisify(execFile)

/** Whether the program is here; says so if it is not. */
export function isHere(program: string, args: string[], what: string): boolean {
  if (spawnSync(program, args, { stdio: 'ignore' }).status === 0) return true
  console.log(`SKIP ${what}`)
  return false
}

/** Addresses of the loopback that no other test uses: Serf's ports are fixed then. */
export function loopbackNet(): (n: number) => string {
  const [a, b] = [randomInt(64, 120), randomInt(1, 250)]
  return (n) => `127.${a}.${b}.${n}`
}

export interface SerfAgent {
  readonly name: string
  readonly address: Address
  readonly child: ChildProcess
  readonly ended: Promise<unknown>
  /** The output of `serf COMMAND`. */
  rpc(command: string, ...args: string[]): Promise<string>
  kill(signal: NodeJS.Signals): Promise<void>
}

export interface Stock {
  readonly processes: Set<ChildProcess>
}

export async function withStock(work: (stock: Stock) => Promise<void>): Promise<void> {
  const stock: Stock = { processes: new Set() }
  try {
    await work(stock)
  } finally {
    for (const child of stock.processes) child.kill('SIGKILL')
    await Promise.all([...stock.processes].map(gone))
  }
}

const gone = (child: ChildProcess): Promise<unknown> =>
  child.exitCode === null && child.signalCode === null ? once(child, 'exit') : Promise.resolve()

const GOSSIP_PORT = 7946
const RPC_PORT = 7373

export async function startSerf(
  stock: Stock,
  { name, ip, flags = [] }: { name: string; ip: string; flags?: readonly string[] },
): Promise<SerfAgent> {
  const rpcAddress = `${ip}:${RPC_PORT}`
  const args = ['agent', `-node=${name}`, `-bind=${ip}:${GOSSIP_PORT}`, `-rpc-addr=${rpcAddress}`]
  const child = spawn('serf', [...args, ...flags], { stdio: 'ignore' })
  stock.processes.add(child)
  const agent: SerfAgent = {
    name,
    address: { ip, port: GOSSIP_PORT },
    child,
    ended: gone(child),
    rpc: async (command, ...rest) => {
      const options = { timeout: patient(20_000) }
      const { stdout } = await run('serf', [command, `-rpc-addr=${rpcAddress}`, ...rest], options)
      return stdout
    },
    kill: async (signal) => {
      child.kill(signal)
      await gone(child)
      stock.processes.delete(child)
    },
  }
  await within(10_000, () => agent.rpc('members'), `serf agent ${name}`)
  return agent
}

interface SerfMember {
  readonly name: string
  readonly addr: string
  readonly status: string
  readonly tags: Record<string, string>
  readonly protocol: Record<string, number>
}

export async function serfMembers(agent: SerfAgent): Promise<SerfMember[]> {
  const { members } = JSON.parse(await agent.rpc('members', '-format=json')) as {
    members: SerfMember[]
  }
  return members
}

/** `a:alive b:failed`, sorted: what our members show, too. */
export const serfRoster = async (agent: SerfAgent): Promise<string> =>
  (await serfMembers(agent))
    .map(({ name, status }) => `${name}:${status}`)
    .sort()
    .join(' ')

export interface ListPeer {
  readonly name: string
  readonly address: Address
  readonly child: ChildProcess
  get(path: string): Promise<unknown>
  post(path: string, body?: unknown): Promise<unknown>
}

export interface ListPeers extends Stock {
  readonly binary: string
}

const SOURCES = inProject('test/peers/memberlistpeer')

export const listPeersBuild = (): boolean => goBuilds(SOURCES, 'a pool mixed with memberlist')

/** Builds the program, hands it over, and removes it with all that it started. */
export async function withListPeers(work: (peers: ListPeers) => Promise<void>): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'go-'))
  try {
    const binary = join(dir, 'memberlistpeer')
    await run('go', ['build', '-o', binary, '.'], { cwd: SOURCES })
    await withStock((stock) => work({ ...stock, binary }))
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

export async function startListPeer(
  peers: ListPeers,
  { name, flags = [] }: { name: string; flags?: readonly string[] },
): Promise<ListPeer> {
  const args = ['-stdin', '-name', name, '-bind', '127.0.0.1:0', ...flags]
  const child = spawn(peers.binary, args, { stdio: ['pipe', 'pipe', 'ignore'] })
  peers.processes.add(child)
  const lines = createInterface({ input: child.stdout })
  const [line] = (await once(lines, 'line')) as [string] // one line of JSON, as its README says
  const ready = JSON.parse(line) as { gossip: string; http: string }
  const [ip = '', port = ''] = ready.gossip.split(':')
  return {
    name,
    address: { ip, port: Number(port) },
    child,
    get: (path) => call(ready.http, path),
    post: (path, body) => call(ready.http, path, JSON.stringify(body ?? {})),
  }
}

async function call(http: string, path: string, body?: string): Promise<unknown> {
  const response = await fetch(`http://${http}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    ...(body === undefined ? {} : { body }),
    signal: AbortSignal.timeout(patient(10_000)),
  })
  const value: unknown = await response.json()
  if (!response.ok) throw new Error(`${path}: ${JSON.stringify(value)}`)
  return value
}
