import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { concatBytes, utf8 } from '../../../core/bytes.ts'
import { crc32 } from '../../../core/wire/crc32.ts'
import { fc } from '../../kit/property.ts'

const crc = suite('crc32')

/** One bit at a time, straight from the definition. */
function naive(bytes: Uint8Array): number {
  let rest = 0xffffffff
  for (const byte of bytes) {
    rest ^= byte
    for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? 0xedb88320 ^ (rest >>> 1) : rest >>> 1
  }
  return ~rest >>> 0
}

crc('known texts have their published checksums', () => {
  const known: [string, number][] = [
    ['', 0],
    ['a', 0xe8b7be43],
    ['123456789', 0xcbf43926],
    ['The quick brown fox jumps over the lazy dog', 0x414fa339],
  ]
  for (const [text, expected] of known) assert.is(crc32(utf8(text)), expected, text)
})

crc('every length and offset agrees with the definition', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(7), (bytes, skip) => {
      assert.is(crc32(bytes.subarray(skip)), naive(bytes.subarray(skip)))
    }),
    { numRuns: 500 },
  )
})

crc('parts chain to the checksum of the whole', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 50 }), fc.uint8Array({ maxLength: 50 }), (a, b) => {
      assert.is(crc32(b, crc32(a)), crc32(concatBytes([a, b])))
    }),
  )
})

crc('any flipped bit is seen', () => {
  const bytes = utf8('term 7, index 1042: SET x = 10')
  const good = crc32(bytes)
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const bad = bytes.slice()
    bad[bit >> 3] = (bad[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    assert.is.not(crc32(bad), good, `bit ${bit}`)
  }
})

crc.run()
