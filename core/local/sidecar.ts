// The proxy that is defined within a service: what it leaves open follows from the service
// (consul-surface 3.11).
import type { AgentConfig, CheckDefinition, ServiceDefinition } from '../config/agent-config.ts'
import { faultOfMetadata } from '../config/metadata.ts'
import { faultOfMesh, NO_PROXY, PROXY_KIND, type ProxySpec } from '../config/proxy.ts'
import { joinHostPort } from '../ip.ts'
import type { View } from '../state/txn.ts'
import { checkOf } from './body.ts'
import { defineService, defineServiceChecks } from './define.ts'
import { findService, listServices } from './read.ts'
import { type OwnCheck, type OwnService, type Source, sidecarId } from './records.ts'

export interface Registered {
  readonly row: OwnService
  readonly checks: readonly OwnCheck[]
}

interface Place {
  readonly own: View
  readonly ports: AgentConfig['sidecarPorts']
  readonly source: Source
  /** Ports that are about to be registered. */
  readonly taken: ReadonlySet<number>
}

/** Why the sidecar of a body is refused; undefined if it is not, or if there is none. */
export function faultOfSidecar(parent: ServiceDefinition): string | undefined {
  const beside = parent.connect?.sidecar
  if (beside === undefined) return undefined
  const meta = faultOfMetadata(beside.meta ?? {})
  if (meta !== undefined) return `Invalid SidecarService: ${meta}`
  const whole = filled(beside, parent, beside.port)
  // A proxy that has no port is given one later.
  const port = whole.kind === PROXY_KIND ? whole.port || 1 : whole.port
  const fault = faultOfMesh({ ...whole, port, proxy: whole.proxy ?? null, native: false })
  return fault === undefined ? undefined : `Failed Validation: ${fault}`
}

/** Undefined: none is defined. A text: why it cannot be registered. */
export function defineSidecar(
  parent: ServiceDefinition,
  place: Place,
): Registered | string | undefined {
  const beside = parent.connect?.sidecar
  if (beside === undefined) return undefined
  const parentId = parent.id === '' ? parent.name : parent.id
  const port = beside.port > 0 ? beside.port : freePort(sidecarId(parentId), place)
  if (typeof port === 'string') return port
  const definition = filled(beside, { ...parent, id: parentId }, port)
  const row = { ...defineService(definition, place.source), sidecar: true as const }
  return { row, checks: defineServiceChecks(row, definition.checks, place.source) }
}

/** The port that it has already, or the first that no service here has. */
function freePort(id: string, { own, ports, taken }: Place): number | string {
  if (ports.max < 1)
    return 'no port provided for sidecar_service and auto-assignment disabled in config'
  const known = findService(own, id)?.service.port ?? 0
  if (known >= ports.min && known <= ports.max) return known
  const used = new Set(listServices(own).map(({ service }) => service.port))
  for (let port = ports.min; port <= ports.max; port += 1) {
    if (!used.has(port) && !taken.has(port)) return port
  }
  const range = `[${ports.min}, ${ports.max}]`
  return `no port provided for sidecar_service and none left in the configured range ${range}`
}

function filled(
  beside: ServiceDefinition,
  parent: ServiceDefinition,
  port: number,
): ServiceDefinition {
  const { tags, meta, checks } = beside
  const proxy = proxyFor(beside.proxy ?? NO_PROXY, parent)
  const address = beside.address || parent.address
  return {
    ...beside,
    kind: beside.kind || PROXY_KIND,
    id: sidecarId(parent.id),
    name: beside.name || `${parent.name}-sidecar-proxy`,
    tags: tags.length > 0 ? tags : parent.tags,
    meta: isBlank(meta) && !isBlank(parent.meta) ? parent.meta : meta,
    address,
    token: beside.token || parent.token,
    locality: beside.locality ?? parent.locality,
    port,
    checks: checks.length > 0 ? checks : usualChecks({ ...parent, address, proxy, port }),
    proxy,
  }
}

const isBlank = (meta: ServiceDefinition['meta']): boolean => Object.keys(meta ?? {}).length === 0

function proxyFor(given: ProxySpec, parent: ServiceDefinition): ProxySpec {
  return {
    DestinationServiceName: parent.name,
    DestinationServiceID: parent.id,
    ...placeOf(given, parent),
    ...given,
  }
}

/** Where the service is, as far as its proxy leaves that open. */
function placeOf(
  { LocalServiceAddress = '', LocalServicePort = 0, LocalServiceSocketPath = '' }: ProxySpec,
  { port, socketPath }: ServiceDefinition,
): Partial<ProxySpec> {
  const isWhole = LocalServiceAddress !== '' && LocalServicePort > 0
  if (LocalServiceSocketPath !== '' || isWhole) return {}
  if (socketPath !== '') return { LocalServiceSocketPath: socketPath }
  return { LocalServiceAddress: '127.0.0.1', ...(port !== 0 && { LocalServicePort: port }) }
}

/** A proxy is looked for at its own address, or, without one, at that of its service. */
const usualChecks = ({ id, address, port, proxy }: ServiceDefinition): CheckDefinition[] => [
  checkOf({
    Name: 'Connect Sidecar Listening',
    TCP: joinHostPort(address || (proxy?.LocalServiceAddress ?? ''), port),
    Interval: LISTENING_INTERVAL_MS,
  }),
  checkOf({ Name: `Connect Sidecar Aliasing ${id}`, AliasService: id }),
]

const LISTENING_INTERVAL_MS = 10_000
