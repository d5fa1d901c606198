import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { equalBytes, hex, utf8 } from '../../../core/bytes.ts'
import {
  bool,
  byteString,
  bytes,
  decode,
  encode,
  f64,
  i64,
  list,
  map,
  nilable,
  raw,
  str,
  u64,
} from '../../../core/wire/msgpack.ts'
import type { Dialect } from '../../../core/wire/msgpack-write.ts'
import { codecOf, fromJson, isUtf8Text, type Opaque, schemasOf, timeOf } from './golden-codecs.ts'
import { linesOf, unhex, type Vector, vectors } from './gossip-golden.ts'

const golden = suite('msgpack golden vectors')
const FILE = 'msgpack-golden.ndjson'
const schemas = schemasOf(FILE)
const all = vectors(FILE)

/** The dialects that we speak, and the settings of the Go programs that wrote so. */
const SPOKEN: readonly [Dialect, string][] = [
  ['v055', 'v055'],
  ['v055', 'netrpc'],
  ['v2', 'v2'],
  ['v2time', 'v2time'],
  ['v055ext', 'v055ext'],
  ['v2ext', 'v2ext'],
]

const dialectsOf = ({ codecs }: Vector): Dialect[] =>
  SPOKEN.filter(([, setting]) => codecs.includes(setting)).map(([dialect]) => dialect)

/** Values that the bytes do not tell, so that what is decoded differs from what was encoded. */
const LOST: Readonly<Record<string, string>> = {
  'bytes/nil': 'the older codec writes a nil message as an empty one',
  'array/nil': 'as bytes/nil',
  'map/nil': 'as bytes/nil',
  'struct/omitEmptySlices': 'empty slices are left out, and come back as nil',
}

const codecFor = ({ type, value }: Vector): Opaque =>
  type === 'str' && !isUtf8Text(value) ? (byteString as Opaque) : codecOf(type, schemas)

/** Go prints a zone without its seconds; this one has 32. */
function valueFor({ name, type, value }: Vector): unknown {
  if (!name.endsWith('/zoneSeconds')) return fromJson(type, value, schemas)
  const text = (type === 'time' ? value : value['At']) as unknown as string
  const { seconds, nanos, zone } = timeOf(text)
  const at = { seconds: seconds - 32, nanos, zone: Number(zone) + 32 }
  return type === 'time' ? at : { At: at }
}

golden('every vector is encoded to the bytes that Go writes', () => {
  let count = 0
  for (const vector of all.filter(({ type }) => type !== '[]any')) {
    for (const dialect of dialectsOf(vector)) {
      const written = encode(codecFor(vector), valueFor(vector), dialect)
      if (!equalBytes(written, vector.bytes))
        assert.is(
          hex(written).slice(0, 80),
          hex(vector.bytes).slice(0, 80),
          `${vector.name} in ${dialect}`,
        )
      count++
    }
  }
  assert.ok(count > 1400, String(count))
})

golden('every vector is decoded to its value, and no byte is left', () => {
  for (const vector of all.filter(({ type }) => type !== '[]any')) {
    const read = decode(codecFor(vector), vector.bytes)
    assert.ok(read.ok, vector.name)
    if (!read.ok) continue
    assert.is(read.used, vector.bytes.length, vector.name)
    if (vector.name in LOST) continue
    const builtin = vector.type.includes('time') && dialectsOf(vector).includes('v2time')
    const [found, expected] = [read.value, valueFor(vector)].map(builtin ? inUtc : (value) => value)
    assert.ok(Object.is(found, expected) || typeof found === 'object', vector.name)
    assert.equal(found, expected, vector.name)
  }
})

/** msgpack's own timestamps do not tell the zone. */
const inUtc = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value).replace(/"zone":[^,}]+/, '"zone":"utc"'))

golden('a list of values of any type is read as their bytes, each in its own codec', () => {
  for (const { bytes: whole } of all.filter(({ type }) => type === '[]any')) {
    const read = decode(list(raw), whole)
    assert.ok(read.ok)
    if (!read.ok) continue
    const each = [nilable(bool), bool, u64, i64, str, bytes, f64] as unknown as Opaque[]
    const values = each.map((codec, i) => decode(codec, read.value[i] ?? unhex('')))
    assert.equal(
      values.map((one) => one.ok && one.value),
      [null, true, 1, -1, 's', utf8('b'), 1.5],
    )
    assert.equal(encode(list(raw), read.value), whole)
  }
})

golden('large maps have the heads that Go writes', () => {
  for (const line of linesOf(FILE).filter((each) => 'hexPrefix' in each)) {
    const size = Number(String(line['name']).slice('map/header'.length))
    const entries = new Map(Array.from({ length: size }, (_, i) => [`k${i}`, '']))
    const prefix = unhex(line['hexPrefix'] as string)
    assert.equal(encode(map(str, str), entries).subarray(0, prefix.length), prefix)
  }
})

golden.run()

const accept = suite('msgpack accepted encodings')
const ACCEPT = 'accept-golden.ndjson'
const acceptSchemas = schemasOf(ACCEPT)

interface Verdict {
  readonly value?: unknown
  readonly used?: number
  readonly error?: string
}

interface Case {
  readonly name: string
  readonly type: string
  readonly hex: string
  readonly v055: Verdict
  readonly v2: Verdict
}

const cases = linesOf(ACCEPT).filter((line) => 'hex' in line) as unknown as Case[]

/** Where the two generations of Go differ we are as generous as the more generous one. */
const GENERATIONS_DIFFER: Readonly<Record<string, string>> = {
  'accept/node/bin8': 'the newer one takes bin for text',
  'accept/key/bin8': 'the newer one takes bin for a field name',
  'accept/log/timeBuiltin4': 'the newer one knows timestamps',
  'accept/log/timeBuiltin8': 'as timeBuiltin4',
  'accept/log/timeBuiltin12': 'as timeBuiltin4',
  'accept/log/timeExt': 'as timeBuiltin4',
  'accept/log/timeBin8': 'the older one takes bin for a time, and its extended dialect writes so',
  'accept/log/extensionsEmpty': 'the newer one keeps empty bytes apart from nil',
}

accept('every unusual encoding is refused or accepted as by Go', () => {
  assert.is(cases.length, 56)
  for (const { name, type, hex: text, v055, v2 } of cases) {
    const expected = v2.error === undefined ? v2 : v055
    const read = decode(codecOf(type, acceptSchemas), unhex(text))
    assert.is(read.ok, expected.error === undefined, name)
    if (!read.ok) continue
    assert.is(read.used, expected.used, name)
    assert.equal(read.value, fromJson(type, expected.value, acceptSchemas), name)
  }
})

accept('the generations of Go differ in the named cases and in no other', () => {
  const verdict = ({ value, used, error }: Verdict) =>
    JSON.stringify([value, used, error === undefined])
  const differing = cases.filter(({ v055, v2 }) => verdict(v055) !== verdict(v2))
  assert.equal(differing.map(({ name }) => name).sort(), Object.keys(GENERATIONS_DIFFER).sort())
})

accept.run()
