// What filters may ask of nodes, services and checks: the selectors of consul-surface 3.6, over the
// shapes that the API prints. Indexes are not among them.
import { BOOL, INT, type Shape, STRING, STRINGS, structOf, TEXTS } from '../filter/filter.ts'

const ADDRESSES: Shape = { kind: 'map', of: structOf({ Address: STRING, Port: INT }) }
const WEIGHTS = structOf({ Passing: INT, Warning: INT })
const CONNECT = structOf({ Native: BOOL })
const MESH_GATEWAY = structOf({ Mode: STRING })
const PROXY = structOf({
  DestinationServiceName: STRING,
  DestinationServiceID: STRING,
  LocalServiceAddress: STRING,
  LocalServicePort: INT,
  LocalServiceSocketPath: STRING,
  Mode: STRING,
  TransparentProxy: structOf({ OutboundListenerPort: INT, DialedDirectly: BOOL }),
  Upstreams: {
    kind: 'list',
    of: structOf({
      DestinationType: STRING,
      DestinationNamespace: STRING,
      DestinationPartition: STRING,
      DestinationPeer: STRING,
      DestinationName: STRING,
      Datacenter: STRING,
      LocalBindAddress: STRING,
      LocalBindPort: INT,
      LocalBindSocketPath: STRING,
      LocalBindSocketMode: STRING,
      MeshGateway: MESH_GATEWAY,
    }),
  },
  MeshGateway: MESH_GATEWAY,
  Expose: structOf({
    Checks: BOOL,
    Paths: {
      kind: 'list',
      of: structOf({
        ListenerPort: INT,
        Path: STRING,
        LocalPathPort: INT,
        Protocol: STRING,
        ParsedFromCheck: BOOL,
      }),
    },
  }),
})

export const NODE = structOf({
  ID: STRING,
  Node: STRING,
  Address: STRING,
  Datacenter: STRING,
  PeerName: STRING,
  TaggedAddresses: TEXTS,
  Meta: TEXTS,
})

export const SERVICE_NODE = structOf({
  ID: STRING,
  Node: STRING,
  Address: STRING,
  Datacenter: STRING,
  PeerName: STRING,
  TaggedAddresses: TEXTS,
  NodeMeta: TEXTS,
  ServiceKind: STRING,
  ServiceID: STRING,
  ServiceName: STRING,
  ServiceTags: STRINGS,
  ServiceAddress: STRING,
  ServiceTaggedAddresses: ADDRESSES,
  ServiceWeights: WEIGHTS,
  ServiceMeta: TEXTS,
  ServicePort: INT,
  ServiceSocketPath: STRING,
  ServiceEnableTagOverride: BOOL,
  ServiceProxy: PROXY,
  ServiceConnect: CONNECT,
})

export const NODE_SERVICE = structOf({
  Kind: STRING,
  ID: STRING,
  Service: STRING,
  Tags: STRINGS,
  Address: STRING,
  TaggedAddresses: ADDRESSES,
  Meta: TEXTS,
  Port: INT,
  SocketPath: STRING,
  Weights: WEIGHTS,
  EnableTagOverride: BOOL,
  Proxy: PROXY,
  Connect: CONNECT,
  PeerName: STRING,
})

export const HEALTH_CHECK = structOf({
  Node: STRING,
  CheckID: STRING,
  Name: STRING,
  Status: STRING,
  Notes: STRING,
  Output: STRING,
  ServiceID: STRING,
  ServiceName: STRING,
  ServiceTags: STRINGS,
  Type: STRING,
  Interval: STRING,
  Timeout: STRING,
  ExposedPort: INT,
  PeerName: STRING,
})

export const SERVICE_ENTRY = structOf({
  Node: NODE,
  Service: NODE_SERVICE,
  Checks: { kind: 'list', of: HEALTH_CHECK },
})
