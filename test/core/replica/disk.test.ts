// What a node writes on its disk is what it reads back, cut into chunks anyhow.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { concatBytes, utf8 } from '../../../core/bytes.ts'
import type { Recovered } from '../../../core/entry.ts'
import { logIndex, term } from '../../../core/ids.ts'
import { entryOf, keptOf, snapshotOf } from '../../../core/replica/disk.ts'
import { recoverStore } from '../../../core/replica/keep.ts'
import { freeze, pageOf } from '../../../core/replica/store.ts'

const disk = suite('replica disk')

const NOTHING: Recovered = {
  vote: { term: term(0), votedFor: '' },
  snapshot: undefined,
  entries: [],
}

const WRITES = [
  { index: 1, reign: 'a', epoch: 1, key: 'é', value: new Uint8Array([0, 255]) },
  { index: 2, reign: 'a', epoch: 1, key: 'k', value: utf8('') },
  { index: 3, reign: 'b', epoch: 2, key: 'é', value: undefined },
  { index: 4, reign: 'b', epoch: 2, key: 'x', value: utf8('y') },
]

disk('nothing is found in an empty folder', () => {
  assert.is(keptOf(NOTHING), undefined)
})

disk('writes come back with their reigns', () => {
  const store = recoverStore(keptOf({ ...NOTHING, entries: WRITES.map(entryOf) }))
  assert.is(store.last, 4)
  assert.equal(store.history, [
    { id: 'a', epoch: 1, from: 1 },
    { id: 'b', epoch: 2, from: 3 },
  ])
  assert.equal(
    pageOf(freeze(store), undefined).rows.map(({ key, value }) => [key, [...value]]),
    [
      ['k', []],
      ['x', [121]],
    ],
  )
})

disk('a snapshot and the writes behind it make the same store, however it is cut', () => {
  const whole = recoverStore(keptOf({ ...NOTHING, entries: WRITES.map(entryOf) }))
  const early = recoverStore(keptOf({ ...NOTHING, entries: WRITES.slice(0, 2).map(entryOf) }))
  const bytes = concatBytes([...snapshotOf(freeze(early))])
  for (let cut = 0; cut <= bytes.length; cut++) {
    const chunks = [bytes.slice(0, cut), bytes.slice(cut)]
    const snapshot = { index: logIndex(2), term: term(1), chunks }
    const kept = keptOf({ ...NOTHING, snapshot, entries: WRITES.map(entryOf) })
    const store = recoverStore(kept)
    assert.equal(store.history, whole.history)
    assert.equal(pageOf(freeze(store), undefined), pageOf(freeze(whole), undefined))
  }
})

disk.run()
