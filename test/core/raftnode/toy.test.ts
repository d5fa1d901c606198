// The toy of the second lesson: what it understands, and that a snapshot makes the same state.

import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { concatBytes, utf8 } from '../../../core/bytes.ts'
import { ENTRY, type Entry } from '../../../core/entry.ts'
import { logIndex, term } from '../../../core/ids.ts'
import { createToy, parseToy, type Toy } from '../../../core/raftnode/toy.ts'
import { fc } from '../../kit/property.ts'

const toy = suite('toy')

const entry = (text: string): Entry => ({
  index: logIndex(1),
  term: term(1),
  type: ENTRY.command,
  data: utf8(text),
})

const applied = (...commands: string[]): Toy => {
  const made = createToy()
  for (const command of commands) made.apply(entry(command))
  return made
}

toy('three words in any case, with or without an equals sign', () => {
  const cases: [string, ReturnType<typeof parseToy>][] = [
    ['SET x = 10', { type: 'set', key: 'x', value: '10' }],
    ['set x 10', { type: 'set', key: 'x', value: '10' }],
    ['SET x=10', { type: 'set', key: 'x', value: '10' }],
    ['SET x =', { type: 'set', key: 'x', value: '' }],
    ['  SET  a.b/c =  two words = 2 ', { type: 'set', key: 'a.b/c', value: 'two words = 2' }],
    ['GET x', { type: 'get', key: 'x' }],
    ['del x', { type: 'del', key: 'x' }],
    ['SET x', undefined],
    ['GET', undefined],
    ['GET x y', undefined],
    ['PUT x 1', undefined],
    ['', undefined],
  ]
  for (const [text, command] of cases) assert.equal(parseToy(text), command, text)
})

toy('a command answers with what it found or made', () => {
  const made = createToy()
  assert.equal(made.apply(entry('GET x')), { key: 'x', value: null })
  assert.equal(made.apply(entry('SET x = 10')), { key: 'x', value: '10' })
  assert.equal(made.apply(entry('GET x')), { key: 'x', value: '10' })
  assert.is(made.look('x'), '10')
  assert.equal(made.apply(entry('DEL x')), { key: 'x', value: '10' })
  assert.is(made.look('x'), null)
  assert.is(made.apply(entry('what is this')), undefined)
})

toy('a snapshot is the state as it was, however its bytes are cut', () => {
  const made = applied('SET b = 2', 'SET a = 1', 'SET ü = "…\\n"')
  const chunks = [...made.snapshot()]
  made.apply(entry('SET a = later'))
  const bytes = concatBytes(chunks)
  fc.assert(
    fc.property(fc.array(fc.nat(bytes.length)), (cuts) => {
      const ends = [...cuts.sort((a, b) => a - b), bytes.length]
      const parts = ends.map((end, at) => bytes.slice(ends[at - 1] ?? 0, end))
      const other = applied('SET gone = 1')
      other.restore(parts)
      assert.is(other.size(), 3)
      assert.is(other.look('a'), '1')
      assert.is(other.look('ü'), '"…\\n"')
    }),
  )
})

toy('half a snapshot changes nothing', () => {
  const bytes = concatBytes([...applied('SET a = 1', 'SET b = 2').snapshot()])
  const other = applied('SET c = 3')
  assert.throws(() => other.restore([bytes.subarray(0, bytes.length - 3)]), /ends within a line/)
  assert.is(other.look('c'), '3')
})

toy('two states with the same values have the same bytes', () => {
  const one = applied('SET a = 1', 'SET b = 2', 'SET c = 3', 'DEL b')
  const two = applied('SET c = 0', 'SET c = 3', 'SET a = 1')
  assert.equal(concatBytes([...one.snapshot()]), concatBytes([...two.snapshot()]))
})

toy.run()
