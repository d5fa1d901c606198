// What an agent is told at start: every setting decided, validated and frozen. Files and flags
// become this record in config/build.ts; nothing reads a flag or an environment variable later.
import type { LogLevel } from '../log.ts'
import type { GossipConfig } from './gossip.ts'
import type { ProxySpec } from './proxy.ts'
import type { ServiceSetting } from './schema-service.ts'

/** Where a listener stands: `host` and `port` (0: the kernel chooses), or a Unix socket. */
export type ListenAddress =
  | { readonly type: 'tcp'; readonly host: string; readonly port: number }
  | { readonly type: 'unix'; readonly path: string }

/** A check that a file defines. An empty text or 0 stands for what was not said. */
export interface CheckDefinition {
  /** Empty: the name. */
  readonly id: string
  readonly name: string
  readonly notes: string
  /** Empty: a check of the node. */
  readonly serviceId: string
  readonly token: string
  /** The state it starts in: `passing`, `warning`, `critical`; empty is critical. */
  readonly status: string
  /** A script; with `dockerContainerId` one that runs in a container, by `shell`. */
  readonly args: readonly string[]
  readonly shell: string
  readonly dockerContainerId: string
  readonly http: string
  readonly header: Readonly<Record<string, readonly string[]>>
  readonly method: string
  readonly body: string
  readonly disableRedirects: boolean
  readonly tcp: string
  readonly tcpUseTls: boolean
  readonly udp: string
  readonly grpc: string
  readonly grpcUseTls: boolean
  readonly h2ping: string
  readonly h2pingUseTls: boolean
  readonly osService: string
  readonly tlsServerName: string
  readonly tlsSkipVerify: boolean
  readonly aliasNode: string
  readonly aliasService: string
  readonly intervalMs: number
  readonly timeoutMs: number
  readonly ttlMs: number
  readonly successBeforePassing: number
  readonly failuresBeforeWarning: number
  readonly failuresBeforeCritical: number
  /** Bytes; can only shrink what the agent allows. */
  readonly outputMaxSize: number
  readonly deregisterCriticalServiceAfterMs: number
}

/** A service that a file defines. */
export interface ServiceDefinition {
  readonly kind: string
  /** Empty: the name. */
  readonly id: string
  readonly name: string
  readonly tags: readonly string[]
  /** null: nothing is said of them; the catalog tells that apart from none. */
  readonly meta: Readonly<Record<string, string>> | null
  readonly address: string
  readonly port: number
  readonly socketPath: string
  readonly taggedAddresses: Readonly<
    Record<string, { readonly address: string; readonly port: number }>
  >
  readonly token: string
  readonly enableTagOverride: boolean
  readonly weights: { readonly passing: number; readonly warning: number } | undefined
  readonly checks: readonly CheckDefinition[]
  readonly proxy: ProxySpec | undefined
  readonly connect: ConnectDefinition | undefined
  readonly locality: ServiceSetting['locality']
}

/** How a service takes part in the mesh. */
interface ConnectDefinition {
  readonly native: boolean
  /** A proxy that is registered with it and goes with it; what it leaves open is filled in. */
  readonly sidecar: ServiceDefinition | undefined
}

/** `dns_config`, and what else decides what DNS answers. */
export interface DnsConfig {
  /** Each address, for UDP and for TCP. */
  readonly listen: readonly ListenAddress[]
  /** A second domain; empty: none. */
  readonly altDomain: string
  /** Instances with a warning are not told of. */
  readonly onlyPassing: boolean
  readonly nodeTtlMs: number
  /** By name, by `prefix*`, or for all by `*`. */
  readonly serviceTtlMs: Readonly<Record<string, number>>
  /** The most addresses in an answer; 0: all. */
  readonly aRecordLimit: number
  /** The most answers to a client without EDNS, over UDP. */
  readonly udpAnswerLimit: number
  /** Whether an answer says that it was cut. */
  readonly enableTruncate: boolean
  readonly disableCompression: boolean
  /** Whether the meta of a node goes along with its address. */
  readonly nodeMetaTxt: boolean
  /** Seconds. */
  readonly soa: {
    readonly refresh: number
    readonly retry: number
    readonly expire: number
    readonly minTtl: number
  }
  /** Who is asked about other names. */
  readonly recursors: readonly { readonly host: string; readonly port: number }[]
  readonly recursorTimeoutMs: number
  readonly recursorStrategy: 'sequential' | 'random'
}

