import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { withoutComment } from './comment.ts'
import { parsePage } from './document.ts'
import { fillCommand, fits, type Scope } from './holes.ts'
import { mismatch } from './match.ts'

const scopeOf = (known: Record<string, string> = {}): Scope => new Map(Object.entries(known))

const plain = { aliases: [], unordered: false }

const differs = (lines: string, output: string, scope = scopeOf()) =>
  mismatch({ ...plain, lines: lines.split('\n') }, output, scope)

const holes = suite('holes')

holes('each kind takes its own kind only', () => {
  const cases: [string, string, boolean][] = [
    ['[INT]', '42', true],
    ['[INT]', '4x', false],
    ['[NUM]', '10,234', true],
    ['[NUM]', '1,23', false],
    ['[00:05] at [INT]', '[00:05] at 3', true],
    ['took [DUR]', 'took 1m30s', true],
    ['took [DUR]', 'took 12', false],
    ['[IP]', '127.0.0.1', true],
    ['[IP]', '::1', true],
    ['[IP]', 'localhost', false],
    ['[UUID]', 'adf4238a-882b-9ddc-4a9d-5b6758e4159e', true],
    ['[UUID]', 'adf4238a', false],
    ['[TIME]', '2026-01-02T03:04:05.6Z', true],
    ['[DIR]', '/var/lib', true],
    ['[DIR]', 'var', false],
    ['a [..] z', 'a whatever z', true],
    ['a [..] z', 'a whatever y', false],
    ['a.c', 'abc', false],
  ]
  for (const [pattern, line, good] of cases) {
    assert.is(fits(pattern, line, scopeOf()), good, `${pattern} and ${line}`)
  }
})

holes('a bound hole is remembered, compared, and counted on from', () => {
  const scope = scopeOf()
  assert.ok(fits('at [i=INT]', 'at 41', scope))
  assert.is(scope.get('i'), '41')
  assert.ok(fits('[i] [i+1]', '41 42', scope))
  assert.not.ok(fits('[i]', '42', scope))
  assert.ok(fits('[j>i]', '50', scope))
  assert.is(scope.get('j'), '50')
  assert.not.ok(fits('[>j]', '50', scope))
  assert.is(fillCommand('curl x?index=[j]&n=[i-1]', scope), 'curl x?index=50&n=40')
})

holes('a line that does not fit binds nothing', () => {
  const scope = scopeOf()
  assert.not.ok(fits('[i=INT] x', '41 y', scope))
  assert.is(scope.size, 0)
})

holes('an unknown name is no hole but text', () => {
  assert.ok(fits('[abc]', '[abc]', scopeOf()))
  assert.is(fillCommand('test [abc]', scopeOf()), 'test [abc]')
})

holes.run()

const comments = suite('comments')

comments('only a free number sign begins one', () => {
  const cases: [string, string][] = [
    ['false # because', 'false'],
    ['# all', ''],
    ['a#b', 'a#b'],
    ['"x # y" # z', '"x # y"'],
    ["'x # y'", "'x # y'"],
    [String.raw`a \# b`, String.raw`a \# b`],
  ]
  for (const [line, rest] of cases) assert.is(withoutComment(line).trimEnd(), rest)
})

comments.run()

const match = suite('match')

match('equal lines match, and any other line does not', () => {
  assert.is(differs('a\nb', 'a\nb\n'), undefined)
  assert.match(differs('a\nb', 'a\nc\n') ?? '', /expected b\s+got c/)
})

match('a missing line and a line too many are both seen', () => {
  assert.match(differs('a\nb', 'a\n') ?? '', /got nothing more/)
  assert.match(differs('a', 'a\nb\n') ?? '', /more output than expected: b/)
  assert.match(differs('', 'a\n') ?? '', /expected/)
})

match('three dots stand for any lines, none among them', () => {
  assert.is(differs('a\n...\nz', 'a\nz'), undefined)
  assert.is(differs('a\n...\nz', 'a\nb\nz\nc\nz'), undefined)
  assert.ok(differs('a\n...\nz', 'a\nb'))
})

match('JSON is a subset, whatever its layout', () => {
  const pretty = '[\n    {\n        "Key": "a",\n        "Flags": 0,\n        "N": 7\n    }\n]\n'
  assert.is(differs('[{"Key": "a", "N": 7}]', pretty), undefined)
  assert.match(differs('[{"Key": "b"}]', pretty) ?? '', /\$\[0\]\.Key: expected "b", got "a"/)
  assert.match(differs('[{"Other": 1}]', pretty) ?? '', /\$\[0\]\.Other: missing/)
  assert.match(differs('[]', pretty) ?? '', /expected 0 elements, got 1/)
})

