// Lists that are kept printed: the same bytes while nothing has changed, and then only as much anew
// as has changed.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { textOf, utf8 } from '../../../core/bytes.ts'
import {
  createPrinted,
  PRINTED_BYTES_MAX,
  printList,
  printRows,
} from '../../../core/route/printed.ts'

const printed = suite('route/printed')

interface Row {
  readonly id: object
  readonly value: string
}

const row = (value: string): Row => ({ id: {}, value })

/** A list over rows, and how often a row of it was printed. */
function createListing(key = 'a') {
  const kept = createPrinted()
  const counts = { rows: 0, prints: 0 }
  const list = (mark: object | undefined, rows: readonly Row[]) =>
    textOf(
      printList<Row>(kept, {
        key,
        mark,
        rows: () => {
          counts.rows++
          return rows
        },
        partsOf: (one) => [one.id, one],
        print: ({ value }) => {
          counts.prints++
          return value
        },
      }),
    )
  return { kept, list, counts }
}

printed('the same list is neither looked up nor printed again', () => {
  const { list, counts } = createListing()
  const mark = {}
  assert.is(list(mark, [row('1'), row('2')]), '[1,2]')
  assert.is(list(mark, []), '[1,2]', 'the mark stands for the rows')
  assert.equal(counts, { rows: 1, prints: 2 })
})

printed('of a changed list only what has changed is printed', () => {
  const { list, counts } = createListing()
  const [one, two, three] = [row('1'), row('2'), row('3')]
  list({}, [one, two])
  const changed = { id: two.id, value: '"two"' }
  assert.is(list({}, [one, changed, three]), '[1,"two",3]')
  assert.is(counts.prints, 4)
  assert.is(list({}, [three, one]), '[3,1]')
  assert.is(counts.prints, 4)
})

printed('what has no mark is not kept', () => {
  const { kept, list } = createListing()
  assert.is(list(undefined, []), '[]')
  assert.is(list(undefined, [row('1')]), '[1]')
  assert.is(kept.lists.size, 0)
})

printed('memory is bounded: the list that nobody asked for the longest goes first', () => {
  const kept = createPrinted()
  const text = `"${'x'.repeat(1 << 20)}"`
  const ask = (key: string) =>
    printList<Row>(kept, {
      key,
      mark: kept,
      rows: () => [row(text)],
      partsOf: (one) => [one.id],
      print: ({ value }) => value,
    })
  for (let i = 0; i < 40; i++) {
    ask('first')
    ask(String(i))
    assert.ok(kept.size <= PRINTED_BYTES_MAX)
  }
  assert.ok(kept.lists.has('first'))
  assert.is(kept.lists.has('0'), false)
  let size = 0
  for (const list of kept.lists.values()) size += list.size
  assert.is(size, kept.size)
})

printed('a list that would take half of it is not kept', () => {
  const kept = createPrinted()
  const text = `"${'x'.repeat(PRINTED_BYTES_MAX / 6)}"`
  printList<Row>(kept, {
    key: 'a',
    mark: {},
    rows: () => [row(text)],
    partsOf: (one) => [one.id],
    print: ({ value }) => value,
  })
  assert.is(kept.lists.size, 0)
})

printed('a list of rows is printed anew when any of them is another', () => {
  const kept = createPrinted()
  let prints = 0
  const list = (...rows: readonly object[]) => {
    const print = () => ({ rows, bytes: utf8(String(++prints)) })
    return textOf(printRows(kept, { key: 'a', rows, print }))
  }
  const [one, two] = [{}, {}]
  const seen = [list(one, two), list(one, two), list(one), list(one, two), list(two, one)]
  assert.equal([...seen, list(two, {}), list()], ['1', '1', '2', '3', '4', '5', '6'])
  assert.is(kept.lists.size, 1)
})

printed.run()
