// What registering and deregistering do to the state (consul-surface 3.10). Deterministic, and
// quiet: writing what is there already moves no index and wakes nobody.
import { present } from '../assert.ts'
import { fold } from '../bytes.ts'
import { type Refused, refused } from '../outcome.ts'
import { quoteGo } from '../quote.ts'
import { isSame } from '../same.ts'
import { get, list, listBy, put, remove, type Txn, type View } from '../state/txn.ts'
import { indexNamesOf, leaveNames, nodeIndexName, retireNode, touch } from './indexes.ts'
import {
  CHECKS,
  type CheckRow,
  type CheckSpec,
  CRITICAL,
  type DeregisterCommand,
  type Fallout,
  isSameCheck,
  isSameNode,
  NODES,
  type NodeRow,
  type NodeSpec,
  nodePrefix,
  onNode,
  type RegisterCommand,
  type Registered,
  SERF_HEALTH,
  SERVICES,
  type ServiceRow,
  type ServiceSpec,
} from './records.ts'
import { withVirtual } from './virtual.ts'

/**
 * A node, then its services, then checks. Everything that can be refused is refused before anything
 * is written.
 */
export function register(txn: Txn, command: RegisterCommand): Registered {
  const orphan = command.checks.find((check) => !hasInstance(txn, command, check.serviceId))
  if (orphan !== undefined) {
    const { serviceId, id } = orphan
    return { ok: false, why: `Unknown service ID '${serviceId}' for check ID '${id}'` }
  }
  const fallout: Fallout = { nodes: [], checks: [] }
  const node = registerNode(txn, command, fallout)
  if (typeof node === 'string') {
    return { ok: false, why: `failed inserting node: Error while renaming Node ID: ${node}` }
  }
  if (command.service !== undefined) registerService(txn, node.name, command.service)
  for (const service of command.others) registerService(txn, node.name, service)
  const ids = command.checks.flatMap((check) => registerCheck(txn, node, { check, fallout }))
  touchHealth(txn, node.name, new Set(ids))
  return { ok: true, fallout }
}

function hasInstance(txn: Txn, command: RegisterCommand, serviceId: string): boolean {
  const { node, service, others } = command
  if (serviceId === '' || service?.id === serviceId) return true
  if (others.some(({ id }) => id === serviceId)) return true
  return get(txn, SERVICES, onNode(node.name, serviceId))?.id === serviceId
}

/** One node by itself: what stands afterwards. */
export function setNode(txn: Txn, node: NodeSpec, fallout: Fallout): NodeRow | Refused {
  const row = registerNode(txn, { node, skipNodeUpdate: false }, fallout)
  return typeof row === 'string' ? refused(`Error while renaming Node ID: ${row}`) : row
}

const WRITTEN = 'the row that was written'

/** One instance by itself, on a node that is there. */
export function setService(txn: Txn, on: string, service: ServiceSpec): ServiceRow | Refused {
  const node = get(txn, NODES, fold(on))
  if (node === undefined) return refused('Missing node registration')
  registerService(txn, node.name, service)
  return present(get(txn, SERVICES, onNode(node.name, service.id)), WRITTEN)
}

/** One check by itself, on a node that is there. */
export function setCheck(
  txn: Txn,
  on: string,
  given: { readonly check: CheckSpec; readonly fallout: Fallout },
): CheckRow | Refused {
  const { id, serviceId } = given.check
  const node = get(txn, NODES, fold(on))
  if (node === undefined) return refused('Missing node registration')
  if (serviceId !== '' && get(txn, SERVICES, onNode(node.name, serviceId)) === undefined) {
    return refused('Missing service registration')
  }
  touchHealth(txn, node.name, new Set(registerCheck(txn, node, given)))
  return present(get(txn, CHECKS, onNode(node.name, id)), WRITTEN)
}

type Placing = Pick<RegisterCommand, 'node' | 'skipNodeUpdate'>

/** The node that stands afterwards, or why its name or id cannot be had. */
function registerNode(txn: Txn, placing: Placing, fallout: Fallout): NodeRow | string {
  const { node, skipNodeUpdate } = placing
  const named = get(txn, NODES, fold(node.name))
  if (named !== undefined && (skipNodeUpdate || isSameNode(named, node))) return named
  const holder = nodeById(txn, node.id)
  const renamed = holder !== undefined && fold(holder.name) !== fold(node.name)
  if (named !== undefined && node.id !== '' && isReserved(txn, named, { node, holder })) {
    const holds = `${named.id} with name ${named.name} (${named.address})`
    const whose = renamed ? `${quoteGo(node.id)} (${node.address})` : quoteGo(node.id)
    return `${whose}: Node name ${node.name} is reserved by node ${holds}`
  }
  if (renamed) removeNode(txn, holder, fallout)
  return storeNode(txn, node, holder ?? named)
}

/**
 * A name belongs to another node as long as the agent there is alive; one without an id may be
 * taken by one with.
 */
function isReserved(
  txn: Txn,
  named: NodeRow,
  { node, holder }: { readonly node: NodeSpec; readonly holder: NodeRow | undefined },
): boolean {
  if (fold(named.id) === fold(node.id)) return false
  if (named.id === '' && holder === undefined) return false
  const health = get(txn, CHECKS, onNode(named.name, SERF_HEALTH))
  return health !== undefined && health.status !== CRITICAL
}

