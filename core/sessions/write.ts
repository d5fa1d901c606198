// Sessions begin and end, and with them the locks that they hold (consul-surface §8.1, §8.3–8.5).
import { fold } from '../bytes.ts'
import { KV, type KvChange, type KvRow } from '../kv/records.ts'
import { deleteKey, storeKey } from '../kv/write.ts'
import { type Refused, refused } from '../outcome.ts'
import { quoteGo } from '../quote.ts'
import { get, list, listBy, put, remove, type Txn, type View } from '../state/txn.ts'
import type { WallMs } from '../time.ts'
import {
  checksOf,
  LOCK_DELAYS,
  onCheck,
  SESSION_CHECKS,
  SESSIONS,
  type SessionRow,
  type SessionSpec,
} from './records.ts'

/**
 * The caller has made sure that the node and its checks are there and good: it knows the catalog.
 */
export function createSession(txn: Txn, session: SessionSpec): SessionRow {
  const row: SessionRow = { ...session, createIndex: txn.index, modifyIndex: txn.index }
  put(txn, SESSIONS, row)
  for (const check of new Set(checksOf(session))) {
    put(txn, SESSION_CHECKS, { node: session.node, check, session: session.id })
  }
  return row
}

/** All its locks are given back, or their keys deleted, at one index. Unknown: nothing happens. */
export function endSession(txn: Txn, given: string, wall: WallMs): SessionRow | undefined {
  const row = get(txn, SESSIONS, fold(given))
  if (row === undefined) return undefined
  const { id } = row
  remove(txn, SESSIONS, id)
  for (const link of listBy(txn, SESSION_CHECKS, 'session', id)) {
    remove(txn, SESSION_CHECKS, onCheck(link.node, link.check) + id)
  }
  for (const held of listBy(txn, KV, 'session', id)) letGo(txn, held, { row, wall })
  return row
}

function letGo(txn: Txn, held: KvRow, ending: { row: SessionRow; wall: WallMs }): void {
  const { behavior, lockDelayNs } = ending.row
  if (behavior === 'delete') deleteKey(txn, held.key)
  else {
    const { key, value, flags, lockIndex } = held
    storeKey(txn, { change: { key, value, flags, index: 0, session: '' }, lockIndex, session: '' })
  }
  if (lockDelayNs <= 0) return
  const delayMs = Math.min(Math.ceil(lockDelayNs / 1e6), LOCK_DELAY_MS_MAX)
  put(txn, LOCK_DELAYS, { key: held.key, until: ending.wall + delayMs })
}

/** A session may ask for more, and shows it; nobody is kept from a key for longer. */
const LOCK_DELAY_MS_MAX = 60_000

/** The sessions that stand on a check of a node. */
export const sessionsOnCheck = (txn: Txn, node: string, check: string): readonly string[] =>
  list(txn, SESSION_CHECKS, onCheck(node, check)).map((link) => link.session)

/** Why a lock was not taken: somebody has it, or its last holder's delay is not over. */
export type NotLocked = 'held' | 'delayed'

export function isDelayed(view: View, key: string, wall: WallMs): boolean {
  const delay = get(view, LOCK_DELAYS, key)
  return delay !== undefined && wall < delay.until
}

/**
 * The row that now stands, or why there is none. `wall` is stamped by the server that ordered the
 * command.
 */
export function lockKey(txn: Txn, change: KvChange, wall: WallMs): KvRow | Refused | NotLocked {
  // Consul looks at the delay before it orders the write, and so before it looks at the session.
  if (isDelayed(txn, change.key, wall)) return 'delayed'
  if (change.session === '') return refused('missing session')
  if (get(txn, SESSIONS, fold(change.session)) === undefined) {
    return refused(`invalid session ${quoteGo(change.session)}`)
  }
  const known = get(txn, KV, change.key)
  const holder = known?.session ?? ''
  if (holder !== '' && holder !== change.session) return 'held'
  remove(txn, LOCK_DELAYS, change.key)
  const lockIndex = (known?.lockIndex ?? 0) + (holder === '' ? 1 : 0)
  return storeKey(txn, { change, lockIndex, session: change.session })
}

/**
 * The value is replaced by the request's, as in Consul; undefined if this session does not hold the
 * lock.
 */
export function unlockKey(txn: Txn, change: KvChange): KvRow | Refused | undefined {
  if (change.session === '') return refused('missing session')
  const known = get(txn, KV, change.key)
  if (known === undefined || known.session !== change.session) return undefined
  return storeKey(txn, { change, lockIndex: known.lockIndex, session: '' })
}

/** Forgets the delays that are over. */
export function reapLockDelays(txn: Txn, wall: WallMs): void {
  for (const delay of list(txn, LOCK_DELAYS, '')) {
    if (delay.until <= wall) remove(txn, LOCK_DELAYS, delay.key)
  }
}
