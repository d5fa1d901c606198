// Transactions over nodes, services and checks, through the log: what each verb answers, that all
// or nothing of it stands, and that sessions end with what they stood on.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { utf8 } from '../../../core/bytes.ts'
import {
  CHECKS,
  type CheckSpec,
  NODES,
  type NodeSpec,
  SERVICES,
  type ServiceSpec,
} from '../../../core/catalog/records.ts'
import type { Command } from '../../../core/fsm/commands.ts'
import { type AppliedEntry, applyEntry, createFsm, type Fsm } from '../../../core/fsm/fsm.ts'
import { KV, type KvChange } from '../../../core/kv/records.ts'
import { SESSIONS } from '../../../core/sessions/records.ts'
import { rowsOf } from '../../../core/state/snapshot.ts'
import { beginTxn, commit, createStore, viewOf } from '../../../core/state/store.ts'
import { get, put } from '../../../core/state/txn.ts'
import type { CatalogVerb, KvVerb, TxnOp, TxnOutcome } from '../../../core/txn/records.ts'
import { lookTxn, TXN_ANSWER_BYTES_MAX } from '../../../core/txn/write.ts'
import { check, node, registration, service } from '../catalog/bench.ts'
import { entriesOf } from '../fsm/commands-any.ts'

const ID1 = '11111111-1111-4111-8111-111111111111'
const ID2 = '22222222-2222-4222-8222-222222222222'

const apply = (fsm: Fsm, command: Command): AppliedEntry[] =>
  entriesOf([command], fsm.applied.index + 1).map((entry) => applyEntry(fsm, entry))

/** Entry 1 of the log: node n with an agent that lives, an instance of web, and a check of it. */
function filled(): Fsm {
  const fsm = createFsm()
  const checks = [check('serfHealth'), check('c', { serviceId: 'web' })]
  const spec = node('n', { id: ID1 })
  apply(fsm, registration(spec, { service: service('web', { tags: ['a'] }), checks }))
  return fsm
}

function order(fsm: Fsm, ...ops: readonly TxnOp[]): TxnOutcome & Pick<AppliedEntry, 'sessions'> {
  const [applied] = apply(fsm, { type: 'txn', ops, wall: 0 })
  if (applied === undefined) throw new Error('one command has one result')
  const { results, errors } = applied.result as TxnOutcome // what a transaction comes to
  return { results, errors, sessions: applied.sessions }
}

interface At {
  readonly on?: string
  readonly index?: number
}

const onNode = (verb: CatalogVerb, name: string, given: Partial<NodeSpec> & At = {}): TxnOp => {
  const { index = 0, ...changed } = given
  return { kind: 'node', verb, node: node(name, changed), index }
}

const onService = (verb: CatalogVerb, id: string, given: Partial<ServiceSpec> & At = {}): TxnOp => {
  const { index = 0, on = 'n', ...changed } = given
  return { kind: 'service', verb, on, service: service(id, changed), index }
}

const onCheck = (verb: CatalogVerb, id: string, given: Partial<CheckSpec> & At = {}): TxnOp => {
  const { index = 0, on = 'n', ...changed } = given
  return { kind: 'check', verb, on, check: check(id, changed), index }
}

const onKey = (verb: KvVerb, key: string, given: Partial<KvChange> = {}): TxnOp => ({
  kind: 'kv',
  verb,
  change: { key, value: utf8(''), flags: 0, index: 0, session: '', ...given },
})

const catalog = suite('txn/catalog')

/** Indexes of the row that is answered with; nothing; or the refusal. */
type Told = readonly [created: number, modified: number] | 'nothing' | string

const RESERVED =
  `Error while renaming Node ID: "${ID2}": Node name n is reserved by node ${ID1} ` +
  'with name n (10.0.0.1)'

