// 100,000 random operations on the store and on its model, with snapshots, forks, restores, aborted
// transactions and waiters. The name of a failed test tells its seed: `SEED=n` runs that one alone.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createPrng, type Prng } from '../../../core/prng.ts'
import { checkStore } from '../../../core/state/invariants.ts'
import { indexesOf, restore, rowsOf } from '../../../core/state/snapshot.ts'
import {
  abort,
  beginTxn,
  closeBatch,
  commit,
  createStore,
  createWatchSet,
  fork,
  openBatch,
  type Store,
  stopSharing,
  unwatch,
  viewOf,
  type Waiter,
  watch,
  watcherCount,
} from '../../../core/state/store.ts'
import {
  countRows,
  peek,
  peekList,
  put,
  remove,
  removePrefix,
  type Txn,
  tableIndex,
  type View,
} from '../../../core/state/txn.ts'
import {
  type AnyOfThem,
  ask,
  askModel,
  copyModel,
  createModel,
  FILED,
  type Model,
  type Read,
  type Row,
  rowsIn,
  TABLES,
  type Touch,
  touches,
} from './model.ts'

const properties = suite('store, held against a model')

const OPS_MAX = 100_000
const WAITERS_MAX = 24

/** Bytes that invite mistakes: the lowest, the highest, those of the index entries. */
const UNITS = ['\0', '\x01', '/', 'a', 'b', '\xfe', '\xff'] as const
const OWNERS = [undefined, '', 'a', 'a\0', 'a\0\x01', '\0', '\xff', 'b', 'ab'] as const
const ZONES = ['z', 'z\0\xff', ''] as const

interface Parked {
  readonly reads: readonly Read[]
  readonly answers: readonly (readonly (Row | undefined)[])[]
}

/** A store, its model, and what was promised to whom. */
interface World {
  store: Store
  model: Model
  readonly waiters: Map<Waiter, Parked>
}

/** How things stood once, and must look for ever in that view. */
interface Kept {
  readonly view: View
  readonly model: Model
}

const keep = ({ store, model }: World): Kept => ({ view: viewOf(store), model: copyModel(model) })

interface Run {
  readonly prng: Prng
  /** Digits behind each key: many rows make a deep tree. */
  readonly spread: number
  serial: number
  index: number
  ops: number
}

function randomKey({ prng, spread }: Run): string {
  let key = ''
  for (let n = prng.range(0, 4); n > 0; n--) key += prng.pick(UNITS)
  return spread === 0 ? key : key + prng.range(0, spread)
}

const randomPrefix = (run: Run): string => randomKey(run).slice(0, run.prng.range(0, 4))

function randomRead(run: Run): Read {
  const { prng } = run
  const table = prng.pick(TABLES)
  const kind = prng.range(0, table === FILED ? 3 : 1)
  if (kind === 0) return { type: 'get', table, of: randomKey(run) }
  if (kind === 1) return { type: 'list', table, of: randomPrefix(run) }
  if (kind === 2) return { type: 'listBy', table, index: 'zone', of: prng.pick(ZONES) }
  return { type: 'listBy', table, index: 'owner', of: prng.pick(OWNERS) ?? 'nobody' }
}

/**
 * One transaction of a few writes. Returns what it touched, and takes it back in the model if it
 * was aborted.
 */
function transact(run: Run, world: World): readonly Touch[] {
  const { prng } = run
  const before = new Map(world.model.indexes)
  const stands = prng.chance(0.85)
  if (!stands) stopSharing(world.store)
  const txn = beginTxn(world.store, ++run.index)
  const done: Touch[] = []
  for (let n = prng.range(0, 8); n > 0; n--) done.push(...write(run, world.model, txn))
  if (prng.chance(0.05)) checkReads(run, txn, world.model)
  if (stands) {
    checkFired(world, commit(world.store, txn), done)
    return done
  }
  abort(world.store, txn)
  for (const { table, key, before } of done.reverse())
    revert(rowsIn(world.model, table), key, before)
  for (const [table, index] of before) world.model.indexes.set(table, index)
  return []
}

/** Some in a row, with looks between them that must not see what comes after. */
function transactTogether(run: Run, world: World, kept: Kept[]): void {
  openBatch(world.store)
  for (let n = run.prng.range(1, 6); n > 0; n--) {
    transact(run, world)
    if (run.prng.chance(0.02)) kept.push(keep(world))
    if (run.prng.chance(0.02)) checkReads(run, viewOf(world.store), world.model)
  }
  closeBatch(world.store)
}

function revert(rows: Map<string, Row>, key: string, before: Row | undefined): void {
  if (before === undefined) rows.delete(key)
  else rows.set(key, before)
}

function write(run: Run, model: Model, txn: Txn): readonly Touch[] {
  const { prng } = run
  run.ops++
  const table = prng.pick(TABLES)
  const rows = rowsIn(model, table)
  if (prng.chance(run.spread === 0 ? 0.02 : 0.001))
    return writeRange(run, { txn, table, rows, model })
  const key = randomKey(run)
  const before = rows.get(key)
  if (prng.chance(0.55)) {
    const after = randomRow(run, key)
    put(txn, table, after)
    rows.set(key, after)
    model.indexes.set(table, txn.index)
    return [{ table, key, before, after }]
  }
  assert.is(remove(txn, table, key), rows.delete(key), 'a remove says whether it had an effect')
  if (before === undefined) return []
  model.indexes.set(table, txn.index)
  return [{ table, key, before, after: undefined }]
}

