// A majority is gone for good: real servers that are started over by a peers.json in their folder.
import { access, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { startAgent } from '../kit/agent.ts'
import { type Ran, run } from '../kit/cli.ts'
import { type Home, withHome } from '../kit/home.ts'
import {
  callNode,
  killNode,
  leaderOf,
  type NodeProcess,
  type RaftCluster,
  reportOf,
  startCluster,
  startNode,
  stopCluster,
} from '../kit/raftnodes.ts'
import { before, within } from '../kit/within.ts'

const recovery = suite('recovery')
const DEADLINE_MS = 60_000

const fact = (name: string, check: (home: Home) => Promise<void>) =>
  recovery(name, () => before(DEADLINE_MS, () => withHome(check), name))

const withCluster = (name: string, check: (cluster: RaftCluster) => Promise<void>) =>
  fact(name, async (home) => {
    const cluster = await startCluster(home)
    try {
      await check(cluster)
    } finally {
      await stopCluster(cluster)
    }
  })

const folderOf = ({ home }: RaftCluster, id: string) => join(home.work, `.lictor/raftnode-${id}`)
const peersFile = (cluster: RaftCluster, id: string) => join(folderOf(cluster, id), 'peers.json')

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )

async function apply(node: NodeProcess, body: string): Promise<void> {
  const answer = await callNode({ port: node.port, method: 'PUT', path: '/v1/apply', body })
  assert.is(answer.status, 200, answer.text)
}

async function valueAt(node: NodeProcess, key: string): Promise<unknown> {
  const { text } = await callNode({ port: node.port, method: 'GET', path: `/v1/get?key=${key}` })
  return JSON.parse(text).value
}

/** Two of three are lost, with all that they had. */
async function loseTwo(cluster: RaftCluster): Promise<string> {
  const left = await leaderOf(cluster)
  for (const id of [...cluster.nodes.keys()]) await killNode(cluster, id)
  for (const id of cluster.addresses.keys())
    if (id !== left.id) await rm(folderOf(cluster, id), { recursive: true })
  return left.id
}

const peersOf = ({ addresses }: RaftCluster, ...ids: readonly string[]): string =>
  JSON.stringify(ids.map((id) => ({ id, address: addresses.get(id), non_voter: false })))

async function startOver(cluster: RaftCluster, id: string): Promise<NodeProcess> {
  await writeFile(peersFile(cluster, id), peersOf(cluster, id))
  const node = await startNode(cluster, id)
  await within(15_000, async () => (await reportOf(node)).role === 'leader', 'it leads alone')
  return node
}

withCluster('the last of three is started over, and has all that it had', async (cluster) => {
  const leader = await leaderOf(cluster)
  for (let i = 0; i < 20; i++) await apply(leader, `SET k = ${i}`)
  const id = await loseTwo(cluster)
  const node = await startOver(cluster, id)
  assert.not(await isThere(peersFile(cluster, id)))
  assert.is(await valueAt(node, 'k'), '19')
  await apply(node, 'SET k = after')
  const { servers } = await reportOf(node)
  assert.equal(
    servers.map((server) => server.id),
    [id],
  )
  await killNode(cluster, id)
  const again = await startNode(cluster, id)
  await within(15_000, async () => (await reportOf(again)).role === 'leader', 'it leads again')
  assert.is(await valueAt(again, 'k'), 'after')
})

withCluster(
  'a server without entries behind its snapshot is started over, too',
  async (cluster) => {
    const leader = await leaderOf(cluster)
    await apply(leader, 'SET k = v')
    const { port } = leader
    const saved = await callNode({ port, method: 'PUT', path: '/v1/snapshot' })
    assert.is(saved.status, 200, saved.text)
    const id = await loseTwo(cluster)
    assert.is((await readdir(join(folderOf(cluster, id), 'snapshots'))).length, 1)
    const node = await startOver(cluster, id)
    assert.is(await valueAt(node, 'k'), 'v')
    assert.is((await reportOf(node)).servers.length, 1)
  },
)

