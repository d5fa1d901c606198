// What a domain declares its endpoints with: JSON in and out, decoders with Go's habits, queries.

import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { utf8 } from '../../../core/bytes.ts'
import { ApiError } from '../../../core/errors.ts'
import {
  binary,
  type Decoder,
  durationNs,
  flag,
  integer,
  jsonBody,
  list,
  mapOf,
  nullable,
  struct,
  text,
  unsigned,
} from '../../../core/route/decode.ts'
import { encodeJson, JSON_DEPTH_MAX, parseJson, plain } from '../../../core/route/json.ts'
import { parseQuery, QUERY_NAMES_MAX, unescapePercent } from '../../../core/route/query.ts'
import { local, noBody, rawBody, read, write } from '../../../core/route/route.ts'
import { fc } from '../../kit/property.ts'

const json = suite('route/json')

/** The plain value of a text that must parse. */
function parsed(source: string): unknown {
  const result = parseJson(source)
  if (!result.ok) throw new Error(`${source}: ${result.why}`)
  return plain(result.value)
}

json('what is written is read back as the same, by us and by JSON.parse', () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: 'binary' }), fc.constantFrom(0, 4), (value, indent) => {
      const written = encodeJson(value, indent)
      const expected = JSON.parse(JSON.stringify(value)) as unknown
      assert.equal(JSON.parse(written), expected)
      assert.equal(JSON.parse(encodeJson(parsed(written))), expected)
    }),
    { numRuns: 200 },
  )
})

json('whatever JSON.parse refuses is refused, but for what follows the first value', () => {
  const pieces = [
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"',
    '"a"',
    '1',
    '-',
    '.',
    'e',
    'true',
    'nul',
    ' ',
    '\\u00',
    'ü',
  ]
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 8 }), (parts) => {
      const source = parts.join('')
      const ours = parseJson(source)
      if (accepts(source)) assert.equal(parsed(source), JSON.parse(source), source)
      else if (ours.ok) assert.ok(prefixes(source).some(accepts), source)
    }),
    { numRuns: 1500 },
  )
})

function accepts(source: string): boolean {
  try {
    JSON.parse(source)
    return true
  } catch (error) {
    if (error instanceof SyntaxError) return false
    throw error
  }
}

const prefixes = (source: string) => Array.from(source, (_, i) => source.slice(0, i))

json('a body cut anywhere is an unexpected end', () => {
  const whole = '{"a":[1.5e3,"\\u00e4\\n",true,null,{"b":{}}]}'
  assert.is(parseJson(whole).ok, true)
  for (let i = 1; i < whole.length; i++) {
    assert.equal(parseJson(whole.slice(0, i)), { ok: false, why: 'unexpected EOF' })
  }
})

json('nesting is bounded, for arrays and objects', () => {
  for (const [open, close] of [
    ['[', ']'],
    ['{"a":', '}'],
  ] as const) {
    const nested = (depth: number) => `${open.repeat(depth)}1${close.repeat(depth)}`
    assert.ok(encodeJson(parsed(nested(JSON_DEPTH_MAX))) === nested(JSON_DEPTH_MAX))
    for (const depth of [JSON_DEPTH_MAX + 1, 1_000_000]) {
      assert.equal(parseJson(nested(depth)), { ok: false, why: 'exceeded max depth' })
    }
  }
})

json('numbers keep every digit up to 64 bits', () => {
  for (const digits of ['18446744073709551615', '9007199254740993', '0', '4503599627370497']) {
    assert.is(encodeJson(parsed(digits)), digits)
  }
  assert.is(parsed('-12.5e+1'), -125)
})

json('bigints are printed as digits, and all else as without them', () => {
  const big = 2n ** 64n - 1n
  const value = {
    a: [big, {}, [], null, undefined, '\u{f0001}1'],
    '\u{f0001}2': '<',
    skipped: undefined,
    b: { c: big },
  }
  const small = { ...value, a: [1, ...value.a.slice(1)], b: { c: 1 } }
  for (const indent of [0, 4]) {
    const written = encodeJson(value, indent)
    assert.is(written.replaceAll(String(big), '1'), encodeJson(small, indent))
  }
  assert.is(encodeJson(big), '18446744073709551615')
})

