// Nodes of core/replica in virtual time: links that can be cut, nodes that crash, freeze and come
// back empty. Everything is decided by what a script says; nothing is drawn.
import type { Recovered } from '../../../core/entry.ts'
import { logIndex, type RequestId, requestId, term } from '../../../core/ids.ts'
import { createPrng } from '../../../core/prng.ts'
import { entryOf, keptOf, snapshotOf, termOf } from '../../../core/replica/disk.ts'
import type { Ask, Outcome, ReplicaEffect, ReplicaEvent } from '../../../core/replica/messages.ts'
import type { Replica } from '../../../core/replica/node.ts'
import type { Sync } from '../../../core/replica/records.ts'
import { createReplica, drain, step } from '../../../core/replica/replica.ts'
import { epochOf } from '../../../core/replica/store.ts'
import {
  decodeMessage,
  decodeReply,
  encodeMessage,
  encodeReply,
} from '../../../core/replica/wire.ts'

const TICK_MS = 20
const LINK_MS = 1
const DISK_MS = 1

export interface World {
  now: number
  readonly hosts: Map<string, Host>
  /** `a>b`: what a says does not reach b. */
  readonly cuts: Set<string>
  readonly due: Due[]
  readonly told: Map<number, Outcome>
  /** What each node has on its disk. */
  readonly disks: Map<string, Recovered>
  lastId: number
  starts: number
  /** What has happened, to be printed. */
  readonly lines: string[]
}

interface Host {
  node: Replica | undefined
  frozen: ReplicaEvent[] | undefined
  /** Questions of others that it has not answered. */
  readonly open: Map<RequestId, { readonly from: string; readonly call: number }>
  /** Its own that nobody has answered. */
  readonly calls: Map<number, string>
}

interface Due {
  readonly at: number
  readonly run: () => void
}

export const createWorld = (): World => ({
  now: 0,
  hosts: new Map(),
  cuts: new Set(),
  due: [],
  told: new Map(),
  disks: new Map(),
  lastId: 0,
  starts: 0,
  lines: [],
})

export interface StartOptions {
  readonly leader: string | undefined
  readonly sync: Sync
  /** It finds what it has kept. */
  readonly keeps?: boolean
}

/** A node comes up with nothing (all of it was memory), or with what is on its disk. */
export function startNode(world: World, name: string, options: StartOptions): void {
  const { leader, sync, keeps = false } = options
  const prng = createPrng(++world.starts)
  if (!keeps) world.disks.delete(name)
  const kept = keptOf(world.disks.get(name) ?? BLANK)
  const node = createReplica({ self: name, leader, sync, prng, kept })
  world.hosts.set(name, { node, frozen: undefined, open: new Map(), calls: new Map() })
  give(world, name, { type: 'tick' })
}

export function crashNode(world: World, name: string): void {
  const host = hostOf(world, name)
  host.node = undefined
  for (const { from, call } of host.open.values()) endCall(world, from, { call, why: 'broken' })
  for (const [call, to] of host.calls) abandon(world, { from: name, to, call })
  host.open.clear()
  host.calls.clear()
}

export const freezeNode = (world: World, name: string): void => {
  hostOf(world, name).frozen ??= []
}

export function thawNode(world: World, name: string): void {
  const host = hostOf(world, name)
  const held = host.frozen ?? []
  host.frozen = undefined
  for (const event of held) give(world, name, event)
}

/** Asks a node; the outcome is printed when it comes. */
export function askNode(world: World, name: string, ask: Ask): number {
  const id = ++world.lastId
  give(world, name, { type: 'asked', id: requestId(id), ask })
  return id
}

export function runFor(world: World, ms: number): void {
  const end = world.now + ms
  runUntil(world, () => world.now >= end)
}

/** False: it did not come true within ten virtual minutes. */
export function runUntil(world: World, isDone: () => boolean): boolean {
  const limit = world.now + 600_000
  while (!isDone()) {
    if (world.now >= limit) return false
    world.now++
    const due = world.due.filter(({ at }) => at <= world.now)
    for (const one of due) world.due.splice(world.due.indexOf(one), 1)
    for (const { run } of due) run()
    if (world.now % TICK_MS === 0) {
      for (const name of world.hosts.keys()) give(world, name, { type: 'tick' })
    }
  }
  return true
}

export function hostOf(world: World, name: string): Host {
  const host = world.hosts.get(name)
  if (host === undefined) throw new Error(`no node ${name}`)
  return host
}

