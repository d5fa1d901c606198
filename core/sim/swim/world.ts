// A virtual pool: members on machines with a network between them and one true time. Datagrams may
// be lost, doubled and overtaken, streams only be late; machines may be off, processes gone or
// stopped in their tracks, links cut in one direction or both. The same seed gives the same run.
import { assert } from '../../assert.ts'
import { createPrng, type Prng } from '../../prng.ts'
import type { SwimEffect } from '../../swim/effects.ts'
import { checkSwim } from '../../swim/invariants.ts'
import { addressText } from '../../swim/member.ts'
import {
  failStream,
  receiveAnswer,
  receivePacket,
  receiveRefusal,
  receiveStream,
  tick,
} from '../../swim/server.ts'
import type { Settings } from '../../swim/settings.ts'
import { readSnapshot } from '../../swim/snapshot.ts'
import { createSwim, drainSwim, type Swim } from '../../swim/swim.ts'
import { nextDue } from '../../swim/timers.ts'
import type { Instant } from '../../time.ts'
import type { Address } from '../../wire/memberlist.ts'
import type { Tags } from '../../wire/serf.ts'
import { createTraceHash, mixFloat, mixInt, type TraceHash } from '../hash.ts'
import { type Planned, popPlanned, pushPlanned } from '../heap.ts'

export interface PoolConditions {
  readonly settings: Settings
  readonly delayMs: number
  readonly jitterMs: number
  readonly lossChance: number
  readonly duplicateChance: number
  /** A process that is gone leaves a machine that refuses its port. */
  readonly isRefusing: boolean
  /** Every so many steps the whole member is looked at. */
  readonly checkEvery: number
}

export interface PoolNode {
  readonly index: number
  readonly name: string
  readonly address: Address
  readonly prng: Prng
  /** Undefined: no process runs. */
  swim: Swim | undefined
  /** Rises with each start and end: what was meant for an earlier process reaches no later one. */
  life: number
  /** The machine is off: nobody answers, not even to refuse. */
  isDark: boolean
  /** Stopped in its tracks: what arrives waits. */
  isPaused: boolean
  held: (() => void)[]
  /** Everything takes this much longer. */
  slowMs: number
  tags: Tags
  tickAt: Instant
  /** What it remembers, across its lives. */
  snapshot: string[]
}

interface Happening extends Planned {
  readonly run: () => void
}

/** Who looks at what members do. */
export interface PoolWatcher {
  onEffect(node: PoolNode, effect: SwimEffect): void
  /** Now and then, after a step. */
  onLook(node: PoolNode, swim: Swim): void
}

interface Incoming {
  readonly from: PoolNode
  readonly life: number
  readonly stream: number
}

export interface Pool {
  now: Instant
  /** Deliveries and ticks that did something. */
  events: number
  steps: number
  readonly conditions: PoolConditions
  readonly queue: Happening[]
  seq: number
  readonly prng: Prng
  readonly nodes: readonly PoolNode[]
  readonly byAddress: ReadonlyMap<string, PoolNode>
  readonly byName: ReadonlyMap<string, PoolNode>
  /** Directions that are cut, from × to. A count: cuts may overlap. */
  readonly blocked: Uint8Array
  lossChance: number
  readonly incoming: Map<number, Incoming>
  lastIncoming: number
  readonly hash: TraceHash
  readonly watcher: PoolWatcher
}

const PORT = 7946
/** As often as a driver ticks. */
const GRAIN_MS = 20

export function createPool(
  options: { seed: number; size: number; conditions: PoolConditions },
  watcher: PoolWatcher,
): Pool {
  const prng = createPrng(options.seed)
  const nodes = Array.from({ length: options.size }, (_, index) => createNode(index, prng.fork()))
  return {
    now: 0,
    events: 0,
    steps: 0,
    conditions: options.conditions,
    queue: [],
    seq: 0,
    prng,
    nodes,
    byAddress: new Map(nodes.map((node) => [addressText(node.address), node])),
    byName: new Map(nodes.map((node) => [node.name, node])),
    blocked: new Uint8Array(options.size * options.size),
    lossChance: options.conditions.lossChance,
    incoming: new Map(),
    lastIncoming: 0,
    hash: createTraceHash(),
    watcher,
  }
}

function createNode(index: number, prng: Prng): PoolNode {
  return {
    index,
    name: `n${index + 1}`,
    address: { ip: `10.0.${index >> 8}.${index & 255}`, port: PORT },
    prng,
    swim: undefined,
    life: 0,
    isDark: false,
    isPaused: false,
    held: [],
    slowMs: 0,
    tags: new Map([['role', 'member']]),
    tickAt: Number.POSITIVE_INFINITY,
    snapshot: [],
  }
}

