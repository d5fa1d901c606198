// What a run is like, drawn from its seed (swarm testing: Groce et al. 2012): each thing is off in
// about half of the seeds, for a mean of everything hides what an extreme would show. Profiles aim:
// they set some of it by hand (profiles.ts).
import type { Prng } from '../prng.ts'
import type { Settings } from '../raft/raft.ts'
import type { DiskConditions } from './disk.ts'
import type { NetworkConditions } from './network.ts'
import type { WorkloadConditions } from './workload.ts'
import type { Conditions } from './world.ts'

/** What the nemesis may do. */
export const FAULT_KINDS = [
  'crash',
  'power',
  'pause',
  'suspend',
  'isolate',
  'coup',
  'forgetful',
  'burst',
  'late-answers',
  'figure-8',
  'deaf',
  'mute',
  'halves',
  'bridge',
  'flap',
  'clog',
  'slow-link',
  'false-gone',
  'stall',
  'full',
  'sync-failure',
  'transfer',
  'member',
  'wipe',
  'rot',
] as const
export type FaultKind = (typeof FAULT_KINDS)[number]

/** Faults that answer to what a server does: they hit the narrow moments that chance misses. */
export interface Ambushes {
  /** A new leader is struck within a few heartbeats, with this chance. */
  readonly newLeader: number
  /** What strikes it. */
  readonly newLeaderBy: readonly FaultKind[]
  /** A process crashes while its disk writes. */
  readonly write: number
  /** A process crashes while a snapshot is written or installed. */
  readonly snapshot: number
  /** A new leader is asked to hand over. */
  readonly transfer: number
  /** While somebody campaigns the leader that there still is loses touch. */
  readonly candidate: number
  /** When a server is back, the leader that there is loses touch with it and all others. */
  readonly restart: number
}

export interface NemesisConditions {
  /** How often each is done, out of the sum of all. */
  readonly weights: Readonly<Partial<Record<FaultKind, number>>>
  /** Between two faults, on average. */
  readonly everyMs: number
  /** The leader is the victim with this chance, else anybody. */
  readonly leaderChance: number
  /** A crashed process is back after at most this. */
  readonly backMs: number
  /** The longest that other faults last. */
  readonly lastsMs: number
  readonly ambushes: Ambushes
}

/** All that a run needs to know besides its seed. */
export interface Draw {
  readonly nodes: number
  /** How many of them begin the cluster. */
  readonly founders: number
  readonly settings: Settings
  readonly snapshotEntries: number
  readonly conditions: Conditions
  readonly workload: WorkloadConditions
  readonly nemesis: NemesisConditions
  /** Clock rates are within this of the true one. */
  readonly clockDrift: number
  /** They all lie at an end of that. */
  readonly clocksExtreme: boolean
}

export const drawConditions = (prng: Prng): Draw => withinLeases(drawFreely(prng))

/**
 * A lease is right only while clocks run, at rates within its bound. What lies outside is no fault
 * of the code: a suspended machine's clock stands still, and nothing tells the program.
 */
export function withinLeases(draw: Draw): Draw {
  const { leaseDrift } = draw.settings
  if (leaseDrift === undefined) return draw
  const { suspend: _, ...weights } = draw.nemesis.weights
  const clockDrift = Math.min(draw.clockDrift, leaseDrift)
  return { ...draw, clockDrift, nemesis: { ...draw.nemesis, weights } }
}

function drawFreely(prng: Prng): Draw {
  const heartbeatMs = prng.pick([100, 100, 150, 300])
  const settings = drawSettings(prng, heartbeatMs)
  const founders = prng.pick([3, 3, 3, 5, 5, 4, 2, 1])
  return {
    nodes: founders + prng.pick([0, 0, 1, 2]),
    founders,
    settings,
    snapshotEntries: prng.pick([8, 25, 100, 1000]),
    conditions: {
      network: drawNetwork(prng, heartbeatMs),
      disk: drawDisk(prng, heartbeatMs),
      tickMs: prng.pick([1, 2, 5, 10]),
      callLimitMs: settings.electionMs * prng.pick([0.5, 1, 4]),
    },
    workload: drawWorkload(prng, heartbeatMs),
    nemesis: drawNemesis(prng, heartbeatMs),
    clocksExtreme: false,
    clockDrift: prng.pick([0, 0.1, 0.5]),
  }
}