export function nodeById(txn: View, id: string): NodeRow | undefined {
  return id === '' ? undefined : listBy(txn, NODES, 'id', fold(id))[0]
}

function storeNode(txn: Txn, node: NodeSpec, known: NodeRow | undefined): NodeRow {
  const createIndex = known?.createIndex ?? txn.index
  const row: NodeRow = { ...node, createIndex, modifyIndex: txn.index }
  put(txn, NODES, row)
  touch(txn, 'nodes', nodeIndexName(row.name), ...serviceNames(txn, row.name))
  return row
}

/** The indexes of all services on a node: their answers show the node and its checks. */
const serviceNames = (txn: Txn, node: string) =>
  list(txn, SERVICES, nodePrefix(node)).flatMap(indexNamesOf)

function registerService(txn: Txn, node: string, given: ServiceSpec): void {
  const service = withVirtual(txn, given)
  const known = get(txn, SERVICES, onNode(node, service.id))
  const createIndex = known?.createIndex ?? txn.index
  const modifyIndex = known?.modifyIndex ?? txn.index
  // The name of the node stays as it was first spelled.
  const row: ServiceRow = { node: known?.node ?? node, ...service, createIndex, modifyIndex }
  if (known !== undefined && isSame(known, row)) return
  put(txn, SERVICES, { ...row, modifyIndex: txn.index })
  touch(txn, 'services', 'nodes', nodeIndexName(node), ...indexNamesOf(row))
  if (known !== undefined) leaveNames(txn, known, row)
}

/** The ids of the services that it belongs to and did belong to; none if nothing has changed. */
function registerCheck(
  txn: Txn,
  node: NodeRow,
  { check, fallout }: { readonly check: CheckSpec; readonly fallout: Fallout },
): readonly string[] {
  const known = get(txn, CHECKS, onNode(node.name, check.id))
  const instance = get(txn, SERVICES, onNode(node.name, check.serviceId))
  const { says, ...spec } = check
  const service = instance ?? says
  const row: CheckRow = {
    node: known?.node ?? node.name,
    ...spec,
    serviceName: service?.name ?? '',
    serviceTags: service?.tags ?? null,
    createIndex: known?.createIndex ?? txn.index,
    modifyIndex: known?.modifyIndex ?? txn.index,
  }
  if (row.status === CRITICAL) fallout.checks.push(row)
  if (known !== undefined && isSameCheck(known, row)) return []
  put(txn, CHECKS, { ...row, modifyIndex: txn.index })
  touch(txn, 'checks')
  return known === undefined ? [row.serviceId] : [row.serviceId, known.serviceId]
}

/**
 * Moves the services whose health has changed. An empty id stands for the node, which concerns all
 * of them.
 */
function touchHealth(txn: Txn, node: string, serviceIds: ReadonlySet<string>): void {
  if (serviceIds.has('')) {
    touch(txn, ...serviceNames(txn, node))
    return
  }
  for (const id of serviceIds) {
    const instance = get(txn, SERVICES, onNode(node, id))
    if (instance !== undefined) touch(txn, ...indexNamesOf(instance))
  }
}

/** What is not there is no mistake. */
export function deregister(txn: Txn, { node, serviceId, checkId }: DeregisterCommand): Fallout {
  const fallout: Fallout = { nodes: [], checks: [] }
  if (serviceId !== '') {
    const row = get(txn, SERVICES, onNode(node, serviceId))
    if (row !== undefined) removeService(txn, row, fallout)
  } else if (checkId !== '') {
    const row = get(txn, CHECKS, onNode(node, checkId))
    if (row !== undefined) removeCheck(txn, row, fallout)
  } else {
    const row = get(txn, NODES, fold(node))
    if (row !== undefined) removeNode(txn, row, fallout)
  }
  return fallout
}

export function removeNode(txn: Txn, { name }: NodeRow, fallout: Fallout): void {
  const services = list(txn, SERVICES, nodePrefix(name))
  for (const row of services) removeInstance(txn, row, fallout)
  for (const row of list(txn, CHECKS, nodePrefix(name))) removeCheck(txn, row, fallout)
  remove(txn, NODES, fold(name))
  for (const row of services) leaveNames(txn, row, undefined)
  retireNode(txn, name)
  fallout.nodes.push(name)
}

export function removeService(txn: Txn, row: ServiceRow, fallout: Fallout): void {
  removeInstance(txn, row, fallout)
  leaveNames(txn, row, undefined)
}

/** The caller sees to the index of the service. */
function removeInstance(txn: Txn, row: ServiceRow, fallout: Fallout): void {
  for (const check of listBy(txn, CHECKS, 'instance', onNode(row.node, row.id))) {
    remove(txn, CHECKS, onNode(check.node, check.id))
    fallout.checks.push(check)
  }
  remove(txn, SERVICES, onNode(row.node, row.id))
  touch(txn, 'checks', 'services', 'nodes', nodeIndexName(row.node))
}

export function removeCheck(txn: Txn, row: CheckRow, fallout: Fallout): void {
  remove(txn, CHECKS, onNode(row.node, row.id))
  touch(txn, 'checks')
  touchHealth(txn, row.node, new Set([row.serviceId]))
  if (row.serviceId === '') touch(txn, 'services')
  fallout.checks.push(row)
}
