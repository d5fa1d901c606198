// Agents that gossip: they find each other and agents of serf with Consul's tags, the leader keeps
// the catalog as the pool is, events reach all, keys are exchanged.
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type AgentProcess, startAgent } from '../kit/agent.ts'
import { run } from '../kit/cli.ts'
import { type Home, openHome } from '../kit/home.ts'
import { jq } from '../kit/jq.ts'
import { within } from '../kit/within.ts'
import { isHere, loopbackNet, serfMembers, startSerf, withStock } from './gossip/stock.ts'

const KEY = Buffer.alloc(32, 5).toString('base64')
const NEW_KEY = Buffer.alloc(16, 6).toString('base64')
const STATUS = ['none', 'alive', 'leaving', 'left', 'failed']

interface Pool {
  readonly home: Home
  readonly ip: (n: number) => string
  /** A dev agent with an address of its own. */
  agent(n: number, ...args: string[]): Promise<AgentProcess>
}

async function withPool(work: (pool: Pool) => Promise<void>): Promise<void> {
  const home = await openHome()
  const started: AgentProcess[] = []
  const ip = loopbackNet()
  const agent = async (n: number, ...args: string[]) => {
    const where = [`-node=node-${n}`, `-bind=${ip(n)}`, `-client=${ip(n)}`]
    const one = await startAgent(home, { args: ['-dev', ...where, '-log-level=warn', ...args] })
    started.push(one)
    return one
  }
  try {
    await work({ home, ip, agent })
  } finally {
    await Promise.all(started.map((one) => one.stop()))
    await home.close()
  }
}

async function get<T>(agent: AgentProcess, path: string): Promise<T> {
  const response = await fetch(agent.url(path), { headers: { connection: 'close' } })
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
  return (await response.json()) as T // as the endpoint is known
}

async function put(agent: AgentProcess, path: string, body?: string, method = 'PUT') {
  const headers = { connection: 'close' }
  const response = await fetch(agent.url(path), { method, headers, ...(body && { body }) })
  return { status: response.status, text: await response.text() }
}

/** `node-1:alive node-2:failed`, sorted. */
async function rosterOf(agent: AgentProcess): Promise<string> {
  const members = await get<{ Name: string; Status: number }[]>(agent, '/v1/agent/members')
  return members
    .map(({ Name, Status }) => `${Name}:${STATUS[Status]}`)
    .sort()
    .join(' ')
}

/** `node-1:passing node-2:critical`, sorted: what the catalog says of each agent. */
async function healthOf(agent: AgentProcess): Promise<string> {
  const checks = await get<{ Node: string; CheckID: string; Status: string }[]>(
    agent,
    '/v1/health/state/any',
  )
  return checks
    .filter(({ CheckID }) => CheckID === 'serfHealth')
    .map(({ Node, Status }) => `${Node}:${Status}`)
    .sort()
    .join(' ')
}

const until = (what: () => Promise<string>, wanted: string) =>
  within(
    15_000,
    async () => {
      const seen = await what()
      if (seen !== wanted) throw new Error(seen)
      return true
    },
    wanted,
  )

const pools = suite('pools of agents')

pools('two agents and a serf agent find each other, and the catalog follows', () =>
  withPool(async ({ home, ip, agent }) => {
    const first = await agent(1)
    const second = await agent(2, `-retry-join=${ip(1)}`)
    await until(() => rosterOf(first), 'node-1:alive node-2:alive')
    await until(() => rosterOf(second), 'node-1:alive node-2:alive')
    await until(() => healthOf(first), 'node-1:passing node-2:passing')
    const nodes = await get<{ Node: string; Address: string }[]>(first, '/v1/catalog/nodes')
    assert.is(nodes.find(({ Node }) => Node === 'node-2')?.Address, ip(2))
    const servers = await get<{ Node: string }[]>(first, '/v1/catalog/service/consul')
    assert.equal(servers.map(({ Node }) => Node).sort(), ['node-1', 'node-2'])

    await put(second, '/v1/event/fire/deploy', 'v1')
    const heard = async () => {
      const events = await get<{ Name: string; Payload: string }[]>(first, '/v1/event/list')
      return events.map(({ Name, Payload }) => `${Name}=${Buffer.from(Payload, 'base64')}`).join()
    }
    await until(heard, 'deploy=v1')
    await within(15_000, async () => {
      const points = await get<{ Node: string }[]>(first, '/v1/coordinate/nodes')
      return points.map(({ Node }) => Node).join() === 'node-1,node-2'
    })
    const address = [`-http-addr=${first.httpAddr}`]
    const rtt = await run(home, ['lictor', 'rtt', 'node-1', 'node-2', ...address])
    assert.match(rtt.stdout, /Estimated node-1 <-> node-2 rtt: [\d.]+ ms/)

    await second.end('SIGKILL')
    await until(() => rosterOf(first), 'node-1:alive node-2:failed')
    await until(() => healthOf(first), 'node-1:passing node-2:critical')
    assert.is((await put(first, '/v1/agent/force-leave/node-2')).status, 200)
    await until(() => rosterOf(first), 'node-1:alive node-2:left')
    await until(() => healthOf(first), 'node-1:passing')
    assert.is((await put(first, '/v1/agent/force-leave/node-2?prune')).status, 200)
    await until(() => rosterOf(first), 'node-1:alive')
    const nobody = await put(first, '/v1/agent/force-leave/none')
    assert.equal(nobody, { status: 500, text: "agent: No node found with name 'none'" })
  }),
)

