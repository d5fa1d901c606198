// An entry of the log, and what must reach the disk together. Shared by every way to order writes
// (solo, replica, raft).
import type { LogIndex, Term } from './ids.ts'

/** The types of hashicorp/raft's log entries, with its numbers (raft-wire §1.4). */
export const ENTRY = { command: 0, noop: 1, barrier: 4, configuration: 5 } as const
export type EntryType = (typeof ENTRY)[keyof typeof ENTRY]

export interface Entry {
  readonly index: LogIndex
  readonly term: Term
  readonly type: EntryType
  readonly data: Uint8Array
  /** Opaque to us, kept for peers written in Go. */
  readonly extensions?: Uint8Array
  /**
   * When its leader took it, in the msgpack form of Go's time as it came (raft-wire P5): it leaves
   * as it came. Undefined: the zero time.
   */
  readonly appendedAt?: Uint8Array
}

/** A place in the log. */
export interface Position {
  readonly index: LogIndex
  readonly term: Term
}

/** What a server must never forget besides its log (Raft figure 2). */
export interface Vote {
  readonly term: Term
  /** The candidate that got this server's vote in `term`; empty: nobody yet. */
  readonly votedFor: string
}

/**
 * One write to the disk. All of it is durable, or none of it is acknowledged. Order: vote,
 * truncate, append.
 */
export interface Persist {
  /**
   * Comes back in the event `persisted`; rises by one each time. At most one persist is under way.
   */
  readonly token: number
  readonly vote?: Vote
  /** Entries from here on are void (Raft §5.3: a conflicting suffix). */
  readonly truncateFrom?: LogIndex
  /**
   * All entries are void: a snapshot from elsewhere has taken their place, and the first of
   * `entries` stands right behind this index.
   */
  readonly restartBehind?: LogIndex
  readonly entries: readonly Entry[]
}

/** What a snapshot says of the log that it stands for: up to which entry. */
export interface Covered extends Position {
  /**
   * Who the servers were, in the form of the log entry that said so, and the index of that entry
   * (Raft §7). Undefined: an agent that orders its writes alone.
   */
  readonly configuration?: { readonly index: LogIndex; readonly data: Uint8Array } | undefined
}

/** What was found on the disk at start. */
export interface Recovered {
  readonly vote: Vote
  /** The newest good snapshot. */
  readonly snapshot: (Covered & { readonly chunks: Iterable<Uint8Array> }) | undefined
  /** Contiguous, the first one right behind the snapshot or earlier. */
  readonly entries: readonly Entry[]
}
