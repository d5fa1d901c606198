// A cluster of servers written in Go on hashicorp/raft and of ours: they elect each other, copy
// each other's logs and snapshots, hand over to each other, and end with the same state. Skipped,
// and said so, where there is no Go.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Settings } from '../../core/raft/raft.ts'
import { bootstrap, change, transfer } from '../../core/raft/server.ts'
import { before, within } from '../kit/within.ts'
import {
  applyAt,
  isLeading,
  killNode,
  order,
  type RaftNode,
  snapshotAt,
  startNode,
} from './raft-node.ts'
import {
  buildPeers,
  closePeers,
  type GoPeer,
  type GoPeers,
  peersBuild,
  startPeer,
  stateOfPeer,
  statsOf,
  stopPeer,
} from './raft-peers.ts'

const LIMIT_MS = 20_000
const TEST_MS = 60_000

/** As raftpeer is started: fast, but with room for a busy machine. */
const SETTINGS: Settings = {
  heartbeatMs: 500,
  electionMs: 500,
  leaseMs: 250,
  commitMs: 50,
  appendEntriesMax: 64,
  appendBytesMax: 1 << 20,
  inflightMax: 2,
  trailingEntries: 10_000,
  leaseDrift: undefined,
}

interface Mixed {
  readonly peers: GoPeers
  readonly go: GoPeer[]
  readonly ours: RaftNode[]
}

type Given = {
  go: readonly string[]
  ours: readonly string[]
  flags?: string[]
  settings?: Settings
}

/** Starts all, begins the cluster with all of them as voters, and ends all in the end. */
async function withCluster(given: Given, work: (mixed: Mixed) => Promise<void>): Promise<void> {
  assert.ok(built !== undefined)
  if (built === undefined) return
  const mixed: Mixed = { peers: built, go: [], ours: [] }
  try {
    for (const id of given.go)
      mixed.go.push(await startPeer(built, { id, flags: given.flags ?? [] }))
    for (const id of given.ours)
      mixed.ours.push(await startNode({ id, port: 0, settings: given.settings ?? SETTINGS }))
    await begin(mixed)
    await before(TEST_MS, () => work(mixed), 'the test')
  } finally {
    for (const node of mixed.ours) await killNode(node)
    for (const each of mixed.go) await stopPeer(built, each)
  }
}

/** All are told to begin. Those who have heard from another meanwhile need not. */
async function begin({ go, ours }: Mixed): Promise<void> {
  const voters = [...go, ...ours].map(({ peer }) => peer)
  for (const node of ours) {
    const servers = voters.map((peer) => ({ ...peer, suffrage: 'voter' as const }))
    order(node, (raft, now) => bootstrap(raft, { servers }, now))
  }
  for (const each of go)
    await each.post('/bootstrap', { servers: voters }).catch((error: unknown) => {
      if (!String(error).includes('only works on new clusters')) throw error
    })
}

const set = (key: string, value: string) => JSON.stringify({ op: 'set', key, value })

/** Who leads, whoever that is. */
async function leaderOf({ go, ours }: Mixed): Promise<GoPeer | RaftNode | undefined> {
  const own = ours.find((node) => !node.isStopped && isLeading(node))
  if (own !== undefined) return own
  for (const each of go) {
    const stats = await statsOf(each).catch(() => undefined)
    if (stats?.state === 'Leader') return each
  }
  return undefined
}

const isGo = (server: GoPeer | RaftNode): server is GoPeer => 'child' in server

/** Applies at whoever leads, and tries again until somebody has taken it. */
async function applyAnywhere(mixed: Mixed, data: string): Promise<void> {
  await within(
    LIMIT_MS,
    async () => {
      const leader = await leaderOf(mixed)
      if (leader === undefined) return false
      if (!isGo(leader)) return (await applyAt(leader, data)) === true
      await leader.post('/apply', data)
      return true
    },
    `a leader that takes ${data}`,
  )
}

/** Applies at this server, which is made the leader if it is not. */
async function applyBy(mixed: Mixed, server: GoPeer | RaftNode, data: string): Promise<void> {
  await within(
    LIMIT_MS,
    async () => {
      await lead(mixed, server)
      if (isGo(server)) return server.post('/apply', data)
      return (await applyAt(server, data)) === true
    },
    `${server.peer.id} takes ${data}`,
  )
}