function drawSettings(prng: Prng, heartbeatMs: number): Settings {
  return {
    heartbeatMs,
    electionMs: heartbeatMs * prng.pick([1, 1, 1.5, 2]),
    leaseMs: heartbeatMs * prng.pick([0.5, 0.75, 1]),
    commitMs: heartbeatMs * prng.pick([0.05, 0.2, 0.5]),
    appendEntriesMax: prng.pick([1, 2, 8, 64]),
    appendBytesMax: prng.pick([64, 1024, 1 << 20]),
    inflightMax: prng.pick([1, 2, 4, 16]),
    trailingEntries: prng.pick([0, 0, 4, 100]),
    leaseDrift: prng.chance(0.25) ? 0.1 : undefined,
  }
}

function drawNetwork(prng: Prng, heartbeatMs: number): NetworkConditions {
  const delayMs = prng.pick([0.5, 1, 2])
  return {
    delayMs,
    delaySpreadMs: delayMs * prng.pick([0.5, 2, 5]),
    tailChance: prng.pick([0, 0, 0.01, 0.05]),
    tailMs: heartbeatMs * prng.pick([1, 3, 10]),
    lossChance: prng.pick([0, 0, 0, 0.05, 0.2, 0.35]),
    duplicateChance: prng.pick([0, 0, 0.05, 0.3]),
    inOrder: prng.chance(0.4),
  }
}

function drawDisk(prng: Prng, heartbeatMs: number): DiskConditions {
  return {
    writeMs: prng.pick([0.1, 0.5, 2]),
    writeSpreadMs: prng.pick([0.1, 1, 10]),
    slowChance: prng.pick([0, 0, 0.01, 0.1]),
    slowMs: heartbeatMs * prng.pick([0.2, 1]),
    snapshotMs: prng.pick([1, 10, heartbeatMs]),
    tears: prng.chance(0.5),
  }
}

function drawWorkload(prng: Prng, heartbeatMs: number): WorkloadConditions {
  return {
    clients: prng.pick([1, 2, 4, 6]),
    keys: prng.pick([1, 2, 5]),
    thinkMs: heartbeatMs * prng.pick([0.05, 0.2, 0.5]),
    retryMs: heartbeatMs * prng.pick([0.2, 0.5]),
    patienceMs: heartbeatMs * prng.pick([3, 10]),
    lastPatienceMs: heartbeatMs * 10,
    mix: {
      stale: prng.pick([0, 5]),
      get: prng.pick([20, 40]),
      cas: prng.pick([0, 20]),
      delete: prng.pick([0, 5]),
    },
    restMs: prng.chance(0.3) ? heartbeatMs * 5 : 0,
    wander: prng.pick([0, 0, 0.2]),
    watchers: prng.pick([0, 0, 1, 2]),
  }
}

/** Done where a profile asks for them only. */
const ONLY_AIMED: readonly FaultKind[] = ['wipe', 'rot', 'forgetful', 'late-answers', 'figure-8']

function drawNemesis(prng: Prng, heartbeatMs: number): NemesisConditions {
  const weights: Partial<Record<FaultKind, number>> = {}
  for (const kind of FAULT_KINDS) {
    if (!ONLY_AIMED.includes(kind) && prng.chance(0.5)) weights[kind] = prng.range(1, 10)
  }
  const aims = prng.chance(0.5)
  return {
    weights,
    everyMs: heartbeatMs * prng.pick([1, 3, 6]),
    leaderChance: prng.pick([0.2, 0.5, 0.9]),
    backMs: heartbeatMs * prng.pick([0.2, 1, 5]),
    lastsMs: heartbeatMs * prng.pick([1, 3, 8]),
    ambushes: {
      newLeader: aims ? prng.pick([0, 0.2, 0.5]) : 0,
      newLeaderBy: ['crash', 'isolate', 'pause', 'mute'],
      write: aims ? prng.pick([0, 0.01, 0.05]) : 0,
      snapshot: aims ? prng.pick([0, 0.2]) : 0,
      transfer: aims ? prng.pick([0, 0, 0.3]) : 0,
      candidate: aims ? prng.pick([0, 0, 0.3]) : 0,
      restart: aims ? prng.pick([0, 0, 0.3]) : 0,
    },
  }
}