const ANSWERS: readonly (readonly [TxnOp, Told])[] = [
  [onNode('set', 'm'), [2, 2]],
  [onNode('set', 'n', { id: ID1 }), [1, 1]],
  [onNode('set', 'n', { id: ID1, address: '10.0.0.9' }), [1, 2]],
  [onNode('set', 'n', { id: ID2 }), RESERVED],
  [onNode('cas', 'n', { id: ID1, address: '10.0.0.9', index: 1 }), [1, 2]],
  [onNode('cas', 'n', { id: ID2, index: 1 }), RESERVED],
  [onNode('cas', 'n', { index: 9 }), 'failed to set node "n", index is stale'],
  [onNode('cas', 'n', { index: 0 }), 'failed to set node "n", index is stale'],
  [onNode('cas', 'm', { index: 0 }), [2, 2]],
  [onNode('cas', 'm', { index: 1 }), 'failed to set node "m", index is stale'],
  [onNode('delete', 'n'), 'nothing'],
  [onNode('delete', 'm'), 'nothing'],
  [onNode('delete-cas', 'n', { index: 1 }), 'nothing'],
  [onNode('delete-cas', 'n', { index: 9 }), 'failed to delete node "n", index is stale'],
  [onNode('delete-cas', 'm'), 'failed to delete node "m", index is stale'],
  [onNode('get', 'N'), [1, 1]],
  [onNode('get', '', { id: ID1 }), [1, 1]],
  [onNode('get', 'm'), `node "m" doesn't exist`],
  [onNode('get', 'n', { id: ID2 }), `node "n" doesn't exist`],

  [onService('set', 'db'), [2, 2]],
  [onService('set', 'web', { tags: ['a'] }), [1, 1]],
  [onService('set', 'web'), [1, 2]],
  [onService('set', 'web', { on: 'm' }), 'Missing node registration'],
  [onService('cas', 'web', { index: 1 }), [1, 2]],
  [onService('cas', 'db', { index: 0 }), [2, 2]],
  [onService('cas', 'db', { on: 'm', index: 0 }), 'Missing node registration'],
  [
    onService('cas', 'web', { index: 0 }),
    'failed to set service "web" on node "n", index is stale',
  ],
  [onService('delete', 'web'), 'nothing'],
  [onService('delete', 'db'), 'nothing'],
  [onService('delete', 'web', { on: 'm' }), 'nothing'],
  [onService('delete-cas', 'web', { index: 1 }), 'nothing'],
  [onService('delete-cas', 'db'), 'failed to delete service "db" on node "n", index is stale'],
  [onService('get', 'WEB'), [1, 1]],
  [onService('get', 'db'), `service "db" on node "n" doesn't exist`],
  [onService('get', 'web', { on: 'm' }), `service "web" on node "m" doesn't exist`],

  [onCheck('set', 'd'), [2, 2]],
  [onCheck('set', 'c', { serviceId: 'web' }), [1, 1]],
  [onCheck('set', 'c', { serviceId: 'web', output: 'slow' }), [1, 2]],
  [onCheck('set', 'd', { on: 'm' }), 'Missing node registration'],
  [onCheck('set', 'd', { serviceId: 'db' }), 'Missing service registration'],
  [onCheck('cas', 'c', { index: 1 }), [1, 2]],
  [onCheck('cas', 'd', { index: 0 }), [2, 2]],
  [onCheck('cas', 'd', { serviceId: 'db', index: 0 }), 'Missing service registration'],
  [onCheck('cas', 'c', { index: 2 }), 'failed to set check "c" on node "n", index is stale'],
  [onCheck('delete', 'c'), 'nothing'],
  [onCheck('delete', 'd'), 'nothing'],
  [onCheck('delete-cas', 'c', { index: 1 }), 'nothing'],
  [onCheck('delete-cas', 'd'), 'failed to delete check "d" on node "n", index is stale'],
  [onCheck('get', 'c'), [1, 1]],
  [onCheck('get', 'd'), `check "d" on node "n" doesn't exist`],
]

