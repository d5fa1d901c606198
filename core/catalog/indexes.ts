// Named indexes of the catalog (consul-surface 3.10). A read answers with the index of its name,
// and a watcher of one service wakes for that service only.
//
//   nodes, services, checks   the last change of the kind; a node changes with its services
//   node.NAME                 of one node or of a service on it
//   service.NAME              of an instance, of its node, or of a check of either; there while an
//                             instance is
//   connect.NAME              the same of those that serve a name over Connect
//   gone-nodes,               when last a node, or the last instance of a service, went: with this
//   gone-services             missing names answer, so that no index slides back with its name
//
// One step away from Consul: an instance that takes another service's name counts as gone from
// its old one.
import { fold } from '../bytes.ts'
import { get, listBy, peek, put, remove, type Txn, type View } from '../state/txn.ts'
import { CATALOG_INDEXES, SERVICES, type ServiceRow, servedName } from './records.ts'

type Whole = 'nodes' | 'services' | 'checks' | 'gone-nodes' | 'gone-services'
export type IndexName = Whole | `node.${string}` | `service.${string}` | `connect.${string}`

export const nodeIndexName = (node: string): IndexName => `node.${fold(node)}`
/** `service` is folded. */
export const connectIndexName = (service: string): IndexName => `connect.${service}`
export const serviceIndexName = (service: string): IndexName => `service.${fold(service)}`

/** 0 if the name was never touched, or is gone. */
export const indexOf = (view: View, name: IndexName): number =>
  peek(view, CATALOG_INDEXES, name)?.index ?? 0

/**
 * What stands for the state of a name: another object as soon as the name is touched, and after a
 * snapshot was put in the place of the state, which may have the same numbers for other things.
 */
export const markOf = (view: View, name: IndexName): object | undefined =>
  peek(view, CATALOG_INDEXES, name)

/** The index, and the read wakes when the name is touched, appears or goes. */
export const watchIndex = (view: View, name: IndexName): number | undefined =>
  get(view, CATALOG_INDEXES, name)?.index

export function touch(txn: Txn, ...names: readonly IndexName[]): void {
  for (const name of names) {
    if (indexOf(txn, name) !== txn.index) put(txn, CATALOG_INDEXES, { name, index: txn.index })
  }
}

/** After the node of this name has gone. */
export function retireNode(txn: Txn, node: string): void {
  remove(txn, CATALOG_INDEXES, nodeIndexName(node))
  touch(txn, 'nodes', 'gone-nodes')
}

/**
 * After an instance has left a service: the name lives on with the others, or goes with the last.
 */
function leaveService(txn: Txn, service: string): void {
  if (listBy(txn, SERVICES, 'name', fold(service)).length > 0) {
    touch(txn, serviceIndexName(service))
    return
  }
  remove(txn, CATALOG_INDEXES, serviceIndexName(service))
  touch(txn, 'gone-services')
}

/** The same of a name that was served over Connect; `name` is folded. */
function leaveConnect(txn: Txn, name: string): void {
  if (listBy(txn, SERVICES, 'connect', name).length > 0) {
    touch(txn, connectIndexName(name))
    return
  }
  remove(txn, CATALOG_INDEXES, connectIndexName(name))
  touch(txn, 'gone-services')
}

/** The indexes that move with an instance: of its service, and of the name that it serves. */
export function indexNamesOf(row: ServiceRow): readonly IndexName[] {
  const served = servedName(row)
  const own = serviceIndexName(row.name)
  return served === undefined ? [own] : [own, connectIndexName(served)]
}

/** After an instance has left, or has become another than it was. */
export function leaveNames(txn: Txn, was: ServiceRow, is: ServiceRow | undefined): void {
  const kept = is === undefined ? [] : indexNamesOf(is)
  if (!kept.includes(serviceIndexName(was.name))) leaveService(txn, was.name)
  const served = servedName(was)
  if (served !== undefined && !kept.includes(connectIndexName(served))) leaveConnect(txn, served)
}

/** What a read of one service answers with. `exists`: it has an instance. */
export function serviceIndex(
  view: View,
  service: string,
  { exists, withChecks }: { readonly exists: boolean; readonly withChecks: boolean },
): number {
  const gone = indexOf(view, 'gone-services')
  if (!exists && gone > 0) return gone
  const own = indexOf(view, serviceIndexName(service))
  if (own > 0) return own
  const whole = Math.max(indexOf(view, 'services'), indexOf(view, 'nodes'))
  return withChecks ? Math.max(whole, indexOf(view, 'checks')) : whole
}
