import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { byteString, textOf, utf8 } from '../../../core/bytes.ts'
import { printEntries, printEntry } from '../../../core/kv/print.ts'
import { type KvRow, kvEntry } from '../../../core/kv/records.ts'
import { encodeJson } from '../../../core/route/json.ts'
import { fc } from '../../kit/property.ts'

const print = suite('kv/print')

const anyRow: fc.Arbitrary<KvRow> = fc.record({
  key: fc.oneof(
    fc.string({ unit: 'binary' }).map(byteString),
    fc.constantFrom('a/b', '"', '\\', '<&>', '\x00', '\x7f', '\xff\xfe', byteString('ü\u2028')),
  ),
  value: fc.uint8Array({ maxLength: 20 }),
  flags: fc.oneof(fc.nat(), fc.maxSafeNat(), fc.constant(2n ** 64n - 1n)),
  lockIndex: fc.nat(),
  session: fc.constantFrom('', '11111111-2222-3333-4444-555555555555'),
  createIndex: fc.nat(),
  modifyIndex: fc.nat(),
})

print('every row is printed as the general encoder prints its entry', () => {
  fc.assert(
    fc.property(fc.array(anyRow, { maxLength: 4 }), (rows) => {
      assert.is(textOf(printEntries(rows).bytes), encodeJson(rows.map(kvEntry)))
      for (const row of rows) assert.is(printEntry(row), encodeJson([kvEntry(row)]))
    }),
  )
})

const changes = fc.array(
  fc.record({ at: fc.nat(), how: fc.constantFrom('replace', 'insert', 'remove'), row: anyRow }),
  { maxLength: 8 },
)

print('what is copied from a list that was printed before is what would be printed now', () => {
  const rows = fc.array(anyRow, { maxLength: 90 })
  fc.assert(
    fc.property(rows, fc.array(changes, { maxLength: 3 }), (first, steps) => {
      let [list, before] = [first, printEntries(first)]
      for (const step of steps) {
        list = [...list]
        for (const { at, how, row } of step) {
          const place = at % (list.length + 1)
          list.splice(place, how === 'insert' ? 0 : 1, ...(how === 'remove' ? [] : [row]))
        }
        before = printEntries(list, before)
        assert.is(textOf(before.bytes), encodeJson(list.map(kvEntry)))
      }
    }),
  )
})

print('rows that stay are copied, however many others come before and between them', () => {
  const rows = fc.sample(anyRow, { numRuns: 100, seed: 7 }).map((row, n) => ({ ...row, flags: n }))
  const mute = rows.map((row, n) => (n % 20 < 10 ? row : { ...row, flags: 7 }))
  const before = printEntries(rows)
  const forged = { ...before, bytes: before.bytes.map((byte) => (byte === 123 ? 124 : byte)) }
  const copied = textOf(printEntries(mute, forged).bytes).split('|"LockIndex').length - 1
  assert.is(copied, 50)
})

print('an empty value is null, a full one base64', () => {
  const row: KvRow = {
    key: 'k',
    value: utf8(''),
    flags: 0,
    lockIndex: 0,
    session: '',
    createIndex: 1,
    modifyIndex: 2,
  }
  assert.is(
    textOf(printEntries([row]).bytes),
    '[{"LockIndex":0,"Key":"k","Flags":0,"Value":null,"CreateIndex":1,"ModifyIndex":2}]',
  )
  assert.match(textOf(printEntries([{ ...row, value: utf8('v') }]).bytes), '"Value":"dg=="')
})

print.run()
