import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { AssertionError } from '../../../core/assert.ts'
import { byteString, utf8 } from '../../../core/bytes.ts'
import { NODES } from '../../../core/catalog/records.ts'
import { ENTRY, type Entry, type EntryType } from '../../../core/entry.ts'
import type { Command } from '../../../core/fsm/commands.ts'
import { applyEntry, createFsm, type Fsm } from '../../../core/fsm/fsm.ts'
import { hashState, restoreFsm, snapshotChunks } from '../../../core/fsm/snapshot.ts'
import { TABLES } from '../../../core/fsm/tables.ts'
import { logIndex, term } from '../../../core/ids.ts'
import { KV, TOMBSTONES } from '../../../core/kv/records.ts'
import { indexesOf, rowsOf } from '../../../core/state/snapshot.ts'
import { createWatchSet, viewOf, watch } from '../../../core/state/store.ts'
import { get, peek, peekList, tableIndex } from '../../../core/state/txn.ts'
import { fc } from '../../kit/property.ts'
import { anyCommand, entriesOf, kv, noop } from './commands-any.ts'

const machine = suite('fsm')

function run(fsm: Fsm, ...commands: Command[]): unknown[] {
  const entries = entriesOf(commands, fsm.applied.index + 1)
  return entries.map((entry) => applyEntry(fsm, entry).result)
}

const stateOf = (fsm: Fsm) => ({
  rows: [...rowsOf(viewOf(fsm.store))].map(({ table, row }) => [table.name, row]),
  indexes: indexesOf(viewOf(fsm.store)).map(({ table, index }) => [table.name, index]),
})

machine('a key that is set has its value, flags and indexes from the log', () => {
  const fsm = createFsm()
  const results = run(
    fsm,
    kv('set', 'k', { value: utf8('1'), flags: 2n ** 63n }),
    kv('set', 'k', { value: utf8('2'), flags: 7 }),
  )
  assert.equal(results, [true, true])
  assert.equal(peek(viewOf(fsm.store), KV, 'k'), {
    key: 'k',
    value: utf8('2'),
    flags: 7,
    lockIndex: 0,
    session: '',
    createIndex: 1,
    modifyIndex: 2,
  })
})

machine('every conditional operation tells whether it was done', () => {
  const fsm = createFsm()
  assert.equal(
    run(
      fsm,
      kv('cas', 'k', { index: 0 }),
      kv('cas', 'k', { index: 0 }),
      kv('cas', 'k', { index: 1, value: utf8('x') }),
      kv('delete-cas', 'k', { index: 1 }),
      kv('delete-cas', 'k', { index: 3 }),
      kv('delete-cas', 'k', { index: 9 }),
      kv('delete', 'k'),
      kv('delete-tree', 'none'),
      kv('unlock', 'k', { session: 's' }),
    ),
    [true, false, true, false, true, true, true, true, false],
  )
})

machine('a lock without a session that lives is refused, and nothing changes', () => {
  const fsm = createFsm()
  const before = stateOf(fsm)
  assert.equal(run(fsm, kv('lock', 'k', { session: 'gone' })), [
    { refused: 'invalid session "gone"' },
  ])
  assert.equal(stateOf(fsm), before)
})

machine(
  'a transaction that fails changes nothing and moves no index, though some of it could be done',
  () => {
    const fsm = createFsm()
    run(fsm, kv('set', 'a', { value: utf8('1') }), kv('set', 'dir/x'), kv('delete', 'dir/x'))
    const before = stateOf(fsm)
    const [outcome] = run(fsm, {
      type: 'txn',
      wall: 0,
      ops: [
        {
          kind: 'kv',
          verb: 'set',
          change: { key: 'a', value: utf8('2'), flags: 1, index: 0, session: '' },
        },
        {
          kind: 'kv',
          verb: 'delete-tree',
          change: { key: '', value: utf8(''), flags: 0, index: 0, session: '' },
        },
        {
          kind: 'kv',
          verb: 'cas',
          change: { key: 'b', value: utf8(''), flags: 0, index: 99, session: '' },
        },
      ],
    })
    assert.equal(outcome, {
      results: [],
      errors: [{ OpIndex: 2, What: 'failed to set key "b", index is stale' }],
    })
    assert.equal(stateOf(fsm), before)
    assert.is(fsm.applied.index, 4)
  },
)

machine('a transaction that stands has one index for all of its writes', () => {
  const fsm = createFsm()
  const change = { value: utf8('v'), flags: 0, index: 0, session: '' }
  const [outcome] = run(fsm, {
    type: 'txn',
    wall: 0,
    ops: ['a', 'b'].map((key) => ({ kind: 'kv', verb: 'set', change: { key, ...change } })),
  })
  assert.is((outcome as { results: unknown[] }).results.length, 2)
  assert.equal(
    peekList(viewOf(fsm.store), KV, '').map((row) => row.modifyIndex),
    [1, 1],
  )
})

machine('a registration that is refused leaves no trace', () => {
  const fsm = createFsm()
  const node = {
    id: '',
    name: 'n',
    address: '1.2.3.4',
    datacenter: 'dc1',
    taggedAddresses: null,
    meta: null,
    locality: null,
  }
  const check = {
    id: 'c',
    name: 'c',
    status: 'passing',
    notes: '',
    output: '',
    serviceId: 'none',
    type: '',
    interval: '',
    timeout: '',
    exposedPort: 0,
    definition: {},
  }
  const sent: Command = {
    type: 'register',
    node,
    skipNodeUpdate: false,
    service: undefined,
    others: [],
    checks: [check],
    wall: 0,
  }
  const [refusal] = run(fsm, sent)
  assert.equal(refusal, { ok: false, why: "Unknown service ID 'none' for check ID 'c'" })
  assert.equal(peekList(viewOf(fsm.store), NODES, ''), [])
  assert.ok((run(fsm, { ...sent, checks: [] })[0] as { ok: boolean }).ok)
  assert.is(peekList(viewOf(fsm.store), NODES, '').length, 1)
  assert.equal(run(fsm, { type: 'deregister', node: 'N', serviceId: '', checkId: '', wall: 0 }), [
    true,
  ])
  assert.equal(peekList(viewOf(fsm.store), NODES, ''), [])
})

