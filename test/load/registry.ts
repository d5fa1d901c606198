// The workloads of services, health and DNS: what registers, lists, asks and waits on one durable
// agent, and a bare datagram server as their yardstick.
import { execFile, spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { within } from '../kit/within.ts'
import { call, type DurableAgent } from './durable-agent.ts'
import { type Figure, YARDSTICK_NAMES } from './figure.ts'
import { cpuUs } from './process.ts'
import type { Effort, Workload } from './rows.ts'
import { parkWatchers } from './watchers.ts'
import { type Outcome, wrk } from './wrk.ts'

export const SERVICE_WORKLOADS: readonly Workload[] = [names, lists, registrations, wakes]

interface Registration {
  readonly node: string
  readonly address: string
  readonly service: string
  readonly id: string
}

/** One instance with a tag and a check, as guides of services show them. */
async function register(agent: DurableAgent, { node, address, service, id }: Registration) {
  const body = JSON.stringify({
    Node: node,
    Address: address,
    Service: { ID: id, Service: service, Port: 8080, Tags: ['v1'] },
    Check: { CheckID: `check-${id}`, Name: 'up', Status: 'passing', ServiceID: id },
  })
  const request = { method: 'PUT', path: '/v1/catalog/register', body }
  const { status, text } = await call(agent.process, request)
  if (status !== 200) throw new Error(`a registration failed: ${status} ${text()}`)
}

/** Registrations that are under way at a time. */
const WAVE = 32

async function registerMany(agent: DurableAgent, service: string, count: number): Promise<void> {
  for (let first = 0; first < count; first += WAVE) {
    const size = Math.min(WAVE, count - first)
    const wave = Array.from({ length: size }, (_, i) => {
      const n = first + i
      const address = `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`
      return register(agent, { node: `${service}-n${n}`, address, service, id: `${service}-${n}` })
    })
    await Promise.all(wave)
  }
}

const FEW = 20
const MANY = 1_000

/** A server that sends back what it gets, with the bit of an answer set. */
const ECHO = `const { createSocket } = require('node:dgram')
const socket = createSocket({ type: 'udp4', recvBufferSize: 4 << 20 })
socket.on('message', (packet, from) => {
  packet[2] |= 0x80
  socket.send(packet, from.port, from.address)
})
socket.bind(0, '127.0.0.1', () => console.log(socket.address().port))`

interface Asked {
  readonly dir: string
  readonly port: number
  readonly seconds: number
  /** Questions a second; undefined: as many as are answered. */
  readonly rate?: number
}

interface Told {
  readonly rate: number
  readonly lost: number
  readonly count: number
}

/** The questions that clients of a busy service ask, by dnsperf. */
async function dnsperf({ dir, port, seconds, rate }: Asked): Promise<Told> {
  const file = join(dir, 'questions')
  await writeFile(file, 'web.service.consul A\n')
  const limit = rate === undefined ? [] : ['-Q', String(Math.floor(rate))]
  const load = ['-d', file, '-l', String(seconds), '-c', '8', '-T', '1', '-q', '100', '-e']
  const args = ['-s', '127.0.0.1', '-p', String(port), ...load, ...limit]
  const { stdout } = await promisify(execFile)('dnsperf', args)
  const number = (what: string) => Number(new RegExp(`${what}:\\s+([\\d.]+)`).exec(stdout)?.[1])
  return {
    rate: number('Queries per second'),
    lost: number('Queries lost'),
    count: number('Queries completed'),
  }
}

async function bareDatagrams(dir: string, seconds: number): Promise<number> {
  const child = spawn(process.execPath, ['-e', ECHO], { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    const port = await new Promise<number>((resolve, reject) => {
      createInterface({ input: child.stdout }).once('line', (line) => resolve(Number(line)))
      child.once('exit', () => reject(new Error('the bare server ended')))
    })
    await dnsperf({ dir, port, seconds: 1 }) // the compiler warms up
    return (await dnsperf({ dir, port, seconds })).rate
  } finally {
    child.kill('SIGKILL')
  }
}

async function names(agent: DurableAgent, { seconds }: Effort): Promise<Figure[]> {
  const { home, process } = agent
  await registerMany(agent, 'web', FEW)
  const port = Number(/dns 127\.0\.0\.1:(\d+)/.exec(process.output())?.[1])
  const asked = { dir: home.path, port, seconds }
  const echo = await bareDatagrams(home.path, seconds)
  await dnsperf({ ...asked, seconds: 1 })
  const before = await cpuUs(process.pid)
  const most = await dnsperf(asked)
  const cpu = ((await cpuUs(process.pid)) - before) / most.count
  const half = await dnsperf({ ...asked, rate: most.rate / 2 })
  return [
    { name: YARDSTICK_NAMES.D, unit: '/s', value: echo },
    { name: 'DNS, A of 20 instances', unit: '/s', value: most.rate, cpuUs: cpu },
    { name: 'DNS, questions lost at half that load', unit: '', value: half.lost },
  ]
}

interface Loaded extends Outcome {
  readonly cpu: number
}

async function loaded(
  { home, process }: DurableAgent,
  load: { readonly clients: number; readonly seconds: number; readonly lua: string },
): Promise<Loaded> {
  const run = (seconds: number) =>
    wrk({ dir: home.path, port: process.port, ...load, lua: load.lua, seconds })
  await run(1) // the compiler warms up
  const before = await cpuUs(process.pid)
  const outcome = await run(load.seconds)
  return { ...outcome, cpu: ((await cpuUs(process.pid)) - before) / outcome.requests }
}

const getOf = (path: string) => `request = function() return wrk.format("GET", "${path}") end`

async function lists(agent: DurableAgent, { seconds }: Effort): Promise<Figure[]> {
  await registerMany(agent, 'big', MANY)
  const health = (name: string) => getOf(`/v1/health/service/${name}?passing`)
  const few = await loaded(agent, { clients: 64, seconds, lua: health('web') })
  const many = await loaded(agent, { clients: 16, seconds, lua: health('big') })
  return [
    { name: 'health list of 20, 64 clients', unit: '/s', value: few.rate, cpuUs: few.cpu },
    { name: 'health list of 1,000, 16 clients', unit: '/s', value: many.rate, cpuUs: many.cpu },
  ]
}

/** The requests of test/bench: known services whose port changes with each registration. */
const CHANGED = {
  catalog: `local i = 0
request = function()
  i = i + 1
  local body = string.format('{"Node":"bulk","Address":"10.1.0.1","Service":{"Service":"b%d",' ..
    '"ID":"b%d","Port":%d}}', i % 500, i % 500, 1000 + i % 60000)
  return wrk.format("PUT", "/v1/catalog/register", nil, body)
end`,
  agent: `local i = 0
request = function()
  i = i + 1
  local body = string.format('{"Name":"l%d","Port":%d}', i % 200, 1000 + i % 60000)
  return wrk.format("PUT", "/v1/agent/service/register", nil, body)
end`,
}

/** The hardest: every request is of a node or an instance that was never seen, with a check. */
const UNIQUE = `local i = 0
local run = tostring(os.time()) .. tostring({}):sub(-6)
`
const NEW = {
  catalog: `${UNIQUE}request = function()
  i = i + 1
  local id = run .. "-" .. i
  local body = string.format('{"Node":"n%s","Address":"10.0.%d.%d","Service":{"ID":"w%s",' ..
    '"Service":"new","Port":8080,"Tags":["v1"]},"Check":{"CheckID":"c%s","Status":"passing",' ..
    '"ServiceID":"w%s"}}', id, (i / 250) % 250, i % 250, id, id, id)
  return wrk.format("PUT", "/v1/catalog/register", nil, body)
end`,
  agent: `${UNIQUE}request = function()
  i = i + 1
  local body = string.format('{"ID":"w%s-%d","Name":"own","Port":8080,' ..
    '"Check":{"TTL":"1h"}}', run, i)
  return wrk.format("PUT", "/v1/agent/service/register", nil, body)
end`,
}

async function registrations(agent: DurableAgent, { seconds }: Effort): Promise<Figure[]> {
  const figures: Figure[] = []
  for (const [requests, suffix] of [
    [CHANGED, ''],
    [NEW, ', all new'],
  ] as const) {
    const catalog = await loaded(agent, { clients: 32, seconds, lua: requests.catalog })
    const own = await loaded(agent, { clients: 8, seconds, lua: requests.agent })
    const row = (name: string, { rate, cpu }: Loaded): Figure => {
      return { name: `${name}${suffix}`, unit: '/s', value: rate, cpuUs: cpu }
    }
    figures.push(row('catalog register, 32 clients', catalog))
    figures.push(row('agent register, 8 clients', own))
  }
  return figures
}

const SERVICES = 1_000
const PARK_MS_MAX = 30_000
/** So long those who should sleep are watched doing so. */
const SLEEP_MS = 1_000

/** A thousand services with a watcher each: one of them changes. */
async function wakes(agent: DurableAgent, _effort: Effort): Promise<Figure[]> {
  for (let i = 0; i < SERVICES; i++) {
    await register(agent, { node: `s${i}`, address: '10.0.0.1', service: `s${i}`, id: `s${i}` })
  }
  const { port } = agent.process
  const parked = await Promise.all(
    Array.from({ length: SERVICES }, async (_, i) => {
      const path = `/v1/health/service/s${i}`
      const { index } = await call(agent.process, { method: 'GET', path })
      return parkWatchers({ port, path: `${path}?index=${index}&wait=300s`, count: 1 })
    }),
  )
  await within(PARK_MS_MAX, async () => (await gaugeOf(agent, 'lictor_http_pending')) >= SERVICES)
  const before = await gaugeOf(agent, 'lictor_woken')
  await register(agent, { node: 's7', address: '10.0.0.2', service: 's7', id: 's7' })
  await parked[7]?.answered()
  await pause(SLEEP_MS)
  const value = (await gaugeOf(agent, 'lictor_woken')) - before
  for (const one of parked) one.close()
  return [{ name: 'woken by a change of one of 1,000 services', unit: '', value }]
}

/** 0 for what was never counted. */
async function gaugeOf(agent: DurableAgent, name: string): Promise<number> {
  const request = { method: 'GET', path: '/v1/agent/metrics?format=prometheus' }
  const { text } = await call(agent.process, request)
  return Number(
    new RegExp(`^${name}(?:_total)?(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(text())?.[1] ?? 0,
  )
}
