// Does harm, by plan or in ambush, and undoes it again. Every fault has a number and a generator of
// its own, drawn before anything else: to leave one out changes nothing about the others, so that a
// failing run can be made smaller.
import { unreachable } from '../assert.ts'
import { createPrng, type Prng } from '../prng.ts'
import type { Peer, Server } from '../raft/messages.ts'
import { configurationOf, WITHHELD } from '../raft/raft.ts'
import { type Draw, FAULT_KINDS, type FaultKind, type NemesisConditions } from './conditions.ts'
import { isBlank } from './disk.ts'
import type { HostEffect, Order } from './host.ts'
import { deliver, pauseNode, resumeNode, rotDisk, startNode, stopNode, wipeDisk } from './life.ts'
import { cutAround, cutLinks, drawCut, type Harm, troubleLink } from './nemesis-links.ts'
import {
  answerLate,
  claimGone,
  cutOffLeader,
  holdBack,
  type Lurker,
  leaderOf,
  makeForgetful,
  playFigure8,
} from './nemesis-plots.ts'
import { block, healLinks } from './network.ts'
import { after, type SimNode, setClockRate, type World } from './world.ts'

export interface Nemesis extends Harm {
  readonly conditions: NemesisConditions
  /** Each as often as its weight. */
  readonly kinds: readonly FaultKind[]
  /** One value for each fault by plan. */
  readonly prng: Prng
  readonly ambushPrng: Prng
  readonly skipped: ReadonlySet<string>
  readonly counts: Partial<Record<FaultKind, number>>
  planned: number
  ambushed: number
  /** Everything has healed, and stays so. */
  over: boolean
  /** What became of nodes that are not needed any more. */
  readonly left: Set<Fate>
  lurker: Lurker | undefined
}

export interface NemesisOptions {
  readonly seed: number
  readonly conditions: NemesisConditions
  /** Names of faults that are left out: `P3` the third by plan, `A2` the second ambush. */
  readonly skipped: ReadonlySet<string>
}

export function startNemesis(world: World, options: NemesisOptions): Nemesis {
  const prng = createPrng(options.seed)
  const nemesis: Nemesis = {
    world,
    undo: (ms, run) =>
      after(world, ms, () => {
        if (!nemesis.over) run()
      }),
    conditions: options.conditions,
    kinds: kindsOf(options.conditions),
    prng,
    ambushPrng: prng.fork(),
    skipped: options.skipped,
    counts: {},
    planned: 0,
    ambushed: 0,
    over: false,
    left: new Set(),
    lurker: undefined,
  }
  planNext(nemesis)
  return nemesis
}

function planNext(nemesis: Nemesis): void {
  const { world, conditions, prng, kinds } = nemesis
  if (kinds.length === 0) return
  const seed = prng.next()
  const name = `P${++nemesis.planned}`
  after(world, conditions.everyMs * 2 * prng.unit(), () => {
    if (nemesis.over) return
    planNext(nemesis)
    const ofFault = createPrng(seed)
    attempt(nemesis, ofFault.pick(kinds), { name, prng: ofFault, victim: undefined })
  })
}

const kindsOf = ({ weights }: NemesisConditions): FaultKind[] =>
  FAULT_KINDS.flatMap((kind) => Array.from({ length: weights[kind] ?? 0 }, () => kind))

interface Attempt {
  readonly name: string
  readonly prng: Prng
  readonly victim: SimNode | undefined
}

function attempt(nemesis: Nemesis, kind: FaultKind, { name, prng, victim }: Attempt): void {
  if (nemesis.skipped.has(name)) return
  const node = victim ?? pickVictim(nemesis, prng)
  const lasts = nemesis.conditions.lastsMs * prng.unit()
  const text = strike(nemesis, kind, { prng, node, lasts })
  if (text === undefined) return
  nemesis.counts[kind] = (nemesis.counts[kind] ?? 0) + 1
  nemesis.world.watcher.onFault(`${name}: ${text}`, node)
}

function pickVictim({ world, conditions }: Nemesis, prng: Prng): SimNode {
  const anybody = prng.pick(world.nodes)
  return prng.chance(conditions.leaderChance) ? (leaderOf(world) ?? anybody) : anybody
}

interface Strike {
  readonly prng: Prng
  readonly node: SimNode
  readonly lasts: number
}

