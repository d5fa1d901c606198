// One run: a seed becomes a world, the world is harmed until its events are used up, then a
// majority is healed for ever and must find itself again (safety, then liveness: VOPR's two
// phases). The verdict names the first rule that was broken.
import { createPrng } from '../prng.ts'
import {
  assemble,
  conclude,
  type Finding,
  guard,
  type Run,
  type Setup,
  startAllNodes,
} from './assemble.ts'
import type { ClientCounts } from './check-clients.ts'
import type { FaultKind } from './conditions.ts'
import { hashText } from './hash.ts'
import { drawOf, type ProfileName } from './profiles.ts'
import { recover } from './recovery.ts'
import { type Simpler, simplify } from './simpler.ts'
import type { Tally } from './violation.ts'
import { advance } from './world.ts'

export interface RunOptions extends Pick<Setup, 'seed' | 'skip' | 'trace' | 'bug'> {
  readonly profile: ProfileName
  /** After so many events the world is healed. */
  readonly events: number
  /** What the run does without. */
  readonly simpler?: readonly Simpler[]
}

export interface RunResult {
  readonly seed: number
  readonly profile: ProfileName
  readonly hash: string
  readonly events: number
  readonly ms: number
  readonly finding: Finding | undefined
  /** The search for an order of what clients saw ran out of its budget. */
  readonly undecided: boolean
  readonly tally: Tally
  readonly faults: Partial<Record<FaultKind, number>>
  readonly clients: ClientCounts
  /** Of each client. */
  readonly requests: readonly number[]
  readonly commits: number
  readonly elections: number
  /** From the heal to a leader that answers all clients. */
  readonly recoveryMs: number | undefined
}

/** Without requests hardly anything may happen: then the world is healed after this long. */
const WORLD_ENDS_MS = 86_400_000

export function simulate(options: RunOptions): RunResult {
  const { seed, profile, events } = options
  const draw = simplify(drawOf(profile, createPrng(seed).fork()), options.simpler ?? [])
  const run = assemble({ ...options, draw })
  const finding = guard(run, () => {
    startAllNodes(run)
    while (run.world.events < events && advance(run.world, WORLD_ENDS_MS));
    recover(run)
    conclude(run)
  })
  return { profile, ...resultOf(run), finding }
}

export function resultOf(run: Run): Omit<RunResult, 'profile' | 'finding'> {
  const { setup, world, tally, raft, clients, workload, nemesis, undecided, recoveryMs } = run
  return {
    seed: setup.seed,
    hash: hashText(world.hash),
    events: world.events,
    ms: world.now,
    undecided,
    tally,
    faults: nemesis.counts,
    clients: clients.counts,
    requests: workload.clients.map(({ asked }) => asked),
    commits: raft.committed.length - 1,
    elections: raft.leaders.size,
    recoveryMs,
  }
}
