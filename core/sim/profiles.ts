// Conditions that aim at one kind of mistake (reliability §2.2): chance alone finds some of them
// once in twenty thousand runs.
import type { Prng } from '../prng.ts'
import type { Ambushes, Draw, FaultKind } from './conditions.ts'
import { drawConditions, withinLeases } from './conditions.ts'

type Aim = (draw: Draw) => Draw

const NO_AMBUSH: Ambushes = {
  newLeader: 0,
  newLeaderBy: ['crash'],
  write: 0,
  snapshot: 0,
  transfer: 0,
  candidate: 0,
  restart: 0,
}

interface Aimed {
  readonly weights?: Partial<Record<FaultKind, number>>
  readonly every?: number
  readonly leader?: number
  readonly back?: number
  readonly lasts?: number
  readonly ambushes?: Partial<Ambushes>
}

/** Spans are in heartbeats. */
function aimed(draw: Draw, aim: Aimed): Draw {
  const { nemesis, settings } = draw
  const { heartbeatMs } = settings
  return {
    ...draw,
    nemesis: {
      weights: aim.weights ?? nemesis.weights,
      everyMs: heartbeatMs * (aim.every ?? 2),
      leaderChance: aim.leader ?? nemesis.leaderChance,
      backMs: heartbeatMs * (aim.back ?? 1),
      lastsMs: heartbeatMs * (aim.lasts ?? 3),
      ambushes: { ...NO_AMBUSH, ...aim.ambushes },
    },
  }
}

const withSettings = (draw: Draw, settings: Partial<Draw['settings']>): Draw => ({
  ...draw,
  settings: { ...draw.settings, ...settings },
})

const withNodes = (draw: Draw, founders: number, spares = 0): Draw => ({
  ...draw,
  founders,
  nodes: founders + spares,
})

const withWork = (draw: Draw, workload: Partial<Draw['workload']>): Draw => ({
  ...draw,
  workload: { ...draw.workload, ...workload },
})

const withNetwork = (draw: Draw, network: Partial<Draw['conditions']['network']>): Draw => ({
  ...draw,
  conditions: { ...draw.conditions, network: { ...draw.conditions.network, ...network } },
})

/**
 * Reads rest on leases, and clients do little else than write at one leader and read at another.
 */
const withLeases = (draw: Draw): Draw =>
  withWork(withinLeases(withSettings(draw, { leaseDrift: 0.1 })), {
    clients: 5,
    keys: 1,
    thinkMs: draw.settings.heartbeatMs * 0.05,
    retryMs: draw.settings.heartbeatMs * 0.05,
    patienceMs: draw.settings.heartbeatMs * 0.3,
    wander: 0.3,
    mix: { stale: 0, get: 60, cas: 0, delete: 0 },
    restMs: 0,
  })

/** Reads show the entry that a new leader begins with: no write is needed to find it out. */
const withReads = (draw: Draw): Draw =>
  withWork(draw, {
    thinkMs: draw.settings.heartbeatMs * 0.15,
    mix: { stale: 0, get: 95, cas: 0, delete: 0 },
    wander: 0.5,
  })

