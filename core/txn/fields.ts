// What of a node, a service and a check a transaction takes. Its body is that of Consul's client
// library, which knows less of a check than the catalog does; and not all that it knows is handed
// on to the log. The rest is taken and forgotten.
import {
  CHECK,
  checkSpec,
  locality,
  peering,
  SERVICE,
  serviceSpec,
  texts,
  toldDefinition,
} from '../catalog/body.ts'
import type { CheckDefinition, CheckSpec, NodeSpec, ServiceSpec } from '../catalog/records.ts'
import { type ProxySpec, type Settings, told, toldProxy } from '../config/proxy.ts'
import {
  type Decoder,
  durationNs,
  flag,
  list,
  mapOf,
  struct,
  text,
  unsigned,
} from '../route/decode.ts'

/** Taken and not looked at, as in Consul's free edition. */
export const ENTERPRISE = { Namespace: text, Partition: text } as const

export const node = struct({
  ID: text,
  Node: text,
  Address: text,
  Datacenter: text,
  TaggedAddresses: texts,
  Meta: texts,
  Partition: text,
  PeerName: peering,
  Locality: locality,
  CreateIndex: unsigned,
  ModifyIndex: unsigned,
})

export const service = struct({ ...SERVICE, ...ENTERPRISE, Datacenter: text, ContentHash: text })

const sentDefinition = struct(
  {
    HTTP: text,
    Header: mapOf(list(text)),
    Method: text,
    Body: text,
    TLSServerName: text,
    TLSSkipVerify: flag,
    TCP: text,
    GRPC: text,
    GRPCUseTLS: flag,
    OSService: text,
    Interval: durationNs,
    Timeout: durationNs,
    DeregisterCriticalServiceAfter: durationNs,
    IntervalDuration: durationNs,
    TimeoutDuration: durationNs,
    DeregisterCriticalServiceAfterDuration: durationNs,
  },
  { lenient: true },
)

/** Of the two names of a duration the longer one counts. */
const definition: Decoder<CheckDefinition> = (sent) => {
  const {
    IntervalDuration,
    TimeoutDuration,
    DeregisterCriticalServiceAfterDuration,
    Interval = 0,
    Timeout = 0,
    DeregisterCriticalServiceAfter = 0,
    ...rest
  } = sentDefinition(sent)
  return toldDefinition({
    ...rest,
    Interval: IntervalDuration ?? Interval,
    Timeout: TimeoutDuration ?? Timeout,
    DeregisterCriticalServiceAfter:
      DeregisterCriticalServiceAfterDuration ?? DeregisterCriticalServiceAfter,
  })
}

const { Interval: _, Timeout: __, ...SENT_CHECK } = CHECK

export const check = struct({ ...SENT_CHECK, ...ENTERPRISE, Definition: definition })

/** `ours`: the datacenter of a node that names none. */
export const takenNode = (sent: ReturnType<typeof node>, ours: string): NodeSpec => ({
  id: sent.ID ?? '',
  name: sent.Node ?? '',
  address: sent.Address ?? '',
  datacenter: sent.Datacenter || ours,
  taggedAddresses: sent.TaggedAddresses ?? null,
  meta: sent.Meta ?? null,
  locality: null,
})

export const takenService = (sent: ReturnType<typeof service>): ServiceSpec => ({
  ...serviceSpec(sent),
  taggedAddresses: null,
  socketPath: '',
  proxy: sent.Proxy ? takenProxy(sent.Proxy) : null,
  native: false,
  locality: null,
})

const takenProxy = (sent: ProxySpec): ProxySpec | null =>
  toldProxy({
    DestinationServiceName: sent.DestinationServiceName,
    DestinationServiceID: sent.DestinationServiceID,
    LocalServiceAddress: sent.LocalServiceAddress,
    LocalServicePort: sent.LocalServicePort,
    LocalServiceSocketPath: sent.LocalServiceSocketPath,
    TransparentProxy: takenTransparent(sent.TransparentProxy),
    MeshGateway: sent.MeshGateway,
  })

function takenTransparent(sent: Settings = {}): Settings {
  const { OutboundListenerPort, DialedDirectly } = sent
  return told<Settings>({ OutboundListenerPort, DialedDirectly })
}

export const takenCheck = (sent: ReturnType<typeof check>): CheckSpec => ({
  ...checkSpec(sent),
  type: '',
})
