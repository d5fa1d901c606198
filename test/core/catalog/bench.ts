// A store with the tables of the catalog alone, and commands for it: for the tests of this room.

import * as assert from 'uvu/assert'
import {
  BARE_CHECK,
  BARE_SERVICE,
  CATALOG_INDEXES,
  CHECKS,
  type CheckSpec,
  type Fallout,
  NODES,
  type NodeSpec,
  type RegisterCommand,
  type Registered,
  SERVICES,
  type ServiceSpec,
} from '../../../core/catalog/records.ts'
import { deregister, register } from '../../../core/catalog/write.ts'
import {
  beginTxn,
  commit,
  createStore,
  type Store,
  type Waiter,
} from '../../../core/state/store.ts'
import type { Txn } from '../../../core/state/txn.ts'
import { fc } from '../../kit/property.ts'

export interface Bench {
  readonly store: Store
  index: number
  /** Who was woken by the last command. */
  fired: ReadonlySet<Waiter>
}

export const createBench = (): Bench => ({
  store: createStore([NODES, SERVICES, CHECKS, CATALOG_INDEXES]),
  index: 0,
  fired: new Set(),
})

function apply<T>(bench: Bench, run: (txn: Txn) => T): T {
  const txn = beginTxn(bench.store, ++bench.index)
  const result = run(txn)
  bench.fired = commit(bench.store, txn)
  return result
}

export const node = (name: string, changed: Partial<NodeSpec> = {}): NodeSpec => ({
  id: '',
  name,
  address: '10.0.0.1',
  datacenter: 'dc1',
  taggedAddresses: null,
  meta: null,
  locality: null,
  ...changed,
})

export const service = (id: string, changed: Partial<ServiceSpec> = {}): ServiceSpec => ({
  ...BARE_SERVICE,
  id,
  name: id,
  port: 80,
  ...changed,
})

export const check = (id: string, changed: Partial<CheckSpec> = {}): CheckSpec => ({
  ...BARE_CHECK,
  id,
  name: id,
  status: 'passing',
  ...changed,
})

export const registration = (
  spec: NodeSpec,
  more: Partial<Omit<RegisterCommand, 'type' | 'node'>> = {},
): RegisterCommand => ({
  type: 'register',
  node: spec,
  skipNodeUpdate: false,
  service: undefined,
  others: [],
  checks: [],
  wall: 0,
  ...more,
})

export const put = (bench: Bench, command: RegisterCommand): Registered =>
  apply(bench, (txn) => register(txn, command))

export const drop = (
  bench: Bench,
  name: string,
  what: { serviceId?: string; checkId?: string } = {},
) =>
  apply(
    bench,
    (txn): Fallout =>
      deregister(txn, {
        type: 'deregister',
        node: name,
        serviceId: '',
        checkId: '',
        wall: 0,
        ...what,
      }),
  )

export const mustHold = (registered: Registered): Fallout => {
  assert.ok(registered.ok, registered.ok ? '' : registered.why)
  return registered.fallout
}

/** An ordinary service, one that is native, or a proxy in front of another. */
export function meshed(proxied: string | undefined): Partial<ServiceSpec> {
  if (proxied === undefined || proxied === 'native') return { native: proxied === 'native' }
  const proxy = { DestinationServiceName: proxied, MeshGateway: {}, Expose: {} }
  return { kind: 'connect-proxy', proxy }
}

/** One command of a random sequence. */
export type Act =
  | { readonly type: 'register'; readonly command: RegisterCommand }
  | {
      readonly type: 'drop'
      readonly node: string
      readonly what: { serviceId?: string; checkId?: string }
    }

const NAMES = ['n1', 'N1', 'n2', 'n3'] as const
const SERVICE_IDS = ['w1', 'w2', 'db'] as const

export const acts = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('register' as const),
      command: fc
        .record({
          name: fc.constantFrom(...NAMES),
          address: fc.constantFrom('10.0.0.1', '10.0.0.2'),
          skip: fc.boolean(),
          service: fc.option(
            fc.record({
              id: fc.constantFrom(...SERVICE_IDS),
              name: fc.constantFrom('web', 'db'),
              port: fc.constantFrom(1, 2),
              proxied: fc.constantFrom(undefined, 'web', 'db', 'native'),
            }),
          ),
          check: fc.option(
            fc.record({
              id: fc.constantFrom('c1', 'c2'),
              serviceId: fc.constantFrom('', ...SERVICE_IDS),
              output: fc.constantFrom('', 'x'),
            }),
          ),
        })
        .map(({ name, address, skip, service: s, check: c }) =>
          registration(node(name, { address }), {
            skipNodeUpdate: skip,
            service:
              s === null
                ? undefined
                : service(s.id, { ...meshed(s.proxied), name: s.name, port: s.port }),
            checks: c === null ? [] : [check(c.id, { serviceId: c.serviceId, output: c.output })],
          }),
        ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('drop' as const),
      node: fc.constantFrom(...NAMES),
      what: fc.oneof(
        fc.constant({}),
        fc.record({ serviceId: fc.constantFrom(...SERVICE_IDS) }),
        fc.record({ checkId: fc.constantFrom('c1', 'c2') }),
      ),
    }),
  },
)

export function play(bench: Bench, act: Act): void {
  if (act.type === 'register') put(bench, act.command)
  else drop(bench, act.node, act.what)
}
