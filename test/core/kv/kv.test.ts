// The rules of writes to keys and of the index that each read carries, line by line (consul-surface
// 8.5 and 8.6), on a bare store.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { byteString, EMPTY, utf8 } from '../../../core/bytes.ts'
import { kvIndex, listKeys, nameKeys, readKey } from '../../../core/kv/read.ts'
import {
  KV,
  type KvChange,
  type KvRow,
  kvEntry,
  TOMBSTONES,
  type Tombstone,
} from '../../../core/kv/records.ts'
import {
  casKey,
  deleteKey,
  deleteKeyCas,
  deleteTree,
  reapTombstones,
  setKey,
} from '../../../core/kv/write.ts'
import { beginTxn, commit, createStore, viewOf } from '../../../core/state/store.ts'
import { list, put, type Txn, tableIndex, type View } from '../../../core/state/txn.ts'

/** A store whose log stands at `at`; each write is one entry. */
interface Room {
  readonly view: () => View
  /** Applies at the next index; returns what the write said. */
  readonly apply: <T>(write: (txn: Txn) => T) => T
  at: number
}

function room(): Room {
  const store = createStore([KV, TOMBSTONES])
  const here: Room = {
    at: 10,
    view: () => viewOf(store),
    apply: (write) => {
      here.at++
      const txn = beginTxn(store, here.at)
      const result = write(txn)
      commit(store, txn)
      return result
    },
  }
  return here
}

const change = (key: string, given: Partial<KvChange> = {}): KvChange => ({
  key,
  value: EMPTY,
  flags: 0,
  index: 0,
  session: '',
  ...given,
})

const row = (key: string, given: Partial<KvRow> = {}): KvRow => ({
  key,
  value: EMPTY,
  flags: 0,
  lockIndex: 0,
  session: '',
  createIndex: 0,
  modifyIndex: 0,
  ...given,
})

const tombstones = (view: View): Tombstone[] => list(view, TOMBSTONES, '')

const writes = suite('kv/write')

writes('set creates with a LockIndex of 0', () => {
  const { apply, view } = room()
  const made = apply((txn) => setKey(txn, change('k', { value: utf8('v'), flags: 42 })))
  const expected = row('k', { value: utf8('v'), flags: 42, createIndex: 11, modifyIndex: 11 })
  assert.equal(made, expected)
  assert.equal(readKey(view(), 'k'), expected)
})

writes('set replaces value and flags, and keeps the session and the CreateIndex', () => {
  const { apply, view } = room()
  apply((txn) => put(txn, KV, row('k', { session: 's', lockIndex: 3, createIndex: 5 })))
  apply((txn) => setKey(txn, change('k', { value: utf8('v'), flags: 2n ** 63n })))
  assert.equal(
    readKey(view(), 'k'),
    row('k', {
      value: utf8('v'),
      flags: 2n ** 63n,
      session: 's',
      createIndex: 5,
      modifyIndex: 12,
    }),
  )
})

writes('set with the same content changes nothing: no index moves, nobody could wake', () => {
  const { apply, view } = room()
  apply((txn) => setKey(txn, change('k', { value: utf8('v'), flags: 7 })))
  const before = readKey(view(), 'k')
  apply((txn) => setKey(txn, change('k', { value: utf8('v'), flags: 7 })))
  assert.is(readKey(view(), 'k'), before)
  assert.is(tableIndex(view(), KV), 11)
})

writes('a plain set on a key that was locked resets its LockIndex, and so is a change', () => {
  const { apply, view } = room()
  apply((txn) => put(txn, KV, row('k', { lockIndex: 1, createIndex: 11, modifyIndex: 11 })))
  apply((txn) => setKey(txn, change('k')))
  assert.equal(readKey(view(), 'k'), row('k', { createIndex: 11, modifyIndex: 12 }))
})

for (const [what, given] of [
  ['value', { value: utf8('other') }],
  ['flags', { flags: 8 }],
  ['flags beyond 2^53', { flags: 2n ** 60n }],
] as const) {
  writes(`set with another ${what} is a change`, () => {
    const { apply, view } = room()
    apply((txn) => setKey(txn, change('k', { value: utf8('v'), flags: 7 })))
    apply((txn) => setKey(txn, change('k', { value: utf8('v'), flags: 7, ...given })))
    assert.is(readKey(view(), 'k')?.modifyIndex, 12)
  })
}

