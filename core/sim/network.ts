// Links between nodes, one for each direction: delay with a heavy tail, loss, duplicates, order or
// none, partitions, clogs. And the calls that run over them: a call is answered once, or fails, or
// is answered twice, or late: the program must cope.
import type { Prng } from '../prng.ts'
import type { Instant } from '../time.ts'
import { after, at, type SimNode, type World } from './world.ts'

export interface NetworkConditions {
  readonly delayMs: number
  readonly delaySpreadMs: number
  /** Now and then a message takes much longer: up to `tailMs`. */
  readonly tailChance: number
  readonly tailMs: number
  readonly lossChance: number
  readonly duplicateChance: number
  /** As over one connection: what was sent later arrives later. */
  readonly inOrder: boolean
}

/** One direction between two nodes. */
export interface Link {
  readonly prng: Prng
  /** Nothing gets through. A count: partitions may overlap. */
  blocked: number
  /** What is sent waits until then. */
  cloggedUntil: Instant
  /** This much slower than others. */
  slowMs: number
  lastArrival: Instant
}

export interface Network {
  readonly size: number
  /** No loss, no tail, no duplicates any more. */
  calm: boolean
  readonly links: readonly Link[]
}

export const createNetwork = (size: number, prng: Prng): Network => ({
  size,
  calm: false,
  links: Array.from({ length: size * size }, () => ({
    prng: prng.fork(),
    blocked: 0,
    cloggedUntil: 0,
    slowMs: 0,
    lastArrival: 0,
  })),
})

export const linkOf = ({ links, size }: Network, from: number, to: number): Link =>
  links[from * size + to] as Link

/** Sends something on its way; `arrive` happens once, twice or never. */
export function transmit(world: World, from: SimNode, to: SimNode, arrive: () => void): void {
  const link = linkOf(world.network, from.index, to.index)
  if (link.blocked > 0) return
  if (world.network.calm) {
    arriveLater(world, link, arrive)
    return
  }
  const { network } = world.conditions
  const { prng } = link
  if (network.lossChance > 0 && prng.chance(network.lossChance)) return
  arriveLater(world, link, arrive)
  if (network.duplicateChance > 0 && prng.chance(network.duplicateChance)) {
    arriveLater(world, link, arrive)
  }
}

function arriveLater(world: World, link: Link, arrive: () => void): void {
  const { network } = world.conditions
  const { prng } = link
  const { calm } = world.network
  let ms = network.delayMs + prng.unit() * (calm ? 1 : network.delaySpreadMs) + link.slowMs
  if (!calm && network.tailChance > 0 && prng.chance(network.tailChance))
    ms += prng.unit() * network.tailMs
  let when = world.now + ms
  if (when < link.cloggedUntil) when = link.cloggedUntil
  if (network.inOrder && when < link.lastArrival) when = link.lastArrival
  link.lastArrival = when
  at(world, when, arrive)
}

/** Cuts a direction, or gives back what one cut took. */
export function block(network: Network, from: number, to: number): void {
  linkOf(network, from, to).blocked++
}

export function unblock(network: Network, from: number, to: number): void {
  const link = linkOf(network, from, to)
  link.blocked = Math.max(0, link.blocked - 1)
}

/** No cut, clog or slowness is left, and none of the weather. */
export function healLinks(network: Network): void {
  network.calm = true
  for (const link of network.links) {
    link.blocked = 0
    link.cloggedUntil = 0
    link.slowMs = 0
  }
}

/** Lets every call of the node fail whose time is up, and looks again when the next is due. */
function sweepCalls(world: World, node: SimNode, fail: (call: number) => void): void {
  node.sweepAt = Infinity
  for (const [call, { failsAt }] of node.calls) {
    if (failsAt > world.now) {
      planSweep(world, node, { failsAt, fail })
      return
    }
    node.calls.delete(call)
    fail(call)
  }
}

/** Calls have one time limit, so they fail in the order in which they were made. */
export function planSweep(
  world: World,
  node: SimNode,
  { failsAt, fail }: { failsAt: Instant; fail: (call: number) => void },
): void {
  if (node.sweepAt !== Infinity) return
  node.sweepAt = failsAt
  const { incarnation } = node
  after(world, failsAt - world.now, () => {
    if (node.incarnation === incarnation) sweepCalls(world, node, fail)
  })
}
