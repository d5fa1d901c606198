// Plants one mistake and searches for it.
import type { Invariant } from '../../../core/sim/violation.ts'
import { describe, search as searchSeeds } from '../kit/search.ts'
import { plant } from './plant.ts'
import type { Mutant } from './table.ts'

export interface Hunted {
  /** Undefined: it survives. */
  readonly by: Invariant | undefined
  readonly seed: number | undefined
  readonly line: string
}

const FIRST_SEED = 1
const EVENTS = 4_000

interface HuntOptions {
  readonly dir: string
  /** Of the search; how far it comes is then a matter of the machine. */
  readonly limitMs?: number
  readonly processes?: number
}

export async function hunt(mutant: Mutant, options: HuntOptions): Promise<Hunted> {
  const { dir, ...search } = options
  const module = await plant(dir, mutant)
  const found = await searchSeeds({
    first: FIRST_SEED,
    count: mutant.seeds,
    events: mutant.events ?? EVENTS,
    profile: mutant.profile,
    module,
    stopsAtFirst: true,
    ...search,
  })
  const [first] = found.results
  if (first === undefined) {
    const line = `survives ${mutant.seeds} seeds of ${mutant.profile}`
    return { by: undefined, seed: undefined, line }
  }
  return { by: first.finding?.invariant, seed: first.seed, line: describe(first) }
}
