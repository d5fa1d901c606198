// What the operations on the catalog in the body of a transaction become, and which are refused
// before anything runs. Those on keys stand in txn.test.ts.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { utf8 } from '../../../core/bytes.ts'
import { ApiError } from '../../../core/errors.ts'
import { sortOps, TXN_OPS_MAX, txnBody } from '../../../core/txn/body.ts'
import { check, node, service } from '../catalog/bench.ts'

const body = suite('txn/body')

const sorted = (...sent: readonly unknown[]) => sortOps(txnBody(utf8(JSON.stringify(sent))), 'dc1')

const Node = (Verb: string, spec?: object) => ({ Node: { Verb, ...(spec && { Node: spec }) } })
const Service = (Verb: string, spec?: object) => ({ Service: { Verb, Node: 'n', Service: spec } })
const Check = (Verb: string, spec?: object) => ({ Check: { Verb, Check: spec } })

const VERBS = ['set', 'cas', 'delete', 'delete-cas', 'get'] as const
const WRITES = VERBS.filter((verb) => verb !== 'get')

body('every verb is taken for every kind, with the index to compare with', () => {
  for (const verb of VERBS) {
    const { ops, errors, writes } = sorted(
      Node(verb, { Node: 'n', Address: '10.0.0.1', ModifyIndex: 7 }),
      Service(verb, { ID: 'web', Service: 'web', Port: 80, ModifyIndex: 8 }),
      Check(verb, { Node: 'n', CheckID: 'c', Name: 'c', Status: 'passing', ModifyIndex: 9 }),
    )
    assert.equal(errors, [])
    assert.is(writes, verb !== 'get')
    assert.equal(ops, [
      { kind: 'node', verb, node: node('n'), index: 7 },
      { kind: 'service', verb, on: 'n', service: service('web'), index: 8 },
      { kind: 'check', verb, on: 'n', check: check('c'), index: 9 },
    ])
  }
})

body('fields of the other edition and of other requests are passed over', () => {
  const { ops, errors } = sorted(
    Node('set', { Node: 'n', Address: '10.0.0.1', Datacenter: 'dc1', Partition: 'p' }),
    Service('set', { Service: 'web', Port: 80, Namespace: 'x', ContentHash: 'y', Datacenter: 'z' }),
    Check('set', { Node: 'n', Name: 'c', Status: 'passing', Namespace: 'x', Partition: 'p' }),
  )
  assert.equal(errors, [])
  assert.equal(ops, [
    { kind: 'node', verb: 'set', node: node('n'), index: 0 },
    { kind: 'service', verb: 'set', on: 'n', service: service('web'), index: 0 },
    { kind: 'check', verb: 'set', on: 'n', check: check('c'), index: 0 },
  ])
})

body('what the client library does not hand on is taken and forgotten', () => {
  const { ops, errors } = sorted(
    Node('set', { Node: 'n', Locality: { Region: 'r' } }),
    Service('set', {
      Service: 'web',
      Port: 80,
      SocketPath: '/s',
      TaggedAddresses: { lan: { Address: 'a', Port: 1 } },
      Connect: { Native: true },
      Locality: { Region: 'r' },
      Proxy: { LocalServicePort: 9, Mode: 'direct', Upstreams: [{ DestinationName: 'u' }] },
    }),
    Check('set', {
      Node: 'n',
      Name: 'c',
      Type: 'tcp',
      Definition: { TCP: 'a:1', UDP: 'u', TTL: '5s', Timeout: '1s', IntervalDuration: '7s' },
    }),
    Check('set', { Node: 'n', Name: 'd', ServiceName: 'web' }),
  )
  assert.equal(errors, [])
  const [first, second, third, fourth] = ops
  assert.is(first?.kind === 'node' && first.node.locality, null)
  assert.equal(second?.kind === 'service' && second.service, {
    ...service('web'),
    proxy: { LocalServicePort: 9, MeshGateway: {}, Expose: {} },
  })
  assert.equal(third?.kind === 'check' && [third.check.type, third.check.definition], [
    '',
    { TCP: 'a:1', Interval: 7e9, Timeout: 1e9 },
  ])
  assert.equal(fourth?.kind === 'check' && fourth.check.says, { name: 'web', tags: null })
})

body('labels of a service are looked at when they are written', () => {
  const odd = { Service: 'web', Meta: { 'consul-x': '1' } }
  const What =
    "Invalid Service Meta for node n and serviceID web: Couldn't load metadata pair " +
    "('consul-x', '1'): Key prefix 'consul-' is reserved for internal use"
  for (const verb of VERBS) {
    const told = verb === 'set' || verb === 'cas' ? [{ OpIndex: 0, What }] : []
    assert.equal(sorted(Service(verb, odd)).errors, told)
  }
})

body(
  'a node keeps the datacenter that it names; a check has no type, and is critical unless told',
  () => {
    const { ops } = sorted(
      Node('set', { Node: 'n', Datacenter: 'dc2' }),
      Check('set', { Node: 'n', Name: 'c', Definition: { TCP: 'x:1', Interval: '5s' } }),
    )
    const [first, second] = ops
    assert.is(first?.kind === 'node' && first.node.datacenter, 'dc2')
    assert.is(second?.kind === 'check' && second.check.type, '')
    assert.is(second?.kind === 'check' && second.check.status, 'critical')
  },
)

