// Our HCL against the parser of HashiCorp's Go library (compiled to JavaScript): the same document,
// or both refuse.
import { createRequire } from 'node:module'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Node, positionOf } from '../../../core/config/document.ts'
import { parseHclDocument } from '../../../core/config/hcl.ts'
import { fc } from '../../kit/property.ts'
import { ACCEPTED, REFUSED } from './hcl-corpus.ts'

const hcl = suite('HCL')

const require = createRequire(import.meta.url)
// The package has no types and is CommonJS.
const oracle = require('js-hcl-parser') as { parse(text: string): string }

const REFUSAL = 'refused'

function asOracle(text: string): unknown {
  try {
    return sorted(JSON.parse(oracle.parse(text)))
  } catch {
    return REFUSAL // it gives its complaint as if it were the document
  }
}

function asOurs(text: string): unknown {
  const parsed = parseHclDocument(text)
  return parsed.ok ? sorted(plainOf(parsed.root)) : REFUSAL
}

/** With every list as it is: the wrapping of blocks must agree, too. */
function plainOf(node: Node): unknown {
  if (node.type === 'list') return node.items.map(plainOf)
  if (node.type === 'null') return null
  if (node.type !== 'object') return node.value
  return Object.fromEntries(node.fields.map((field) => [field.name, plainOf(field.value)]))
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([name, inner]): [string, unknown] => [
    name,
    sorted(inner),
  ])
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
}

const same = (text: string) =>
  assert.equal(asOurs(text), asOracle(text), `differs on ${JSON.stringify(text)}`)

hcl('gives the same document as the Go library, or refuses with it', () => {
  for (const text of ACCEPTED) {
    assert.is.not(asOurs(text), REFUSAL, `refused: ${JSON.stringify(text)}`)
    same(text)
  }
  for (const text of REFUSED) {
    assert.is(asOurs(text), REFUSAL, `accepted: ${JSON.stringify(text)}`)
    same(text)
  }
})

// The Go library drops such a setting in silence. A file cut off in the middle must not start.
hcl('refuses a text that ends where a value should stand', () => {
  assert.is(asOurs('a = 1\nb ='), REFUSAL)
  assert.is(asOurs('a {b=}}'), REFUSAL)
  assert.equal(asOracle('a = 1\nb ='), { a: 1 })
})

const COMPLAINTS: readonly (readonly [text: string, consul: string, what: string])[] = [
  ['a = b', 'At 1:5: Unknown token: 1:5 IDENT b', 'expected a value, not "b"; texts need quotes'],
  [
    'a = 1\n} ',
    'At 2:1: expected: IDENT | STRING | ASSIGN | LBRACE got: RBRACE',
    'expected a name, not "}"',
  ],
  [
    'a b = 1',
    'At 1:5: nested object expected: LBRACE got: ASSIGN',
    'several names before "=": a b',
  ],
  [
    'a = [1 2]',
    'At 1:8: error parsing list, expected comma or list end, got: NUMBER',
    'expected "," or "]" in a list, not "2"',
  ],
  [
    'a = "\\q"',
    'At 1:7: illegal char escape',
    'an unknown escape; a backslash itself is written twice',
  ],
  [
    'x {\n  y\n}',
    "At 3:1: key 'y' expected start of object ('{') or assignment ('=')",
    'neither "=" nor a block after y',
  ],
  ['a = ?', 'At 1:5: illegal char', 'a character that means nothing here: "?"'],
]

hcl('says what is wrong and where, as Consul and in our words', () => {
  for (const [text, consul, what] of COMPLAINTS) {
    const parsed = parseHclDocument(text)
    if (parsed.ok) return assert.unreachable(`accepted: ${text}`)
    assert.is(parsed.what, what)
    assert.is(parsed.consul, consul)
    assert.is(oracle.parse(text), `unable to parse JSON: ${consul}`)
    const { line, column } = positionOf(text, parsed.at)
    assert.is(parsed.consul.startsWith(`At ${line}:${column}: `), true)
  }
})

hcl('names a value that is missing in a block, one column late as Consul does', () => {
  const text = 'a { b = '
  const parsed = parseHclDocument(text)
  if (parsed.ok) return assert.unreachable('accepted')
  assert.is(parsed.consul, 'At 1:10: object expected closing RBRACE got: EOF')
  assert.is(oracle.parse(text), `unable to parse JSON: ${parsed.consul}`)
  assert.is(parsed.what, 'a value is missing after "=", and the end of its block')
  assert.is(parsed.at, text.length)
})

hcl('keeps the place of every name and value', () => {
  const text = '# über\nports {\n  http = 1\n}\n'
  const parsed = parseHclDocument(text)
  if (!parsed.ok) return assert.unreachable(parsed.what)
  const ports = parsed.root.fields[0]?.value
  const block = ports?.type === 'list' ? ports.items[0] : undefined
  const http = block?.type === 'object' ? block.fields[0] : undefined
  assert.equal(positionOf(text, parsed.root.fields[0]?.at ?? -1), { line: 2, column: 1 })
  assert.equal(positionOf(text, http?.at ?? -1), { line: 3, column: 3 })
  assert.equal(positionOf(text, http?.value.at ?? -1), { line: 3, column: 10 })
})

