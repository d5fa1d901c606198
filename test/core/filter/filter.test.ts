// The filter language against what a real Consul answered, and against mistakes of all kinds.

import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ApiError } from '../../../core/errors.ts'
import {
  BOOL,
  filterOf,
  INT,
  STRING,
  STRINGS,
  structOf,
  TEXTS,
} from '../../../core/filter/filter.ts'
import { parseFilter } from '../../../core/filter/parse.ts'
import { fc } from '../../kit/property.ts'
import { replay } from '../../kit/replay.ts'

const filter = suite('filter')

const SHAPE = structOf({
  Name: STRING,
  Port: INT,
  On: BOOL,
  Tags: STRINGS,
  Meta: TEXTS,
  Checks: { kind: 'list', of: structOf({ Status: STRING }) },
})

const ROW = {
  Name: 'web',
  Port: 80,
  On: true,
  Tags: ['a', 'b'],
  Meta: { env: 'prod', 'a.b': 'x' },
  Checks: [{ Status: 'passing' }, { Status: 'critical' }],
}

const TRUE = [
  'Name == web',
  'Name=="web"',
  'Name == `web`',
  'Name != x',
  '"we" in Name',
  'Name contains "eb"',
  'Name matches "^w.b$"',
  'Name not matches "^x"',
  'Port == 80',
  'Port == "80"',
  'On == true',
  'On == 1',
  'a in Tags',
  'c not in Tags',
  'Tags contains b',
  'Tags is not empty',
  'env in Meta',
  'Meta.env == prod',
  'Meta["a.b"] == x',
  'Meta.none != x',
  'Meta.none matches x',
  'Meta.none not matches x',
  'x not in Meta.none',
  'Port == "0x50"',
  'Port == "0120"',
  'Port == "0b101_0000"',
  'Port == "+80"',
  'none not in Meta',
  'Checks.Status == critical',
  'not Name == x',
  'not (Name == x or Name == y)',
  'Name == web or Name == x and Port == 1',
  'not not Name == web',
]

const FALSE = [
  'Name == x',
  'Meta.none == ""',
  'x in Meta.none',
  'not Meta.none matches x',
  'Port == "-0x50"',
  'Port != 80',
  'Tags is empty',
  'Checks.Status == warning',
  '(Name == web or Name == x) and Port == 1',
]

for (const [expressions, expected] of [
  [TRUE, true],
  [FALSE, false],
] as const) {
  for (const expression of expressions) {
    filter(`${expression} is ${expected}`, () => {
      assert.is(filterOf(expression, SHAPE)(ROW), expected)
    })
  }
}

const OPERATORS = '"!=", "==", "contains", "in", "is", "matches", "not"'
const BEGINNINGS = '"(", "-", "0", "\\"", "`", "not"'
const BLANK = '[ \\t\\r\\n]'

const REFUSED = [
  ...['x', '8_', '080', '0x', '80.0', '', '1e2'].map(
    (port) =>
      [
        `Port == "${port}"`,
        `Failed to coerce value "${port}" for selector "Port": ` +
          `strconv.ParseInt: parsing "${port}": invalid syntax`,
      ] as const,
  ),
  [
    'On == maybe',
    'Failed to coerce value "maybe" for selector "On": ' +
      'strconv.ParseBool: parsing "maybe": invalid syntax',
  ],
  ['Bogus.x.y == 1', 'Selector "Bogus" is not valid'],
  ['Name.x.y == 1', 'Selector "Name.x" is not valid'],
  ['Bogus == x', 'Selector "Bogus" is not valid'],
  ['Name.x == y', 'Selector "Name.x" is not valid'],
  ['Meta == x', 'Invalid match operator "Equal" for selector "Meta"'],
  ['Name is empty', 'Invalid match operator "Is Empty" for selector "Name"'],
  ['Name == "a', '1:11 (10): rule "string": Unterminated string literal'],
  ['Name = a', `1:6 (5): no match found, expected: ${OPERATORS} or ${BLANK}`],
  ['== a', `1:1 (0): no match found, expected: ${BEGINNINGS}, ${BLANK}, [1-9] or [a-zA-Z]`],
  ['(Name == a', '1:11 (10): rule "grouping": Unmatched parentheses'],
] as const

for (const [expression, why] of REFUSED) {
  filter(`${expression} is refused with its reason`, () => {
    assert.throws(
      () => filterOf(expression, SHAPE),
      (error: unknown) =>
        error instanceof ApiError &&
        error.status === 500 &&
        error.message === `Failed to create boolean expression evaluator: ${why}`,
      expression,
    )
  })
}

filter('nesting and length are bounded, and no text makes the parser throw', () => {
  assert.is(parseFilter(`${'('.repeat(5_000)}A == b`).ok, false)
  assert.is(parseFilter(`${'not '.repeat(5_000)}A == b`).ok, false)
  assert.is(parseFilter(`A == "${'x'.repeat(20_000)}"`).ok, false)
  fc.assert(
    fc.property(fc.string({ maxLength: 60 }), (text) => {
      parseFilter(text)
    }),
  )
  const words = fc.constantFrom('Name', '==', 'and', 'not', '(', ')', '"', 'in', ' ', '`', '[', '.')
  fc.assert(
    fc.property(fc.array(words, { maxLength: 20 }), (parts) => {
      parseFilter(parts.join(' '))
    }),
  )
})

filter('a pattern that explodes elsewhere takes linear time here', () => {
  const row = { Name: 'a'.repeat(28) }
  assert.is(filterOf('Name matches "^(a+)+$"', SHAPE)({ Name: `${row.Name}!` }), false)
})

for (const [scenario, steps] of [
  ['filter/errors.json', 38],
  ['filter/operators.json', 36],
] as const) {
  filter(`${scenario} is answered as Consul does`, async () => {
    const { played, problems } = await replay(scenario)
    assert.equal(problems, [])
    assert.is(played, steps)
  })
}

filter.run()
