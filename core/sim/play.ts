// Plays a scenario: acts at their times, conditions that must come true in theirs, and all the
// checks of every other run besides.
import { present, unreachable } from '../assert.ts'
import type { Term } from '../ids.ts'
import type { RaftNote } from '../raft/raft.ts'
import type { Instant } from '../time.ts'
import {
  assemble,
  conclude,
  type Finding,
  guard,
  type Run,
  type Setup,
  startAllNodes,
} from './assemble.ts'
import type { Order } from './host.ts'
import { deliver, pauseNode, resumeNode, rotDisk, startNode, stopNode, wipeDisk } from './life.ts'
import { cutAround, cutBetween, cutLinks } from './nemesis-links.ts'
import { block, linkOf, unblock } from './network.ts'
import { startCheck } from './play-check.ts'
import { drawOf } from './play-world.ts'
import { find, type Injected, type Player, type Telling } from './player.ts'
import type { Act, Scenario, Step, Who } from './scenario.ts'
import { restClients } from './workload.ts'
import { advance, after, at, type SimNode, setClockRate, type Watcher } from './world.ts'

export interface PlayOptions extends Pick<Setup, 'seed' | 'trace' | 'bug' | 'prefix'> {
  readonly onTelling?: (telling: Telling) => void
}

/** A scenario that is being played, as far as its clock is let go. */
export interface Playing {
  readonly run: Run
  /** Goes on to this virtual time; what broke, if anything: then it is over. */
  proceed(untilMs: Instant): Finding | undefined
  /** The last looks, when all has happened. */
  finish(): Finding | undefined
}

export function startPlay(scenario: Scenario, options: PlayOptions): Playing {
  const trace: Setup['trace'] = (clock) => watcherOf(() => player, options.trace?.(clock))
  const draw = drawOf(scenario.world)
  const run = assemble({ ...options, draw, trace })
  const player: Player = {
    run,
    tell: (told) => options.onTelling?.({ ms: run.world.now, ...told }),
    names: new Map(),
    elected: 0,
    waiting: [],
    isElecting: false,
    cuts: [],
  }
  for (const step of scenario.steps) plan(player, step)
  const begun = guard(run, () => startAllNodes(run))
  return {
    run,
    proceed: (untilMs) =>
      begun ??
      guard(run, () => {
        while (advance(run.world, Math.min(untilMs, scenario.endMs)));
      }),
    finish: () => guard(run, () => conclude(run)),
  }
}

/** From beginning to end. */
export function play(scenario: Scenario, options: PlayOptions): Finding | undefined {
  const playing = startPlay(scenario, options)
  return playing.proceed(scenario.endMs) ?? playing.finish()
}

function watcherOf(player: () => Player | undefined, trace: Watcher | undefined): Watcher {
  const quiet = () => undefined
  return {
    onStart: trace?.onStart ?? quiet,
    onStep: trace?.onStep ?? quiet,
    onEffect: (node, effect) => {
      trace?.onEffect(node, effect)
      const playing = player()
      if (playing !== undefined && effect.type === 'note') onNote(playing, node, effect.note)
    },
    onPersisted: trace?.onPersisted ?? quiet,
    onDown: trace?.onDown ?? quiet,
    onWiped: trace?.onWiped ?? quiet,
    onFault: trace?.onFault ?? quiet,
  }
}

function onNote(player: Player, node: SimNode, note: RaftNote): void {
  if (note.what !== 'became') return
  if (note.role === 'leader') onElected(player, node, note.term)
  if (note.role !== 'candidate' || player.isElecting) return
  player.isElecting = true
  player.tell({ kind: 'election', node: node.peer.id })
}

function onElected(player: Player, node: SimNode, term: Term): void {
  const { world } = player.run
  player.elected++
  player.isElecting = false
  player.names.set('it', node)
  player.tell({ kind: 'leader', node: node.peer.id, term })
  for (const { count, plusMs, act } of player.waiting) {
    if (count === player.elected) after(world, plusMs, () => perform(player, act))
  }
}

function plan(player: Player, { when, act }: Step): void {
  if (when.type === 'elected') player.waiting.push({ ...when, act })
  else at(player.run.world, when.ms, () => perform(player, act))
}

function perform(player: Player, act: Act): void {
  switch (act.do) {
    case 'isolate':
    case 'deaf':
    case 'mute':
    case 'cut':
      applyCut(player, act)
      break
    case 'heal':
      healAll(player)
      break
    case 'check':
      startCheck(player, act)
      break
    case 'let':
      player.names.set(act.name, find(player, act.who))
      break
    case 'clients':
      restClients(player.run.workload, !act.go)
      break
    case 'transfer':
    case 'add-voter':
    case 'add-nonvoter':
    case 'demote':
    case 'remove':
      giveOrder(player, act)
      break
    default:
      harm(player, act)
  }
}

type CutAct = Extract<Act, { do: 'isolate' | 'deaf' | 'mute' | 'cut' }>