machine('tombstones are forgotten up to the index that was asked for', () => {
  const fsm = createFsm()
  run(fsm, kv('set', 'a'), kv('set', 'b'), kv('delete', 'a'), kv('delete', 'b'), {
    type: 'reap-tombstones',
    through: 3,
    wall: 0,
  })
  assert.equal(peekList(viewOf(fsm.store), TOMBSTONES, ''), [{ key: 'b', index: 4 }])
})

machine('entries that are no commands advance the place in the log and nothing else', () => {
  const fsm = createFsm()
  for (const [i, type] of [ENTRY.noop, ENTRY.barrier, ENTRY.configuration].entries()) {
    const { result, fired } = applyEntry(fsm, { ...noop(i + 1), type })
    assert.is(result, undefined)
    assert.is(fired.size, 0)
  }
  assert.equal(fsm.applied, { index: 3, term: 1 })
})

machine('entries out of order, of a fallen term or of an unknown type are our bugs', () => {
  const at = (index: number, inTerm: number): Entry => ({ ...noop(index), term: term(inTerm) })
  const isBug = (error: unknown) => error instanceof AssertionError
  const fsm = createFsm()
  applyEntry(fsm, at(1, 3))
  assert.throws(() => applyEntry(fsm, at(1, 3)), isBug)
  assert.throws(() => applyEntry(fsm, at(3, 3)), isBug)
  assert.throws(() => applyEntry(fsm, at(2, 2)), isBug)
  assert.throws(() => applyEntry(fsm, { ...at(2, 3), type: 9 as EntryType }), isBug)
})

machine('who waits for a key hears of its change once, and of no other', () => {
  const fsm = createFsm()
  const waiter = {}
  const watched = createWatchSet()
  get(viewOf(fsm.store, watched), KV, 'k')
  watch(fsm.store, watched, waiter)
  const fired = entriesOf([kv('set', 'other'), kv('set', 'k'), kv('set', 'k', { flags: 1 })]).map(
    (entry) => applyEntry(fsm, entry).fired,
  )
  assert.equal(
    fired.map((set) => set.has(waiter)),
    [false, true, false],
  )
})

machine('nobody hears of a transaction that failed', () => {
  const fsm = createFsm()
  const watched = createWatchSet()
  get(viewOf(fsm.store, watched), KV, 'k')
  watch(fsm.store, watched, {})
  const change = { key: 'k', value: utf8(''), flags: 0, index: 99, session: '' }
  const failing: Command = {
    type: 'txn',
    wall: 0,
    ops: (['set', 'cas'] as const).map((verb) => ({ kind: 'kv', verb, change })),
  }
  const [first, second] = entriesOf([failing, kv('set', 'k')])
  assert.is(applyEntry(fsm, first as Entry).fired.size, 0)
  assert.is(applyEntry(fsm, second as Entry).fired.size, 1)
})

machine('keys that are no UTF-8 and flags of 64 bits are kept exactly', () => {
  const fsm = createFsm()
  const key = '\xff\xfe'
  run(fsm, kv('set', key, { flags: 2n ** 64n - 1n }), kv('set', byteString('ü')))
  assert.is(peek(viewOf(fsm.store), KV, key)?.flags, 2n ** 64n - 1n)
  assert.equal(
    peekList(viewOf(fsm.store), KV, '').map((row) => row.key),
    ['\xc3\xbc', key],
  )
})

machine(
  'two machines with the same entries are equal, and so is one restored in the middle',
  () => {
    fc.assert(
      fc.property(
        fc.array(anyCommand, { minLength: 1, maxLength: 40 }),
        fc.nat(40),
        (commands, cut) => {
          const entries = entriesOf(commands)
          const [one, other, late] = [createFsm(), createFsm(), createFsm()]
          for (const entry of entries) {
            if (entry.index === Math.min(cut, entries.length)) restoreFsm(late, snapshotChunks(one))
            assert.equal(applyEntry(one, entry).result, applyEntry(other, entry).result)
            if (late.applied.index === entry.index - 1 && late.applied.index > 0)
              applyEntry(late, entry)
          }
          assert.equal(stateOf(one), stateOf(other))
          assert.is(hashState(one), hashState(other))
          if (late.applied.index === 0) return
          assert.equal(stateOf(late), stateOf(one))
          assert.is(hashState(late), hashState(one))
        },
      ),
      { numRuns: 150 },
    )
  },
)

machine('different states have different hashes', () => {
  const hashes = new Set<number>()
  const commands = [
    kv('set', 'a'),
    kv('set', 'b'),
    kv('set', 'a', { flags: 1 }),
    kv('set', 'a', { value: utf8('x') }),
  ]
  for (const command of commands) {
    const fsm = createFsm()
    run(fsm, command)
    hashes.add(hashState(fsm))
  }
  assert.is(hashes.size, commands.length)
})

machine('every table of the store has its own name and knows its index', () => {
  const fsm = createFsm()
  for (const { table } of TABLES) assert.is(tableIndex(viewOf(fsm.store), table), 0)
  assert.is(new Set(TABLES.map(({ table }) => table.name)).size, TABLES.length)
  assert.equal(fsm.applied, { index: logIndex(0), term: term(0) })
})

machine.run()