json('a value that JSON cannot hold is a bug of the caller', () => {
  const ring: unknown[] = []
  ring.push(ring)
  assert.throws(
    () =>
      encodeJson({
        toJSON: () => {
          throw new RangeError('mine')
        },
      }),
    /mine/,
  )
})

json.run()

const decoders = suite('route/decode')

function decoded<T>(decoder: Decoder<T>, body: string): T | string {
  try {
    return jsonBody('bad', decoder)(utf8(body))
  } catch (error) {
    if (error instanceof ApiError && error.status === 400) return error.message
    throw error
  }
}

const into = (what: string, type: string) =>
  `bad: json: cannot unmarshal ${what} into Go value of type ${type}`

const sample = struct({ Name: text, Count: integer, Tags: list(text), Extra: nullable(text) })

const CASES: readonly [string, Decoder<unknown>, string, unknown][] = [
  ['text', text, '"x"', 'x'],
  ['text', text, 'null', ''],
  ['text', text, '5', into('number', 'string')],
  ['text', text, '{}', into('object', 'string')],
  ['flag', flag, 'true', true],
  ['flag', flag, 'null', false],
  ['flag', flag, '"true"', into('string', 'bool')],
  ['flag', flag, '1', into('number', 'bool')],
  ['integer', integer, '-5', -5],
  ['integer', integer, 'null', 0],
  ['integer', integer, '1.5', into('number 1.5', 'int')],
  ['integer', integer, '1e2', into('number 1e2', 'int')],
  ['integer', integer, '"1"', into('string', 'int')],
  ['integer', integer, '9223372036854775808', into('number 9223372036854775808', 'int')],
  ['integer', integer, '-9007199254740991', -(2 ** 53) + 1],
  ['integer', integer, '-0', 0],
  ['integer beyond 2^53', integer, '9007199254740993', into('number 9007199254740993', 'int')],
  ['unsigned', unsigned, '18446744073709551615', 2n ** 64n - 1n],
  ['unsigned', unsigned, 'null', 0],
  ['unsigned', unsigned, '-1', into('number -1', 'uint64')],
  ['unsigned', unsigned, '18446744073709551616', into('number 18446744073709551616', 'uint64')],
  ['unsigned', unsigned, '"1"', into('string', 'uint64')],
  ['binary', binary, '"eA=="', utf8('x')],
  ['binary', binary, 'null', utf8('')],
  ['binary', binary, '"not base64!"', 'bad: illegal base64 data at input byte 3'],
  ['binary', binary, '5', into('number', '[]uint8')],
  ['durationNs', durationNs, '"1.5s"', 1.5e9],
  ['durationNs', durationNs, '1000', 1000],
  ['durationNs', durationNs, '""', 'bad: time: invalid duration ""'],
  ['durationNs', durationNs, 'null', 0],
  ['durationNs', durationNs, '"soon"', 'bad: time: invalid duration "soon"'],
  ['durationNs', durationNs, 'true', 0],
  ['list', list(text), '["a",null]', ['a', '']],
  ['list', list(text), 'null', []],
  ['list', list(text), '{}', into('object', 'slice')],
  ['list', list(text), '[1]', into('number', 'string')],
  ['mapOf', mapOf(integer), '{"a":1,"b":2,"a":3}', { a: 3, b: 2 }],
  ['mapOf', mapOf(integer), 'null', {}],
  ['mapOf', mapOf(integer), '[]', into('array', 'map')],
  ['nullable', nullable(text), 'null', null],
  ['nullable', nullable(text), '"x"', 'x'],
  ['struct', sample, '{}', {}],
  ['struct', sample, 'null', {}],
  [
    'struct',
    sample,
    '{"Name":"a","Count":1,"Tags":["t"],"Extra":null}',
    { Name: 'a', Count: 1, Tags: ['t'], Extra: null },
  ],
  ['struct, names without case', sample, '{"NAME":"a","count":2}', { Name: 'a', Count: 2 }],
  ['struct, the last of a name', sample, '{"Name":"a","name":"b"}', { Name: 'b' }],
  ['struct', sample, '{"Bogus":1}', 'bad: json: unknown field "Bogus"'],
  ['struct', sample, '{"a\\"b":1}', 'bad: json: unknown field "a\\"b"'],
  ['struct', sample, '{"constructor":1}', 'bad: json: unknown field "constructor"'],
  ['struct', sample, '[]', into('array', 'struct')],
  ['struct', sample, '{', 'bad: unexpected EOF'],
  ['struct', sample, '', 'bad: EOF'],
]