export interface AgentConfig {
  readonly nodeName: string
  /** A UUID. Empty until the runtime has read or drawn it (`node-id` in the data folder). */
  readonly nodeId: string
  readonly datacenter: string
  readonly primaryDatacenter: string
  /** `consul.` */
  readonly domain: string
  readonly server: boolean
  readonly bootstrap: boolean
  /** 0: not set. */
  readonly bootstrapExpect: number
  /** Nothing on disk, answers always pretty. */
  readonly dev: boolean
  /** Undefined in a dev agent. */
  readonly dataDir: string | undefined
  readonly bindAddr: string
  readonly advertiseAddr: string
  readonly advertiseAddrWan: string
  readonly taggedAddresses: Readonly<Record<string, string>>
  readonly translateWanAddrs: boolean
  readonly nodeMeta: Readonly<Record<string, string>>
  /** Each address of the HTTP API. */
  readonly http: readonly ListenAddress[]
  readonly dns: DnsConfig
  /** -1: off. */
  readonly ports: {
    readonly dns: number
    readonly http: number
    readonly https: number
    readonly grpc: number
    readonly grpcTls: number
    readonly serfLan: number
    readonly serfWan: number
    readonly server: number
  }
  readonly gossip: GossipConfig
  readonly httpConfig: {
    readonly blockEndpoints: readonly string[]
    /** CIDR blocks; empty: writes from anywhere. */
    readonly allowWriteFrom: readonly string[]
    readonly responseHeaders: Readonly<Record<string, string>>
    readonly useCache: boolean
    readonly maxHeaderBytes: number
    /** D7: `text` is Consul's. */
    readonly errorFormat: 'text' | 'json'
    /** D6: `lesson` is what the lesson daemons speak; no setting of an agent. */
    readonly dialect: 'consul' | 'lesson'
    readonly allowUnprintable: boolean
    /** Where the root leads to; undefined: there is no web page. */
    readonly uiPath: string | undefined
  }
  readonly limits: {
    readonly kvMaxValueSize: number
    readonly txnMaxReqLen: number
    readonly httpMaxConnsPerClient: number
  }
  readonly acl: { readonly enabled: boolean; readonly defaultPolicy: 'allow' | 'deny' }
  readonly defaultQueryTimeMs: number
  readonly maxQueryTimeMs: number
  /** How old answers of the catalog and of health may be unless a client says so; 0: not at all. */
  readonly discoveryMaxStaleMs: number
  /** The shortest TTL that a session may ask for. */
  readonly sessionTtlMinMs: number
  /** Where the machine is; null: nobody says. */
  readonly locality: { readonly Region: string; readonly Zone: string } | null
  /** What holds until an operator says otherwise; durations in milliseconds. */
  readonly autopilot: {
    readonly cleanupDeadServers: boolean
    readonly lastContactThresholdMs: number
    readonly maxTrailingLogs: number
    readonly minQuorum: number
    readonly serverStabilizationTimeMs: number
  }
  readonly raft: {
    /** A snapshot is due after this many entries. */
    readonly snapshotThreshold: number
    /** Many entries are no reason for another one before this is over. */
    readonly snapshotIntervalMs: number
    /** Entries kept behind a snapshot. */
    readonly trailingLogs: number
  }
  readonly log: {
    readonly level: LogLevel
    readonly json: boolean
    /** A file beside the standard output; undefined: none. */
    readonly file: string | undefined
    readonly rotateBytes: number
    readonly rotateDurationMs: number
    readonly rotateMaxFiles: number
  }
  /** Whoever asks while nobody leads waits this long for a leader. */
  readonly rpcHoldMs: number
  readonly leaveOnTerminate: boolean
  readonly skipLeaveOnInterrupt: boolean
  readonly pidFile: string | undefined
  readonly unixSocket: { readonly user: string; readonly group: string; readonly mode: string }
  readonly enableDebug: boolean
  /** Defined in files. */
  readonly services: readonly ServiceDefinition[]
  readonly checks: readonly CheckDefinition[]
  /** From which a sidecar gets its port; `max` 0: from none. */
  readonly sidecarPorts: { readonly min: number; readonly max: number }
  /** Whether scripts may be run as checks: asked for over the API, and defined in files. */
  readonly scripts: { readonly remote: boolean; readonly local: boolean }
  readonly checkOutput: {
    /** Bytes of an output that are kept. */
    readonly max: number
    /** Outputs are not kept at all. */
    readonly discard: boolean
    /** An output that changes without the state is told the catalog this late; 0: at once. */
    readonly updateIntervalMs: number
  }
  /**
   * When a repeated check is tried first: soon after it was registered, or, as `consul`, somewhere
   * within its interval.
   */
  readonly checksBegin: 'soon' | 'scattered'
  /**
   * Whether `/v1/agent/metrics?format=prometheus` answers: always, but as `consul` only with a
   * retention time.
   */
  readonly prometheus: boolean
  /** What `/v1/agent/self` shows as DebugConfig: Consul's names, secrets hidden. */
  readonly debug: Readonly<Record<string, unknown>>
}