/** All histories are the same, entry by entry. */
async function agree({ go, ours }: Mixed, count: number): Promise<void> {
  await within(
    LIMIT_MS,
    async () => {
      const states = [
        ...(await Promise.all(go.map(stateOfPeer))),
        ...ours.filter(({ isStopped }) => !isStopped).map(({ state }) => state),
      ]
      const [first] = states
      if (first === undefined || first.count < count) return false
      for (const state of states) {
        if (state.index !== first.index) return false
        assert.is(state.hash, first.hash)
        assert.equal(state.kv, first.kv)
      }
      return true
    },
    'the same state everywhere',
  )
}

/** Makes a server the leader, whoever leads now. */
async function lead(mixed: Mixed, wanted: GoPeer | RaftNode): Promise<void> {
  await within(
    LIMIT_MS,
    async () => {
      const leader = await leaderOf(mixed)
      if (leader === undefined || leader === wanted) return leader !== undefined
      const { id, address } = wanted.peer
      if (isGo(leader)) await leader.post('/transfer', { id, address })
      else order(leader, (raft, now) => transfer(raft, id, now))
      return false
    },
    `the leadership of ${wanted.peer.id}`,
  )
}

const mixed = suite('raft with Go')
let built: GoPeers | undefined

mixed.before(async () => {
  built = await before(TEST_MS * 2, buildPeers, 'the build of raftpeer')
})

mixed.after(async () => {
  if (built !== undefined) await closePeers(built)
})

mixed('two of theirs and one of ours elect a leader, whoever it is, and copy its log', () =>
  withCluster({ go: ['g1', 'g2'], ours: ['t1'] }, async (all) => {
    for (let i = 0; i < 30; i++) await applyAnywhere(all, set(`k${i % 7}`, String(i)))
    await agree(all, 30)
  }),
)

mixed('the leadership goes from theirs to ours, and back, by transfer', () =>
  withCluster({ go: ['g1', 'g2'], ours: ['t1'] }, async (all) => {
    const [ours] = all.ours
    const [theirs] = all.go
    assert.ok(ours && theirs)
    if (ours === undefined || theirs === undefined) return
    for (let i = 0; i < 10; i++) await applyBy(all, ours, set('by', `ours ${i}`))
    for (let i = 0; i < 10; i++) await applyBy(all, theirs, set('by', `theirs ${i}`))
    await applyBy(all, ours, set('by', 'ours again'))
    await agree(all, 21)
  }),
)

mixed('extensions and odd data pass through unharmed, both ways', () =>
  withCluster({ go: ['g1', 'g2'], ours: ['t1'] }, async (all) => {
    const [ours] = all.ours
    const [theirs] = all.go
    if (ours === undefined || theirs === undefined) return
    await within(LIMIT_MS, async () => {
      await lead(all, theirs)
      return theirs.post('/apply?ext=0102ff', 'not JSON \u0000\u{1f600}')
    })
    await applyBy(all, theirs, set('k', 'v'))
    await agree(all, 2)
    await applyBy(all, ours, set('k', 'w'))
    await agree(all, 3)
    const [first] = ours.state.history
    assert.is(first?.extensions, '0102ff')
    // What one of ours has kept, another of theirs is sent by it: see the next tests.
  }),
)

mixed('a server of ours without a log gets a snapshot from theirs', () =>
  withCluster({ go: ['g1', 'g2'], ours: [], flags: ['-trailing-logs', '4'] }, async (all) => {
    for (let i = 0; i < 60; i++) await applyAnywhere(all, set(`k${i}`, 'x'.repeat(1_000)))
    const leader = await within(LIMIT_MS, () => leaderOf(all), 'a leader')
    if (!isGo(leader)) return
    await leader.post('/snapshot')
    const late = await startNode({ id: 't9', port: 0, settings: SETTINGS })
    all.ours.push(late)
    await leader.post('/add-voter', { id: 't9', address: late.peer.address })
    await applyAnywhere(all, set('after', 'it'))
    await agree(all, 61)
    assert.ok(late.raft.log.base.index > 50, 'most of it came as a snapshot')
    assert.is(late.raft.history.at(-1)?.configuration.servers.length, 3)
  }),
)

