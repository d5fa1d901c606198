// Transactions on a bare store: what each verb answers, all errors told, and what is refused before
// anything runs. The rollback itself is the state machine's.
import { readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { base64, byteString, utf8 } from '../../../core/bytes.ts'
import { ApiError } from '../../../core/errors.ts'
import { KV, type KvChange, type KvRow, TOMBSTONES } from '../../../core/kv/records.ts'
import { parseQuery } from '../../../core/route/query.ts'
import type { Input, Intent } from '../../../core/route/route.ts'
import type { Site } from '../../../core/route/site.ts'
import { LOCK_DELAYS, SESSIONS } from '../../../core/sessions/records.ts'
import { beginTxn, commit, createStore, type Store, viewOf } from '../../../core/state/store.ts'
import { put } from '../../../core/state/txn.ts'
import { TXN_OPS_MAX } from '../../../core/txn/body.ts'
import type { KvTxnOp, KvVerb, TxnCommand, TxnOp, TxnOutcome } from '../../../core/txn/records.ts'
import { putTxn } from '../../../core/txn/routes.ts'
import { lookTxn, runTxn, TXN_ANSWER_BYTES_MAX } from '../../../core/txn/write.ts'
import { testConfig } from '../../kit/config.ts'

const SESSION = {
  id: 'one',
  name: '',
  node: 'n',
  lockDelayNs: 0,
  behavior: 'release',
  ttl: '',
  nodeChecks: null,
  serviceChecks: null,
  checks: null,
  createIndex: 1,
  modifyIndex: 1,
} as const

const row = (key: string, given: Partial<KvRow> = {}): KvRow => ({
  key,
  value: utf8(key),
  flags: 0,
  lockIndex: 0,
  session: '',
  createIndex: 10,
  modifyIndex: 10,
  ...given,
})

/** a, b/1 and b/2 are there, `held` is locked by session one; all were written at 10. */
function filled(): Store {
  const store = createStore([KV, TOMBSTONES, SESSIONS, LOCK_DELAYS])
  const txn = beginTxn(store, 10)
  for (const key of ['a', 'b/1', 'b/2']) put(txn, KV, row(key))
  put(txn, KV, row('held', { session: 'one', lockIndex: 2 }))
  put(txn, SESSIONS, SESSION)
  commit(store, txn)
  return store
}

const op = (verb: KvVerb, key: string, given: Partial<KvChange> = {}): KvTxnOp => ({
  kind: 'kv',
  verb,
  change: { key, value: utf8('new'), flags: 0, index: 0, session: '', ...given },
})

function nothingFell(): void {
  throw new Error('keys take nothing of the catalog away')
}

/** Runs operations at index 20, the store being left as if it had been one that succeeds. */
function run(store: Store, ...ops: readonly TxnOp[]): TxnOutcome {
  const txn = beginTxn(store, 20)
  const outcome = runTxn(txn, { type: 'txn', ops, wall: 0 }, nothingFell)
  commit(store, txn)
  return outcome
}

const entry = (Key: string, given: object = {}) => ({
  LockIndex: 0,
  Key,
  Flags: 0,
  Value: null,
  CreateIndex: 10,
  ModifyIndex: 10,
  ...given,
})

const held = (given: object = {}) => ({
  LockIndex: 2,
  Key: 'held',
  Flags: 0,
  Value: null,
  Session: 'one',
  CreateIndex: 10,
  ModifyIndex: 10,
  ...given,
})

const valued = (key: string) => entry(key, { Value: base64(utf8(key)) })

const verbs = suite('txn/write')

const ANSWERS: readonly [KvTxnOp, readonly object[] | string][] = [
  [op('set', 'x'), [entry('x', { CreateIndex: 20, ModifyIndex: 20 })]],
  [op('set', 'a'), [entry('a', { ModifyIndex: 20 })]],
  [op('cas', 'a', { index: 10 }), [entry('a', { ModifyIndex: 20 })]],
  [op('cas', 'a', { index: 9 }), 'failed to set key "a", index is stale'],
  [op('cas', 'x', { index: 9 }), 'failed to set key "x", index is stale'],
  [op('lock', 'a', { session: 'one' }), [{ ...held({ Key: 'a', LockIndex: 1, ModifyIndex: 20 }) }]],
  [op('lock', 'a'), 'missing session'],
  [op('lock', 'a', { session: 'none' }), 'invalid session "none"'],
  [op('unlock', 'held', { session: 'one' }), [entry('held', { LockIndex: 2, ModifyIndex: 20 })]],
  [op('unlock', 'a'), 'missing session'],
  [
    op('unlock', 'a', { session: 'one' }),
    `failed to unlock key "a", lock isn't held, or is held by another session`,
  ],
  [op('delete', 'a'), []],
  [op('delete', 'x'), []],
  [op('delete-tree', 'b/'), []],
  [op('delete-tree', ''), []],
  [op('delete-cas', 'a', { index: 10 }), []],
  [op('delete-cas', 'x', { index: 10 }), []],
  [op('delete-cas', 'a', { index: 9 }), 'failed to delete key "a", index is stale'],
  [op('get', 'a'), [valued('a')]],
  [op('get', 'x'), `key "x" doesn't exist`],
  [op('get', byteString('ü"')), `key "ü\\"" doesn't exist`],
  [op('get-or-empty', 'a'), [valued('a')]],
  [op('get-or-empty', 'x'), [entry('x', { CreateIndex: 0, ModifyIndex: 0 })]],
  [op('get-tree', 'b/'), [valued('b/1'), valued('b/2')]],
  [op('get-tree', 'x'), []],
  [op('check-not-exists', 'x'), []],
  [op('check-not-exists', 'a'), 'key "a" exists'],
  [op('check-index', 'a', { index: 10 }), [entry('a')]],
  [
    op('check-index', 'a', { index: 3 }),
    'failed index check for key "a", current modify index 10 != 3',
  ],
  [op('check-index', 'x', { index: 3 }), `failed to check index, key "x" doesn't exist`],
  [op('check-session', 'held', { session: 'one' }), [held()]],
  [op('check-session', 'a'), [entry('a')]],
  [
    op('check-session', 'a', { session: 'one' }),
    'failed session check for key "a", current session "" != "one"',
  ],
  [op('check-session', 'x', { session: 'one' }), `failed to check session, key "x" doesn't exist`],
]

for (const [operation, expected] of ANSWERS) {
  const { verb, change } = operation
  const told = typeof expected === 'string' ? `: ${expected}` : ''
  verbs(`${verb} '${change.key}' at ${change.index} by '${change.session}'${told}`, () => {
    const outcome = run(filled(), operation)
    if (typeof expected === 'string') {
      assert.equal(outcome, { results: [], errors: [{ OpIndex: 0, What: expected }] })
    } else assert.equal(outcome, { results: expected.map((KV) => ({ KV })), errors: [] })
  })
}

verbs('a lock that another session holds is an error', () => {
  const store = filled()
  const txn = beginTxn(store, 15)
  put(txn, SESSIONS, { ...SESSION, id: 'two' })
  commit(store, txn)
  const { errors } = run(store, op('lock', 'held', { session: 'two' }))
  assert.equal(errors, [{ OpIndex: 0, What: 'failed to lock key "held", lock is already held' }])
})

verbs('each operation sees what those before it did', () => {
  const { results, errors } = run(
    filled(),
    op('set', 'x', { value: utf8('1') }),
    op('get', 'x'),
    op('delete', 'x'),
    op('get-or-empty', 'x'),
    op('check-not-exists', 'x'),
  )
  assert.equal(errors, [])
  assert.equal(
    results.map((result) => ('KV' in result ? result.KV.Value : 'none')),
    [null, base64(utf8('1')), null],
  )
})

verbs('every operation is tried and every error told, and then there are no results', () => {
  const { results, errors } = run(
    filled(),
    op('set', 'x'),
    op('get', 'none'),
    op('cas', 'a', { index: 1 }),
    op('get', 'x'),
    op('check-not-exists', 'a'),
  )
  assert.equal(results, [])
  assert.equal(
    errors.map(({ OpIndex }) => OpIndex),
    [1, 2, 4],
  )
})

verbs('a transaction that only asks answers the same from a view', () => {
  const asked = ANSWERS.filter(([{ verb }]) => /^(get|check)/.test(verb)).map(([asks]) => asks)
  for (const ask of asked) {
    assert.equal(lookTxn(viewOf(filled()), [ask]), run(filled(), ask))
  }
})

verbs('a write among questions is a bug of the caller', () => {
  assert.throws(() => lookTxn(viewOf(filled()), [op('set', 'x')]), /set is no question/)
})

verbs('nothing to do is done', () => {
  assert.equal(run(filled()), { results: [], errors: [] })
})

verbs('more rows than one answer holds are refused, in the log as outside', () => {
  const store = createStore([KV, TOMBSTONES])
  const value = new Uint8Array(1 << 20)
  const txn = beginTxn(store, 10)
  for (let n = 0; n < TXN_ANSWER_BYTES_MAX / value.length; n++)
    put(txn, KV, row(`t/${n}`, { value }))
  commit(store, txn)
  const ops = [op('get', 't/0'), op('get-tree', 't/')]
  const errors = [
    { OpIndex: 1, What: `the answer would hold more than ${TXN_ANSWER_BYTES_MAX} bytes` },
  ]
  assert.equal(lookTxn(viewOf(store), ops), { results: [], errors })
  const ordered = beginTxn(store, 11)
  assert.equal(runTxn(ordered, { type: 'txn', ops, wall: 0 }, nothingFell), { results: [], errors })
  assert.is(lookTxn(viewOf(store), ops.slice(0, 1)).results.length, 1)
})

verbs.run()

const routes = suite('txn/routes')

const SITE = {
  config: testConfig(),
  contact: () => ({ knownLeader: true, lastContactMs: 3 }),
} as unknown as Site // all that the route asks for

type Sent = ReturnType<typeof putTxn.body>

function inputOf(body: Sent): Input<Sent> {
  const query = parseQuery('')
  if (query === undefined) throw new Error('an empty query is one')
  return { rest: '', query, body, wall: 0, uuid: () => 'none' }
}

const intentOf = (sent: unknown): Intent<TxnCommand> =>
  putTxn.intent(
    inputOf(putTxn.body(utf8(typeof sent === 'string' ? sent : JSON.stringify(sent)))),
    SITE,
  )

function refusal(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (error instanceof ApiError) return `${error.status} ${error.message}`
    throw error
  }
  return 'accepted'
}

