// What a definition says of the mesh: the proxy in front of a service, and what it leads to. The
// catalog keeps it and tells it; there is no mesh in this version that would act on it. The faults
// are in Consul's words (consul-surface 3.10, 3.11).
import { multierror } from '../multierror.ts'
import { quoteGo } from '../quote.ts'
import { isZero } from '../same.ts'

/** Free settings, for the proxy alone. */
export type Settings = Readonly<Record<string, unknown>>

export interface Upstream {
  readonly DestinationType?: string
  readonly DestinationNamespace?: string
  readonly DestinationPartition?: string
  readonly DestinationPeer?: string
  readonly DestinationName?: string
  readonly Datacenter?: string
  readonly LocalBindAddress?: string
  readonly LocalBindPort?: number
  readonly LocalBindSocketPath?: string
  readonly LocalBindSocketMode?: string
  readonly Config?: Settings
  readonly MeshGateway: MeshGateway
}

interface MeshGateway {
  readonly Mode?: string
}

export interface ExposedPath {
  readonly ListenerPort?: number
  readonly Path?: string
  readonly LocalPathPort?: number
  readonly Protocol?: string
}

/** As it prints; what says nothing is left out. */
export interface ProxySpec {
  readonly EnvoyExtensions?: readonly Settings[]
  readonly DestinationServiceName?: string
  readonly DestinationServiceID?: string
  readonly LocalServiceAddress?: string
  readonly LocalServicePort?: number
  readonly LocalServiceSocketPath?: string
  readonly Mode?: string
  readonly TransparentProxy?: Settings
  readonly Config?: Settings
  readonly Upstreams?: readonly Upstream[]
  readonly MeshGateway: MeshGateway
  readonly Expose: { readonly Checks?: boolean; readonly Paths?: readonly ExposedPath[] }
  readonly AccessLogs?: Settings
}

/** What a service says as a proxy that says nothing. */
export const NO_PROXY: ProxySpec = { MeshGateway: {}, Expose: {} }

/** Fields that nobody gave, or that are empty. */
type Loose<T> = { readonly [K in keyof T]?: T[K] | undefined }

/** Without the fields that say nothing: one form for one meaning, so that proxies compare. */
export function told<T extends object>(record: Loose<T>): Partial<T> {
  const fields = Object.entries(record).filter(([, value]) => !isZero(value))
  return Object.fromEntries(fields) as Partial<T> // some of its fields
}

/** null: nothing is said of it. */
export function toldProxy(record: Loose<ProxySpec>): ProxySpec | null {
  const { MeshGateway = {}, Expose = {}, ...rest } = told<ProxySpec>(record)
  const spec = { ...rest, MeshGateway, Expose }
  return Object.values(spec).every(isZero) ? null : spec
}

/** The kind of a service that stands in front of another. */
export const PROXY_KIND = 'connect-proxy'

const GATEWAYS: ReadonlySet<string> = new Set([
  'mesh-gateway',
  'terminating-gateway',
  'ingress-gateway',
  'api-gateway',
])

/** Kinds whose proxy is shown; every other word is an ordinary service. */
export const isMeshKind = (kind: string): boolean => kind === PROXY_KIND || GATEWAYS.has(kind)

/** What the mesh asks of a service. */
export interface Meshed {
  readonly kind: string
  readonly port: number
  readonly socketPath: string
  readonly proxy: ProxySpec | null
  /** It speaks the mesh's protocol itself. */
  readonly native: boolean
  /** Another is defined within it. */
  readonly hasSidecar?: boolean
}

/** What is wrong with it, all of it; undefined if nothing is. `others`: of its sidecar. */
export function faultOfMesh(service: Meshed, others: readonly string[] = []): string | undefined {
  const faults = faultsOfMesh(service, others)
  return faults.length === 0 ? undefined : multierror(faults)
}

export function faultsOfMesh(service: Meshed, others: readonly string[] = []): string[] {
  const { kind, native, port, socketPath } = service
  const faults = kind === PROXY_KIND ? faultsOfProxy(service) : []
  if (GATEWAYS.has(kind)) faults.push(...faultsOfGateway(service))
  faults.push(...others)
  if (native && port === 0 && socketPath === '') {
    faults.push('Port or SocketPath must be set for a Connect native service.')
  }
  return faults
}

const ANY_SERVICE = '*'

function faultsOfProxy({ port, socketPath, proxy, native }: Meshed): string[] {
  const faults: string[] = []
  const name = proxy?.DestinationServiceName?.trim() ?? ''
  if (port === 0 && socketPath === '') {
    faults.push('Port or SocketPath must be set for a connect-proxy')
  }
  if (name === '') {
    faults.push('Proxy.DestinationServiceName must be non-empty for Connect proxy services')
  }
  if (name === ANY_SERVICE) {
    faults.push('Proxy.DestinationServiceName must not be a wildcard for Connect proxy services')
  }
  if (native) faults.push('A Proxy cannot also be Connect Native, only typical services')
  const { Upstreams = [], Expose = {} } = proxy ?? {}
  return [...faults, ...faultsOfUpstreams(Upstreams), ...faultsOfPaths(Expose.Paths ?? [])]
}

