// The store by examples: who may write when, what wakes whom, what a snapshot carries.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { checkStore } from '../../../core/state/invariants.ts'
import { indexesOf, restore, rowsOf } from '../../../core/state/snapshot.ts'
import {
  abort,
  beginTxn,
  commit,
  createStore,
  createWatchSet,
  fork,
  openBatch,
  type Store,
  unwatch,
  viewOf,
  watch,
  watcherCount,
} from '../../../core/state/store.ts'
import { defineTable } from '../../../core/state/table.ts'
import {
  get,
  list,
  listBy,
  peek,
  peekList,
  put,
  remove,
  removePrefix,
  type Txn,
  tableIndex,
  type View,
} from '../../../core/state/txn.ts'
import { NOTES_MAX } from '../../../core/state/watch.ts'

interface Row {
  readonly key: string
  readonly owner?: string
}

const A = defineTable({
  name: 'a',
  key: (row: Row) => row.key,
  indexes: { owner: (row: Row) => row.owner },
})
const B = defineTable({ name: 'b', key: (row: Row) => row.key, indexes: {} })
const STRANGE = defineTable({ name: 'strange', key: (row: Row) => row.key, indexes: {} })

let index = 0

function change(store: Store, work: (txn: Txn) => unknown): ReadonlySet<object> {
  const txn = beginTxn(store, ++index)
  work(txn)
  const fired = commit(store, txn)
  checkStore(store)
  return fired
}

function filled(...rows: readonly Row[]): Store {
  const store = createStore([A, B])
  change(store, (txn) => {
    for (const row of rows) put(txn, A, Object.freeze(row))
  })
  return store
}

/** Parks a waiter on what a question reads. */
function wait(store: Store, question: (view: View) => unknown): object {
  const watched = createWatchSet()
  const waiter = {}
  question(viewOf(store, watched))
  watch(store, watched, waiter)
  checkStore(store)
  return waiter
}

const txns = suite('state/txn')

txns('a transaction reads what it wrote, others do not before it is committed', () => {
  const store = filled({ key: 'x' })
  const txn = beginTxn(store, 7)
  put(txn, A, { key: 'y' })
  assert.is(remove(txn, A, 'x'), true)
  assert.equal(list(txn, A, ''), [{ key: 'y' }])
  assert.equal(list(viewOf(store), A, ''), [{ key: 'x' }])
  commit(store, txn)
  assert.equal(list(viewOf(store), A, ''), [{ key: 'y' }])
})

txns('an aborted transaction leaves nothing, and nobody wakes', () => {
  const store = filled({ key: 'x', owner: 'o' })
  const states = store.states
  wait(store, (view) => list(view, A, ''))
  const txn = beginTxn(store, 9)
  put(txn, A, { key: 'y' })
  removePrefix(txn, A, 'x')
  abort(store, txn)
  checkStore(store)
  assert.is(store.states, states)
  assert.is(watcherCount(store), 1)
})

txns('one transaction is open at a time, and only the open one ends', () => {
  const store = filled()
  const txn = beginTxn(store, 1)
  assert.throws(() => beginTxn(store, 2), /one transaction/)
  abort(store, txn)
  assert.throws(() => commit(store, txn), /the open one/)
  assert.throws(() => put(txn, A, { key: 'x' }), /has ended/)
})

txns('a table that is not of the store is refused, as is an index that is none', () => {
  const store = filled()
  assert.throws(() => peek(viewOf(store), STRANGE, 'x'), /strange belongs to the store/)
  const widened: (typeof A)['indexes'][number]['name'] = 'owner'
  assert.throws(() => listBy(viewOf(store), B, widened as never, 'x'), /has an index owner/)
  assert.throws(() => createStore([A, A]), /listed once/)
  assert.throws(() => createStore([A, { ...B, name: 'a' }]), /different names/)
})

txns('the index of a table moves with each put and each remove that had an effect', () => {
  const store = createStore([A, B])
  const at = (work: (txn: Txn) => unknown): number => {
    change(store, work)
    return tableIndex(viewOf(store), A)
  }
  assert.is(tableIndex(viewOf(store), A), 0)
  const first = at((txn) => put(txn, A, { key: 'x' }))
  assert.is(first, index)
  assert.is(
    at((txn) => remove(txn, A, 'y')),
    first,
  )
  assert.is(
    at((txn) => removePrefix(txn, A, 'y')),
    first,
  )
  assert.is(
    at((txn) => put(txn, B, { key: 'x' })),
    first,
  )
  assert.is(
    at((txn) => put(txn, A, { key: 'x' })),
    index,
  )
  assert.is(
    at((txn) => remove(txn, A, 'x')),
    index,
  )
})

