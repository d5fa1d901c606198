// How rows look on the disk: a codec for every table, so that no domain knows the wire. Fields may
// be added at any time: what an older snapshot lacks is the zero of its type. A field's name or
// meaning never changes.
import type { AutopilotRow } from '../autopilot/records.ts'
import { proxy as proxyOfJson } from '../catalog/proxy-body.ts'
import type {
  CheckDefinition,
  CheckRow,
  IndexRow,
  NodeRow,
  ServiceRow,
} from '../catalog/records.ts'
import type { ProxySpec } from '../config/proxy.ts'
import type { CoordinateRow } from '../coordinates/records.ts'
import type { KvRow, Tombstone } from '../kv/records.ts'
import { DecodeError } from '../route/decode.ts'
import { encodeJson, parseJson } from '../route/json.ts'
import type { LockDelayRow, SessionCheckRow, SessionRow } from '../sessions/records.ts'
import {
  bool,
  byteString,
  bytes,
  type Codec,
  choice,
  dictionary,
  f64,
  i64,
  int,
  list,
  nilable,
  omitEmpty,
  str,
  u64,
  uint,
} from '../wire/msgpack.ts'
import { fail } from '../wire/msgpack-read.ts'
import { partial, struct } from '../wire/msgpack-struct.ts'

const indexes = { createIndex: uint, modifyIndex: uint }
export const texts = nilable(list(str))
const textMap = nilable(dictionary(str))

const NANOS_MAX = 2n ** 63n - 1n

/**
 * A Go duration. Above 2^53 (104 days) it is a rounded number; up to Go's longest it stays the same
 * number here.
 */
const nanos: Codec<number> = {
  ...i64,
  write: (out, value) => {
    const exact = BigInt(value)
    i64.write(out, exact > NANOS_MAX ? NANOS_MAX : exact)
  },
  read: (input) => Number(i64.read(input)),
  zero: 0,
  isEmpty: (value) => value === 0,
}

export const kvRow: Codec<KvRow> = struct({
  key: byteString,
  value: bytes,
  flags: u64,
  lockIndex: uint,
  session: str,
  ...indexes,
})

export const tombstoneRow: Codec<Tombstone> = struct({ key: byteString, index: uint })

/** What a command says of a session. */
export const sessionFields = {
  id: str,
  name: str,
  node: str,
  lockDelayNs: nanos,
  behavior: choice('release', 'delete'),
  ttl: str,
  nodeChecks: texts,
  serviceChecks: nilable(list(struct({ ID: str, Namespace: str }))),
  checks: omitEmpty(texts),
}

export const sessionRow: Codec<SessionRow> = struct({ ...sessionFields, ...indexes })

export const sessionCheckRow: Codec<SessionCheckRow> = struct({
  node: str,
  check: str,
  session: str,
})

export const lockDelayRow: Codec<LockDelayRow> = struct({ key: byteString, until: uint })

const locality = omitEmpty(nilable(struct({ Region: str, Zone: str })))

/** What a command says of a node, a service and a check; the row adds what the log decides. */
export const nodeFields = {
  id: str,
  name: str,
  address: str,
  datacenter: str,
  taggedAddresses: textMap,
  meta: textMap,
  locality,
}

/** As JSON text: half of it is free settings. */
const proxy = omitEmpty<ProxySpec | null>({
  ...str,
  write: (out, value) => str.write(out, value === null ? '' : encodeJson(value)),
  read: (input) => {
    const text = str.read(input)
    const found = text === '' ? null : proxyOf(text)
    if (found === undefined) fail(input, 'a proxy that is none')
    return found ?? null
  },
  zero: null,
  isEmpty: (value) => value === null,
})

function proxyOf(text: string): ProxySpec | null | undefined {
  const parsed = parseJson(text)
  if (!parsed.ok) return undefined
  try {
    return proxyOfJson(parsed.value)
  } catch (error) {
    if (error instanceof DecodeError) return undefined
    throw error
  }
}

export const serviceFields = {
  kind: omitEmpty(str),
  id: str,
  name: str,
  tags: texts,
  address: str,
  taggedAddresses: nilable(dictionary(struct({ Address: str, Port: int }))),
  meta: textMap,
  port: int,
  socketPath: str,
  weights: struct({ Passing: int, Warning: int }),
  enableTagOverride: bool,
  proxy,
  native: omitEmpty(bool),
  locality,
}

/** A codec for every field, the optional ones too: by itself the compiler misses none of them. */
type Complete<Row> = { readonly [Name in keyof Required<Row>]: Codec<Required<Row>[Name]> }

/** In the order in which the API prints it. */
const checkDefinition: Codec<CheckDefinition> = partial({
  HTTP: str,
  TLSServerName: str,
  TLSSkipVerify: bool,
  Header: dictionary(list(str)),
  Method: str,
  Body: str,
  DisableRedirects: bool,
  TCP: str,
  TCPUseTLS: bool,
  UDP: str,
  H2PING: str,
  OSService: str,
  H2PingUseTLS: bool,
  ScriptArgs: list(str),
  DockerContainerID: str,
  Shell: str,
  GRPC: str,
  GRPCUseTLS: bool,
  AliasNode: str,
  AliasService: str,
  TTL: nanos,
  Interval: nanos,
  OutputMaxSize: int,
  Timeout: nanos,
  DeregisterCriticalServiceAfter: nanos,
  SessionName: str,
} satisfies Complete<CheckDefinition>)

export const checkFields = {
  id: str,
  name: str,
  status: str,
  notes: str,
  output: str,
  serviceId: str,
  type: str,
  interval: str,
  timeout: str,
  exposedPort: int,
  definition: checkDefinition,
}

export const nodeRow: Codec<NodeRow> = struct({ ...nodeFields, ...indexes })
export const serviceRow: Codec<ServiceRow> = struct({ node: str, ...serviceFields, ...indexes })
export const checkRow: Codec<CheckRow> = struct({
  node: str,
  ...checkFields,
  serviceName: str,
  serviceTags: texts,
  ...indexes,
})
export const coordinateRow: Codec<CoordinateRow> = struct({
  node: str,
  segment: str,
  point: struct({ vec: list(f64), error: f64, adjustment: f64, height: f64 }),
})

/** What a command says of autopilot. */
export const autopilotFields = {
  cleanupDeadServers: bool,
  lastContactThresholdNs: nanos,
  maxTrailingLogs: uint,
  minQuorum: uint,
  serverStabilizationTimeNs: nanos,
  redundancyZoneTag: str,
  disableUpgradeMigration: bool,
  upgradeVersionTag: str,
}

export const autopilotRow: Codec<AutopilotRow> = struct({ ...autopilotFields, ...indexes })

export const indexRow: Codec<IndexRow> = struct({ name: byteString, index: uint })