pools('an agent that is told to leave has left, one that joins over the API is there', () =>
  withPool(async ({ ip, agent }) => {
    const [first, second] = [await agent(1), await agent(2)]
    assert.is((await put(first, `/v1/agent/join/${ip(1)}:8301`)).status, 200)
    assert.is((await put(first, `/v1/agent/join/${ip(2)}`)).status, 200)
    await until(() => rosterOf(second), 'node-1:alive node-2:alive')
    const refused = await put(first, `/v1/agent/join/${ip(3)}`)
    assert.is(refused.status, 500)
    assert.match(
      refused.text,
      /^1 error occurred:\n\t\* Failed to join 127.*: connection refused\n\n$/,
    )
    const strange = await put(first, '/v1/agent/join/no%20host')
    assert.match(strange.text, /^1 error occurred:\n\t\* Failed to resolve no host: /)
    await put(second, '/v1/agent/leave')
    await until(() => rosterOf(first), 'node-1:alive node-2:left')
    await until(() => healthOf(first), 'node-1:passing')
  }),
)

pools('where the port is held lictor takes another one, and consul says what to do', () =>
  withPool(async ({ home, ip, agent }) => {
    await agent(1)
    const where = [`-bind=${ip(1)}`, `-client=${ip(1)}`]
    const ports = ['-http-port=0', '-dns-port=0']
    const strict = await run(home, ['consul', 'agent', '-dev', ...where, ...ports])
    assert.is(strict.exit, 1)
    assert.match(strict.stderr, `cannot listen on ${ip(1)}:8301: address already in use`)
    assert.match(strict.stderr, /consul agent \.\.\. -serf-lan-port=\d+ +use another port/)
    const second = await startAgent(home, { args: ['-dev', '-node=other', ...where] })
    try {
      const [self] = await get<{ Port: number }[]>(second, '/v1/agent/members')
      assert.ok((self?.Port ?? 0) > 0 && self?.Port !== 8301)
    } finally {
      await second.stop()
    }
  }),
)

pools('an agent of another datacenter is no member', () =>
  withPool(async ({ ip, agent }) => {
    const [first, second] = [await agent(1), await agent(2, '-datacenter=dc2')]
    const { status, text } = await put(second, `/v1/agent/join/${ip(1)}`)
    assert.is(status, 500)
    assert.match(text, "Member 'node-1' part of wrong datacenter 'dc1'")
    assert.is(await rosterOf(first), 'node-1:alive')
    assert.is(await rosterOf(second), 'node-2:alive')
  }),
)

