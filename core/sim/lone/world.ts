// One agent alone in a world: a disk, two clocks of which one jumps, crashes, and clients that
// speak HTTP without a socket. The same agent that daemons/agent.ts drives.
import { createAgent, drain, step } from '../../agent/agent.ts'
import type { AgentEffect, SnapshotOrder } from '../../agent/effects.ts'
import type { AgentEvent } from '../../agent/events.ts'
import type { Agent } from '../../agent/record.ts'
import type { AgentConfig } from '../../config/agent-config.ts'
import type { Persist, Recovered } from '../../entry.ts'
import { logIndex, type RequestId, requestId } from '../../ids.ts'
import { createPrng, type Prng } from '../../prng.ts'
import type { Configuration } from '../../raft/messages.ts'
import { coveredOf, metaOf } from '../../raft/replicated.ts'
import type { Request, Response } from '../../route/request.ts'
import type { Instant, WallMs } from '../../time.ts'
import {
  createDisk,
  type Disk,
  type DiskConditions,
  keepSnapshot,
  land,
  lastOf,
  recover,
  stepsLeft,
  stepsOf,
  trim,
  writeMs,
} from '../disk.ts'
import { createTraceHash, mixFloat, mixInt, type TraceHash } from '../hash.ts'
import { popPlanned, pushPlanned } from '../heap.ts'

interface Happening {
  readonly at: Instant
  readonly seq: number
  readonly run: () => void
}

/** By its own disk alone, or by raft with one voter. */
type Ordering = 'alone' | 'together'

export interface LoneWorld {
  now: Instant
  events: number
  readonly queue: Happening[]
  seq: number
  readonly hash: TraceHash
  readonly prng: Prng
  readonly config: AgentConfig
  readonly ordering: Ordering
  readonly disk: Disk
  readonly conditions: DiskConditions
  /** How far the wall clock is from what it would be. It jumps; the other never does. */
  wallOffset: number
  agent: Agent | undefined
  incarnation: number
  startedAt: Instant
  lastRequest: number
  readonly pending: Map<RequestId, (answer: Response | 'closed') => void>
  readonly onStart: () => void
  /** After each step, before its effects. */
  readonly onStep: () => void
  /** After its effects. */
  readonly onSettled: () => void
}

export interface LoneOptions {
  readonly seed: number
  readonly config: AgentConfig
  readonly ordering: Ordering
  readonly conditions: DiskConditions
  readonly onStart: () => void
  readonly onStep: () => void
  readonly onSettled: () => void
}

/** 2026-01-01 in UTC. */
const WALL_START: WallMs = 1_767_225_600_000
/** The driver's ticks come five times as often; no timeout here is that fine. */
const TICK_MS = 100

export function createLoneWorld(options: LoneOptions): LoneWorld {
  const prng = createPrng(options.seed)
  return {
    now: 0,
    events: 0,
    queue: [],
    seq: 0,
    hash: createTraceHash(),
    prng,
    config: options.config,
    ordering: options.ordering,
    disk: createDisk(prng.fork()),
    conditions: options.conditions,
    wallOffset: 0,
    agent: undefined,
    incarnation: 0,
    startedAt: 0,
    lastRequest: 0,
    pending: new Map(),
    onStart: options.onStart,
    onStep: options.onStep,
    onSettled: options.onSettled,
  }
}

export function after(world: LoneWorld, ms: number, run: () => void): void {
  pushPlanned(world.queue, { at: world.now + ms, seq: ++world.seq, run })
}

/** Lets the next thing happen. False: nothing is planned. */
export function advance(world: LoneWorld): boolean {
  const next = popPlanned(world.queue)
  if (next === undefined) return false
  world.now = next.at
  next.run()
  return true
}

const clockOf = ({ now, wallOffset }: LoneWorld) => ({
  now,
  wall: WALL_START + Math.floor(now) + wallOffset,
})

export function start(world: LoneWorld): void {
  if (world.agent !== undefined) return
  const prng = world.prng.fork()
  world.incarnation++
  world.startedAt = world.now
  world.agent = createAgent({
    config: world.config,
    ordering: world.ordering,
    recovered: recoveredOf(world.disk),
    entropy: () => Uint8Array.from({ length: 16 }, () => prng.range(0, 255)),
    seed: prng.next(),
    clock: clockOf(world),
  })
  world.onStart()
  performAll(world)
  tick(world)
}

function tick(world: LoneWorld): void {
  later(world, TICK_MS, () => {
    give(world, { type: 'tick' })
    tick(world)
  })
}

