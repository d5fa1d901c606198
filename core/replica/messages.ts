// What nodes say to each other, what can happen to one, and what it can ask for. A message has one
// answer, or none.
import type { RequestId } from '../ids.ts'
import type { LogLine } from '../log.ts'
import type { Address, Change, Extent, Position, Reign, Row, Write } from './records.ts'
import type { Status } from './status.ts'
import type { Frozen } from './store.ts'

export type Message =
  /** A follower has everything up to `position`: what is next? */
  | {
      readonly type: 'pull'
      readonly from: Address
      readonly position: Position
      /** The answer may take its time. */
      readonly hold: boolean
    }
  /** A follower copies everything, page by page. `after` is the last key that it has. */
  | {
      readonly type: 'page'
      readonly from: Address
      readonly after: string | undefined
    }
  /** A write that came to a follower. */
  | { readonly type: 'write'; readonly change: Change }
  /** A node that somebody made the leader tells others so. */
  | ({ readonly type: 'announce'; readonly from: Address } & Claim)

/** What two leaders know of each other. */
export interface Claim extends Extent {
  readonly epoch: number
  /** Its changes behind this index, the latest of each key; see `complete`. */
  readonly since: number
  readonly changes: readonly Told[]
  /** Some are left out: too many, or not kept. */
  readonly complete: boolean
}

/** A change as it is told to a rival: enough to show, and to see whether it is the same. */
export interface Told {
  readonly key: string
  /** Its first bytes; undefined: deleted. */
  readonly shown: Uint8Array | undefined
  /** A checksum of the whole value. */
  readonly sum: number
}

export type Reply =
  | ({ readonly type: 'writes'; readonly writes: readonly Write[] } & Leading)
  /** What is behind the position is not kept any more, or the position is not in our history. */
  | ({ readonly type: 'copy'; readonly why: 'trimmed' | 'fork' } & Leading)
  | ({ readonly type: 'rows'; readonly rows: readonly Row[]; readonly more: boolean } & Extent)
  /** Not the leader; perhaps that one is. */
  | { readonly type: 'elsewhere'; readonly leader: Address | undefined }
  | { readonly type: 'written'; readonly replicatedTo: number }
  | { readonly type: 'missing' }
  | { readonly type: 'refused'; readonly refusal: Refusal }
  /** To an announcement: we follow that node, or lead, too. */
  | { readonly type: 'follows'; readonly leader: Address }
  | ({ readonly type: 'leads' } & Claim)

/** A leader of itself. */
export interface Leading {
  readonly history: readonly Reign[]
  readonly last: number
  /** Its followers, so that they know of each other when it is gone. */
  readonly peers: readonly Address[]
}

/** Why a message has no answer. `unreached`: it was never sent; else it may have had its effect. */
export type Silence = 'unreached' | 'broken' | 'late'

/** What a client or a person wants. */
export type Ask =
  | { readonly type: 'get'; readonly key: string }
  | { readonly type: 'change'; readonly change: Change }
  | { readonly type: 'status' }
  | { readonly type: 'promote' }
  | { readonly type: 'follow'; readonly leader: Address }

export type Refusal = 'store-full' | 'too-many-waiting'

/** A write with the epoch of its reign: all that a log must hold. */
export interface Stamped extends Write {
  readonly epoch: number
}

export type Outcome =
  | { readonly type: 'value'; readonly key: string; readonly value: Uint8Array }
  | { readonly type: 'missing' }
  | {
      readonly type: 'written'
      readonly replicatedTo: number
      readonly forwardedTo: Address | undefined
    }
  | { readonly type: 'refused'; readonly refusal: Refusal }
  /** Nobody takes the write: nothing has happened. */
  | { readonly type: 'no-leader'; readonly leader: Address }
  /** The write left for the leader, and nobody knows more. */
  | { readonly type: 'unanswered'; readonly leader: Address }
  /** Nothing has been copied from the leader yet. */
  | { readonly type: 'not-synced'; readonly leader: Address }
  | { readonly type: 'status'; readonly status: Status }
  | { readonly type: 'promoted'; readonly epoch: number; readonly already: boolean }
  | { readonly type: 'followed'; readonly leader: Address }
  | { readonly type: 'itself' }

export type ReplicaEvent =
  | { readonly type: 'tick' }
  | { readonly type: 'asked'; readonly id: RequestId; readonly ask: Ask }
  /** Another node's message, to be answered with this id. */
  | { readonly type: 'called'; readonly id: RequestId; readonly message: Message }
  /** Whoever asked or called has gone. */
  | { readonly type: 'abandoned'; readonly id: RequestId }
  /** To a message of ours. */
  | { readonly type: 'replied'; readonly call: number; readonly reply: Reply }
  | { readonly type: 'silent'; readonly call: number; readonly why: Silence }
  /** What the persist with this token holds is durable. */
  | { readonly type: 'persisted'; readonly token: number }
  | { readonly type: 'snapshot-saved' }

export type ReplicaEffect =
  /** Answered by `persisted`. At most one is under way. */
  | {
      readonly type: 'persist'
      readonly token: number
      /** In place of everything that was kept; `writes` are none then. */
      readonly anew: Frozen | undefined
      readonly writes: readonly Stamped[]
    }
  /** Answered by `snapshot-saved`. Then the log up to there has no further use. */
  | { readonly type: 'save-snapshot'; readonly state: Frozen }
  | { readonly type: 'tell'; readonly id: RequestId; readonly outcome: Outcome }
  | { readonly type: 'reply'; readonly id: RequestId; readonly reply: Reply }
  /** Exactly one `replied` or `silent` with this number comes of it. */
  | {
      readonly type: 'call'
      readonly call: number
      readonly to: Address
      readonly message: Message
      readonly withinMs: number
    }
  /** Once: the first copy is complete, or there was none to make. */
  | { readonly type: 'ready' }
  | { readonly type: 'log'; readonly line: LogLine }