function faultsOfUpstreams(upstreams: readonly Upstream[]): string[] {
  const faults: string[] = []
  const addresses = new Set<string>()
  const keys = new Set<string>()
  for (const upstream of upstreams) {
    const fault = faultOfUpstream(upstream)
    const address = addressOf(upstream)
    const key = keyOf(upstream)
    if (fault !== undefined) faults.push(fault)
    else if (keys.has(key)) faults.push(`upstreams cannot contain duplicates of ${key}`)
    else if (addresses.has(address)) faults.push(`${SAME_ADDRESS}; "${address}" is specified twice`)
    if (fault === undefined) addresses.add(address)
    if (fault === undefined) keys.add(key)
  }
  return faults
}

const SAME_ADDRESS =
  'upstreams cannot contain duplicates by local bind address and port or unix path'

function faultOfUpstream(upstream: Upstream): string | undefined {
  const { DestinationType: type = '', DestinationName: name = '' } = upstream
  const { LocalBindPort: port = 0, LocalBindSocketPath: path = '' } = upstream
  if (!UPSTREAM_TYPES.has(type)) {
    return `unknown upstream destination type: ${quoteGo(type)}`
  }
  if (name === '') return 'upstream destination name cannot be empty'
  if (name === ANY_SERVICE) return 'upstream destination name cannot be a wildcard'
  if (upstream.DestinationPeer && upstream.Datacenter) {
    return 'upstream cannot specify both destination peer and datacenter'
  }
  const local = 'upstream local bind port or local socket path'
  if (port === 0 && path === '') return `${local} must be defined and nonzero`
  return port !== 0 && path !== '' ? `only one of ${local} can be defined and nonzero` : undefined
}

const SERVICE_UPSTREAM = 'service'
const UPSTREAM_TYPES: ReadonlySet<string> = new Set([SERVICE_UPSTREAM, 'prepared_query', ''])

const addressOf = ({ LocalBindAddress = '127.0.0.1', ...at }: Upstream): string =>
  at.LocalBindPort === undefined
    ? (at.LocalBindSocketPath ?? '')
    : `${LocalBindAddress}:${at.LocalBindPort}`

function keyOf(upstream: Upstream): string {
  const parts = {
    type: upstream.DestinationType ?? SERVICE_UPSTREAM,
    name: upstream.DestinationName ?? '',
    partition: upstream.DestinationPartition ?? '',
    namespace: upstream.DestinationNamespace ?? '',
    peer: upstream.DestinationPeer ?? '',
    datacenter: upstream.Datacenter ?? '',
  }
  const shown = Object.entries(parts).map(([name, value]) => `${name}=${quoteGo(value)}`)
  return `[${shown.join(', ')}]`
}

const PORT_MAX = 65_535
const EXPOSED: ReadonlySet<string> = new Set(['', 'http', 'http2'])

function faultsOfPaths(paths: readonly ExposedPath[]): string[] {
  const faults: string[] = []
  const ports = new Set<number>()
  for (const { Path = '', ListenerPort: port = 0, Protocol = '' } of paths) {
    if (Path === '') faults.push('expose.paths: empty path exposed')
    if (ports.has(port)) faults.push('expose.paths: duplicate listener ports exposed')
    if (port < 1 || port > PORT_MAX) faults.push(`expose.paths: invalid listener port: ${port}`)
    if (!EXPOSED.has(Protocol.toLowerCase())) {
      const why = `protocol '${Protocol.toLowerCase()}' not supported for path: ${Path}`
      faults.push(`${why}, must be in: [http http2]`)
    }
    ports.add(port)
  }
  return faults
}

function faultsOfGateway({ kind, port, proxy, hasSidecar }: Meshed): string[] {
  const faults: string[] = []
  const needsPort = kind === 'mesh-gateway' || kind === 'terminating-gateway'
  if (port === 0 && needsPort) faults.push(`Port must be non-zero for a ${kind}`)
  if (hasSidecar) faults.push(`A ${kind} cannot have a sidecar service defined`)
  const { Upstreams = [] } = proxy ?? {}
  const wrong = NOT_OF_GATEWAYS.filter((name) => proxy?.[name] !== undefined)
  for (const name of [...wrong, ...(Upstreams.length > 0 ? ['Upstreams'] : [])]) {
    faults.push(`The Proxy.${name} configuration is invalid for a ${kind}`)
  }
  return faults
}

const NOT_OF_GATEWAYS = [
  'DestinationServiceName',
  'DestinationServiceID',
  'LocalServiceAddress',
  'LocalServicePort',
  'LocalServiceSocketPath',
] as const

/** An upstream that does not say so leads to a service. */
export const withTypes = (proxy: ProxySpec): ProxySpec =>
  proxy.Upstreams === undefined
    ? proxy
    : {
        ...proxy,
        Upstreams: proxy.Upstreams.map((one) => ({ DestinationType: SERVICE_UPSTREAM, ...one })),
      }
