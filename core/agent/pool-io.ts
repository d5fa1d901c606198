// What passes between the gossip pool of an agent and the world: its part of events.ts and
// effects.ts.
import type { GossipInput, GossipOutput } from '../swim/inputs.ts'
import type { Address } from '../wire/memberlist.ts'

export type PoolEvent =
  | { readonly type: 'heard'; readonly input: GossipInput }
  /** What the names of a join stand for. */
  | {
      readonly type: 'resolved'
      readonly join: number
      readonly addresses: readonly Address[]
      readonly failures: readonly string[]
    }
  /** The process is to end: the others are told first. Answered by `left`. */
  | { readonly type: 'leave' }

export type PoolEffect =
  | { readonly type: 'say'; readonly output: GossipOutput }
  /** Answered by `resolved`. */
  | { readonly type: 'resolve'; readonly join: number; readonly names: readonly string[] }
  /** For the file of whom the agent knew; `whole` is all of it, if that is to begin anew. */
  | {
      readonly type: 'remember'
      readonly lines: readonly string[]
      readonly whole: () => readonly string[]
    }
  | { readonly type: 'keep-keys'; readonly keys: readonly Uint8Array[] }
  | { readonly type: 'left' }