function told({ results, errors }: TxnOutcome): Told {
  assert.is(results.length === 0 || errors.length === 0, true)
  const [result] = results
  if (result === undefined) return errors[0]?.What ?? 'nothing'
  const { CreateIndex, ModifyIndex } = Object.values(result)[0]
  return [CreateIndex, ModifyIndex]
}

for (const [op, expected] of ANSWERS) {
  const { kind, verb, ...given } = op
  catalog(`${verb} of a ${kind} (${JSON.stringify(given)}): ${expected}`, () => {
    assert.equal(told(order(filled(), op)), expected)
  })
}

catalog('rows are shown as the catalog prints them, but for tags that were never given', () => {
  const { results } = order(
    filled(),
    onNode('get', 'n'),
    onService('set', 'db'),
    onCheck('set', 'd', { type: 'http', definition: { Interval: 5e9 } }),
    onCheck('get', 'c'),
  )
  const [first, second, third, last] = results.map(
    (one): Record<string, unknown> => ({
      ...Object.values(one)[0],
    }),
  )
  assert.equal([first?.['Node'], first?.['ID'], first?.['Meta']], ['n', ID1, null])
  assert.equal([second?.['Service'], second?.['Tags'], second?.['Meta']], ['db', null, null])
  assert.equal([third?.['CheckID'], third?.['ServiceTags']], ['d', null])
  assert.equal([third?.['Type'], third?.['Definition']], ['http', { Interval: '5s' }])
  assert.equal([last?.['ServiceName'], last?.['ServiceTags']], ['web', ['a']])
  assert.equal(results.flatMap(Object.keys), ['Node', 'Service', 'Check', 'Check'])
})

catalog('a node goes with all that is on it, a service with its checks', () => {
  const whole = filled()
  order(whole, onNode('delete', 'n'))
  const left = viewOf(whole.store)
  assert.is(get(left, NODES, 'n'), undefined)
  assert.is(told(order(whole, onService('get', 'web'))).length > 2, true)
  const part = filled()
  const { results } = order(part, onService('delete', 'web'), onCheck('get', 'serfHealth'))
  assert.is(results.length, 1)
  assert.equal(told(order(part, onCheck('get', 'c'))), `check "c" on node "n" doesn't exist`)
})

catalog('each operation sees what those before it did', () => {
  const { errors, results } = order(
    filled(),
    onNode('set', 'm'),
    onService('set', 'db', { on: 'm' }),
    onCheck('set', 'd', { on: 'm', serviceId: 'db' }),
    onService('cas', 'db', { on: 'm', port: 81, index: 2 }),
    onNode('delete', 'm'),
    onKey('set', 'k'),
  )
  assert.equal(errors, [])
  assert.is(results.length, 5)
})

const rowsIn = (fsm: Fsm) =>
  [...rowsOf(viewOf(fsm.store))].map(({ table, row }) => [table.name, row])

const session = (id: string, given: { node?: string; checks?: readonly string[] }): Command => ({
  type: 'create-session',
  session: {
    id,
    name: '',
    node: given.node ?? 'n',
    lockDelayNs: 0,
    behavior: 'release',
    ttl: '',
    nodeChecks: given.checks ?? [],
    serviceChecks: null,
    checks: null,
  },
})

/** The log so far: session s of node n stands on check c, and holds key k. */
function locked(): Fsm {
  const fsm = filled()
  apply(fsm, session('s', { checks: ['c'] }))
  order(fsm, onKey('lock', 'k', { session: 's' }))
  return fsm
}

