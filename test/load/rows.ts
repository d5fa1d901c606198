// The workloads on one durable agent: each gives the figures of its rows.
import { performance } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { within } from '../kit/within.ts'
import { call, type DurableAgent } from './durable-agent.ts'
import { type Figure, median, YARDSTICK_NAMES } from './figure.ts'
import { cpuUs, residentKiB } from './process.ts'
import { type Parked, parkWatchers } from './watchers.ts'
import { GETS, type Outcome, PUTS, wrk } from './wrk.ts'
import { measureStarts } from './yardsticks.ts'

export interface Effort {
  readonly seconds: number
  readonly watchers: number
}

export type Workload = (agent: DurableAgent, effort: Effort) => Promise<Figure[]>

export const WORKLOADS: readonly Workload[] = [ready, puts, gets, list, terminal, wake]
/** On an agent of its own: what others leave on the heap would hide what this one takes. */
export const ALONE: Workload = memory

async function ready({ readyMs, process }: DurableAgent): Promise<Figure[]> {
  return [
    { name: 'agent ready after exec', unit: 'ms', value: readyMs },
    {
      name: 'memory of an idle agent',
      unit: 'MiB',
      value: (await residentKiB(process.pid)) / 1024,
    },
  ]
}

/** Loads the agent, and counts the processor time that each request took of it. */
async function loaded(
  { home, process }: DurableAgent,
  load: { clients: number; seconds: number; lua: string },
): Promise<Outcome & { cpu: number }> {
  const before = await cpuUs(process.pid)
  const outcome = await wrk({ dir: home.path, port: process.port, ...load })
  return { ...outcome, cpu: ((await cpuUs(process.pid)) - before) / outcome.requests }
}

async function puts(agent: DurableAgent, { seconds }: Effort): Promise<Figure[]> {
  await loaded(agent, { clients: 64, seconds: 1, lua: PUTS }) // the compiler warms up
  const one = await loaded(agent, { clients: 1, seconds, lua: PUTS })
  const many = await loaded(agent, { clients: 64, seconds, lua: PUTS })
  return [
    { name: 'put, 1 client, p50', unit: 'ms', value: one.p50Ms, cpuUs: one.cpu },
    { name: 'put, 1 client', unit: '/s', value: one.rate },
    { name: 'put, 64 clients', unit: '/s', value: many.rate, cpuUs: many.cpu },
    { name: 'put, 64 clients, p99', unit: 'ms', value: many.p99Ms },
  ]
}

const KEYS = 10_000
const OPERATIONS_PER_TXN = 50
const VALUE = 'x'.repeat(128)

/** Every key of the benches, so that no get misses and no list is short. */
async function fill({ process }: DurableAgent): Promise<void> {
  const value = Buffer.from(VALUE).toString('base64')
  for (let first = 1; first <= KEYS; first += OPERATIONS_PER_TXN) {
    const operations = Array.from({ length: OPERATIONS_PER_TXN }, (_, i) => ({
      KV: { Verb: 'set', Key: `bench/${first + i}`, Value: value },
    }))
    const body = JSON.stringify(operations)
    const { status, text } = await call(process, { method: 'PUT', path: '/v1/txn', body })
    if (status !== 200) throw new Error(`a transaction failed: ${status} ${text()}`)
  }
}

async function gets(agent: DurableAgent, { seconds }: Effort): Promise<Figure[]> {
  await fill(agent)
  await loaded(agent, { clients: 64, seconds: 1, lua: GETS })
  const many = await loaded(agent, { clients: 64, seconds, lua: GETS })
  return [
    { name: 'get, 64 clients', unit: '/s', value: many.rate, cpuUs: many.cpu },
    { name: 'get, 64 clients, p99', unit: 'ms', value: many.p99Ms },
  ]
}

const LISTS = 21

async function list({ process }: DurableAgent): Promise<Figure[]> {
  const all = () => call(process, { method: 'GET', path: '/v1/kv/bench/?recurse' })
  /** From then on the agent cannot send what it sent before. */
  const change = (n: number) =>
    call(process, { method: 'PUT', path: `/v1/kv/bench/${n}`, body: VALUE })
  const time = async (): Promise<number> => {
    const from = performance.now()
    await all()
    return performance.now() - from
  }
  const found: unknown = JSON.parse((await all()).text())
  if (Array.isArray(found) && found.length !== KEYS) throw new Error('the list is not whole')
  const times: number[] = []
  for (let n = 1; n <= 2 * LISTS; n++) {
    await change(n)
    const ms = await time()
    if (n > LISTS) times.push(ms) // before that, the compiler warms up
  }
  const same: number[] = []
  for (let n = 0; n < LISTS; n++) same.push(await time())
  return [
    { name: '10,000 keys recursively', unit: 'ms', value: median(times) },
    { name: '10,000 keys, none of them changed', unit: 'ms', value: median(same) },
  ]
}

async function terminal({ home, process }: DurableAgent): Promise<Figure[]> {
  const env = { ...home.env, CONSUL_HTTP_ADDR: process.httpAddr }
  const args = ['kv', 'get', 'bench/1']
  const { node, ours } = await measureStarts({ file: home.program('lictor'), args, env })
  return [
    { name: YARDSTICK_NAMES.N, unit: 'ms', value: node },
    { name: 'kv get, start to end', unit: 'ms', value: ours },
  ]
}

const WATCHED = '/v1/kv/watched'
const SETTLE_MS = 1000
const PARK_MS_MAX = 60_000

/** Parks all watchers at one key. */
async function park({ process }: DurableAgent, count: number): Promise<Parked> {
  const key = { path: WATCHED }
  await call(process, { ...key, method: 'PUT', body: '0' })
  const { index } = await call(process, { ...key, method: 'GET' })
  const path = `${key.path}?index=${index}&wait=120s`
  const parked = await parkWatchers({ port: process.port, path, count })
  await within(PARK_MS_MAX, () => parked.open() === count, 'every watcher parked')
  await pause(SETTLE_MS)
  return parked
}

async function memory(agent: DurableAgent, { watchers: count }: Effort): Promise<Figure[]> {
  const first = await park(agent, 1)
  first.close()
  const before = await residentKiB(agent.process.pid)
  const parked = await park(agent, count)
  const value = ((await residentKiB(agent.process.pid)) - before) / count
  parked.close()
  return [{ name: 'memory of a parked query', unit: 'KiB', value }]
}

async function wake(agent: DurableAgent, { watchers: count }: Effort): Promise<Figure[]> {
  const parked = await park(agent, count)
  const from = performance.now()
  await call(agent.process, { path: WATCHED, method: 'PUT', body: '1' })
  const times = (await parked.answered()).map((at) => at - from)
  parked.close()
  return [
    { name: 'all watchers of one key woken', unit: 'ms', value: Math.max(...times) },
    { name: 'half of the watchers woken', unit: 'ms', value: median(times) },
  ]
}