for (const [name, known, index, wins] of [
  ['creates an absent key with 0', false, 0, true],
  ['leaves an absent key with another index', false, 5, false],
  ['leaves a present key with 0', true, 0, false],
  ['leaves a present key with another index', true, 10, false],
  ['leaves a present key with an index beyond 2^53', true, 2n ** 63n, false],
  ['replaces a present key with its ModifyIndex', true, 11, true],
] as const) {
  writes(`cas ${name}`, () => {
    const { apply, view } = room()
    if (known) apply((txn) => setKey(txn, change('k', { value: utf8('old') })))
    const before = readKey(view(), 'k')
    const made = apply((txn) => casKey(txn, change('k', { value: utf8('new'), index })))
    assert.is(made !== undefined, wins)
    assert.is(readKey(view(), 'k'), wins ? made : before)
    if (wins) assert.equal(made?.value, utf8('new'))
  })

  writes(`delete-cas on the same: ${name}`, () => {
    const { apply, view } = room()
    if (known) apply((txn) => setKey(txn, change('k')))
    const done = apply((txn) => deleteKeyCas(txn, change('k', { index })))
    assert.is(done, !known || wins)
    assert.is(readKey(view(), 'k') === undefined, !known || wins)
    assert.equal(tombstones(view()), known && wins ? [{ key: 'k', index: 12 }] : [])
  })
}

writes('cas with the right index and the same content wins and moves nothing', () => {
  const { apply, view } = room()
  apply((txn) => setKey(txn, change('k', { value: utf8('v') })))
  const made = apply((txn) => casKey(txn, change('k', { value: utf8('v'), index: 11 })))
  assert.is(made?.modifyIndex, 11)
  assert.is(tableIndex(view(), KV), 11)
})

writes('delete leaves a tombstone, and none if there was no key', () => {
  const { apply, view } = room()
  apply((txn) => setKey(txn, change('k')))
  apply((txn) => deleteKey(txn, 'k'))
  apply((txn) => deleteKey(txn, 'k'))
  apply((txn) => deleteKey(txn, 'never'))
  assert.is(readKey(view(), 'k'), undefined)
  assert.equal(tombstones(view()), [{ key: 'k', index: 12 }])
})

writes('a key that comes back is new: its CreateIndex is that of its second birth', () => {
  const { apply, view } = room()
  apply((txn) => setKey(txn, change('k')))
  apply((txn) => deleteKey(txn, 'k'))
  apply((txn) => setKey(txn, change('k')))
  assert.is(readKey(view(), 'k')?.createIndex, 13)
})

writes('delete recurse leaves one tombstone at the prefix, none for nothing, none for all', () => {
  const { apply, view } = room()
  for (const key of ['a', 'a/1', 'a/2', 'b']) apply((txn) => setKey(txn, change(key)))
  apply((txn) => deleteTree(txn, 'none'))
  assert.equal(tombstones(view()), [])
  apply((txn) => deleteTree(txn, 'a/'))
  assert.equal(tombstones(view()), [{ key: 'a/', index: 16 }])
  apply((txn) => deleteTree(txn, ''))
  assert.equal(list(view(), KV, ''), [])
  assert.is(tombstones(view()).length, 1)
  assert.is(kvIndex(view()), 17)
})

writes('reaping forgets the tombstones up to an index, and moves no index of keys', () => {
  const { apply, view } = room()
  for (const key of ['a', 'b']) apply((txn) => setKey(txn, change(key)))
  for (const key of ['a', 'b']) apply((txn) => deleteKey(txn, key))
  apply((txn) => reapTombstones(txn, 13))
  assert.equal(tombstones(view()), [{ key: 'b', index: 14 }])
  assert.is(kvIndex(view()), 14)
})

writes.run()

const reads = suite('kv/read')

reads('a missing key answers with the index of the table', () => {
  const { apply, view } = room()
  apply((txn) => setKey(txn, change('a')))
  assert.is(readKey(view(), 'b'), undefined)
  assert.is(kvIndex(view()), 11)
  apply((txn) => deleteKey(txn, 'a'))
  assert.is(kvIndex(view()), 12)
})