txns('a view stays what it was, and a fork goes its own way', () => {
  const store = filled({ key: 'x' })
  const view = viewOf(store)
  const other = fork(store)
  change(store, (txn) => put(txn, A, { key: 'here' }))
  change(other, (txn) => put(txn, A, { key: 'there' }))
  assert.equal(list(view, A, ''), [{ key: 'x' }])
  assert.equal(list(viewOf(store), A, ''), [{ key: 'here' }, { key: 'x' }])
  assert.equal(list(viewOf(other), A, ''), [{ key: 'there' }, { key: 'x' }])
})

txns.run()

const indexes = suite('state/table')

indexes(
  'an index groups by its exact value, whatever bytes that has, in the order of the keys',
  () => {
    const owners = [
      '',
      '\0',
      '\0\x01',
      '\0\xff',
      'a',
      'a\0',
      'a\0\x01',
      'a\0\x01k',
      'a\x01',
      'ab',
      '\xff',
    ]
    const rows = owners.flatMap((owner) =>
      ['', '\0', '\x01k', 'k', '\xff'].map((tail) => ({ key: `${tail}@${owner}`, owner })),
    )
    const store = filled(...rows, { key: 'nobody' })
    for (const owner of owners) {
      const expected = rows.filter((row) => row.owner === owner)
      expected.sort((a, b) => (a.key < b.key ? -1 : 1))
      assert.equal(listBy(viewOf(store), A, 'owner', owner), expected)
    }
    assert.equal(listBy(viewOf(store), A, 'owner', 'nobody'), [])
  },
)

indexes('a row moves in the index when its value changes, and leaves it with none', () => {
  const store = filled({ key: 'x', owner: 'o' })
  change(store, (txn) => put(txn, A, { key: 'x', owner: 'p' }))
  assert.equal(listBy(viewOf(store), A, 'owner', 'o'), [])
  assert.is(listBy(viewOf(store), A, 'owner', 'p').length, 1)
  change(store, (txn) => put(txn, A, { key: 'x' }))
  assert.equal(listBy(viewOf(store), A, 'owner', 'p'), [])
})

indexes.run()

const watches = suite('state/watch')

const ROWS: readonly Row[] = [{ key: 'a/1', owner: 'o' }, { key: 'a/2', owner: 'p' }, { key: 'b' }]

const WAKES: readonly [string, (view: View) => unknown, (txn: Txn) => unknown, boolean][] = [
  ['a key by its put', (v) => get(v, A, 'b'), (t) => put(t, A, { key: 'b' }), true],
  ['a key by its removal', (v) => get(v, A, 'b'), (t) => remove(t, A, 'b'), true],
  ['a missing key by its appearance', (v) => get(v, A, 'c'), (t) => put(t, A, { key: 'c' }), true],
  ['a key not by its neighbour', (v) => get(v, A, 'b'), (t) => put(t, A, { key: 'bb' }), false],
  ['a key not by another table', (v) => get(v, A, 'b'), (t) => put(t, B, { key: 'b' }), false],
  ['a key not by a removal of nothing', (v) => get(v, A, 'c'), (t) => remove(t, A, 'c'), false],
  [
    'a key by the removal of a prefix',
    (v) => get(v, A, 'a/1'),
    (t) => removePrefix(t, A, 'a'),
    true,
  ],
  ['a missing key not by it', (v) => get(v, A, 'a/3'), (t) => removePrefix(t, A, 'a'), false],
  ['a prefix by a key below', (v) => list(v, A, 'a/'), (t) => put(t, A, { key: 'a/3' }), true],
  ['a prefix by the key that it is', (v) => list(v, A, 'b'), (t) => remove(t, A, 'b'), true],
  ['a prefix not by a key beside', (v) => list(v, A, 'a/'), (t) => put(t, A, { key: 'a' }), false],
  [
    'an empty prefix by its first key',
    (v) => list(v, A, 'c'),
    (t) => put(t, A, { key: 'c9' }),
    true,
  ],
  ['all keys by any', (v) => list(v, A, ''), (t) => put(t, A, { key: '' }), true],
  [
    'a prefix by the removal of a longer one',
    (v) => list(v, A, 'a'),
    (t) => removePrefix(t, A, 'a/1'),
    true,
  ],
  [
    'a prefix by the removal of a shorter one',
    (v) => list(v, A, 'a/1'),
    (t) => removePrefix(t, A, 'a'),
    true,
  ],
  [
    'a prefix not by a removal beside',
    (v) => list(v, A, 'a/'),
    (t) => removePrefix(t, A, 'b'),
    false,
  ],
  [
    'an index value by a row that comes',
    (v) => byOwner(v, 'q'),
    (t) => put(t, A, { key: 'b', owner: 'q' }),
    true,
  ],
  [
    'an index value by a row that goes',
    (v) => byOwner(v, 'o'),
    (t) => put(t, A, { key: 'a/1' }),
    true,
  ],
  [
    'an index value by a row that changes',
    (v) => byOwner(v, 'o'),
    (t) => put(t, A, { key: 'a/1', owner: 'o' }),
    true,
  ],
  [
    'an index value by a removed prefix',
    (v) => byOwner(v, 'o'),
    (t) => removePrefix(t, A, ''),
    true,
  ],
  [
    'an index value not by another',
    (v) => byOwner(v, 'o'),
    (t) => put(t, A, { key: 'a/2', owner: 'q' }),
    false,
  ],
  [
    'whoever only peeked by nothing',
    (v) => [peek(v, A, 'b'), peekList(v, A, '')],
    (t) => removePrefix(t, A, ''),
    false,
  ],
  [
    'whoever only asked for the table index by nothing',
    (v) => tableIndex(v, A),
    (t) => removePrefix(t, A, ''),
    false,
  ],
]

