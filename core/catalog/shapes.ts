// Nodes, services and checks as the API prints them (consul-surface 3.7); the order of the fields
// is Consul's.
import { NO_PROXY, type ProxySpec } from '../config/proxy.ts'
import { formatDurationNs } from '../time.ts'
import type {
  CheckDefinition,
  CheckRow,
  Locality,
  NodeRow,
  ServiceAddress,
  ServiceRow,
  Texts,
  Weights,
} from './records.ts'

interface Indexes {
  readonly CreateIndex: number
  readonly ModifyIndex: number
}

export interface CatalogNode extends Indexes {
  readonly ID: string
  readonly Node: string
  readonly Address: string
  readonly Datacenter: string
  readonly TaggedAddresses: Texts | null
  readonly Meta: Texts | null
  readonly Locality?: Locality
}

type TaggedServiceAddresses = Readonly<Record<string, ServiceAddress>>

/** The catalog prints a mode even where there is none. */
type PrintedProxy = ProxySpec & { readonly Mode: string }

/** What a service without a proxy prints for one. */
const NONE: PrintedProxy = { Mode: '', ...NO_PROXY }

const printedProxy = ({ proxy }: ServiceRow): PrintedProxy =>
  proxy === null ? NONE : { ...proxy, Mode: proxy.Mode ?? '' }

interface PrintedConnect {
  readonly Native?: true
}

const NATIVE: PrintedConnect = { Native: true }
const NO_CONNECT: PrintedConnect = {}
const printedConnect = ({ native }: ServiceRow) => (native ? NATIVE : NO_CONNECT)

/** An instance beside its node: `/v1/catalog/service`. */
export interface ServiceNode extends Indexes {
  readonly ID: string
  readonly Node: string
  readonly Address: string
  readonly Datacenter: string
  readonly TaggedAddresses: Texts | null
  readonly NodeMeta: Texts | null
  readonly ServiceKind: string
  readonly ServiceID: string
  readonly ServiceName: string
  readonly ServiceTags: readonly string[]
  readonly ServiceAddress: string
  readonly ServiceTaggedAddresses?: TaggedServiceAddresses
  readonly ServiceWeights: Weights
  readonly ServiceMeta: Texts
  readonly ServicePort: number
  readonly ServiceSocketPath: string
  readonly ServiceEnableTagOverride: boolean
  readonly ServiceProxy: PrintedProxy
  readonly ServiceConnect: PrintedConnect
  readonly ServiceLocality: Locality | null
}

/** An instance on its node. */
export interface NodeService extends Indexes {
  readonly Kind?: string
  readonly ID: string
  readonly Service: string
  readonly Tags: readonly string[]
  readonly Address: string
  readonly TaggedAddresses?: TaggedServiceAddresses
  readonly Meta: Texts | null
  readonly Port?: number
  readonly SocketPath?: string
  readonly Weights: Weights
  readonly EnableTagOverride: boolean
  readonly Proxy: PrintedProxy
  readonly Connect: PrintedConnect
  readonly Locality?: Locality
  readonly PeerName: string
}

/** Durations are texts here, but for the TTL. */
export interface PrintedDefinition
  extends Omit<CheckDefinition, 'Interval' | 'Timeout' | 'DeregisterCriticalServiceAfter'> {
  readonly Interval?: string
  readonly Timeout?: string
  readonly DeregisterCriticalServiceAfter?: string
}

export interface HealthCheck extends Indexes {
  readonly Node: string
  readonly CheckID: string
  readonly Name: string
  readonly Status: string
  readonly Notes: string
  readonly Output: string
  readonly ServiceID: string
  readonly ServiceName: string
  readonly ServiceTags: readonly string[]
  readonly Type: string
  readonly Interval: string
  readonly Timeout: string
  readonly ExposedPort: number
  readonly Definition: PrintedDefinition
}

