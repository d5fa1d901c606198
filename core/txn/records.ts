// Transactions over several domains: /v1/txn.

import type { CheckSpec, NodeSpec, ServiceSpec } from '../catalog/records.ts'
import type { CatalogNode, HealthCheck, NodeService } from '../catalog/shapes.ts'
import type { KvChange, KvEntry, KvOp } from '../kv/records.ts'
import type { WallMs } from '../time.ts'
import type { U64 } from '../u64.ts'

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

export const CATALOG_VERBS = ['set', 'cas', 'delete', 'delete-cas', 'get'] as const
export type CatalogVerb = (typeof CATALOG_VERBS)[number]

interface OnCatalog {
  readonly verb: CatalogVerb
  /** For cas and delete-cas: the ModifyIndex that the row must have. For cas, 0 is no row. */
  readonly index: U64
}

export interface NodeTxnOp extends OnCatalog {
  readonly kind: 'node'
  readonly node: NodeSpec
}

export interface ServiceTxnOp extends OnCatalog {
  readonly kind: 'service'
  /** The name of the node. */
  readonly on: string
  readonly service: ServiceSpec
}

export interface CheckTxnOp extends OnCatalog {
  readonly kind: 'check'
  /** The name of the node. */
  readonly on: string
  readonly check: CheckSpec
}

export type CatalogTxnOp = NodeTxnOp | ServiceTxnOp | CheckTxnOp

/** One operation of a transaction. */
export type TxnOp = KvTxnOp | CatalogTxnOp

/** Command: all of it or nothing. */
export interface TxnCommand {
  readonly type: 'txn'
  readonly ops: readonly TxnOp[]
  /** As in KvCommand. */
  readonly wall: WallMs
}

/** Tags that were never given are null here; elsewhere they print as an empty list. */
interface TxnService extends Omit<NodeService, 'Tags'> {
  readonly Tags: readonly string[] | null
}

interface TxnCheck extends Omit<HealthCheck, 'ServiceTags'> {
  readonly ServiceTags: readonly string[] | null
}

export type CatalogTxnResult =
  | { readonly Node: CatalogNode }
  | { readonly Service: TxnService }
  | { readonly Check: TxnCheck }

export type TxnResult = { readonly KV: KvEntry } | CatalogTxnResult

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
