// What /v1/kv refuses before it reads or writes, and what it makes of a request.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { byteString, textOf, utf8 } from '../../../core/bytes.ts'
import { ApiError } from '../../../core/errors.ts'
import { KV, TOMBSTONES } from '../../../core/kv/records.ts'
import { deleteKey, getKey, LISTED_BYTES_MAX, putKey } from '../../../core/kv/routes.ts'
import { setKey } from '../../../core/kv/write.ts'
import { encodeJson } from '../../../core/route/json.ts'
import { createPrinted } from '../../../core/route/printed.ts'
import { parseQuery, type Query } from '../../../core/route/query.ts'
import type { Input } from '../../../core/route/route.ts'
import type { Site } from '../../../core/route/site.ts'
import { beginTxn, commit, createStore, viewOf } from '../../../core/state/store.ts'

const readable = (json: string | Uint8Array): string =>
  typeof json === 'string' ? json : textOf(json)

const routes = suite('kv/routes')

/** These routes ask nothing of the agent. */
const NO_SITE = {} as Site

/** What the server's clock says. */
const WALL = 7

function input<Body>(rest: string, query: string, body: Body): Input<Body> {
  const parsed = parseQuery(query)
  if (parsed === undefined) throw new Error(`no query: ${query}`)
  return { rest, query: parsed as Query, body, wall: WALL, uuid: () => 'none' }
}

function refusal(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (error instanceof ApiError) return `${error.status} ${error.message}`
    throw error
  }
  return 'accepted'
}

const MISSING = '400 Missing key name'

const CHECKS = [
  ['GET', 'k', '', 'accepted'],
  ['GET', '', '', MISSING],
  ['GET', '', 'separator=/', MISSING],
  ['GET', '', 'recurse', 'accepted'],
  ['GET', '', 'keys', 'accepted'],
  ['GET', 'k', 'flags=99&cas=x', 'accepted'],
  ['PUT', 'k', '', 'accepted'],
  ['PUT', '', '', MISSING],
  ['PUT', 'k', 'cas=0&acquire=a', '400 Conflicting flags: acquire=a&cas=0\n'],
  ['PUT', 'k', 'release=b&acquire=a', '400 Conflicting flags: acquire=a&release=b\n'],
  ['PUT', 'k', 'release=b&cas=1&acquire=a', '400 Conflicting flags: acquire=a&cas=1&release=b\n'],
  ['PUT', 'k', 'cas=1&recurse', 'accepted'],
  ['PUT', 'k', 'flags=-1', '500 strconv.ParseUint: parsing "-1": invalid syntax'],
  ['PUT', 'k', 'flags', '500 strconv.ParseUint: parsing "": invalid syntax'],
  ['PUT', 'k', 'flags=%2B7', '500 strconv.ParseUint: parsing "+7": invalid syntax'],
  ['PUT', 'k', 'cas=abc', '500 strconv.ParseUint: parsing "abc": invalid syntax'],
  [
    'PUT',
    'k',
    'flags=18446744073709551616',
    '500 strconv.ParseUint: parsing "18446744073709551616": value out of range',
  ],
  ['PUT', 'k', 'flags=18446744073709551615', 'accepted'],
  ['DELETE', 'k', '', 'accepted'],
  ['DELETE', '', '', MISSING],
  ['DELETE', '', 'cas=1', MISSING],
  ['DELETE', '', 'recurse', 'accepted'],
  ['DELETE', 'k', 'recurse&cas=1', '400 Conflicting flags: cas=1&recurse=\n'],
  ['DELETE', 'k', 'cas=x', '500 strconv.ParseUint: parsing "x": invalid syntax'],
] as const

const BY_METHOD = { GET: getKey, PUT: putKey, DELETE: deleteKey } as const

for (const [method, key, query, expected] of CHECKS) {
  routes(`${method} '${key}' ?${query} is ${expected.trim()}`, () => {
    const route = BY_METHOD[method]
    const found = refusal(() => route.check?.(input(key, query, undefined), NO_SITE))
    assert.is(found, expected)
  })
}

const CHANGE = { key: 'k', value: utf8('v'), flags: 0, index: 0, session: '' }

const PROPOSALS = [
  ['', 'set', {}],
  ['flags=7', 'set', { flags: 7 }],
  ['flags=18446744073709551615', 'set', { flags: 2n ** 64n - 1n }],
  ['cas=12', 'cas', { index: 12 }],
  ['acquire=s&flags=1', 'lock', { session: 's', flags: 1 }],
  ['release=s', 'unlock', { session: 's' }],
  ['acquire', 'lock', {}],
] as const

for (const [query, op, expected] of PROPOSALS) {
  routes(`PUT ?${query} proposes ${op}`, () => {
    const intent = putKey.intent(input('k', query, utf8('v')), NO_SITE)
    const change = { ...CHANGE, ...expected }
    assert.equal(intent, { propose: { type: 'kv', op, change, wall: WALL } })
  })
}

for (const [query, op, index] of [
  ['', 'delete', 0],
  ['cas=9', 'delete-cas', 9],
  ['recurse', 'delete-tree', 0],
] as const) {
  routes(`DELETE ?${query} proposes ${op}`, () => {
    const intent = deleteKey.intent(input('k', query, undefined), NO_SITE)
    const change = { ...CHANGE, value: utf8(''), index }
    assert.equal(intent, { propose: { type: 'kv', op, change, wall: WALL } })
  })
}

