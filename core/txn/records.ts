// Transactions over several domains: /v1/txn.

import type { KvChange, KvEntry, KvOp } from '../kv/records.ts'
import type { WallMs } from '../time.ts'

export type KvVerb =
  | KvOp
  | 'get'
  | 'get-or-empty'
  | 'get-tree'
  | 'check-session'
  | 'check-index'
  | 'check-not-exists'

export interface KvTxnOp {
  readonly kind: 'kv'
  readonly verb: KvVerb
  readonly change: KvChange
}

/** One operation of a transaction. */
export type TxnOp = KvTxnOp

/** Command: all of it or nothing. */
export interface TxnCommand {
  readonly type: 'txn'
  readonly ops: readonly TxnOp[]
  /** As in KvCommand. */
  readonly wall: WallMs
}

export interface TxnResult {
  readonly KV: KvEntry
}

export interface TxnError {
  /** Which operation, counted from 0. */
  readonly OpIndex: number
  readonly What: string
}

/** Every operation is tried and every error told; with one error nothing of it stands. */
export interface TxnOutcome {
  readonly results: readonly TxnResult[]
  readonly errors: readonly TxnError[]
}
