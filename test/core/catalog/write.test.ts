// What registering and deregistering do to rows and indexes: rules one by one, then sequences
// against a naive model.

import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { indexOf, nodeIndexName, serviceIndexName } from '../../../core/catalog/indexes.ts'
import { readNode } from '../../../core/catalog/read.ts'
import {
  CATALOG_INDEXES,
  CHECKS,
  type CheckSpec,
  type Fallout,
  NODES,
  type NodeSpec,
  SERVICES,
  type ServiceSpec,
} from '../../../core/catalog/records.ts'
import { viewOf } from '../../../core/state/store.ts'
import { list } from '../../../core/state/txn.ts'
import { fc } from '../../kit/property.ts'
import {
  type Act,
  acts,
  type Bench,
  check,
  createBench,
  drop,
  mustHold,
  node,
  play,
  put,
  registration,
  service,
} from './bench.ts'

const write = suite('catalog/write')

const rowsOf = ({ store }: Bench) => ({
  nodes: list(viewOf(store), NODES, ''),
  services: list(viewOf(store), SERVICES, ''),
  checks: list(viewOf(store), CHECKS, ''),
  indexes: list(viewOf(store), CATALOG_INDEXES, ''),
})

const nodeRow = (bench: Bench, name: string) => readNode(viewOf(bench.store), name).rows?.node

const ID1 = '11111111-1111-4111-8111-111111111111'
const ID2 = '22222222-2222-4222-8222-222222222222'

write('what is registered stands there with the index of its command', () => {
  const bench = createBench()
  mustHold(
    put(bench, registration(node('n'), { service: service('web'), checks: [check('alive')] })),
  )
  const { nodes, services, checks } = rowsOf(bench)
  for (const row of [...nodes, ...services, ...checks]) {
    assert.is(row.createIndex, 1)
    assert.is(row.modifyIndex, 1)
  }
  assert.is(services[0]?.node, 'n')
  assert.is(checks[0]?.serviceName, '')
})

write('what a check is made of is no change of it by itself, and comes with one', () => {
  const bench = createBench()
  const told = (changed: Partial<CheckSpec>) =>
    mustHold(put(bench, registration(node('n'), { checks: [{ ...check('a'), ...changed }] })))
  told({ type: 'ttl', interval: '1s' })
  const before = rowsOf(bench)
  told({ type: 'http', interval: '9s', timeout: '1s', exposedPort: 5 })
  assert.equal(rowsOf(bench), before)
  told({ type: 'http', interval: '9s', notes: 'new' })
  const [row] = rowsOf(bench).checks
  assert.equal([row?.type, row?.interval, row?.modifyIndex], ['http', '9s', 3])
})

write('registering the same again moves no index and no row, however names are spelled', () => {
  const bench = createBench()
  const meta = { a: '1', b: '2' }
  const command = (name: string) =>
    registration(node(name, { id: ID1, meta }), {
      service: service('web', { tags: ['x'], meta: { b: '2', a: '1' } }),
      checks: [check('alive'), check('web', { serviceId: 'web' })],
    })
  mustHold(put(bench, command('n')))
  const before = rowsOf(bench)
  mustHold(put(bench, command('n')))
  mustHold(put(bench, command('N')))
  assert.equal(rowsOf(bench), before)
})

write('what a registration does not give is gone; null and empty are different', () => {
  const bench = createBench()
  put(bench, registration(node('n', { meta: { a: 'b' } })))
  put(bench, registration(node('n', { meta: {} })))
  assert.equal(nodeRow(bench, 'n')?.meta, {})
  put(bench, registration(node('n')))
  assert.is(nodeRow(bench, 'n')?.meta, null)
  assert.is(nodeRow(bench, 'n')?.createIndex, 1)
  assert.is(nodeRow(bench, 'n')?.modifyIndex, 3)
})

write('SkipNodeUpdate leaves a node alone and creates a missing one', () => {
  const bench = createBench()
  const skip = { skipNodeUpdate: true }
  put(bench, registration(node('n')))
  put(bench, registration(node('n', { address: '10.9.9.9' }), skip))
  assert.is(nodeRow(bench, 'n')?.address, '10.0.0.1')
  put(bench, registration(node('m', { address: '' }), skip))
  assert.is(nodeRow(bench, 'm')?.createIndex, 3)
})

write('an id under a new name renames its node: the old name goes with all that was on it', () => {
  const bench = createBench()
  put(
    bench,
    registration(node('old', { id: ID1 }), { service: service('web'), checks: [check('c')] }),
  )
  const fallout = mustHold(put(bench, registration(node('new', { id: ID1 }))))
  assert.equal(fallout.nodes, ['old'])
  assert.equal(
    fallout.checks.map(({ id }) => id),
    ['c'],
  )
  const { nodes, services, checks } = rowsOf(bench)
  assert.equal(
    nodes.map(({ name, createIndex, modifyIndex }) => [name, createIndex, modifyIndex]),
    [['new', 1, 2]],
  )
  assert.equal([services, checks], [[], []])
  assert.is(indexOf(viewOf(bench.store), 'gone-nodes'), 2)
  assert.is(indexOf(viewOf(bench.store), 'gone-services'), 2)
})

