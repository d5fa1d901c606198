// What `/v1/agent/self` shows as DebugConfig: the settings under the names of Consul's runtime
// configuration, addresses as URLs, durations as Go prints them, secrets hidden.
import { joinHostPort } from '../ip.ts'
import { sortedRecord } from '../sorted.ts'
import { formatDurationNs, parseDurationNs } from '../time.ts'
import type { ListenAddress } from './agent-config.ts'
import type { Draft } from './draft.ts'
import type { NetworkPlan } from './network.ts'
import type { Settings } from './schema.ts'
import { bootstrapOf, uiPathOf } from './validate.ts'

type Shown = Readonly<Record<string, unknown>>

const HIDDEN = 'hidden'

export function debugConfig({ gathered, facts }: Draft, network: NetworkPlan): Shown {
  const { settings, dev } = gathered
  const names = {
    ...identity(settings, facts.hostName),
    ...addresses(settings, network),
    ...access(settings),
    ...limits(settings),
    ...dns(settings),
    ...gossip(settings),
    ...durability(settings),
    ...serving(settings),
    ...observing(settings),
    DevMode: dev,
  }
  return sortedRecord(names)
}

const span = (text: string | undefined): string =>
  formatDurationNs(parseDurationNs(text ?? '0s') ?? 0)

const secret = (text: string | undefined): string =>
  text === undefined || text === '' ? '' : HIDDEN

function identity(s: Settings, hostName: string): Shown {
  const datacenter = s.datacenter?.toLowerCase()
  return {
    NodeName: (s.node_name || hostName).trim(),
    NodeID: s.node_id ?? '',
    NodeMeta: s.node_meta ?? {},
    Datacenter: datacenter,
    PrimaryDatacenter: s.primary_datacenter?.toLowerCase() || datacenter,
    ServerMode: s.server ?? false,
    ServerName: s.server_name ?? '',
    Bootstrap: bootstrapOf(s).bootstrap,
    BootstrapExpect: bootstrapOf(s).expect,
    DataDir: s.data_dir ?? '',
    DisableHostNodeID: s.disable_host_node_id ?? true,
    Experiments: s.experiments ?? [],
    Locality: s.locality ?? null,
    PidFile: s.pid_file ?? '',
    LeaveOnTerm: s.leave_on_terminate ?? s.server !== true,
    SkipLeaveOnInt: s.skip_leave_on_interrupt ?? s.server === true,
    RejoinAfterLeave: s.rejoin_after_leave ?? false,
    ServerRejoinAgeMax: span(s.server_rejoin_age_max),
    TranslateWANAddrs: s.translate_wan_addrs ?? false,
  }
}

const urlOf = (address: ListenAddress): string =>
  address.type === 'unix'
    ? `unix://${address.path}`
    : `tcp://${joinHostPort(address.host, address.port)}`

function addresses(s: Settings, plan: NetworkPlan): Shown {
  const { ports } = plan
  const tcp = (host: string, port: number) => `tcp://${joinHostPort(host, port)}`
  return {
    AdvertiseAddrLAN: plan.advertiseAddr,
    AdvertiseAddrWAN: plan.advertiseAddrWan,
    BindAddr: plan.bindAddr,
    ClientAddrs: plan.clientAddrs,
    DNSAddrs: plan.dns.flatMap((one) => [urlOf(one), urlOf(one).replace('tcp:', 'udp:')]),
    DNSPort: ports.dns,
    GRPCAddrs: plan.grpc.map(urlOf),
    GRPCPort: ports.grpc,
    GRPCTLSAddrs: plan.grpcTls.map(urlOf),
    GRPCTLSPort: ports.grpcTls,
    HTTPAddrs: plan.http.map(urlOf),
    HTTPPort: ports.http,
    HTTPSAddrs: plan.https.map(urlOf),
    HTTPSPort: ports.https,
    RPCAdvertiseAddr: tcp(plan.advertiseAddr, ports.server),
    RPCBindAddr: tcp(plan.bindAddr, ports.server),
    SerfAdvertiseAddrLAN: tcp(plan.advertiseAddr, ports.serfLan),
    SerfAdvertiseAddrWAN: tcp(plan.advertiseAddrWan, ports.serfWan),
    SerfBindAddrLAN: tcp(plan.serfBindLan, ports.serfLan),
    SerfBindAddrWAN: tcp(plan.serfBindWan, ports.serfWan),
    TaggedAddresses: { ...s.tagged_addresses, ...plan.taggedAddresses },
    SerfPortLAN: ports.serfLan,
    SerfPortWAN: ports.serfWan,
    ServerPort: ports.server,
    ConnectSidecarMinPort: s.ports?.sidecar_min_port ?? 0,
    ConnectSidecarMaxPort: s.ports?.sidecar_max_port ?? 0,
    ExposeMinPort: s.ports?.expose_min_port ?? 0,
    ExposeMaxPort: s.ports?.expose_max_port ?? 0,
    UnixSocketUser: s.unix_sockets?.user ?? '',
    UnixSocketGroup: s.unix_sockets?.group ?? '',
    UnixSocketMode: s.unix_sockets?.mode ?? '',
  }
}

