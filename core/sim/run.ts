// One run: a seed becomes a world, the world is harmed until its events are used up, then a
// majority is healed for ever and must find itself again (safety, then liveness: VOPR's two
// phases). The verdict names the first rule that was broken.
import { AssertionError } from '../assert.ts'
import { createPrng } from '../prng.ts'
import { lastIndex } from '../raft/log.ts'
import type { Configuration } from '../raft/messages.ts'
import { votersOf } from '../raft/quorum.ts'
import {
  type ClientChecks,
  type ClientCounts,
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
  checkWhole,
  createStateChecks,
  noteCommitted,
  type StateChecks,
} from './check-state.ts'
import type { Draw, FaultKind } from './conditions.ts'
import { createDisk } from './disk.ts'
import { hashText } from './hash.ts'
import { startNode } from './life.ts'
import {
  ambush,
  ambushStart,
  healAll,
  leaderOf,
  type Nemesis,
  spreadClocks,
  startAll,
  startNemesis,
} from './nemesis.ts'
import { createNetwork } from './network.ts'
import { drawOf, type ProfileName } from './profiles.ts'
import { raftHosts } from './raft-host.ts'
import { createTally, type Invariant, type Tally, Violation } from './violation.ts'
import { endWorkload, hasEnded, onServerDown, startWorkload, type Workload } from './workload.ts'
import { advance, createWorld, type SimNode, type Watcher, type World } from './world.ts'

export interface RunOptions {
  readonly seed: number
  readonly profile: ProfileName
  /** After so many events the world is healed. */
  readonly events: number
  /** Faults (`P3`, `A1`) and requests (`2:17`) that are left out. */
  readonly skip?: ReadonlySet<string>
  /** Looks on, besides the checks. */
  readonly trace?: (clock: Pick<World, 'now'>) => Watcher
}

export interface Finding {
  readonly invariant: Invariant
  readonly what: string
  /** Virtual time and events until it was seen. */
  readonly atMs: number
  readonly events: number
}

export interface RunResult {
  readonly seed: number
  readonly profile: ProfileName
  readonly hash: string
  readonly events: number
  readonly ms: number
  readonly finding: Finding | undefined
  readonly tally: Tally
  readonly faults: Partial<Record<FaultKind, number>>
  readonly clients: ClientCounts
  readonly commits: number
  readonly elections: number
  /** From the heal to a leader that answers all clients. */
  readonly recoveryMs: number | undefined
}

/** The state of a run. */
interface Run {
  readonly options: RunOptions
  readonly draw: Draw
  readonly tally: Tally
  readonly world: World
  readonly raft: RaftChecks
  readonly state: StateChecks
  readonly clients: ClientChecks
  readonly workload: Workload
  readonly nemesis: Nemesis
  recoveryMs: number | undefined
}

export function simulate(options: RunOptions): RunResult {
  const run = createRun(options)
  const finding = judge(run)
  const { world, tally, raft, clients, nemesis } = run
  return {
    seed: options.seed,
    profile: options.profile,
    hash: hashText(world.hash),
    events: world.events,
    ms: world.now,
    finding,
    tally,
    faults: nemesis.counts,
    clients: clients.counts,
    commits: raft.committed.length - 1,
    elections: raft.leaders.size,
    recoveryMs: run.recoveryMs,
  }
}

function createRun(options: RunOptions): Run {
  const prng = createPrng(options.seed)
  const draw = drawOf(options.profile, prng.fork())
  const tally = createTally()
  const skipped = options.skip ?? new Set<string>()
  const run = { options, draw, tally } as Run // filled below: its parts look at one another
  const { settings, snapshotEntries } = draw
  const world = createWorld({
    seed: prng.next(),
    conditions: draw.conditions,
    nodes: draw.nodes,
    founders: draw.founders,
    start: raftHosts({ settings, snapshotEntries }),
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
  })
}

/** Joins the checks, the ambushes and whoever else looks on. */
function watcherOf(run: Run): Watcher {
  const clock = {
    get now() {
      return run.world?.now ?? 0
    },
  }
  const trace = run.options.trace?.(clock)
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
      if (event.type !== 'order') {
        const { tickMs } = run.draw.conditions
        checkStall(run.raft, node, { raft: host.raft, now: node.shown, tickMs })
      }
      if (event.type === 'installed' || isRestored(run, node))
        checkRestored(run.state, node, host.fsm)
      else checkApplied(run.state, node, host.fsm)
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
    onWiped: (node) => {
      trace?.onWiped(node)
      checkWiped(run.raft, node)
    },
    onFault: (text, node) => trace?.onFault(text, node),
  }
}

/** A program that has just started from a snapshot. */
const isRestored = ({ state }: Run, { index, host }: SimNode): boolean =>
  state.applied[index] === 0 && (host?.raft.log.base.index ?? 0) > 0

/** Runs it to its end; what broke, if anything. */
function judge(run: Run): Finding | undefined {
  try {
    for (const node of run.world.nodes) startNode(run.world, node)
    harm(run)
    recover(run)
    conclude(run)
    return undefined
  } catch (error) {
    const at = { atMs: run.world.now, events: run.world.events }
    if (error instanceof Violation)
      return { invariant: error.invariant, what: error.message, ...at }
    if (error instanceof AssertionError)
      return { invariant: 'assertion', what: error.message, ...at }
    throw error
  }
}

