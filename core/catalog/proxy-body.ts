// The proxy of a service as bodies bring it, in CamelCase or snake case. What is empty says nothing
// and is left out.
import {
  type ExposedPath,
  type ProxySpec,
  type Settings,
  told,
  toldProxy,
  type Upstream,
} from '../config/proxy.ts'
import { type Decoder, flag, integer, list, mapOf, struct, text } from '../route/decode.ts'
import { type Json, plain } from '../route/json.ts'

/** Numbers of free settings are doubles, as in Go. */
const anything: Decoder<unknown> = (node) => withDoubles(plain(node))

function withDoubles(value: Json): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(withDoubles)
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, withDoubles(item)]))
}

const settings: Decoder<Settings> = mapOf(anything)

type Fields = Readonly<Record<string, Decoder<unknown>>>

/** `LocalBindPort` may be written `local_bind_port`. */
function sent<F extends Fields>(fields: F) {
  const aliases = Object.fromEntries(Object.keys(fields).map((name) => [snake(name), name]))
  return struct(fields, { aliases })
}

const snake = (name: string): string => name.replaceAll(/([a-z\d])([A-Z])/g, '$1_$2').toLowerCase()

const meshGateway = sent({ Mode: text })

const upstreamFields = sent({
  DestinationType: text,
  DestinationNamespace: text,
  DestinationPartition: text,
  DestinationPeer: text,
  DestinationName: text,
  Datacenter: text,
  LocalBindAddress: text,
  LocalBindPort: integer,
  LocalBindSocketPath: text,
  LocalBindSocketMode: text,
  Config: settings,
  MeshGateway: meshGateway,
  CentrallyConfigured: flag,
})

const upstream: Decoder<Upstream> = (node) => {
  const { MeshGateway = {}, CentrallyConfigured: _, ...rest } = upstreamFields(node)
  return { ...told(rest), MeshGateway: told(MeshGateway) }
}

const exposedPath = sent({
  ListenerPort: integer,
  Path: text,
  LocalPathPort: integer,
  Protocol: text,
})

const path: Decoder<ExposedPath> = (node) => told(exposedPath(node))
const expose = sent({ Checks: flag, Paths: list(path) })

const proxyFields = sent({
  EnvoyExtensions: list(settings),
  DestinationServiceName: text,
  DestinationServiceID: text,
  LocalServiceAddress: text,
  LocalServicePort: integer,
  LocalServiceSocketPath: text,
  Mode: text,
  TransparentProxy: settings,
  Config: settings,
  Upstreams: list(upstream),
  MeshGateway: meshGateway,
  Expose: expose,
  AccessLogs: settings,
})

/** null: there is none, or nothing is said of it. */
export const proxy: Decoder<ProxySpec | null> = (node) => {
  const { MeshGateway = {}, Expose = {}, ...rest } = proxyFields(node)
  return toldProxy({ ...rest, MeshGateway: told(MeshGateway), Expose: told(Expose) })
}

/** What the catalog keeps of a service's part in the mesh: whether it speaks it itself. */
const connectFields = struct({ Native: flag }, { lenient: true })

export const native: Decoder<boolean> = (node) => connectFields(node).Native ?? false
