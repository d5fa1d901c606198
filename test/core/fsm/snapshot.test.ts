import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { DEFAULT_AUTOPILOT } from '../../../core/autopilot/records.ts'
import { byteString, concatBytes, utf8 } from '../../../core/bytes.ts'
import { applyEntry, createFsm, type Fsm } from '../../../core/fsm/fsm.ts'
import { hashState, restoreFsm, SnapshotError, snapshotChunks } from '../../../core/fsm/snapshot.ts'
import { TABLES } from '../../../core/fsm/tables.ts'
import { KV } from '../../../core/kv/records.ts'
import { createPrng } from '../../../core/prng.ts'
import { SESSIONS, type SessionRow } from '../../../core/sessions/records.ts'
import { indexesOf, rowsOf } from '../../../core/state/snapshot.ts'
import { beginTxn, commit, createWatchSet, viewOf, watch } from '../../../core/state/store.ts'
import { get, listBy, peekList, put } from '../../../core/state/txn.ts'
import { encodeFrames, type Frame, firstLink, scanFrames } from '../../../core/wire/frame.ts'
import { encode, list, str, uint } from '../../../core/wire/msgpack.ts'
import { struct } from '../../../core/wire/msgpack-struct.ts'
import { fc } from '../../kit/property.ts'
import { anyCommand, entriesOf, kv } from './commands-any.ts'

const snapshot = suite('snapshot')

const stateOf = (fsm: Fsm) => ({
  rows: [...rowsOf(viewOf(fsm.store))].map(({ table, row }) => [table.name, row]),
  indexes: indexesOf(viewOf(fsm.store)).map(({ table, index }) => [table.name, index]),
  applied: fsm.applied,
})

const bytesOf = (fsm: Fsm): Uint8Array => concatBytes([...snapshotChunks(fsm)])

const SESSION: SessionRow = {
  id: 's1',
  name: 'lock',
  node: 'Node-A',
  lockDelayNs: 15e9,
  behavior: 'delete',
  ttl: '30s',
  nodeChecks: null,
  serviceChecks: [{ ID: 'web', Namespace: '' }],
  checks: null,
  createIndex: 3,
  modifyIndex: 3,
}

/** At least one row in every table. */
function smallState(): Fsm {
  const fsm = createFsm()
  const txn = beginTxn(fsm.store, 3)
  put(txn, SESSIONS, SESSION)
  commit(fsm.store, txn)
  const node = {
    id: '',
    name: 'n',
    address: '10.0.0.1',
    datacenter: 'dc1',
    taggedAddresses: { lan: '10.0.0.1' },
    meta: {},
    locality: { Region: 'r', Zone: 'z' },
  }
  const service = {
    kind: 'odd',
    id: 'web',
    name: 'web',
    tags: ['a'],
    address: '',
    taggedAddresses: { lan: { Address: 'x', Port: 1 } },
    meta: null,
    port: 80,
    socketPath: '',
    weights: { Passing: 1, Warning: 1 },
    enableTagOverride: true,
    proxy: null,
    native: false,
    locality: null,
  }
  const check = {
    id: 'c',
    name: 'c',
    status: 'passing',
    notes: '',
    output: '',
    serviceId: 'web',
    type: 'http',
    interval: '1s',
    timeout: '',
    exposedPort: 0,
    definition: { HTTP: 'http://x', Interval: 1e9 },
  }
  const commands = entriesOf([
    kv('set', byteString('ä/ö'), { value: utf8('v'), flags: 2n ** 64n - 1n }),
    kv('set', 'gone'),
    kv('delete', 'gone'),
    {
      type: 'register',
      node,
      skipNodeUpdate: false,
      service,
      others: [],
      checks: [check],
      wall: 0,
    },
    kv('lock', 'locked', { session: 's1' }),
    { type: 'create-session', session: session('s2') },
    { type: 'create-session', session: session('s3') },
    kv('lock', 'delayed', { session: 's3' }),
    { type: 'end-session', id: 's3', wall: 5 },
    { type: 'set-autopilot', settings: DEFAULT_AUTOPILOT, when: 'first', index: 0 },
    { type: 'update-coordinates', updates: [{ node: 'n', segment: '', point: POINT }] },
  ])
  for (const entry of commands) applyEntry(fsm, entry)
  return fsm
}

