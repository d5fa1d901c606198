// What this agent's routes may know of it. Alone for now: it leads itself, and it is the only
// member.
import type { AgentConfig } from '../config/agent-config.ts'
import type { Metrics } from '../metrics.ts'
import type { Member, RaftServer, Site } from '../route/site.ts'
import { CONSUL_VERSION } from '../version.ts'

interface Position {
  readonly term: number
  readonly lastIndex: number
  readonly applied: number
}

export interface LoneFacts {
  readonly config: AgentConfig
  readonly metrics: Metrics
  /** Numbers of the log, for `info`. */
  readonly position: () => Position
  /** How much is registered with this agent, for `info`. */
  readonly registered: () => Record<string, string>
}

export function createLoneSite({ config, metrics, position, registered }: LoneFacts): Site {
  const address = `${bracketed(config.advertiseAddr)}:${config.ports.server}`
  const contact = { knownLeader: true, lastContactMs: 0 }
  return {
    config,
    consulVersion: CONSUL_VERSION,
    metrics,
    leaderAddress: () => address,
    peerAddresses: () => [address],
    contact: () => contact,
    members: () => [loneMember(config)],
    wanMembers: () => [wanMember(config)],
    raftConfiguration: () => ({ index: 1, servers: [loneServer(config, address, position())] }),
    stats: () => ({ agent: registered(), ...statsOf(config, address, position()) }),
  }
}

const bracketed = (host: string) => (host.includes(':') ? `[${host}]` : host)

/** The tags that servers gossip (consul-surface 9.5). */
const tagsOf = (config: AgentConfig) => ({
  acls: config.acl.enabled ? '1' : '0',
  ...(config.bootstrap && !config.dev ? { bootstrap: '1' } : {}),
  build: `${CONSUL_VERSION}:`,
  dc: config.datacenter,
  ft_fs: '1',
  ft_si: '1',
  id: config.nodeId,
  port: String(config.ports.server),
  raft_vsn: '3',
  role: 'consul',
  segment: '',
  vsn: '2',
  vsn_max: '3',
  vsn_min: '2',
  wan_join_port: String(config.ports.serfWan),
})

/** The one member of a pool that does not gossip yet. */
const loneMember = (config: AgentConfig): Member => ({
  Name: config.nodeName,
  Addr: config.advertiseAddr,
  Port: config.ports.serfLan,
  Tags: tagsOf(config),
  Status: 1,
  ProtocolMin: 1,
  ProtocolMax: 5,
  ProtocolCur: 2,
  DelegateMin: 2,
  DelegateMax: 5,
  DelegateCur: 4,
})

function wanMember(config: AgentConfig): Member {
  const { wan_join_port: _, ...Tags } = tagsOf(config)
  return {
    ...loneMember(config),
    Name: `${config.nodeName}.${config.datacenter}`,
    Addr: config.advertiseAddrWan,
    Port: config.ports.serfWan,
    Tags,
  }
}

const loneServer = (config: AgentConfig, address: string, { lastIndex }: Position): RaftServer => ({
  ID: config.nodeId,
  Node: config.nodeName,
  Address: address,
  Leader: true,
  ProtocolVersion: '3',
  Voter: true,
  LastIndex: lastIndex,
})

function statsOf(
  config: AgentConfig,
  address: string,
  { term, lastIndex, applied }: Position,
): Record<string, Record<string, string>> {
  const peer = `{Suffrage:Voter ID:${config.nodeId} Address:${address}}`
  return {
    build: { prerelease: '', revision: '', version: CONSUL_VERSION, version_metadata: '' },
    consul: {
      acl: config.acl.enabled ? 'enabled' : 'disabled',
      bootstrap: 'true',
      known_datacenters: '1',
      leader: 'true',
      leader_addr: address,
      server: 'true',
    },
    raft: {
      applied_index: String(applied),
      commit_index: String(applied),
      last_contact: '0',
      last_log_index: String(lastIndex),
      last_log_term: String(term),
      latest_configuration: `[${peer}]`,
      num_peers: '0',
      protocol_version: '3',
      state: 'Leader',
      term: String(term),
    },
  }
}