const PROFILES = {
  /** Everything by chance. */
  swarm: (draw) => draw,
  /**
   * Leaders die or are cut off within a heartbeat of winning; five nodes, few copies in time (Raft
   * figure 8).
   */
  'figure-8': (draw) => {
    const aim: Aimed = {
      weights: { 'figure-8': 4, isolate: 1, crash: 1 },
      every: 8,
      back: 2,
      lasts: 4,
      ambushes: { newLeader: 0.8, newLeaderBy: ['crash', 'isolate', 'mute', 'power'] },
    }
    const slowly = withSettings(aimed(withNodes(draw, 5), aim), {
      appendEntriesMax: 1,
      inflightMax: 1,
    })
    const mix = { stale: 0, get: 20, cas: 0, delete: 0 }
    return withWork(slowly, {
      clients: 4,
      thinkMs: draw.settings.heartbeatMs * 0.1,
      mix,
      restMs: 0,
    })
  },
  /** Processes crash while their disks write, and are back at once. */
  'flush-crasher': (draw) =>
    aimed(draw, {
      weights: { isolate: 2, halves: 1 },
      every: 4,
      back: 0.3,
      ambushes: { write: 0.1, newLeader: 0.2 },
    }),
  /** Answers to the leader are slow, leases are on. */
  'slow-reply': (draw) => {
    const weights = { 'late-answers': 6, 'slow-link': 1, coup: 1, isolate: 1 }
    const aim: Aimed = { weights, every: 4, leader: 0.8, lasts: 2 }
    return withReads(withLeases(aimed(withNodes(draw, 3), aim)))
  },
  /** A leader that works is taken for gone, and loses touch while another campaigns. */
  usurper: (draw) => {
    const aim: Aimed = {
      weights: { bridge: 6, 'false-gone': 1, coup: 1 },
      every: 2,
      leader: 0.2,
      lasts: 3,
      ambushes: { candidate: 0.8 },
    }
    return withReads(withLeases(aimed(withNodes(draw, 3), aim)))
  },
  'transfer-storm': (draw) =>
    withLeases(
      aimed(draw, {
        weights: { transfer: 8, isolate: 2, 'slow-link': 2, crash: 1 },
        every: 1.5,
        leader: 0.8,
        lasts: 2,
        ambushes: { transfer: 0.3, candidate: 0.6 },
      }),
    ),
  /** Four voters and spares: sizes at which majorities of old and new hardly overlap. */
  churn: (draw) =>
    aimed(withNodes(draw, 4, 2), {
      weights: { member: 10, isolate: 3, halves: 2, crash: 2 },
      every: 1,
      leader: 0.7,
      ambushes: { newLeader: 0.3, newLeaderBy: ['isolate', 'mute', 'member'] },
    }),
  /** A snapshot every few entries, nothing kept behind it. */
  'snapshot-storm': (draw) => ({
    ...withSettings(
      aimed(draw, {
        weights: { isolate: 4, crash: 3, stall: 2, power: 2 },
        every: 3,
        lasts: 6,
        ambushes: { snapshot: 0.3, write: 0.01 },
      }),
      { trailingEntries: 0 },
    ),
    snapshotEntries: 8,
  }),
  /** A disk is lost; its node comes back under its old name. */
  wipe: (draw) =>
    aimed(withNodes(draw, 3), {
      weights: { wipe: 3, crash: 3, isolate: 4 },
      every: 2,
      ambushes: { newLeader: 0.3, newLeaderBy: ['crash', 'isolate'] },
    }),
  /** A log is damaged in its middle; its node comes back with what stood before. */
  rot: (draw) =>
    aimed(withNodes(draw, 3), {
      weights: { rot: 3, crash: 3, isolate: 4 },
      every: 2,
      ambushes: { newLeader: 0.3, newLeaderBy: ['crash', 'isolate'] },
    }),
  /** Followers are killed and back in a moment, on a quiet log, with leases. */
  'quiet-restart': (draw) => {
    const aim: Aimed = { weights: { forgetful: 4, crash: 1 }, every: 2, leader: 0, lasts: 2 }
    return withReads(withLeases(aimed(withNodes(draw, 3), aim)))
  },
  'pause-leader': (draw) =>
    withLeases(
      aimed(draw, {
        weights: { pause: 6, isolate: 2 },
        every: 2,
        leader: 0.9,
        lasts: 5,
      }),
    ),
  'stalled-disk': (draw) => aimed(draw, { weights: { stall: 1 }, every: 8, leader: 1, lasts: 12 }),
  'disk-full': (draw) =>
    aimed(draw, { weights: { full: 4, crash: 2, isolate: 2 }, every: 2, leader: 0.7, lasts: 5 }),
  /** Clocks at the edge of what leases allow. */
  clocks: (draw) => {
    const { heartbeatMs } = draw.settings
    const aim: Aimed = { weights: { coup: 4, bridge: 2, crash: 1 }, every: 2, lasts: 2 }
    const leased = withReads(withLeases(aimed(withNodes(draw, 3), aim)))
    const fast = withNetwork(leased, { delayMs: 0.5, delaySpreadMs: 0.5, tailChance: 0 })
    return {
      ...withSettings(fast, { leaseMs: heartbeatMs }),
      clockDrift: 0.1,
      clocksExtreme: true,
    }
  },
  /** Late, doubled and reordered messages, and nothing else. */
  weather: (draw) =>
    withNetwork(
      aimed(draw, {
        weights: { 'slow-link': 2, clog: 2, flap: 1, 'false-gone': 1, burst: 5 },
        every: 1.5,
        leader: 0.7,
      }),
      {
        tailChance: 0.1,
        tailMs: draw.settings.heartbeatMs * 10,
        duplicateChance: 0.3,
        inOrder: false,
      },
    ),
  /** One server alone. */
  alone: (draw) =>
    aimed(withNodes(draw, 1), {
      weights: { crash: 5, power: 2, stall: 1 },
      every: 2,
      ambushes: { write: 0.1 },
    }),
} as const satisfies Record<string, Aim>

export type ProfileName = keyof typeof PROFILES

// The cast: what Object.keys loses.
export const PROFILE_NAMES = Object.keys(PROFILES) as readonly ProfileName[]

export const isProfile = (name: string): name is ProfileName => Object.hasOwn(PROFILES, name)

export const drawOf = (profile: ProfileName, prng: Prng): Draw =>
  PROFILES[profile](drawConditions(prng))
