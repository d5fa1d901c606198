// A real member of a gossip pool, a process of its own on a port that the kernel chose, on the
// loopback. It keeps nothing, unless told so.
import { type ChildProcess, spawn } from 'node:child_process'
import type { Home } from './home.ts'
import { before } from './within.ts'

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

const READY_MS = 15_000
const STOP_MS = 20_000
const READY = / ready: \S+ at (?<address>\S+:\d+) /
const GOSSIP_PORT = 7946

export async function startSwimnode(
  home: Home,
  { name, args = [], ip, keeps = false, env = {} }: SwimnodeOptions,
): Promise<SwimnodeProcess> {
  const where = ip === undefined ? ['127.0.0.1', 0] : [ip, GOSSIP_PORT]
  const own = [`--name=${name}`, `--bind=${where[0]}`, `--port=${where[1]}`]
  const child = spawn(
    home.program('swimnode'),
    [...own, ...(keeps ? [] : ['--ephemeral']), ...args],
    { cwd: home.work, env: { ...home.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  const said: string[] = []
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => said.push(chunk.toString()))
  const output = () => said.join('')
  const ended = new Promise<number | string>((resolve) =>
    child.once('exit', (code, signal) => resolve(code ?? signal ?? '')),
  )
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal)
    return before(STOP_MS, () => ended, `the end after ${signal}`)
  }
  try {
    const address = await before(READY_MS, () => readyOf(child, output), 'ready')
    return {
      name,
      pid: child.pid ?? 0,
      address,
      output,
      signal: (signal) => void child.kill(signal),
      end,
      stop: async () => {
        child.kill('SIGCONT')
        if (child.exitCode === null && child.signalCode === null) await end('SIGKILL')
      },
    }
  } catch (cause) {
    child.kill('SIGKILL')
    throw new Error(`${name} did not start:\n${output()}`, { cause })
  }
}

function readyOf(child: ChildProcess, output: () => string): Promise<string> {
  return new Promise((resolve, reject) => {
    child.stderr?.on('data', () => {
      const address = READY.exec(output())?.groups?.['address']
      if (address !== undefined) resolve(address)
    })
    child.once('error', reject)
    child.once('exit', (code, signal) => reject(new Error(`it ended with ${code ?? signal}`)))
  })
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