function byOwner(view: View, owner: string): Row[] {
  return listBy(view, A, 'owner', owner)
}

for (const [name, question, work, wakes] of WAKES) {
  watches(`wakes ${name}`, () => {
    const store = filled(...ROWS)
    const waiter = wait(store, question)
    assert.equal([...change(store, work)], wakes ? [waiter] : [])
    assert.is(watcherCount(store), wakes ? 0 : 1)
  })
}

watches('a waiter of many things fires once, and is then parked nowhere', () => {
  const store = filled(...ROWS)
  const waiter = wait(store, (view) => [
    get(view, A, 'b'),
    get(view, A, 'a/1'),
    get(view, A, 'b'),
    list(view, A, 'a'),
    list(view, A, ''),
    byOwner(view, 'o'),
    get(view, B, 'b'),
  ])
  const fired = change(store, (txn) => [removePrefix(txn, A, ''), put(txn, B, { key: 'b' })])
  assert.equal([...fired], [waiter])
  assert.is(change(store, (txn) => put(txn, A, { key: 'b' })).size, 0)
})

watches('those who wait for one thing fire in the order in which they came', () => {
  const store = filled(...ROWS)
  const waiters = [1, 2, 3, 4].map(() => wait(store, (view) => get(view, A, 'b')))
  unwatch(store, waiters[1] ?? {})
  const fired = change(store, (txn) => put(txn, A, { key: 'b' }))
  assert.is(
    [...fired].every((waiter, i) => waiter === [waiters[0], waiters[2], waiters[3]][i]),
    true,
  )
  assert.is(fired.size, 3)
})

watches('a waiter that was taken out never fires; taking it out twice does no harm', () => {
  const store = filled(...ROWS)
  const waiter = wait(store, (view) => [get(view, A, 'b'), list(view, A, 'a')])
  const other = wait(store, (view) => get(view, A, 'b'))
  unwatch(store, waiter)
  unwatch(store, waiter)
  checkStore(store)
  assert.equal([...change(store, (txn) => removePrefix(txn, A, ''))], [other])
})

watches('whoever is woken may park again with what it read then', () => {
  const store = filled(...ROWS)
  const waiter = wait(store, (view) => get(view, A, 'b'))
  change(store, (txn) => put(txn, A, { key: 'b' }))
  const watched = createWatchSet()
  get(viewOf(store, watched), A, 'c')
  watch(store, watched, waiter)
  assert.throws(() => watch(store, watched, waiter), /parked once/)
  assert.equal([...change(store, (txn) => put(txn, A, { key: 'c' }))], [waiter])
})

