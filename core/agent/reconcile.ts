// The catalog, brought to what the gossip pool knows (consul-surface 9.3): a duty of the leader. A
// member that is alive has its node, a server also the service `consul`, and the check serfHealth
// passes; of one that failed it is critical; one that left is taken out. Our own node is told of by
// catalog/boot.ts.
import { fold } from '../bytes.ts'
import { CATALOG_CHECK } from '../catalog/boot.ts'
import {
  BARE_SERVICE,
  CHECKS,
  type CheckSpec,
  CONSUL,
  CRITICAL,
  NODES,
  type NodeRow,
  onNode,
  PASSING,
  type RegisterCommand,
  SERF_HEALTH,
  SERVICES,
} from '../catalog/records.ts'
import type { Command } from '../fsm/commands.ts'
import { viewOf } from '../state/store.ts'
import { peek, peekList, type View } from '../state/txn.ts'
import type { PoolMember } from '../swim/member.ts'
import { isInOffice } from './order.ts'
import { proposeOwn } from './ordering.ts'
import type { Agent } from './record.ts'
import { isAgent, serverTags } from './tags.ts'

/** All members, and nodes that the pool should know and does not. */
export function reconcileAll(agent: Agent, members: readonly PoolMember[]): void {
  if (!isInOffice(agent.order)) return
  for (const member of members) reconcileMember(agent, member)
  const known = new Set(members.map(({ name }) => fold(name)))
  const catalog = viewOf(agent.fsm.store)
  for (const check of peekList(catalog, CHECKS, '')) {
    if (check.id !== SERF_HEALTH || known.has(fold(check.node))) continue
    proposeOwn(agent, takeOut(check.node, agent.clock.wall))
  }
}

export function reconcileMember(agent: Agent, member: PoolMember): void {
  if (member.name === agent.config.nodeName || !isAgent(member.tags)) return
  if (!isInOffice(agent.order)) return
  const command = commandFor(viewOf(agent.fsm.store), member, agent.clock.wall)
  if (command !== undefined) proposeOwn(agent, command)
}

/** Undefined: the catalog says it already. */
function commandFor(catalog: View, member: PoolMember, wall: number): Command | undefined {
  const node = peek(catalog, NODES, fold(member.name))
  switch (member.status) {
    case 'alive':
      return isTold(catalog, member, node) ? undefined : registration(member, { node, wall })
    case 'failed':
      return node === undefined || hasCheck(catalog, member.name, CRITICAL)
        ? undefined
        : failure(member, node, wall)
    case 'left':
      return node === undefined ? undefined : takeOut(member.name, wall)
    default: // it is about to go
      return undefined
  }
}

const hasCheck = (catalog: View, node: string, status: string): boolean =>
  peek(catalog, CHECKS, onNode(node, SERF_HEALTH))?.status === status

function isTold(catalog: View, member: PoolMember, node: NodeRow | undefined): boolean {
  const { name, address, tags } = member
  if (node?.address !== address.ip || node.id !== (tags.get('id') ?? '')) return false
  if (!hasCheck(catalog, name, PASSING)) return false
  const server = serverTags(tags)
  const service = peek(catalog, SERVICES, onNode(name, CONSUL))
  return server === undefined || service?.port === server.port
}

interface Told {
  readonly node: NodeRow | undefined
  readonly wall: number
}

/** A node that has told more of itself keeps it. */
function registration(member: PoolMember, { node, wall }: Told): RegisterCommand {
  const { name, address, tags } = member
  const id = tags.get('id') ?? ''
  const isSame = node?.address === address.ip && node.id === id
  return {
    type: 'register',
    node: {
      id,
      name,
      address: address.ip,
      datacenter: tags.get('dc') ?? '',
      taggedAddresses: node?.taggedAddresses ?? {
        lan: address.ip,
        lan_ipv4: address.ip,
        wan: address.ip,
        wan_ipv4: address.ip,
      },
      meta: node?.meta ?? { 'consul-network-segment': '' },
      locality: node?.locality ?? null,
    },
    skipNodeUpdate: isSame,
    service: serviceOf(member),
    others: [],
    checks: [CATALOG_CHECK],
    wall,
  }
}

function serviceOf({ tags, versions }: PoolMember): RegisterCommand['service'] {
  const server = serverTags(tags)
  if (server === undefined) return undefined
  return {
    ...BARE_SERVICE,
    id: CONSUL,
    name: CONSUL,
    meta: {
      non_voter: String(server.nonVoter),
      raft_version: server.raftVersion,
      read_replica: String(server.nonVoter),
      serf_protocol_current: String(versions.protocolCur),
      serf_protocol_max: String(versions.protocolMax),
      serf_protocol_min: String(versions.protocolMin),
      version: server.build,
    },
    port: server.port,
  }
}

function failure(member: PoolMember, node: NodeRow, wall: number): RegisterCommand {
  const check: CheckSpec = {
    ...CATALOG_CHECK,
    status: CRITICAL,
    output: 'Agent not live or unreachable',
  }
  const base = registration(member, { node, wall })
  return { ...base, skipNodeUpdate: true, service: undefined, checks: [check] }
}

const takeOut = (node: string, wall: number): Command => ({
  type: 'deregister',
  node,
  serviceId: '',
  checkId: '',
  wall,
})