const JSON_FLAVOUR = [
  '{"a":{"b":1}}',
  '  {"a":{"b":{"c":1}}}',
  '{"a":[1,2]}',
  '{"a":[{"b":1},{"c":1}]}',
  '{"a":true,"a":false}',
  '{"a":{}}',
  '{"a":[1,{"b":1}]}',
  '{"a":{"b":{"c":1},"d":2}}',
  '{"a":[{"b":{"c":1}},{"b":{"d":1}}]}',
  '{"a":{"b":[1,2]}}',
]

hcl('reads a text that begins with a brace as JSON whose objects are blocks', () =>
  JSON_FLAVOUR.forEach(same),
)

hcl('refuses what is nested too deep, in either bracket, without using up the stack', () => {
  for (const [open, close] of [
    ['a {', '}'],
    ['a = [', ']'],
    ['[', ']'],
  ] as const) {
    const text = `${open === '[' ? 'a = ' : ''}${open.repeat(10_000)}${close.repeat(10_000)}`
    const parsed = parseHclDocument(open === 'a = [' ? text.replaceAll('[a = [', '[[') : text)
    assert.is(parsed.ok, false)
  }
  assert.is(parseHclDocument(`a = "\${${'{'.repeat(10_000)}${'}'.repeat(10_000)}}"`).ok, true)
})

hcl('a megabyte of anything is read to its end, or refused', () => {
  const whole = ['a {}\n', '1,', '"x" ', '# ']
  const some = [
    '{',
    '[',
    '/*',
    '\\',
    '${',
    'é',
    'a',
    '"',
    '<<',
    'a=1\n',
    'a "b" {}\n',
    'a=<<E\nx\n',
  ]
  for (const piece of [...whole, ...some]) {
    const text = piece.repeat((whole.includes(piece) ? 1 << 20 : 1 << 15) / piece.length + 1)
    const answer = parseHclDocument(piece === '1,' ? `a = [${text}` : text)
    assert.type(answer.ok, 'boolean', JSON.stringify(piece))
  }
})

// biome-ignore lint/suspicious/noTemplateCurlyInString: an interpolation of HCL
const word = fc.constantFrom('a', 'b', 'node', 'x-1', 'true', '"s"', '"a b"', '"${f("x")}"', 'é')
const scalar = fc.constantFrom(
  '1',
  '0x1f',
  '-7',
  '1.5',
  '1e3',
  'true',
  '"t"',
  '"a\\nb"',
  '<<E\n x\nE\n',
  '<<-E\n  x\n  E\n',
  '""',
  'foo',
  '08',
)
const space = fc.constantFrom(' ', '\n', ' # c\n', ' /* c */ ', '')

/** Texts that are mostly HCL, made of its own pieces. */
const { body } = fc.letrec<{ body: string; item: string; value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    scalar,
    fc
      .tuple(fc.array(tie('value'), { maxLength: 3 }), fc.constantFrom(',', ' , ', ''))
      .map(([items, comma]) => `[${items.join(comma)}]`),
    tie('body').map((inner) => `{${inner}}`),
  ),
  item: fc
    .tuple(
      fc.array(word, { minLength: 1, maxLength: 2 }),
      space,
      fc.constantFrom('=', '=', ''),
      tie('value'),
    )
    .map(([keys, gap, sign, value]) => `${keys.join(' ')}${gap}${sign}${gap}${value}`),
  body: fc
    .tuple(fc.array(tie('item'), { maxLength: 3 }), fc.constantFrom('\n', ' ', ',\n'))
    .map(([items, gap]) => items.join(gap)),
}))

/**
 * The Go library passes over a mistake that meets `}}` or the end of the text, and loses the
 * setting. We refuse.
 */
function losesSetting(text: string): boolean {
  if (/[0-9.][eE][+-]?(?![0-9+-])/.test(text)) return true // it eats what follows such an exponent
  const parsed = parseHclDocument(text)
  if (parsed.ok) return false
  return parsed.consul.endsWith('expected a value got: EOF') || text[parsed.at] === '}'
}

hcl('agrees with the Go library on any text made of its pieces', () => {
  fc.assert(
    fc.property(body, (text) => {
      if (!losesSetting(text)) same(text)
    }),
    { numRuns: 400 },
  )
})

/** Compiled to JavaScript, Go's int has 32 bits; that of an agent has 64. */
const LARGE = /\d{10}|0x[\da-f]{8}/i

hcl('agrees on texts with a hole or a slip in them', () => {
  const mutated = fc.tuple(
    fc.constantFrom(...ACCEPTED),
    fc.nat(),
    fc.constantFrom('', '{', '}', '"', '=', ',', 'x', '\n', '#', '\\', '[', ']', '<'),
  )
  fc.assert(
    fc.property(mutated, ([text, at, piece]) => {
      const where = at % (text.length + 1)
      const changed = `${text.slice(0, where)}${piece}${text.slice(where + 1)}`
      if (losesSetting(changed) || changed.trimStart().startsWith('{')) return
      if (!LARGE.test(changed)) same(changed)
    }),
    { numRuns: 400 },
  )
})

hcl.run()
