// The groups of the agent's configuration, one declaration per block of a file (consul-surface
// 1.3, 6.2, 6.3).
import {
  anything,
  bool,
  duration,
  float,
  int,
  list,
  map,
  record,
  text,
  textMap,
  texts,
  uint,
  uint64,
} from './shape.ts'

export const ACL = record(
  {
    enabled: bool,
    default_policy: text,
    down_policy: text,
    policy_ttl: duration,
    token_ttl: duration,
    role_ttl: duration,
    enable_token_replication: bool,
    enable_key_list_policy: bool,
    enable_token_persistence: bool,
    disabled_ttl: duration,
    tokens: record(
      {
        initial_management: text,
        agent_recovery: text,
        replication: text,
        default: text,
        agent: text,
        config_file_service_registration: text,
        dns: text,
        master: text,
        agent_master: text,
      },
      { enterprise: ['managed_service_provider'] },
    ),
  },
  { enterprise: ['msp_disable_bootstrap'] },
)

export const ADDRESSES = record({ dns: text, http: text, https: text, grpc: text, grpc_tls: text })

export const PORTS = record({
  dns: int,
  http: int,
  https: int,
  grpc: int,
  grpc_tls: int,
  serf_lan: int,
  serf_wan: int,
  server: int,
  proxy_min_port: int,
  proxy_max_port: int,
  sidecar_min_port: int,
  sidecar_max_port: int,
  expose_min_port: int,
  expose_max_port: int,
})

export const AUTO_CONFIG = record({
  enabled: bool,
  intro_token: text,
  intro_token_file: text,
  server_addresses: texts,
  dns_sans: texts,
  ip_sans: texts,
  authorization: record({
    enabled: bool,
    static: record({
      jwt_validation_pub_keys: texts,
      oidc_discovery_url: text,
      oidc_discovery_ca_cert: text,
      jwks_url: text,
      jwks_ca_cert: text,
      jwt_supported_algs: texts,
      bound_audiences: texts,
      bound_issuer: text,
      claim_mappings: textMap,
      list_claim_mappings: textMap,
      claim_assertions: texts,
      expiration_leeway: duration,
      not_before_leeway: duration,
      clock_skew_leeway: duration,
      allow_reuse: bool,
    }),
  }),
})

export const AUTO_ENCRYPT = record({ tls: bool, allow_tls: bool, dns_san: texts, ip_san: texts })

export const AUTOPILOT = record(
  {
    cleanup_dead_servers: bool,
    last_contact_threshold: duration,
    max_trailing_logs: int,
    min_quorum: uint,
    server_stabilization_time: duration,
  },
  {
    enterprise: ['redundancy_zone_tag', 'upgrade_version_tag', 'disable_upgrade_migration'],
  },
)

export const CONNECT = record({
  enabled: bool,
  ca_provider: text,
  ca_config: map(anything),
  enable_mesh_gateway_wan_federation: bool,
  enable_serverless_plugin: bool,
  test_ca_leaf_root_change_spread: duration,
})

export const DNS = record(
  {
    allow_stale: bool,
    a_record_limit: int,
    disable_compression: bool,
    enable_truncate: bool,
    max_stale: duration,
    node_ttl: duration,
    only_passing: bool,
    recursor_strategy: text,
    recursor_timeout: duration,
    service_ttl: textMap,
    udp_answer_limit: int,
    use_cache: bool,
    cache_max_age: duration,
    enable_additional_node_meta_txt: bool,
    soa: record({ refresh: int, retry: int, expire: int, min_ttl: int }),
  },
  { enterprise: ['prefer_namespace'] },
)

export const GOSSIP = record({
  gossip_nodes: int,
  gossip_interval: duration,
  retransmit_mult: int,
  suspicion_mult: int,
  probe_interval: duration,
  probe_timeout: duration,
})

export const HTTP = record(
  {
    block_endpoints: texts,
    allow_write_http_from: texts,
    response_headers: textMap,
    use_cache: bool,
    max_header_bytes: int,
    error_format: text,
  },
  { own: ['error_format'] },
)

export const LIMITS = record({
  http_max_conns_per_client: int,
  https_handshake_timeout: duration,
  request_limits: record({ mode: text, read_rate: float, write_rate: float }),
  rpc_client_timeout: duration,
  rpc_handshake_timeout: duration,
  rpc_max_burst: int,
  rpc_max_conns_per_client: int,
  rpc_rate: float,
  kv_max_value_size: uint64,
  txn_max_req_len: uint64,
})

export const PERFORMANCE = record({
  leave_drain_time: duration,
  raft_multiplier: int,
  rpc_hold_timeout: duration,
  grpc_keepalive_interval: duration,
  grpc_keepalive_timeout: duration,
})

export const RAFT_LOG = record({
  backend: text,
  disable_log_cache: bool,
  verification: record({ enabled: bool, interval: duration }),
  boltdb: record({ no_freelist_sync: bool }),
  wal: record({ segment_size_mb: int }),
})

export const TELEMETRY = record({
  circonus_api_app: text,
  circonus_api_token: text,
  circonus_api_url: text,
  circonus_broker_id: text,
  circonus_broker_select_tag: text,
  circonus_check_display_name: text,
  circonus_check_force_metric_activation: text,
  circonus_check_id: text,
  circonus_check_instance_id: text,
  circonus_check_search_tag: text,
  circonus_check_tags: text,
  circonus_submission_interval: text,
  circonus_submission_url: text,
  disable_hostname: bool,
  enable_host_metrics: bool,
  disable_per_tenancy_usage_metrics: bool,
  'disable_compat_1.9': bool,
  dogstatsd_addr: text,
  dogstatsd_tags: texts,
  filter_default: bool,
  prefix_filter: texts,
  metrics_prefix: text,
  prometheus_retention_time: duration,
  retry_failed_connection: bool,
  statsd_address: text,
  statsite_address: text,
})

const TLS_FIELDS = {
  ca_file: text,
  ca_path: text,
  cert_file: text,
  key_file: text,
  tls_min_version: text,
  tls_cipher_suites: text,
  verify_incoming: bool,
  verify_outgoing: bool,
  verify_server_hostname: bool,
  use_auto_cert: bool,
} as const
const TLS_LISTENER = record(TLS_FIELDS)

export const TLS = record({
  defaults: TLS_LISTENER,
  internal_rpc: TLS_LISTENER,
  https: TLS_LISTENER,
  grpc: TLS_LISTENER,
})

export const UI = record({
  enabled: bool,
  dir: text,
  content_path: text,
  metrics_provider: text,
  metrics_provider_files: texts,
  metrics_provider_options_json: text,
  metrics_proxy: record({
    base_url: text,
    add_headers: list(record({ name: text, value: text })),
    path_allowlist: texts,
  }),
  dashboard_url_templates: textMap,
  hcp_enabled: bool,
})

export const CLOUD = record({
  resource_id: text,
  client_id: text,
  client_secret: text,
  hostname: text,
  auth_url: text,
  scada_address: text,
})
