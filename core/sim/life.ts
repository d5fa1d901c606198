// How programs live in the world: started from their disks, stepped by what happens to them,
// stopped in all the ways in which processes stop. Effects are performed in order, as the driver of
// a real process does it (daemons/runtime/driver.ts).
import { assert, unreachable } from '../assert.ts'
import type { Persist } from '../entry.ts'
import type { Boot } from '../raft/raft.ts'
import type { Instant } from '../time.ts'
import {
  emptyPlatter,
  isBlank,
  keepSnapshot,
  land,
  newest,
  recover,
  rotten,
  stepsLeft,
  stepsOf,
  trim,
  writeMs,
} from './disk.ts'
import { mixFloat, mixInt } from './hash.ts'
import type { HostEffect, HostEvent, SnapshotImage } from './host.ts'
import { planSweep, transmit } from './network.ts'
import {
  after,
  at,
  type DownHow,
  type IncomingFrom,
  localNow,
  nodeOf,
  type SimNode,
  setClockRate,
  trueTimeOf,
  type World,
} from './world.ts'

/** Starts the program of a node from what its disk holds. Nothing happens if it runs. */
export function startNode(world: World, node: SimNode): void {
  if (node.host !== undefined) return
  const { disk, peer } = node
  const recovered = recover(disk.platter)
  const boot = bootOf(node)
  const founds = boot === 'first' && world.founders.servers.some(({ id }) => id === peer.id)
  node.dark = false
  node.incarnation++
  world.watcher.onStart(node, recovered)
  node.host = world.start({
    self: peer,
    recovered,
    snapshot: newest(disk.platter)?.meta,
    now: show(world, node),
    seed: node.prng.next(),
    boot,
    found: founds ? world.founders : undefined,
  })
  mixInt(world.hash, 0x57a47 + node.index)
  settle(world, node, { type: 'tick' })
}

function bootOf({ disk, lost }: SimNode): Boot {
  if (!isBlank(disk.platter)) return 'again'
  return lost === undefined ? 'first' : 'damaged'
}

/** Everything on the disk is gone; the node keeps its name. */
export function wipeDisk(world: World, node: SimNode): void {
  node.lost = node.disk.platter
  node.disk.platter = emptyPlatter()
  world.watcher.onWiped(node, 'all')
}

/** A part of its log is damaged, if there is any; from there on nothing of it counts. */
export function rotDisk(world: World, node: SimNode): void {
  const { disk } = node
  if (disk.platter.entries.length === 0) return
  node.lost = disk.platter
  disk.platter = rotten(disk.platter, disk.prng)
  mixInt(world.hash, 0x207 + disk.platter.entries.length)
  world.watcher.onWiped(node, 'a part')
}

/** Ends the program of a node, and what its disk was doing. */
export function stopNode(world: World, node: SimNode, how: DownHow): void {
  if (node.host === undefined) return
  crashDisk(world, node)
  node.host = undefined
  node.incarnation++
  node.dark = how === 'power'
  if (node.paused) wakeClock(world, node)
  node.paused = false
  node.inbox = []
  node.calls.clear()
  node.sweepAt = Infinity
  node.incoming.clear()
  node.tickAt = Infinity
  node.tickPlan++
  mixInt(world.hash, 0xdead + node.index)
  world.watcher.onDown(node, how)
  if (how !== 'power') closeConnections(world, node)
}

function crashDisk(world: World, node: SimNode): void {
  const { disk } = node
  const { writing } = disk
  if (writing === undefined) return
  const steps = stepsLeft(disk, world.conditions.disk)
  land(disk.platter, writing, steps)
  disk.writing = undefined
  mixInt(world.hash, steps)
  world.watcher.onPersisted(node, writing, steps)
}

/**
 * The kernel of a crashed process closes its connections: peers hear of it, unless the network is
 * cut.
 */
function closeConnections(world: World, node: SimNode): void {
  for (const peer of world.nodes) {
    if (peer === node) continue
    transmit(world, node, peer, () => deliver(world, peer, { type: 'gone', peer: node.peer }))
  }
}

/** SIGSTOP. With `suspends` its clock stands still, too. */
export function pauseNode(world: World, node: SimNode, suspends: boolean): void {
  if (node.host === undefined || node.paused) return
  node.paused = true
  if (suspends) setClockRate(world, node, 0)
}