/** Returns what was done, in words; undefined: nothing. */
function strike(nemesis: Nemesis, kind: FaultKind, hit: Strike): string | undefined {
  const { world } = nemesis
  const { node, lasts } = hit
  const { id } = node.peer
  switch (kind) {
    case 'crash':
    case 'power':
      return bringDown(nemesis, kind, hit)
    case 'wipe':
    case 'rot':
      return spoilDisk(nemesis, kind, hit)
    case 'pause':
    case 'suspend':
      if (node.host === undefined) return undefined
      pauseNode(world, node, kind === 'suspend')
      nemesis.undo(lasts, () => resumeNode(world, node))
      return `${kind} ${id}`
    case 'coup':
      return cutOffLeader(nemesis, hit)
    case 'burst':
      return holdBack(nemesis, hit)
    case 'late-answers':
      return answerLate(nemesis, hit)
    case 'figure-8':
      return playFigure8(nemesis, { ...hit, lasts: 3 * nemesis.conditions.lastsMs })
    case 'forgetful':
      return makeForgetful(nemesis, hit)
    case 'isolate':
    case 'deaf':
    case 'mute':
      return cutLinks(nemesis, cutAround(world, node, kind), lasts)
    case 'halves':
    case 'bridge':
      return cutLinks(nemesis, drawCut(world, hit.prng, kind === 'bridge'), lasts)
    case 'flap':
    case 'clog':
    case 'slow-link':
      return troubleLink(nemesis, { ...hit, kind, lastsMax: nemesis.conditions.lastsMs })
    case 'false-gone':
      return claimGone(world, node)
    case 'stall':
      node.disk.stalledUntil = world.now + lasts
      return `stall the disk of ${id}`
    case 'full':
      node.disk.full = true
      nemesis.undo(lasts, () => {
        node.disk.full = false
      })
      return `fill the disk of ${id}`
    case 'sync-failure':
      return failSync(nemesis, hit)
    case 'transfer':
    case 'member':
      return giveOrder(world, kind, hit)
    default:
      return unreachable(kind)
  }
}

function bringDown(nemesis: Nemesis, how: 'crash' | 'power', hit: Strike): string | undefined {
  const { world } = nemesis
  const { node } = hit
  if (node.host === undefined) return undefined
  stopNode(world, node, how)
  comeBack(nemesis, hit)
  return `${how} ${node.peer.id}`
}

/** Often at once, sometimes after a while. */
function comeBack(nemesis: Nemesis, { node, prng }: Strike): void {
  const { backMs } = nemesis.conditions
  const ms = prng.chance(0.3) ? prng.unit() * 5 : prng.unit() * backMs
  nemesis.undo(ms, () => startNode(nemesis.world, node))
}

function spoilDisk(nemesis: Nemesis, how: 'wipe' | 'rot', hit: Strike): string | undefined {
  const { world } = nemesis
  const { node } = hit
  if (world.nodes.some(isIncomplete)) return undefined
  stopNode(world, node, 'crash')
  if (how === 'wipe') wipeDisk(world, node)
  else rotDisk(world, node)
  nemesis.undo(hit.lasts, () => startNode(world, node))
  return `${how} ${node.peer.id}`
}

/**
 * It has lost what it had, and may not have it again: one at a time, for a majority must keep
 * everything.
 */
const isIncomplete = ({ lost, disk }: SimNode): boolean =>
  lost !== undefined && (isBlank(disk.platter) || disk.platter.vote.votedFor === WITHHELD)

function failSync(nemesis: Nemesis, { node, prng }: Strike): string | undefined {
  if (node.host === undefined) return undefined
  node.disk.failsNext = true
  nemesis.undo(nemesis.conditions.backMs * (1 + prng.unit()), () => {
    node.disk.failsNext = false
    startNode(nemesis.world, node)
  })
  return `the next sync of ${node.peer.id} fails`
}

function giveOrder(
  world: World,
  kind: 'transfer' | 'member',
  { prng }: Strike,
): string | undefined {
  const leader = leaderOf(world)
  const raft = leader?.host?.raft
  if (leader === undefined || raft === undefined) return undefined
  const { servers } = configurationOf(raft)
  const order = kind === 'member' ? drawChange(world, servers, prng) : drawTransfer(world, prng)
  if (order === undefined) return undefined
  deliver(world, leader, { type: 'order', order })
  return `order ${leader.peer.id}: ${textOf(order)}`
}

const drawTransfer = ({ nodes }: World, prng: Prng): Order => ({
  type: 'transfer',
  to: prng.chance(0.5) ? undefined : prng.pick(nodes).peer,
})

/** Fewer voters are not left: a cluster of two cannot lose anybody. */
const VOTERS_MIN = 2

function drawChange({ nodes }: World, servers: readonly Server[], prng: Prng): Order | undefined {
  const voters = servers.filter(({ suffrage }) => suffrage === 'voter')
  const server: Peer = prng.pick(nodes).peer
  const isVoter = voters.some(({ id }) => id === server.id)
  if (!isVoter) return { type: prng.chance(0.7) ? 'add-voter' : 'add-nonvoter', server }
  if (voters.length <= VOTERS_MIN) return undefined
  return { type: prng.chance(0.7) ? 'remove' : 'demote', id: server.id }
}

const textOf = (order: Order): string => {
  if (order.type === 'transfer') return `transfer to ${order.to?.id ?? 'anybody'}`
  return `${order.type} ${'server' in order ? order.server.id : order.id}`
}