routes('operations that write go through the log, byte for byte', () => {
  const intent = intentOf([
    { KV: { Verb: 'set', Key: 'ü', Value: 'eA==', Flags: 5 } },
    { kv: { verb: 'cas', key: 'k', index: 7 } },
    { KV: null },
    {},
    { KV: { Verb: 'lock', Key: 'l', Session: 's', Namespace: 'ignored', Partition: 'too' } },
  ])
  const ops = [
    op('set', byteString('ü'), { value: utf8('x'), flags: 5 }),
    op('cas', 'k', { value: utf8(''), index: 7 }),
    op('lock', 'l', { value: utf8(''), session: 's' }),
  ]
  assert.equal(intent, { propose: { type: 'txn', ops, wall: 0 } })
})

routes('operations that only ask are answered from the state, with the meta fields', () => {
  for (const [asked, expected] of [
    [[{ KV: { Verb: 'get', Key: 'a' } }], { Results: [{ KV: valued('a') }], Errors: null }],
    [
      [{ KV: { Verb: 'get', Key: 'x' } }],
      {
        Results: null,
        Errors: [{ OpIndex: 0, What: `key "x" doesn't exist` }],
      },
    ],
    [[], { Results: [], Errors: null }],
  ] as const) {
    const intent = intentOf(asked)
    if (!('look' in intent)) throw new Error('a question is looked up')
    const said = intent.look(viewOf(filled()))
    assert.is(said.status, expected.Errors === null ? undefined : 409)
    assert.equal(said.json, {
      ...expected,
      Index: 1,
      LastContact: 3,
      KnownLeader: true,
      ConsistencyLevel: '',
      NotModified: false,
      Backend: 0,
      ResultsFilteredByACLs: false,
    })
    assert.equal(said.meta, { knownLeader: true, lastContactMs: 3 })
  }
})

