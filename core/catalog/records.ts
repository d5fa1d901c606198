// Nodes, their services and checks: the rows and the tables. The shapes of the API stand in
// shapes.ts.
//
// Names and ids are compared without case, as in Consul: the keys are folded, the rows keep what
// was written.
import { fold } from '../bytes.ts'
import { PROXY_KIND, type ProxySpec } from '../config/proxy.ts'
import { type IpBytes, parseIp, unmapped } from '../ip.ts'
import { isSame } from '../same.ts'
import { defineTable, entryPrefix } from '../state/table.ts'
import type { WallMs } from '../time.ts'

export type Texts = Readonly<Record<string, string>>

/** Where something runs; null: nobody says. */
export interface Locality {
  readonly Region: string
  readonly Zone: string
}

export interface NodeRow {
  /** A UUID; empty for a node without an agent. */
  readonly id: string
  readonly name: string
  readonly address: string
  readonly datacenter: string
  /** null was never given; it prints so. */
  readonly taggedAddresses: Texts | null
  readonly meta: Texts | null
  readonly locality: Locality | null
  readonly createIndex: number
  readonly modifyIndex: number
}

export interface ServiceAddress {
  readonly Address: string
  readonly Port: number
}

export interface Weights {
  readonly Passing: number
  readonly Warning: number
}

/** One instance of a service. */
export interface ServiceRow {
  /** The name of its node. */
  readonly node: string
  /** Empty for an ordinary service; a word that nobody knows is kept and means nothing. */
  readonly kind: string
  readonly id: string
  readonly name: string
  readonly tags: readonly string[] | null
  /** Empty: that of the node. */
  readonly address: string
  readonly taggedAddresses: Readonly<Record<string, ServiceAddress>> | null
  readonly meta: Texts | null
  readonly port: number
  readonly socketPath: string
  readonly weights: Weights
  /** Tags set here survive what the agent of the node says. */
  readonly enableTagOverride: boolean
  /** What it says as a proxy; null: nothing. */
  readonly proxy: ProxySpec | null
  /** It serves its name over Connect without a proxy. */
  readonly native: boolean
  readonly locality: Locality | null
  readonly createIndex: number
  readonly modifyIndex: number
}

/**
 * What an agent or monitor would have to run; the catalog only keeps it. Durations in nanoseconds,
 * nothing empty.
 */
export interface CheckDefinition {
  readonly Interval?: number
  readonly OutputMaxSize?: number
  readonly Timeout?: number
  readonly DeregisterCriticalServiceAfter?: number
  readonly HTTP?: string
  readonly TLSServerName?: string
  readonly TLSSkipVerify?: boolean
  readonly Header?: Readonly<Record<string, readonly string[]>>
  readonly Method?: string
  readonly Body?: string
  readonly DisableRedirects?: boolean
  readonly TCP?: string
  readonly TCPUseTLS?: boolean
  readonly UDP?: string
  readonly H2PING?: string
  readonly OSService?: string
  readonly H2PingUseTLS?: boolean
  readonly ScriptArgs?: readonly string[]
  readonly DockerContainerID?: string
  readonly Shell?: string
  readonly GRPC?: string
  readonly GRPCUseTLS?: boolean
  readonly AliasNode?: string
  readonly AliasService?: string
  readonly TTL?: number
  /** Of a check of the type `session`: it is passing while a session of this name lives. */
  readonly SessionName?: string
}

export interface CheckRow {
  readonly node: string
  readonly id: string
  readonly name: string
  /** `passing`, `warning`, `critical`; a catalog write may bring any other word. */
  readonly status: string
  readonly notes: string
  readonly output: string
  /** Empty: a check of the node, which concerns all of its services. */
  readonly serviceId: string
  /** Copied from the instance when the check was written last. */
  readonly serviceName: string
  readonly serviceTags: readonly string[] | null
  readonly type: string
  readonly interval: string
  readonly timeout: string
  readonly exposedPort: number
  readonly definition: CheckDefinition
  readonly createIndex: number
  readonly modifyIndex: number
}

/** A named index: which log entry last changed what the name stands for. See indexes.ts. */
export interface IndexRow {
  readonly name: string
  readonly index: number
}

export const CRITICAL = 'critical'
export const PASSING = 'passing'
/** The type of checks that sessions turn. */
export const SESSION_CHECK = 'session'
/** The check that says whether the agent of a node is alive. */
export const SERF_HEALTH = 'serfHealth'

/** What the keys of all services and checks of a node begin with. */
export const nodePrefix = (node: string): string => entryPrefix(fold(node))
/** The key of a service or check, and the value by which the checks of an instance are found. */
export const onNode = (node: string, id: string): string => nodePrefix(node) + fold(id)

const unlessEmpty = (text: string) => (text === '' ? undefined : fold(text))

/** By this value a node or service is found by its address, however that was written. */
export const ipKey = (ip: IpBytes): string => String.fromCharCode(...unmapped(ip))

function ipOf({ address }: { readonly address: string }): string | undefined {
  const ip = parseIp(address)
  return ip === undefined ? undefined : ipKey(ip)
}