function access({ acl, ...s }: Settings): Shown {
  return {
    ACLsEnabled: acl?.enabled ?? false,
    ACLEnableKeyListPolicy: acl?.enable_key_list_policy ?? false,
    ACLInitialManagementToken: secret(acl?.tokens?.initial_management),
    ACLTokenReplication: acl?.enable_token_replication ?? false,
    ACLResolverSettings: {
      ACLDefaultPolicy: acl?.default_policy,
      ACLDownPolicy: acl?.down_policy,
      ACLPolicyTTL: span(acl?.policy_ttl),
      ACLRoleTTL: span(acl?.role_ttl),
      ACLTokenTTL: span(acl?.token_ttl),
      ACLsEnabled: acl?.enabled ?? false,
      Datacenter: s.datacenter,
      NodeName: s.node_name ?? '',
    },
    ACLTokens: {
      ACLAgentRecoveryToken: secret(acl?.tokens?.agent_recovery),
      ACLAgentToken: secret(acl?.tokens?.agent),
      ACLConfigFileRegistrationToken: secret(acl?.tokens?.config_file_service_registration),
      ACLDefaultToken: secret(acl?.tokens?.default),
      ACLReplicationToken: secret(acl?.tokens?.replication),
      DNSToken: secret(acl?.tokens?.dns),
      EnablePersistence: acl?.enable_token_persistence ?? false,
    },
    DefaultIntentionPolicy: s.default_intention_policy ?? '',
    EncryptKey: secret(s.encrypt),
    EncryptVerifyIncoming: s.encrypt_verify_incoming ?? true,
    EncryptVerifyOutgoing: s.encrypt_verify_outgoing ?? true,
    DisableKeyringFile: s.disable_keyring_file ?? false,
  }
}

function limits({ limits: l, ...s }: Settings): Shown {
  return {
    HTTPMaxConnsPerClient: l?.http_max_conns_per_client,
    HTTPSHandshakeTimeout: span(l?.https_handshake_timeout),
    KVMaxValueSize: l?.kv_max_value_size,
    TxnMaxReqLen: l?.txn_max_req_len,
    RPCClientTimeout: span(l?.rpc_client_timeout),
    RPCHandshakeTimeout: span(l?.rpc_handshake_timeout),
    RPCHoldTimeout: span(s.performance?.rpc_hold_timeout),
    RPCMaxBurst: l?.rpc_max_burst,
    RPCMaxConnsPerClient: l?.rpc_max_conns_per_client,
    RPCRateLimit: l?.rpc_rate,
    RequestLimitsMode: l?.request_limits?.mode,
    RequestLimitsReadRate: l?.request_limits?.read_rate,
    RequestLimitsWriteRate: l?.request_limits?.write_rate,
    DefaultQueryTime: span(s.default_query_time),
    MaxQueryTime: span(s.max_query_time),
    SessionTTLMin: span(s.session_ttl_min),
    DiscoveryMaxStale: span(s.discovery_max_stale),
  }
}

function dns({ dns_config: d, ...s }: Settings): Shown {
  return {
    DNSARecordLimit: d?.a_record_limit,
    DNSAllowStale: d?.allow_stale,
    DNSAltDomain: s.alt_domain ?? '',
    DNSCacheMaxAge: span(d?.cache_max_age),
    DNSDisableCompression: d?.disable_compression ?? false,
    DNSDomain: s.domain,
    DNSEnableTruncate: d?.enable_truncate ?? false,
    DNSMaxStale: span(d?.max_stale),
    DNSNodeMetaTXT: d?.enable_additional_node_meta_txt ?? true,
    DNSNodeTTL: span(d?.node_ttl),
    DNSOnlyPassing: d?.only_passing ?? false,
    DNSRecursorStrategy: d?.recursor_strategy,
    DNSRecursorTimeout: span(d?.recursor_timeout),
    DNSRecursors: s.recursors ?? [],
    DNSSOA: {
      Expire: d?.soa?.expire,
      Minttl: d?.soa?.min_ttl,
      Refresh: d?.soa?.refresh,
      Retry: d?.soa?.retry,
    },
    DNSServiceTTL: Object.fromEntries(
      Object.entries(d?.service_ttl ?? {}).map(([name, text]) => [name, span(text)]),
    ),
    DNSUDPAnswerLimit: d?.udp_answer_limit,
    DNSUseCache: d?.use_cache ?? false,
  }
}

