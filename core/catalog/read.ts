// Questions about nodes, services and checks. Each answers with rows and the index that goes with
// them (indexes.ts); what it reads of the rows is what a blocking query on it waits for.
import { present } from '../assert.ts'
import { fold } from '../bytes.ts'
import type { IpBytes } from '../ip.ts'
import { get, list, listBy, type View } from '../state/txn.ts'
import {
  connectIndexName,
  indexOf,
  nodeIndexName,
  serviceIndex,
  serviceIndexName,
  watchIndex,
} from './indexes.ts'
import {
  CHECKS,
  type CheckRow,
  ipKey,
  NODES,
  type NodeRow,
  nodePrefix,
  onNode,
  SERVICES,
  type ServiceRow,
  type Texts,
} from './records.ts'

export interface Answer<Rows> {
  readonly index: number
  readonly rows: Rows
}

/** What a row must have to be shown. Nothing asked for: every row is. */
export interface Wanted {
  /** All of these, without regard to case. */
  readonly tags: readonly string[]
  /** All of these values in the meta of the node. */
  readonly nodeMeta: Texts
}

export function listNodes(view: View, { nodeMeta }: Wanted): Answer<NodeRow[]> {
  const rows = list(view, NODES, '').filter((node) => hasMeta(node, nodeMeta))
  return { index: indexOf(view, 'nodes'), rows }
}

/** Whether the meta of a node has all these values. */
function hasMeta({ meta }: NodeRow, wanted: Texts): boolean {
  const had = meta ?? {}
  return Object.entries(wanted).every(
    ([key, value]) => Object.hasOwn(had, key) && had[key] === value,
  )
}

const asksMeta = ({ nodeMeta }: Wanted): boolean => Object.keys(nodeMeta).length > 0

/** The names of services with all tags that their instances have. */
export function listServices(
  view: View,
  wanted: Wanted,
  fits?: (instance: Instance) => boolean,
): Answer<ReadonlyMap<string, ReadonlySet<string>>> {
  const services = list(view, SERVICES, '')
  const index = indexOf(view, 'services')
  if (!asksMeta(wanted) && fits === undefined) return { index, rows: tagsByName(services) }
  const chosen = services.filter((service) => {
    const node = nodeOf(view, service)
    return hasMeta(node, wanted.nodeMeta) && (fits?.({ service, node }) ?? true)
  })
  return {
    index: asksMeta(wanted) ? Math.max(index, indexOf(view, 'nodes')) : index,
    rows: tagsByName(chosen),
  }
}

function tagsByName(services: readonly ServiceRow[]): Map<string, Set<string>> {
  const byName = new Map<string, Set<string>>()
  for (const { name, tags } of services) {
    const known = byName.get(name) ?? new Set()
    for (const tag of tags ?? []) known.add(tag)
    byName.set(name, known)
  }
  return byName
}

/** The node of a service or check: there is none without. */
const nodeOf = (view: View, { node }: { readonly node: string }): NodeRow =>
  present(get(view, NODES, fold(node)), 'the node of a service or check')

export interface Instance {
  readonly service: ServiceRow
  readonly node: NodeRow
}

export function listInstances(view: View, name: string, wanted: Wanted): Answer<Instance[]> {
  const services = listBy(view, SERVICES, 'name', fold(name))
  const index = serviceIndex(view, name, { exists: services.length > 0, withChecks: false })
  return { index, rows: choose(view, services, wanted) }
}

function choose(view: View, services: readonly ServiceRow[], { tags, nodeMeta }: Wanted) {
  return services
    .filter((service) => tags.every((tag) => hasTag(service, tag)))
    .map((service): Instance => ({ service, node: nodeOf(view, service) }))
    .filter(({ node }) => hasMeta(node, nodeMeta))
}

const hasTag = ({ tags }: ServiceRow, wanted: string): boolean =>
  tags?.some((tag) => fold(tag) === fold(wanted)) ?? false

export interface Health extends Instance {
  /** Those of the node first. */
  readonly checks: readonly CheckRow[]
}

/**
 * Watches the index of the service alone: it moves with every instance, node and check in the
 * answer, and with nothing else, however many instances there are.
 */
export function healthIndex(view: View, name: string): number {
  const exists = (watchIndex(view, serviceIndexName(name)) ?? 0) > 0 // it goes with the last
  return serviceIndex(view, name, { exists, withChecks: true })
}

/** The same index, and the instances. */
export function listHealth(view: View, name: string, wanted: Wanted): Answer<Health[]> {
  const index = healthIndex(view, name)
  const quiet: View = { ...view, watched: undefined }
  const services = listBy(quiet, SERVICES, 'name', fold(name))
  const rows = choose(quiet, services, wanted).map(
    ({ service, node }): Health => ({ service, node, checks: checksOf(quiet, service) }),
  )
  return { index, rows }
}

