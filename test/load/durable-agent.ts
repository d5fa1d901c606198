// One durable agent, as a user would start it, with the connection limit raised for thousands of
// watchers from one address.
import { writeFile } from 'node:fs/promises'
import http from 'node:http'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { type AgentProcess, startAgent } from '../kit/agent.ts'
import { type Home, openHome } from '../kit/home.ts'

export interface DurableAgent {
  readonly home: Home
  readonly process: AgentProcess
  /** From exec to the ready line. */
  readonly readyMs: number
  close(): Promise<void>
}

const CONNECTIONS_MAX = 15_000

export async function openDurableAgent(): Promise<DurableAgent> {
  const home = await openHome()
  const file = join(home.path, 'agent.json')
  const limits = { http_max_conns_per_client: CONNECTIONS_MAX }
  await writeFile(file, JSON.stringify({ limits, log_level: 'warn', bind_addr: '127.0.0.1' }))
  const args = ['-server', '-bootstrap', '-data-dir=./data', `-config-file=${file}`]
  const from = performance.now()
  const process = await startAgent(home, { args })
  const readyMs = performance.now() - from
  const close = async () => {
    await process.end('SIGKILL')
    await home.close()
  }
  return { home, process, readyMs, close }
}

export interface Answer {
  readonly status: number
  readonly index: string
  text(): string
}

const keepAlive = new http.Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY })

/** A request over connections that are kept. */
export function call(
  { port }: AgentProcess,
  request: { method: string; path: string; body?: string },
): Promise<Answer> {
  const { method, path, body } = request
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, method, path, agent: keepAlive }
    const sent = http.request(options, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => {
        const index = String(response.headers['x-consul-index'] ?? '')
        const status = response.statusCode ?? 0
        // Decoded for those who read it: the time of the agent is measured, not that of the client.
        resolve({ status, index, text: () => Buffer.concat(chunks).toString() })
      })
    })
    sent.on('error', reject)
    sent.end(body)
  })
}