reads('a list carries the highest ModifyIndex below its prefix', () => {
  const { apply, view } = room()
  for (const key of ['a/2', 'a/1', 'b']) apply((txn) => setKey(txn, change(key)))
  const { rows, index } = listKeys(view(), 'a/')
  assert.equal(
    rows.map((found) => found.key),
    ['a/1', 'a/2'],
  )
  assert.is(index, 12)
})

reads('a delete below the prefix moves the index of the list, by its tombstone', () => {
  const { apply, view } = room()
  for (const key of ['a/1', 'a/2']) apply((txn) => setKey(txn, change(key)))
  apply((txn) => deleteKey(txn, 'a/1'))
  assert.is(listKeys(view(), 'a/').index, 13)
  apply((txn) => reapTombstones(txn, 13))
  assert.is(listKeys(view(), 'a/').index, 12, 'the index slides back once the tombstone is gone')
})

reads('a list of nothing carries the index of its tombstones, else that of the table', () => {
  const { apply, view } = room()
  for (const key of ['a/1', 'b']) apply((txn) => setKey(txn, change(key)))
  apply((txn) => deleteKey(txn, 'a/1'))
  apply((txn) => setKey(txn, change('c')))
  assert.equal(listKeys(view(), 'a/'), { rows: [], index: 13 })
  assert.equal(listKeys(view(), 'none'), { rows: [], index: 14 })
})

reads('a tombstone at a prefix is not below a longer one', () => {
  const { apply, view } = room()
  apply((txn) => setKey(txn, change('a/1')))
  apply((txn) => deleteTree(txn, 'a/'))
  apply((txn) => setKey(txn, change('later')))
  assert.is(listKeys(view(), 'a/').index, 12)
  assert.is(listKeys(view(), 'a/1').index, 13)
})

reads('the list of all carries the index of the table', () => {
  const { apply, view } = room()
  assert.equal(listKeys(view(), ''), { rows: [], index: 0 })
  apply((txn) => setKey(txn, change('a')))
  apply((txn) => setKey(txn, change('b')))
  apply((txn) => deleteKey(txn, 'b'))
  assert.is(listKeys(view(), '').index, 13)
})

reads('keys are sorted by their bytes', () => {
  const { apply, view } = room()
  const keys = ['b', 'ü', 'a~', 'a', 'A', '0', 'a/1', 'a-', '🐎', '\u{10000}', '\uffff']
  for (const key of keys) apply((txn) => setKey(txn, change(byteString(key))))
  const found = listKeys(view(), '').rows.map((one) => kvEntry(one).Key)
  assert.equal(
    found,
    [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
  )
})

const NAMES: readonly [string, string, readonly string[]][] = [
  ['', '', ['db', 'web', 'web/', 'web/a', 'web/b/c', 'web/b/d', 'website']],
  ['', '/', ['db', 'web', 'web/', 'website']],
  ['web', '/', ['web', 'web/', 'website']],
  ['web/', '/', ['web/', 'web/a', 'web/b/']],
  ['web/b', '/', ['web/b/']],
  ['web/b/', '/', ['web/b/c', 'web/b/d']],
  ['we', 'b', ['web']],
  ['we', 'b/', ['web', 'web/', 'website']],
  ['web/', '', ['web/', 'web/a', 'web/b/c', 'web/b/d']],
]

for (const [prefix, separator, expected] of NAMES) {
  reads(`names below '${prefix}', cut at '${separator}'`, () => {
    const { apply, view } = room()
    for (const key of ['web/a', 'web/b/c', 'web/b/d', 'web', 'web/', 'website', 'db']) {
      apply((txn) => setKey(txn, change(key)))
    }
    assert.equal(nameKeys(listKeys(view(), prefix).rows, prefix, separator), expected)
  })
}

reads.run()

const records = suite('kv/records')

records(
  'an entry shows its fields in the order of Consul, the session only if there is one',
  () => {
    const free = kvEntry(row(byteString('ü'), { value: utf8('x'), flags: 2n ** 64n - 1n }))
    assert.is(Object.keys(free).join(), 'LockIndex,Key,Flags,Value,CreateIndex,ModifyIndex')
    assert.is(free.Key, 'ü')
    assert.is(free.Value, 'eA==')
    const held = kvEntry(row('k', { session: 's' }))
    assert.is(Object.keys(held).join(), 'LockIndex,Key,Flags,Value,Session,CreateIndex,ModifyIndex')
    assert.is(held.Value, null)
  },
)

records.run()
