// The tree alone: deep ones, cut and joined, while older roots are looked at.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createPrng, type Prng } from '../../../core/prng.ts'
import { checkTree } from '../../../core/state/invariants.ts'
import { endOfPrefix, join, withoutPrefix } from '../../../core/state/range.ts'
import {
  collectRows,
  createEdit,
  type Edit,
  emptyTree,
  findRow,
  type Node,
  rowsFrom,
  withoutRow,
  withRow,
} from '../../../core/state/tree.ts'

const tree = suite('state/tree')

/** A tree of these keys, each its own row, put in in this order. */
function treeOf(keys: readonly string[]): Node<string> {
  const edit = createEdit()
  let root = emptyTree<string>(edit)
  for (const key of keys) root = withRow(root, edit, { key, row: key })
  edit.open = false
  return root
}

/** Runs one edit. */
function edited<Row>(root: Node<Row>, work: (root: Node<Row>, edit: Edit) => Node<Row>): Node<Row> {
  const edit = createEdit()
  const changed = work(root, edit)
  edit.open = false
  return changed
}

const numbers = (count: number, step = 1): string[] =>
  Array.from({ length: count }, (_, i) => String(i * step).padStart(6, '0'))

const keysOf = (root: Node<string>): string[] => checkTree(root).map(([key]) => key)

for (const [name, arrange] of [
  ['rising', (keys: string[]) => keys],
  ['falling', (keys: string[]) => keys.reverse()],
  ['shuffled', (keys: string[]) => createPrng(1).shuffle(keys)],
] as const) {
  tree(`keys put in ${name} order come out sorted, and go again one by one`, () => {
    const sorted = numbers(3000)
    let root = treeOf(arrange([...sorted]))
    assert.equal(keysOf(root), sorted)
    for (const [i, key] of arrange([...sorted]).entries()) {
      root = edited(root, (at, edit) => withoutRow(at, edit, key))
      assert.is(findRow(root, key), undefined)
      if (i % 100 === 0) assert.is(keysOf(root).length, 2999 - i)
    }
    assert.equal(keysOf(root), [])
  })
}

tree('an edit changes nothing for those who hold an older root', () => {
  const before = treeOf(numbers(2000))
  const after = edited(before, (root, edit) => {
    let at = withoutPrefix(root, edit, '0001')
    for (const key of numbers(1000, 2)) at = withRow(at, edit, { key, row: 'new' })
    for (const key of numbers(40, 50)) at = withoutRow(at, edit, key)
    return withoutPrefix(at, edit, '0018')
  })
  assert.equal(keysOf(before), numbers(2000))
  assert.is(findRow(before, '000002'), '000002')
  assert.is(findRow(after, '000002'), 'new')
})

tree('an edit that is over cannot change a tree', () => {
  const edit = createEdit()
  const root = withRow(emptyTree<string>(edit), edit, { key: 'a', row: 'a' })
  edit.open = false
  assert.throws(() => withRow(root, edit, { key: 'b', row: 'b' }), /open edit/)
  assert.throws(() => withoutRow(root, edit, 'a'), /open edit/)
  assert.throws(() => withoutPrefix(root, edit, 'a'), /open edit/)
})

tree('removing a key that is not there is a bug of the caller', () => {
  const root = treeOf(['a'])
  assert.throws(() => edited(root, (at, edit) => withoutRow(at, edit, 'b')), /is there/)
})

tree('a walk begins at any key, there or not, and passes the leaves in order', () => {
  const root = treeOf(numbers(1000, 2))
  assert.is([...rowsFrom(root, '')].length, 1000)
  assert.is([...rowsFrom(root, '000998')].length, 501)
  assert.is([...rowsFrom(root, '000999')].length, 500)
  assert.equal([...rowsFrom(root, '001998')], ['001998'])
  assert.equal([...rowsFrom(root, '9')], [])
  assert.equal([...rowsFrom(treeOf([]), '')], [])
})

tree('a prefix lists exactly the keys that begin with it', () => {
  const keys = [
    '',
    '\0',
    'a',
    'a\0',
    'a/',
    'a/b',
    'a0',
    'a\xff',
    'a\xff\xff',
    'b',
    '\xff',
    '\xff\xff',
  ]
  const root = treeOf(keys)
  for (const prefix of [...keys, 'c', 'a/b/', '\xff\xff\xff']) {
    const rows: string[] = []
    collectRows(root, prefix, rows)
    assert.equal(
      rows,
      [...keys].sort().filter((key) => key.startsWith(prefix)),
    )
  }
})

tree('the end of a prefix is the first string behind all that begin with it', () => {
  assert.is(endOfPrefix('a'), 'b')
  assert.is(endOfPrefix('a\xff'), 'a\u0100')
  assert.is(endOfPrefix('a\uffff\uffff'), 'b')
  assert.is(endOfPrefix('\uffff'), undefined)
  assert.is(endOfPrefix(''), undefined)
})

tree('trees of any two sizes join to a sound one', () => {
  const sizes = [0, 1, 7, 8, 31, 32, 33, 200, 900, 2500]
  for (const left of sizes) {
    for (const right of sizes) {
      const low = treeOf(numbers(left))
      const high = treeOf(numbers(right).map((key) => `x${key}`))
      const whole = edited(low, (root, edit) => join(root, high, edit))
      assert.is(keysOf(whole).length, left + right)
      assert.is(keysOf(low).length, left)
      assert.is(keysOf(high).length, right)
    }
  }
})

tree('a full branch that gets one more child by a join is halved', () => {
  for (let left = 770; left < 840; left++) {
    const low = treeOf(numbers(left)) // one branch of up to as many leaves as it can hold
    const high = treeOf(numbers(31).map((key) => `x${key}`))
    assert.is(keysOf(edited(low, (root, edit) => join(root, high, edit))).length, left + 31)
  }
})

function randomKey(prng: Prng): string {
  return String(prng.range(0, 99_999)).padStart(5, '0')
}

tree('cuts, joins, puts and removes in one edit agree with a set', () => {
  for (let seed = 1; seed <= 25; seed++) {
    const prng = createPrng(seed)
    const model = new Set(Array.from({ length: prng.range(0, 5000) }, () => randomKey(prng)))
    let root = treeOf([...model])
    for (let edits = 0; edits < 8; edits++) {
      const old = { root, keys: [...model].sort() }
      root = edited(root, (at, edit) => mix(prng, model, { root: at, edit }))
      assert.equal(keysOf(root), [...model].sort(), `seed ${seed}`)
      assert.equal(keysOf(old.root), old.keys, `seed ${seed}`)
    }
  }
})

function mix(
  prng: Prng,
  model: Set<string>,
  { root, edit }: { root: Node<string>; edit: Edit },
): Node<string> {
  let at = root
  for (let n = 0; n < 30; n++) {
    const key = randomKey(prng)
    if (prng.chance(0.2)) {
      const prefix = key.slice(0, prng.range(1, 4))
      at = withoutPrefix(at, edit, prefix)
      for (const known of model) if (known.startsWith(prefix)) model.delete(known)
    } else if (model.has(key)) {
      at = withoutRow(at, edit, key)
      model.delete(key)
    } else {
      at = withRow(at, edit, { key, row: key })
      model.add(key)
    }
  }
  return at
}

tree.run()
