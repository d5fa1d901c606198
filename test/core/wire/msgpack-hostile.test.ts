import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { AssertionError } from '../../../core/assert.ts'
import { concatBytes, EMPTY } from '../../../core/bytes.ts'
import { u64 as canonical } from '../../../core/u64.ts'
import {
  type AnyCodec,
  bool,
  byteString,
  bytes,
  type Codec,
  choice,
  decode,
  dictionary,
  encode,
  f64,
  type Infer,
  i64,
  int,
  list,
  literal,
  map,
  nilable,
  omitEmpty,
  optional,
  raw,
  str,
  u8,
  u16,
  u32,
  u64,
  uint,
} from '../../../core/wire/msgpack.ts'
import { partial, struct } from '../../../core/wire/msgpack-struct.ts'
import { time } from '../../../core/wire/msgpack-time.ts'
import type { Dialect } from '../../../core/wire/msgpack-write.ts'
import { fc } from '../../kit/property.ts'
import { codecOf, schemasOf } from './golden-codecs.ts'
import { unhex, type Vector, vectors } from './gossip-golden.ts'

const DIALECTS: readonly Dialect[] = ['v055', 'v2', 'v2time', 'v055ext', 'v2ext']

/** A struct with every kind of member. */
const everything = struct({
  flag: bool,
  small: u8,
  port: u16,
  seq: u32,
  index: uint,
  flags: u64,
  signed: int,
  wide: i64,
  ratio: f64,
  name: str,
  key: byteString,
  value: bytes,
  verb: choice('set', 'get', 'delete'),
  maybe: nilable(bytes),
  extra: omitEmpty(str),
  absent: optional(uint),
  tags: list(str),
  meta: dictionary(str),
  counts: map(u32, list(uint)),
  inner: struct({ A: uint, B: str }),
  at: time,
  opaque: raw,
})
type Everything = Infer<typeof everything>

const bytesOfAny = fc.uint8Array({ maxLength: 40 })
const text = fc.string({ unit: 'grapheme', maxLength: 40 })
const safe = fc.maxSafeNat()
const PLAIN = { noNullPrototype: true }

const anyEverything: fc.Arbitrary<Everything> = fc.record(
  {
    flag: fc.boolean(),
    small: fc.nat(0xff),
    port: fc.nat(0xffff),
    seq: fc.nat(0xffffffff),
    index: safe,
    flags: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(canonical),
    signed: fc.maxSafeInteger(),
    wide: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(exact),
    ratio: fc.double(),
    name: text,
    key: bytesOfAny.map((each) => String.fromCharCode(...each)),
    value: bytesOfAny,
    verb: fc.constantFrom('set', 'get', 'delete'),
    maybe: fc.option(bytesOfAny),
    extra: text,
    absent: fc.option(safe, { nil: undefined }),
    tags: fc.array(text, { maxLength: 20 }),
    meta: fc.dictionary(fc.oneof(text, fc.constantFrom('__proto__', '1', 'constructor')), text),
    counts: fc.array(fc.tuple(fc.nat(0xffffffff), fc.array(safe))).map((pairs) => new Map(pairs)),
    inner: fc.record({ A: safe, B: text }, PLAIN),
    at: fc.record(
      {
        seconds: fc.integer({ min: -(2 ** 40), max: 2 ** 40 }),
        nanos: fc.nat(999_999_999),
        zone: fc.constantFrom<'utc' | number>('utc', 7200, -12300, 1172, -1172),
      },
      PLAIN,
    ),
    opaque: text.map((each) => encode(str, each)),
  },
  PLAIN,
)

