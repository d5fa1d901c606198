import { readdirSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Floor, filesIn, raised, readFloor, weigh } from './floor.ts'
import { inProject } from './paths.ts'

const floor = suite('floor')

const kv = (passed: number): Floor => ({ tests: 1, corpus: { kv: { play: ['kv'], passed } } })

const played = (folder: string, passed: number) => ({
  folders: { [folder]: { passed, total: 9 } },
  files: [],
})

floor('a folder at its floor is well, one below is short by the difference', () => {
  assert.is(weigh(kv(5), played('kv', 5)).short, 0)
  assert.is(weigh(kv(5), played('kv', 3)).short, 2)
})

floor('a folder that was not played is short by all of it', () => {
  const { passed, short, lines } = weigh(kv(5), played('dns', 9))
  assert.equal({ passed, short }, { passed: 0, short: 5 })
  assert.match(lines[0] ?? '', /BELOW THE FLOOR of 5/)
})

floor('it rises with what passes, and never falls', () => {
  assert.equal(raised(kv(5), { kv: { passed: 7, total: 9 } }), kv(7))
  assert.equal(raised(kv(5), { kv: { passed: 4, total: 9 } }), kv(5))
})

const PRINTED = `✓ test/conformance/kv/cas.json: 21 of 21
✗ test/conformance/kv/raw.json: 3 of 5
  ✗ GET /v1/kv/a: 1 of 2
✗ /somewhere/test/conformance/kv/keys.json: 4 of 6
`

floor('a file that is not whole needs a reason, and one that is whole none', () => {
  const files = filesIn(PRINTED)
  assert.equal(files.length, 3)
  const reasons = { 'kv/raw.json': 'ACL', 'kv/cas.json': 'ACL' }
  const kvFloor = { play: ['kv'], short: reasons, passed: 1 }
  const all = { folders: { kv: { passed: 28, total: 32 } }, files }
  const { short, lines } = weigh({ tests: 1, corpus: { kv: kvFloor } }, all)
  assert.is(short, 1)
  assert.equal(lines.slice(1), [
    'kv/keys.json: 4 of 6, AND NO REASON under "short"',
    'kv/cas.json: 21 of 21: its reason under "short" can go',
  ])
})

const filesOf = (folder: string): readonly string[] =>
  readdirSync(inProject('test/conformance', folder)).map((name) => `${folder}/${name}`)

floor('every file of the corpus is played, or left and why', async () => {
  const { corpus } = await readFloor()
  const folders = readdirSync(inProject('test/conformance'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
  assert.equal(Object.keys(corpus).sort(), folders.sort())
  for (const [folder, { play, left = {}, short = {} }] of Object.entries(corpus)) {
    const files = filesOf(folder)
    const named = [...play, ...Object.keys(left)]
    const whole = named.includes(folder)
    const covered = whole ? [...files, folder] : files
    for (const name of named) assert.ok(covered.includes(name), `there is no ${name}`)
    for (const file of files) assert.ok(whole || named.includes(file), file)
    assert.is(new Set(named).size, named.length, folder)
    for (const file of Object.keys(short)) assert.ok(files.includes(file), file)
    for (const [file, why] of Object.entries({ ...left, ...short })) {
      assert.ok(why.length > 2, file)
    }
  }
})

floor.run()
