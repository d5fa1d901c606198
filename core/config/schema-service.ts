// Services and checks as they may stand in a configuration file: snake case, with the CamelCase
// of the HTTP API and old names as aliases (consul-surface 7.1).
import {
  anything,
  bool,
  duration,
  type Infer,
  int,
  list,
  map,
  record,
  text,
  textMap,
  texts,
} from './shape.ts'

export const CHECK = record(
  {
    id: text,
    name: text,
    notes: text,
    service_id: text,
    token: text,
    status: text,
    args: texts,
    http: text,
    header: map(texts),
    method: text,
    body: text,
    disable_redirects: bool,
    output_max_size: int,
    tcp: text,
    tcp_use_tls: bool,
    udp: text,
    interval: duration,
    docker_container_id: text,
    shell: text,
    grpc: text,
    grpc_use_tls: bool,
    h2ping: text,
    h2ping_use_tls: bool,
    os_service: text,
    tls_server_name: text,
    tls_skip_verify: bool,
    alias_node: text,
    alias_service: text,
    timeout: duration,
    ttl: duration,
    success_before_passing: int,
    failures_before_warning: int,
    failures_before_critical: int,
    deregister_critical_service_after: duration,
  },
  {
    aliases: {
      check_id: 'id',
      checkid: 'id',
      serviceid: 'service_id',
      scriptargs: 'args',
      script_args: 'args',
      disableredirects: 'disable_redirects',
      outputmaxsize: 'output_max_size',
      tcpusetls: 'tcp_use_tls',
      dockercontainerid: 'docker_container_id',
      grpcusetls: 'grpc_use_tls',
      h2pingusetls: 'h2ping_use_tls',
      osservice: 'os_service',
      tlsservername: 'tls_server_name',
      tlsskipverify: 'tls_skip_verify',
      aliasnode: 'alias_node',
      aliasservice: 'alias_service',
      successbeforepassing: 'success_before_passing',
      failuresbeforewarning: 'failures_before_warning',
      failuresbeforecritical: 'failures_before_critical',
      deregistercriticalserviceafter: 'deregister_critical_service_after',
    },
    enterprise: ['namespace', 'partition', 'Namespace', 'Partition', 'EnterpriseMeta'],
  },
)

const MESH_GATEWAY = record({ mode: text })

const EXPOSE = record({
  checks: bool,
  paths: list(
    record(
      { listener_port: int, path: text, local_path_port: int, protocol: text },
      { aliases: { listenerport: 'listener_port', localpathport: 'local_path_port' } },
    ),
  ),
})

const TRANSPARENT_PROXY = record(
  { outbound_listener_port: int, dialed_directly: bool },
  {
    aliases: {
      outboundlistenerport: 'outbound_listener_port',
      dialeddirectly: 'dialed_directly',
    },
  },
)

const UPSTREAM = record(
  {
    destination_type: text,
    destination_namespace: text,
    destination_partition: text,
    destination_peer: text,
    destination_name: text,
    datacenter: text,
    local_bind_address: text,
    local_bind_port: int,
    local_bind_socket_path: text,
    local_bind_socket_mode: text,
    config: map(anything),
    mesh_gateway: MESH_GATEWAY,
  },
  {
    aliases: {
      destinationtype: 'destination_type',
      destinationnamespace: 'destination_namespace',
      destinationpartition: 'destination_partition',
      destinationpeer: 'destination_peer',
      destinationname: 'destination_name',
      localbindaddress: 'local_bind_address',
      localbindport: 'local_bind_port',
      localbindsocketpath: 'local_bind_socket_path',
      localbindsocketmode: 'local_bind_socket_mode',
      meshgateway: 'mesh_gateway',
    },
  },
)

const ENVOY_EXTENSION = record(
  {
    name: text,
    required: bool,
    arguments: map(anything),
    consul_version: text,
    envoy_version: text,
  },
  { aliases: { consulversion: 'consul_version', envoyversion: 'envoy_version' } },
)

const ACCESS_LOGS = record(
  {
    enabled: bool,
    disable_listener_logs: bool,
    type: text,
    path: text,
    json_format: text,
    text_format: text,
  },
  {
    aliases: {
      disablelistenerlogs: 'disable_listener_logs',
      jsonformat: 'json_format',
      textformat: 'text_format',
    },
  },
)

const PROXY = record(
  {
    destination_service_name: text,
    destination_service_id: text,
    local_service_address: text,
    local_service_port: int,
    local_service_socket_path: text,
    mode: text,
    config: map(anything),
    upstreams: list(UPSTREAM),
    mesh_gateway: MESH_GATEWAY,
    expose: EXPOSE,
    transparent_proxy: TRANSPARENT_PROXY,
    envoy_extensions: list(ENVOY_EXTENSION),
    access_logs: ACCESS_LOGS,
  },
  {
    aliases: {
      destinationservicename: 'destination_service_name',
      destinationserviceid: 'destination_service_id',
      localserviceaddress: 'local_service_address',
      localserviceport: 'local_service_port',
      localservicesocketpath: 'local_service_socket_path',
      meshgateway: 'mesh_gateway',
      transparentproxy: 'transparent_proxy',
      envoyextensions: 'envoy_extensions',
      accesslogs: 'access_logs',
    },
  },
)

const LOCALITY = record({ region: text, zone: text })

const SERVICE_FIELDS = {
  kind: text,
  id: text,
  name: text,
  tags: texts,
  address: text,
  tagged_addresses: map(record({ address: text, port: int })),
  socket_path: text,
  meta: textMap,
  port: int,
  check: CHECK,
  checks: list(CHECK),
  token: text,
  weights: record({ passing: int, warning: int }),
  enable_tag_override: bool,
  proxy: PROXY,
  locality: LOCALITY,
} as const

const SERVICE_OPTIONS = {
  aliases: {
    taggedaddresses: 'tagged_addresses',
    socketpath: 'socket_path',
    enabletagoverride: 'enable_tag_override',
  },
  enterprise: ['namespace', 'partition', 'Namespace', 'Partition', 'EnterpriseMeta'],
} as const

/** A sidecar is a service within a service, one level deep. */
const SIDECAR = record(SERVICE_FIELDS, SERVICE_OPTIONS)

export const SERVICE = record(
  {
    ...SERVICE_FIELDS,
    connect: record(
      { native: bool, sidecar_service: SIDECAR },
      { aliases: { sidecarservice: 'sidecar_service' } },
    ),
  },
  SERVICE_OPTIONS,
)

export type CheckSetting = Infer<typeof CHECK>
export type ServiceSetting = Infer<typeof SERVICE>
