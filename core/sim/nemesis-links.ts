// Harm to links: cuts around a node or between groups, and what one direction of a link may suffer.
import type { Prng } from '../prng.ts'
import { block, linkOf, unblock } from './network.ts'
import type { SimNode, World } from './world.ts'

/** Directions by index, and how to name them. */
export interface Cut {
  readonly links: readonly (readonly [number, number])[]
  readonly text: string
}

/** What does harm, and will take it back unless everything heals before. */
export interface Harm {
  readonly world: World
  readonly undo: (ms: number, run: () => void) => void
}

/** Cuts, and plans to mend. */
export function cutLinks({ world, undo }: Harm, cut: Cut, lasts: number): string {
  for (const [from, to] of cut.links) block(world.network, from, to)
  undo(lasts, () => mendLinks(world, cut))
  return cut.text
}

function mendLinks(world: World, { links, text }: Cut): void {
  for (const [from, to] of links) unblock(world.network, from, to)
  world.watcher.onFault(`heal: ${text}`, undefined)
}

/** Of all ways between a node and the others, those in one direction or in both. */
export function cutAround({ nodes }: World, node: SimNode, kind: 'isolate' | 'deaf' | 'mute'): Cut {
  const others = nodes.filter((other) => other !== node)
  const { id } = node.peer
  const into = others.map(({ index }) => [index, node.index] as const)
  const out = others.map(({ index }) => [node.index, index] as const)
  if (kind === 'isolate') return { links: [...into, ...out], text: `isolate ${id}` }
  if (kind === 'deaf') return { links: into, text: `${id} hears nobody` }
  return { links: out, text: `nobody hears ${id}` }
}

/** Between two groups. Who is in neither reaches both. */
export function cutBetween(left: readonly SimNode[], right: readonly SimNode[]): Cut {
  const links = left.flatMap((a) =>
    right.flatMap((b) => [[a.index, b.index] as const, [b.index, a.index] as const]),
  )
  const names = (some: readonly SimNode[]) => some.map(({ peer }) => peer.id).join(' ')
  return { links, text: `cut {${names(left)}} from {${names(right)}}` }
}

/** All nodes in two groups, for a bridge with one between them. */
export function drawCut({ nodes }: World, prng: Prng, hasBridge: boolean): Cut {
  const mixed = prng.shuffle([...nodes])
  const at = prng.range(1, Math.max(1, nodes.length - 1))
  return cutBetween(mixed.slice(0, at), mixed.slice(hasBridge ? at + 1 : at))
}

export interface Trouble {
  readonly kind: 'flap' | 'clog' | 'slow-link'
  readonly prng: Prng
  readonly node: SimNode
  readonly lasts: number
  /** The longest that anything lasts. */
  readonly lastsMax: number
}

/** One direction of one link of the node. */
export function troubleLink(harm: Harm, trouble: Trouble): string | undefined {
  const { world, undo } = harm
  const { kind, prng, node, lasts, lastsMax } = trouble
  const others = world.nodes.filter((other) => other !== node)
  if (others.length === 0) return undefined
  const other = prng.pick(others)
  const [a, b] = prng.chance(0.5) ? [node, other] : [other, node]
  const link = linkOf(world.network, a.index, b.index)
  const name = `${a.peer.id} → ${b.peer.id}`
  if (kind === 'clog') {
    link.cloggedUntil = world.now + lasts
    return `clog ${name}`
  }
  if (kind === 'slow-link') {
    link.slowMs = prng.unit() * lastsMax
    undo(lastsMax * 2, () => {
      link.slowMs = 0
    })
    return `slow down ${name}`
  }
  flap(harm, { a, b, ms: lasts / 3, times: prng.range(1, 4) })
  return `${name} flaps`
}

interface Flap {
  readonly a: SimNode
  readonly b: SimNode
  readonly ms: number
  readonly times: number
}

function flap(harm: Harm, { a, b, ms, times }: Flap): void {
  const { network } = harm.world
  if (times === 0) return
  block(network, a.index, b.index)
  harm.undo(ms, () => {
    unblock(network, a.index, b.index)
    harm.undo(ms, () => flap(harm, { a, b, ms, times: times - 1 }))
  })
}
