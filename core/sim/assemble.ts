// Puts a world together: nodes with programs, clients, harm, and everybody who looks on. Whether a
// run is drawn from a seed (run.ts) or written down (play.ts), it is put together here.
import { AssertionError } from '../assert.ts'
import { createPrng } from '../prng.ts'
import {
  type ClientChecks,
  checkOutcome,
  createClientChecks,
  judgeHistory,
} from './check-clients.ts'
import { checkLeader, checkStall } from './check-lead.ts'
import { checkEffect } from './check-messages.ts'
import {
  checkAll,
  checkPersisted,
  checkStart,
  checkStep,
  checkWiped,
  createRaftChecks,
  type RaftChecks,
} from './check-raft.ts'
import {
  checkApplied,
  checkRestored,
  checkWatches,
  checkWhole,
  createStateChecks,
  noteCommitted,
  type StateChecks,
} from './check-state.ts'
import type { Draw } from './conditions.ts'
import { createDisk } from './disk.ts'
import { startNode } from './life.ts'
import { ambush, ambushStart, type Nemesis, spreadClocks, startNemesis } from './nemesis.ts'
import { createNetwork } from './network.ts'
import { type DoorBug, raftHosts } from './raft-host.ts'
import { createTally, type Invariant, type Tally, Violation } from './violation.ts'
import { onServerDown, startWorkload, type Workload } from './workload.ts'
import { createWorld, type SimNode, type Watcher, type World } from './world.ts'

export interface Setup {
  readonly seed: number
  readonly draw: Draw
  /** Faults (`P3`, `A1`) and requests (`2:17`) that are left out. */
  readonly skip?: ReadonlySet<string>
  /** Looks on, besides the checks. */
  readonly trace?: (clock: Pick<World, 'now'>) => Watcher
  /** Planted in the door of every server, for teaching. */
  readonly bug?: DoorBug
  /** Before the number in the name of a node. */
  readonly prefix?: string
}

export interface Finding {
  readonly invariant: Invariant
  readonly what: string
  /** Virtual time and events until it was seen. */
  readonly atMs: number
  readonly events: number
}

/** The state of a run. */
export interface Run {
  readonly setup: Setup
  readonly draw: Draw
  readonly tally: Tally
  readonly world: World
  readonly raft: RaftChecks
  readonly state: StateChecks
  readonly clients: ClientChecks
  readonly workload: Workload
  readonly nemesis: Nemesis
  recoveryMs: number | undefined
  /** Whether the history as clients saw it could be judged. */
  undecided: boolean
}

export function assemble(setup: Setup): Run {
  const { seed, draw } = setup
  const prng = createPrng(~seed) // apart from the draw, which has the seed itself
  const tally = createTally()
  const skipped = setup.skip ?? new Set<string>()
  const run = { setup, draw, tally } as Run // filled below: its parts look at one another
  const { settings, snapshotEntries } = draw
  const world = createWorld({
    seed: prng.next(),
    conditions: draw.conditions,
    nodes: draw.nodes,
    founders: draw.founders,
    start: raftHosts({ settings, snapshotEntries, bug: setup.bug }),
    prefix: setup.prefix ?? 'n',
    watcher: watcherOf(run),
    createDisk,
    createNetwork,
  })
  const state = createStateChecks(tally, draw.nodes)
  const raft = createRaftChecks({
    tally,
    nodes: world.nodes,
    byId: world.byId,
    onCommitted: (entry) => noteCommitted(state, entry),
  })
  const clients = createClientChecks(raft, state)
  spreadClocks(world, draw, prng.next())
  const workload = startWorkload(world, {
    seed: prng.next(),
    conditions: draw.workload,
    skipped,
    onOutcome: (op) => checkOutcome(clients, op),
  })
  const nemesis = startNemesis(world, { seed: prng.next(), conditions: draw.nemesis, skipped })
  return Object.assign(run, {
    world,
    state,
    raft,
    clients,
    workload,
    nemesis,
    recoveryMs: undefined,
    undecided: false,
  })
}

/** Joins the checks, the ambushes and whoever else looks on. */
function watcherOf(run: Run): Watcher {
  const clock = {
    get now() {
      return run.world?.now ?? 0
    },
  }
  const trace = run.setup.trace?.(clock)
  return {
    onStart: (node, recovered) => {
      checkStart(run.raft, node)
      run.state.applied[node.index] = 0
      trace?.onStart(node, recovered)
      if (run.nemesis !== undefined) ambushStart(run.nemesis)
    },
    onStep: (node, event) => {
      const { host } = node
      if (host === undefined) return
      trace?.onStep(node, event)
      checkStep(run.raft, node, host.raft)
      checkLeader(run.raft, node, host.raft)
      // What only time brings about is due when the time is told: others may just have joined it.
      if (event.type === 'tick') {
        const { tickMs } = run.draw.conditions
        checkStall(run.raft, node, { raft: host.raft, now: node.shown, tickMs })
      }
      if (event.type === 'installed' || isRestored(run, node))
        checkRestored(run.state, node, host.fsm)
      else checkApplied(run.state, node, host.fsm)
      if (host.watches.size > 0) checkWatches(run.state, node, host)
    },
    onEffect: (node, effect) => {
      trace?.onEffect(node, effect)
      checkEffect(run.raft, node, effect)
      ambush(run.nemesis, node, effect)
    },
    onPersisted: (node, persist, steps) => {
      trace?.onPersisted(node, persist, steps)
      checkPersisted(run.raft, node, persist)
    },
    onDown: (node, how) => {
      trace?.onDown(node, how)
      onServerDown(run.workload, node)
    },
    onWiped: (node, what) => {
      trace?.onWiped(node, what)
      checkWiped(run.raft, node)
    },
    onFault: (text, node) => trace?.onFault(text, node),
  }
}

/** A program that has just started from a snapshot. */
const isRestored = ({ state }: Run, { index, host }: SimNode): boolean =>
  state.applied[index] === 0 && (host?.raft.log.base.index ?? 0) > 0

/** Does a part of a run; what broke in it, if anything. */
export function guard(run: Run, part: () => void): Finding | undefined {
  try {
    part()
    return undefined
  } catch (error) {
    return { ...findingOf(error), atMs: run.world.now, events: run.world.events }
  }
}

export function startAllNodes({ world }: Run): void {
  for (const node of world.nodes) startNode(world, node)
}

/** Whatever else is thrown would have ended a real process as well. */
function findingOf(error: unknown): Pick<Finding, 'invariant' | 'what'> {
  if (error instanceof Violation) return { invariant: error.invariant, what: error.message }
  if (error instanceof AssertionError) return { invariant: 'assertion', what: error.message }
  if (error instanceof Error)
    return { invariant: 'assertion', what: `${error.name}: ${error.message}` }
  throw error
}

/** When all is quiet: whole logs, whole states, and the history as clients saw it. */
export function conclude(run: Run): void {
  const { world, raft, state, workload, tally } = run
  for (const node of world.nodes) {
    if (node.host === undefined) continue
    checkAll(raft, node, node.host.raft)
    checkWhole(state, node, node.host.fsm)
  }
  tally.linearizable++
  const verdict = judgeHistory(workload.history)
  run.undecided = verdict.type === 'unknown'
  if (verdict.type === 'illegal') {
    throw new Violation('linearizable', `no order explains what was seen of ${verdict.key}`)
  }
}
