// Real raftnodes: what becomes of one whose disk is lost or damaged, and what others make of it.
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { run } from '../kit/cli.ts'
import { type Home, openHome } from '../kit/home.ts'
import { freePort } from '../kit/ports.ts'
import {
  callNode,
  killNode,
  leaderOf,
  type RaftCluster,
  reportOf,
  startCluster,
  startNode,
  stopCluster,
} from '../kit/raftnodes.ts'
import { within } from '../kit/within.ts'

interface Context {
  home: Home
  cluster: RaftCluster
}

const raftnode = suite<Context>('raftnode')

raftnode.before.each(async (context) => {
  context.home = await openHome()
  const options = ['--snapshot-entries=20', '--trailing-entries=5']
  context.cluster = await startCluster(context.home, { options })
})
raftnode.after.each(async ({ home, cluster }) => {
  await stopCluster(cluster)
  await home.close()
})

/** A busy machine may elect another leader at any time: then the next try is for that one. */
async function isApplied(cluster: RaftCluster, body: string): Promise<boolean> {
  const { port } = await leaderOf(cluster)
  const { status, text } = await callNode({ port, method: 'PUT', path: '/v1/apply', body })
  if (status !== 200) throw new Error(text)
  return true
}

async function apply(cluster: RaftCluster, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await within(15_000, () => isApplied(cluster, `SET k = ${i}`))
}

const valueAt = async (cluster: RaftCluster, id: string): Promise<unknown> => {
  const port = cluster.nodes.get(id)?.port ?? 0
  const { text } = await callNode({ port, method: 'GET', path: '/v1/get?key=k&stale' })
  return JSON.parse(text).value
}

raftnode(
  'one whose folder is gone does not vote before it has everything again',
  async (context) => {
    const { cluster, home } = context
    await apply(cluster, 50)
    const { id: leader } = await leaderOf(cluster)
    const [lost = '', other = ''] = [...cluster.nodes.keys()].filter((id) => id !== leader)
    await killNode(cluster, lost)
    await killNode(cluster, other)
    await rm(join(home.work, `.lictor/raftnode-${lost}`), { recursive: true })
    await killNode(cluster, leader)
    const node = await startNode(cluster, lost)
    assert.match(node.output(), /is gone: this server does not vote before it has everything again/)
    assert.ok((await reportOf(node)).quarantined)
    await startNode(cluster, leader)
    await startNode(cluster, other)
    await within(15_000, async () => !(await reportOf(node)).quarantined, 'it is complete again')
    await within(15_000, async () => (await valueAt(cluster, lost)) === '49', 'it has the state')
    await apply(cluster, 1)
  },
)

/** A bit of its first entries. */
async function rot(home: Home, id: string): Promise<void> {
  const folder = join(home.work, `.lictor/raftnode-${id}/log`)
  const [segment = ''] = await readdir(folder)
  const file = join(folder, segment)
  const bytes = await readFile(file)
  bytes[700] = (bytes[700] ?? 0) ^ 4
  await writeFile(file, bytes)
}

raftnode(
  'one whose log is damaged sets it aside, and does not vote before it has all',
  async (c) => {
    const { cluster, home } = c
    await apply(cluster, 30)
    const { id: leader } = await leaderOf(cluster)
    const [lost = '', other = ''] = [...cluster.nodes.keys()].filter((id) => id !== leader)
    await killNode(cluster, lost)
    await killNode(cluster, other)
    await killNode(cluster, leader)
    await rot(home, lost)
    const node = await startNode(cluster, lost)
    assert.match(
      node.output(),
      /is damaged at byte \d+, where entry \d+ is due: this server does not vote/,
    )
    assert.match(
      node.output(),
      /next: wait for the others; what was damaged lies in .*damaged-log-1/,
    )
    assert.ok((await reportOf(node)).quarantined)
    // Started again meanwhile it is where it was.
    await killNode(cluster, lost)
    const again = await startNode(cluster, lost)
    assert.ok((await reportOf(again)).quarantined)
    await startNode(cluster, leader)
    await startNode(cluster, other)
    await within(15_000, async () => !(await reportOf(again)).quarantined, 'it is complete again')
    await within(15_000, async () => (await valueAt(cluster, lost)) === '29', 'it has the state')
    // Its vote and its log are needed now.
    await killNode(cluster, (await leaderOf(cluster)).id)
    await apply(cluster, 5)
    await within(15_000, async () => (await valueAt(cluster, lost)) === '4', 'it goes on')
  },
)

raftnode('one that keeps nothing comes back without a vote, and is given all anew', async (c) => {
  const { cluster, home } = c
  await killNode(cluster, '1')
  const kept = await run(home, ['raftnode', '--id=1', '--peers=...', '--ephemeral'])
  assert.is(kept.exit, 2, kept.stderr)
  assert.match(kept.stderr, /raftnode-1 holds what this server has promised already/)
  const both = await run(home, ['raftnode', '--id=4', '--ephemeral', '--data-dir=x'])
  assert.is(both.exit, 2, both.stderr)
  await startNode(cluster, '1')
  await apply(cluster, 20)
  const { id: leader, port } = await leaderOf(cluster)
  const four = await freePort()
  const more = [`--address=localhost:${four}`, '--join', '--ephemeral']
  const first = await startNode(cluster, '4', more)
  assert.match(first.output(), /--ephemeral: this server forgets its log and its votes at its end/)
  const path = `/v1/servers/add?id=4&address=localhost:${four}`
  const added = await callNode({ port, method: 'PUT', path })
  assert.is(added.status, 200, added.text)
  await within(15_000, async () => (await valueAt(cluster, '4')) === '19', 'it has the state')
  await killNode(cluster, '4')
  const again = await startNode(cluster, '4', more)
  await within(15_000, async () => (await valueAt(cluster, '4')) === '19', 'it is given all anew')
  await within(15_000, async () => !(await reportOf(again)).quarantined, 'it is complete')
  assert.is((await leaderOf(cluster)).id, leader)
  await killNode(cluster, '4', 'SIGTERM')
  assert.not((await readdir(join(home.work, '.lictor'))).includes('raftnode-4'))
})

const alone = suite('raftnode alone')

alone('one that is alone refuses to start on a damaged log, and says where', async () => {
  const home = await openHome()
  const cluster = await startCluster(home, { count: 1 })
  try {
    await apply(cluster, 30)
    await killNode(cluster, '1')
    await rot(home, '1')
    const { exit, stderr } = await run(home, ['raftnode', '--id=1', '--peers=...'])
    assert.is(exit, 71)
    assert.match(stderr, /segment-000000000001 is damaged at byte \d+, where entry \d+ is due/)
  } finally {
    await stopCluster(cluster)
    await home.close()
  }
})

raftnode('the peers of last time are meant by three dots, others are refused', async (context) => {
  const { home, cluster } = context
  await killNode(cluster, '3')
  const wrong = '--peers=localhost:1,localhost:2,localhost:3'
  const refused = await run(home, ['raftnode', '--id=3', wrong])
  assert.is(refused.exit, 2)
  assert.match(refused.stderr, /is of a node 3 at localhost:\d+, not at localhost:3/)
  const unknown = await run(home, ['raftnode', '--id=9', '--peers=...'])
  assert.is(unknown.exit, 2)
  assert.match(unknown.stderr, /nothing is kept in .*raftnode-9\.json of a node 9/)
  const again = await startNode(cluster, '3', ['--peers=...'])
  await within(10_000, async () => (await reportOf(again)).leader !== null, 'it hears the leader')
})

raftnode.run()
alone.run()
