// Nodes of the replicated store as processes on ports that the kernel chose, and a wire between two
// of them that can be cut.
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { startDaemon } from '../kit/daemon.ts'
import type { Home } from '../kit/home.ts'

export interface StoreNode {
  /** `localhost:PORT` */
  readonly address: string
  readonly pid: number
  signal(name: NodeJS.Signals): void
  /** The exit code, or the name of the signal that ended it. */
  readonly ended: Promise<number | string>
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
  const daemon = await startDaemon(home, {
    program: 'kvstore',
    args: ['--port=0', ...args],
    ready: /^kvstore ready: .*http (?<address>\S+)/m,
  })
  const { address = '' } = daemon.told
  const ask = async (path: string, init: RequestInit = {}): Promise<unknown> => {
    const headers = { connection: 'close' }
    const reply = await fetch(`http://${address}${path}`, { ...init, headers })
    return reply.json()
  }
  return {
    address,
    pid: daemon.pid,
    signal: daemon.signal,
    ended: daemon.ended,
    output: daemon.output,
    put: (key, body) => ask(`/kv/${key}`, { method: 'PUT', body }),
    get: (key) => ask(`/kv/${key}`),
    status: async () => (await ask('/status')) as Status, // our own node's
    end: async (signal) => {
      if (daemon.isRunning()) await daemon.end(signal)
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
