// Everything an agent can ask for. The driver performs effects in order and remembers no rule:
// what may not be said before something is durable is not among the effects until it is.
import type { Answer } from '../dns/answer.ts'
import type { Covered, Persist } from '../entry.ts'
import type { LogIndex, RequestId } from '../ids.ts'
import type { Probe } from '../local/probe.ts'
import type { LogLine } from '../log.ts'
import type { Response } from '../route/request.ts'
import type { Question } from '../route/route.ts'
import type { OwnSave } from './keeper.ts'
import type { PoolEffect } from './pool-io.ts'

/** A frozen state to be written beside the log. The chunks are computed as they are asked for. */
export interface SnapshotOrder extends Covered {
  readonly chunks: Iterable<Uint8Array>
}

export type AgentEffect =
  /** Answered by `persisted` or `persist-refused`. At most one is under way. */
  | { readonly type: 'persist'; readonly persist: Persist }
  | { readonly type: 'respond'; readonly id: RequestId; readonly response: Response }
  /** What there is to say to a `question`. */
  | { readonly type: 'answer-dns'; readonly id: RequestId; readonly answer: Answer }
  /** Answered by `answered`. */
  | { readonly type: 'ask'; readonly id: RequestId; readonly question: Question }
  /** Answered by `snapshot-saved` or `snapshot-refused`. At most one is under way. */
  | { readonly type: 'save-snapshot'; readonly order: SnapshotOrder }
  /** Entries up to this one have no further use. */
  | { readonly type: 'trim-log'; readonly through: LogIndex }
  /** Answered by `own-saved` or `own-save-refused`. At most one is under way. */
  | { readonly type: 'save-own'; readonly save: OwnSave }
  /** Try a check. Answered by `probed`, within its timeout. */
  | { readonly type: 'probe'; readonly id: number; readonly probe: Probe }
  /** Nobody wants to know any more: an answer that still comes is passed over. */
  | { readonly type: 'probe-cancel'; readonly id: number }
  /** Of the gossip pool. */
  | { readonly type: 'pool'; readonly effect: PoolEffect }
  | { readonly type: 'log'; readonly line: LogLine }
