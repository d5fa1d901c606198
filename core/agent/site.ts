// What this agent's routes may know of it. Alone for now: it is the only server.
import { nodeMeta } from '../catalog/boot.ts'
import type { AgentConfig } from '../config/agent-config.ts'
import type { LogIndex } from '../ids.ts'
import type { Metrics } from '../metrics.ts'
import type { Settings } from '../raft/raft.ts'
import { createPrinted } from '../route/printed.ts'
import {
  MEMBER_STATUS,
  type Member,
  type RaftConfiguration,
  type ServerHealth,
  type Site,
} from '../route/site.ts'
import { originPoint } from '../swim/coordinate.ts'
import type { WallMs } from '../time.ts'
import { CONSUL_VERSION, VERSION_METADATA } from '../version.ts'
import type { Coordinate } from '../wire/serf.ts'
import type { Standing } from './order.ts'
import { tagsOf } from './tags.ts'

/** A site whose configuration a reload exchanges. */
export interface LoneSite extends Site {
  config: AgentConfig
  shown: AgentConfig
}

export interface LoneFacts {
  readonly config: AgentConfig
  readonly metrics: Metrics
  readonly standing: () => Standing
  readonly applied: () => LogIndex
  /** When this agent has begun. */
  readonly since: WallMs
  /** Of the pool; absent or undefined: this agent does not gossip. */
  readonly members?: () => readonly Member[] | undefined
  readonly ownPoint?: () => Coordinate | undefined
  /** How much is registered with this agent, for `info`. */
  readonly registered: () => Record<string, string>
}

/** What servers call us by. */
export const serverAddress = (config: AgentConfig): string =>
  `${bracketed(config.advertiseAddr)}:${config.ports.server}`

export function createLoneSite(facts: LoneFacts): LoneSite {
  const { config, metrics, standing, registered } = facts
  const site: LoneSite = {
    config,
    shown: config,
    consulVersion: CONSUL_VERSION,
    metrics,
    printed: createPrinted(),
    leaderAddress: () => standing().leader?.address ?? '',
    peerAddresses: () => votersOf(standing()).map(({ address }) => address),
    contact: () => ({ knownLeader: standing().leader !== undefined, lastContactMs: 0 }),
    members: () => facts.members?.() ?? [loneMember(config)],
    wanMembers: () => [wanMember(config)],
    ownPoint: () => facts.ownPoint?.() ?? originPoint(),
    wanAreas: () => [
      { datacenter: config.datacenter, nodes: [{ name: config.nodeName, point: originPoint() }] },
    ],
    raftConfiguration: () => configurationOf(config, standing()),
    serverHealth: () => healthOf(site, facts),
    stats: () => ({
      agent: registered(),
      ...statsOf(facts),
      serf_lan: poolStats(site.members()),
      serf_wan: poolStats(site.wanMembers()),
    }),
  }
  return site
}

const bracketed = (host: string) => (host.includes(':') ? `[${host}]` : host)

/** The one member of a pool that does not gossip. */
const loneMember = (config: AgentConfig): Member => ({
  Name: config.nodeName,
  Addr: config.advertiseAddr,
  Port: config.ports.serfLan,
  Tags: tagsOf(config),
  Status: MEMBER_STATUS.alive,
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

const votersOf = ({ servers }: Standing) => servers.filter(({ suffrage }) => suffrage === 'voter')

/** Only our own node has a name that we know for sure. */
const configurationOf = (config: AgentConfig, standing: Standing): RaftConfiguration => ({
  index: standing.configurationIndex,
  servers: standing.servers.map(({ id, address, suffrage }) => ({
    ID: id,
    Node: id === config.nodeId ? config.nodeName : id,
    Address: address,
    Leader: id === standing.leader?.id,
    ProtocolVersion: '3',
    Voter: suffrage === 'voter',
    LastIndex: standing.lastIndex,
  })),
})

/** A server that is alone and leads is as well as it can be. */
function healthOf(site: LoneSite, { config, standing, since }: LoneFacts): ServerHealth[] {
  const { servers, leader, role, term, lastIndex } = standing()
  if (role !== 'leader') return []
  return servers.map(({ id, address, suffrage }) => ({
    id,
    name: id === config.nodeId ? config.nodeName : id,
    address,
    serfStatus: 'alive',
    version: CONSUL_VERSION,
    leader: id === leader?.id,
    voter: suffrage === 'voter',
    lastContactMs: 0,
    lastTerm: term,
    lastIndex,
    healthy: true,
    stableSince: since,
    meta: id === config.nodeId ? nodeMeta(site) : {},
  }))
}

function statsOf({ config, standing, applied }: LoneFacts) {
  const { term, lastIndex, leader, servers, role, configurationIndex } = standing()
  const isLeader = role === 'leader'
  const peers = servers.map(
    ({ suffrage, id, address }) =>
      `{Suffrage:${suffrage === 'voter' ? 'Voter' : 'Nonvoter'} ID:${id} Address:${address}}`,
  )
  return {
    build: {
      prerelease: '',
      revision: '',
      version: CONSUL_VERSION,
      version_metadata: VERSION_METADATA,
    },
    consul: {
      acl: config.acl.enabled ? 'enabled' : 'disabled',
      bootstrap: 'true',
      known_datacenters: '1',
      leader: String(isLeader),
      leader_addr: leader?.address ?? '',
      server: 'true',
    },
    raft: {
      applied_index: String(applied()),
      commit_index: String(applied()),
      last_contact: isLeader ? '0' : 'never',
      last_log_index: String(lastIndex),
      last_log_term: String(term),
      latest_configuration: `[${peers.join(' ')}]`,
      latest_configuration_index: String(configurationIndex),
      num_peers: String(servers.length - 1),
      protocol_version: '3',
      state: ROLE_NAMES[role],
      term: String(term),
    },
  }
}

/** Of a pool: how many are in it, and how many of them are gone. */
function poolStats(members: readonly Member[]) {
  const count = (status: number) => members.filter(({ Status }) => Status === status).length
  return {
    failed: String(count(MEMBER_STATUS.failed)),
    left: String(count(MEMBER_STATUS.left)),
    members: String(members.length),
  }
}

const ROLE_NAMES = { follower: 'Follower', candidate: 'Candidate', leader: 'Leader' } as const

/** Consul's own timing, at its fastest setting (`raft_multiplier = 1`). */
export const raftSettings = ({ raft }: AgentConfig): Settings => ({
  heartbeatMs: 1_000,
  electionMs: 1_000,
  leaseMs: 500,
  commitMs: 50,
  appendEntriesMax: 64,
  appendBytesMax: 1 << 20,
  inflightMax: 16,
  trailingEntries: raft.trailingLogs,
  leaseDrift: undefined,
})
