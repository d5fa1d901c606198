// Plots against a leader: faults in an order, each at the moment at which it matters. Chance alone
// would bring them together once in many thousand runs.
import type { Prng } from '../prng.ts'
import { deliver, startNode, stopNode } from './life.ts'
import { type Cut, cutAround, cutBetween, cutLinks, type Harm } from './nemesis-links.ts'
import { block, linkOf, unblock } from './network.ts'
import type { SimNode, World } from './world.ts'

interface Plot {
  readonly prng: Prng
  readonly lasts: number
}

/** Is told at once when a node wins, and when it commits. */
export type Lurker = (node: SimNode, does: 'leads' | 'commits') => void

interface Stage extends Harm {
  lurker: Lurker | undefined
}

export function leaderOf({ nodes }: World): SimNode | undefined {
  let best: SimNode | undefined
  for (const node of nodes) {
    const raft = node.host?.raft
    if (raft?.role.type !== 'leader') continue
    if (best === undefined || raft.vote.term > (best.host?.raft.vote.term ?? 0)) best = node
  }
  return best
}

/** The leader is cut off, and the others hear at once that its connections are closed. */
export function cutOffLeader(harm: Harm, { lasts }: Plot): string | undefined {
  const { world } = harm
  const node = leaderOf(world)
  if (node === undefined) return undefined
  const text = cutLinks(harm, cutAround(world, node, 'isolate'), lasts)
  for (const other of world.nodes) {
    if (other !== node) deliver(world, other, { type: 'gone', peer: node.peer })
  }
  return `${text}, and close its connections`
}

/** What the leader says arrives late, all at once, when another leads already (M15). */
export function holdBack({ world }: Harm, { lasts }: Plot): string | undefined {
  const node = leaderOf(world)
  if (node === undefined) return undefined
  const until = world.now + 2 * lasts
  for (const other of world.nodes) {
    if (other === node) continue
    linkOf(world.network, node.index, other.index).cloggedUntil = until
    deliver(world, other, { type: 'gone', peer: node.peer })
  }
  return `hold back what ${node.peer.id} says`
}

/**
 * One follower is cut off from the leader and asks the other for its vote, in vain, until that is
 * killed and back in a moment and has forgotten its leader, which loses touch just then (M71).
 */
export function makeForgetful(harm: Harm, { prng, lasts }: Plot): string | undefined {
  const { world } = harm
  const leader = leaderOf(world)
  const others = prng.shuffle(world.nodes.filter((node) => node !== leader && node.host))
  const [near, far] = others
  if (leader === undefined || near === undefined || far === undefined) return undefined
  const text = cutLinks(harm, cutBetween([leader], [far]), 2 * lasts)
  harm.undo(lasts, () => {
    stopNode(world, near, 'crash')
    cutLinks(harm, cutAround(world, leader, 'isolate'), lasts)
    harm.undo(prng.unit() * 5, () => startNode(world, near))
  })
  return `${text}, and ${near.peer.id} will be killed`
}

/** A connection breaks while its other end lives. */
export function claimGone(world: World, node: SimNode): string | undefined {
  const leader = node.host?.raft.leader
  if (leader === undefined || leader.id === node.peer.id) return undefined
  deliver(world, node, { type: 'gone', peer: leader })
  return `${node.peer.id} is told that ${leader.id} is gone`
}

/**
 * What others answer the leader comes late, and then it is cut off: the last answers arrive when
 * those who gave them follow another (M23).
 */
export function answerLate(harm: Harm, { prng, lasts }: Plot): string | undefined {
  const { world } = harm
  const leader = leaderOf(world)
  if (leader === undefined) return undefined
  const ways = world.nodes
    .filter((other) => other !== leader)
    .map((other) => linkOf(world.network, other.index, leader.index))
  for (const way of ways) way.slowMs = lasts * (0.8 + 0.4 * prng.unit())
  harm.undo(2.5 * lasts, () => {
    if (leaderOf(world) === leader) cutOffLeader(harm, { prng, lasts: 3 * lasts })
    for (const way of ways) way.slowMs = 0
  })
  return `answers to ${leader.peer.id} come late`
}

/**
 * Raft figure 8, step by step: a leader reaches one other only; of the rest somebody wins, and is
 * cut off before anybody hears of it; the old ones come back and hand on what they have; as soon as
 * that is committed its leader is cut off, and the one in between is back (M01).
 */
export function playFigure8(stage: Stage, { prng, lasts }: Plot): string | undefined {
  const { world } = stage
  const first = leaderOf(world)
  const [second, ...rest] = prng.shuffle(world.nodes.filter((node) => node !== first))
  if (first === undefined || second === undefined || rest.length < 3) return undefined
  const cut = cutBetween([first, second], rest)
  let blocked: Cut['links'] = []
  const turn = (links: Cut['links']) => {
    for (const [from, to] of blocked) unblock(world.network, from, to)
    for (const [from, to] of links) block(world.network, from, to)
    blocked = links
  }
  const end = () => {
    turn([])
    stage.lurker = undefined
  }
  const around = (node: SimNode) => cutAround(world, node, 'isolate').links
  stage.lurker = (between, does) => {
    if (does !== 'leads' || !rest.includes(between)) return
    turn(around(between))
    world.watcher.onFault(`figure 8: ${between.peer.id} wins, and nobody hears of it`, between)
    stage.lurker = (last, doesNow) => {
      if (doesNow !== 'commits' || last === between) return
      turn(around(last))
      world.watcher.onFault(`figure 8: ${last.peer.id} has committed, and is cut off`, last)
      stage.lurker = undefined
    }
  }
  turn(cut.links)
  stage.undo(lasts, end)
  return `${cut.text}, as in figure 8`
}
