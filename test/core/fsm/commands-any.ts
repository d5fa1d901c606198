// Commands for properties: few keys, nodes and sessions, so that they meet; values of every kind.

import { byteString } from '../../../core/bytes.ts'
import type {
  CheckDefinition,
  CheckSpec,
  NodeSpec,
  ServiceSpec,
} from '../../../core/catalog/records.ts'
import type { ProxySpec } from '../../../core/config/proxy.ts'
import { ENTRY, type Entry } from '../../../core/entry.ts'
import { type Command, encodeCommand } from '../../../core/fsm/commands.ts'
import { logIndex, term } from '../../../core/ids.ts'
import type { KvChange, KvOp } from '../../../core/kv/records.ts'
import { CATALOG_VERBS, type KvVerb, type TxnOp } from '../../../core/txn/records.ts'
import { u64 } from '../../../core/u64.ts'
import { fc } from '../../kit/property.ts'

const PLAIN = { noNullPrototype: true }
const record = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> =>
  fc.record<T>(model, PLAIN) as fc.Arbitrary<T>

const KEYS = ['a', 'a/b', 'a/b/c', 'a/bc', 'b', '', 'ä/ö', '\0', 'x'.repeat(300)].map(byteString)
const anyKey = fc.constantFrom(...KEYS)
const anyU64 = fc
  .oneof(fc.nat(3), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }))
  .map((value) => u64(BigInt(value)))

const anyChange: fc.Arbitrary<KvChange> = record<KvChange>({
  key: anyKey,
  value: fc.uint8Array({ maxLength: 30 }),
  flags: anyU64,
  index: fc.oneof(fc.nat(30), anyU64),
  session: fc.constantFrom('', 'no-such-session'),
})

const KV_OPS: readonly KvOp[] = [
  'set',
  'set',
  'set',
  'delete',
  'delete-cas',
  'delete-tree',
  'cas',
  'lock',
  'unlock',
]
const KV_VERBS: readonly KvVerb[] = [
  ...KV_OPS,
  'get',
  'get-or-empty',
  'get-tree',
  'check-session',
  'check-index',
  'check-not-exists',
]

const NAMES = ['n1', 'N1', 'n2', 'web', 'db', '']
const anyName = fc.constantFrom(...NAMES)
const someName = fc.constantFrom('n1', 'N1', 'n2', 'n3')
const anyTexts = fc.option(
  fc.dictionary(fc.constantFrom('1', 'b', '__proto__', 'ä'), anyName, PLAIN),
)
const anyTags = fc.option(fc.array(anyName, { maxLength: 3 }))

const anyLocality = fc.constantFrom(null, { Region: 'r', Zone: '' }, { Region: '', Zone: 'z' })

const anyNode: fc.Arbitrary<NodeSpec> = record<NodeSpec>({
  id: fc.constantFrom(
    '',
    '11111111-1111-1111-1111-111111111111',
    '22222222-2222-2222-2222-222222222222',
  ),
  name: someName,
  address: anyName,
  datacenter: fc.constant('dc1'),
  taggedAddresses: anyTexts,
  meta: anyTexts,
  locality: anyLocality,
})

const anyProxy = fc.constantFrom<ProxySpec | null>(
  null,
  { DestinationServiceName: 'Web', MeshGateway: {}, Expose: {} },
  {
    DestinationServiceName: 'db',
    Config: { a: 1, b: { c: [1.5, 'x', null] } },
    Upstreams: [{ DestinationName: 'web', LocalBindPort: 9, MeshGateway: { Mode: 'local' } }],
    MeshGateway: {},
    Expose: { Checks: true, Paths: [{ Path: '/<h>', ListenerPort: 1 }] },
  },
)

const anyService: fc.Arbitrary<ServiceSpec> = record<ServiceSpec>({
  kind: fc.constantFrom('', 'odd', 'connect-proxy'),
  id: fc.constantFrom('web', 'web2', 'db'),
  name: fc.constantFrom('web', 'db', 'Web'),
  tags: anyTags,
  address: anyName,
  taggedAddresses: fc.option(
    fc.dictionary(anyName, record({ Address: anyName, Port: fc.nat(65_535) }), PLAIN),
  ),
  meta: anyTexts,
  port: fc.nat(65_535),
  socketPath: anyName,
  weights: record({ Passing: fc.nat(9), Warning: fc.nat(9) }),
  enableTagOverride: fc.boolean(),
  proxy: anyProxy,
  native: fc.boolean(),
  locality: anyLocality,
})

const anyDefinition: fc.Arbitrary<CheckDefinition> = fc.constantFrom<CheckDefinition>(
  {},
  { HTTP: 'http://x', Header: { a: ['1', '2'] }, Interval: 1e9, Timeout: 2 ** 63 },
  { ScriptArgs: ['sh', '-c', 'true'], TTL: 1.08e16 },
)

const plainCheck = record<Omit<CheckSpec, 'says'>>({
  id: fc.constantFrom('serfHealth', 'c1', 'c2'),
  name: anyName,
  status: fc.constantFrom('passing', 'critical'),
  notes: anyName,
  output: anyName,
  serviceId: fc.constantFrom('', 'web', 'web2', 'none'),
  type: anyName,
  interval: anyName,
  timeout: anyName,
  exposedPort: fc.nat(9),
  definition: anyDefinition,
})

