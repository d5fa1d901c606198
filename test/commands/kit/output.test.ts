// What decides about colours, and how tables are laid out.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { decodeJson } from '../../../commands/kit/json.ts'
import { columns, jsonText, labelled, tabbed, wantsColor } from '../../../commands/kit/output.ts'
import { countEdits, suggest } from '../../../commands/kit/suggest.ts'

const output = suite('output')

output('flag, NO_COLOR, FORCE_COLOR, CLICOLOR and the terminal decide in this order', () => {
  type Case = [Record<string, string>, boolean | undefined, boolean, boolean]
  const cases: Case[] = [
    [{}, undefined, true, true],
    [{}, undefined, false, false],
    [{ NO_COLOR: '1' }, undefined, true, false],
    [{ NO_COLOR: '' }, undefined, true, true],
    [{ NO_COLOR: '1', FORCE_COLOR: '1' }, undefined, true, false],
    [{ NO_COLOR: '1' }, true, false, true],
    [{ FORCE_COLOR: '1' }, undefined, false, true],
    [{ FORCE_COLOR: '0' }, undefined, true, false],
    [{ FORCE_COLOR: '1' }, false, true, false],
    [{ CLICOLOR_FORCE: '1' }, undefined, false, true],
    [{ CLICOLOR: '0' }, undefined, true, false],
    [{ CLICOLOR: '1' }, undefined, false, false],
    [{ TERM: 'dumb' }, undefined, true, false],
  ]
  for (const [env, color, terminal, expected] of cases) {
    const wish = { profile: 'lictor', env, color, terminal } as const
    assert.is(wantsColor(wish), expected, JSON.stringify([env, color, terminal]))
    assert.is(wantsColor({ ...wish, profile: 'consul' }), false, 'consul never has colours')
  }
})

output('columns are two spaces apart, with nothing behind the last', () => {
  const rows = [
    ['Node', 'Address', 'X'],
    ['a', '10.0.0.1:8301', ''],
    ['ünïcode', 'b', 'c'],
  ]
  const lines = [
    'Node     Address        X',
    'a        10.0.0.1:8301',
    'ünïcode  b              c',
    '',
  ]
  assert.is(columns(rows), lines.join('\n'))
  assert.is(tabbed(rows), 'a\t10.0.0.1:8301\t\nünïcode\tb\tc\n')
})

output('labels have a column of their own', () => {
  assert.is(
    labelled(
      [
        ['Key', 'a'],
        ['Session', ''],
      ],
      2,
    ),
    'Key      a\nSession',
  )
})

output('JSON is one line in a pipe, and numbers are exact in it', () => {
  const value = { a: 18446744073709551615n, b: [1] }
  assert.is(jsonText(value, { terminal: false }), '{"a":18446744073709551615,"b":[1]}\n')
  assert.is(jsonText(null, { terminal: false }), 'null\n')
  assert.match(jsonText(value, { terminal: true }), /^\{\n {2}"a": 18446744073709551615,\n/)
})

output('JSON is read exactly, whole, and complained about as Go does', () => {
  const cases: [string, unknown][] = [
    ['{"a":18446744073709551615}', { a: 18446744073709551615n }],
    ['[9007199254740991, 1.5]', [9007199254740991, 1.5]],
    ['{"__proto__":1}', JSON.parse('{"__proto__":1}')],
  ]
  for (const [text, value] of cases) assert.equal(decodeJson(text), { ok: true, value })
  const complaints: [string, string][] = [
    ['[{"key":', 'unexpected end of JSON input'],
    ['', 'unexpected end of JSON input'],
    ['x', "invalid character 'x' looking for beginning of value"],
    ['[] []', 'invalid character after top-level value'],
  ]
  for (const [text, why] of complaints) assert.equal(decodeJson(text), { ok: false, why }, text)
})

output('a word within two edits is suggested, nearest first', () => {
  assert.is(countEdits('kitten', 'sitting'), 3)
  assert.is(countEdits('ab', 'ba'), 1)
  assert.equal(suggest('wacth', ['watch', 'wait', 'validate']), ['watch', 'wait'])
  assert.equal(suggest('gte', ['get', 'put']), ['get'])
  assert.equal(suggest('x', ['ps', 'kv']), [])
})

output.run()
