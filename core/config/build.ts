// Merged settings and the facts of the machine become the record that an agent runs by, or
// refusals. This file decides what each setting means; network.ts decides addresses, validate.ts
// says which combinations are refused.
import { isLogLevel, type LogLevel } from '../log.ts'
import { parseDurationNs } from '../time.ts'
import type { AgentConfig } from './agent-config.ts'
import { debugConfig } from './debug.ts'
import { checkDefinitions, planDefinitions } from './definitions.ts'
import { planDns } from './dns.ts'
import { type Draft, refuse, warn } from './draft.ts'
import type { MachineFacts } from './facts.ts'
import type { Gathered } from './gather.ts'
import { planGossip } from './gossip.ts'
import { type NetworkPlan, planNetwork } from './network.ts'
import { noticesOf } from './notices.ts'
import type { Profile, Refusal } from './refusal.ts'
import type { Settings } from './schema.ts'
import { unbuilt, warnAboutUnbuilt } from './unbuilt.ts'
import {
  bootstrapOf,
  checkRules,
  checkStart,
  checkValues,
  nodeNameOf,
  uiPathOf,
} from './validate.ts'

export type ConfigOutcome =
  | {
      readonly ok: true
      readonly config: AgentConfig
      readonly warnings: readonly string[]
      /** What Consul's `validate` would print. */
      readonly notices: readonly string[]
    }
  | { readonly ok: false; readonly refusals: readonly Refusal[] }

export interface BuildInput {
  readonly profile: Profile
  readonly gathered: Gathered
  readonly facts: MachineFacts
  /** `check`: files are only looked at; what concerns a start alone is left out. */
  readonly purpose: 'start' | 'check'
}

export function buildConfig({ profile, gathered, facts, purpose }: BuildInput): ConfigOutcome {
  const draft: Draft = {
    ...{ profile, purpose, gathered, facts, refusals: [], warnings: [...gathered.warnings] },
    illTimed: new Set(),
  }
  const network = planNetwork(draft)
  checkValues(draft)
  const definitions = planDefinitions(draft)
  checkRules(draft, network)
  checkDefinitions(draft, definitions)
  if (purpose === 'start' || profile === 'lictor') checkStart(draft)
  if (purpose === 'start' && network?.doubt !== undefined) refuse(draft, network.doubt)
  if (network === undefined) return { ok: false, refusals: draft.refusals }
  const config = { ...assemble(draft, network), ...definitions }
  if (draft.refusals.length > 0) return { ok: false, refusals: draft.refusals }
  const missing = unbuilt(config, facts.dataDir)
  for (const reason of missing) {
    if (purpose === 'start') refuse(draft, { ...reason, consul: reason.what })
    else warn(draft, { ...reason, what: `${reason.what}; an agent does not start with this` })
  }
  if (draft.refusals.length > 0) return { ok: false, refusals: draft.refusals }
  const warnings = [...draft.warnings, ...warnAboutMemory(draft), ...warnAboutUnbuilt(gathered)]
  const notices = [...gathered.notices, ...noticesOf(draft, network.clientAddrs)]
  return { ok: true, config: deepFreeze(config), warnings, notices }
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    Object.values(value).forEach(deepFreeze)
  }
  return value
}

type Assembled = Omit<AgentConfig, 'services' | 'checks'>

function assemble(draft: Draft, network: NetworkPlan): Assembled {
  const { settings, dev } = draft.gathered
  const server = settings.server ?? false
  const datacenter = (settings.datacenter ?? '').toLowerCase()
  return {
    ...planIdentity(draft, settings),
    datacenter,
    primaryDatacenter: settings.primary_datacenter?.toLowerCase() || datacenter,
    server,
    bootstrap: bootstraps(draft),
    bootstrapExpect: bootstrapOf(settings).expect,
    dev,
    dataDir: dev ? undefined : settings.data_dir,
    bindAddr: network.bindAddr,
    advertiseAddr: network.advertiseAddr,
    advertiseAddrWan: network.advertiseAddrWan,
    taggedAddresses: { ...settings.tagged_addresses, ...network.taggedAddresses },
    translateWanAddrs: settings.translate_wan_addrs ?? false,
    http: network.http,
    dns: planDns(draft, network),
    ports: network.ports,
    gossip: planGossip(settings, network.serfBindLan),
    httpConfig: planHttp(settings),
    limits: planLimits(settings),
    acl: {
      enabled: settings.acl?.enabled ?? false,
      defaultPolicy: settings.acl?.default_policy === 'deny' ? 'deny' : 'allow',
    },
    defaultQueryTimeMs: msOf(settings.default_query_time),
    maxQueryTimeMs: msOf(settings.max_query_time),
    discoveryMaxStaleMs: msOf(settings.discovery_max_stale),
    sessionTtlMinMs: msOf(settings.session_ttl_min),
    locality: planLocality(settings),
    autopilot: planAutopilot(settings),
    raft: {
      snapshotThreshold: settings.raft_snapshot_threshold ?? 0,
      snapshotIntervalMs: msOf(settings.raft_snapshot_interval),
      trailingLogs: settings.raft_trailing_logs ?? 0,
    },
    log: planLog(settings),
    rpcHoldMs: msOf(settings.performance?.rpc_hold_timeout),
    // Consul: a client that ends leaves, a server stays a member.
    leaveOnTerminate: settings.leave_on_terminate ?? !server,
    skipLeaveOnInterrupt: settings.skip_leave_on_interrupt ?? server,
    pidFile: settings.pid_file,
    unixSocket: {
      user: settings.unix_sockets?.user ?? '',
      group: settings.unix_sockets?.group ?? '',
      mode: settings.unix_sockets?.mode ?? '',
    },
    enableDebug: settings.enable_debug ?? false,
    sidecarPorts: {
      min: settings.ports?.sidecar_min_port ?? 0,
      max: settings.ports?.sidecar_max_port ?? 0,
    },
    scripts: {
      remote: settings.enable_script_checks ?? false,
      local: (settings.enable_script_checks || settings.enable_local_script_checks) ?? false,
    },
    checkOutput: {
      max: settings.check_output_max_size ?? 0,
      discard: settings.discard_check_output ?? false,
      updateIntervalMs: msOf(settings.check_update_interval),
    },
    checksBegin: draft.profile === 'consul' ? 'scattered' : 'soon',
    prometheus:
      draft.profile !== 'consul' || msOf(settings.telemetry?.prometheus_retention_time) > 0,
    debug: debugConfig(draft, network),
  }
}