for (const [name, decoder, body, expected] of CASES) {
  decoders(`${name}: ${body}`, () => {
    assert.equal(decoded(decoder, body), expected)
  })
}

decoders('a lenient struct passes over what it does not know; aliases are other spellings', () => {
  const lenient = struct({ Args: list(text) }, { lenient: true, aliases: { scriptargs: 'Args' } })
  assert.equal(decoded(lenient, '{"ScriptArgs":["a"],"Other":{"x":[1]}}'), { Args: ['a'] })
})

decoders('what is no complaint of a decoder goes on up', () => {
  const broken = () => {
    throw new RangeError('ours')
  }
  assert.throws(() => jsonBody('bad', broken)(utf8('{}')), /ours/)
})

decoders.run()

const queries = suite('route/query')

queries('the first of several values counts, and a bare name is there', () => {
  const query = parseQuery('a=1&a=2&recurse&empty=&plus=a+b%2B')
  assert.is(query?.get('a'), '1')
  assert.equal(query?.all('a'), ['1', '2'])
  assert.is(query?.has('recurse'), true)
  assert.is(query?.get('recurse'), '')
  assert.is(query?.get('plus'), 'a b+')
  assert.is(query?.get('none'), undefined)
  assert.equal(query?.all('none'), [])
  assert.is(query?.has('toString'), false)
})

queries('more names than the bound are refused, more values of one name are not', () => {
  const names = (count: number) => Array.from({ length: count }, (_, i) => `n${i}`).join('&')
  assert.ok(parseQuery(names(QUERY_NAMES_MAX)))
  assert.is(parseQuery(names(QUERY_NAMES_MAX + 1)), undefined)
  assert.is(parseQuery('a&'.repeat(5000))?.all('a').length, 5000)
})

queries('what URLSearchParams writes is read as it was, and written in sorted order', () => {
  const pair = fc.tuple(fc.string({ unit: 'binary', minLength: 1 }), fc.string({ unit: 'binary' }))
  fc.assert(
    fc.property(
      fc.uniqueArray(pair, { maxLength: 6, selector: ([name]) => name.toWellFormed() }),
      (pairs) => {
        const query = parseQuery(new URLSearchParams(pairs).toString())
        for (const [name, value] of pairs) {
          assert.is(query?.get(name.toWellFormed()), value.toWellFormed())
        }
        const again = parseQuery(query?.sorted() ?? ';')
        assert.is(again?.sorted(), query?.sorted())
      },
    ),
  )
})

queries('percent sequences become bytes, whether or not these are a text', () => {
  assert.is(unescapePercent('a%2Fb'), 'a/b')
  assert.is(unescapePercent('%ff%00'), '\xff\0')
  assert.is(unescapePercent('%C3%BC'), '\xc3\xbc')
  assert.is(unescapePercent('ü%20'), '\xc3\xbc ')
  assert.is(unescapePercent('ü'), '\xc3\xbc')
  for (const wrong of ['%', '%a', '%zz', 'a%2', '%%41'])
    assert.is(unescapePercent(wrong), undefined)
})

queries.run()

const routes = suite('route/route')

routes('a constructor says which kind of route it is', () => {
  const declared = { path: 'GET /v1/x', about: 'x', acl: 'none' } as const
  assert.is(
    read({ ...declared, meta: 'none', blocking: false, run: () => ({ index: 1, value: 1 }) }).kind,
    'read',
  )
  assert.is(local({ ...declared, body: noBody, run: () => ({}) }).kind, 'local')
  const written = write({
    ...declared,
    body: rawBody,
    intent: () => ({ say: {} }),
    reply: () => ({}),
  })
  assert.is(written.kind, 'write')
  assert.equal(written.body(utf8('x')), utf8('x'))
  assert.is(noBody(), undefined)
})

routes.run()
