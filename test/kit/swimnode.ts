// A real member of a gossip pool, a process of its own on a port that the kernel chose, on the
// loopback. It keeps nothing, unless told so.
import { startDaemon } from './daemon.ts'
import type { Home } from './home.ts'

export interface SwimnodeOptions {
  readonly name: string
  /** Besides name, address, port 0 and --ephemeral. */
  readonly args?: readonly string[]
  /** Of an address of its own; the port is 7946 then, as Serf's. */
  readonly ip?: string
  readonly keeps?: boolean
  readonly env?: Readonly<Record<string, string>>
}

export interface SwimnodeProcess {
  readonly name: string
  readonly pid: number
  /** `127.0.0.1:PORT`, as --join and --node want it. */
  readonly address: string
  output(): string
  signal(name: NodeJS.Signals): void
  /** Sends a signal and waits for the end: the exit code, or the signal's name. */
  end(signal: NodeJS.Signals): Promise<number | string>
  stop(): Promise<void>
}

const READY = / ready: \S+ at (?<address>\S+:\d+) /
const GOSSIP_PORT = 7946

export async function startSwimnode(
  home: Home,
  { name, args = [], ip, keeps = false, env = {} }: SwimnodeOptions,
): Promise<SwimnodeProcess> {
  const where = ip === undefined ? ['127.0.0.1', 0] : [ip, GOSSIP_PORT]
  const own = [`--name=${name}`, `--bind=${where[0]}`, `--port=${where[1]}`]
  const { pid, told, output, signal, end, isRunning } = await startDaemon(home, {
    program: 'swimnode',
    args: [...own, ...(keeps ? [] : ['--ephemeral']), ...args],
    env,
    ready: READY,
  })
  return {
    name,
    pid,
    address: told['address'] ?? '',
    output,
    signal,
    end,
    stop: async () => {
      signal('SIGCONT')
      if (isRunning()) await end('SIGKILL')
    },
  }
}

/** Members that are there for one piece of work, and gone after it. */
export async function withSwimnodes(
  home: Home,
  work: (start: (options: SwimnodeOptions) => Promise<SwimnodeProcess>) => Promise<void>,
): Promise<void> {
  const started: SwimnodeProcess[] = []
  try {
    await work(async (options) => {
      const node = await startSwimnode(home, options)
      started.push(node)
      return node
    })
  } finally {
    await Promise.all(started.map((node) => node.stop()))
  }
}
