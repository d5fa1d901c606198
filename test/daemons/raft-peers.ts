// Servers written in Go on hashicorp/raft (test/peers/raftpeer), built and started from tests. They
// end with the test: their standard input closes.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import type { Peer } from '../../core/raft/messages.ts'
import { goBuilds } from '../kit/go.ts'
import { inProject } from '../kit/paths.ts'
import { patient } from '../kit/within.ts'
import type { PeerState } from './raft-node.ts'

const SOURCES = inProject('test/peers/raftpeer')

export const peersBuild = (): boolean => goBuilds(SOURCES, 'a mixed cluster')

export interface GoPeers {
  readonly binary: string
  readonly dir: string
  readonly running: Set<GoPeer>
}

export interface GoPeer {
  readonly peer: Peer
  readonly child: ChildProcess
  get(path: string): Promise<unknown>
  post(path: string, body?: unknown): Promise<unknown>
}

export interface GoStats {
  readonly state: 'Leader' | 'Follower' | 'Candidate' | 'Shutdown'
  readonly term: number
  readonly leader: string
  readonly lastIndex: number
  readonly commitIndex: number
}

const FAST = ['-heartbeat', '500ms', '-election', '500ms', '-lease', '250ms', '-log-level', 'ERROR']

export async function buildPeers(): Promise<GoPeers> {
  const dir = await mkdtemp(join(tmpdir(), 'go-'))
  const binary = join(dir, 'raftpeer')
  await promisify(execFile)('go', ['build', '-o', binary, '.'], { cwd: SOURCES })
  return { binary, dir, running: new Set() }
}

/** `bind`: an address that it had before. */
export async function startPeer(
  peers: GoPeers,
  { id, bind = '127.0.0.1:0', flags = [] }: { id: string; bind?: string; flags?: string[] },
): Promise<GoPeer> {
  const args = ['-stdin', '-id', id, '-bind', bind, ...FAST, ...flags]
  const child = spawn(peers.binary, args, { stdio: ['pipe', 'pipe', 'ignore'] })
  const lines = createInterface({ input: child.stdout })
  const first = once(lines, 'line')
  const ended = once(child, 'exit').then(() => {
    throw new Error(`raftpeer ${id} ended before it was ready`)
  })
  const [line] = (await Promise.race([first, ended])) as [string] // one line of JSON
  ended.catch(() => undefined) // it ends when it is stopped
  const ready = JSON.parse(line) as { raft: string; http: string } // as its README says
  const go: GoPeer = {
    peer: { id, address: ready.raft },
    child,
    get: (path) => call(ready.http, 'GET', { path }),
    post: (path, body) => call(ready.http, 'POST', { path, body }),
  }
  peers.running.add(go)
  return go
}

async function call(
  http: string,
  method: string,
  { path, body }: { path: string; body?: unknown },
): Promise<unknown> {
  const sent = typeof body === 'string' || body === undefined ? body : JSON.stringify(body)
  const response = await fetch(`http://${http}${path}`, {
    method,
    ...(sent === undefined ? {} : { body: sent }),
    signal: AbortSignal.timeout(patient(5_000)),
  })
  const value: unknown = await response.json()
  if (!response.ok) throw new Error(`${path}: ${JSON.stringify(value)}`)
  return value
}

export const statsOf = async (go: GoPeer): Promise<GoStats> => (await go.get('/stats')) as GoStats
export const stateOfPeer = async (go: GoPeer): Promise<PeerState> =>
  (await go.get('/fsm')) as PeerState

export async function stopPeer(
  peers: GoPeers,
  go: GoPeer,
  signal: NodeJS.Signals = 'SIGKILL',
): Promise<void> {
  peers.running.delete(go)
  if (go.child.exitCode !== null || go.child.signalCode !== null) return
  const exited = once(go.child, 'exit')
  go.child.kill(signal)
  await exited
}

export async function closePeers(peers: GoPeers): Promise<void> {
  for (const go of [...peers.running]) await stopPeer(peers, go)
  await rm(peers.dir, { recursive: true, force: true })
}
