// Taking and giving back a lock (consul-surface 8.5: acquire, release).
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { utf8 } from '../../../core/bytes.ts'
import { readKey } from '../../../core/kv/read.ts'
import { KV, type KvChange, type KvRow, TOMBSTONES } from '../../../core/kv/records.ts'
import { setKey } from '../../../core/kv/write.ts'
import {
  LOCK_DELAYS,
  SESSION_CHECKS,
  SESSIONS,
  type SessionRow,
} from '../../../core/sessions/records.ts'
import { lockKey, unlockKey } from '../../../core/sessions/write.ts'
import { beginTxn, commit, createStore, type Store, viewOf } from '../../../core/state/store.ts'
import { listBy, put, type Txn } from '../../../core/state/txn.ts'

const locks = suite('sessions/write')

const session = (id: string): SessionRow => ({
  id,
  name: '',
  node: 'Node-1',
  lockDelayNs: 15e9,
  behavior: 'release',
  ttl: '',
  nodeChecks: ['serfHealth'],
  serviceChecks: null,
  checks: null,
  createIndex: 1,
  modifyIndex: 1,
})

/** Two sessions, written at 10; entries follow from 11 on. */
function room(): { store: Store; apply: <T>(write: (txn: Txn) => T) => T } {
  const store = createStore([KV, TOMBSTONES, SESSIONS, SESSION_CHECKS, LOCK_DELAYS])
  let at = 9
  const apply = <T>(write: (txn: Txn) => T): T => {
    const txn = beginTxn(store, ++at)
    const result = write(txn)
    commit(store, txn)
    return result
  }
  apply((txn) => {
    put(txn, SESSIONS, session('one'))
    put(txn, SESSIONS, session('two'))
  })
  return { store, apply }
}

const change = (given: Partial<KvChange>): KvChange => ({
  key: 'k',
  value: utf8('v'),
  flags: 3,
  index: 0,
  session: 'one',
  ...given,
})

const row = (given: Partial<KvRow>): KvRow => ({
  key: 'k',
  value: utf8('v'),
  flags: 3,
  lockIndex: 1,
  session: 'one',
  createIndex: 11,
  modifyIndex: 11,
  ...given,
})

locks('acquire creates an absent key with a LockIndex of 1', () => {
  const { store, apply } = room()
  assert.equal(
    apply((txn) => lockKey(txn, change({}), 0)),
    row({}),
  )
  assert.equal(listBy(viewOf(store), KV, 'session', 'one'), [row({})])
})

locks('acquire of a free key counts its LockIndex on', () => {
  const { store, apply } = room()
  apply((txn) => put(txn, KV, row({ session: '', lockIndex: 4 })))
  apply((txn) => lockKey(txn, change({ session: 'two' }), 0))
  const expected = row({ session: 'two', lockIndex: 5, modifyIndex: 12 })
  assert.equal(readKey(viewOf(store), 'k'), expected)
})

locks('acquire by the holder keeps the LockIndex and writes value and flags', () => {
  const { store, apply } = room()
  apply((txn) => lockKey(txn, change({}), 0))
  apply((txn) => lockKey(txn, change({ value: utf8('w'), flags: 9 }), 0))
  const expected = row({ value: utf8('w'), flags: 9, modifyIndex: 12 })
  assert.equal(readKey(viewOf(store), 'k'), expected)
})

locks('acquire by the holder with the same content changes nothing', () => {
  const { store, apply } = room()
  apply((txn) => lockKey(txn, change({}), 0))
  assert.equal(
    apply((txn) => lockKey(txn, change({}), 0)),
    row({}),
  )
  assert.equal(readKey(viewOf(store), 'k'), row({}))
})

locks('acquire of a key that another session holds is no', () => {
  const { store, apply } = room()
  apply((txn) => lockKey(txn, change({}), 0))
  assert.is(
    apply((txn) => lockKey(txn, change({ session: 'two' }), 0)),
    'held',
  )
  assert.equal(readKey(viewOf(store), 'k'), row({}))
})

for (const [name, given, refused] of [
  ['no session', '', 'missing session'],
  ['a session that does not exist', 'three', 'invalid session "three"'],
  ['a session with a strange name', 'a"\n', 'invalid session "a\\"\\n"'],
] as const) {
  locks(`acquire for ${name} is refused`, () => {
    const { store, apply } = room()
    assert.equal(
      apply((txn) => lockKey(txn, change({ session: given }), 0)),
      { refused },
    )
    assert.is(readKey(viewOf(store), 'k'), undefined)
  })
}

locks('a set by anybody keeps the holder and resets the LockIndex', () => {
  const { store, apply } = room()
  apply((txn) => lockKey(txn, change({}), 0))
  apply((txn) => setKey(txn, change({ session: '' })))
  assert.equal(readKey(viewOf(store), 'k'), row({ lockIndex: 0, modifyIndex: 12 }))
})

locks("release by the holder frees the key and writes the request's value and flags", () => {
  const { store, apply } = room()
  apply((txn) => lockKey(txn, change({}), 0))
  apply((txn) => unlockKey(txn, change({ value: utf8('w'), flags: 0 })))
  const expected = row({ session: '', value: utf8('w'), flags: 0, modifyIndex: 12 })
  assert.equal(readKey(viewOf(store), 'k'), expected)
  assert.equal(listBy(viewOf(store), KV, 'session', 'one'), [])
})

locks('release of an absent key, or by one who does not hold it, is no', () => {
  const { store, apply } = room()
  assert.is(
    apply((txn) => unlockKey(txn, change({}))),
    undefined,
  )
  apply((txn) => lockKey(txn, change({}), 0))
  assert.is(
    apply((txn) => unlockKey(txn, change({ session: 'two' }))),
    undefined,
  )
  assert.is(
    apply((txn) => unlockKey(txn, change({ session: 'never made' }))),
    undefined,
  )
  assert.is(readKey(viewOf(store), 'k')?.session, 'one')
})

locks('release without a session is refused', () => {
  const { apply } = room()
  const said = apply((txn) => unlockKey(txn, change({ session: '' })))
  assert.equal(said, { refused: 'missing session' })
})

locks('sessions are found by their node, whatever the case', () => {
  const { store } = room()
  const found = listBy(viewOf(store), SESSIONS, 'node', 'node-1')
  assert.equal(
    found.map(({ id }) => id),
    ['one', 'two'],
  )
})

locks.run()
