// What a node of the store keeps in its folder: found again after every way to stop, also in the
// middle of an exchange of one history for another.
import { cp, mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { utf8 } from '../../../core/bytes.ts'
import { recoverStore } from '../../../core/replica/keep.ts'
import { freeze, pageOf, storeOf } from '../../../core/replica/store.ts'
import { type Keep, openKeep } from '../../../daemons/replica/keep.ts'
import { withTemp } from '../../kit/tmp.ts'
import { before } from '../../kit/within.ts'

const keep = suite('replica keep')

const LIMIT_MS = 20_000
const test = (name: string, work: (dir: string) => Promise<void>) =>
  keep(name, () => withTemp((dir) => before(LIMIT_MS, () => work(join(dir, 'a')), name)))

const open = (dir: string) => openKeep(dir, () => undefined)

const write = (index: number, key: string) => ({
  index,
  key,
  value: utf8(`v${index}`),
  reign: 'r',
  epoch: 1,
})

const persist = (kept: Keep, ...writes: ReturnType<typeof write>[]) =>
  kept.persist({ type: 'persist', token: 1, anew: undefined, writes })

/** `2: a b`: the last index, and the keys. */
function shown({ kept }: Keep): string {
  const store = recoverStore(kept)
  const { rows } = pageOf(freeze(store), undefined)
  return `${store.last}: ${rows.map(({ key }) => key).join(' ')}`
}

const OTHER = freeze(
  storeOf([{ key: 'other', value: utf8('1') }], {
    history: [{ id: 's', epoch: 2, from: 1 }],
    last: 7,
  }),
)

async function foundIn(dir: string): Promise<string> {
  const kept = await open(dir)
  const text = shown(kept)
  await kept.close()
  return text
}

test('writes are found again, with and without a snapshot before them', async (dir) => {
  const first = await open(dir)
  assert.is(shown(first), '0: ')
  await persist(first, write(1, 'a'), write(2, 'b'))
  await first.close()
  const second = await open(dir)
  assert.is(shown(second), '2: a b')
  await second.save(freeze(recoverStore(second.kept)))
  await persist(second, write(3, 'c'))
  await second.close()
  assert.is(await foundIn(dir), '3: a b c')
})

test('another history takes the place of all that was kept, and goes on', async (dir) => {
  const first = await open(dir)
  await persist(first, ...Array.from({ length: 9 }, (_, i) => write(i + 1, `k${i}`)))
  await first.persist({ type: 'persist', token: 2, anew: OTHER, writes: [] })
  await persist(first, { ...write(8, 'next'), reign: 's', epoch: 2 })
  await first.close()
  assert.is(await foundIn(dir), '8: next other')
  const empty = freeze(storeOf([], { history: [], last: 0 }))
  const second = await open(dir)
  await second.persist({ type: 'persist', token: 1, anew: empty, writes: [] })
  await second.close()
  assert.is(await foundIn(dir), '0: ')
})

test('an exchange that was cut off is finished, or forgotten', async (dir) => {
  const first = await open(dir)
  await persist(first, write(1, 'a'))
  await first.close()
  await mkdir(`${dir}.new/log`, { recursive: true })
  await writeFile(`${dir}.new/log/half`, 'of a copy')
  assert.is(await foundIn(dir), '1: a', 'the copy was not whole')

  const whole = await open(`${dir}-b`)
  await whole.persist({ type: 'persist', token: 1, anew: OTHER, writes: [] })
  await whole.close()
  await cp(`${dir}-b`, `${dir}.new`, { recursive: true })
  await rename(dir, `${dir}.old`)
  assert.is(await foundIn(dir), '7: other', 'the copy was whole')
  assert.is(await foundIn(dir), '7: other')
})

keep.run()