function writeRange(
  run: Run,
  target: { txn: Txn; table: AnyOfThem; rows: Map<string, Row>; model: Model },
): readonly Touch[] {
  const { txn, table, rows, model } = target
  const prefix = randomPrefix(run)
  const doomed = askModel(model, { type: 'list', table, of: prefix }) as readonly Row[]
  assert.is(removePrefix(txn, table, prefix), doomed.length, 'a prefix removes what lies below it')
  for (const { key } of doomed) rows.delete(key)
  if (doomed.length > 0) model.indexes.set(table, txn.index)
  return doomed.map((before) => ({ table, key: before.key, before, after: undefined }))
}

const randomRow = (run: Run, key: string): Row =>
  Object.freeze({
    key,
    owner: run.prng.pick(OWNERS),
    zone: run.prng.pick(ZONES),
    serial: ++run.serial,
  })

/** A waiter fires if and only if a touched key is in what it read. */
function checkFired(world: World, fired: ReadonlySet<Waiter>, done: readonly Touch[]): void {
  for (const [waiter, { reads }] of world.waiters) {
    const due = reads.some((read) => done.some((touch) => touches(touch, read)))
    assert.is(fired.has(waiter), due, due ? 'a changed answer fires' : 'nobody wakes in vain')
  }
  for (const waiter of fired) assert.ok(world.waiters.delete(waiter), 'only the parked fire')
  assert.is(watcherCount(world.store), world.waiters.size)
}

function parkOne(run: Run, world: World): void {
  const { waiters, store } = world
  if (waiters.size >= WAITERS_MAX) {
    const victim = run.prng.pick([...waiters.keys()])
    unwatch(store, victim)
    waiters.delete(victim)
  }
  const watched = createWatchSet()
  const view = viewOf(store, watched)
  const reads = Array.from({ length: run.prng.range(1, 3) }, () => randomRead(run))
  const waiter = { at: run.ops }
  const answers = reads.map((read) => ask(view, read))
  watch(store, watched, waiter)
  waiters.set(waiter, { reads, answers })
}

/** Whoever still waits would still get the answer that it got. */
function checkWaiting({ store, waiters }: World): void {
  const view = viewOf(store)
  for (const { reads, answers } of waiters.values()) {
    for (const [i, read] of reads.entries()) sameRows(ask(view, read), answers[i] ?? [], 'still')
  }
}

function checkReads(run: Run, view: View, model: Model): void {
  for (let n = 0; n < 4; n++) {
    const read = randomRead(run)
    sameRows(ask(view, read), askModel(model, read), read.type)
  }
  for (const table of TABLES) {
    assert.is(tableIndex(view, table), model.indexes.get(table))
    assert.is(countRows(view, table), rowsIn(model, table).size)
  }
}

function checkWhole(view: View, model: Model): void {
  for (const table of TABLES) {
    const all = askModel(model, { type: 'list', table, of: '' })
    sameRows(peekList(view, table, ''), all, 'list')
    sameRows(
      [...rowsOf(view)].filter((r) => r.table === table).map((r) => r.row as Row),
      all,
      'walk',
    )
    for (const row of all) assert.is(row && peek(view, table, row.key), row)
  }
}

function sameRows(
  found: readonly (Row | undefined)[],
  expected: readonly (Row | undefined)[],
  what: string,
): void {
  assert.is(found.length, expected.length, `${what}: as many rows`)
  for (let i = 0; i < found.length; i++) assert.is(found[i], expected[i], `${what}: the same rows`)
}

/** A restore into a store that had another content; all that waited there wake. */
function restored(from: World, into: World): World {
  const view = viewOf(from.store)
  const fired = restore(into.store, { indexes: indexesOf(view), rows: rowsOf(view) })
  assert.equal(fired, new Set(into.waiters.keys()), 'a restore fires everybody')
  return { store: into.store, model: copyModel(from.model), waiters: new Map() }
}

const forked = ({ store, model }: World): World => ({
  store: fork(store),
  model: copyModel(model),
  waiters: new Map(),
})

function explore(seed: number, ops: number): void {
  const prng = createPrng(seed)
  const run: Run = { prng, spread: seed % 2 === 0 ? 0 : 9, serial: 0, index: 0, ops: 0 }
  const worlds: World[] = [
    { store: createStore([...TABLES]), model: createModel(), waiters: new Map() },
  ]
  const kept: Kept[] = []
  while (run.ops < ops) {
    const at = prng.range(0, worlds.length - 1)
    const world = worlds[at] as World // within bounds
    if (prng.chance(0.3)) transactTogether(run, world, kept)
    else transact(run, world)
    if (prng.chance(0.5)) parkOne(run, world)
    if (prng.chance(0.02)) checkWaiting(world)
    if (prng.chance(0.02)) checkReads(run, viewOf(world.store), world.model)
    if (prng.chance(0.005)) checkStore(world.store)
    if (prng.chance(0.004)) kept.push(keep(world))
    if (kept.length > 3) checkWhole(...firstOf(kept))
    if (prng.chance(0.002) && worlds.length < 4) worlds.push(forked(world))
    if (prng.chance(0.0005)) worlds[at] = restored(prng.pick(worlds), world)
  }
  for (const { view, model } of kept) checkWhole(view, model)
  for (const { store, model } of worlds) checkWhole(viewOf(store), model)
  for (const { store } of worlds) checkStore(store)
}

function firstOf(kept: Kept[]): [View, Model] {
  const first = kept.shift()
  if (first === undefined) throw new Error('nothing was kept')
  return [first.view, first.model]
}

const given = process.env['SEED']
const SEEDS = given === undefined ? [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] : [Number(given)]

for (const seed of SEEDS) {
  properties(`reads, snapshots, forks and waiters agree with the model (seed ${seed})`, () => {
    explore(seed, OPS_MAX / SEEDS.length)
  })
}

properties.run()
