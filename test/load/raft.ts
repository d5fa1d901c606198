// Three raftnodes on the disk of the project: commands over the control port, and how soon the next
// one is applied when the leader is killed, or frozen.
import { setTimeout as pause } from 'node:timers/promises'
import { openHome } from '../kit/home.ts'
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
import { within } from '../kit/within.ts'
import { type Figure, median } from './figure.ts'
import { cpuUs } from './process.ts'
import { wrk } from './wrk.ts'

/** As many bytes, and as many keys, as etcd is given. */
const APPLIES = `local v = string.rep("x", 128)
math.randomseed(7)
wrk.headers["X-Consul-Token"] = "a token for tests"
request = function()
  return wrk.format("PUT", "/v1/apply", nil, "SET bench/" .. math.random(1, 10000) .. " = " .. v)
end`

/** Opens a cluster of its own for each, so that nothing of one workload is left for another. */
async function withCluster(
  measure: (cluster: RaftCluster) => Promise<Figure[]>,
): Promise<Figure[]> {
  const home = await openHome()
  try {
    const cluster = await startCluster(home)
    try {
      return await measure(cluster)
    } finally {
      await stopCluster(cluster)
    }
  } finally {
    await home.close()
  }
}

export const measureApplies = (seconds: number): Promise<Figure[]> =>
  withCluster(async (cluster) => {
    const { port, id } = await leaderOf(cluster)
    const { term } = await reportOf(nodeNamed(cluster, id))
    const load = async (clients: number, lasting: number) => {
      const before = await cpuOf(cluster)
      const done = await wrk({
        dir: cluster.home.path,
        port,
        clients,
        seconds: lasting,
        lua: APPLIES,
      })
      return { ...done, cpu: ((await cpuOf(cluster)) - before) / done.requests }
    }
    await load(64, 2) // the compiler warms up
    const one = await load(1, seconds)
    const many = await load(64, seconds)
    const after = await reportOf(nodeNamed(cluster, id))
    return [
      { name: 'raft apply, 1 client, p50', unit: 'ms', value: one.p50Ms },
      { name: 'raft apply, 1 client', unit: '/s', value: one.rate, cpuUs: one.cpu },
      { name: 'raft apply, 64 clients', unit: '/s', value: many.rate, cpuUs: many.cpu },
      { name: 'raft apply, 64 clients, p99', unit: 'ms', value: many.p99Ms },
      { name: 'raft elections under that load', unit: '', value: after.term - term },
    ]
  })

function nodeNamed({ nodes }: RaftCluster, id: string): NodeProcess {
  const node = nodes.get(id)
  if (node === undefined) throw new Error(`node ${id} is gone`)
  return node
}

/** Of all three together. */
async function cpuOf({ nodes }: RaftCluster): Promise<number> {
  const times = await Promise.all([...nodes.values()].map(({ pid }) => cpuUs(pid)))
  return times.reduce((sum, time) => sum + time, 0)
}

export const measureFailover = (kills: number, freezes: number): Promise<Figure[]> =>
  withCluster(async (cluster) => {
    const killed: number[] = []
    for (let i = 0; i < kills; i++) killed.push(await oneKill(cluster))
    const frozen: number[] = []
    for (let i = 0; i < freezes; i++) frozen.push(await oneFreeze(cluster))
    return [
      { name: 'next apply after SIGKILL of the leader, p50', unit: 'ms', value: median(killed) },
      { name: 'next apply after SIGKILL, longest', unit: 'ms', value: Math.max(...killed) },
      { name: 'next apply after SIGSTOP of the leader, p50', unit: 'ms', value: median(frozen) },
    ]
  })

const CAUGHT_UP_MS = 30_000

/** All three are there, and have applied the same. */
function whole(cluster: RaftCluster): Promise<boolean> {
  return within(
    CAUGHT_UP_MS,
    async () => {
      const reports = await Promise.all([...cluster.nodes.values()].map(reportOf))
      const [first] = reports
      return (
        reports.length === cluster.addresses.size &&
        reports.every(({ appliedIndex, leader }) => {
          return appliedIndex === first?.appliedIndex && leader?.id === first.leader?.id
        })
      )
    },
    'the cluster is whole',
  )
}

async function oneKill(cluster: RaftCluster): Promise<number> {
  await whole(cluster)
  const leader = await leaderOf(cluster)
  await applyAt(leader)
  const others = [...cluster.nodes.values()].filter(({ id }) => id !== leader.id)
  cluster.nodes.delete(leader.id)
  const from = performance.now()
  leader.signal('SIGKILL')
  const ms = (await firstApplied(others)) - from
  await leader.ended
  await startNode(cluster, leader.id)
  return ms
}

async function oneFreeze(cluster: RaftCluster): Promise<number> {
  await whole(cluster)
  await pause(500) // what was learnt of the last one is no news
  const leader = await leaderOf(cluster)
  await applyAt(leader)
  const others = [...cluster.nodes.values()].filter(({ id }) => id !== leader.id)
  const from = performance.now()
  leader.signal('SIGSTOP')
  try {
    return (await firstApplied(others)) - from
  } finally {
    leader.signal('SIGCONT')
    await killNode(cluster, leader.id)
    await startNode(cluster, leader.id)
  }
}

const TRY_EVERY_MS = 2
const TRY_MS_MAX = 10_000
const TRY_TIMEOUT_MS = 1_000

const applyAt = ({ port }: NodeProcess) =>
  callNode({
    port,
    method: 'PUT',
    path: '/v1/apply',
    body: 'SET failover = now',
    timeoutMs: TRY_TIMEOUT_MS,
  })

/** When a command was applied at any of them: each is asked in turn, every two milliseconds. */
async function firstApplied(nodes: readonly NodeProcess[]): Promise<number> {
  const deadline = performance.now() + TRY_MS_MAX
  for (let turn = 0; performance.now() < deadline; turn++) {
    const node = nodes[turn % nodes.length]
    const answer = node === undefined ? undefined : await applyAt(node).catch(() => undefined)
    if (answer?.status === 200) return performance.now()
    await pause(TRY_EVERY_MS)
  }
  throw new Error('nothing was applied any more')
}
