// The second phase of a run: a majority is healed for ever, the rest is left dead, cut off in one
// direction, or as it happens to be. The healed must find a leader, agree, and answer every client.
import { createPrng } from '../prng.ts'
import { lastIndex } from '../raft/log.ts'
import type { Configuration } from '../raft/messages.ts'
import { isVoter, votersOf } from '../raft/quorum.ts'
import type { Run } from './assemble.ts'
import type { Draw } from './conditions.ts'
import { healAll, startAll } from './nemesis.ts'
import { leaderOf } from './nemesis-plots.ts'
import { Violation } from './violation.ts'
import { endWorkload, hasEnded } from './workload.ts'
import { advance, type SimNode, type World } from './world.ts'

/** A healed majority has this many of the longest election timeouts to find itself. */
const RECOVERY_TIMEOUTS = 30

export function recover(run: Run): void {
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
  if (isPatient(draw) && (nemesis.left.has('deaf') || hasOutsider(run))) stayCalm(run)
}

/**
 * Timeouts are long against the ways of messages and the grain of clocks: nobody campaigns in vain.
 */
function isPatient({ conditions, settings }: Draw): boolean {
  const { delayMs, delaySpreadMs } = conditions.network
  return settings.leaseMs > 4 * (delayMs + delaySpreadMs + conditions.tickMs)
}

/** Somebody lives who is no voter any more and may not know it: he asks for votes for ever. */
function hasOutsider({ world }: Run): boolean {
  const { servers } = leaderOf(world)?.host?.raft.history.at(-1)?.configuration ?? NOBODY
  return world.nodes.some(({ peer, host }) => {
    const own = host?.raft.history.at(-1)?.configuration ?? NOBODY
    return isVoter(own, peer.id) && !isVoter({ servers }, peer.id)
  })
}

const NOBODY: Configuration = { servers: [] }

/**
 * So many of the longest election timeouts, and so many leaders in them besides the one there is.
 */
const CALM_TIMEOUTS = 10
const CALM_LEADERS_MAX = 1

/** M36: who is cut off in one direction, or was removed, does not depose a leader that works. */
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
function chooseCore({ world, setup }: Run): SimNode[] {
  const prng = createPrng(setup.seed ^ 0x5eed)
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
