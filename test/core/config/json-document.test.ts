// JSON documents: the complaints of Go's decoder, places, and agreement with JSON.parse.

import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Node, positionOf } from '../../../core/config/document.ts'
import { parseJsonDocument } from '../../../core/config/json-document.ts'
import { fc } from '../../kit/property.ts'

const json = suite('JSON document')

const COMPLAINTS: readonly (readonly [text: string, why: string])[] = [
  ['{"data_dir":', 'unexpected end of JSON input'],
  ['{', 'unexpected end of JSON input'],
  ['{"a', 'unexpected end of JSON input'],
  ['{"a":tr', 'unexpected end of JSON input'],
  ['data_dir = "x"', "invalid character 'd' looking for beginning of value"],
  ['{a:1}', "invalid character 'a' looking for beginning of object key string"],
  ['{"a" 1}', "invalid character '1' after object key"],
  ['{"a":1 "b":2}', `invalid character '"' after object key:value pair`],
  ['{"a":[1 2]}', "invalid character '2' after array element"],
  ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
  ['{"a":01}', "invalid character '1' after object key:value pair"],
  ['{"a":-}', "invalid character '}' in numeric literal"],
  ['{"a":trve}', "invalid character 'v' in literal true (expecting 'u')"],
  ['{"a":"\\q"}', "invalid character 'q' in string escape code"],
  ['{"a":"\\u12x4"}', "invalid character 'x' in \\u hexadecimal character escape"],
  ['{"a":"\n"}', "invalid character '\\n' in string literal"],
  ['{"a":"\u0001"}', "invalid character '\\x01' in string literal"],
  ["{'a':1}", "invalid character '\\'' looking for beginning of object key string"],
  ['{} x', "invalid character 'x' after top-level value"],
  ['[1]', 'json: cannot unmarshal array into Go value of type map[string]interface {}'],
  ['"x"', 'json: cannot unmarshal string into Go value of type map[string]interface {}'],
  ['{"a":1e999}', 'json: cannot unmarshal number 1e999 into Go value of type float64'],
]

json('complains as Go does', () => {
  for (const [text, why] of COMPLAINTS) {
    const parsed = parseJsonDocument(text)
    assert.is(parsed.ok ? 'accepted' : parsed.consul, why, text)
  }
})

json('keeps the place of every name and value', () => {
  const text = '{\n  "ports": {"http": 1}\n}'
  const parsed = parseJsonDocument(text)
  if (!parsed.ok) return assert.unreachable(parsed.what)
  const ports = parsed.root.fields[0]
  assert.equal(positionOf(text, ports?.at ?? -1), { line: 2, column: 3 })
  assert.equal(positionOf(text, ports?.value.at ?? -1), { line: 2, column: 12 })
})

json('takes null for nothing and the last of two equal names', () => {
  assert.equal(plainOf(mustParse('null')), {})
  assert.equal(plainOf(mustParse('{"a":1,"b":2,"a":3}')), { a: 3, b: 2 })
})

json('refuses what is nested too deep', () => {
  assert.is(parseJsonDocument(`{"a":${'['.repeat(10_000)}${']'.repeat(10_000)}}`).ok, false)
  assert.is(parseJsonDocument('{"a":'.repeat(10_000)).ok, false)
})

function mustParse(text: string): Node {
  const parsed = parseJsonDocument(text)
  if (!parsed.ok) throw new Error(`${parsed.consul}: ${text}`)
  return parsed.root
}

function plainOf(node: Node): unknown {
  if (node.type === 'null') return null
  if (node.type === 'list') return node.items.map(plainOf)
  if (node.type !== 'object') return node.value
  return Object.fromEntries(node.fields.map((field) => [field.name, plainOf(field.value)]))
}

const value = fc.jsonValue({ maxDepth: 4, noUnicodeString: false })

json('reads what JSON.parse reads', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), value), fc.nat(3), (object, indent) => {
      const text = JSON.stringify(object, undefined, indent)
      assert.equal(plainOf(mustParse(text)), JSON.parse(text))
    }),
  )
})

json('refuses a text cut anywhere, and never throws on a slip', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), value), fc.nat(), fc.string(), (object, at, piece) => {
      const text = JSON.stringify(object)
      const where = at % text.length
      assert.is(parseJsonDocument(text.slice(0, where)).ok, false)
      const changed = text.slice(0, where) + piece + text.slice(where + 1)
      assert.is(parseJsonDocument(changed).ok, isObject(changed), changed)
    }),
  )
})

/** Go refuses a number that is too large for a double; JSON.parse takes it for infinity. */
const finite = (_: string, value: unknown): unknown => {
  if (value === Infinity || value === -Infinity) throw new RangeError('too large')
  return value
}

function isObject(text: string): boolean {
  try {
    const parsed: unknown = JSON.parse(text.startsWith('\ufeff') ? text.slice(1) : text, finite)
    return parsed === null || (typeof parsed === 'object' && !Array.isArray(parsed))
  } catch {
    return false
  }
}

json.run()
