// The flags of `agent` as data: what each is called, what it takes, which setting it sets
// (consul-surface 6.4). The parser of the command line, the help and the completions all read
// this table.

type FlagType = 'bool' | 'int' | 'string' | 'list' | 'pairs'

export interface AgentFlag {
  readonly name: string
  /** `list` and `pairs` may be given more than once; `pairs` are `key:value`. */
  readonly type: FlagType
  /** The setting it sets, as a path; '' for the flags that say where settings come from. */
  readonly path: string
  /** What stands for the value in help; '' for a bool. */
  readonly takes: string
  readonly help: string
  /** Ours: unknown when called as `consul`. */
  readonly own?: true
}

type Row = readonly [name: string, type: FlagType, path: string, takes: string, help: string]

const ROWS: readonly Row[] = [
  ['advertise', 'string', 'advertise_addr', 'addr', 'the address that others reach this node at'],
  ['advertise-wan', 'string', 'advertise_addr_wan', 'addr', 'the same for other datacenters'],
  [
    'allow-write-http-from',
    'list',
    'http_config.allow_write_http_from',
    'cidr',
    'accept writes by HTTP only from this network; repeatable',
  ],
  ['alt-domain', 'string', 'alt_domain', 'name', 'a second domain to answer DNS for'],
  ['auto-reload-config', 'bool', 'auto_reload_config', '', 'reload when a file changes'],
  ['bind', 'string', 'bind_addr', 'addr', 'the address that cluster traffic listens on'],
  ['bootstrap', 'bool', 'bootstrap', '', 'start a new cluster with this server alone'],
  [
    'bootstrap-expect',
    'int',
    'bootstrap_expect',
    'n',
    'start a new cluster once this many servers have met',
  ],
  [
    'check_output_max_size',
    'int',
    'check_output_max_size',
    'bytes',
    'keep this much of the output of a check',
  ],
  ['client', 'string', 'client_addr', 'addr', 'the address that HTTP and DNS listen on'],
  ['config-dir', 'list', '', 'dir', 'read every .json and .hcl file of a folder; repeatable'],
  ['config-file', 'list', '', 'file', 'read a file; repeatable, later ones win'],
  ['config-format', 'string', '', 'hcl|json', 'the language of files without such an ending'],
  ['data-dir', 'string', 'data_dir', 'dir', 'where the agent keeps its state'],
  ['datacenter', 'string', 'datacenter', 'name', 'the datacenter this agent is in'],
  [
    'default-query-time',
    'string',
    'default_query_time',
    'duration',
    'how long a blocking query waits when it does not say',
  ],
  ['dev', 'bool', '', '', 'a server for development: alone, in memory, nothing on disk'],
  [
    'disable-host-node-id',
    'bool',
    'disable_host_node_id',
    '',
    'draw the node id instead of deriving it from the machine',
  ],
  ['disable-keyring-file', 'bool', 'disable_keyring_file', '', 'keep gossip keys off the disk'],
  ['dns-port', 'int', 'ports.dns', 'port', 'where DNS listens; 0: any free port, -1: nowhere'],
  ['domain', 'string', 'domain', 'name', 'the domain to answer DNS for'],
  [
    'enable-local-script-checks',
    'bool',
    'enable_local_script_checks',
    '',
    'allow script checks that come from configuration files',
  ],
  ['enable-script-checks', 'bool', 'enable_script_checks', '', 'allow script checks from anywhere'],
  ['encrypt', 'string', 'encrypt', 'key', 'the gossip key, 16, 24 or 32 bytes in base64'],
  ['grpc-port', 'int', 'ports.grpc', 'port', 'where gRPC listens'],
  ['grpc-tls-port', 'int', 'ports.grpc_tls', 'port', 'where gRPC with TLS listens'],
  ['hcl', 'list', '', 'text', 'a piece of configuration in HCL, read after the files; repeatable'],
  ['http-port', 'int', 'ports.http', 'port', 'where HTTP listens; 0: any free port, -1: nowhere'],
  ['https-port', 'int', 'ports.https', 'port', 'where HTTPS listens'],
  ['join', 'list', 'start_join', 'addr', 'an old name of -retry-join'],
  ['join-wan', 'list', 'start_join_wan', 'addr', 'an old name of -retry-join-wan'],
  ['log-file', 'string', 'log_file', 'path', 'write the log there, too'],
  ['log-json', 'bool', 'log_json', '', 'one JSON object per line of log'],
  ['log-level', 'string', 'log_level', 'level', 'trace, debug, info, warn or error'],
  ['log-rotate-bytes', 'int', 'log_rotate_bytes', 'bytes', 'begin a new log file at this size'],
  [
    'log-rotate-duration',
    'string',
    'log_rotate_duration',
    'duration',
    'begin a new log file after this time',
  ],
  ['log-rotate-max-files', 'int', 'log_rotate_max_files', 'n', 'keep this many old log files'],
  ['max-query-time', 'string', 'max_query_time', 'duration', 'the longest wait of a query'],
  ['node', 'string', 'node_name', 'name', 'the name of this node; else the name of the machine'],
  ['node-id', 'string', 'node_id', 'uuid', 'the id of this node, for good'],
  ['node-meta', 'pairs', 'node_meta', 'key:value', 'a label of this node; repeatable'],
  ['non-voting-server', 'bool', '', '', 'Enterprise only: no effect'],
  ['pid-file', 'string', 'pid_file', 'path', 'write the process id there'],
  ['primary-gateway', 'list', 'primary_gateways', 'addr', 'a mesh gateway of the primary'],
  ['protocol', 'int', 'protocol', 'n', 'no effect any more'],
  ['raft-protocol', 'int', 'raft_protocol', 'n', '3, the only one'],
  ['read-replica', 'bool', '', '', 'Enterprise only: no effect'],
  ['recursor', 'list', 'recursors', 'addr', 'a DNS server for all other names; repeatable'],
  ['rejoin', 'bool', 'rejoin_after_leave', '', 'rejoin a cluster that was left before'],
  ['retry-interval', 'string', 'retry_interval', 'duration', 'wait this long between joins'],
  [
    'retry-interval-wan',
    'string',
    'retry_interval_wan',
    'duration',
    'the same for -retry-join-wan',
  ],
  ['retry-join', 'list', 'retry_join', 'addr', 'join this node, until it works; repeatable'],
  ['retry-join-wan', 'list', 'retry_join_wan', 'addr', 'the same for a server elsewhere'],
  ['retry-max', 'int', 'retry_max', 'n', 'give up after this many joins; 0: never'],
  ['retry-max-wan', 'int', 'retry_max_wan', 'n', 'the same for -retry-join-wan'],
  ['segment', 'string', '', 'name', 'Enterprise only: no effect'],
  [
    'serf-lan-allowed-cidrs',
    'list',
    'serf_lan_allowed_cidrs',
    'cidr',
    'accept members only from this network; repeatable',
  ],
  ['serf-lan-bind', 'string', 'serf_lan', 'addr', 'where gossip listens, if not at -bind'],
  ['serf-lan-port', 'int', 'ports.serf_lan', 'port', 'the port of gossip'],
  [
    'serf-wan-allowed-cidrs',
    'list',
    'serf_wan_allowed_cidrs',
    'cidr',
    'the same for other datacenters',
  ],
  ['serf-wan-bind', 'string', 'serf_wan', 'addr', 'where gossip between datacenters listens'],
  ['serf-wan-port', 'int', 'ports.serf_wan', 'port', 'the port of gossip between datacenters'],
  ['server', 'bool', 'server', '', 'a server: takes part in consensus, keeps the state'],
  ['server-port', 'int', 'ports.server', 'port', 'the port of traffic between servers'],
  ['syslog', 'bool', 'enable_syslog', '', 'log to syslog, too'],
  ['ui', 'bool', 'ui_config.enabled', '', 'serve the web page'],
  ['ui-content-path', 'string', 'ui_config.content_path', 'path', 'the path of the web page'],
  ['ui-dir', 'string', 'ui_config.dir', 'dir', 'serve the web page from this folder'],
]

const OWN_ROWS: readonly Row[] = [
  ['acl', 'bool', 'acl.enabled', '', 'check every request against access rules'],
  [
    'http-errors',
    'string',
    'http_config.error_format',
    'text|json',
    'how the HTTP API words its errors',
  ],
]

const flagOf = ([name, type, path, takes, help]: Row): AgentFlag => ({
  name,
  type,
  path,
  takes,
  help,
})

export const AGENT_FLAGS: readonly AgentFlag[] = [
  ...ROWS.map(flagOf),
  ...OWN_ROWS.map((row): AgentFlag => ({ ...flagOf(row), own: true })),
].sort((a, b) => (a.name < b.name ? -1 : 1))

/** One flag as it was given. An int stays a text until its setting is made. */
export interface FlagUse {
  readonly flag: AgentFlag
  readonly value: string
}