routes('what can be told before anything runs is told for each operation', () => {
  const intent = intentOf([
    { KV: { Verb: 'set', Key: '' } },
    { KV: { Verb: 'set', Key: 'ok' } },
    {},
    { KV: { Verb: 'bogus', Key: 'k' } },
    { KV: { Verb: 'toString', Key: 'k' } },
    { KV: { Verb: 'delete-tree', Key: '' } },
    { KV: {} },
  ])
  if (!('say' in intent)) throw new Error('it is refused at once')
  assert.equal(intent.say, {
    status: 409,
    json: {
      Results: null,
      Errors: [
        { OpIndex: 0, What: 'Must provide key' },
        { OpIndex: 2, What: 'unknown KV operation: bogus' },
        { OpIndex: 3, What: 'unknown KV operation: toString' },
        { OpIndex: 5, What: 'Must provide key' },
      ],
    },
  })
})

routes('questions that are refused at once show meta fields of zero', () => {
  const intent = intentOf([{ KV: { Verb: 'get-tree', Key: '' } }])
  if (!('say' in intent)) throw new Error('it is refused at once')
  assert.is(intent.say.status, 409)
  assert.equal(intent.say.meta, { knownLeader: false })
  const { Index, KnownLeader, LastContact } = intent.say.json as Record<string, unknown>
  assert.equal([Index, KnownLeader, LastContact], [0, false, 0])
})

