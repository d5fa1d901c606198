// Conditions that aim at one kind of mistake (reliability §2.2): chance alone finds some of them
// once in twenty thousand runs.
import type { Prng } from '../prng.ts'
import type { Ambushes, Draw, FaultKind } from './conditions.ts'
import { drawConditions } from './conditions.ts'

type Aim = (draw: Draw) => Draw

const NO_AMBUSH: Ambushes = {
  newLeader: 0,
  newLeaderBy: ['crash'],
  write: 0,
  snapshot: 0,
  transfer: 0,
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

const LEASES = { leaseDrift: 0.1 } as const

export const PROFILES = {
  /** Everything by chance. */
  swarm: (draw) => draw,
  /**
   * Leaders die or are cut off within a heartbeat of winning; five nodes, few copies in time (Raft
   * figure 8).
   */
  'figure-8': (draw) =>
    withSettings(
      aimed(withNodes(draw, 5), {
        weights: { isolate: 2, crash: 1 },
        every: 6,
        back: 2,
        lasts: 4,
        ambushes: { newLeader: 0.8, newLeaderBy: ['crash', 'isolate', 'mute', 'power'] },
      }),
      { appendEntriesMax: 1, inflightMax: 1 },
    ),
  /** Processes crash while their disks write, and are back at once. */
  'flush-crasher': (draw) =>
    aimed(draw, {
      weights: { isolate: 2, halves: 1 },
      every: 4,
      back: 0.3,
      ambushes: { write: 0.1, newLeader: 0.2 },
    }),
  /** One direction is slow, leases are on. */
  'slow-reply': (draw) =>
    withSettings(
      aimed(draw, {
        weights: { 'slow-link': 5, isolate: 2, deaf: 2, mute: 2 },
        every: 2,
        leader: 0.8,
        lasts: 5,
      }),
      LEASES,
    ),
  'transfer-storm': (draw) =>
    withSettings(
      aimed(draw, {
        weights: { transfer: 8, isolate: 2, 'slow-link': 2, crash: 1 },
        every: 1.5,
        leader: 0.8,
        ambushes: { transfer: 0.3 },
      }),
      draw.settings.leaseDrift === undefined ? {} : LEASES,
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
  /** Followers are killed and back in a moment, on a quiet log, with leases. */
  'quiet-restart': (draw) =>
    withWork(
      withSettings(
        aimed(withNodes(draw, 3), {
          weights: { crash: 6, isolate: 4, deaf: 2, mute: 2 },
          every: 1,
          leader: 0.3,
          back: 0.05,
          lasts: 4,
        }),
        LEASES,
      ),
      {
        clients: 3,
        thinkMs: draw.settings.heartbeatMs,
        restMs: draw.settings.heartbeatMs * 4,
        mix: { stale: 0, get: 70, cas: 0, delete: 0 },
      },
    ),
  'pause-leader': (draw) =>
    aimed(draw, { weights: { pause: 6, suspend: 3, isolate: 1 }, every: 2, leader: 0.9, lasts: 5 }),
  'stalled-disk': (draw) => aimed(draw, { weights: { stall: 1 }, every: 8, leader: 1, lasts: 12 }),
  'disk-full': (draw) =>
    aimed(draw, { weights: { full: 4, crash: 2, isolate: 2 }, every: 2, leader: 0.7, lasts: 5 }),
  /** Clocks at the edge of what leases allow. */
  clocks: (draw) => ({
    ...withSettings(
      aimed(draw, {
        weights: { isolate: 4, mute: 3, deaf: 3, pause: 1 },
        every: 2,
        leader: 0.8,
        lasts: 5,
      }),
      LEASES,
    ),
    clockDrift: 0.1,
  }),
  /** Late, doubled and reordered messages, and nothing else. */
  weather: (draw) =>
    withNetwork(
      aimed(draw, { weights: { 'slow-link': 3, clog: 3, flap: 2, 'false-gone': 2 }, every: 1 }),
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