/**
 * D11: a server that is told of no other starts a cluster by itself; where it has one already that
 * changes nothing. As `consul` it waits, because others may be on their way.
 */
/** Consul says nothing of it. */
function warnAboutMemory({ profile, gathered }: Draft): string[] {
  const named = gathered.settings.data_dir ?? ''
  if (profile === 'consul' || !gathered.dev || named === '') return []
  return [`with -dev nothing is kept: data_dir ${named} is not used`]
}

function bootstraps({ profile, gathered, facts, warnings }: Draft): boolean {
  const { settings, dev } = gathered
  const { server = false } = settings
  const { bootstrap, expect } = bootstrapOf(settings)
  if (bootstrap) return true
  const joins = [...(settings.retry_join ?? []), ...(settings.retry_join_wan ?? [])]
  if (dev || profile === 'consul' || !server || expect > 0 || joins.length > 0) return false
  if (facts.dataDir !== 'used')
    warnings.push('a server alone, told of no others to join: bootstrapping a new cluster')
  return true
}

/** What a duration comes to; a wrong one was refused by checkValues. */
const msOf = (text: string | undefined): number => (parseDurationNs(text ?? '0s') ?? 0) / 1e6

const planLocality = ({ locality }: Settings): AgentConfig['locality'] =>
  locality === undefined ? null : { Region: locality.region ?? '', Zone: locality.zone ?? '' }

const planAutopilot = ({ autopilot }: Settings): AgentConfig['autopilot'] => ({
  cleanupDeadServers: autopilot?.cleanup_dead_servers ?? true,
  lastContactThresholdMs: msOf(autopilot?.last_contact_threshold),
  maxTrailingLogs: autopilot?.max_trailing_logs ?? 0,
  minQuorum: autopilot?.min_quorum ?? 0,
  serverStabilizationTimeMs: msOf(autopilot?.server_stabilization_time),
})

function planIdentity(draft: Draft, settings: Settings) {
  const domain = settings.domain ?? ''
  return {
    nodeName: nodeNameOf(draft),
    nodeId: settings.node_id ?? '',
    nodeMeta: settings.node_meta ?? {},
    domain: domain.endsWith('.') ? domain : `${domain}.`,
  }
}

function planHttp(settings: Settings) {
  const { http_config: http, ui_config: ui } = settings
  return {
    blockEndpoints: http?.block_endpoints ?? [],
    allowWriteFrom: http?.allow_write_http_from ?? [],
    responseHeaders: http?.response_headers ?? {},
    useCache: http?.use_cache ?? true,
    maxHeaderBytes: http?.max_header_bytes ?? 0,
    errorFormat: http?.error_format === 'json' ? ('json' as const) : ('text' as const),
    dialect: 'consul' as const,
    allowUnprintable: settings.disable_http_unprintable_char_filter ?? false,
    uiPath: ui?.enabled === true ? uiPathOf(settings) : undefined,
  }
}

function planLimits({ limits }: Settings) {
  const kvMaxValueSize = limits?.kv_max_value_size ?? 0
  return {
    kvMaxValueSize,
    txnMaxReqLen: limits?.txn_max_req_len ?? 0,
    httpMaxConnsPerClient: limits?.http_max_conns_per_client ?? 0,
  }
}

function planLog(settings: Settings) {
  return {
    level: logLevelOf(settings.log_level ?? 'info'),
    json: settings.log_json ?? false,
    file: settings.log_file,
    rotateBytes: settings.log_rotate_bytes ?? 0,
    rotateDurationMs: msOf(settings.log_rotate_duration),
    rotateMaxFiles: settings.log_rotate_max_files ?? 0,
  }
}

function logLevelOf(text: string): LogLevel {
  const level = text.toLowerCase()
  if (isLogLevel(level)) return level
  return level === 'err' ? 'error' : 'info'
}
