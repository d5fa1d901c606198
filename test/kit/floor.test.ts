import { readdirSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Floor, raised, readFloor, weigh } from './floor.ts'
import { inProject } from './paths.ts'

const floor = suite('floor')

const kv = (passed: number): Floor => ({ tests: 1, corpus: { kv: { play: ['kv'], passed } } })

floor('a folder at its floor is well, one below is short by the difference', () => {
  assert.is(weigh(kv(5), { kv: { passed: 5, total: 9 } }).short, 0)
  assert.is(weigh(kv(5), { kv: { passed: 3, total: 9 } }).short, 2)
})

floor('a folder that was not played is short by all of it', () => {
  const { passed, short, lines } = weigh(kv(5), { dns: { passed: 9, total: 9 } })
  assert.equal({ passed, short }, { passed: 0, short: 5 })
  assert.match(lines[0] ?? '', /BELOW THE FLOOR of 5/)
})

floor('it rises with what passes, and never falls', () => {
  assert.equal(raised(kv(5), { kv: { passed: 7, total: 9 } }), kv(7))
  assert.equal(raised(kv(5), { kv: { passed: 4, total: 9 } }), kv(5))
})

floor(
  'a folder that was looked through names each of its files: played, or left and why',
  async () => {
    const { corpus } = await readFloor()
    const looked = Object.entries(corpus).filter(([, { left }]) => left !== undefined)
    assert.ok(looked.length > 0)
    for (const [folder, { play, left = {} }] of looked) {
      const files = readdirSync(inProject('test/conformance', folder)).map(
        (name) => `${folder}/${name}`,
      )
      const named = [...play, ...Object.keys(left)]
      assert.equal([...named].sort(), [...files].sort(), folder)
      for (const [file, why] of Object.entries(left)) assert.ok(why.length > 2, file)
    }
  },
)

floor.run()
