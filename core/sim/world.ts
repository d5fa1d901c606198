// The virtual world: a queue of what is going to happen, and nodes with a disk, a clock and perhaps
// a running program. Time jumps from one happening to the next; the same seed gives the same run.
//
// Files in the order of their imports: heap, hash, host, world (records and time), disk, network,
// life (programs run here).
import { assert, present } from '../assert.ts'
import type { Persist, Recovered } from '../entry.ts'
import { createPrng, type Prng } from '../prng.ts'
import type { Configuration, Peer, RaftRequest, ServerId } from '../raft/messages.ts'
import type { Instant } from '../time.ts'
import type { Disk, DiskConditions, Platter } from './disk.ts'
import { createTraceHash, type TraceHash } from './hash.ts'
import { popPlanned, pushPlanned } from './heap.ts'
import type { ClientOutcome, Host, HostEffect, HostEvent, StartHost } from './host.ts'
import type { Network, NetworkConditions } from './network.ts'

/** What a run is like. Drawn from its seed, or written down in a scenario. */
export interface Conditions {
  readonly network: NetworkConditions
  readonly disk: DiskConditions
  /** Programs look at their clock this often: no timeout is finer. */
  readonly tickMs: number
  /** A call without an answer fails after this long. */
  readonly callLimitMs: number
}

/**
 * A monotonic clock with a rate of its own. It never jumps, not even when its node is restarted.
 */
interface NodeClock {
  /** Its reading at the true time `since`. */
  base: Instant
  since: Instant
  rate: number
}

interface PendingCall {
  readonly to: SimNode
  readonly failsAt: Instant
}

/** A call that a running program has not answered yet. */
export interface IncomingFrom {
  readonly node: SimNode
  readonly incarnation: number
  readonly call: number
  readonly request: RaftRequest
}

export interface SimNode {
  readonly index: number
  readonly peer: Peer
  readonly disk: Disk
  readonly prng: Prng
  readonly clock: NodeClock
  /** The rate of its clock while it runs. */
  ownRate: number
  /** Undefined: no program runs. */
  host: Host | undefined
  /**
   * Rises with each start and each crash: what was meant for an earlier program reaches no later
   * one.
   */
  incarnation: number
  /** What was on its disk before that was wiped, or rotted. */
  lost: Platter | undefined
  /** The whole machine is off: nobody answers, not even to refuse. */
  dark: boolean
  /** Stopped in its tracks (SIGSTOP, a long collection of garbage): what arrives waits. */
  paused: boolean
  inbox: HostEvent[]
  /** True time of the tick that is planned; Infinity: none. */
  tickAt: Instant
  tickPlan: number
  /** The latest reading that the program was shown. */
  shown: Instant
  readonly calls: Map<number, PendingCall>
  sweepAt: Instant
  readonly incoming: Map<number, IncomingFrom>
}

interface Happening {
  readonly at: Instant
  readonly seq: number
  readonly run: () => void
}

/** Who looks at everything: checkers and the trace. */
export interface Watcher {
  onStart(node: SimNode, recovered: Recovered): void
  /** After the program has taken the event, before its effects are performed. */
  onStep(node: SimNode, event: HostEvent): void
  onEffect(node: SimNode, effect: HostEffect): void
  /** After the disk has taken a write, whole or, in a crash, the first `steps` of it. */
  onPersisted(node: SimNode, persist: Persist, steps: number): void
  onDown(node: SimNode, how: DownHow): void
  onWiped(node: SimNode, what: 'all' | 'a part'): void
  /** Something that the world does to its nodes, in words. */
  onFault(text: string, node: SimNode | undefined): void
}

/** `crash`: the process is gone, its machine refuses calls. `power`: nobody answers. */
export type DownHow = 'crash' | 'power' | 'disk-failed'

/** Who waits for answers to client requests. */
export interface Desk {
  onOutcome(id: number, outcome: ClientOutcome): void
}