pools('a durable agent comes back to its pool, with the ring that it kept', () =>
  withPool(async ({ home, ip, agent }) => {
    const first = await agent(1, `-encrypt=${KEY}`)
    const dir = join(home.path, 'tmp/data')
    const durable = () => {
      const where = [`-bind=${ip(2)}`, `-client=${ip(2)}`, '-node=node-2', `-data-dir=${dir}`]
      const args = ['-server', '-bootstrap', ...where, '-log-level=warn', `-encrypt=${KEY}`]
      return startAgent(home, { args })
    }
    const second = await durable()
    try {
      await put(second, `/v1/agent/join/${ip(1)}`)
      await until(() => rosterOf(first), 'node-1:alive node-2:alive')
      const body = JSON.stringify({ Key: NEW_KEY })
      for (const method of ['POST', 'PUT']) await put(first, '/v1/operator/keyring', body, method)
      await put(first, '/v1/operator/keyring', JSON.stringify({ Key: KEY }), 'DELETE')
    } finally {
      await second.end('SIGKILL')
    }
    await until(() => rosterOf(first), 'node-1:alive node-2:failed')
    const again = await durable()
    try {
      await until(() => rosterOf(again), 'node-1:alive node-2:alive')
      await until(() => rosterOf(first), 'node-1:alive node-2:alive')
    } finally {
      await again.stop()
    }
  }),
)

pools('keys are listed, installed, used and removed on all agents', () =>
  withPool(async ({ home, ip, agent }) => {
    const first = await agent(1, `-encrypt=${KEY}`)
    await agent(2, `-encrypt=${KEY}`, `-retry-join=${ip(1)}`)
    await until(() => rosterOf(first), 'node-1:alive node-2:alive')
    const ring = async () => {
      const reports = await get<{ WAN: boolean; Keys: object }[]>(first, '/v1/operator/keyring')
      return JSON.stringify(reports.map(({ WAN, Keys }) => [WAN, Keys]))
    }
    assert.is(
      await ring(),
      JSON.stringify([
        [true, { [KEY]: 1 }],
        [false, { [KEY]: 2 }],
      ]),
    )
    const body = JSON.stringify({ Key: NEW_KEY })
    const early = await put(first, '/v1/operator/keyring', body)
    assert.is(early.status, 500)
    assert.match(early.text, 'dc1 (LAN) error: 2/2 nodes reported failure\n\t* node-')
    assert.match(early.text, 'node-2: Requested key is not in the keyring\n')
    for (const method of ['POST', 'PUT'])
      assert.equal(await put(first, '/v1/operator/keyring', body, method), {
        status: 200,
        text: '',
      })
    const old = JSON.stringify({ Key: KEY })
    assert.is((await put(first, '/v1/operator/keyring', old, 'DELETE')).status, 200)
    assert.is(
      await ring(),
      JSON.stringify([
        [true, { [NEW_KEY]: 1 }],
        [false, { [NEW_KEY]: 2 }],
      ]),
    )
    const words = ['lictor', 'keyring', '-list', `-http-addr=${first.httpAddr}`]
    const shown = await run(home, words)
    assert.match(shown.stdout, `dc1 (LAN):\n  ${NEW_KEY} [2/2]\n`)
    const json = (await run(home, [...words, '-json'])).stdout
    assert.is(await jq(json, `.[1].Keys["${NEW_KEY}"]`), '2')
    const without = await agent(3)
    const { status } = await put(without, `/v1/agent/join/${ip(1)}`)
    assert.is(status, 500)
    assert.is(await rosterOf(first), 'node-1:alive node-2:alive')
  }),
)

if (isHere('serf', ['version'], 'a pool of agents and serf needs serf (apt-get install serf)'))
  pools('a serf agent with the tags of a client is a client, and shows what agents are', () =>
    withPool(({ ip, agent }) =>
      withStock(async (stock) => {
        const first = await agent(1)
        const tags = {
          dc: 'dc1',
          role: 'node',
          id: '00000000-0000-0000-0000-00000000000a',
          build: '1.21.4:',
          vsn: '2',
          segment: '',
        }
        const flags = Object.entries(tags).map(([name, value]) => `-tag=${name}=${value}`)
        const serf = await startSerf(stock, { name: 'client', ip: ip(9), flags })
        await serf.rpc('join', `${ip(1)}:8301`)
        await until(() => rosterOf(first), 'client:alive node-1:alive')
        await until(() => healthOf(first), 'client:passing node-1:passing')
        const shown = (await serfMembers(serf)).find(({ name }) => name === 'node-1')
        assert.is(shown?.tags['role'], 'consul')
        assert.is(shown?.tags['dc'], 'dc1')
        assert.equal(shown?.protocol, { max: 5, min: 2, version: 4 })
        await serf.rpc('leave')
        await until(() => rosterOf(first), 'client:left node-1:alive')
        await until(() => healthOf(first), 'node-1:passing')
      }),
    ),
  )

pools.run()
