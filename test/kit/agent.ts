// A real agent, a process of its own on ports that the kernel chose.
import { startDaemon } from './daemon.ts'
import type { Home } from './home.ts'

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

const READY = /^\S+ agent ready: (?:.*\s)?http (?<address>[\d.]+:(?<port>\d+))/m

export async function startAgent(home: Home, options: AgentOptions = {}): Promise<AgentProcess> {
  const { program = 'lictor', env = {}, readyMs } = options
  const given = options.args ?? ['-dev']
  // An address of its own has ports of its own.
  const lan = given.some((arg) => arg.startsWith('-bind=')) ? [] : ['-serf-lan-port=0']
  const args = ['agent', ...given, '-http-port=0', '-dns-port=0', ...lan]
  const start = { program, args, env, ready: READY, ...(readyMs !== undefined && { readyMs }) }
  const { pid, told, output, end, isRunning } = await startDaemon(home, start)
  const { address = '', port } = told
  return {
    pid,
    httpAddr: address,
    port: Number(port),
    url: (path) => `http://${address}${path}`,
    output,
    end,
    stop: async () => {
      if (isRunning()) await end('SIGTERM')
    },
  }
}
