// The planted mistakes (reliability §2.5), by their numbers there. A mutant that nothing catches
// is a hole in the simulator.
import type { ProfileName } from '../../../core/sim/profiles.ts'
import type { Invariant } from '../../../core/sim/violation.ts'
import { DISK_MUTANTS } from './disk.ts'
import { ELECTION_MUTANTS } from './elections.ts'
import { LOG_MUTANTS } from './log.ts'
import { LONE_MUTANTS } from './lone.ts'
import { MEMBERSHIP_MUTANTS } from './membership.ts'
import { OTHER_MUTANTS } from './others.ts'
import type { Patch } from './plant.ts'
import { READ_MUTANTS } from './reads.ts'
import { STATE_MUTANTS } from './state.ts'

export interface Mutant {
  readonly id: string
  readonly what: string
  readonly patches: readonly Patch[]
  readonly profile: ProfileName
  /** Servers of a cluster, or an agent that is alone. */
  readonly world?: 'cluster' | 'lone'
  /** Seeds within which it must be found; the measured need with a margin. */
  readonly seeds: number
  /** Which of them may find it first. */
  readonly caught: readonly Invariant[]
  /** Of a run; 4,000 if it says nothing. */
  readonly events?: number
}

export const MUTANTS: readonly Mutant[] = [
  ...LOG_MUTANTS,
  ...ELECTION_MUTANTS,
  ...READ_MUTANTS,
  ...MEMBERSHIP_MUTANTS,
  ...DISK_MUTANTS,
  ...STATE_MUTANTS,
  ...LONE_MUTANTS,
  ...OTHER_MUTANTS,
]