function exact(value: bigint): number | bigint {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

const round = suite('msgpack round trips')

round('every value survives the way there and back in every dialect', () => {
  fc.assert(
    fc.property(anyEverything, fc.constantFrom(...DIALECTS), (sent, dialect) => {
      const written = encode(everything, sent, dialect)
      const read = decode(everything, written)
      assert.ok(read.ok)
      if (!read.ok) return
      assert.is(read.used, written.length)
      const at = dialect === 'v2time' ? { ...sent.at, zone: 'utc' } : sent.at
      assert.equal(plain(read.value), plain({ ...sent, at }))
      assert.is(Object.getPrototypeOf(read.value.meta), Object.prototype)
    }),
    { numRuns: 400 },
  )
})

/** Dictionaries as sorted pairs: how they were filled does not count, and `__proto__` is seen. */
const plain = (value: object): object => ({
  ...value,
  meta: Object.entries((value as Everything).meta).sort(),
})

round('equal values have equal bytes, however their maps were filled', () => {
  const there = new Map([
    [1, [1]],
    [2, [2]],
    [10, [3]],
  ])
  const back = new Map([...there].reverse())
  const codec = map(u32, list(uint))
  assert.equal(encode(codec, there), encode(codec, back))
  assert.equal(
    encode(dictionary(str), { b: '1', a: '2', 9: '3' }),
    encode(dictionary(str), { 9: '3', a: '2', b: '1' }),
  )
})

round('unknown fields are skipped and missing ones are zero: schemas may grow', () => {
  const older = struct({ key: str, index: uint })
  const newer = struct({
    key: str,
    index: uint,
    notes: list(str),
    late: optional(struct({ x: u8 })),
  })
  const sent = { key: 'k', index: 7, notes: ['a', 'b'], late: { x: 1 } }
  assert.equal(readBack(older, encode(newer, sent)), { key: 'k', index: 7 })
  assert.equal(readBack(newer, encode(older, { key: 'k', index: 7 })), {
    key: 'k',
    index: 7,
    notes: [],
    late: undefined,
  })
})

round('a partial struct has the fields it was given, in the order of declaration', () => {
  const codec = partial({ z: uint, a: str, m: list(str) })
  const read = readBack(codec, encode(codec, { m: [], z: 0 }))
  assert.equal(read, { z: 0, m: [] })
  assert.equal(Object.keys(read), ['z', 'm'])
  assert.equal(readBack(codec, encode(codec, {})), {})
})

round('a literal never leaves and is always there', () => {
  const codec = struct({ type: literal('put'), key: str })
  const written = encode(codec, { type: 'put', key: 'k' })
  assert.equal(written, encode(struct({ key: str }), { key: 'k' }))
  assert.equal(readBack(codec, written), { type: 'put', key: 'k' })
  const other = struct({ type: str, key: str })
  const foreign = decode(codec, encode(other, { type: 'del', key: 'k' }))
  assert.equal(foreign.ok && foreign.value, { type: 'put', key: 'k' })
})

round('bytes that were decoded stay when the packet is reused', () => {
  const packet = encode(bytes, Uint8Array.of(1, 2, 3)).slice()
  const read = readBack(bytes, packet)
  packet.fill(0)
  assert.equal(read, Uint8Array.of(1, 2, 3))
})

round('messages written one after the other do not touch each other', () => {
  const written = Array.from({ length: 300 }, (_, i) => encode(str, 'x'.repeat(i * 3)))
  for (const [i, each] of written.entries()) assert.is(readBack(str, each), 'x'.repeat(i * 3))
})

round(
  'a value that does not fit its codec is our bug, and the next message is whole all the same',
  () => {
    const wrong: [Codec<number>, number][] = [
      [u8, 256],
      [u8, -1],
      [u8, 1.5],
      [u16, 65536],
      [u32, 2 ** 32],
      [uint, -1],
      [uint, 2 ** 53],
      [int, Number.NaN],
      [int, 2 ** 53],
    ]
    for (const [codec, value] of wrong)
      assert.throws(
        () => encode(list(codec), [1, value]),
        (error: unknown) => error instanceof AssertionError,
        String(value),
      )
    assert.throws(() => encode(u64, 2n ** 64n))
    assert.equal(encode(list(u8), [1, 2]), Uint8Array.of(0x92, 1, 2))
  },
)

function readBack<T>(codec: Codec<T>, written: Uint8Array): T {
  const read = decode(codec, written)
  if (!read.ok) throw new Error(read.fault.why)
  return read.value
}

round.run()

const hostile = suite('msgpack hostile bytes')
const schemas = schemasOf('msgpack-golden.ndjson')
const samples: readonly (readonly [string, AnyCodec, Uint8Array])[] = [
  ...vectors('msgpack-golden.ndjson')
    .filter(({ bytes: { length }, type }) => length <= 300 && type !== '[]any')
    .map((each: Vector) => [each.name, codecOf(each.type, schemas), each.bytes] as const),
  ...DIALECTS.map(
    (dialect) =>
      [
        dialect,
        everything,
        encode(
          everything,
          fc.sample(anyEverything, { numRuns: 1, seed: 5 })[0] as Everything,
          dialect,
        ),
      ] as const,
  ),
]

hostile('cut at any byte, every message is refused as short', () => {
  for (const [name, codec, whole] of samples) {
    for (let length = 0; length < whole.length; length++) {
      const read = decode(codec, whole.subarray(0, length))
      assert.is(read.ok, false, `${name} cut at ${length}`)
      if (!read.ok) assert.is(read.fault.short, true, `${name} cut at ${length}: ${read.fault.why}`)
    }
  }
})

hostile(
  'with any bit flipped it is refused or gives a value, and never reads beyond its end',
  () => {
    let [refused, accepted] = [0, 0]
    for (const [name, codec, whole] of samples) {
      for (let bit = 0; bit < 8 * whole.length; bit++) {
        const wrong = whole.slice()
        wrong[bit >> 3] = (wrong[bit >> 3] as number) ^ (1 << (bit & 7))
        const read = decode(codec, wrong)
        if (read.ok) assert.ok(read.used <= wrong.length, name)
        else assert.ok(read.fault.at <= wrong.length, name)
        if (read.ok) accepted++
        else refused++
      }
    }
    assert.ok(refused > 10_000, `${refused} refused`)
    assert.ok(accepted > 10_000, `${accepted} accepted`)
  },
)

hostile('random bytes never throw', () => {
  const codecs = fc.constantFrom<AnyCodec>(
    everything,
    list(everything),
    map(str, bytes),
    raw,
    time,
    dictionary(raw),
  )
  fc.assert(
    fc.property(codecs, fc.uint8Array({ maxLength: 200 }), (codec, noise) => {
      const read = decode(codec, noise)
      return read.ok ? read.used <= noise.length : read.fault.at <= noise.length
    }),
    { numRuns: 3000 },
  )
})

function heldBytes(): number {
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** Heads that promise four billion of something, before nothing. */
const PROMISES: readonly (readonly [string, AnyCodec, number])[] = [
  ['array', list(everything), 0xdd],
  ['bytes as an array', bytes, 0xdd],
  ['map', map(str, bytes), 0xdf],
  ['dictionary', dictionary(str), 0xdf],
  ['struct as a map', everything, 0xdf],
  ['struct as an array', everything, 0xdd],
  ['text', str, 0xdb],
  ['byte string', byteString, 0xdb],
  ['bytes', bytes, 0xc6],
  ['skipped array', raw, 0xdd],
  ['skipped map', raw, 0xdf],
  ['skipped extension', raw, 0xc9],
]

hostile('a promise of four billion elements costs no memory, and nobody waits for them', () => {
  const before = heldBytes()
  for (const [name, codec, tag] of PROMISES) {
    for (let round = 0; round < 200; round++) {
      const read = decode(codec, Uint8Array.of(tag, 0xff, 0xff, 0xff, 0xff, 0x01, 0x02))
      assert.is(read.ok, false, name)
    }
  }
  assert.ok(heldBytes() - before < 64 << 20)
})

hostile(
  'nesting a million deep is refused where it is typed, walked without a stack where skipped',
  () => {
    const deep = new Uint8Array(1_000_000).fill(0x91)
    deep[deep.length - 1] = 0xc0
    let nested: AnyCodec = u8
    for (let i = 0; i < 100; i++) nested = list(nested as Codec<unknown>) as unknown as AnyCodec
    const read = decode(nested, deep)
    assert.is(!read.ok && read.fault.why, 'values are nested deeper than allowed')
    const skipped = decode(struct({ a: u8 }), concatBytes([Uint8Array.of(0x81, 0xa1, 0x78), deep]))
    assert.equal(skipped, { ok: true, value: { a: 0 }, used: deep.length + 3 })
  },
)

hostile('each limit refuses what is one above it', () => {
  const limits = { bytesMax: 10, itemsMax: 3, depthMax: 2 }
  const at = (codec: AnyCodec, whole: Uint8Array) => decode(codec, whole, limits).ok
  assert.ok(at(str, encode(str, 'a'.repeat(10))))
  assert.not(at(str, encode(str, 'a'.repeat(11))))
  assert.ok(at(list(u8), encode(list(u8), [1, 2, 3])))
  assert.not(at(list(u8), encode(list(u8), [1, 2, 3, 4])))
  const two = list(list(u8))
  assert.ok(at(two, encode(two, [[1]])))
  const three = list(two)
  assert.not(at(three, encode(three, [[[1]]])))
})

hostile(
  'the smallest structs, as many as a megabyte holds, stay within a hundred times its size',
  () => {
    // An empty map; a map with an unknown field; an empty array; nil.
    for (const smallest of ['80', '81a0c0', '90', 'c0']) {
      const each = unhex(smallest)
      const count = Math.floor((1 << 20) / each.length) - 8
      const body = new Uint8Array(count * each.length)
      for (let i = 0; i < count; i++) body.set(each, i * each.length)
      const head = Uint8Array.of(0xdd, count >> 24, count >> 16, count >> 8, count)
      const before = heldBytes()
      const read = decode(list(everything), concatBytes([head, body]))
      assert.ok(read.ok || read.fault.why === 'there are more elements than allowed')
      assert.ok(heldBytes() - before < 100 << 20, smallest)
    }
  },
)

hostile('elements are counted over the whole message, not list by list', () => {
  const codec = list(list(u8))
  const sent = Array.from({ length: 4 }, () => [1, 2, 3])
  assert.ok(decode(codec, encode(codec, sent), { itemsMax: 16 }).ok)
  const read = decode(codec, encode(codec, sent), { itemsMax: 15 })
  assert.is(!read.ok && read.fault.why, 'there are more elements than allowed')
})

hostile('only timestamps are taken for times, of all extensions and lengths', () => {
  const second = { seconds: 1, nanos: 0, zone: 'utc' }
  const good = [
    'a400000001',
    'd6ff00000001',
    'd7ff0000000000000001',
    'c70cff000000000000000000000001',
  ]
  for (const text of good) {
    const read = decode(time, unhex(text))
    assert.equal(read.ok && read.value, second, text)
  }
  const bad = [
    'd60100000001', // another extension
    'c70cfe000000000000000000000001',
    'c70bff000000000000000000000001', // a length that no timestamp has
    'a500000000ff',
    'a8ffffffff00000000', // more nanoseconds than a second has
    'ac000000008000000000000000', // seconds beyond what a number holds
    `af03${'00'.repeat(14)}`, // a version of Go's that does not exist
    `af02${'00'.repeat(14)}`, // version 2 has 16 bytes
    `b001${'00'.repeat(15)}`,
    `af01${'00'.repeat(8)}ffffffffffff`, // negative nanoseconds
  ]
  for (const text of bad) {
    const read = decode(time, unhex(text))
    assert.is(!read.ok && read.fault.short, false, text)
    assert.is(read.ok, false, text)
  }
})

hostile(
  'words outside a choice, doubled fields and text that is no UTF-8 have a clear fault or meaning',
  () => {
    const verb = choice('set', 'get')
    const unknown = decode(verb, encode(str, 'drop'))
    assert.is(!unknown.ok && unknown.fault.why, 'a word that is none of those expected')
    assert.equal(decode(verb, Uint8Array.of(0xc0)), { ok: true, value: 'set', used: 1 })
    const invalid = decode(str, Uint8Array.of(0xa1, 0xff))
    assert.is(!invalid.ok && invalid.fault.why, 'text is not valid UTF-8')
    assert.equal(decode(byteString, Uint8Array.of(0xa1, 0xff)), {
      ok: true,
      value: '\xff',
      used: 2,
    })
    assert.equal(decode(bytes, EMPTY), {
      ok: false,
      fault: { at: 0, why: 'the bytes end before a value', short: true },
    })
  },
)

hostile.run()