mixed('a server of theirs without a log gets a snapshot from ours', () =>
  withCluster(
    { go: ['g1'], ours: ['t1', 't2'], settings: { ...SETTINGS, trailingEntries: 4 } },
    async (all) => {
      const [ours] = all.ours
      if (ours === undefined || built === undefined) return
      for (let i = 0; i < 60; i++) await applyBy(all, ours, set(`k${i}`, 'y'.repeat(1_000)))
      snapshotAt(ours)
      const late = await startPeer(built, { id: 'g9' })
      all.go.push(late)
      const server = late.peer
      const changed = await within(LIMIT_MS, () => {
        const made = order(ours, (raft, now) => change(raft, { type: 'add-voter', server }, now))
        return made.ok && made
      })
      assert.ok(changed.ok)
      await applyBy(all, ours, set('after', 'it'))
      await agree(all, 61)
    },
  ),
)

mixed('members come and go, told by theirs and by ours', () =>
  withCluster({ go: ['g1', 'g2'], ours: ['t1'] }, async (all) => {
    const [ours] = all.ours
    const [theirs] = all.go
    if (ours === undefined || theirs === undefined) return
    await applyAnywhere(all, set('a', '1'))
    await lead(all, ours)
    const extra = await startNode({ id: 't2', port: 0, settings: SETTINGS })
    all.ours.push(extra)
    const make = (wanted: Parameters<typeof change>[1]) =>
      within(LIMIT_MS, () => {
        const made = order(ours, (raft, now) => change(raft, wanted, now))
        return made.ok && ours.raft.commit >= made.index - 1
      })
    await make({ type: 'add-nonvoter', server: extra.peer })
    await within(LIMIT_MS, () => extra.state.count === 1, 'the log at the nonvoter')
    await make({ type: 'add-voter', server: extra.peer })
    await applyAnywhere(all, set('b', '2'))
    for (const path of ['/demote', '/remove'])
      await within(LIMIT_MS, async () => {
        await lead(all, theirs)
        return theirs.post(path, { id: 't2' })
      })
    await applyBy(all, theirs, set('c', '3'))
    await within(LIMIT_MS, () => ours.raft.history.at(-1)?.configuration.servers.length === 3)
    await killNode(extra)
    await agree(all, 3)
  }),
)

mixed('whoever is killed comes back and catches up', () =>
  withCluster({ go: ['g1', 'g2'], ours: ['t1'] }, async (all) => {
    let count = 0
    for (let round = 0; round < 3; round++) {
      const [node] = all.ours
      if (node === undefined) return
      for (let i = 0; i < 5; i++) await applyAnywhere(all, set(`r${round}`, String(count++)))
      await killNode(node)
      all.ours.length = 0
      for (let i = 0; i < 5; i++) await applyAnywhere(all, set(`d${round}`, String(count++)))
      const port = Number(node.peer.address.split(':')[1])
      all.ours.push(await startNode({ id: 't1', port, settings: SETTINGS, disk: node.disk }))
      await agree(all, count)
    }
  }),
)

mixed('when our leader is killed theirs take over, and nothing acknowledged is lost', () =>
  withCluster({ go: ['g1', 'g2'], ours: ['t1'] }, async (all) => {
    const [node] = all.ours
    if (node === undefined) return
    for (let i = 0; i < 20; i++) await applyBy(all, node, set(`k${i}`, 'v'))
    await killNode(node)
    all.ours.length = 0
    await applyAnywhere(all, set('after', 'v'))
    await agree(all, 21)
  }),
)

mixed('when their leader is killed one of ours can take over', () =>
  withCluster({ go: ['g1'], ours: ['t1', 't2'] }, async (all) => {
    const [theirs] = all.go
    if (theirs === undefined || built === undefined) return
    for (let i = 0; i < 20; i++) await applyBy(all, theirs, set(`k${i}`, 'v'))
    await stopPeer(built, theirs)
    all.go.length = 0
    await applyAnywhere(all, set('after', 'v'))
    await agree(all, 21)
  }),
)

if (peersBuild()) mixed.run()
else {
  const skipped = suite('raft with Go')
  skipped.skip('a mixed cluster', () => undefined)
  skipped.run()
}