/** As in Node's event loop after a stall: timers fire first, then what has arrived is read. */
export function resumeNode(world: World, node: SimNode): void {
  if (!node.paused) return
  wakeClock(world, node)
  node.paused = false
  if (node.host === undefined) return
  step(world, node, { type: 'tick' })
  const { inbox } = node
  node.inbox = []
  for (const event of inbox) deliver(world, node, event)
}

function wakeClock(world: World, node: SimNode): void {
  if (node.clock.rate === 0) setClockRate(world, node, node.ownRate)
}

/** Something happens to a node. Without a running program it is lost. */
export function deliver(world: World, node: SimNode, event: HostEvent): void {
  if (node.host === undefined) return
  if (node.paused) node.inbox.push(event)
  else step(world, node, event)
}

function step(world: World, node: SimNode, event: HostEvent): void {
  const { host } = node
  if (host === undefined) return
  world.events++
  mixEvent(world, node, event)
  host.step(event, show(world, node))
  settle(world, node, event)
}

function settle(world: World, node: SimNode, event: HostEvent): void {
  const { host, incarnation } = node
  if (host === undefined) return
  world.watcher.onStep(node, event)
  for (const effect of host.drain()) {
    world.watcher.onEffect(node, effect)
    perform(world, node, effect)
    if (node.incarnation !== incarnation) return // a fault struck between two effects
  }
  planTick(world, node)
}

/** The node's clock as its program sees it: it never goes back. */
function show(world: World, node: SimNode): Instant {
  node.shown = localNow(world, node)
  return node.shown
}

/** Codes of events in the hash of the trace. */
const CODES: Readonly<Record<HostEvent['type'], number>> = {
  tick: 1,
  call: 2,
  reply: 3,
  'call-failed': 4,
  gone: 5,
  persisted: 6,
  'persist-refused': 7,
  'snapshot-saved': 8,
  installed: 9,
  request: 10,
  order: 11,
}

function mixEvent(world: World, node: SimNode, event: HostEvent): void {
  const { hash } = world
  mixInt(hash, CODES[event.type] * 64 + node.index)
  mixFloat(hash, world.now)
  switch (event.type) {
    case 'call':
      mixInt(hash, event.id)
      if ('term' in event.request) mixInt(hash, event.request.term)
      if (event.request.type === 'append') mixInt(hash, event.request.prevIndex)
      break
    case 'reply':
      mixInt(hash, event.call)
      if ('term' in event.reply) mixInt(hash, event.reply.term)
      break
    case 'persisted':
      mixInt(hash, event.token)
      break
    default:
  }
}

/**
 * Programs look at their clock every tickMs; ticks at which nothing is due are left out, for they
 * do nothing.
 */
function planTick(world: World, node: SimNode): void {
  const { host } = node
  if (host === undefined || node.paused) return
  const { tickMs } = world.conditions
  const now = localNow(world, node)
  const due = Math.max(host.dueAt(), now + tickMs / 1000)
  const local = Math.ceil(due / tickMs) * tickMs
  const when = trueTimeOf(world, node, local)
  if (when >= node.tickAt || when === Infinity) return
  node.tickAt = when
  const plan = ++node.tickPlan
  at(world, when, () => {
    if (node.tickPlan === plan) onTickTime(world, node, local)
  })
}

function onTickTime(world: World, node: SimNode, local: Instant): void {
  const { host } = node
  node.tickAt = Infinity
  if (host === undefined || node.paused) return
  if (host.dueAt() > local) {
    planTick(world, node) // what was due then is not due any more
    return
  }
  node.shown = Math.max(node.shown, local) // not a rounding error before it
  step(world, node, { type: 'tick' })
}

function perform(world: World, node: SimNode, effect: HostEffect): void {
  switch (effect.type) {
    case 'persist':
      persist(world, node, effect.persist)
      break
    case 'call':
      placeCall(world, node, effect)
      break
    case 'reply':
      answerCall(world, node, effect)
      break
    case 'respond':
      world.desk.onOutcome(effect.id, effect.outcome)
      break
    case 'save-snapshot':
      saveSnapshot(world, node, effect.image)
      break
    case 'install':
      install(world, node, effect)
      break
    case 'trim-log':
      trim(node.disk.platter, effect.through)
      break
    case 'note':
      break
    default:
      unreachable(effect)
  }
}

/** Something that ends later, if the program still runs then. */
function later(world: World, node: SimNode, ms: number, run: () => void): void {
  const { incarnation } = node
  after(world, ms, () => {
    if (node.incarnation === incarnation) run()
  })
}