routes('a write answers with the boolean that applying it gave', () => {
  const given = input('k', '', utf8('v'))
  assert.equal(putKey.reply(false, given), { json: false })
  assert.equal(deleteKey.reply(true, input('k', '', undefined)), { json: true })
  assert.is(putKey.body(CHANGE.value), CHANGE.value)
  assert.is(deleteKey.body(CHANGE.value), undefined)
})

/** What GET finds in a store with a few keys, written at 11, 12 and so on. */
function find(rest: string, query: string) {
  const store = createStore([KV, TOMBSTONES])
  let index = 10
  for (const key of ['a/1', 'a/b/2', byteString('a/ü'), 'c']) {
    const txn = beginTxn(store, ++index)
    setKey(txn, { ...CHANGE, key })
    commit(store, txn)
  }
  return getKey.run(viewOf(store), input(rest, query, undefined), NO_SITE)
}

const entry = (Key: string, at: number) => ({
  LockIndex: 0,
  Key,
  Flags: 0,
  Value: 'dg==',
  CreateIndex: at,
  ModifyIndex: at,
})

const FINDS: readonly [string, string, unknown][] = [
  ['c', '', { index: 14, value: [entry('c', 14)] }],
  ['a/1', '', { index: 11, value: [entry('a/1', 11)] }],
  ['none', '', { index: 14, value: undefined, missing: true }],
  ['none', 'recurse', { index: 14, value: undefined }],
  ['none', 'keys', { index: 14, value: undefined }],
  ['a/b', 'recurse=false', { index: 12, value: [entry('a/b/2', 12)] }],
  ['a/', 'keys', { index: 13, value: ['a/1', 'a/b/2', 'a/ü'] }],
  ['a/', 'keys&separator=/', { index: 13, value: ['a/1', 'a/b/', 'a/ü'] }],
  ['a/', 'keys&seperator=/', { index: 13, value: ['a/1', 'a/b/', 'a/ü'] }],
  ['', 'keys&separator=%C3%BC', { index: 14, value: ['a/1', 'a/b/2', 'a/ü', 'c'] }],
  ['c', 'keys&recurse', { index: 14, value: ['c'] }],
]

for (const [rest, query, expected] of FINDS) {
  routes(`GET '${rest}' ?${query} finds it`, () => {
    const { compact, later, ...found } = find(rest, query)
    assert.equal({ ...found, value: later?.() ?? found.value }, expected)
    if (compact !== undefined)
      assert.is(readable(compact()), encodeJson((expected as { value: unknown }).value))
  })
}

routes('a long list that was printed before is the same as one that is printed now', () => {
  const site = { printed: createPrinted() } as Site
  const store = createStore([KV, TOMBSTONES])
  const write = (key: string, value: string, index: number) => {
    const txn = beginTxn(store, index)
    setKey(txn, { ...CHANGE, key, value: utf8(value) })
    commit(store, txn)
  }
  for (let n = 0; n < 100; n++) write(`t/${n}`, 'x', n + 1)
  const list = () => getKey.run(viewOf(store), input('t/', 'recurse', undefined), site)
  const same = () => {
    const found = list()
    const json = encodeJson(found.later?.())
    assert.is(readable(found.compact?.() ?? ''), json)
  }
  same()
  const [once, again] = [list().compact?.(), list().compact?.()]
  assert.ok(once !== undefined)
  assert.ok(once === again, 'the same bytes')
  write('elsewhere', 'y', 101)
  same()
  write('t/7', 'y', 102)
  same()
  write('t/new', 'y', 103)
  same()
})

routes('GET ?raw finds bytes and the headers that keep a browser from running them', () => {
  const { raw, value, index } = find('c', 'raw')
  assert.is(value, undefined)
  assert.is(index, 14)
  assert.equal(raw?.bytes, utf8('v'))
  assert.equal(raw?.headers, [
    'Content-Type',
    'text/plain',
    'X-Content-Type-Options',
    'nosniff',
    'Content-Security-Policy',
    'sandbox',
  ])
})

routes('more values than one answer holds are refused, their names are not', () => {
  const store = createStore([KV, TOMBSTONES])
  const value = new Uint8Array(1 << 20)
  const count = LISTED_BYTES_MAX / value.length + 1
  const txn = beginTxn(store, 10)
  for (let n = 0; n < count; n++)
    setKey(txn, { key: `t/${n}`, value, flags: 0, index: 0, session: '' })
  commit(store, txn)
  const get = (query: string) => getKey.run(viewOf(store), input('t/', query, undefined), NO_SITE)
  assert.match(
    refusal(() => get('recurse')),
    /^500 the values hold \d+ bytes, more than the \d+ of one/,
  )
  assert.is(get('keys').value?.length, count)
})

routes('the names of an empty store are an empty list, not a missing one', () => {
  const store = createStore([KV, TOMBSTONES])
  const found = getKey.run(viewOf(store), input('', 'keys', undefined), NO_SITE)
  assert.equal(found, { index: 0, value: [] })
})

routes.run()
