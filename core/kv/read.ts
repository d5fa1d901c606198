// Questions about keys, and the index that each answer carries (consul-surface §8.6).
import { get, list, peekList, tableIndex, type View } from '../state/txn.ts'
import { KV, type KvRow, TOMBSTONES } from './records.ts'

export interface Listed {
  readonly rows: readonly KvRow[]
  readonly index: number
}

/**
 * The highest index of all writes and deletes of keys: what a miss answers with. The table of
 * tombstones has nothing to add: a tombstone comes with a delete, and reaping is no news.
 */
export const kvIndex = (view: View): number => tableIndex(view, KV)

export const readKey = (view: View, key: string): KvRow | undefined => get(view, KV, key)

export function listKeys(view: View, prefix: string): Listed {
  const rows = list(view, KV, prefix)
  if (prefix === '') return { rows, index: kvIndex(view) }
  let index = 0
  for (const row of rows) if (row.modifyIndex > index) index = row.modifyIndex
  for (const tombstone of peekList(view, TOMBSTONES, prefix)) {
    if (tombstone.index > index) index = tombstone.index
  }
  return { rows, index: index === 0 ? kvIndex(view) : index }
}

/** Names only, each cut behind the first separator beyond the prefix, without repetition. */
export function nameKeys(rows: readonly KvRow[], prefix: string, separator: string): string[] {
  if (separator === '') return rows.map((row) => row.key)
  const names: string[] = []
  for (const row of rows) {
    const at = row.key.indexOf(separator, prefix.length)
    const name = at < 0 ? row.key : row.key.slice(0, at + separator.length)
    if (names.at(-1) !== name) names.push(name)
  }
  return names
}