match('numbers, texts and booleans are told apart', () => {
  assert.ok(differs('{"n": "7"}', '{"n": 7}'))
  assert.ok(differs('{"n": 7}', '{"n": 8}'))
  assert.ok(differs('{"n": true}', '{"n": false}'))
  assert.ok(differs('{"n": null}', '{"n": 0}'))
})

match('holes work as values and inside texts', () => {
  const scope = scopeOf()
  const output = '{"I": 9, "A": "127.0.0.1:8500"}'
  assert.is(differs('{"I": [i=INT], "A": "[IP]:[INT]", ...}', output, scope), undefined)
  assert.is(scope.get('i'), '9')
  assert.ok(differs('{"A": [INT]}', output))
})

match('lists keep their order unless told otherwise, and say when they may be longer', () => {
  const output = '[{"k": 1}, {"k": 2}, {"k": 3}]'
  const swapped = '[{"k": 3}, {"k": 1}, {"k": 2}]'
  assert.ok(differs(swapped, output))
  const lines = swapped.split('\n')
  assert.is(mismatch({ lines, aliases: [], unordered: true }, output, scopeOf()), undefined)
  assert.is(differs('[{"k": 3}, ...]', output), undefined)
  assert.match(differs('[{"k": 4}, ...]', output) ?? '', /no element fits/)
})

match('lists spread over lines, with dots inside objects, are one value', () => {
  const lines = '[\n{"Key": "a", ...},\n{"Key": "b", ...}\n]'
  assert.is(differs(lines, '[{"Key":"a","x":1},{"Key":"b","x":2}]'), undefined)
})

match('a number of the page stands for one of this machine, and keeps its order', () => {
  const aliases = [
    { literal: '42', above: undefined },
    { literal: '43', above: '42' },
  ]
  const scope = scopeOf()
  const expect = (line: string, output: string) =>
    mismatch({ lines: [line], aliases, unordered: false }, output, scope)
  assert.is(expect('[{"ModifyIndex": 42}]', '[{"ModifyIndex": 13}]'), undefined)
  assert.ok(
    expect('[{"ModifyIndex": 42}]', '[{"ModifyIndex": 14}]'),
    'the same number, another value',
  )
  assert.ok(expect('[{"ModifyIndex": 43}]', '[{"ModifyIndex": 12}]'), 'a lower number')
  assert.is(expect('[{"ModifyIndex": 43}]', '[{"ModifyIndex": 15}]'), undefined)
})

match('a number that may rise never falls', () => {
  const aliases = [
    { literal: '42', above: undefined },
    { literal: '43', above: '42', rises: true },
  ]
  const scope = scopeOf()
  const expect = (line: string, output: string) =>
    mismatch({ lines: [line], aliases, unordered: false }, output, scope)
  assert.is(expect('42', '7'), undefined)
  assert.ok(expect('43', '7'), 'not above the other')
  assert.is(expect('(43)', '(9)'), undefined)
  assert.ok(expect('43', '8'), 'it has fallen')
  assert.is(expect('43', '11'), undefined)
  assert.ok(expect('43', '10'), 'it has fallen again')
})

match.run()

const page = suite('page')

page('commands, continuations, remarks, output and notes are told apart', () => {
  const { steps } = parsePage(
    '<!-- exit 1 -->\n```console\n# A remark\n$ one \\\n> two\nout\n\n$ three &\n```\n',
  )
  assert.equal(
    steps.map(({ command, expected, exit, background, line }) => [
      command,
      expected,
      exit,
      background,
      line,
    ]),
    [
      ['one \\\ntwo', ['out'], 1, false, 4],
      ['three &', [], 1, true, 8],
    ],
  )
})

page('a note with a typing error is refused', () => {
  assert.throws(() => parsePage('<!-- evntually 5s -->'), /line 1: no such note: evntually/)
  assert.throws(() => parsePage('x\n<!-- eventually soon -->'), /line 2: not a duration: soon/)
  assert.throws(() => parsePage('<!-- no end'), /without end/)
})

page('other fences hold no commands', () => {
  assert.is(parsePage('```ts\n$ rm\n```\n').steps.length, 0)
})

page.run()
