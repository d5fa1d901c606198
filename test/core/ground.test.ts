// The ground of core by examples and properties: bytes against Buffer, numbers against BigInt,
// randomness by its promises. What Go says of texts is in go-texts.test.ts.

import { suite } from 'uvu'
import * as check from 'uvu/assert'
import { AssertionError, assert, present, unreachable } from '../../core/assert.ts'
import {
  base64,
  byteString,
  byteStringOf,
  bytesOfByteString,
  compareBytes,
  concatBytes,
  EMPTY,
  equalBytes,
  hex,
  parseBase64,
  parseHex,
  strictTextOf,
  textOf,
  textOfByteString,
  utf8,
} from '../../core/bytes.ts'
import { ApiError, EXIT } from '../../core/errors.ts'
import { incarnation, isUuid, logIndex, requestId, term, uuidOf } from '../../core/ids.ts'
import { isRefused, refused } from '../../core/outcome.ts'
import { createPrng } from '../../core/prng.ts'
import { durationComplaint, formatDuration, parseDuration } from '../../core/time.ts'
import { parseU64, u64 } from '../../core/u64.ts'
import { fc } from '../kit/property.ts'

const bytes = suite('bytes')

const anyBytes = fc.uint8Array({ maxLength: 300 })
const anyText = fc.string({ unit: 'binary', maxLength: 60 })
const plainArray = (given: Uint8Array | Buffer) => Array.from(given)

bytes('text becomes UTF-8 and comes back, as with Buffer', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      check.equal(plainArray(utf8(text)), plainArray(Buffer.from(text)))
      check.is(textOf(utf8(text)), Buffer.from(text).toString())
      check.is(strictTextOf(utf8(text)), Buffer.from(text).toString())
    }),
  )
})

bytes('a byte string has a unit per byte, and sorts as the bytes do', () => {
  fc.assert(
    fc.property(anyText, anyText, (a, b) => {
      check.is(byteString(a), Buffer.from(a).toString('latin1'))
      check.is(textOfByteString(byteString(a)), a.toWellFormed())
      const order = Buffer.compare(Buffer.from(a), Buffer.from(b))
      check.is(
        Math.sign(Number(byteString(a) > byteString(b)) - Number(byteString(a) < byteString(b))),
        order,
      )
    }),
  )
})

bytes('byte strings of any bytes come back, long ones too', () => {
  fc.assert(
    fc.property(anyBytes, (given) => {
      check.is(byteStringOf(given), Buffer.from(given).toString('latin1'))
      check.equal(bytesOfByteString(byteStringOf(given)), given)
    }),
  )
  const long = Uint8Array.from({ length: 100_001 }, (_, i) => i * 31)
  check.is(byteStringOf(long), Buffer.from(long).toString('latin1'))
})

bytes('invalid UTF-8 becomes U+FFFD, or nothing where it must be valid', () => {
  for (const wrong of ['ff', 'c328', 'e28081c0', 'eda080', 'f8a1a1a1a1']) {
    const given = parseHex(wrong) ?? EMPTY
    check.is(textOf(given), Buffer.from(given).toString())
    check.is(strictTextOf(given), undefined)
  }
  check.is(textOfByteString('a\xff'), 'a\ufffd')
  check.is(textOf(utf8('\ufeffx')), '\ufeffx')
})

bytes('comparing, joining and equality are those of Buffer', () => {
  fc.assert(
    fc.property(anyBytes, anyBytes, (a, b) => {
      check.is(compareBytes(a, b), Buffer.compare(a, b))
      check.is(equalBytes(a, b), Buffer.from(a).equals(b))
      check.is(equalBytes(a, a.slice()), true)
      check.equal(plainArray(concatBytes([a, EMPTY, b])), plainArray(Buffer.concat([a, b])))
    }),
  )
  check.is(compareBytes(utf8('a'), utf8('ab')), -1)
  check.is(compareBytes(utf8('ab'), utf8('a')), 1)
  check.is(concatBytes([]).length, 0)
})

bytes('base64 and hex are those of Buffer, and come back', () => {
  fc.assert(
    fc.property(anyBytes, (given) => {
      check.is(base64(given), Buffer.from(given).toString('base64'))
      check.equal(parseBase64(base64(given)), { ok: true, bytes: given })
      check.is(hex(given), Buffer.from(given).toString('hex'))
      check.equal(parseHex(hex(given).toUpperCase()), given)
    }),
  )
})

bytes('what is no hex is refused', () => {
  for (const wrong of ['a', 'abc', 'zz', '0x', ' a', 'a\n']) check.is(parseHex(wrong), undefined)
})

bytes.run()

const numbers = suite('u64, time')

numbers(
  'every unsigned 64-bit integer comes back from its digits, equal ones in equal form',
  () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.nat(5), (value, zeros) => {
        const parsed = parseU64('0'.repeat(zeros) + value)
        check.equal(parsed, { ok: true, value: u64(value) })
        check.is(BigInt(u64(value)), value)
        check.is(typeof u64(value), value < 2n ** 53n ? 'number' : 'bigint')
      }),
    )
  },
)

numbers('digits beyond 64 bits are out of range, however many', () => {
  const many = parseU64('9'.repeat(1_000_000))
  check.equal(many, { ok: false, why: 'range' })
  check.equal(parseU64(String(2n ** 64n)), { ok: false, why: 'range' })
})

