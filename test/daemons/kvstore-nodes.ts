// Nodes of the replicated store as processes on ports that the kernel chose, and a wire between two
// of them that can be cut.
import { type ChildProcess, spawn } from 'node:child_process'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { Home } from '../kit/home.ts'
import { before, within } from '../kit/within.ts'

const READY_MS = 15_000
const END_MS = 10_000

export interface StoreNode {
  /** `localhost:PORT` */
  readonly address: string
  readonly child: ChildProcess
  output(): string
  put(key: string, value: string | Uint8Array): Promise<unknown>
  get(key: string): Promise<unknown>
  status(): Promise<Status>
  /** Sends a signal and waits for the end. */
  end(signal: NodeJS.Signals): Promise<void>
}

/** What the tests look at. */
interface Status {
  readonly role: string
  readonly epoch: number
  readonly index: number
  readonly state?: string
  readonly behind?: number
  readonly followers?: readonly { node: string; behind: number; live: boolean }[]
  readonly conflicts?: readonly {
    readonly leader: string
    readonly since: number
    readonly keys: readonly { key: string; here: string | null; there: string | null }[]
  }[]
}

export async function startStoreNode(home: Home, args: readonly string[]): Promise<StoreNode> {
  const child = spawn(home.program('kvstore'), ['--port=0', ...args], {
    cwd: home.work,
    env: home.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      said += chunk.toString()
    })
  }
  const isReady = () => /^kvstore ready: /m.test(said) || child.exitCode !== null
  try {
    await within(READY_MS, isReady, `a node with ${args.join(' ')}`)
  } catch (cause) {
    child.kill('SIGKILL')
    throw new Error(`not ready: ${said}`, { cause })
  }
  const [, address = ''] = /^kvstore ready: .*http (\S+)/m.exec(said) ?? []
  if (address === '') throw new Error(`it ended: ${said}`)
  return nodeOf(address, { child, output: () => said })
}

function nodeOf(
  address: string,
  { child, output }: Pick<StoreNode, 'child' | 'output'>,
): StoreNode {
  const ask = async (path: string, init: RequestInit = {}): Promise<unknown> => {
    const headers = { connection: 'close' }
    const reply = await fetch(`http://${address}${path}`, { ...init, headers })
    return reply.json()
  }
  return {
    address,
    child,
    output,
    put: (key, body) => ask(`/kv/${key}`, { method: 'PUT', body }),
    get: (key) => ask(`/kv/${key}`),
    status: async () => (await ask('/status')) as Status, // our own node's
    end: async (signal) => {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
      child.kill(signal)
      await before(END_MS, () => ended, `the end after ${signal}`)
    },
  }
}

export interface Wire {
  /** What leads to the other end. */
  readonly address: string
  cut(): void
  mend(): void
  close(): Promise<void>
}

/** A way to a node that the tests can cut: connections break, and nobody answers any more. */
export async function openWire(to: string): Promise<Wire> {
  const sockets = new Set<Socket>()
  let isCut = false
  const server = createServer((near) => {
    if (isCut) {
      near.destroy()
      return
    }
    const far = connect({ host: '127.0.0.1', port: Number(to.split(':')[1]) })
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one)
      one.on('error', () => other.destroy())
      one.on('close', () => {
        sockets.delete(one)
        other.destroy()
      })
      one.pipe(other)
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // it listens on TCP
  const drop = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    address: `localhost:${port}`,
    cut: () => {
      isCut = true
      drop()
    },
    mend: () => {
      isCut = false
    },
    close: () => {
      drop()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}
