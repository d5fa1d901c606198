import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { EMPTY, equalBytes, hex } from '../../../core/bytes.ts'
import { createPrng } from '../../../core/prng.ts'
import { compressLzw, expandLzw } from '../../../core/wire/lzw.ts'
import { fc } from '../../kit/property.ts'
import { bytesFrom, vectors } from './gossip-golden.ts'

const lzw = suite('lzw')
const golden = vectors('memberlist-golden.ndjson').filter(({ type }) => type === 'lzw')

lzw('every golden text is packed to the bytes that Go writes', () => {
  assert.is(golden.length, 9)
  for (const { name, value, bytes } of golden)
    assert.ok(equalBytes(compressLzw(bytesFrom(value['plain']) ?? EMPTY), bytes), name)
})

lzw('every golden stream is expanded to its text', () => {
  for (const { name, value, bytes } of golden) {
    const expanded = expandLzw(bytes, 1 << 20)
    assert.ok(expanded.ok, name)
    if (expanded.ok) assert.ok(equalBytes(expanded.bytes, bytesFrom(value['plain']) ?? EMPTY), name)
  }
})

lzw('any bytes survive the way there and back', () => {
  const texts = fc.oneof(
    fc.uint8Array({ maxLength: 3000 }),
    fc.array(fc.constantFrom(97, 98), { maxLength: 9000 }).map((bytes) => Uint8Array.from(bytes)),
  )
  fc.assert(
    fc.property(texts, (plain) => {
      const expanded = expandLzw(compressLzw(plain), plain.length)
      return expanded.ok && equalBytes(expanded.bytes, plain)
    }),
    { numRuns: 200 },
  )
})

lzw('texts around every turn of the code table survive (widths 9 to 12, clear, last code)', () => {
  const prng = createPrng(1)
  const noise = Uint8Array.from({ length: 8200 }, () => prng.range(0, 255))
  for (const middle of [250, 255, 256, 767, 1790, 3836, 3837, 3838, 3839, 7680])
    for (let length = middle - 3; length <= middle + 3; length++) {
      const plain = noise.subarray(0, length)
      const expanded = expandLzw(compressLzw(plain), length)
      assert.ok(expanded.ok && equalBytes(expanded.bytes, plain), String(length))
    }
})

lzw('a stream cut at any byte is refused as truncated', () => {
  const packed = compressLzw(Uint8Array.from({ length: 900 }, (_, i) => (i * i) & 255))
  for (let length = 0; length < packed.length; length++)
    assert.equal(expandLzw(packed.subarray(0, length), 4096), { ok: false, reason: 'truncated' })
})

lzw('a bomb stops at the limit: 16 MiB of zeros in 24 kB', () => {
  const bomb = compressLzw(new Uint8Array(16 << 20))
  assert.ok(bomb.length < 32_000, `${bomb.length} bytes`)
  assert.equal(expandLzw(bomb, 65_536), { ok: false, reason: 'too-large' })
})

lzw('a code that nobody has defined is refused', () => {
  // 9-bit codes, least significant bit first: clear (256), then 300.
  assert.equal(expandLzw(Uint8Array.of(0x00, 0x59, 0x02), 100), { ok: false, reason: 'bad-code' })
})

lzw('flipped bits never throw and never exceed the limit', () => {
  const packed = compressLzw(Uint8Array.from({ length: 400 }, (_, i) => (i % 7) * 31))
  for (let bit = 0; bit < packed.length * 8; bit++) {
    const wrong = packed.slice()
    wrong[bit >> 3] = (wrong[bit >> 3] as number) ^ (1 << (bit & 7))
    const expanded = expandLzw(wrong, 2000)
    if (expanded.ok) assert.ok(expanded.bytes.length <= 2000, hex(wrong))
  }
})

lzw.run()