function harm({ world, options }: Run): void {
  while (world.events < options.events && advance(world, Infinity));
}

/** A healed majority has this many of the longest election timeouts to find itself. */
const RECOVERY_TIMEOUTS = 30

function recover(run: Run): void {
  const { world, nemesis, workload, draw, tally } = run
  startAll(nemesis)
  const core = chooseCore(run)
  healAll(nemesis, core)
  endWorkload(workload)
  const start = world.now
  const until = start + RECOVERY_TIMEOUTS * 2 * draw.settings.electionMs + draw.nemesis.lastsMs
  tally.liveness++
  for (let looks = 0; ; looks++) {
    if (looks % 8 === 0 && isSettled(run, core)) break
    if (!advance(world, until)) throw new Violation('liveness', describeStuck(run, core))
  }
  run.recoveryMs = world.now - start
  if (isPatient(draw) && nemesis.left.has('deaf')) stayCalm(run)
}

/**
 * Timeouts are long against the ways of messages and the grain of clocks: nobody campaigns in vain.
 */
function isPatient({ conditions, settings }: Draw): boolean {
  const { delayMs, delaySpreadMs } = conditions.network
  return settings.leaseMs > 4 * (delayMs + delaySpreadMs + conditions.tickMs)
}

/**
 * So many of the longest election timeouts, and so many leaders in them besides the one there is.
 */
const CALM_TIMEOUTS = 10
const CALM_LEADERS_MAX = 1

/** M36: who is cut off in one direction does not depose a leader that works. */
function stayCalm({ world, draw, raft, tally }: Run): void {
  tally.liveness++
  const before = raft.leaders.size
  const until = world.now + CALM_TIMEOUTS * 2 * draw.settings.electionMs
  while (advance(world, until));
  const more = raft.leaders.size - before
  if (more <= CALM_LEADERS_MAX) return
  throw new Violation('liveness', `${more} leaders in ${CALM_TIMEOUTS} quiet election timeouts`)
}

/**
 * All clients have written and read, and every node of the core has the same log, all of it
 * committed and applied.
 */
function isSettled({ world, workload }: Run, core: readonly SimNode[]): boolean {
  if (!hasEnded(workload)) return false
  const leader = leaderOf(world)?.host?.raft
  if (leader === undefined || leader.commit !== lastIndex(leader.log)) return false
  const members = leader.history.at(-1)?.configuration.servers ?? []
  return core.every(({ peer, host }) => {
    if (!members.some(({ id }) => id === peer.id)) return true
    return host?.fsm.applied.index === leader.commit
  })
}

function describeStuck({ world, workload }: Run, core: readonly SimNode[]): string {
  const leader = leaderOf(world)
  const waiting = workload.clients.filter(({ done }) => !done.wrote || !done.read).length
  const names = core.map(({ peer, host }) => {
    const raft = host?.raft
    if (raft === undefined) return `${peer.id} is down`
    const { role, vote, commit, log } = raft
    return `${peer.id} ${role.type} of term ${vote.term}, commit ${commit} of ${lastIndex(log)}`
  })
  return `${waiting} clients wait; leader ${leader?.peer.id ?? 'none'}; ${names.join('; ')}`
}

/** A majority by every configuration that any of its members may go by. */
function chooseCore({ world, options }: Run): SimNode[] {
  const prng = createPrng(options.seed ^ 0x5eed)
  if (world.nodes.some(({ lost }) => lost !== undefined)) return [...world.nodes]
  const core = new Set<SimNode>()
  const order = prng.shuffle([...world.nodes])
  for (let grown = true; grown; ) {
    grown = false
    for (const configuration of configurationsOf(world, core)) {
      grown = complete(core, order, configuration) || grown
    }
  }
  return world.nodes.filter((node) => core.has(node))
}

function configurationsOf(world: World, core: ReadonlySet<SimNode>): Configuration[] {
  const nodes = core.size === 0 ? world.nodes : [...core]
  return nodes.flatMap(
    ({ host }) => host?.raft.history.map(({ configuration }) => configuration) ?? [],
  )
}

/** Adds voters until they are a majority. True if any was missing. */
function complete(
  core: Set<SimNode>,
  order: readonly SimNode[],
  configuration: Configuration,
): boolean {
  const voters = votersOf(configuration)
  const isVoter = ({ peer }: SimNode) => voters.some(({ id }) => id === peer.id)
  let missing = Math.floor(voters.length / 2) + 1 - [...core].filter(isVoter).length
  if (voters.length === 0 || missing <= 0) return false
  for (const node of order) {
    if (missing > 0 && isVoter(node) && !core.has(node)) {
      core.add(node)
      missing--
    }
  }
  return true
}

/** When all is quiet: whole logs, whole states, and the history as clients saw it. */
function conclude(run: Run): void {
  const { world, raft, state, workload, tally } = run
  for (const node of world.nodes) {
    if (node.host === undefined) continue
    checkAll(raft, node, node.host.raft)
    checkWhole(state, node, node.host.fsm)
  }
  tally.linearizable++
  const verdict = judgeHistory(workload.history)
  if (verdict.type === 'illegal') {
    throw new Violation('linearizable', `no order explains what was seen of ${verdict.key}`)
  }
}
