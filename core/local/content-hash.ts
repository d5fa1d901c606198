// The content hash of an agent's service, by which clients wait for its change (consul-surface
// 3.9). Clients pin its values, so it is Consul's to the bit: the reflection hash of Go's
// hashstructure over the API's struct, with FNV-1 in 64 bits underneath. A record folds its fields
// by XOR, so their order means nothing; a list folds its items in order.
import { utf8 } from '../bytes.ts'
import type { ServiceSpec } from '../catalog/records.ts'
import {
  type ExposedPath,
  isMeshKind,
  NO_PROXY,
  type ProxySpec,
  type Upstream,
} from '../config/proxy.ts'

const OFFSET = 0xcbf29ce484222325n
const PRIME = 0x100000001b3n
const WIDTH = 64

/** FNV-1: the multiplication before the XOR. */
function fnv(bytes: Iterable<number>): bigint {
  let hash = OFFSET
  for (const byte of bytes) hash = BigInt.asUintN(WIDTH, hash * PRIME) ^ BigInt(byte)
  return hash
}

/** Eight bytes, the lowest first. */
function littleEndian(value: bigint): number[] {
  const bytes: number[] = []
  for (let rest = BigInt.asUintN(WIDTH, value); bytes.length < 8; rest >>= 8n) {
    bytes.push(Number(rest & 0xffn))
  }
  return bytes
}

const ofText = (text: string): bigint => fnv(utf8(text))
const ofInt = (value: number): bigint => fnv(littleEndian(BigInt(value)))
const ofFlag = (value: boolean): bigint => fnv([value ? 1 : 0])
const ordered = (a: bigint, b: bigint): bigint => fnv([...littleEndian(a), ...littleEndian(b)])
/** The machines we run on have the lowest byte first. */
const ofDouble = (value: number): bigint => fnv(new Uint8Array(Float64Array.of(value).buffer))
/** A nil pointer. */
const NIL = ofInt(0)

const ofItems = <T>(items: readonly T[], hashOf: (item: T) => bigint): bigint =>
  items.reduce((hash, item) => ordered(hash, hashOf(item)), 0n)

function ofMap<T>(map: Readonly<Record<string, T>> | null, hashOf: (value: T) => bigint): bigint {
  const pairs = Object.entries(map ?? {})
  return pairs.reduce((hash, [key, value]) => hash ^ ordered(ofText(key), hashOf(value)), 0n)
}

/** `name` is that of the Go type: it is part of the hash. */
const ofStruct = (name: string, fields: Readonly<Record<string, bigint>>): bigint =>
  Object.entries(fields).reduce(
    (hash, [field, value]) => hash ^ ordered(ofText(field), value),
    ofText(name),
  )

const NATIVE = ofStruct('AgentServiceConnect', { Native: ofFlag(true), SidecarService: NIL })

const ofGateway = ({ Mode = '' }: ProxySpec['MeshGateway']): bigint =>
  ofStruct('MeshGatewayConfig', { Mode: ofText(Mode) })

function ofProxy(proxy: ProxySpec): bigint {
  const { Expose, TransparentProxy, AccessLogs } = proxy
  return ofStruct('AgentServiceConnectProxyConfig', {
    EnvoyExtensions: ofItems(proxy.EnvoyExtensions ?? [], ofSetting),
    DestinationServiceName: ofText(proxy.DestinationServiceName ?? ''),
    DestinationServiceID: ofText(proxy.DestinationServiceID ?? ''),
    LocalServiceAddress: ofText(proxy.LocalServiceAddress ?? ''),
    LocalServicePort: ofInt(proxy.LocalServicePort ?? 0),
    LocalServiceSocketPath: ofText(proxy.LocalServiceSocketPath ?? ''),
    Mode: ofText(proxy.Mode ?? ''),
    TransparentProxy: TransparentProxy === undefined ? NIL : ofSetting(TransparentProxy),
    Config: ofMap(proxy.Config ?? null, ofSetting),
    Upstreams: ofItems(proxy.Upstreams ?? [], ofUpstream),
    MeshGateway: ofGateway(proxy.MeshGateway),
    Expose: ofStruct('ExposeConfig', {
      Checks: ofFlag(Expose.Checks ?? false),
      Paths: ofItems(Expose.Paths ?? [], ofPath),
    }),
    AccessLogs: AccessLogs === undefined ? NIL : ofSetting(AccessLogs),
  })
}

const ofUpstream = (upstream: Upstream): bigint =>
  ofStruct('Upstream', {
    DestinationType: ofText(upstream.DestinationType ?? ''),
    DestinationPartition: ofText(upstream.DestinationPartition ?? ''),
    DestinationNamespace: ofText(upstream.DestinationNamespace ?? ''),
    DestinationPeer: ofText(upstream.DestinationPeer ?? ''),
    DestinationName: ofText(upstream.DestinationName ?? ''),
    Datacenter: ofText(upstream.Datacenter ?? ''),
    LocalBindAddress: ofText(upstream.LocalBindAddress ?? ''),
    LocalBindPort: ofInt(upstream.LocalBindPort ?? 0),
    LocalBindSocketPath: ofText(upstream.LocalBindSocketPath ?? ''),
    LocalBindSocketMode: ofText(upstream.LocalBindSocketMode ?? ''),
    Config: ofMap(upstream.Config ?? null, ofSetting),
    MeshGateway: ofGateway(upstream.MeshGateway),
    CentrallyConfigured: ofFlag(false),
  })

const ofPath = (path: ExposedPath): bigint =>
  ofStruct('ExposePath', {
    ListenerPort: ofInt(path.ListenerPort ?? 0),
    Path: ofText(path.Path ?? ''),
    LocalPathPort: ofInt(path.LocalPathPort ?? 0),
    Protocol: ofText(path.Protocol ?? ''),
    ParsedFromCheck: ofFlag(false),
  })

/** A free setting: numbers are doubles. */
function ofSetting(value: unknown): bigint {
  if (typeof value === 'string') return ofText(value)
  if (typeof value === 'boolean') return ofFlag(value)
  if (typeof value === 'number') return ofDouble(value)
  if (Array.isArray(value)) return ofItems(value, ofSetting)
  if (typeof value !== 'object' || value === null) return NIL
  return ofMap(value as Readonly<Record<string, unknown>>, ofSetting) // an object that is no list
}

export function contentHash(service: ServiceSpec): string {
  const { weights } = service
  const hash = ofStruct('AgentService', {
    Kind: ofText(service.kind),
    ID: ofText(service.id),
    Service: ofText(service.name),
    Tags: ofItems(service.tags ?? [], ofText),
    Meta: ofMap(service.meta, ofText),
    Port: ofInt(service.port),
    Address: ofText(service.address),
    SocketPath: ofText(service.socketPath),
    TaggedAddresses: ofMap(service.taggedAddresses, ({ Address, Port }) =>
      ofStruct('ServiceAddress', { Address: ofText(Address), Port: ofInt(Port) }),
    ),
    Weights: ofStruct('AgentWeights', {
      Passing: ofInt(weights.Passing),
      Warning: ofInt(weights.Warning),
    }),
    EnableTagOverride: ofFlag(service.enableTagOverride),
    CreateIndex: ofInt(0),
    ModifyIndex: ofInt(0),
    ContentHash: ofText(''),
    Proxy: isMeshKind(service.kind) ? ofProxy(service.proxy ?? NO_PROXY) : NIL,
    Connect: service.native ? NATIVE : NIL,
    PeerName: ofText(''),
  })
  return hash.toString(16)
}