catalog('with one error nothing stands, whichever room it came from', () => {
  for (const failing of [
    onKey('get', 'none'),
    onNode('get', 'none'),
    onService('set', 'x', { on: 'none' }),
    onCheck('delete-cas', 'c', { index: 99 }),
  ]) {
    const fsm = locked()
    const before = rowsIn(fsm)
    const { errors, results, sessions } = order(
      fsm,
      onKey('set', 'new'),
      onNode('set', 'm'),
      onNode('delete', 'n'),
      failing,
    )
    assert.equal([errors.length, errors[0]?.OpIndex, results], [1, 3, []])
    assert.equal(sessions, { born: [], ended: [] })
    assert.equal(rowsIn(fsm), before)
  }
})

const ENDS: Readonly<Record<string, TxnOp>> = {
  'its node goes': onNode('delete', 'n'),
  'its node gets another name': onNode('set', 'other', { id: ID1 }),
  'its check goes': onCheck('delete', 'c'),
  'the service of its check goes': onService('delete', 'web'),
  'its check turns critical': onCheck('set', 'c', { status: 'critical' }),
  'its check turns critical by cas': onCheck('cas', 'c', { status: 'critical', index: 1 }),
}

for (const [why, op] of Object.entries(ENDS)) {
  catalog(`a session ends in the same entry when ${why}`, () => {
    const fsm = locked()
    const { errors, sessions } = order(fsm, op)
    assert.equal(errors, [])
    assert.equal(sessions, { born: [], ended: ['s'] })
    assert.is(get(viewOf(fsm.store), SESSIONS, 's'), undefined)
    assert.is(get(viewOf(fsm.store), KV, 'k')?.session, '')
  })
}

catalog('a session stays when something else changes', () => {
  const { sessions } = order(
    locked(),
    onCheck('set', 'd', { status: 'critical' }),
    onCheck('set', 'c', { serviceId: 'web', status: 'warning' }),
    onNode('set', 'n', { id: ID1, address: '10.0.0.9' }),
    onService('set', 'web'),
  )
  assert.equal(sessions, { born: [], ended: [] })
})

catalog('a lock is free for the operation behind the one that ended its session', () => {
  const fsm = locked()
  apply(fsm, registration(node('m')))
  apply(fsm, session('t', { node: 'm' }))
  const taken = onKey('lock', 'k', { session: 't' })
  assert.is(told(order(fsm, taken)), 'failed to lock key "k", lock is already held')
  const lost = onKey('lock', 'k', { session: 's' })
  assert.is(told(order(fsm, onNode('delete', 'n'), lost)), 'invalid session "s"')
  const { errors, sessions } = order(fsm, onNode('delete', 'n'), taken)
  assert.equal([errors, sessions.ended], [[], ['s']])
  assert.is(get(viewOf(fsm.store), KV, 'k')?.session, 't')
})

catalog('a transaction that only asks answers the same from a view', () => {
  for (const [op] of ANSWERS.filter(([{ verb }]) => verb === 'get')) {
    const fsm = filled()
    const { results, errors } = lookTxn(viewOf(fsm.store), [op])
    const ordered = order(fsm, op)
    assert.equal({ results, errors }, { results: ordered.results, errors: ordered.errors })
  }
  const writing = onNode('set', 'm')
  assert.throws(() => lookTxn(viewOf(filled().store), [writing]), /set is no question/)
})

catalog('the bound of the answer holds for every kind', () => {
  const store = createStore([NODES, SERVICES, CHECKS])
  const txn = beginTxn(store, 1)
  const output = 'x'.repeat(TXN_ANSWER_BYTES_MAX / 4)
  const spec = check('c', { output })
  put(txn, CHECKS, {
    node: 'n',
    ...spec,
    serviceName: '',
    serviceTags: null,
    createIndex: 1,
    modifyIndex: 1,
  })
  commit(store, txn)
  const asks = Array.from({ length: 4 }, () => onCheck('get', 'c'))
  assert.is(lookTxn(viewOf(store), asks.slice(1)).results.length, 3)
  const { results, errors } = lookTxn(viewOf(store), asks)
  assert.equal([results, errors.length, errors[0]?.OpIndex], [[], 1, 3])
})

catalog.run()
