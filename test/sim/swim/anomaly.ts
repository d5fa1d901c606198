// The experiment of the Lifeguard paper (Dadgar, Phillips, Currey 2017, §V) in a virtual pool: some
// members are too busy to read and to send, again and again, while their timers run; how often are
// healthy members declared failed, and how soon is a real death known? With Lifeguard and without
// it.
import { createPrng } from '../../../core/prng.ts'
import { joinOthers } from '../../../core/sim/swim/nemesis.ts'
import {
  createPool,
  type Pool,
  type PoolWatcher,
  runPool,
  startNode,
  stopNode,
} from '../../../core/sim/swim/world.ts'
import { PROFILES, type Settings } from '../../../core/swim/settings.ts'

const { lan } = PROFILES
const NEVER = Number.POSITIVE_INFINITY

export const WAYS: Readonly<Record<string, Settings>> = {
  /** No health, and suspicions that nobody's word changes. */
  SWIM: { ...lan, awarenessMax: 1, suspicionMaxTimeoutMult: 1 },
  Lifeguard: lan,
}

export interface Anomaly {
  readonly members: number
  /** So many are busy for so long … */
  readonly anomalous: number
  readonly busyMs: number
  /** … and then free, in turns. */
  readonly freeMs: number
  readonly forMs: number
}

export interface AnomalyResult {
  /** Declared failed although they were healthy: by whomever, and by healthy ones. */
  readonly falsePositives: number
  readonly amongHealthy: number
  /** Of a member that was killed: until the first knows, until half and all know. */
  readonly firstMs: number
  readonly medianMs: number
  readonly lastMs: number
  /** Sent by a member in a second. */
  readonly packets: number
}

export function runAnomaly(seed: number, settings: Settings, anomaly: Anomaly): AnomalyResult {
  const busy = new Set<string>()
  const counts = { falsePositives: 0, amongHealthy: 0, packets: 0 }
  const known: number[] = []
  let victim: { name: string; at: number } | undefined
  const watcher: PoolWatcher = {
    onEffect: (node, effect) => {
      if (effect.type === 'packet') counts.packets += 1
      if (effect.type !== 'members' || effect.change !== 'failed') return
      for (const { name } of effect.members) {
        if (name === victim?.name) known.push(pool.now - victim.at)
        else if (!busy.has(name)) {
          counts.falsePositives += 1
          if (!busy.has(node.name)) counts.amongHealthy += 1
        }
      }
    },
    onLook: () => undefined,
  }
  const conditions = {
    settings,
    delayMs: 0.3,
    jitterMs: 2,
    lossChance: 0.001,
    duplicateChance: 0,
    isRefusing: false,
    checkEvery: NEVER,
  }
  const pool: Pool = createPool({ seed, size: anomaly.members, conditions }, watcher)
  begin(pool)
  const before = counts.packets
  trouble(pool, anomaly, busy)
  const packets = (counts.packets - before) / anomaly.members / (anomaly.forMs / 1000)
  const node = pool.nodes.find(({ name }) => !busy.has(name))
  if (node !== undefined) {
    victim = { name: node.name, at: pool.now }
    stopNode(node)
    runPool(pool, pool.now + DETECT_MS)
  }
  known.sort((a, b) => a - b)
  return {
    falsePositives: counts.falsePositives,
    amongHealthy: counts.amongHealthy,
    firstMs: known[0] ?? Number.NaN,
    medianMs: known[known.length >> 1] ?? Number.NaN,
    lastMs: known.at(-1) ?? Number.NaN,
    packets,
  }
}

const DETECT_MS = 60_000
const SETTLE_MS = 20_000

/** Each joins those that are there already. */
function begin(pool: Pool): void {
  for (const node of pool.nodes) {
    startNode(pool, node)
    joinOthers(pool, node)
    runPool(pool, pool.now + 20)
  }
  runPool(pool, pool.now + SETTLE_MS)
}

/** What is sent and what arrives waits until the member is free. */
const STEP_MS = 25

function trouble(pool: Pool, anomaly: Anomaly, busy: Set<string>): void {
  const prng = createPrng(pool.nodes.length + anomaly.anomalous)
  const some = prng.shuffle([...pool.nodes]).slice(0, anomaly.anomalous)
  for (const { name } of some) busy.add(name)
  const cycle = anomaly.busyMs + anomaly.freeMs
  const phases = some.map(() => prng.unit() * cycle)
  const begun = pool.now
  while (pool.now < begun + anomaly.forMs) {
    for (const [i, node] of some.entries()) {
      const at = (pool.now - begun + (phases[i] ?? 0)) % cycle
      node.slowMs = Math.max(0, anomaly.busyMs - at)
    }
    runPool(pool, pool.now + STEP_MS)
  }
  for (const node of some) node.slowMs = 0
  runPool(pool, pool.now + SETTLE_MS)
}
