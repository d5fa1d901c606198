// `lictor/testing`: an agent inside the process of a test, with a port that the kernel chose,
// nothing on disk and no timers left behind. What it answers is what the program answers: the same
// parts.
/// <reference lib="esnext.disposable" preserve="true" />
import { utf8 } from '../core/bytes.ts'
import type { AgentConfig } from '../core/config/agent-config.ts'
import type { Response } from '../core/route/request.ts'
import { type RunningAgent, startAgent } from './agent-parts.ts'
import { readClock } from './runtime/clock.ts'
import { loadConfig } from './runtime/config.ts'
import { createLog } from './runtime/log.ts'

export interface DevAgentOptions {
  /** Keys and values that are there from the start, and again after each reset. */
  readonly kv?: Readonly<Record<string, string | Uint8Array>>
  /** Settings as in a configuration file: `{ limits: { kv_max_value_size: 100 } }`. */
  readonly config?: Readonly<Record<string, unknown>>
  /** Where the log goes; without it nothing is printed. */
  readonly log?: (line: string) => void
}

export interface DevAgent extends AsyncDisposable {
  /** `127.0.0.1:34567`, what CONSUL_HTTP_ADDR wants. */
  readonly httpAddr: string
  /** `http://127.0.0.1:34567` */
  readonly url: string
  /** For a child process: `{ ...process.env, ...agent.env }`. */
  readonly env: Readonly<Record<string, string>>
  /** Back to the state of the start. Connections whose request waits for an answer are closed. */
  reset(): Promise<void>
  /** Closes every connection and the port. */
  stop(): Promise<void>
}

/** Resolves when the agent answers. Rejects when the configuration is refused. */
export async function startDevAgent(options: DevAgentOptions = {}): Promise<DevAgent> {
  const config = configOf(options)
  const log = createLog({ ...config.log, wall: () => readClock().wall })
  if (options.log !== undefined) log.sinks.push(options.log)
  const { value: agent, stop } = await startAgent({
    config,
    log,
    gossip: 'off',
    reload: async () => ({}),
    onLeave: () => undefined,
    onFatal: (error) => {
      throw error
    },
  })
  await seed(agent, options)
  const httpAddr = addressOf(agent.config)
  return {
    httpAddr,
    url: `http://${httpAddr}`,
    env: { CONSUL_HTTP_ADDR: httpAddr, LICTOR_HTTP_ADDR: httpAddr },
    reset: async () => {
      await agent.reset()
      await seed(agent, options)
    },
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

function configOf({ config = {} }: DevAgentOptions): AgentConfig {
  const settings = Object.entries(config).map(([name, value]) => `-hcl=${name} = ${hclOf(value)}`)
  const argv = ['-dev', '-http-port=0', '-dns-port=0', ...settings]
  const loaded = loadConfig({ profile: 'lictor', argv })
  if (!loaded.ok) throw new Error(loaded.message)
  return loaded.config
}

/** JSON with the equals signs of HCL. */
function hclOf(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(hclOf).join(', ')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const fields = Object.entries(value).map(
    ([name, inner]) => `${JSON.stringify(name)} = ${hclOf(inner)}`,
  )
  return `{\n${fields.join('\n')}\n}`
}

function addressOf({ http }: AgentConfig): string {
  for (const address of http) {
    if (address.type === 'tcp') return `${address.host}:${address.port}`
  }
  throw new Error('an agent for tests listens on TCP')
}

async function seed(agent: RunningAgent, { kv = {} }: DevAgentOptions): Promise<void> {
  const writes = Object.entries(kv).map(([key, value]) =>
    agent.ask({
      method: 'PUT',
      path: `/v1/kv/${encodeURIComponent(key)}`,
      body: bytesOf(key, value),
    }),
  )
  for (const response of await Promise.all(writes)) checkSeeded(response)
}

/** Types do not hold for tests in plain JavaScript. */
function bytesOf(key: string, value: unknown): Uint8Array {
  if (typeof value === 'string') return utf8(value)
  if (value instanceof Uint8Array) return value
  throw new TypeError(`kv: the value of ${JSON.stringify(key)} is neither a string nor bytes`)
}

function checkSeeded({ status, body }: Response): void {
  if (status !== 200) throw new Error(`the agent refused a key: ${status} ${String(body)}`)
}