routes('the answer to a transaction that ran has no meta fields', () => {
  const input = inputOf(putTxn.body(utf8('[]')))
  const done = { results: [], errors: [] }
  assert.equal(putTxn.reply(done, input), { json: { Results: [], Errors: null } })
  const errors = [{ OpIndex: 0, What: 'no' }]
  const failed = { status: 409, json: { Results: null, Errors: errors } }
  assert.equal(putTxn.reply({ results: [], errors }, input), failed)
})

routes('more operations than the bound are refused', () => {
  const ops = (count: number) =>
    Array.from({ length: count }, () => ({ KV: { Verb: 'get', Key: 'a' } }))
  assert.is(
    refusal(() => intentOf(ops(TXN_OPS_MAX))),
    'accepted',
  )
  assert.is(
    refusal(() => intentOf(ops(TXN_OPS_MAX + 1))),
    '413 Transaction contains too many operations (129 > 128)',
  )
})

routes('a value beyond the limit is refused by its key', () => {
  const max = SITE.config.limits.kvMaxValueSize
  const sized = (size: number) => [
    { KV: { Verb: 'set', Key: 'ü', Value: base64(new Uint8Array(size)) } },
  ]
  assert.is(
    refusal(() => intentOf(sized(max))),
    'accepted',
  )
  assert.is(
    refusal(() => intentOf(sized(max + 1))),
    `413 Value for key "ü" is too large (${max + 1} > ${max} bytes)`,
  )
})

interface Step {
  readonly body: unknown
  readonly expect: { readonly status: number; readonly text?: string }
}

const MALFORMED = new URL('../../conformance/txn/malformed.json', import.meta.url)

routes('bodies that are none are refused in the words of the corpus', () => {
  const { steps } = JSON.parse(readFileSync(MALFORMED, 'utf8')) as { steps: Step[] } // recorded so
  const refused = steps.filter(({ expect }) => expect.status === 400)
  assert.ok(refused.length > 10)
  for (const { body, expect } of refused) {
    const said = refusal(() => intentOf(body)).replace(/into Go .*/, '<any>')
    assert.is(said, `400 ${expect.text}`, JSON.stringify(body))
  }
})

routes('a body that nests without end is refused, and nothing overflows', () => {
  const deep = '[{"KV":'.repeat(100_000)
  assert.is(
    refusal(() => intentOf(deep)),
    '400 Failed to parse body: exceeded max depth',
  )
})

routes.run()