watches('parking on what is no longer true is a bug of the caller', () => {
  const store = filled(...ROWS)
  const watched = createWatchSet()
  get(viewOf(store, watched), A, 'b')
  change(store, (txn) => put(txn, A, { key: 'x' }))
  assert.throws(() => watch(store, watched, {}), /between the look and the wait/)
  assert.throws(() => viewOf(store, watched), /one view/)
  const open = beginTxn(store, ++index)
  assert.throws(() => watch(store, createWatchSet(), {}), /while a transaction is open/)
  abort(store, open)
})

watches('a question that reads too much watches whole tables instead', () => {
  const store = filled(...ROWS)
  const waiter = wait(store, (view) => {
    for (let i = 0; i < NOTES_MAX + 10; i++) get(view, A, `many/${i}`)
  })
  assert.ok(store.watches.tables.every((table) => table.spots <= 10))
  assert.equal([...change(store, (txn) => put(txn, A, { key: 'other' }))], [waiter])
})

watches('a commit without an interested waiter allocates no set of its own', () => {
  const store = filled(...ROWS)
  wait(store, (view) => get(view, A, 'b'))
  const first = change(store, (txn) => put(txn, A, { key: 'c' }))
  assert.is(
    change(store, (txn) => put(txn, A, { key: 'd' })),
    first,
  )
})

watches.run()

const snapshots = suite('state/snapshot')

snapshots('a walk tells tables in order, rows by key, as they were when it began', () => {
  const store = filled({ key: 'y' }, { key: 'x' })
  change(store, (txn) => put(txn, B, { key: 'w' }))
  const rows = rowsOf(viewOf(store))
  const seen: string[] = []
  for (const { table, row } of rows) {
    seen.push(`${table.name} ${table.key(row)}`)
    change(store, (txn) => [removePrefix(txn, A, ''), put(txn, B, { key: `new ${seen.length}` })])
  }
  assert.equal(seen, ['a x', 'a y', 'b w'])
})

snapshots('a restore replaces rows, indexes and table indexes, and wakes everybody', () => {
  const source = filled({ key: 'x', owner: 'o' }, { key: 'y', owner: 'o' })
  change(source, (txn) => remove(txn, A, 'y'))
  const view = viewOf(source)
  const store = filled({ key: 'old', owner: 'o' })
  const waiters = [
    wait(store, (at) => get(at, A, 'x')),
    wait(store, (at) => [list(at, B, ''), byOwner(at, 'o')]),
    wait(store, () => 'nothing read'),
  ]
  const fired = restore(store, { indexes: indexesOf(view), rows: rowsOf(view) })
  checkStore(store)
  assert.equal([...fired], waiters)
  assert.is(watcherCount(store), 0)
  assert.equal(listBy(viewOf(store), A, 'owner', 'o'), [{ key: 'x', owner: 'o' }])
  assert.is(tableIndex(viewOf(store), A), tableIndex(view, A))
  assert.is(tableIndex(viewOf(store), B), 0)
})

snapshots('a source that fails leaves the store as it was', () => {
  const store = filled({ key: 'x' })
  const waiter = wait(store, (view) => get(view, A, 'x'))
  function* torn() {
    yield { table: A, row: { key: 'y' } }
    throw new Error('torn')
  }
  assert.throws(() => restore(store, { indexes: [], rows: torn() }), /torn/)
  assert.equal(list(viewOf(store), A, ''), [{ key: 'x' }])
  assert.equal([...change(store, (txn) => put(txn, A, { key: 'x' }))], [waiter])
})

snapshots('there is no snapshot of a transaction, and no restore within one', () => {
  const store = filled({ key: 'x' })
  const txn = beginTxn(store, ++index)
  assert.throws(() => rowsOf(txn), /at rest/)
  assert.throws(() => restore(store, { indexes: [], rows: [] }), /no part of a transaction/)
})

snapshots('a snapshot with a key twice is a bug of whoever wrote it', () => {
  const twice = [1, 2].map(() => ({ table: A, row: { key: 'x' } }))
  assert.throws(() => restore(filled(), { indexes: [], rows: twice }), /every key once/)
})

snapshots('what may be thrown away must not have changed what stands', () => {
  const store = filled()
  openBatch(store)
  commit(store, write(store, 'a'))
  assert.throws(() => abort(store, write(store, 'b')), /has changed nothing/)
})

/** A transaction that has put a row. */
function write(store: Store, key: string): Txn {
  const txn = beginTxn(store, ++index)
  put(txn, A, { key })
  return txn
}

snapshots.run()
