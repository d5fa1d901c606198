// What a read answers and when a blocking query on it wakes: never in vain where that can be
// helped, and never too late.

import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  type Answer,
  listChecksInState,
  listConnected,
  listHealth,
  listInstances,
  listNodeChecks,
  listNodes,
  listServiceChecks,
  listServices,
  readNode,
} from '../../../core/catalog/read.ts'
import { createWatchSet, unwatch, viewOf, watch } from '../../../core/state/store.ts'
import type { View } from '../../../core/state/txn.ts'
import { fc } from '../../kit/property.ts'
import {
  acts,
  type Bench,
  check,
  createBench,
  drop,
  node,
  play,
  put,
  registration,
  service,
} from './bench.ts'

const read = suite('catalog/read')

const ALL = { tags: [], nodeMeta: {} }
const NEVER = { tags: [], nodeMeta: { a: 'b' } }

const READS: Readonly<Record<string, (view: View) => Answer<unknown>>> = {
  nodes: (view) => listNodes(view, ALL),
  'nodes with meta': (view) => listNodes(view, NEVER),
  services: (view) => ({ ...listServices(view, ALL), rows: servicesText(view) }),
  'instances of web': (view) => listInstances(view, 'web', ALL),
  'health of web': (view) => listHealth(view, 'web', ALL),
  'health of db, in capitals': (view) => listHealth(view, 'DB', ALL),
  'connected to web': (view) => listConnected(view, 'Web', ALL),
  'node n1': (view) => readNode(view, 'n1'),
  'checks on n1': (view) => listNodeChecks(view, 'n1'),
  'checks of web': (view) => listServiceChecks(view, 'web', ALL),
  'all checks': (view) => listChecksInState(view, 'any', ALL),
  'passing checks': (view) => listChecksInState(view, 'passing', ALL),
  'checks on nodes with meta': (view) => listChecksInState(view, 'any', NEVER),
}

/** A map has no JSON. */
const servicesText = (view: View): string =>
  [...listServices(view, ALL).rows].map(([name, tags]) => `${name}:${[...tags]}`).join(' ')

/** Parks a waiter at a read. */
function wait(bench: Bench, run: (view: View) => Answer<unknown>) {
  const watched = createWatchSet()
  const answer = run(viewOf(bench.store, watched))
  const waiter = {}
  watch(bench.store, watched, waiter)
  return { waiter, ...answer }
}

read('when an answer changes its waiter wakes, and the index has grown', () => {
  fc.assert(
    fc.property(fc.array(acts, { minLength: 5, maxLength: 25 }), (sequence) => {
      const bench = createBench()
      for (const act of sequence) {
        const waits = Object.entries(READS).map(([name, run]) => ({
          name,
          run,
          ...wait(bench, run),
        }))
        play(bench, act)
        for (const { name, run, waiter, index, rows } of waits) {
          const now = run(viewOf(bench.store))
          if (JSON.stringify(now.rows) !== JSON.stringify(rows)) {
            assert.ok(bench.fired.has(waiter), `${name} wakes`)
            assert.ok(now.index > index, `${name}: ${now.index} > ${index}`)
          }
          assert.ok(now.index >= index || now.index === 0 || bench.fired.has(waiter), name)
          unwatch(bench.store, waiter)
        }
      }
    }),
    { numRuns: 100, seed: 31 },
  )
})

const web = service('web', { name: 'web' })
const QUIET: readonly (readonly [read: string, what: string, run: (bench: Bench) => void])[] = [
  [
    'instances of web',
    'another service',
    (bench) => put(bench, registration(node('n1'), { service: service('db') })),
  ],
  [
    'health of web',
    'another service',
    (bench) => put(bench, registration(node('n1'), { service: service('db') })),
  ],
  [
    'health of web',
    'the same again',
    (bench) => put(bench, registration(node('n1'), { service: web })),
  ],
  ['health of web', 'another node', (bench) => put(bench, registration(node('n9')))],
  [
    'health of db, in capitals',
    'the end of another service',
    (bench) => drop(bench, 'n1', { serviceId: 'web' }),
  ],
  [
    'instances of web',
    'a check',
    (bench) => put(bench, registration(node('n1'), { checks: [check('c')] })),
  ],
  [
    'connected to web',
    'the service itself',
    (bench) => put(bench, registration(node('n1'), { service: { ...web, port: 9 } })),
  ],
  [
    'nodes',
    'a service',
    (bench) => put(bench, registration(node('n1'), { service: service('db') })),
  ],
  [
    'node n1',
    'a service on another node',
    (bench) => put(bench, registration(node('n2'), { service: web })),
  ],
  [
    'checks on n1',
    'a check on another node',
    (bench) => put(bench, registration(node('n2'), { checks: [check('c')] })),
  ],
  [
    'checks of web',
    'a check of the node',
    (bench) => put(bench, registration(node('n1'), { checks: [check('c')] })),
  ],
]

for (const [name, what, run] of QUIET) {
  read(`who waits for ${name} sleeps through ${what}`, () => {
    const bench = createBench()
    put(bench, registration(node('n1'), { service: web }))
    put(bench, registration(node('n2')))
    const { waiter } = wait(bench, present(READS[name]))
    run(bench)
    assert.not(bench.fired.has(waiter))
  })
}

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('a read of the table')
  return value
}

read('a node is found by name, by id and by the beginning of an id that fits no other', () => {
  const bench = createBench()
  const [a, b] = ['40e4a748-2192-161a-0510-9bf59fe950b5', '40e5ffff-2192-161a-0510-9bf59fe950b5']
  put(bench, registration(node('a', { id: a })))
  put(bench, registration(node('b', { id: b })))
  put(bench, registration(node('40')))
  const found = (asked: string) => readNode(viewOf(bench.store), asked).rows?.node.name
  for (const [asked, name] of [
    ['A', 'a'],
    [a, 'a'],
    [a.toUpperCase(), 'a'],
    ['40e4', 'a'],
    ['40e4a', 'a'], // an odd digit does not count
    ['40e4a748-21', 'a'],
    ['40e5', 'b'],
    ['40', '40'], // a name goes first
    ['40e', undefined], // 40 fits both
    ['4', undefined],
    ['zz', undefined],
    ['', undefined],
  ] as const) {
    assert.is(found(asked), name, asked)
  }
})

read('tags and node meta choose: all of them, tags without regard to case', () => {
  const bench = createBench()
  const place = (
    name: string,
    tags: readonly string[] | null,
    meta: Record<string, string> | null,
  ) =>
    put(bench, registration(node(name, { meta }), { service: service('w', { name: 'web', tags }) }))
  place('a', ['v1', 'Prod'], { env: 'prod', dc: 'x' })
  place('b', ['v2'], { env: 'test', empty: '' })
  place('c', null, null)
  const names = (tags: readonly string[], nodeMeta: Record<string, string>) =>
    listInstances(viewOf(bench.store), 'WEB', { tags, nodeMeta }).rows.map((row) => row.node.name)
  assert.equal(names([], {}), ['a', 'b', 'c'])
  assert.equal(names(['V1', 'prod'], {}), ['a'])
  assert.equal(names(['v1', 'v2'], {}), [])
  assert.equal(names([''], {}), [])
  assert.equal(names([], { env: 'prod', dc: 'x' }), ['a'])
  assert.equal(names([], { empty: '' }), ['b'])
  assert.equal(names([], { toString: '' }), [])
})

read.run()
