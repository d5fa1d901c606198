// The proxy of a service as a file defines it, in the names under which it prints.
import { type ProxySpec, told, toldProxy, type Upstream } from './proxy.ts'
import type { ServiceSetting } from './schema-service.ts'

type Setting = NonNullable<ServiceSetting['proxy']>

export function proxyOf(setting: Setting | undefined): ProxySpec | null {
  if (setting === undefined) return null
  return toldProxy({
    EnvoyExtensions: setting.envoy_extensions?.map((one) => ({ ...one })),
    DestinationServiceName: setting.destination_service_name,
    DestinationServiceID: setting.destination_service_id,
    LocalServiceAddress: setting.local_service_address,
    LocalServicePort: setting.local_service_port,
    LocalServiceSocketPath: setting.local_service_socket_path,
    Mode: setting.mode,
    TransparentProxy: setting.transparent_proxy && {
      OutboundListenerPort: setting.transparent_proxy.outbound_listener_port ?? 0,
      DialedDirectly: setting.transparent_proxy.dialed_directly ?? false,
    },
    Config: setting.config,
    Upstreams: setting.upstreams?.map(upstreamOf),
    MeshGateway: told({ Mode: setting.mesh_gateway?.mode }),
    Expose: told({
      Checks: setting.expose?.checks,
      Paths: setting.expose?.paths?.map((path) =>
        told({
          ListenerPort: path.listener_port,
          Path: path.path,
          LocalPathPort: path.local_path_port,
          Protocol: path.protocol,
        }),
      ),
    }),
    AccessLogs: setting.access_logs && { ...setting.access_logs },
  })
}

const upstreamOf = (setting: NonNullable<Setting['upstreams']>[number]): Upstream => ({
  ...told<Upstream>({
    DestinationType: setting.destination_type,
    DestinationNamespace: setting.destination_namespace,
    DestinationPartition: setting.destination_partition,
    DestinationPeer: setting.destination_peer,
    DestinationName: setting.destination_name,
    Datacenter: setting.datacenter,
    LocalBindAddress: setting.local_bind_address,
    LocalBindPort: setting.local_bind_port,
    LocalBindSocketPath: setting.local_bind_socket_path,
    LocalBindSocketMode: setting.local_bind_socket_mode,
    Config: setting.config,
  }),
  MeshGateway: told({ Mode: setting.mesh_gateway?.mode }),
})
