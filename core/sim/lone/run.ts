// One run of a lone agent: clients and watchers, crashes and a wall clock that jumps. After each
// step what was applied is given to the model, and the state is held against it.
import { canRead } from '../../agent/order.ts'
import { AssertionError } from '../../assert.ts'
import { textOf } from '../../bytes.ts'
import type { AgentConfig } from '../../config/agent-config.ts'
import { ENTRY, type Entry } from '../../entry.ts'
import { type Command, decodeCommand } from '../../fsm/commands.ts'
import { KV, TOMBSTONES } from '../../kv/records.ts'
import { createPrng, type Prng } from '../../prng.ts'
import { LOCK_DELAYS, SESSIONS } from '../../sessions/records.ts'
import { viewOf } from '../../state/store.ts'
import { peekList, type View } from '../../state/txn.ts'
import type { Finding } from '../assemble.ts'
import { hashText } from '../hash.ts'
import { createTally, mustHold, type Tally, Violation } from '../violation.ts'
import { type Lone, lookOf, startClient, startWatcher } from './clients.ts'
import { applyToModel, createModel, indexOfKey, indexOfPrefix } from './model.ts'
import { advance, after, crash, createLoneWorld, durableIndex, start } from './world.ts'

export interface LoneRun {
  readonly seed: number
  readonly events: number
  readonly config: AgentConfig
}

export interface LoneResult {
  readonly seed: number
  readonly hash: string
  readonly events: number
  readonly ms: number
  readonly commits: number
  readonly starts: number
  readonly tally: Tally
  readonly finding: Finding | undefined
}

/** A snapshot after so many entries. */
const SNAPSHOT_ENTRIES = 60

export function simulateLone({ seed, events, config }: LoneRun): LoneResult {
  const prng = createPrng(seed)
  const lone = assemble(prng, {
    ...config,
    dev: false,
    raft: { ...config.raft, snapshotThreshold: SNAPSHOT_ENTRIES },
  })
  const { world, tally, model } = lone
  const finding = guard(lone, () => {
    start(world)
    plan(lone, prng)
    while (world.events < events && advance(world));
  })
  const { now: ms, incarnation, hash } = world
  const starts = Math.ceil(incarnation / 2)
  const shared = { seed, hash: hashText(hash), events: world.events, ms, starts, tally, finding }
  return { ...shared, commits: model.applied }
}

function assemble(prng: Prng, config: AgentConfig): Lone {
  const lone: Lone = {
    world: createLoneWorld({
      seed: prng.next(),
      config,
      ordering: prng.pick(['alone', 'together']),
      conditions: {
        writeMs: prng.pick([0.2, 2]),
        writeSpreadMs: prng.pick([0.2, 20]),
        slowChance: 0.01,
        slowMs: 200,
        snapshotMs: prng.pick([1, 50]),
        tears: prng.chance(0.5),
      },
      onStart: () => {
        lone.isBack = false
        checkStep(lone)
      },
      onStep: () => checkStep(lone),
      onSettled: () => checkWatches(lone),
    }),
    model: createModel(),
    tally: createTally(),
    heard: new Map(),
    sessions: new Set(),
    watches: new Set(),
    tokens: new Map(),
    isBack: false,
    asked: 0,
    paceMs: prng.pick([200, 1_000, 8_000]),
  }
  return lone
}

function guard({ world }: Lone, part: () => void): Finding | undefined {
  const at = () => ({ atMs: world.now, events: world.events })
  try {
    part()
    return undefined
  } catch (error) {
    if (error instanceof Violation)
      return { invariant: error.invariant, what: error.message, ...at() }
    if (error instanceof AssertionError || error instanceof Error)
      return { invariant: 'assertion', what: error.message, ...at() }
    throw error
  }
}

/** Longer than any run: some mistakes show only after the quarter of an hour of a tombstone. */
const NEVER_MS = 1e12

function plan(lone: Lone, prng: Prng): void {
  const { world } = lone
  for (let i = 0; i < 4; i++) startClient(lone, prng.fork())
  for (let i = 0; i < 4; i++) startWatcher(lone, prng.fork())
  const harm = prng.fork()
  const everyMs = harm.pick([3_000, 20_000, 60_000, NEVER_MS])
  const next = () =>
    after(world, harm.unit() * 2 * everyMs, () => {
      if (harm.chance(0.6)) kill(lone, harm)
      else world.wallOffset += harm.pick([-3_600_000, -5_000, 5_000, 3_600_000])
      next()
    })
  next()
}

function kill({ world }: Lone, harm: Prng): void {
  crash(world)
  after(world, harm.unit() * 500, () => start(world))
}

/**
 * A process has started and orders the writes: what it found is what was durable, and its timers
 * begin anew.
 */
function checkRestart(lone: Lone): void {
  const { world, heard, tally } = lone
  lone.isBack = true
  for (const known of heard.values()) known.at = world.now
  catchUp(lone)
  tally.snapshot++
  checkState(lone, 'snapshot')
}