const POINT = { vec: [0.1, 0, 0, 0, 0, 0, 0, -2], error: 0.5, adjustment: -0.25, height: 1e-5 }

const session = (id: string) => ({
  id,
  name: '',
  node: 'n',
  lockDelayNs: 15e9,
  behavior: 'release' as const,
  ttl: '15s',
  nodeChecks: ['c'],
  serviceChecks: null,
  checks: null,
})

/** Some hundred kilobytes. */
function largeState(): Fsm {
  const fsm = createFsm()
  const prng = createPrng(3)
  const values = Array.from({ length: 300 }, (_, i) =>
    kv('set', `key/${i}`, { value: new Uint8Array(prng.range(0, 3000)).fill(i), flags: i }),
  )
  for (const entry of entriesOf(values)) applyEntry(fsm, entry)
  return fsm
}

/** A machine with something in it, so that a restore that changes it shows. */
function occupied(): Fsm {
  const fsm = createFsm()
  for (const entry of entriesOf([kv('set', 'mine', { value: utf8('stays') })]))
    applyEntry(fsm, entry)
  return fsm
}

function refusalOf(chunks: Iterable<Uint8Array>, fsm = occupied()): SnapshotError {
  const before = fsm.store.states
  const { applied } = fsm
  try {
    restoreFsm(fsm, chunks)
  } catch (error) {
    if (!(error instanceof SnapshotError)) throw error
    assert.is(fsm.store.states, before, 'the live state is untouched')
    assert.is(fsm.applied, applied)
    return error
  }
  throw new Error('the snapshot was taken')
}

snapshot('what is restored has every row, every table index and the place in the log', () => {
  const fsm = smallState()
  for (const { table } of TABLES)
    assert.ok(peekList(viewOf(fsm.store), table, '').length > 0, table.name)
  const other = createFsm()
  restoreFsm(other, snapshotChunks(fsm))
  assert.equal(stateOf(other), stateOf(fsm))
  assert.equal(other.applied, { index: 11, term: 1 })
})

snapshot('secondary indexes and the order of keys are there again', () => {
  const other = createFsm()
  restoreFsm(other, snapshotChunks(smallState()))
  const view = viewOf(other.store)
  assert.equal(
    listBy(view, KV, 'session', 's1').map(({ key }) => key),
    ['locked'],
  )
  assert.equal(listBy(view, SESSIONS, 'node', 'node-a'), [SESSION])
  assert.equal(
    peekList(view, KV, '').map(({ key }) => key),
    ['delayed', 'locked', byteString('ä/ö')],
  )
})

snapshot('any state that commands can make survives', () => {
  fc.assert(
    fc.property(fc.array(anyCommand, { maxLength: 40 }), (commands) => {
      const [fsm, other] = [createFsm(), createFsm()]
      for (const entry of entriesOf(commands)) applyEntry(fsm, entry)
      restoreFsm(other, snapshotChunks(fsm))
      assert.equal(stateOf(other), stateOf(fsm))
      assert.is(hashState(other), hashState(fsm))
    }),
    { numRuns: 100 },
  )
})

snapshot('a restore replaces what was there and wakes everybody', () => {
  const fsm = occupied()
  const waiter = {}
  const watched = createWatchSet()
  get(viewOf(fsm.store, watched), KV, 'mine')
  watch(fsm.store, watched, waiter)
  const fired = restoreFsm(fsm, snapshotChunks(smallState()))
  assert.ok(fired.has(waiter))
  assert.equal(stateOf(fsm), stateOf(smallState()))
})

