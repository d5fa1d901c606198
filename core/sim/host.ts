// What the virtual world expects of a program that runs in it: events in, effects out, as
// everywhere in core. The world knows nothing else of it; checkers may look inside.
import type { Persist, Recovered } from '../entry.ts'
import type { Fsm } from '../fsm/fsm.ts'
import type { LogIndex } from '../ids.ts'
import type { Configuration, Peer, RaftReply, RaftRequest, SnapshotMeta } from '../raft/messages.ts'
import type { Boot, Raft, RaftNote } from '../raft/raft.ts'
import type { Instant } from '../time.ts'

/** A state as it lies on a disk or travels to another server. */
export interface SnapshotImage {
  readonly meta: SnapshotMeta
  readonly chunks: Iterable<Uint8Array>
}

/**
 * What a client wants. Values are texts: a run writes each value once, so that a read tells which
 * write it saw.
 */
export type ClientRequest =
  | { readonly type: 'get'; readonly key: string; readonly mode: ReadMode }
  | { readonly type: 'put'; readonly key: string; readonly value: string }
  /** Only if the key was last modified at `index`; 0: if it does not exist. */
  | {
      readonly type: 'cas'
      readonly key: string
      readonly value: string
      readonly index: number
    }
  | { readonly type: 'delete'; readonly key: string }
  /** Answered by any server, out of its own state, when the key has changed behind `index`. */
  | { readonly type: 'watch'; readonly key: string; readonly index: number }

export type ReadMode = 'default' | 'stale'

/** How a request of a client ended. */
export type ClientOutcome =
  /** Committed and applied at `index`. `done` is false for a comparison that failed. */
  | { readonly type: 'written'; readonly index: LogIndex; readonly done: boolean }
  /** The state of the key at `index`; `modified` 0: it did not exist. */
  | {
      readonly type: 'read'
      readonly index: LogIndex
      readonly value: string | undefined
      readonly modified: number
    }
  /** Certainly not done. `leader`: where to try. */
  | { readonly type: 'refused'; readonly why: string; readonly leader?: string }
  /** It may have been done, or be done later. */
  | { readonly type: 'unknown' }

/** What an operator wants. */
export type Order =
  | { readonly type: 'transfer'; readonly to: Peer | undefined }
  | { readonly type: 'add-voter' | 'add-nonvoter'; readonly server: Peer }
  | { readonly type: 'demote' | 'remove'; readonly id: string }

export type HostEvent =
  | { readonly type: 'tick' }
  /** Another server calls; an install-snapshot comes with its image. */
  | {
      readonly type: 'call'
      readonly id: number
      readonly from: Peer
      readonly request: RaftRequest
      readonly image: SnapshotImage | undefined
    }
  | { readonly type: 'reply'; readonly call: number; readonly reply: RaftReply }
  /** No answer came in time, or the other end was not there. */
  | { readonly type: 'call-failed'; readonly call: number }
  /**
   * A connection was closed by the other end, or the port refused: its process is gone, or so it
   * seems.
   */
  | { readonly type: 'gone'; readonly peer: Peer }
  | { readonly type: 'persisted'; readonly token: number }
  | { readonly type: 'persist-refused'; readonly token: number }
  | { readonly type: 'snapshot-saved'; readonly meta: SnapshotMeta }
  | { readonly type: 'installed'; readonly id: number; readonly image: SnapshotImage }
  | { readonly type: 'request'; readonly id: number; readonly request: ClientRequest }
  | { readonly type: 'order'; readonly order: Order }

export type HostEffect =
  /** At most one is under way. */
  | { readonly type: 'persist'; readonly persist: Persist }
  | {
      readonly type: 'call'
      readonly call: number
      readonly to: Peer
      readonly request: RaftRequest
    }
  | { readonly type: 'reply'; readonly id: number; readonly reply: RaftReply }
  | { readonly type: 'respond'; readonly id: number; readonly outcome: ClientOutcome }
  /** Answered by `snapshot-saved`. At most one is under way. */
  | { readonly type: 'save-snapshot'; readonly image: SnapshotImage }
  /** Answered by `installed`. */
  | { readonly type: 'install'; readonly id: number; readonly image: SnapshotImage }
  | { readonly type: 'trim-log'; readonly through: LogIndex }
  | { readonly type: 'note'; readonly note: RaftNote }

export interface Host {
  step(event: HostEvent, now: Instant): void
  drain(): readonly HostEffect[]
  /** The next instant, by its own clock, at which a tick would do anything. */
  dueAt(): Instant
  /** For checkers: nothing else reads them. */
  readonly raft: Raft
  readonly fsm: Fsm
  /** Who waits for a change, by request. */
  readonly watches: ReadonlyMap<number, Watching>
}

export interface Watching {
  readonly id: number
  readonly key: string
  readonly index: number
}

/** What a process finds when it starts. */
export interface HostBoot {
  readonly self: Peer
  readonly recovered: Recovered
  /** Of the snapshot in `recovered`. */
  readonly snapshot: SnapshotMeta | undefined
  readonly now: Instant
  readonly seed: number
  readonly boot: Boot
  /** The first configuration, if this server was told to begin a cluster. */
  readonly found: Configuration | undefined
}

export type StartHost = (boot: HostBoot) => Host