/** Plans something. What is planned for one instant happens in the order of planning. */
export function after(pool: Pool, ms: number, run: () => void): void {
  assert(ms >= 0, 'nothing is planned for the past')
  pool.seq += 1
  pushPlanned(pool.queue, { at: pool.now + ms, seq: pool.seq, run })
}

/** Lets things happen until then, or until it is enough. */
export function runPool(pool: Pool, until: Instant, isEnough: () => boolean = () => false): void {
  while (!isEnough()) {
    const next = pool.queue[0]
    if (next === undefined || next.at > until) break
    popPlanned(pool.queue)
    pool.now = next.at
    next.run()
  }
  if (!isEnough()) pool.now = until
}

const VERSIONS = {
  protocolMin: 1,
  protocolMax: 5,
  protocolCur: 2,
  delegateMin: 2,
  delegateMax: 5,
  delegateCur: 5,
}

/** Starts a process on the machine. */
export function startNode(pool: Pool, node: PoolNode): Swim {
  assert(node.swim === undefined, 'one process per machine')
  node.life += 1
  node.isPaused = false
  node.held = []
  const { remembered } = readSnapshot(node.snapshot.join('\n'))
  const swim = createSwim(
    {
      name: node.name,
      address: node.address,
      tags: node.tags,
      settings: pool.conditions.settings,
      prng: node.prng.fork(),
      versions: VERSIONS,
      isCompressed: false,
      packetOverheadBytes: 0,
      isSealed: false,
      keys: [],
      admit: () => undefined,
      resolvesConflicts: true,
      isCoalescing: false,
      remembered,
    },
    pool.now,
  )
  node.swim = swim
  settle(pool, node, swim)
  return swim
}

/** The process is gone. */
export function stopNode(node: PoolNode): void {
  node.swim = undefined
  node.life += 1
  node.tickAt = Number.POSITIVE_INFINITY
  node.held = []
}

export function pauseNode(node: PoolNode): void {
  node.isPaused = true
}

/** Goes on: what has come meanwhile is read, before or after the clock is looked at. */
export function resumeNode(pool: Pool, node: PoolNode): void {
  const { swim, held } = node
  node.isPaused = false
  node.held = []
  if (swim === undefined) return
  const ticksFirst = pool.prng.chance(0.5)
  if (ticksFirst) step(pool, node, (each) => tick(each, pool.now))
  for (const arrive of held) arrive()
  if (!ticksFirst) step(pool, node, (each) => tick(each, pool.now))
}

/** Something happens to a process: it acts, and what it asks for is done. */
export function step(pool: Pool, node: PoolNode, act: (swim: Swim) => void): void {
  const { swim } = node
  if (swim === undefined) return
  act(swim)
  pool.steps += 1
  if (pool.steps % pool.conditions.checkEvery === 0) {
    checkSwim(swim)
    pool.watcher.onLook(node, swim)
  }
  settle(pool, node, swim)
}

function settle(pool: Pool, node: PoolNode, swim: Swim): void {
  const effects = drainSwim(swim)
  const { life } = node
  for (const effect of effects) {
    if (node.life !== life) return
    perform(pool, node, effect)
  }
  if (node.life === life) planTick(pool, node, nextDue(swim))
}

/** The driver looks at the clock on a grid of its own. */
function planTick(pool: Pool, node: PoolNode, due: Instant): void {
  const phase = node.index % GRAIN_MS
  const at = Math.max(pool.now, Math.ceil((due - phase) / GRAIN_MS) * GRAIN_MS + phase)
  if (at >= node.tickAt) return
  node.tickAt = at
  const { life } = node
  after(pool, at - pool.now, () => {
    if (node.life !== life || node.tickAt !== at) return
    node.tickAt = Number.POSITIVE_INFINITY
    if (node.isPaused) return
    step(pool, node, (swim) => tick(swim, pool.now))
  })
}

function perform(pool: Pool, node: PoolNode, effect: SwimEffect): void {
  pool.watcher.onEffect(node, effect)
  switch (effect.type) {
    case 'packet':
      sendPacket(pool, node, effect)
      break
    case 'open-stream':
      openStream(pool, node, effect)
      break
    case 'close-stream':
      closeStream(pool, effect)
      break
    case 'remember':
      node.snapshot.push(...effect.lines)
      break
    case 'left':
      stopNode(node)
      break
    default: // of interest to watchers only
  }
}

