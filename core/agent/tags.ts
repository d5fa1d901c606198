// What agents say of themselves in the gossip pool, and what is made of what others say
// (consul-surface 9.5, memberlist-wire §5).
import type { AgentConfig } from '../config/agent-config.ts'
import { MEMBER_STATUS, type Member } from '../route/site.ts'
import { byName } from '../sorted.ts'
import type { PoolMember } from '../swim/member.ts'
import { CONSUL_BUILD } from '../version.ts'
import type { Versions } from '../wire/memberlist.ts'
import type { Tags } from '../wire/serf.ts'

/** Consul speaks Serf's fourth protocol. */
export const AGENT_VERSIONS: Versions = {
  protocolMin: 1,
  protocolMax: 5,
  protocolCur: 2,
  delegateMin: 2,
  delegateMax: 5,
  delegateCur: 4,
}

/** The tags that servers gossip, by name. */
export const tagsOf = (config: AgentConfig): Readonly<Record<string, string>> => ({
  acls: config.acl.enabled ? '1' : '0',
  ...(config.bootstrap && !config.dev ? { bootstrap: '1' } : {}),
  build: `${CONSUL_BUILD}:`,
  dc: config.datacenter,
  ...(config.bootstrapExpect > 1 ? { expect: String(config.bootstrapExpect) } : {}),
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

/** As /v1/agent/members shows it. */
export function memberView({ name, address, tags, status, versions }: PoolMember): Member {
  return {
    Name: name,
    Addr: address.ip,
    Port: address.port,
    Tags: Object.fromEntries([...tags].sort(byName)),
    Status: MEMBER_STATUS[status],
    ProtocolMin: versions.protocolMin,
    ProtocolMax: versions.protocolMax,
    ProtocolCur: versions.protocolCur,
    DelegateMin: versions.delegateMin,
    DelegateMax: versions.delegateMax,
    DelegateCur: versions.delegateCur,
  }
}

/** A member that orders writes: what the catalog says of it. */
export interface ServerTags {
  readonly port: number
  readonly build: string
  readonly raftVersion: string
  readonly nonVoter: boolean
}

/** Undefined: no server, or one that we do not understand. */
export function serverTags(tags: Tags): ServerTags | undefined {
  const port = Number(tags.get('port'))
  const [build = ''] = (tags.get('build') ?? '').split(':')
  if (tags.get('role') !== 'consul' || !(port > 0) || build === '') return undefined
  const nonVoter = tags.has('read_replica') || tags.has('nonvoter')
  return { port, build, raftVersion: tags.get('raft_vsn') ?? '3', nonVoter }
}

/** Agents of Consul; anything else in the pool is no business of the catalog. */
export const isAgent = (tags: Tags): boolean =>
  serverTags(tags) !== undefined || tags.get('role') === 'node'