write('a name whose agent is alive is not given to another id; the refusal names both', () => {
  const bench = createBench()
  put(bench, registration(node('n', { id: ID1 }), { checks: [check('serfHealth')] }))
  put(bench, registration(node('m', { id: ID2 })))
  const before = rowsOf(bench)
  const fresh = '33333333-3333-4333-8333-333333333333'
  for (const [id, whose] of [
    [fresh, `"${fresh}"`],
    [ID2, `"${ID2}" (10.0.0.1)`],
  ] as const) {
    const refused = put(bench, registration(node('N', { id })))
    assert.equal(refused, {
      ok: false,
      why:
        `failed inserting node: Error while renaming Node ID: ${whose}: ` +
        `Node name N is reserved by node ${ID1} with name n (10.0.0.1)`,
    })
  }
  assert.equal(rowsOf(bench), before)
})

write('a name whose agent is dead, or that has no id, goes to the id that asks for it', () => {
  const bench = createBench()
  const dead = check('serfHealth', { status: 'critical' })
  put(bench, registration(node('n', { id: ID1 }), { checks: [dead], service: service('web') }))
  mustHold(put(bench, registration(node('n', { id: ID2 }))))
  assert.is(nodeRow(bench, 'n')?.id, ID2)
  assert.is(rowsOf(bench).services.length, 1)
  put(bench, registration(node('plain'), { checks: [check('serfHealth')] }))
  mustHold(put(bench, registration(node('plain', { id: ID1 }))))
  assert.is(nodeRow(bench, 'plain')?.id, ID1)
})

write('a check of an unknown service refuses the whole registration', () => {
  const bench = createBench()
  const refused = put(
    bench,
    registration(node('n'), { checks: [check('a'), check('o', { serviceId: 'none' })] }),
  )
  assert.equal(refused, { ok: false, why: "Unknown service ID 'none' for check ID 'o'" })
  assert.equal(rowsOf(bench), { nodes: [], services: [], checks: [], indexes: [] })
})

write('a check takes name and tags of its instance when it is written, not later', () => {
  const bench = createBench()
  const ofWeb = check('c', { serviceId: 'web' })
  put(bench, registration(node('n'), { service: service('web', { tags: ['x'] }), checks: [ofWeb] }))
  put(bench, registration(node('n'), { service: service('web', { name: 'api', tags: ['y'] }) }))
  const [before] = rowsOf(bench).checks
  assert.equal([before?.serviceName, before?.serviceTags, before?.modifyIndex], ['web', ['x'], 1])
  put(bench, registration(node('n'), { checks: [ofWeb] }))
  const [after] = rowsOf(bench).checks
  assert.equal([after?.serviceName, after?.serviceTags, after?.modifyIndex], ['api', ['y'], 3])
})

write('critical and removed checks are told, so that sessions can end with them', () => {
  const bench = createBench()
  const ids = ({ checks }: Fallout) => checks.map(({ id }) => id)
  const critical = check('bad', { status: 'critical' })
  assert.equal(
    ids(mustHold(put(bench, registration(node('n'), { checks: [check('ok'), critical] })))),
    ['bad'],
  )
  assert.equal(ids(drop(bench, 'N', { checkId: 'OK' })), ['ok'])
  const last = drop(bench, 'n')
  assert.equal([last.nodes, ids(last)], [['n'], ['bad']])
  assert.equal(drop(bench, 'n'), { nodes: [], checks: [] })
})

write('a service id goes before a check id, and takes its checks along', () => {
  const bench = createBench()
  const checks = [check('node'), check('web', { serviceId: 'web' })]
  put(bench, registration(node('n'), { service: service('web'), checks }))
  drop(bench, 'n', { serviceId: 'web', checkId: 'node' })
  assert.equal(
    rowsOf(bench).checks.map(({ id }) => id),
    ['node'],
  )
  assert.is(rowsOf(bench).services.length, 0)
})

write('an index moves with what its name stands for, and with nothing else (3.10)', () => {
  const bench = createBench()
  const seen = (...names: Parameters<typeof indexOf>[1][]) =>
    names.map((name) => indexOf(viewOf(bench.store), name))
  const [a, b] = [serviceIndexName('a'), serviceIndexName('b')]
  put(bench, registration(node('n'), { service: service('a') }))
  put(bench, registration(node('n'), { service: service('b') }))
  assert.equal(seen(a, b, 'services', 'nodes', nodeIndexName('n'), 'checks'), [1, 2, 2, 2, 2, 0])
  put(bench, registration(node('n'), { checks: [check('of-a', { serviceId: 'a' })] }))
  assert.equal(seen(a, b, 'services', 'nodes', 'checks'), [3, 2, 2, 2, 3])
  put(bench, registration(node('n'), { checks: [check('of-node')] }))
  assert.equal(seen(a, b, 'services', 'nodes', 'checks'), [4, 4, 2, 2, 4])
  put(bench, registration(node('n', { address: '10.0.0.9' })))
  assert.equal(seen(a, b, 'services', 'nodes', nodeIndexName('n')), [5, 5, 2, 5, 5])
  drop(bench, 'n', { serviceId: 'a' })
  assert.equal(seen(a, b, 'services', 'nodes', 'checks', 'gone-services'), [0, 5, 6, 6, 6, 6])
  drop(bench, 'n', { checkId: 'of-node' })
  assert.equal(seen(b, 'services', 'nodes', 'checks', 'gone-services'), [7, 7, 6, 7, 6])
})