function applyCut(player: Player, act: CutAct): void {
  const { world, nemesis } = player.run
  const [left, right] = sidesOf(player, act)
  const [node = present(world.nodes[0], 'a node')] = left
  const cut = act.do === 'cut' ? cutBetween(left, right) : cutAround(world, node, act.do)
  const ids = (nodes: readonly SimNode[]) => nodes.map(({ peer }) => peer.id)
  const told: Injected = { kind: 'inject', act: act.do, nodes: ids(left), others: ids(right) }
  player.tell(told)
  world.watcher.onFault(cut.text, undefined)
  if (act.ms !== undefined) {
    cutLinks(nemesis, cut, act.ms)
    after(world, act.ms, () => player.tell({ ...told, kind: 'heal' }))
    return
  }
  for (const [from, to] of cut.links) block(world.network, from, to)
  player.cuts.push({ cut, told })
}

function sidesOf(player: Player, act: CutAct): readonly [readonly SimNode[], readonly SimNode[]] {
  const nodes = (group: readonly Who[]) => group.map((who) => find(player, who))
  if (act.do === 'cut') return [nodes(act.left), nodes(act.right)]
  const node = find(player, act.who)
  return [[node], player.run.world.nodes.filter((other) => other !== node)]
}

function healAll(player: Player): void {
  const { world } = player.run
  for (const { cut, told } of player.cuts) {
    for (const [from, to] of cut.links) unblock(world.network, from, to)
    player.tell({ ...told, kind: 'heal' })
    world.watcher.onFault(`heal: ${cut.text}`, undefined)
  }
  player.cuts = []
}

type OrderAct = Extract<
  Act,
  { do: 'transfer' | 'add-voter' | 'add-nonvoter' | 'demote' | 'remove' }
>

function giveOrder(player: Player, act: OrderAct): void {
  const { world } = player.run
  const leader = find(player, 'leader')
  const order = orderOf(player, act)
  const nodes = act.who === undefined ? [] : [find(player, act.who).peer.id]
  player.tell({ kind: 'inject', act: act.do, nodes, others: [leader.peer.id] })
  deliver(world, leader, { type: 'order', order })
}

function orderOf(player: Player, act: OrderAct): Order {
  if (act.do === 'transfer')
    return { type: 'transfer', to: act.who === undefined ? undefined : find(player, act.who).peer }
  const { peer } = find(player, act.who)
  if (act.do === 'add-voter' || act.do === 'add-nonvoter') return { type: act.do, server: peer }
  return { type: act.do, id: peer.id }
}

type HarmAct = Exclude<
  Act,
  CutAct | OrderAct | { do: 'heal' } | { do: 'check' } | { do: 'let' } | { do: 'clients' }
>

/** Harm to one node, and what undoes it. */
function harm(player: Player, act: HarmAct): void {
  const { world } = player.run
  const node = find(player, act.do === 'slow-link' ? act.from : act.who)
  const text = `${act.do} ${node.peer.id}`
  const byMs = 'byMs' in act ? { byMs: act.byMs } : {}
  const told: Injected = {
    kind: act.do === 'start' ? 'heal' : 'inject',
    act: act.do,
    nodes: [node.peer.id],
    others: [],
    ...byMs,
  }
  player.tell(told)
  world.watcher.onFault(text, node)
  const undo = harmNode(player, node, act)
  const ms = 'ms' in act ? act.ms : undefined
  if (undo !== undefined && ms !== undefined) {
    after(world, ms, () => {
      undo()
      player.tell({ ...told, kind: 'heal' })
    })
  }
}

function harmNode(player: Player, node: SimNode, act: HarmAct): (() => void) | undefined {
  const { world } = player.run
  const { disk } = node
  switch (act.do) {
    case 'crash':
    case 'power':
      stopNode(world, node, act.do)
      return () => startNode(world, node)
    case 'wipe':
      stopNode(world, node, 'crash')
      wipeDisk(world, node)
      return () => startNode(world, node)
    case 'rot':
      stopNode(world, node, 'crash')
      rotDisk(world, node)
      return () => startNode(world, node)
    case 'break-sync':
      disk.failsNext = true
      return () => startNode(world, node)
    case 'start':
      startNode(world, node)
      return undefined
    case 'pause':
    case 'suspend':
      pauseNode(world, node, act.do === 'suspend')
      return () => resumeNode(world, node)
    case 'stall':
      disk.stalledUntil = act.ms === undefined ? Number.POSITIVE_INFINITY : world.now + act.ms
      return undefined
    case 'fill':
      disk.full = true
      return () => {
        disk.full = false
      }
    default:
      return slowDown(player, node, act)
  }
}

type SlowAct = Extract<HarmAct, { do: 'slow-disk' | 'slow-link' | 'gone' | 'clock' }>

function slowDown(player: Player, node: SimNode, act: SlowAct): (() => void) | undefined {
  const { world } = player.run
  switch (act.do) {
    case 'slow-disk':
      node.disk.slowMs = act.byMs
      return () => {
        node.disk.slowMs = 0
      }
    case 'slow-link': {
      const link = linkOf(world.network, node.index, find(player, act.to).index)
      link.slowMs = act.byMs
      return () => {
        link.slowMs = 0
      }
    }
    case 'gone':
      deliver(world, node, { type: 'gone', peer: find(player, act.tells).peer })
      return undefined
    case 'clock':
      node.ownRate = act.rate
      setClockRate(world, node, act.rate)
      return undefined
    default:
      return unreachable(act)
  }
}