const isCut = ({ blocked, nodes }: Pool, from: PoolNode, to: PoolNode): boolean =>
  (blocked[from.index * nodes.length + to.index] ?? 0) > 0

/** Cuts a direction (1), or gives back what one cut took (-1). */
export function cut({ blocked, nodes }: Pool, from: PoolNode, to: PoolNode, by: 1 | -1): void {
  const at = from.index * nodes.length + to.index
  blocked[at] = Math.max(0, (blocked[at] ?? 0) + by)
}

function delayOf(pool: Pool, from: PoolNode, to: PoolNode): number {
  const { delayMs, jitterMs } = pool.conditions
  return delayMs + pool.prng.unit() * jitterMs + from.slowMs + to.slowMs
}

function trace(pool: Pool, node: PoolNode, what: number): void {
  pool.events += 1
  mixFloat(pool.hash, pool.now)
  mixInt(pool.hash, node.index * 256 + what)
}

/** Something reaches a machine, and the process on it, once that goes on. */
function arrive(pool: Pool, node: PoolNode, act: (swim: Swim) => void): void {
  if (node.isDark || node.swim === undefined) return
  trace(pool, node, 1)
  if (node.isPaused) node.held.push(() => step(pool, node, act))
  else step(pool, node, act)
}

type Packet = Extract<SwimEffect, { type: 'packet' }>

function sendPacket(pool: Pool, from: PoolNode, { to: address, bytes, watched }: Packet): void {
  const to = pool.byAddress.get(addressText(address))
  if (to === undefined || isCut(pool, from, to)) return
  const { prng, conditions } = pool
  if (prng.chance(pool.lossChance)) return
  const deliver = () => {
    if (to.swim === undefined) refuse(pool, { from, to, watched })
    else arrive(pool, to, (swim) => receivePacket(swim, { from: from.address, bytes }, pool.now))
  }
  after(pool, delayOf(pool, from, to), deliver)
  if (prng.chance(conditions.duplicateChance)) after(pool, delayOf(pool, from, to), deliver)
}

/** A machine without the process says so. */
function refuse(
  pool: Pool,
  { from, to, watched }: { from: PoolNode; to: PoolNode; watched: boolean },
): void {
  if (!watched || to.isDark || !pool.conditions.isRefusing || isCut(pool, to, from)) return
  const { life } = from
  after(pool, delayOf(pool, to, from), () => {
    if (from.life === life) arrive(pool, from, (swim) => receiveRefusal(swim, to.address, pool.now))
  })
}

type Opening = Extract<SwimEffect, { type: 'open-stream' }>

/** What a lost segment costs. */
const RESEND_MS = 200

const streamDelay = (pool: Pool, from: PoolNode, to: PoolNode): number =>
  delayOf(pool, from, to) + (pool.prng.chance(pool.lossChance) ? RESEND_MS : 0)

function openStream(pool: Pool, from: PoolNode, effect: Opening): void {
  const { stream, bytes, timeoutMs } = effect
  const to = pool.byAddress.get(addressText(effect.to))
  const { life } = from
  const fail = (why: string) => {
    if (from.life === life)
      arrive(pool, from, (swim) => failStream(swim, { stream, why }, pool.now))
  }
  after(pool, timeoutMs, () => fail('no answer in time'))
  if (to === undefined || isCut(pool, from, to) || isCut(pool, to, from)) return
  after(pool, streamDelay(pool, from, to), () => {
    if (to.isDark) return
    if (to.swim === undefined) {
      after(pool, delayOf(pool, to, from), () => fail('refused'))
      return
    }
    pool.lastIncoming += 1
    const incoming = pool.lastIncoming
    pool.incoming.set(incoming, { from, life, stream })
    arrive(pool, to, (swim) => receiveStream(swim, { stream: incoming, bytes }, pool.now))
  })
}

function closeStream(
  pool: Pool,
  { stream, bytes }: { stream: number; bytes: Uint8Array | undefined },
): void {
  const incoming = pool.incoming.get(stream)
  pool.incoming.delete(stream)
  if (incoming === undefined) return
  const { from, life } = incoming
  const answer = { stream: incoming.stream }
  after(pool, streamDelay(pool, from, from), () => {
    if (from.life !== life) return
    arrive(pool, from, (swim) =>
      bytes === undefined
        ? failStream(swim, { ...answer, why: 'closed' }, pool.now)
        : receiveAnswer(swim, { ...answer, bytes }, pool.now),
    )
  })
}