snapshot('a snapshot is frozen when it is asked for, whatever is written while it is taken', () => {
  const fsm = largeState()
  const before = stateOf(fsm)
  const chunks = snapshotChunks(fsm)
  const taken: Uint8Array[] = []
  let index = fsm.applied.index
  for (const chunk of chunks) {
    taken.push(chunk)
    const writes = entriesOf([kv('delete-tree', 'key/2'), kv('set', `late/${index}`)], index + 1)
    for (const entry of writes) applyEntry(fsm, entry)
    index = fsm.applied.index
  }
  const other = createFsm()
  restoreFsm(other, taken)
  assert.equal(stateOf(other), before)
  assert.equal(concatBytes([...chunks]), concatBytes(taken), 'walked again it is the same')
})

snapshot('chunks are about 64 KiB, and no row is too large for one', () => {
  const fsm = largeState()
  for (const entry of entriesOf(
    [kv('set', 'z', { value: new Uint8Array(512 << 10) })],
    fsm.applied.index + 1,
  ))
    applyEntry(fsm, entry)
  const sizes = [...snapshotChunks(fsm)].map((chunk) => chunk.length)
  assert.ok(sizes.length > 5)
  for (const size of sizes.slice(1, -2)) assert.ok(size > 60_000 && size < 70_000, String(size))
  assert.ok((sizes.at(-2) ?? 0) > 512 << 10)
})

snapshot('it does not matter how the stream is cut into pieces', () => {
  const fsm = largeState()
  const whole = bytesOf(fsm)
  for (const piece of [1 << 20, 65_536, 4096, 1000]) {
    const other = createFsm()
    restoreFsm(other, piecesOf(whole, piece))
    assert.is(hashState(other), hashState(fsm))
  }
  const other = createFsm()
  restoreFsm(other, piecesOf(bytesOf(smallState()), 1))
  assert.equal(stateOf(other), stateOf(smallState()))
})