numbers('durations in milliseconds have fractions', () => {
  check.is(parseDuration('1.5ms'), 1.5)
  check.is(parseDuration('1m'), 60_000)
  check.is(parseDuration('soon'), undefined)
  for (const [text, said] of [
    ['soon', 'time: invalid duration "soon"'],
    ['', 'time: invalid duration ""'],
    ['.s', 'time: invalid duration ".s"'],
    ['5', 'time: missing unit in duration "5"'],
    ['-1m.5', 'time: missing unit in duration "-1m.5"'],
    ['10y', 'time: unknown unit "y" in duration "10y"'],
    ['1h2mx3', 'time: unknown unit "mx" in duration "1h2mx3"'],
    ['99999999999999999999s', 'time: invalid duration "99999999999999999999s"'],
  ] as const) {
    check.is(durationComplaint(text), said)
  }
  check.is(formatDuration(1500), '1.5s')
  check.is(formatDuration(0.25), '250µs')
})

numbers('a printed duration is read back as the same', () => {
  fc.assert(
    fc.property(fc.integer({ min: -(10 ** 12), max: 10 ** 12 }), (micros) => {
      check.is(parseDuration(formatDuration(micros / 1000)), micros / 1000 + 0)
    }),
  )
})

numbers.run()

const random = suite('prng')

random('the same seed gives the same run, another seed another', () => {
  const draw = (seed: number) => {
    const prng = createPrng(seed)
    return Array.from({ length: 20 }, () => prng.next())
  }
  check.equal(draw(42), draw(42))
  check.not.equal(draw(42), draw(43))
  check.equal(
    draw(7).slice(0, 3),
    [1004282400, 2200021487, 1928073449],
    'seeds stay what they were',
  )
})

random('every draw keeps its promise', () => {
  const prng = createPrng(1)
  const seen = new Set<number>()
  let heads = 0
  let waited = 0
  for (let i = 0; i < 10_000; i++) {
    const drawn = prng.next()
    check.ok(Number.isInteger(drawn) && drawn >= 0 && drawn < 2 ** 32)
    const unit = prng.unit()
    check.ok(unit >= 0 && unit < 1)
    seen.add(prng.range(-2, 3))
    if (prng.chance(0.3)) heads++
    const wait = prng.exponential(10)
    check.ok(wait >= 0)
    waited += wait
  }
  check.equal(
    [...seen].sort((a, b) => a - b),
    [-2, -1, 0, 1, 2, 3],
  )
  check.ok(Math.abs(heads / 10_000 - 0.3) < 0.02, String(heads))
  check.ok(Math.abs(waited / 10_000 - 10) < 0.5, String(waited))
  check.is(prng.chance(0), false)
  check.is(prng.chance(1), true)
})

random('a shuffle keeps the items and moves them, a pick is one of them', () => {
  const prng = createPrng(5)
  const items = Array.from({ length: 50 }, (_, i) => i)
  const shuffled = prng.shuffle([...items])
  check.not.equal(shuffled, items)
  check.equal(
    [...shuffled].sort((a, b) => a - b),
    items,
  )
  const picked = new Set(Array.from({ length: 500 }, () => prng.pick(['a', 'b', 'c'])))
  check.is(picked.size, 3)
})

random('a fork does not disturb the one it came from', () => {
  const plain = createPrng(9)
  const forking = createPrng(9)
  plain.next()
  const fork = forking.fork()
  fork.next()
  fork.next()
  check.is(forking.next(), plain.next())
})

random('an empty choice is a bug of the caller', () => {
  const prng = createPrng(1)
  check.throws(() => prng.pick([]), /needs items/)
  check.throws(() => prng.range(3, 2), /not empty/)
  check.throws(() => prng.range(0.5, 2), /an integer/)
})

random.run()

const rest = suite('assert, errors, ids, outcome')

rest('an assertion throws what must hold', () => {
  assert(true, 'fine')
  check.throws(
    () => assert(0, 'zero is not true'),
    (error: unknown) => error instanceof AssertionError && error.message === 'zero is not true',
  )
  check.is(present(0, 'a number'), 0)
  check.throws(() => present(undefined, 'the leader'), /the leader must be there/)
  check.throws(() => unreachable('x' as never), /unreachable: "x"/)
})

rest('a code decides status and exit code', () => {
  const error = new ApiError('conflict', 'no', { cause: 'why' })
  check.equal([error.status, error.exit, error.message], [409, EXIT.no, 'no'])
  check.is(error.cause, 'why')
  check.is(new ApiError('disk-full', '').status, 503)
})

rest('a refusal of the state is told from any other result', () => {
  check.equal(refused('no'), { refused: 'no' })
  check.is(isRefused(refused('no')), true)
  for (const other of [undefined, null, false, 'refused', {}, []]) check.is(isRefused(other), false)
})

rest('ids are their numbers', () => {
  check.equal([term(1), logIndex(2), incarnation(3), requestId(4)], [1, 2, 3, 4])
})

rest('a UUID is of version 4, made of the bytes that were handed in', () => {
  const uuid = uuidOf(new Uint8Array(16).fill(0xff))
  check.is(uuid, 'ffffffff-ffff-4fff-bfff-ffffffffffff')
  check.is(uuidOf(new Uint8Array(20)), '00000000-0000-4000-8000-000000000000')
  check.is(isUuid(uuid), true)
  check.is(isUuid(uuid.toUpperCase()), true)
  for (const wrong of [
    '',
    `${uuid}0`,
    ` ${uuid}`,
    uuid.replace('f', 'g'),
    uuid.replaceAll('-', ''),
  ]) {
    check.is(isUuid(wrong), false)
  }
})

rest.run()
