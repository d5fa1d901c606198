// Leader-follower replication without consensus: one node takes writes, the others copy them. What
// is copied, and every limit.
//
// Nobody elects the leader and nobody can depose it, so nothing here is safe when it dies: that is
// what this room is for. Kleppmann, Designing Data-Intensive Applications, chapter 5, "Leaders and
// Followers"; what is missing is in core/raft.

/** `localhost:8001`: where a node is asked, and its name. */
export type Address = string

/** A key with its value, or without one: it was deleted. */
export interface Change {
  readonly key: string
  readonly value: Uint8Array | undefined
}

/** A change with its place in the history. */
export interface Write extends Change {
  /** From 1, without a gap. */
  readonly index: number
  /** The leader that took it. */
  readonly reign: string
}

/**
 * One leader's time. Two leaders at once write under the same indexes, but never in the same reign:
 * by that their histories are told apart.
 */
export interface Reign {
  /** Drawn anew whenever somebody becomes a leader. */
  readonly id: string
  /** One above all that the leader had heard of. Nobody makes sure that it is used only once. */
  readonly epoch: number
  /** Its first write, made or still to come. */
  readonly from: number
}

/** How far a copy goes, and along which history. */
export interface Extent {
  /** In the order of their indexes. */
  readonly history: readonly Reign[]
  readonly last: number
}

/** The last write of a copy. An empty one has index 0, and no reign. */
export interface Position {
  readonly reign: string
  readonly index: number
}

/** A stored key. */
export interface Row {
  readonly key: string
  readonly value: Uint8Array
}

/** Which followers a write waits for before it is acknowledged. */
export const SYNCS = ['all', 'one', 'none'] as const
export type Sync = (typeof SYNCS)[number]

export const KEY_BYTES_MAX = 512
export const VALUE_BYTES_MAX = 512 << 10
/** Keys and values together: all of it is memory. */
export const STORE_BYTES_MAX = 64 << 20
/** What a leader keeps of its history. Whoever needs older writes copies everything. */
export const LOG_WRITES_MAX = 10_000
export const LOG_BYTES_MAX = 16 << 20
/** One answer to a follower. A single larger write goes alone. */
export const BATCH_WRITES_MAX = 512
export const BATCH_BYTES_MAX = 1 << 20
export const REIGNS_MAX = 64
export const FOLLOWERS_MAX = 64
/** Nodes that one has heard of and speaks to. */
export const PEERS_MAX = 64
/** Writes that wait for followers, or for a leader elsewhere. */
export const WAITING_MAX = 4_096
/** Changes that two leaders tell each other, the newest of each key. */
export const TOLD_CHANGES_MAX = 100
/** What they tell of a value. */
export const TOLD_BYTES_MAX = 64

/** A snapshot is saved after so many writes. */
export const SNAPSHOT_WRITES = 8_192

/** A write waits no longer for followers. */
export const SYNC_MS = 500
/** A leader holds a follower's question this long when there is no news: its sign of life. */
export const HOLD_MS = 1_000
/** A follower that has been told something and asks for nothing more is not waited for. */
export const STALLED_MS = 1_000
/** Nor is it listed any more. */
export const FORGOTTEN_MS = 600_000
/** Beyond the hold: a leader that stays silent is not there. */
export const ANSWER_MS = 1_500
/** How soon a follower asks again when nobody was there. */
export const RETRY_MS = 100
/** A write that is handed on, until its answer counts as lost. */
export const FORWARD_MS = 2_000
/** How often a promoted leader speaks to those that do not follow it. */
export const ANNOUNCE_MS = 500