function checkStep(lone: Lone): void {
  const { world, model, tally } = lone
  const { agent } = world
  if (agent === undefined) return
  const applied = agent.fsm.applied.index
  tally.durable++
  mustHold(
    applied <= durableIndex(world),
    'durable',
    () => `entry ${applied} is applied; the disk has ${durableIndex(world)}`,
  )
  if (!lone.isBack) {
    if (canRead(agent.order)) checkRestart(lone)
    return
  }
  const before = model.applied
  catchUp(lone)
  if (model.applied > before) checkState(lone, 'state-machine')
  checkTimers(lone)
}

/** Gives the model what the agent has applied. */
function catchUp(lone: Lone): void {
  const { world, model } = lone
  const applied = world.agent?.fsm.applied.index ?? 0
  const { entries, base } = world.disk.platter
  for (let index = model.applied + 1; index <= applied; index++) {
    const entry = entries[index - base - 1]
    const command = commandOf(entry)
    if (command?.type === 'end-session') checkEnd(lone, command.id)
    applyToModel(model, index, command)
  }
}

const commandOf = (entry: Entry | undefined): Command | undefined =>
  entry?.type === ENTRY.command ? decodeCommand(entry.data) : undefined

/** I20: a session that nobody destroyed has not been heard of for its TTL, by the steady clock. */
function checkEnd({ world, heard, tally }: Lone, id: string): void {
  const known = heard.get(id)
  heard.delete(id)
  if (known === undefined || known.ttlMs === 0) return
  tally.session++
  const silent = world.now - known.at
  mustHold(
    silent >= known.ttlMs,
    'session',
    () => `session ${id} ends after ${silent} ms of ${known.ttlMs}`,
  )
}

/** A session may outlive twice its TTL by this: a tick, a write, and who proposes again. */
const OVERDUE_MS = 2_000

function checkTimers({ world, heard, model, tally }: Lone): void {
  for (const [id, { at, ttlMs }] of heard) {
    if (ttlMs === 0 || !model.sessions.has(id)) continue
    tally.session++
    const silent = world.now - at
    mustHold(
      silent <= 2 * ttlMs + OVERDUE_MS,
      'session',
      () => `session ${id} lives on, ${silent} ms after the last sign, with a TTL of ${ttlMs}`,
    )
  }
}

/** I25: who waits for something that is newer now has been answered in this very step. */
function checkWatches({ watches, model, tally }: Lone): void {
  for (const watch of watches) {
    tally['wake-up']++
    const { target, isPrefix } = watch
    const index = isPrefix ? indexOfPrefix(model, target) : indexOfKey(model, target)
    const isNew = index > watch.index && lookOf(model, watch) !== watch.seen
    mustHold(
      !isNew,
      'wake-up',
      () => `${target} changed at ${index}; who waits for it was not woken`,
    )
  }
}

function checkState(lone: Lone, invariant: 'state-machine' | 'snapshot'): void {
  const { world, tally } = lone
  if (world.agent === undefined) return
  tally['state-machine']++
  const complaint = differenceOf(lone, viewOf(world.agent.fsm.store))
  mustHold(complaint === undefined, invariant, () => `at ${lone.model.applied}: ${complaint}`)
}

function differenceOf({ model }: Lone, view: View): string | undefined {
  const rows = peekList(view, KV, '')
  if (rows.length !== model.keys.size) return `${rows.length} keys, not ${model.keys.size}`
  for (const { key, value, lockIndex, session, createIndex, modifyIndex } of rows) {
    const found = [textOf(value), lockIndex, session, createIndex, modifyIndex].join(' ')
    const row = model.keys.get(key)
    const wanted = row && [row.value, row.lockIndex, row.session, row.created, row.modified]
    if (found !== wanted?.join(' ')) return `${key} is ${found}, not ${wanted?.join(' ')}`
  }
  const tombstones = peekList(view, TOMBSTONES, '').map(({ key, index }) => [key, index] as const)
  const delays = peekList(view, LOCK_DELAYS, '').map(({ key, until }) => [key, until] as const)
  const sessions = peekList(view, SESSIONS, '').map(({ id }) => [id, undefined] as const)
  return (
    differ('tombstones', tombstones, model.deleted) ??
    differ('lock-delays', delays, model.delays) ??
    differ('sessions', sessions, model.sessions)
  )
}

/** Rows by key against a map. */
function differ(
  what: string,
  rows: readonly (readonly [string, number | undefined])[],
  wanted: ReadonlyMap<string, unknown>,
): string | undefined {
  if (rows.length !== wanted.size) return `${rows.length} ${what}, not ${wanted.size}`
  for (const [key, value] of rows) {
    const known = wanted.get(key)
    if (known === undefined) return `${what}: ${key} should not be there`
    if (typeof known === 'number' && known !== value)
      return `${what}: ${key} is ${value}, not ${known}`
  }
  return undefined
}
