// What a node knows of itself and of the others: how far each copy is behind, and where two leaders
// have gone separate ways.
import type { Address, Sync } from './records.ts'

export interface Status {
  readonly self: Address
  readonly role: 'leader' | 'follower'
  readonly epoch: number
  /** Of the last write. */
  readonly index: number
  readonly keys: number
  /** Of a leader: which followers a write waits for. */
  readonly sync: Sync
  /** Of a follower. */
  readonly follows: Following | undefined
  /** Of a leader. */
  readonly followers: readonly FollowerStatus[]
  readonly rivals: readonly Conflict[]
}

export interface Following {
  readonly leader: Address
  /** `diverged`: the leader's history is not ours, and nothing is copied until a person decides. */
  readonly state: 'syncing' | 'following' | 'no-leader' | 'diverged'
  /** Writes that the leader had when it last spoke, and we have not. */
  readonly behind: number
  /** Since then; undefined: it never spoke. */
  readonly silentMs: number | undefined
  /** Writes of ours that were given up for the leader's history. */
  readonly discarded: number
}

interface FollowerStatus {
  readonly address: Address
  readonly index: number
  readonly behind: number
  /** How long the oldest write that it lacks is waiting. */
  readonly lagMs: number
  /** It is waited for. */
  readonly live: boolean
}

/** Another leader, and what has become different since. */
export interface Conflict {
  readonly leader: Address
  readonly epoch: number
  /** The last write that both have. */
  readonly since: number
  /** Written on both sides, and not alike. */
  readonly keys: readonly ConflictingKey[]
  /** Keys that only one side has written. */
  readonly onlyHere: readonly string[]
  readonly onlyThere: readonly string[]
  /** Some may be missing. */
  readonly complete: boolean
}

interface ConflictingKey {
  readonly key: string
  /** Undefined: deleted. */
  readonly here: Uint8Array | undefined
  readonly there: Uint8Array | undefined
}