function give(world: World, name: string, event: ReplicaEvent): void {
  const host = hostOf(world, name)
  if (host.node === undefined) return
  if (host.frozen !== undefined) {
    if (event.type !== 'tick') host.frozen.push(event)
    return
  }
  step(host.node, event, world.now)
  for (const effect of drain(host.node)) perform(world, name, effect)
}

const later = (world: World, ms: number, run: () => void): void => {
  world.due.push({ at: world.now + ms, run })
}

function perform(world: World, name: string, effect: ReplicaEffect): void {
  switch (effect.type) {
    case 'tell':
      world.told.set(effect.id, effect.outcome)
      break
    case 'call':
      send(world, name, effect)
      break
    case 'reply':
      answer(world, name, effect)
      break
    case 'persist':
      persist(world, name, effect)
      break
    case 'save-snapshot':
      later(world, DISK_MS, () => give(world, name, { type: 'snapshot-saved' }))
      break
    case 'ready':
      world.lines.push(`${name} is ready`)
      break
    default: {
      const { message, fields = {} } = effect.line
      const shown = Object.entries(fields).map(([field, value]) => ` ${field}=${value}`)
      world.lines.push(`${name}: ${message}${shown.join('')}`)
    }
  }
}

/** A disk that takes its time; a crash in the meantime loses what was on its way. */
function persist(
  world: World,
  name: string,
  { token, anew, writes }: Extract<ReplicaEffect, { type: 'persist' }>,
): void {
  const { node } = hostOf(world, name)
  later(world, DISK_MS, () => {
    if (node === undefined || hostOf(world, name).node !== node) return
    const before = world.disks.get(name) ?? BLANK
    if (anew === undefined) {
      const entries = [...before.entries, ...writes.map(entryOf)]
      world.disks.set(name, { ...before, entries })
    } else {
      const covered = { index: logIndex(anew.last), term: termOf(epochOf(anew)) }
      const snapshot = { ...covered, chunks: [...snapshotOf(anew)] }
      world.disks.set(name, { ...BLANK, snapshot })
    }
    give(world, name, { type: 'persisted', token })
  })
}

const BLANK: Recovered = {
  vote: { term: term(0), votedFor: '' },
  snapshot: undefined,
  entries: [],
}

function send(world: World, from: string, effect: Extract<ReplicaEffect, { type: 'call' }>): void {
  const { to, call, withinMs } = effect
  const host = hostOf(world, from)
  host.calls.set(call, to)
  later(world, withinMs, () => {
    if (host.calls.get(call) !== to) return
    endCall(world, from, { call, why: 'late' })
    abandon(world, { from, to, call })
  })
  if (world.cuts.has(`${from}>${to}`)) return
  later(world, LINK_MS, () => {
    const target = world.hosts.get(to)
    if (target?.node === undefined) {
      endCall(world, from, { call, why: 'unreached' })
      return
    }
    const message = decodeMessage(new TextEncoder().encode(encodeMessage(effect.message)))
    if (message === undefined) throw new Error(`${from} sent what nobody can read`)
    const id = requestId(++world.lastId)
    target.open.set(id, { from, call })
    give(world, to, { type: 'called', id, message })
  })
}

function answer(
  world: World,
  name: string,
  { id, reply }: Extract<ReplicaEffect, { type: 'reply' }>,
): void {
  const asker = hostOf(world, name).open.get(id)
  hostOf(world, name).open.delete(id)
  if (asker === undefined || world.cuts.has(`${name}>${asker.from}`)) return
  later(world, LINK_MS, () => {
    const { calls } = hostOf(world, asker.from)
    if (!calls.delete(asker.call)) return
    const read = decodeReply(new TextEncoder().encode(encodeReply(reply)))
    if (read === undefined) throw new Error(`${name} answered what nobody can read`)
    give(world, asker.from, { type: 'replied', call: asker.call, reply: read })
  })
}

function endCall(
  world: World,
  from: string,
  { call, why }: { call: number; why: 'unreached' | 'broken' | 'late' },
): void {
  if (!hostOf(world, from).calls.delete(call)) return
  later(world, LINK_MS, () => give(world, from, { type: 'silent', call, why }))
}

function abandon(
  world: World,
  { from, to, call }: { from: string; to: string; call: number },
): void {
  const target = world.hosts.get(to)
  for (const [id, asker] of target?.open ?? []) {
    if (asker.from !== from || asker.call !== call) continue
    target?.open.delete(id)
    later(world, LINK_MS, () => give(world, to, { type: 'abandoned', id }))
  }
}
