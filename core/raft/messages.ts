// Everything two servers say to each other. The fields are those of hashicorp/raft (raft-wire
// §1.4), so that a node written on that library can be on the other end; names are the field's own.
// A call is answered by exactly one reply, or fails.
import type { Entry } from '../entry.ts'
import type { LogIndex, Term } from '../ids.ts'

/** The lasting name of a server. In Consul a UUID. */
export type ServerId = string

export interface Peer {
  readonly id: ServerId
  /** `host:port`. Part of the identity in votes: the same bytes in all messages of a server. */
  readonly address: string
}

/** Only voters count for a majority. A nonvoter is sent the log all the same. */
export type Suffrage = 'voter' | 'nonvoter'

export interface Server extends Peer {
  readonly suffrage: Suffrage
}

export interface Configuration {
  readonly servers: readonly Server[]
}

/** What a snapshot covers, and who the servers were (Raft §7). */
export interface SnapshotMeta {
  readonly index: LogIndex
  readonly term: Term
  readonly configuration: Configuration
  /** The entry that the configuration came with. */
  readonly configurationIndex: LogIndex
}

/**
 * Replication (Raft §5.3). Without entries it carries the commit index, or asks whether the logs
 * match.
 */
export interface Append {
  readonly type: 'append'
  readonly term: Term
  readonly prevIndex: LogIndex
  readonly prevTerm: Term
  readonly entries: readonly Entry[]
  /** Never beyond what this message proves to the receiver: see P1 of raft-wire §2.10. */
  readonly commit: LogIndex
}

export interface AppendReply {
  readonly type: 'append-reply'
  readonly term: Term
  readonly success: boolean
  /** On refusal: the leader goes on right behind it. Not above what the receiver has. */
  readonly lastLog: LogIndex
  /** The refusal is about the log, not about trouble: try again at once. */
  readonly noRetryBackoff: boolean
}

/** "I lead, are you with me?" Says nothing of the log, and must not be taken for a match. */
interface Heartbeat {
  readonly type: 'heartbeat'
  readonly term: Term
}

/** Raft §5.2, §5.4. */
export interface RequestVote {
  readonly type: 'vote'
  readonly term: Term
  readonly lastIndex: LogIndex
  readonly lastTerm: Term
  /** The leader itself asked for this election: its followers need not stay loyal. */
  readonly transfer: boolean
}

/** Thesis §9.6: would you vote for me in this term? Nothing is promised or remembered. */
export interface RequestPreVote {
  readonly type: 'pre-vote'
  /** One above the candidate's own term, which does not move yet. */
  readonly term: Term
  readonly lastIndex: LogIndex
  readonly lastTerm: Term
}

export interface VoteReply {
  readonly type: 'vote-reply' | 'pre-vote-reply'
  readonly term: Term
  readonly granted: boolean
}

/** Thesis §3.10: campaign at once, without a pre-vote. */
interface TimeoutNow {
  readonly type: 'timeout-now'
}

interface TimeoutNowReply {
  readonly type: 'timeout-now-reply'
}

/**
 * The runtime sends the state behind the message and answers when the receiver has installed it
 * (Raft §7).
 */
export interface InstallSnapshot {
  readonly type: 'install-snapshot'
  readonly term: Term
  readonly snapshot: SnapshotMeta
}

interface InstallSnapshotReply {
  readonly type: 'install-snapshot-reply'
  readonly term: Term
  readonly success: boolean
}

export type RaftRequest =
  | Append
  | Heartbeat
  | RequestVote
  | RequestPreVote
  | TimeoutNow
  | InstallSnapshot

export type RaftReply = AppendReply | VoteReply | TimeoutNowReply | InstallSnapshotReply

/**
 * A call that another server makes. `id` is of the connection it came by; the reply goes back with
 * it.
 */
export interface IncomingCall {
  readonly id: number
  readonly from: Peer
  readonly request: RaftRequest
}
