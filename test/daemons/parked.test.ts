// Ten thousand blocking queries at one agent: what each costs, that all are woken, and that nothing
// stays of those whose clients leave.
import { readFile } from 'node:fs/promises'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { withTemp } from '../kit/tmp.ts'
import { within } from '../kit/within.ts'
import { type AgentProcess, withAgent } from './agent-process.ts'
import { get, openRaw, put, type RawClient } from './raw-client.ts'

const parked = suite('parked')

const COUNT = 10_000
/**
 * An agent with so few files has some left for clients, but not many: its modules are in as many
 * files, which are read at once when it is not bundled.
 */
const FILES_FEW = 800
/** So many large values that the log begins a new file. */
const ROTATING = 150
/** Connections opened at once: fewer than the kernel keeps in its queue. */
const BATCH = 200
/** Socket, request and parked query together. */
const BYTES_EACH_MAX = 20 * 1024

async function residentBytes({ child }: AgentProcess): Promise<number> {
  const status = await readFile(`/proc/${child.pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024
}

/** A gauge as the agent shows it; it looks every five seconds. */
async function gauge(port: number, name: string): Promise<number | undefined> {
  const response = await fetch(`http://127.0.0.1:${port}/v1/agent/metrics`)
  const { Gauges } = (await response.json()) as { Gauges: { Name: string; Value: number }[] }
  return Gauges.find((gauge) => gauge.Name === name)?.Value
}

async function parkAll(port: number, path: string): Promise<RawClient[]> {
  const clients: RawClient[] = []
  while (clients.length < COUNT) {
    const batch = Array.from({ length: BATCH }, () => openRaw(port))
    for (const client of await Promise.all(batch)) {
      client.send(get(path))
      clients.push(client)
    }
  }
  return clients
}

parked('10,000 queries wait cheaply, are all woken, and leave nothing behind', () =>
  withTemp(async (dir) => {
    const limit = `-hcl=limits = { http_max_conns_per_client = ${2 * COUNT} }`
    const args = ['-dev', '-http-port=0', '-dns-port=0', '-log-level=error', limit]
    await withAgent({ dir, args, env: { AGENT_PROFILE: 'lictor' } }, async (agent) => {
      const port = await agent.port()
      const own = await openRaw(port)
      own.send(put('/v1/kv/watched', 'old'))
      await own.until(/true\n?$/)
      own.send(get('/v1/kv/watched'))
      const [, index] = /X-Consul-Index: (\d+)/.exec(await own.until(/X-Consul-Index: \d+/)) ?? []
      const path = `/v1/kv/watched?index=${index}&wait=10m`

      const before = await residentBytes(agent)
      const clients = await parkAll(port, path)
      const count = () => gauge(port, 'lictor.parked')
      await within(20_000, async () => (await count()) === COUNT, 'all parked')
      const each = ((await residentBytes(agent)) - before) / COUNT
      assert.ok(each < BYTES_EACH_MAX, `${Math.round(each)} bytes each`)

      const leaving = clients.filter((_, n) => n % 2 === 0)
      for (const [n, client] of leaving.entries()) {
        if (n % 2 === 0) client.vanish()
        else client.socket.destroy()
      }
      await within(20_000, async () => (await count()) === COUNT / 2, 'half of them parked')
      assert.is(await gauge(port, 'lictor.http.pending'), COUNT / 2)
      assert.is(await gauge(port, 'lictor.http.abandoned'), COUNT / 2)

      own.send(put('/v1/kv/watched', 'new'))
      const waiting = clients.filter((client) => !client.socket.destroyed)
      const isWoken = (client: RawClient) => client.received().includes('bmV3')
      await within(20_000, () => waiting.every(isWoken), 'all others woken')
      for (const { socket } of clients) socket.destroy()
      own.socket.destroy()
    })
  }),
)

parked('clients cannot take the files that the disk needs', () =>
  withTemp(async (dir) => {
    const limits = '-hcl=limits = { http_max_conns_per_client = 1000 }'
    const alone = ['-server', '-bootstrap', `-data-dir=${dir}/data`]
    const args = [...alone, '-http-port=0', '-dns-port=-1', '-log-level=error', limits]
    const env = { AGENT_PROFILE: 'lictor' }
    await withAgent({ dir, args, env, filesMax: FILES_FEW }, async (agent) => {
      const port = await agent.port()
      const own = await openRaw(port)
      const others: RawClient[] = []
      while (others.length < FILES_FEW) others.push(await openRaw(port))
      await within(
        5_000,
        () => others.some(({ socket }) => socket.readableEnded),
        'one was refused',
      )
      const value = 'x'.repeat(500_000)
      for (let n = 0; n < ROTATING; n++) {
        own.send(put(`/v1/kv/${n}`, value))
        await within(10_000, () => own.received().split('\r\n\r\ntrue').length === n + 2)
      }
      for (const { socket } of [own, ...others]) socket.destroy()
      assert.is(agent.child.exitCode, null)
    })
  }),
)

parked.run()