function* piecesOf(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

snapshot('an empty state is a snapshot too', () => {
  const fsm = occupied()
  restoreFsm(fsm, snapshotChunks(createFsm()))
  assert.equal(stateOf(fsm), stateOf(createFsm()))
})

snapshot('cut at any byte it is refused, and the live state stays', () => {
  const whole = bytesOf(smallState())
  for (let length = 0; length < whole.length; length++) {
    const { flaw } = refusalOf([whole.subarray(0, length)])
    assert.ok(['short', 'truncated'].includes(flaw), `cut at ${length}: ${flaw}`)
  }
})

snapshot('with any bit flipped it is refused, and the live state stays', () => {
  const whole = bytesOf(smallState())
  const live = occupied()
  for (let bit = 0; bit < 8 * whole.length; bit++) refusalOf([flip(whole, bit)], live)
})

snapshot('a large one is refused with bits flipped or bytes cut anywhere', () => {
  const whole = bytesOf(largeState())
  const live = occupied()
  const prng = createPrng(11)
  for (let round = 0; round < 60; round++) {
    refusalOf(piecesOf(flip(whole, prng.range(0, 8 * whole.length - 1)), 65_536), live)
    refusalOf(piecesOf(whole.subarray(0, prng.range(0, whole.length - 1)), 65_536), live)
  }
})

function flip(bytes: Uint8Array, bit: number): Uint8Array {
  const wrong = bytes.slice()
  wrong[bit >> 3] = (wrong[bit >> 3] as number) ^ (1 << (bit & 7))
  return wrong
}

snapshot('chunks left out, doubled or swapped are refused', () => {
  const chunks = [...snapshotChunks(largeState())]
  assert.ok(chunks.length > 4)
  for (let i = 0; i < chunks.length; i++) {
    refusalOf(chunks.filter((_, at) => at !== i))
    const chunk = chunks[i] as Uint8Array
    refusalOf([...chunks.slice(0, i), chunk, ...chunks.slice(i)])
    if (i > 0)
      refusalOf([
        ...chunks.slice(0, i - 1),
        chunk,
        chunks[i - 1] as Uint8Array,
        ...chunks.slice(i + 1),
      ])
  }
})

snapshot('something behind the tail is refused, zeros too', () => {
  const whole = bytesOf(smallState())
  assert.ok(['short', 'head'].includes(refusalOf([whole, Uint8Array.of(1)]).flaw))
  assert.is(refusalOf([whole, new Uint8Array(64)]).flaw, 'gap')
  assert.is(refusalOf([whole, bytesOf(smallState())]).flaw, 'chain')
})

// Streams whose checksums are right but whose content is not: what another version could write.
const SEED = 0x6c696374
const headCodec = struct({
  format: uint,
  index: uint,
  term: uint,
  tables: list(struct({ name: str, index: uint, rows: uint })),
})

interface Written {
  readonly format?: number
  readonly tables?: readonly string[]
  readonly rows?: readonly string[]
  readonly announced?: number
  readonly frames?: readonly Frame[]
}

const frame = (kind: number, payload: Uint8Array): Frame => ({ kind, joins: false, payload })

function written({
  format = 1,
  tables = ['kv'],
  rows = [],
  announced,
  frames,
}: Written): Uint8Array {
  const count = announced ?? rows.length
  const head = {
    format,
    index: 9,
    term: 2,
    tables: tables.map((name) => ({ name, index: 9, rows: count })),
  }
  const row = struct({ key: str, createIndex: uint })
  const batch = concatBytes([
    encode(uint, 0),
    ...rows.map((key) => encode(row, { key, createIndex: 1 })),
  ])
  const tail = frame(3, encode(struct({ rows: uint }), { rows: count }))
  const body = frames ?? [frame(2, batch)]
  return encodeFrames(firstLink(SEED), [frame(1, encode(headCodec, head)), ...body, tail]).bytes
}

snapshot(
  'rows of an older version have zeros for what they lack, tables that are missing are empty',
  () => {
    const fsm = occupied()
    restoreFsm(fsm, [written({ rows: ['a', 'b'] })])
    const [a] = peekList(viewOf(fsm.store), KV, '')
    assert.equal(a, {
      key: 'a',
      value: utf8(''),
      flags: 0,
      lockIndex: 0,
      session: '',
      createIndex: 1,
      modifyIndex: 0,
    })
    assert.equal(peekList(viewOf(fsm.store), SESSIONS, ''), [])
    assert.equal(fsm.applied, { index: 9, term: 2 })
  },
)

snapshot('each kind of wrong content has its own refusal', () => {
  const cases: readonly (readonly [string, Written])[] = [
    ['format', { format: 2 }],
    ['format', { tables: ['kv', 'from-the-future'] }],
    ['unreadable', { tables: ['kv', 'kv'] }],
    ['rows', { rows: ['b', 'a'] }],
    ['rows', { rows: ['a', 'a'] }],
    ['rows', { rows: ['a'], announced: 2 }],
    ['unreadable', { frames: [frame(2, Uint8Array.of(7))] }],
    ['unreadable', { frames: [frame(2, Uint8Array.of(0, 0xc1))] }],
    ['unreadable', { frames: [frame(9, Uint8Array.of(0))] }],
    ['excess', { frames: [frame(3, encode(struct({ rows: uint }), { rows: 0 }))] }],
  ]
  for (const [flaw, shape] of cases)
    assert.is(refusalOf([written(shape)]).flaw, flaw, JSON.stringify(shape))
  assert.is(refusalOf([]).flaw, 'truncated')
  assert.is(
    refusalOf([encodeFrames(firstLink(SEED), [frame(3, utf8(''))]).bytes]).flaw,
    'unreadable',
  )
})

snapshot('a source that fails is let go, and nothing has changed', () => {
  const fsm = occupied()
  const before = fsm.store.states
  let released = false
  function* failing(): Generator<Uint8Array> {
    try {
      yield bytesOf(largeState()).subarray(0, 100_000)
      throw new Error('the disk is gone')
    } finally {
      released = true
    }
  }
  assert.throws(() => restoreFsm(fsm, failing()), 'the disk is gone')
  assert.ok(released)
  assert.is(fsm.store.states, before)
})

snapshot('the format of the stream is pinned: the first frame of an empty state', () => {
  const [head] = scanFrames(bytesOf(createFsm()), firstLink(SEED)).frames
  const tables = TABLES.map(({ table }) => ({ name: table.name, index: 0, rows: 0 }))
  assert.equal(head?.payload, encode(headCodec, { format: 1, index: 0, term: 0, tables }))
})

snapshot.run()