function gossip({ gossip_lan: lan, gossip_wan: wan, ...s }: Settings): Shown {
  return {
    GossipLANGossipInterval: span(lan?.gossip_interval),
    GossipLANGossipNodes: lan?.gossip_nodes,
    GossipLANProbeInterval: span(lan?.probe_interval),
    GossipLANProbeTimeout: span(lan?.probe_timeout),
    GossipLANRetransmitMult: lan?.retransmit_mult,
    GossipLANSuspicionMult: lan?.suspicion_mult,
    GossipWANGossipInterval: span(wan?.gossip_interval),
    GossipWANGossipNodes: wan?.gossip_nodes,
    GossipWANProbeInterval: span(wan?.probe_interval),
    GossipWANProbeTimeout: span(wan?.probe_timeout),
    GossipWANRetransmitMult: wan?.retransmit_mult,
    GossipWANSuspicionMult: wan?.suspicion_mult,
    ReconnectTimeoutLAN: span(s.reconnect_timeout),
    ReconnectTimeoutWAN: span(s.reconnect_timeout_wan),
    RetryJoinIntervalLAN: span(s.retry_interval),
    RetryJoinIntervalWAN: span(s.retry_interval_wan),
    RetryJoinLAN: s.retry_join ?? [],
    RetryJoinMaxAttemptsLAN: s.retry_max,
    RetryJoinMaxAttemptsWAN: s.retry_max_wan,
    RetryJoinWAN: s.retry_join_wan ?? [],
    SerfAllowedCIDRsLAN: s.serf_lan_allowed_cidrs ?? [],
    SerfAllowedCIDRsWAN: s.serf_wan_allowed_cidrs ?? [],
  }
}

function durability({ autopilot, ...s }: Settings): Shown {
  return {
    AutopilotCleanupDeadServers: autopilot?.cleanup_dead_servers,
    AutopilotLastContactThreshold: span(autopilot?.last_contact_threshold),
    AutopilotMaxTrailingLogs: autopilot?.max_trailing_logs,
    AutopilotMinQuorum: autopilot?.min_quorum,
    AutopilotServerStabilizationTime: span(autopilot?.server_stabilization_time),
    LeaveDrainTime: span(s.performance?.leave_drain_time),
    RaftProtocol: s.raft_protocol,
    RaftSnapshotInterval: span(s.raft_snapshot_interval),
    RaftSnapshotThreshold: s.raft_snapshot_threshold,
    RaftTrailingLogs: s.raft_trailing_logs,
  }
}

function serving({ http_config: http, connect, ...s }: Settings): Shown {
  return {
    AllowWriteHTTPFrom: http?.allow_write_http_from ?? [],
    HTTPBlockEndpoints: http?.block_endpoints ?? [],
    HTTPMaxHeaderBytes: http?.max_header_bytes,
    HTTPResponseHeaders: http?.response_headers ?? {},
    HTTPUseCache: http?.use_cache ?? true,
    ConnectCAProvider: connect?.ca_provider ?? '',
    ConnectCAConfig: hideSecrets(connect?.ca_config ?? {}),
    ConnectEnabled: connect?.enabled ?? false,
    PeeringEnabled: s.peering?.enabled ?? false,
    UseStreamingBackend: s.use_streaming_backend ?? true,
    CheckOutputMaxSize: s.check_output_max_size,
    CheckUpdateInterval: span(s.check_update_interval),
    DiscardCheckOutput: s.discard_check_output ?? false,
    EnableLocalScriptChecks: s.enable_local_script_checks ?? s.enable_script_checks ?? false,
    EnableRemoteScriptChecks: s.enable_script_checks ?? false,
    EnableCentralServiceConfig: s.enable_central_service_config ?? true,
    DisableCoordinates: s.disable_coordinates ?? false,
    DisableHTTPUnprintableCharFilter: s.disable_http_unprintable_char_filter ?? false,
    DisableRemoteExec: s.disable_remote_exec ?? true,
    UIConfig: { ContentPath: uiPathOf(s), Enabled: s.ui_config?.enabled ?? false },
  }
}

function hideSecrets(config: Shown): Shown {
  const isSecret = (name: string) => /key|token|secret|password/i.test(name)
  return Object.fromEntries(
    Object.entries(config).map(([name, value]) => [name, isSecret(name) ? HIDDEN : value]),
  )
}

function observing({ telemetry, ...s }: Settings): Shown {
  return {
    EnableDebug: s.enable_debug ?? false,
    Logging: {
      EnableSyslog: s.enable_syslog ?? false,
      LogFilePath: s.log_file ?? '',
      LogJSON: s.log_json ?? false,
      LogLevel: s.log_level,
      LogRotateBytes: s.log_rotate_bytes,
      LogRotateDuration: span(s.log_rotate_duration),
      LogRotateMaxFiles: s.log_rotate_max_files,
      Name: 'agent',
      SyslogFacility: s.syslog_facility,
    },
    Telemetry: {
      DisableHostname: telemetry?.disable_hostname ?? false,
      FilterDefault: telemetry?.filter_default ?? true,
      MetricsPrefix: telemetry?.metrics_prefix,
      PrometheusOpts: { Expiration: span(telemetry?.prometheus_retention_time) },
    },
  }
}
