// Keys and values: the rows, the tables, and the shapes of /v1/kv.
import { base64, fold, textOfByteString } from '../bytes.ts'
import { defineTable } from '../state/table.ts'
import type { WallMs } from '../time.ts'
import type { U64 } from '../u64.ts'

export interface KvRow {
  /** A byte string: sorted and compared byte by byte. */
  readonly key: string
  readonly value: Uint8Array
  /** The client's own number; nothing here reads it. */
  readonly flags: U64
  /** How often the key was locked. Consul resets it when a plain write follows. */
  readonly lockIndex: number
  /** The session that holds the lock; empty: free. */
  readonly session: string
  readonly createIndex: number
  readonly modifyIndex: number
}

/**
 * What remains of a deleted key or prefix, so that the index of a list never slides back at once.
 */
export interface Tombstone {
  readonly key: string
  readonly index: number
}

export const KV = defineTable<KvRow>({
  name: 'kv',
  key: (row) => row.key,
  indexes: { session: (row) => (row.session === '' ? undefined : fold(row.session)) },
})

export const TOMBSTONES = defineTable<Tombstone>({
  name: 'tombstones',
  key: (row) => row.key,
  indexes: {},
})

/** A key as the API prints it; the order of the fields is Consul's. */
export interface KvEntry {
  readonly LockIndex: number
  readonly Key: string
  readonly Flags: U64
  /** Base64, or null for an empty value. */
  readonly Value: string | null
  readonly Session?: string
  readonly CreateIndex: number
  readonly ModifyIndex: number
}

export function kvEntry(row: KvRow): KvEntry {
  const LockIndex = row.lockIndex
  const Key = textOfByteString(row.key)
  const Value = row.value.length === 0 ? null : base64(row.value)
  const { flags: Flags, createIndex: CreateIndex, modifyIndex: ModifyIndex } = row
  if (row.session === '') return { LockIndex, Key, Flags, Value, CreateIndex, ModifyIndex }
  return { LockIndex, Key, Flags, Value, Session: row.session, CreateIndex, ModifyIndex }
}

/** What a client may write to one key. */
export interface KvChange {
  readonly key: string
  readonly value: Uint8Array
  readonly flags: U64
  /** For cas and delete-cas: the ModifyIndex that the key must have, 0 for "does not exist". */
  readonly index: U64
  /** For lock and unlock. */
  readonly session: string
}

export type KvOp = 'set' | 'delete' | 'delete-cas' | 'delete-tree' | 'cas' | 'lock' | 'unlock'

/** Command: one operation on one key. */
export interface KvCommand {
  readonly type: 'kv'
  readonly op: KvOp
  readonly change: KvChange
  /** When the server that ordered it took it: a lock-delay is over or not by this. */
  readonly wall: WallMs
}

/**
 * Command: forget the tombstones of deletes up to an index. Proposed by the leader, some time after
 * the deletes.
 */
export interface ReapTombstonesCommand {
  readonly type: 'reap-tombstones'
  readonly through: number
  /** Lock-delays that are over by then are forgotten along. */
  readonly wall: WallMs
}
