// Seeds that stay: each has shown a mistake once, of the product, of a checker, of the model or
// planted, and says which. They are played with every change. A seed means its world only as long
// as worlds are drawn as they were; what must outlast that is a transcript or a scenario.
import type { ProfileName } from '../../core/sim/profiles.ts'

export interface Pinned {
  readonly seed: number
  readonly profile: ProfileName
  readonly events: number
  readonly why: string
}

export const PINNED: readonly Pinned[] = [
  {
    seed: 12,
    profile: 'churn',
    events: 4_000,
    why: 'a removed server asks for pre-votes again and again; the leader must not mind (M36)',
  },
  {
    seed: 50_003_804,
    profile: 'swarm',
    events: 4_000,
    why: 'a leader that may be removed has the only log that can win, and did not campaign',
  },
  {
    seed: 1_639,
    profile: 'churn',
    events: 4_000,
    why: 'an answer from before a server was removed counted when it had been added again',
  },
  {
    seed: 80_000_090,
    profile: 'swarm',
    events: 4_000,
    why: 'the checker counted by a configuration that a snapshot had replaced',
  },
  {
    seed: 7_790_842,
    profile: 'swarm',
    events: 4_000,
    why: 'the checker blamed a leader for a stalled disk before it knew that it was not alone',
  },
]