withCluster('two of three that are left agree, each by the same file', async (cluster) => {
  await apply(await leaderOf(cluster), 'SET k = v')
  for (const id of [...cluster.nodes.keys()]) await killNode(cluster, id)
  for (const id of ['1', '2']) await writeFile(peersFile(cluster, id), peersOf(cluster, '1', '2'))
  await Promise.all(['1', '2'].map((id) => startNode(cluster, id)))
  const leader = await leaderOf(cluster)
  await apply(leader, 'SET l = w')
  assert.is(await valueAt(leader, 'k'), 'v')
  assert.is((await reportOf(leader)).servers.length, 2)
})

const startRefused = (cluster: RaftCluster, id: string): Promise<Ran> =>
  run(cluster.home, ['raftnode', `--id=${id}`, '--peers=...'])

withCluster('a file that makes no sense stops the start, and stays', async (cluster) => {
  for (const id of [...cluster.nodes.keys()]) await killNode(cluster, id)
  const own = cluster.addresses.get('1')
  const cases: [string, RegExp][] = [
    ['[{"id": ', /raftnode-1\/peers\.json cannot be followed: it is no JSON/],
    [`["${own}"]`, /is no \{"id", "address", "non_voter"\}/],
    [`[{"id":"1","address":"${own}","non_voter":true}]`, /no voter would be left/],
    [peersOf(cluster, '2'), /this server, 1, is not among them/],
    ['[{"id":"1","address":"localhost:1"}]', /this server is at localhost:\d+, and not at/],
  ]
  for (const [text, why] of cases) {
    await writeFile(peersFile(cluster, '1'), text)
    const { exit, stderr } = await startRefused(cluster, '1')
    assert.is(exit, 2, stderr)
    assert.match(stderr, why)
    assert.match(stderr, /next: it is a list of the servers that are left/)
    assert.is(await readFile(peersFile(cluster, '1'), 'utf8'), text)
  }
})

withCluster('a folder that holds nothing is not taken for used afterwards', async (cluster) => {
  for (const id of [...cluster.nodes.keys()]) await killNode(cluster, id)
  await rm(folderOf(cluster, '1'), { recursive: true })
  await mkdir(folderOf(cluster, '1'))
  await writeFile(peersFile(cluster, '1'), peersOf(cluster, '1'))
  const { exit, stderr } = await startRefused(cluster, '1')
  assert.is(exit, 2, stderr)
  assert.match(stderr, /nothing in the data folder that could be recovered/)
  await rm(peersFile(cluster, '1'))
  const node = await startNode(cluster, '1')
  assert.ok((await reportOf(node)).quarantined)
})

const AGENT = ['-server', '-bootstrap', '-bind=127.0.0.1', '-log-level=warn', '-data-dir=data']

fact('an agent looks where Consul does: in raft/peers.json', async (home) => {
  const agent = await startAgent(home, { args: AGENT })
  await fetch(agent.url('/v1/kv/k'), { method: 'PUT', body: 'v' })
  await agent.stop()
  const data = join(home.work, 'data')
  const file = join(data, 'raft/peers.json')
  await mkdir(join(data, 'raft'))
  await writeFile(file, '[{"id": "another", "address": "127.0.0.1:8300"}]')
  const refused = await run(home, ['lictor', 'agent', ...AGENT, '-http-port=0', '-dns-port=0'])
  assert.is(refused.exit, 2, refused.stderr)
  assert.match(refused.stderr, /raft\/peers\.json cannot be followed: this server, .* not among/)
  const id = (await readFile(join(data, 'node-id'), 'utf8')).trim()
  await writeFile(file, JSON.stringify([{ id, address: '127.0.0.1:8300' }]))
  const again = await startAgent(home, { args: AGENT })
  assert.is(await (await fetch(again.url('/v1/kv/k?raw'))).text(), 'v')
  const put = await fetch(again.url('/v1/kv/l'), { method: 'PUT', body: 'w' })
  assert.is(await put.text(), 'true')
  assert.not(await isThere(file))
  await again.stop()
})

recovery.run()