export interface World {
  now: Instant
  /** Delivered messages, expired timers, answers of disks, calls of clients. */
  events: number
  readonly conditions: Conditions
  readonly queue: Happening[]
  seq: number
  readonly nodes: SimNode[]
  readonly byId: Map<ServerId, SimNode>
  readonly network: Network
  readonly start: StartHost
  /** Those that begin the cluster; others are added later. */
  readonly founders: Configuration
  readonly hash: TraceHash
  readonly watcher: Watcher
  desk: Desk
  lastIncoming: number
}

export interface WorldOptions {
  readonly seed: number
  readonly conditions: Conditions
  /** All nodes there can be. */
  readonly nodes: number
  /** How many of them begin the cluster. */
  readonly founders: number
  readonly start: StartHost
  /** Before the number in the name of a node. */
  readonly prefix: string
  readonly watcher: Watcher
  readonly createDisk: (prng: Prng) => Disk
  readonly createNetwork: (nodes: number, prng: Prng) => Network
}

/** Ports as in Consul's tests: not that anybody listened there. */
const PORT = 8300

export function createWorld(options: WorldOptions): World {
  const prng = createPrng(options.seed)
  const network = options.createNetwork(options.nodes, prng.fork())
  const nodes = Array.from({ length: options.nodes }, (_, index) =>
    createNode(index, options, prng.fork()),
  )
  const servers = nodes
    .slice(0, options.founders)
    .map(({ peer }) => ({ ...peer, suffrage: 'voter' as const }))
  return {
    now: 0,
    events: 0,
    conditions: options.conditions,
    queue: [],
    seq: 0,
    nodes,
    byId: new Map(nodes.map((node) => [node.peer.id, node])),
    network,
    start: options.start,
    founders: { servers },
    hash: createTraceHash(),
    watcher: options.watcher,
    desk: { onOutcome: () => undefined },
    lastIncoming: 0,
  }
}

function createNode(index: number, options: WorldOptions, prng: Prng): SimNode {
  return {
    index,
    peer: { id: `${options.prefix}${index + 1}`, address: `10.0.0.${index + 1}:${PORT}` },
    disk: options.createDisk(prng.fork()),
    prng,
    clock: { base: prng.range(1, 1_000_000), since: 0, rate: 1 },
    ownRate: 1,
    host: undefined,
    incarnation: 0,
    lost: undefined,
    dark: false,
    paused: false,
    inbox: [],
    tickAt: Infinity,
    tickPlan: 0,
    shown: 0,
    calls: new Map(),
    sweepAt: Infinity,
    incoming: new Map(),
  }
}

/** Plans something. What is planned for one instant happens in the order of planning. */
export function at(world: World, when: Instant, run: () => void): void {
  assert(when >= world.now, 'nothing is planned for the past')
  pushPlanned(world.queue, { at: when, seq: ++world.seq, run })
}

export const after = (world: World, ms: number, run: () => void): void =>
  at(world, world.now + ms, run)

/** Lets the next thing happen. False: nothing is planned, or not before `until`. */
export function advance(world: World, until: Instant): boolean {
  const next = world.queue[0]
  if (next === undefined || next.at > until) return false
  popPlanned(world.queue)
  world.now = next.at
  next.run()
  return true
}

/** What the node's own clock shows. Never less than it has shown before. */
export function localNow(world: World, { clock, shown }: SimNode): Instant {
  return Math.max(shown, clock.base + (world.now - clock.since) * clock.rate)
}

/** When the node's clock will show this; Infinity while it stands still. */
export function trueTimeOf(world: World, { clock }: SimNode, local: Instant): Instant {
  if (clock.rate === 0) return Infinity
  return Math.max(world.now, clock.since + (local - clock.base) / clock.rate)
}

export function setClockRate(world: World, node: SimNode, rate: number): void {
  const { clock } = node
  clock.base += (world.now - clock.since) * clock.rate
  clock.since = world.now
  clock.rate = rate
}

export const nodeOf = (world: World, id: ServerId): SimNode =>
  present(world.byId.get(id), `a node ${id}`)