/** Whose name an instance serves over Connect, folded; undefined: it does not. */
export function servedName({
  kind,
  name,
  proxy,
  native,
}: Pick<ServiceRow, 'kind' | 'name' | 'proxy' | 'native'>): string | undefined {
  if (kind === PROXY_KIND) return unlessEmpty(proxy?.DestinationServiceName ?? '')
  return native ? fold(name) : undefined
}

/** Under this name a tagged address is the one that all who serve a name over Connect share. */
export const VIRTUAL = 'consul-virtual'

const virtualAddress = (row: ServiceRow): string | undefined =>
  servedName(row) === undefined ? undefined : row.taggedAddresses?.[VIRTUAL]?.Address

export const NODES = defineTable<NodeRow>({
  name: 'nodes',
  key: (row) => fold(row.name),
  indexes: { id: (row) => unlessEmpty(row.id), ip: ipOf },
})

export const SERVICES = defineTable<ServiceRow>({
  name: 'services',
  key: (row) => onNode(row.node, row.id),
  indexes: {
    name: (row) => fold(row.name),
    ip: ipOf,
    connect: servedName,
    virtual: virtualAddress,
  },
})

export const CHECKS = defineTable<CheckRow>({
  name: 'checks',
  key: (row) => onNode(row.node, row.id),
  indexes: {
    instance: (row) => onNode(row.node, row.serviceId),
    service: (row) => unlessEmpty(row.serviceName),
    status: (row) => fold(row.status),
  },
})

export const CATALOG_INDEXES = defineTable<IndexRow>({
  name: 'catalog-indexes',
  key: (row) => row.name,
  indexes: {},
})

/** Everything but what the log decides. */
type Spec<Row> = Omit<Row, 'createIndex' | 'modifyIndex'>
export type NodeSpec = Spec<NodeRow>
export type ServiceSpec = Omit<Spec<ServiceRow>, 'node'>
/** Name and tags of its service are copied from the instance. */
export interface CheckSpec extends Omit<Spec<CheckRow>, 'node' | 'serviceName' | 'serviceTags'> {
  /** What a check of a node says of a service all the same: nothing contradicts it. */
  readonly says?: SaidOfService | undefined
}

interface SaidOfService {
  readonly name: string
  readonly tags: readonly string[] | null
}

/** What the servers are registered as: for the leader to tell, and not for the agent of a node. */
export const CONSUL = 'consul'

/** Of an instance for which nobody gives any. */
export const EVEN_WEIGHTS: Weights = { Passing: 1, Warning: 1 }

/** What an instance is that says no more than who it is. */
export const BARE_SERVICE: Omit<ServiceSpec, 'id' | 'name'> = {
  kind: '',
  tags: null,
  address: '',
  taggedAddresses: null,
  meta: null,
  port: 0,
  socketPath: '',
  weights: EVEN_WEIGHTS,
  enableTagOverride: false,
  proxy: null,
  native: false,
  locality: null,
}

/** The same of a check. */
export const BARE_CHECK: Omit<CheckSpec, 'id' | 'name' | 'status'> = {
  notes: '',
  output: '',
  serviceId: '',
  type: '',
  interval: '',
  timeout: '',
  exposedPort: 0,
  definition: {},
}

/** What a check is made of, and how often: that alone is no change, as in Consul. */
const KIND_OF_CHECK = { type: '', interval: '', timeout: '', exposedPort: 0 }

export const isSameCheck = (known: object, next: object): boolean =>
  isSame({ ...known, ...KIND_OF_CHECK }, { ...next, ...KIND_OF_CHECK })

/** Whether writing the node would change nothing. */
export function isSameNode(row: NodeRow, next: NodeSpec): boolean {
  const { createIndex: _, modifyIndex: __, ...known } = row
  return isSame({ ...known, name: fold(known.name) }, { ...next, name: fold(next.name) })
}

/** What was written of a check that stands. */
export function checkSpecOf(row: CheckRow): CheckSpec {
  const { node: _, serviceName: __, serviceTags: ___, createIndex: ____, ...rest } = row
  const { modifyIndex: _____, ...spec } = rest
  return spec
}

/** Command: a node, and with it services and checks; all of it or nothing. */
export interface RegisterCommand {
  readonly type: 'register'
  readonly node: NodeSpec
  /** A node that is there stays as it is. */
  readonly skipNodeUpdate: boolean
  readonly service: ServiceSpec | undefined
  /** An agent tells of many at once. */
  readonly others: readonly ServiceSpec[]
  readonly checks: readonly CheckSpec[]
  /** From here the lock-delays of sessions run that end by it. */
  readonly wall: WallMs
}

/**
 * Command: an instance; without a serviceId a check; without either the node with all that is on
 * it.
 */
export interface DeregisterCommand {
  readonly type: 'deregister'
  readonly node: string
  readonly serviceId: string
  readonly checkId: string
  /** From here the lock-delays of sessions run that end by it. */
  readonly wall: WallMs
}

/**
 * What a command took away: whatever hangs on it (sessions, coordinates) has to go in the same
 * transaction.
 */
export interface Fallout {
  /** Names of nodes that are gone. */
  readonly nodes: string[]
  /** Checks that are gone or critical. */
  readonly checks: CheckRow[]
}

export type Registered =
  | { readonly ok: true; readonly fallout: Fallout }
  /** Nothing was changed. */
  | { readonly ok: false; readonly why: string }
