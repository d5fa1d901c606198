// A real agent, a process of its own on ports that the kernel chose. Ready when this resolves; gone
// when the home is closed is not enough: stop it or kill it.
import { type ChildProcess, spawn } from 'node:child_process'
import type { Home } from './home.ts'
import { before } from './within.ts'

export interface AgentOptions {
  /** The name it is called by. */
  readonly program?: string
  /** Behind `agent`; `-dev` unless given. The port of HTTP is 0 in any case. */
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly readyMs?: number
}

export interface AgentProcess {
  readonly pid: number
  /** `127.0.0.1:PORT`, as CONSUL_HTTP_ADDR wants it. */
  readonly httpAddr: string
  readonly port: number
  /** The address of an endpoint: `/v1/kv/a`. */
  url(path: string): string
  /** What it has said so far. */
  output(): string
  /** Sends a signal and waits for the end: the exit code, or the signal's name. */
  end(signal: NodeJS.Signals): Promise<number | string>
  /** Polite, and no failure when it has ended already. */
  stop(): Promise<void>
}

const READY_MS = 15_000
const STOP_MS = 15_000
const READY = /^\S+ agent ready: (?:.*\s)?http (?<address>[\d.]+:(?<port>\d+))/m

export async function startAgent(home: Home, options: AgentOptions = {}): Promise<AgentProcess> {
  const given = options.args ?? ['-dev']
  // An address of its own has ports of its own.
  const lan = given.some((arg) => arg.startsWith('-bind=')) ? [] : ['-serf-lan-port=0']
  const args = ['agent', ...given, '-http-port=0', '-dns-port=0', ...lan]
  const child = spawn(home.program(options.program ?? 'lictor'), args, {
    cwd: home.work,
    env: { ...home.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said: string[] = []
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => said.push(chunk.toString()))
  }
  const output = () => said.join('')
  const ended = endOf(child)
  try {
    const ready = await before(options.readyMs ?? READY_MS, () => readyOf(child, output), 'ready')
    const end = async (signal: NodeJS.Signals) => {
      child.kill(signal)
      return before(STOP_MS, () => ended, `the end after ${signal}`)
    }
    const stop = async () => {
      if (child.exitCode === null && child.signalCode === null) await end('SIGTERM')
    }
    return {
      pid: child.pid ?? 0,
      httpAddr: ready.address,
      port: ready.port,
      url: (path) => `http://${ready.address}${path}`,
      output,
      end,
      stop,
    }
  } catch (cause) {
    child.kill('SIGKILL')
    throw new Error(`the agent did not start:\n${output()}`, { cause })
  }
}

const endOf = (child: ChildProcess): Promise<number | string> =>
  new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal ?? '')))

interface Ready {
  readonly address: string
  readonly port: number
}

function readyOf(child: ChildProcess, output: () => string): Promise<Ready> {
  return new Promise((resolve, reject) => {
    const look = () => {
      const { address, port } = READY.exec(output())?.groups ?? {}
      if (address !== undefined) resolve({ address, port: Number(port) })
    }
    child.stderr?.on('data', look)
    child.once('error', reject)
    child.once('exit', (code, signal) => reject(new Error(`it ended with ${code ?? signal}`)))
  })
}
