// What the operations on keys do to the state (consul-surface §8.5). Deterministic; locking itself
// stands in `sessions`.
import { equalBytes } from '../bytes.ts'
import { get, list, put, remove, removePrefix, type Txn } from '../state/txn.ts'
import { KV, type KvChange, type KvRow, TOMBSTONES } from './records.ts'

/** Creates or replaces. The session is kept; the LockIndex of a plain write is 0, as in Consul. */
export function setKey(txn: Txn, change: KvChange): KvRow {
  const known = get(txn, KV, change.key)
  return storeKey(txn, { change, lockIndex: 0, session: known?.session ?? '' })
}

/** Sets only if the key has the index (0: does not exist); otherwise nothing happens. */
export function casKey(txn: Txn, change: KvChange): KvRow | undefined {
  const known = get(txn, KV, change.key)
  if ((known?.modifyIndex ?? 0) !== change.index) return undefined
  return setKey(txn, change)
}

export function deleteKey(txn: Txn, key: string): void {
  if (get(txn, KV, key) === undefined) return
  remove(txn, KV, key)
  put(txn, TOMBSTONES, { key, index: txn.index })
}

/** True when the key is gone afterwards: a missing key is no mismatch. */
export function deleteKeyCas(txn: Txn, change: KvChange): boolean {
  const known = get(txn, KV, change.key)
  if (known === undefined) return true
  if (known.modifyIndex !== change.index) return false
  deleteKey(txn, change.key)
  return true
}

/** One tombstone stands for all that was below the prefix; none for the whole store. */
export function deleteTree(txn: Txn, prefix: string): void {
  const removed = removePrefix(txn, KV, prefix)
  if (removed > 0 && prefix !== '') put(txn, TOMBSTONES, { key: prefix, index: txn.index })
}

/**
 * Writes a row if it differs from what is there; the indexes move only then. Returns what stands
 * afterwards.
 */
export function storeKey(
  txn: Txn,
  next: { change: KvChange; lockIndex: number; session: string },
): KvRow {
  const { key, value, flags } = next.change
  const known = get(txn, KV, key)
  const row: KvRow = {
    key,
    value,
    flags,
    lockIndex: next.lockIndex,
    session: next.session,
    createIndex: known?.createIndex ?? txn.index,
    modifyIndex: txn.index,
  }
  if (known !== undefined && sameContent(known, row)) return known
  put(txn, KV, row)
  return row
}

function sameContent(a: KvRow, b: KvRow): boolean {
  if (a.lockIndex !== b.lockIndex || a.session !== b.session || a.flags !== b.flags) return false
  return equalBytes(a.value, b.value)
}

export function reapTombstones(txn: Txn, through: number): void {
  for (const tombstone of list(txn, TOMBSTONES, '')) {
    if (tombstone.index <= through) remove(txn, TOMBSTONES, tombstone.key)
  }
}