/** Something that ends later, if the process still runs then. */
function later(world: LoneWorld, ms: number, run: () => void): void {
  const { incarnation } = world
  after(world, ms, () => {
    if (world.incarnation === incarnation) run()
  })
}

/** SIGKILL: what the disk was writing may be there or not, clients see their connections close. */
export function crash(world: LoneWorld): void {
  if (world.agent === undefined) return
  const { disk, conditions } = world
  const { writing } = disk
  if (writing !== undefined) {
    const steps = stepsLeft(disk, conditions)
    land(disk.platter, writing, steps)
    disk.writing = undefined
    mixInt(world.hash, steps)
  }
  world.agent = undefined
  world.incarnation++
  const waiting = [...world.pending.values()]
  world.pending.clear()
  for (const answer of waiting) answer('closed')
}

export interface Ask {
  readonly method: 'GET' | 'PUT' | 'DELETE'
  readonly path: string
  readonly query?: string
  readonly body?: Uint8Array
}

/** Sends a request; the answer comes later, or the connection closes. */
export function send(
  world: LoneWorld,
  { method, path, query = '', body = new Uint8Array(0) }: Ask,
  answer: (response: Response | 'closed') => void,
): void {
  if (world.agent === undefined) {
    answer('closed')
    return
  }
  const id = requestId(++world.lastRequest)
  world.pending.set(id, answer)
  const request: Request = {
    id,
    method,
    path,
    query,
    body,
    header: () => undefined,
    remote: '127.0.0.1',
  }
  give(world, { type: 'request', request })
}

function give(world: LoneWorld, event: AgentEvent): void {
  const { agent, hash } = world
  if (agent === undefined) return
  if (event.type !== 'tick') world.events++
  mixFloat(hash, world.now)
  mixInt(hash, event.type.length * 31 + event.type.charCodeAt(0))
  step(agent, event, clockOf(world))
  world.onStep()
  performAll(world)
  world.onSettled()
}

function performAll(world: LoneWorld): void {
  const { agent, incarnation } = world
  if (agent === undefined) return
  for (const effect of drain(agent)) {
    if (world.incarnation === incarnation) perform(world, effect)
  }
}

function perform(world: LoneWorld, effect: AgentEffect): void {
  switch (effect.type) {
    case 'persist':
      persist(world, effect.persist)
      break
    case 'respond': {
      const answer = world.pending.get(effect.id)
      world.pending.delete(effect.id)
      mixInt(world.hash, effect.response.status)
      answer?.(effect.response)
      break
    }
    case 'save-snapshot':
      saveSnapshot(world, effect.order)
      break
    case 'trim-log':
      trim(world.disk.platter, effect.through)
      break
    case 'save-own': {
      const { token } = effect.save
      later(world, 1, () => give(world, { type: 'own-saved', token }))
      break
    }
    case 'ask':
      later(world, 1, () => give(world, { type: 'answered', id: effect.id, answer: {} }))
      break
    default: // logs, and what no client here asks for
  }
}

function persist(world: LoneWorld, write: Persist): void {
  const { disk, conditions } = world
  disk.writing = write
  later(world, writeMs(disk, conditions), () => {
    disk.writing = undefined
    land(disk.platter, write, stepsOf(write))
    give(world, { type: 'persisted', token: write.token })
  })
}

function saveSnapshot(world: LoneWorld, order: SnapshotOrder): void {
  const { disk, conditions } = world
  const { index, term, chunks } = order
  const nobody = { index, term, configuration: NOBODY, configurationIndex: logIndex(0) }
  const meta = metaOf(order) ?? nobody
  later(world, conditions.snapshotMs * (0.5 + disk.prng.unit()), () => {
    keepSnapshot(disk.platter, { meta, chunks: Array.from(chunks) })
    give(world, { type: 'snapshot-saved', index })
  })
}

const NOBODY: Configuration = { servers: [] }

function recoveredOf({ platter }: Disk): Recovered {
  const { snapshot, ...found } = recover(platter)
  const meta = platter.snapshots.at(-1)?.meta
  if (snapshot === undefined || meta === undefined || meta.configuration === NOBODY)
    return { ...found, snapshot }
  return { ...found, snapshot: { ...snapshot, ...coveredOf(meta) } }
}

/** The last entry that a crash would leave for certain. */
export const durableIndex = ({ disk }: LoneWorld): number =>
  Math.max(lastOf(disk.platter), disk.platter.snapshots.at(-1)?.meta.index ?? 0)