function persist(world: World, node: SimNode, write: Persist): void {
  const { disk } = node
  assert(disk.writing === undefined, 'one persist is under way at a time')
  disk.writing = write
  const ms = writeMs(disk, world.conditions.disk)
  later(world, node, ms, () => endWrite(world, node, write))
}

function endWrite(world: World, node: SimNode, write: Persist): void {
  const { disk } = node
  if (disk.stalledUntil > world.now) {
    later(world, node, disk.stalledUntil - world.now, () => endWrite(world, node, write))
    return
  }
  if (disk.failsNext) {
    disk.failsNext = false
    stopNode(world, node, 'disk-failed')
    return
  }
  disk.writing = undefined
  if (disk.full && write.entries.length > 0) {
    deliver(world, node, { type: 'persist-refused', token: write.token })
    return
  }
  land(disk.platter, write, stepsOf(write))
  world.watcher.onPersisted(node, write, stepsOf(write))
  deliver(world, node, { type: 'persisted', token: write.token })
}

function snapshotMs(world: World, node: SimNode): number {
  const { snapshotMs: ms } = world.conditions.disk
  return ms * (0.5 + node.disk.prng.unit()) + Math.max(0, node.disk.stalledUntil - world.now)
}

/** The chunks are taken when they are written, while the program goes on. */
function saveSnapshot(world: World, node: SimNode, image: SnapshotImage): void {
  later(world, node, snapshotMs(world, node), () => {
    const written = { meta: image.meta, chunks: Array.from(image.chunks) }
    keepSnapshot(node.disk.platter, written)
    deliver(world, node, { type: 'snapshot-saved', meta: image.meta })
  })
}

function install(
  world: World,
  node: SimNode,
  { id, image }: { id: number; image: SnapshotImage },
): void {
  later(world, node, snapshotMs(world, node), () => {
    keepSnapshot(node.disk.platter, image)
    deliver(world, node, { type: 'installed', id, image })
  })
}

type Outgoing = Extract<HostEffect, { readonly type: 'call' }>

function placeCall(world: World, node: SimNode, effect: Outgoing): void {
  const to = nodeOf(world, effect.to.id)
  const failsAt = world.now + world.conditions.callLimitMs
  node.calls.set(effect.call, { to, failsAt })
  const fail = (call: number) => deliver(world, node, { type: 'call-failed', call })
  planSweep(world, node, { failsAt, fail })
  // The state that goes with the call is read from the disk now, as it would be by the runtime.
  const image = effect.request.type === 'install-snapshot' ? newest(node.disk.platter) : undefined
  const { call, request } = effect
  const caller: IncomingFrom = { node, incarnation: node.incarnation, call, request }
  const { lost, incarnation } = to
  transmit(world, node, to, () => {
    // A connection ends with the process at its other end; a datagram may find the next one.
    // Neither outlives a wiped disk.
    const isBroken = world.conditions.network.inOrder && incarnation !== to.incarnation
    if (to.host === undefined || isBroken) refuse(world, to, caller)
    else if (lost === to.lost) take(world, to, { caller, image })
  })
}

function take(
  world: World,
  to: SimNode,
  { caller, image }: { caller: IncomingFrom; image: SnapshotImage | undefined },
): void {
  const id = ++world.lastIncoming
  to.incoming.set(id, caller)
  const { node, request } = caller
  deliver(world, to, { type: 'call', id, from: node.peer, request, image })
}

/** Nobody listens there: a machine that runs says so at once. */
function refuse(world: World, at: SimNode, { node, incarnation, call }: IncomingFrom): void {
  if (at.dark) return
  transmit(world, at, node, () => {
    if (node.incarnation !== incarnation || !node.calls.delete(call)) return
    deliver(world, node, { type: 'call-failed', call })
    deliver(world, node, { type: 'gone', peer: at.peer })
  })
}

type Answer = Extract<HostEffect, { readonly type: 'reply' }>

function answerCall(world: World, node: SimNode, { id, reply }: Answer): void {
  const caller = node.incoming.get(id)
  if (caller === undefined) return
  node.incoming.delete(id)
  const { node: asked, incarnation, call } = caller
  transmit(world, node, asked, () => {
    if (asked.incarnation !== incarnation) return // its connections died with it
    asked.calls.delete(call)
    deliver(world, asked, { type: 'reply', call, reply })
  })
}