/** An instance with what is known of its health: `/v1/health/service`. */
export interface ServiceEntry {
  readonly Node: CatalogNode
  readonly Service: NodeService
  readonly Checks: readonly HealthCheck[]
}

export const catalogNode = (row: NodeRow): CatalogNode => ({
  ID: row.id,
  Node: row.name,
  Address: row.address,
  Datacenter: row.datacenter,
  TaggedAddresses: row.taggedAddresses,
  Meta: row.meta,
  ...(row.locality !== null && { Locality: row.locality }),
  CreateIndex: row.createIndex,
  ModifyIndex: row.modifyIndex,
})

/** Empty tagged addresses are not printed. */
function tagged(row: ServiceRow): TaggedServiceAddresses | undefined {
  const addresses = row.taggedAddresses ?? {}
  return Object.keys(addresses).length === 0 ? undefined : addresses
}

export function serviceNode(row: ServiceRow, node: NodeRow): ServiceNode {
  const addresses = tagged(row)
  return {
    ID: node.id,
    Node: node.name,
    Address: node.address,
    Datacenter: node.datacenter,
    TaggedAddresses: node.taggedAddresses,
    NodeMeta: node.meta,
    ServiceKind: row.kind,
    ServiceID: row.id,
    ServiceName: row.name,
    ServiceTags: row.tags ?? [],
    ServiceAddress: row.address,
    ...(addresses && { ServiceTaggedAddresses: addresses }),
    ServiceWeights: row.weights,
    ServiceMeta: row.meta ?? {},
    ServicePort: row.port,
    ServiceSocketPath: row.socketPath,
    ServiceEnableTagOverride: row.enableTagOverride,
    ServiceProxy: printedProxy(row),
    ServiceConnect: printedConnect(row),
    ServiceLocality: row.locality,
    CreateIndex: row.createIndex,
    ModifyIndex: row.modifyIndex,
  }
}

export function nodeService(row: ServiceRow): NodeService {
  const addresses = tagged(row)
  return {
    ...(row.kind !== '' && { Kind: row.kind }),
    ID: row.id,
    Service: row.name,
    Tags: row.tags ?? [],
    Address: row.address,
    ...(addresses && { TaggedAddresses: addresses }),
    Meta: row.meta,
    ...(row.port !== 0 && { Port: row.port }),
    ...(row.socketPath !== '' && { SocketPath: row.socketPath }),
    Weights: row.weights,
    EnableTagOverride: row.enableTagOverride,
    Proxy: printedProxy(row),
    Connect: printedConnect(row),
    ...(row.locality !== null && { Locality: row.locality }),
    PeerName: '',
    CreateIndex: row.createIndex,
    ModifyIndex: row.modifyIndex,
  }
}

export const healthCheck = (row: CheckRow): HealthCheck => ({
  Node: row.node,
  CheckID: row.id,
  Name: row.name,
  Status: row.status,
  Notes: row.notes,
  Output: row.output,
  ServiceID: row.serviceId,
  ServiceName: row.serviceName,
  ServiceTags: row.serviceTags ?? [],
  Type: row.type,
  Interval: row.interval,
  Timeout: row.timeout,
  ExposedPort: row.exposedPort,
  Definition: printedDefinition(row.definition),
  CreateIndex: row.createIndex,
  ModifyIndex: row.modifyIndex,
})

/** The three durations that print as texts come first, as in Consul. */
function printedDefinition(definition: CheckDefinition): PrintedDefinition {
  const { Interval, OutputMaxSize, Timeout, DeregisterCriticalServiceAfter, ...rest } = definition
  return {
    ...(Interval !== undefined && { Interval: formatDurationNs(Interval) }),
    ...(OutputMaxSize !== undefined && { OutputMaxSize }),
    ...(Timeout !== undefined && { Timeout: formatDurationNs(Timeout) }),
    ...(DeregisterCriticalServiceAfter !== undefined && {
      DeregisterCriticalServiceAfter: formatDurationNs(DeregisterCriticalServiceAfter),
    }),
    ...rest,
  }
}