write('an instance that takes another name counts as gone from the old one', () => {
  const bench = createBench()
  put(bench, registration(node('n'), { service: service('s', { name: 'a' }) }))
  put(bench, registration(node('m'), { service: service('s', { name: 'a' }) }))
  put(bench, registration(node('n'), { service: service('s', { name: 'b' }) }))
  assert.is(indexOf(viewOf(bench.store), serviceIndexName('a')), 3)
  put(bench, registration(node('m'), { service: service('s', { name: 'b' }) }))
  assert.is(indexOf(viewOf(bench.store), serviceIndexName('a')), 0)
  assert.is(indexOf(viewOf(bench.store), 'gone-services'), 4)
})

write('names with a zero in them are no neighbours of others', () => {
  const bench = createBench()
  put(bench, registration(node('n'), { service: service('a') }))
  put(bench, registration(node('n\0'), { service: service('a') }))
  put(bench, registration(node('n\0\x01a'), { service: service('b') }))
  assert.is(readNode(viewOf(bench.store), 'n').rows?.services.length, 1)
  drop(bench, 'n')
  assert.is(rowsOf(bench).services.length, 2)
})

// A model as plain as it can be: nested maps, everything by lower-case name.
interface ModelNode {
  spec: NodeSpec
  readonly services: Map<string, ServiceSpec>
  readonly checks: Map<string, CheckSpec>
}
type Model = Map<string, ModelNode>

function modelAct(model: Model, act: Act): void {
  if (act.type === 'drop') {
    modelDrop(model, act)
    return
  }
  const { node: spec, service: instance, checks, skipNodeUpdate } = act.command
  const known = model.get(spec.name.toLowerCase())
  const orphan = checks.some(
    ({ serviceId }) =>
      serviceId !== '' && serviceId !== instance?.id && !known?.services.has(serviceId),
  )
  if (orphan) return
  const there: ModelNode = known ?? { spec, services: new Map(), checks: new Map() }
  if (!skipNodeUpdate) there.spec = { ...spec, name: there.spec.name }
  if (instance !== undefined) there.services.set(instance.id, instance)
  for (const one of checks) there.checks.set(one.id, one)
  model.set(spec.name.toLowerCase(), there)
}

function modelDrop(model: Model, { node: name, what }: Extract<Act, { type: 'drop' }>): void {
  const there = model.get(name.toLowerCase())
  if (there === undefined) return
  if (what.serviceId !== undefined) {
    there.services.delete(what.serviceId)
    for (const [id, one] of there.checks) {
      if (one.serviceId === what.serviceId) there.checks.delete(id)
    }
  } else if (what.checkId !== undefined) there.checks.delete(what.checkId)
  else model.delete(name.toLowerCase())
}

const byText = (a: string, b: string) => (a < b ? -1 : 1)

const modelContent = (model: Model): string[] =>
  [...model].flatMap(([name, { spec, services, checks }]) => [
    `${name} ${spec.address}`,
    ...[...services.values()].map((s) => `${name} ${s.id} ${s.name} ${s.port}`),
    ...[...checks.values()].map((c) => `${name} ${c.id} ${c.serviceId} ${c.output}`),
  ])

function storeContent(bench: Bench): string[] {
  const { nodes, services, checks } = rowsOf(bench)
  return [
    ...nodes.map((row) => `${row.name.toLowerCase()} ${row.address}`),
    ...services.map((row) => `${row.node.toLowerCase()} ${row.id} ${row.name} ${row.port}`),
    ...checks.map((row) => `${row.node.toLowerCase()} ${row.id} ${row.serviceId} ${row.output}`),
  ]
}

write('after any sequence the rows are those of a naive model, and the indexes fit them', () => {
  fc.assert(
    fc.property(fc.array(acts, { maxLength: 30 }), (sequence) => {
      const bench = createBench()
      const model: Model = new Map()
      for (const act of sequence) {
        const before = storeContent(bench)
        const marks = rowsOf(bench).indexes
        play(bench, act)
        modelAct(model, act)
        const after = storeContent(bench)
        assert.equal(after.toSorted(byText), modelContent(model).toSorted(byText))
        const { indexes, services } = rowsOf(bench)
        const quiet = JSON.stringify(before) === JSON.stringify(after)
        if (quiet) assert.equal(indexes, marks, 'what changes no content moves no index')
        else assert.ok(indexes.some(({ index }) => index === bench.index))
        const named = indexes.filter(({ name }) => name.startsWith('service.'))
        const alive = new Set(services.map(({ name }) => `service.${name}`))
        assert.equal(
          named.map(({ name }) => name),
          [...alive].sort(byText),
        )
      }
    }),
    { numRuns: 150, seed: 20_260 },
  )
})

write.run()
