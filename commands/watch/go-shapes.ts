// Answers as Consul's command shows them: it reads them into records of Go and prints those, with
// every field of the record and in its order.
import type { Json } from '../../core/route/json.ts'

type Fields = Readonly<Record<string, Json>>
type Shape = (value: Json) => Json

const fieldsOf = (value: Json | undefined): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Fields) // neither null nor a list
    : {}

/** A field with what stands there when the answer has none. */
type Field = readonly [name: string, empty: Json, shape?: Shape]

/** `optional`: left out when the answer has none. */
const record =
  (fields: readonly Field[], optional: readonly string[] = []): Shape =>
  (value) => {
    const given = fieldsOf(value)
    return Object.fromEntries(
      fields
        .filter(([name]) => !optional.includes(name) || !isEmpty(given[name]))
        .map(([name, empty, shape]) => {
          const found = given[name] ?? empty
          return [name, shape === undefined ? found : shape(found)]
        }),
    )
  }

/** What Go's `omitempty` leaves out. */
const isEmpty = (value: Json | undefined): boolean =>
  value === undefined || value === null || value === '' || value === 0 || value === false

const listOf =
  (shape: Shape): Shape =>
  (value) =>
    Array.isArray(value) ? value.map((one: Json) => shape(one)) : value

const INDEXES: readonly Field[] = [
  ['CreateIndex', 0],
  ['ModifyIndex', 0],
]

const definition = record([
  ['Interval', '0s'],
  ['Timeout', '0s'],
  ['DeregisterCriticalServiceAfter', '0s'],
  ['HTTP', ''],
  ['Header', null],
  ['Method', ''],
  ['Body', ''],
  ['TLSServerName', ''],
  ['TLSSkipVerify', false],
  ['TCP', ''],
  ['TCPUseTLS', false],
  ['UDP', ''],
  ['GRPC', ''],
  ['OSService', ''],
  ['GRPCUseTLS', false],
])

const check = record([
  ['Node', ''],
  ['CheckID', ''],
  ['Name', ''],
  ['Status', ''],
  ['Notes', ''],
  ['Output', ''],
  ['ServiceID', ''],
  ['ServiceName', ''],
  ['ServiceTags', null],
  ['Type', ''],
  ['ExposedPort', 0],
  ['Definition', {}, definition],
  ...INDEXES,
])

const proxy = record(
  [
    ['DestinationServiceName', ''],
    ['DestinationServiceID', ''],
    ['LocalServiceAddress', ''],
    ['LocalServicePort', 0],
    ['Mode', ''],
    ['Config', null],
    ['Upstreams', null],
    ['MeshGateway', {}],
    ['Expose', {}],
  ],
  [
    'DestinationServiceName',
    'DestinationServiceID',
    'LocalServiceAddress',
    'LocalServicePort',
    'Mode',
    'Config',
    'Upstreams',
  ],
)

/** What every form of an instance begins with. */
const INSTANCE = [
  ['Kind', ''],
  ['ID', ''],
  ['Service', ''],
  ['Tags', null],
  ['Meta', null],
  ['Port', 0],
  ['Address', ''],
  ['SocketPath', ''],
  ['TaggedAddresses', null],
  ['Weights', {}],
  ['EnableTagOverride', false],
] as const

const service = record(
  [...INSTANCE, ...INDEXES, ['Proxy', {}, proxy], ['Connect', {}], ['PeerName', '']],
  ['Kind', 'SocketPath', 'TaggedAddresses', 'PeerName'],
)

const node = record([
  ['ID', ''],
  ['Node', ''],
  ['Address', ''],
  ['Datacenter', ''],
  ['TaggedAddresses', null],
  ['Meta', null],
  ...INDEXES,
])

const agentService = record(
  [
    ...INSTANCE,
    ['ContentHash', ''],
    ['Proxy', {}, proxy],
    ['Connect', {}],
    ['PeerName', ''],
    ['Datacenter', ''],
    ['Locality', {}],
  ],
  [
    'Kind',
    'SocketPath',
    'TaggedAddresses',
    'ContentHash',
    'Proxy',
    'Connect',
    'PeerName',
    'Datacenter',
    'Locality',
  ],
)

/** Of `/v1/agent/service/ID`; null: there is none. */
export const goAgentService: Shape = (value) => (value === null ? null : agentService(value))

/** Of `/v1/health/service`. */
export const goInstances = listOf(
  record([
    ['Node', {}, node],
    ['Service', {}, service],
    ['Checks', null, listOf(check)],
  ]),
)

/** Of `/v1/health/checks` and `/v1/health/state`. */
export const goChecks = listOf(check)
