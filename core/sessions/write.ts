// Taking and giving back the lock on a key (consul-surface §8.5).
import { KV, type KvChange, type KvRow } from '../kv/records.ts'
import { storeKey } from '../kv/write.ts'
import { type Refused, refused } from '../outcome.ts'
import { quoteGo } from '../quote.ts'
import { get, type Txn } from '../state/txn.ts'
import { SESSIONS } from './records.ts'

/** The row that now stands; undefined if another session holds the lock. */
export function lockKey(txn: Txn, change: KvChange): KvRow | Refused | undefined {
  if (change.session === '') return refused('missing session')
  if (get(txn, SESSIONS, change.session) === undefined) {
    return refused(`invalid session ${quoteGo(change.session)}`)
  }
  const known = get(txn, KV, change.key)
  const holder = known?.session ?? ''
  if (holder !== '' && holder !== change.session) return undefined
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