/** Looks at what a server does, and strikes at a moment that matters. */
export function ambush(nemesis: Nemesis, node: SimNode, effect: HostEffect): void {
  const { ambushes, lastsMs } = nemesis.conditions
  if (nemesis.over) return
  switch (effect.type) {
    case 'note':
      if (effect.note.what === 'commit') nemesis.lurker?.(node, 'commits')
      if (effect.note.what !== 'became') break
      if (effect.note.role === 'candidate') {
        const by = ['isolate', 'mute', 'deaf'] as const
        ambushLeader(nemesis, { chance: ambushes.candidate, ms: lastsMs * 0.02, by })
      }
      if (effect.note.role !== 'leader') break
      nemesis.lurker?.(node, 'leads')
      lieInWait(nemesis, {
        node,
        chance: ambushes.newLeader,
        ms: lastsMs * 0.1,
        by: ambushes.newLeaderBy,
      })
      lieInWait(nemesis, { node, chance: ambushes.transfer, ms: lastsMs * 0.1, by: ['transfer'] })
      break
    case 'persist': {
      const { writeMs, writeSpreadMs } = nemesis.world.conditions.disk
      lieInWait(nemesis, {
        node,
        chance: ambushes.write,
        ms: writeMs + writeSpreadMs,
        by: ['crash'],
      })
      break
    }
    case 'save-snapshot':
    case 'install': {
      const { snapshotMs } = nemesis.world.conditions.disk
      lieInWait(nemesis, {
        node,
        chance: ambushes.snapshot,
        ms: snapshotMs * 2,
        by: ['crash', 'power'],
      })
      break
    }
    default:
  }
}

function ambushLeader(nemesis: Nemesis, wait: Omit<Wait, 'node'>): void {
  const node = leaderOf(nemesis.world)
  if (node !== undefined && !nemesis.over) lieInWait(nemesis, { node, ...wait })
}

/** A server starts, and has not heard of its leader yet. */
export function ambushStart(nemesis: Nemesis): void {
  const chance = nemesis.conditions.ambushes.restart
  ambushLeader(nemesis, { chance, ms: 0, by: ['isolate'] })
}

interface Wait {
  readonly node: SimNode
  readonly chance: number
  /** It strikes within this. */
  readonly ms: number
  readonly by: readonly FaultKind[]
}

function lieInWait(nemesis: Nemesis, { node, chance, ms, by }: Wait): void {
  const { ambushPrng, world } = nemesis
  if (chance === 0 || !ambushPrng.chance(chance)) return
  const prng = createPrng(ambushPrng.next())
  const name = `A${++nemesis.ambushed}`
  const { incarnation } = node
  after(world, prng.unit() * ms, () => {
    if (nemesis.over || node.incarnation !== incarnation) return
    attempt(nemesis, prng.pick(by), { name, prng, victim: node })
  })
}

/** Whatever is down comes up. */
export function startAll({ world }: Nemesis): void {
  for (const node of world.nodes) {
    node.disk.failsNext = false
    startNode(world, node)
  }
}

/**
 * No harm is done any more. The nodes in `core` run undisturbed from now on; what happens to others
 * must not matter.
 */
export function healAll(nemesis: Nemesis, core: readonly SimNode[]): void {
  const { world, ambushPrng: prng, left } = nemesis
  nemesis.over = true
  healLinks(world.network)
  for (const node of world.nodes) if (!core.includes(node)) left.add(leave(world, node, prng))
  for (const node of core) {
    node.disk.stalledUntil = 0
    node.disk.full = false
    setClockRate(world, node, node.ownRate)
    resumeNode(world, node)
  }
}

/** Dead for ever, or cut off in one direction, or as it happens to be. */
const FATES = ['dead', 'deaf', 'mute', 'as-is'] as const
type Fate = (typeof FATES)[number]

function leave(world: World, node: SimNode, prng: Prng): Fate {
  const others = world.nodes.filter((other) => other !== node)
  const fate = prng.pick(FATES)
  if (fate === 'dead') stopNode(world, node, 'power')
  if (fate === 'deaf') for (const { index } of others) block(world.network, index, node.index)
  if (fate === 'mute') for (const { index } of others) block(world.network, node.index, index)
  world.watcher.onFault(`leave ${node.peer.id} ${fate}`, node)
  return fate
}

/** Clocks differ by up to this from the true rate. */
export function spreadClocks(
  world: World,
  { clockDrift: drift, clocksExtreme }: Pick<Draw, 'clockDrift' | 'clocksExtreme'>,
  seed: number,
): void {
  const prng = createPrng(seed)
  if (drift === 0) return
  for (const node of world.nodes) {
    const between = [1, 1 + drift * (2 * prng.unit() - 1)]
    node.ownRate = prng.pick([1 - drift, 1 + drift, ...(clocksExtreme ? [] : between)])
    setClockRate(world, node, node.ownRate)
  }
}
