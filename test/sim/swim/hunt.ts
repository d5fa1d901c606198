// Plants one mistake of gossip and looks for it in pools.
import type { Rule } from '../../../core/sim/swim/finding.ts'
import type { Mutant } from './mutants.ts'
import { plant } from './plant.ts'

const EVENTS = 2_000

export interface HuntedInPools {
  /** Undefined: it survives, or was found by a rule that does not speak of it. */
  readonly by: Rule | undefined
  readonly seed: number | undefined
  readonly line: string
}

export async function huntInPools(dir: string, mutant: Mutant): Promise<HuntedInPools> {
  const { id, patches, seeds, faults, size, caught } = mutant
  const { runOnePool } = await plant(dir, id, patches)
  for (let seed = 1; seed <= seeds; seed++) {
    const { finding } = runOnePool({
      seed,
      events: EVENTS,
      ...(faults && { faults }),
      ...(size && { size }),
    })
    if (finding === undefined) continue
    const line = `seed ${seed}: ${finding.rule}: ${finding.what}`
    return { by: caught.includes(finding.rule) ? finding.rule : undefined, seed, line }
  }
  return { by: undefined, seed: undefined, line: `survives ${seeds} seeds` }
}
