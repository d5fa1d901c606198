// What a copy knows of its history: what is shared with another, what is still kept, and pages of
// a frozen root.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { textOf, utf8 } from '../../../core/bytes.ts'
import {
  BATCH_WRITES_MAX,
  type Extent,
  LOG_BYTES_MAX,
  LOG_WRITES_MAX,
  REIGNS_MAX,
  VALUE_BYTES_MAX,
} from '../../../core/replica/records.ts'
import {
  appendWrite,
  beginReign,
  changesAfter,
  createStore,
  forkOf,
  freeze,
  holds,
  pageOf,
  readValue,
  type Store,
  storeOf,
  writesAfter,
} from '../../../core/replica/store.ts'

const store = suite('replica store')

function put(into: Store, key: string, value: Uint8Array | 'gone' = utf8(key)): void {
  const reign = into.history.at(-1)?.id ?? ''
  const change = { key, value: value === 'gone' ? undefined : value }
  appendWrite(into, { ...change, index: into.last + 1, reign }, 0)
}

function started(): Store {
  const made = createStore()
  beginReign(made, { id: 'one', epoch: 1 })
  return made
}

/** `a1 b5` up to 7: the reign a from 1, b from 5, and 7 writes. */
const extent = (reigns: string, last: number): Extent => ({
  history: reigns
    .split(' ')
    .filter((text) => text !== '')
    .map((text, i) => ({ id: text.charAt(0), epoch: i + 1, from: Number(text.slice(1)) })),
  last,
})

store('a position is held if its reign had come that far', () => {
  const own = extent('a1 b5', 7)
  const cases: [string, number, boolean][] = [
    ['', 0, true],
    ['a', 1, true],
    ['a', 4, true],
    ['a', 5, false],
    ['b', 4, false],
    ['b', 5, true],
    ['b', 7, true],
    ['b', 8, false],
    ['c', 1, false],
  ]
  for (const [reign, index, expected] of cases) {
    assert.is(holds(own, { reign, index }), expected, `${reign}${index}`)
  }
})

store('two histories part behind the last write of their last common reign', () => {
  const cases: [Extent, Extent, number][] = [
    [extent('a1', 4), extent('a1', 9), 4],
    [extent('a1 b5', 7), extent('a1', 9), 4],
    [extent('a1 b5', 7), extent('a1', 3), 3],
    [extent('a1 b5', 7), extent('a1 c3', 9), 2],
    [extent('a1 b5', 7), extent('a1 b5 c7', 9), 6],
    [extent('a1', 4), extent('b1', 4), 0],
    [extent('', 0), extent('b1', 4), 0],
  ]
  for (const [i, [a, b, expected]] of cases.entries()) {
    assert.is(forkOf(a, b), expected, `case ${i}`)
    assert.is(forkOf(b, a), expected, `case ${i} the other way`)
  }
})

store('a key is put, changed and deleted, and the bytes are counted', () => {
  const own = started()
  put(own, 'a', utf8('12345'))
  put(own, 'a', utf8('1'))
  put(own, 'b', utf8('22'))
  assert.equal([own.keys, own.bytes, own.last], [2, 5, 3])
  put(own, 'b', 'gone')
  assert.equal([own.keys, own.bytes, own.last], [1, 2, 4])
  assert.is(readValue(own, 'b'), undefined)
})

store('older writes are not kept, and said to be gone', () => {
  const own = started()
  for (let i = 0; i < LOG_WRITES_MAX + 5; i++) put(own, `k${i % 7}`)
  assert.is(writesAfter(own, 4), undefined)
  assert.is(changesAfter(own, 4), undefined)
  assert.is(writesAfter(own, 5)?.length, BATCH_WRITES_MAX)
  assert.is(writesAfter(own, own.last)?.length, 0)
})

store('large values push older writes out, but never the newest', () => {
  const own = started()
  const large = new Uint8Array(VALUE_BYTES_MAX)
  const fit = LOG_BYTES_MAX / VALUE_BYTES_MAX
  for (let i = 0; i < fit + 3; i++) put(own, 'k', large)
  assert.ok(own.logBytes <= LOG_BYTES_MAX)
  assert.is(own.log.at(-1)?.write.index, own.last)
})

store('a reign without a write leaves no trace, and only the newest are remembered', () => {
  const own = started()
  beginReign(own, { id: 'two', epoch: 2 })
  assert.equal(own.history, [{ id: 'two', epoch: 2, from: 1 }])
  for (let i = 0; i < REIGNS_MAX + 2; i++) {
    put(own, 'k')
    beginReign(own, { id: `r${i}`, epoch: i + 3 })
  }
  assert.is(own.history.length, REIGNS_MAX)
})

store('pages of a frozen root hold what it held, whatever is written meanwhile', () => {
  const own = started()
  for (let i = 0; i < 3 * BATCH_WRITES_MAX; i++) put(own, `key ${i}`)
  const frozen = freeze(own)
  const found: string[] = []
  let more = true
  while (more) {
    const page = pageOf(frozen, found.at(-1))
    found.push(...page.rows.map(({ key }) => key))
    more = page.more
    put(own, `key ${found.length - 1}`, 'gone')
    put(own, `later ${found.length}`)
  }
  assert.is(new Set(found).size, 3 * BATCH_WRITES_MAX)
  assert.equal(found, [...found].sort())
})

store('a store made of rows answers as the one they came from', () => {
  const own = started()
  put(own, 'a')
  put(own, 'b')
  const copy = storeOf(pageOf(freeze(own), undefined).rows, own)
  assert.is(textOf(readValue(copy, 'b') ?? utf8('')), 'b')
  assert.equal([copy.keys, copy.bytes, copy.last], [own.keys, own.bytes, own.last])
  assert.is(writesAfter(copy, 1), undefined)
  assert.is(writesAfter(copy, 2)?.length, 0)
})

store.run()