const anyCheck: fc.Arbitrary<CheckSpec> = fc.oneof(
  plainCheck,
  fc.tuple(plainCheck, record({ name: anyName, tags: anyTags })).map(([check, says]) => ({
    ...check,
    says,
  })),
)

const anyVerb = fc.constantFrom(...CATALOG_VERBS)
/** Of a row: of this very transaction, an earlier one, none. */
const anyIndex = fc.oneof(fc.nat(12), anyU64)

const anyTxnOp: fc.Arbitrary<TxnOp> = fc.oneof(
  {
    weight: 3,
    arbitrary: record({
      kind: fc.constant('kv' as const),
      verb: fc.constantFrom(...KV_VERBS),
      change: anyChange,
    }),
  },
  {
    weight: 1,
    arbitrary: record({
      kind: fc.constant('node' as const),
      verb: anyVerb,
      node: anyNode,
      index: anyIndex,
    }),
  },
  {
    weight: 1,
    arbitrary: record({
      kind: fc.constant('service' as const),
      verb: anyVerb,
      on: someName,
      service: anyService,
      index: anyIndex,
    }),
  },
  {
    weight: 1,
    arbitrary: record({
      kind: fc.constant('check' as const),
      verb: anyVerb,
      on: someName,
      check: anyCheck,
      index: anyIndex,
    }),
  },
)

/** Few, so that keys are locked, sessions end, and ids are met again. */
const anySessionId = fc.constantFrom('s1', 's2', 's3')

const anySession = record({
  id: anySessionId,
  name: anyName,
  node: someName,
  lockDelayNs: fc.nat(9),
  behavior: fc.constantFrom('release' as const, 'delete' as const),
  ttl: fc.constantFrom('', '15s'),
  nodeChecks: fc.constantFrom(null, [], ['c1']),
  serviceChecks: fc.constantFrom(null, [{ ID: 'c1', Namespace: '' }]),
  checks: fc.constantFrom(null, ['c1']),
})

export const anyCommand: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 6,
    arbitrary: record({
      type: fc.constant('kv' as const),
      op: fc.constantFrom(...KV_OPS),
      change: anyChange,
      wall: fc.nat(9),
    }),
  },
  {
    weight: 1,
    arbitrary: record({
      type: fc.constant('reap-tombstones' as const),
      through: fc.nat(30),
      wall: fc.nat(9),
    }),
  },
  {
    weight: 3,
    arbitrary: record({
      type: fc.constant('txn' as const),
      ops: fc.array(anyTxnOp, { maxLength: 4 }),
      wall: fc.nat(9),
    }),
  },
  {
    weight: 3,
    arbitrary: record({
      type: fc.constant('register' as const),
      node: anyNode,
      skipNodeUpdate: fc.boolean(),
      service: fc.option(anyService, { nil: undefined }),
      others: fc.array(anyService, { maxLength: 2 }),
      checks: fc.array(anyCheck, { maxLength: 2 }),
      wall: fc.nat(9),
    }),
  },
  {
    weight: 1,
    arbitrary: record({
      type: fc.constant('deregister' as const),
      node: someName,
      serviceId: fc.constantFrom('', 'web'),
      checkId: fc.constantFrom('', 'c1'),
      wall: fc.nat(9),
    }),
  },
  {
    weight: 2,
    arbitrary: record({
      type: fc.constant('create-session' as const),
      session: anySession,
    }),
  },
  {
    weight: 1,
    arbitrary: record({
      type: fc.constant('end-session' as const),
      id: anySessionId,
      wall: fc.nat(9),
    }),
  },
  {
    weight: 1,
    arbitrary: record({
      type: fc.constant('set-autopilot' as const),
      settings: record({
        cleanupDeadServers: fc.boolean(),
        lastContactThresholdNs: fc.nat(),
        maxTrailingLogs: fc.nat(),
        minQuorum: fc.nat(5),
        serverStabilizationTimeNs: fc.nat(),
        redundancyZoneTag: fc.constantFrom('', 'z'),
        disableUpgradeMigration: fc.boolean(),
        upgradeVersionTag: fc.constantFrom('', 'v'),
      }),
      when: fc.constantFrom('always' as const, 'first' as const, 'cas' as const),
      index: fc.nat(30),
    }),
  },
  {
    weight: 1,
    arbitrary: record({
      type: fc.constant('update-coordinates' as const),
      updates: fc.array(
        record({
          node: someName,
          segment: fc.constant(''),
          point: record({
            vec: fc.array(fc.double({ noNaN: true }), { maxLength: 8 }),
            error: fc.double({ noNaN: true }),
            adjustment: fc.constant(-0.5),
            height: fc.constant(1e-5),
          }),
        }),
        { maxLength: 3 },
      ),
    }),
  },
)

/** The commands as entries of a log that begins with `first`. */
export const entriesOf = (commands: readonly Command[], first = 1): Entry[] =>
  commands.map((command, i) => ({
    index: logIndex(first + i),
    term: term(1),
    type: ENTRY.command,
    data: encodeCommand(command),
  }))

export const noop = (index: number): Entry => ({
  index: logIndex(index),
  term: term(1),
  type: ENTRY.noop,
  data: new Uint8Array(0),
})

export const kv = (op: KvOp, key: string, rest: Partial<KvChange> = {}): Command => ({
  type: 'kv',
  op,
  change: { key, value: new Uint8Array(0), flags: 0, index: 0, session: '', ...rest },
  wall: 0,
})
