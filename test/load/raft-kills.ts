// SIGKILL at random moments under load, again and again, over a cluster of real raftnodes: nothing
// that was acknowledged is lost, and what clients saw could have happened one after the other.
//
// Clients write and read a few keys through whichever node they like. Each round has keys of its
// own, so that what is in doubt (an answer that never came) does not pile up.
import http from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { createPrng, type Prng } from '../../core/prng.ts'
import { checkHistory, type Operation } from '../../core/sim/check-linear.ts'
import { type RegisterOp, register } from '../../core/sim/registers.ts'
import { openHome } from '../kit/home.ts'
import {
  type Answer,
  callNode,
  killNode,
  leaderOf,
  type NodeProcess,
  type RaftCluster,
  startCluster,
  startNode,
  stopCluster,
} from '../kit/raftnodes.ts'

export interface RaftKillOptions {
  readonly seed: number
  readonly kills: number
  readonly clients: number
  readonly onRound?: (kills: number, acknowledged: number) => void
}

export interface RaftKillReport {
  readonly acknowledged: number
  readonly reads: number
  readonly doubtful: number
}

interface Soak {
  readonly cluster: RaftCluster
  readonly prng: Prng
  readonly agent: http.Agent
  /** By key. */
  readonly history: Map<string, Operation<RegisterOp>[]>
  round: number
  value: number
  kills: number
  isOver: boolean
  acknowledged: number
  reads: number
  doubtful: number
}

const KEYS = 4
/** Between two requests of a client: who starts again needs the processor, too. */
const BREATH_MS = 2
const LEADER_MS = 20_000
/** A name without a value reads like this. */
const NOTHING = 'nothing'
/** A snapshot is saved, and sent to who comes back, every few rounds. */
const OPTIONS = ['--snapshot-entries=2000', '--trailing-entries=500']

/** Throws what was lost, or what cannot be explained, with the seed that shows it. */
export async function killRaftAgain(options: RaftKillOptions): Promise<RaftKillReport> {
  const home = await openHome()
  const cluster = await startCluster(home, { options: OPTIONS })
  const soak: Soak = {
    cluster,
    prng: createPrng(options.seed),
    agent: new http.Agent({ keepAlive: true }),
    history: new Map(),
    round: 0,
    value: 0,
    kills: 0,
    isOver: false,
    acknowledged: 0,
    reads: 0,
    doubtful: 0,
  }
  try {
    const clients = Array.from({ length: options.clients }, () => live(soak))
    while (soak.kills < options.kills) {
      await oneRound(soak)
      options.onRound?.(soak.kills, soak.acknowledged)
    }
    soak.isOver = true
    await Promise.all(clients)
    await lookAtAll(soak)
    judge(soak)
    const { acknowledged, reads, doubtful } = soak
    return { acknowledged, reads, doubtful }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new Error(`seed ${options.seed}, kill ${soak.kills}: ${why}`, { cause })
  } finally {
    soak.isOver = true
    soak.agent.destroy()
    await stopCluster(cluster)
    await home.close()
  }
}

/** One dies, or two at the same moment; they come back, and the cluster has a leader again. */
async function oneRound(soak: Soak): Promise<void> {
  const { cluster, prng } = soak
  const leader = await leaderOf(cluster, LEADER_MS)
  soak.round++
  await pause(prng.range(5, 150))
  const followers = prng.shuffle([...cluster.nodes.keys()].filter((id) => id !== leader.id))
  const order = prng.chance(0.6) ? [leader.id, ...followers] : [...followers, leader.id]
  const victims = order.slice(0, prng.chance(0.2) ? 2 : 1)
  await Promise.all(victims.map((id) => killNode(cluster, id)))
  soak.kills += victims.length
  await pause(prng.range(0, 100))
  await Promise.all(victims.map((id) => startNode(cluster, id)))
}

/** A client: one request after the other, to any node that runs. */
async function live(soak: Soak): Promise<void> {
  const { prng, cluster } = soak
  let at: NodeProcess | undefined
  while (!soak.isOver) {
    const nodes = [...cluster.nodes.values()]
    if (at === undefined || !nodes.includes(at))
      at = nodes.length > 0 ? prng.pick(nodes) : undefined
    if (at !== undefined) at = await oneRequest(soak, at)
    await pause(BREATH_MS)
  }
}

/** Where to ask next. */
async function oneRequest(soak: Soak, node: NodeProcess): Promise<NodeProcess | undefined> {
  const { prng } = soak
  const key = `${soak.round}-${prng.range(1, KEYS)}`
  const isRead = prng.chance(0.4)
  const value = `${++soak.value}`
  const called = performance.now()
  const answer = await (isRead ? get(soak, node, key) : set(soak, node, { key, value })).catch(
    () => undefined,
  )
  const returned = performance.now()
  if (isRead) {
    if (answer?.status === 200) {
      soak.reads++
      note(soak, key, { op: { type: 'read', output: valueIn(answer) }, called, returned })
    }
  } else if (answer?.status === 200) {
    soak.acknowledged++
    note(soak, key, { op: { type: 'write', value }, called, returned })
  } else if (answer === undefined || answer.status === 504) {
    soak.doubtful++
    note(soak, key, { op: { type: 'write', value }, called, returned: Number.POSITIVE_INFINITY })
  }
  return nextNode(soak, node, answer)
}

/** Whoever is said to lead; somebody else if that is not known. */
async function nextNode(
  { cluster, prng }: Soak,
  node: NodeProcess,
  answer: Answer | undefined,
): Promise<NodeProcess | undefined> {
  if (answer?.status === 200) return prng.chance(0.95) ? node : undefined
  if (answer?.status === 421) {
    const { error } = JSON.parse(answer.text) as { error: { leader: { id: string } } } // our own
    return cluster.nodes.get(error.leader.id)
  }
  await pause(2)
  return undefined
}

const set = (
  { agent }: Soak,
  { port }: NodeProcess,
  { key, value }: { key: string; value: string },
): Promise<Answer> =>
  callNode({ port, method: 'PUT', path: '/v1/apply', body: `SET ${key} = ${value}`, agent })

const get = ({ agent }: Soak, { port }: NodeProcess, key: string): Promise<Answer> =>
  callNode({ port, method: 'GET', path: `/v1/get?key=${key}`, agent })

function valueIn({ text }: Answer): string {
  const { value } = JSON.parse(text) as { value: string | null } // our own daemon's words
  return value ?? NOTHING
}

function note({ history }: Soak, key: string, operation: Operation<RegisterOp>): void {
  const known = history.get(key)
  if (known === undefined) history.set(key, [operation])
  else known.push(operation)
}

/** What has become of every key. */
async function lookAtAll(soak: Soak): Promise<void> {
  const leader = await leaderOf(soak.cluster, LEADER_MS)
  for (const key of soak.history.keys()) {
    const called = performance.now()
    const answer = await get(soak, leader, key)
    if (answer.status !== 200) throw new Error(`${key}: ${answer.text}`)
    const op = { type: 'read', output: valueIn(answer) } as const
    note(soak, key, { op, called, returned: performance.now() })
  }
}

function judge({ history }: Soak): void {
  const verdict = checkHistory(history, register(NOTHING))
  if (verdict.type === 'linearizable') return
  if (verdict.type === 'unknown') throw new Error(`undecided: ${verdict.keys.join(', ')}`)
  const operations = history.get(verdict.key) ?? []
  const told = operations.map((operation) => JSON.stringify(operation)).join('\n')
  throw new Error(`no order explains the key ${verdict.key}:\n${told}`)
}