body('a question needs no more than what finds the row, and no name stands in for an id', () => {
  const { ops, errors } = sorted(
    Node('get'),
    Node('get', { ID: 'short' }),
    Service('get', { Service: 'web' }),
    Check('get', { Node: 'n', Name: 'c' }),
    { Service: { Verb: 'get' } },
  )
  assert.equal(errors, [])
  assert.equal(
    ops.map((op) => (op.kind === 'service' ? op.service.id : op.kind === 'check' && op.check.id)),
    [false, false, '', '', ''],
  )
})

const NO_NAME = 'Must provide service name (Service.Service)'
const NO_ID = 'failed health check lookup: index error: object is missing a value for this index'

const REFUSED: readonly (readonly [(verb: string) => object, string])[] = [
  [(verb) => Node(verb), 'Must provide node'],
  [(verb) => Node(verb, { Address: '10.0.0.1' }), 'Must provide node'],
  [
    (verb) => Node(verb, { ID: 'not-a-uuid', Node: 'n' }),
    'Bad node ID: uuid string is wrong length',
  ],
  [(verb) => Service(verb, { ID: 'web' }), `${NO_NAME} when service ID is provided`],
  [(verb) => Service(verb, {}), NO_NAME],
  [(verb) => Service(verb, { Service: 'web', Address: '::' }), 'Invalid service address'],
  [(verb) => Check(verb, { Node: 'n' }), NO_ID],
]

body('what is not complete is refused under its place, for each verb that writes', () => {
  const fine = Check('delete', { Node: 'n', CheckID: 'c' })
  for (const verb of WRITES) {
    for (const [op, What] of REFUSED) {
      const { errors, writes } = sorted({}, fine, { Node: null }, op(verb))
      assert.equal(errors, [{ OpIndex: 1, What }])
      assert.is(writes, true)
    }
  }
})

body('a verb that is none is told, and makes no question of the transaction', () => {
  const none = ['bogus', '', 'lock', 'get-tree', 'toString']
  for (const verb of none) {
    const { ops, errors, writes } = sorted(
      Node(verb, { Node: 'n' }),
      Service(verb, { ID: 'web' }),
      Check(verb, { Node: 'n' }),
    )
    assert.equal([ops, writes], [[], true])
    assert.equal(errors, [
      { OpIndex: 0, What: `unknown node operation: ${verb}` },
      { OpIndex: 1, What: `unknown service operation: ${verb}` },
      { OpIndex: 2, What: `unknown check operation: ${verb}` },
    ])
  }
})

body('of several kinds in one operation the first of KV, Node, Service, Check counts', () => {
  const kinds = {
    ...Check('set', { Node: 'n', Name: 'c' }),
    ...Service('set', { Service: 'web' }),
    ...Node('get', { Node: 'n' }),
    KV: { Verb: 'get', Key: 'k' },
  }
  const order = ['kv', 'node', 'service', 'check']
  const rest: Record<string, unknown> = { ...kinds }
  for (const [i, name] of ['KV', 'Node', 'Service', 'Check'].entries()) {
    const { ops, writes } = sorted(rest)
    assert.equal(
      ops.map(({ kind }) => kind),
      [order[i]],
    )
    assert.is(writes, i > 1)
    rest[name] = null
  }
  assert.equal(sorted(rest), { ops: [], errors: [], writes: false })
})

function refusal(...sent: readonly unknown[]): string {
  try {
    sorted(...sent)
  } catch (error) {
    if (error instanceof ApiError) return `${error.status} ${error.message}`
    throw error
  }
  return 'accepted'
}

body('unknown fields, and what belongs to a later version, are refused at every depth', () => {
  const unknown = '400 Failed to parse body: json: unknown field "Bogus"'
  const interval = Check('set', { Name: 'c', Interval: '5s' })
  assert.is(refusal(interval), unknown.replace('Bogus', 'Interval'))
  for (const sent of [
    { Bogus: 1 },
    { Node: { Bogus: 1 } },
    Node('set', { Node: 'n', Bogus: 1 }),
    Service('set', { Service: 'web', Bogus: 1 }),
    Check('set', { Name: 'c', Bogus: 1 }),
  ]) {
    assert.is(refusal(sent), unknown)
  }
  const later = 'not built into this version'
  assert.is(refusal(Node('set', { Node: 'n', PeerName: 'p' })), `500 peering is ${later}`)
  assert.is(refusal(Service('set', { Service: 'web', Proxy: {}, Connect: {} })), 'accepted')
  assert.is(refusal(Check('set', { Name: 'c', PeerName: 'p' })), `500 peering is ${later}`)
})

body('operations of all kinds together are bounded', () => {
  const ops = (count: number) =>
    Array.from({ length: count }, (_, i) =>
      i % 2 === 0 ? Node('get', { Node: 'n' }) : Check('get', { Node: 'n', CheckID: 'c' }),
    )
  assert.is(refusal(...ops(TXN_OPS_MAX)), 'accepted')
  assert.is(
    refusal(...ops(TXN_OPS_MAX + 1)),
    '413 Transaction contains too many operations (129 > 128)',
  )
})

body.run()