const checksOf = (view: View, { node, id }: ServiceRow): CheckRow[] => [
  ...listBy(view, CHECKS, 'instance', onNode(node, '')),
  ...listBy(view, CHECKS, 'instance', onNode(node, id)),
]

/**
 * Those that serve a name over Connect: proxies in front of it, and instances that need none. Tags
 * choose none of them, as in Consul. Watches the index of the name alone, as healthIndex does.
 */
export function listConnected(view: View, name: string, { nodeMeta }: Wanted): Answer<Health[]> {
  const moved = watchIndex(view, connectIndexName(fold(name)))
  const index = moved ?? serviceIndex(view, name, { exists: false, withChecks: true })
  const quiet: View = { ...view, watched: undefined }
  const services = listBy(quiet, SERVICES, 'connect', fold(name))
  const rows = choose(quiet, services, { tags: [], nodeMeta }).map(
    ({ service, node }): Health => ({ service, node, checks: checksOf(quiet, service) }),
  )
  return { index, rows }
}

export interface NodeWithServices {
  readonly node: NodeRow
  readonly services: readonly ServiceRow[]
}

/** By name, by id, or by the beginning of an id that fits one node only. */
export function readNode(view: View, nameOrId: string): Answer<NodeWithServices | undefined> {
  const node = get(view, NODES, fold(nameOrId))
  if (node !== undefined) return withServices(view, node)
  const digits = idDigits(nameOrId)
  if (digits === undefined) return { index: missingNode(view, nameOrId), rows: undefined }
  const [first, second] = list(view, NODES, '').filter(({ id }) => digitsOf(id).startsWith(digits))
  if (first === undefined) return { index: missingNode(view, nameOrId), rows: undefined }
  return second === undefined ? withServices(view, first) : { index: 0, rows: undefined }
}

function withServices(view: View, node: NodeRow): Answer<NodeWithServices> {
  const services = list(view, SERVICES, nodePrefix(node.name))
  return { index: indexOf(view, nodeIndexName(node.name)), rows: { node, services } }
}

/** Shorter texts are names only. */
const ID_CHARACTERS_MIN = 2

const missingNode = (view: View, asked: string): number =>
  asked.length < ID_CHARACTERS_MIN ? 0 : indexOf(view, 'gone-nodes')

const digitsOf = (id: string): string => id.replaceAll('-', '').toLowerCase()

/**
 * The whole bytes that an id begins with, as hex digits; undefined for what is no beginning of a
 * UUID.
 */
function idDigits(text: string): string | undefined {
  const digits = digitsOf(text)
  if (!/^[0-9a-f]{2,32}$/.test(digits)) return undefined
  return digits.length % 2 === 0 ? digits : digits.slice(0, -1)
}

export function listNodeChecks(view: View, node: string): Answer<CheckRow[]> {
  return { index: indexOf(view, 'checks'), rows: list(view, CHECKS, nodePrefix(node)) }
}

export function listServiceChecks(view: View, name: string, wanted: Wanted): Answer<CheckRow[]> {
  const rows = listBy(view, CHECKS, 'service', fold(name))
  if (!asksMeta(wanted)) return { index: indexOf(view, 'checks'), rows }
  const index = serviceIndex(view, name, { exists: true, withChecks: true })
  return { index, rows: onNodesWith(view, rows, wanted) }
}

/** `any` is every state. */
export function listChecksInState(view: View, state: string, wanted: Wanted): Answer<CheckRow[]> {
  const rows =
    state === 'any' ? list(view, CHECKS, '') : listBy(view, CHECKS, 'status', fold(state))
  const index = indexOf(view, 'checks')
  if (!asksMeta(wanted)) return { index, rows }
  return { index: Math.max(index, indexOf(view, 'nodes')), rows: onNodesWith(view, rows, wanted) }
}

const onNodesWith = (view: View, checks: readonly CheckRow[], { nodeMeta }: Wanted): CheckRow[] =>
  checks.filter((check) => hasMeta(nodeOf(view, check), nodeMeta))

/** The first node with this address of its own; else the first service. */
export function ownerOfIp(
  view: View,
  ip: IpBytes,
): { readonly type: 'node' | 'service'; readonly name: string } | undefined {
  const [node] = listBy(view, NODES, 'ip', ipKey(ip))
  if (node !== undefined) return { type: 'node', name: node.name }
  const [service] = listBy(view, SERVICES, 'ip', ipKey(ip))
  return service && { type: 'service', name: service.name }
}
