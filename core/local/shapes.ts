// Services and checks of this agent as /v1/agent prints them: the API's own types, which are near
// those of the catalog and not the same (consul-surface 3.7).
import type { Locality, ServiceAddress, Texts, Weights } from '../catalog/records.ts'
import type { HealthCheck } from '../catalog/shapes.ts'
import { isMeshKind, NO_PROXY, type ProxySpec } from '../config/proxy.ts'
import type { OwnCheck, OwnService } from './records.ts'

export interface AgentService {
  readonly Kind?: string
  readonly ID: string
  readonly Service: string
  readonly Tags: readonly string[]
  readonly Meta: Texts
  readonly Port: number
  readonly Address: string
  readonly SocketPath?: string
  readonly TaggedAddresses?: Readonly<Record<string, ServiceAddress>>
  readonly Weights: Weights
  readonly EnableTagOverride: boolean
  /** Of proxies and gateways. */
  readonly Proxy?: ProxySpec
  readonly Connect?: { readonly Native: true }
  readonly Locality?: Locality
  /** Where a single service is asked for. */
  readonly ContentHash?: string
  readonly Datacenter: string
}

const NATIVE = { Native: true } as const

export function agentService(
  { service }: OwnService,
  datacenter: string,
  contentHash?: string,
): AgentService {
  const { taggedAddresses, socketPath } = service
  return {
    ...(service.kind !== '' && { Kind: service.kind }),
    ID: service.id,
    Service: service.name,
    Tags: service.tags ?? [],
    Meta: service.meta ?? {},
    Port: service.port,
    Address: service.address,
    ...(socketPath !== '' && { SocketPath: socketPath }),
    ...(taggedAddresses !== null && { TaggedAddresses: taggedAddresses }),
    Weights: service.weights,
    EnableTagOverride: service.enableTagOverride,
    ...(isMeshKind(service.kind) && { Proxy: service.proxy ?? NO_PROXY }),
    ...(service.native && { Connect: NATIVE }),
    ...(service.locality !== null && { Locality: service.locality }),
    ...(contentHash !== undefined && { ContentHash: contentHash }),
    Datacenter: datacenter,
  }
}

export const agentCheck = (row: OwnCheck, node: string): HealthCheck => ({
  Node: node,
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
  ExposedPort: 0,
  Definition: {},
  CreateIndex: 0,
  ModifyIndex: 0,
})

const EMPTY_DEFINITION = {
  Interval: '0s',
  Timeout: '0s',
  DeregisterCriticalServiceAfter: '0s',
  HTTP: '',
  Header: null,
  Method: '',
  Body: '',
  TLSServerName: '',
  TLSSkipVerify: false,
  TCP: '',
  TCPUseTLS: false,
  UDP: '',
  GRPC: '',
  OSService: '',
  GRPCUseTLS: false,
} as const

/** As a check of `/v1/agent/health/service` prints: Consul fills in half of it. */
export const healthCheckOf = (row: OwnCheck, node: string) => ({
  Node: node,
  CheckID: row.id,
  Name: row.name,
  Status: row.status,
  Notes: row.notes,
  Output: row.output,
  ServiceID: row.serviceId,
  ServiceName: row.serviceName,
  ServiceTags: row.serviceTags,
  Type: '',
  ExposedPort: 0,
  Definition: EMPTY_DEFINITION,
  CreateIndex: 0,
  ModifyIndex: 0,
})
