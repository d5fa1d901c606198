// Anti-entropy: what this agent knows of its node against what the catalog says of it
// (consul-surface 9.1). The agent is right: what differs is registered anew, what only the catalog
// has is deregistered. Three things are not the agent's: the service `consul`, the check
// `serfHealth` (the leader's), and tags of a service that lets them be overridden.
import { byteString, fold } from '../bytes.ts'
import {
  CHECKS,
  type CheckRow,
  type CheckSpec,
  CONSUL,
  checkSpecOf,
  type DeregisterCommand,
  isSameCheck,
  isSameNode,
  NODES,
  type NodeSpec,
  nodePrefix,
  onNode,
  type RegisterCommand,
  SERF_HEALTH,
  SERVICES,
  SESSION_CHECK,
  type ServiceRow,
  type ServiceSpec,
  servedName,
  VIRTUAL,
} from '../catalog/records.ts'
import { isSame } from '../same.ts'
import { peek, peekList, type View } from '../state/txn.ts'
import type { WallMs } from '../time.ts'
import { OWN_CHECKS, OWN_SERVICES, type OwnCheck, type OwnService } from './records.ts'

/** The two states, side by side. */
export interface Sides {
  readonly own: View
  readonly catalog: View
  readonly node: NodeSpec
}

export interface Difference {
  /** Ids for which the catalog must be told something. */
  readonly services: readonly string[]
  readonly checks: readonly string[]
  /** Tags that the catalog has and this agent takes over. */
  readonly tags: readonly { readonly id: string; readonly tags: readonly string[] | null }[]
  /** The node itself, its service `consul` or its liveness is not as it should be. */
  readonly node: boolean
}

/** `deferred`: checks whose output may be older in the catalog for a while. */
export function differenceOf(sides: Sides, deferred: ReadonlySet<string>): Difference {
  const { own, catalog, node } = sides
  const prefix = nodePrefix(node.name)
  const rows = peekList(catalog, SERVICES, prefix)
  const known = new Map(rows.map((row) => [row.id, row]))
  const services: string[] = []
  const tags: { id: string; tags: readonly string[] | null }[] = []
  for (const { service } of peekList(own, OWN_SERVICES, '')) {
    const row = known.get(service.id)
    known.delete(service.id)
    const adopted =
      row !== undefined && service.enableTagOverride && !isSame(row.tags ?? [], service.tags ?? [])
    if (adopted) tags.push({ id: service.id, tags: row.tags })
    const wanted = adopted ? { ...service, tags: row.tags } : service
    if (row === undefined || !isSame(specOf(row), wanted)) services.push(service.id)
  }
  for (const id of known.keys()) if (id !== CONSUL) services.push(id)
  return { services, checks: differingChecks(sides, deferred), tags, node: isNodeOff(sides) }
}

/** As this agent would tell it: the virtual address is the servers' to give. */
function specOf({ node: _, createIndex: __, modifyIndex: ___, ...spec }: ServiceRow): ServiceSpec {
  if (spec.taggedAddresses === null || servedName(spec) === undefined) return spec
  const { [VIRTUAL]: ____, ...own } = spec.taggedAddresses
  return { ...spec, taggedAddresses: Object.keys(own).length === 0 ? null : own }
}

function differingChecks({ own, catalog, node }: Sides, deferred: ReadonlySet<string>): string[] {
  const rows = peekList(catalog, CHECKS, nodePrefix(node.name))
  const known = new Map(rows.map((row) => [row.id, row]))
  const differing: string[] = []
  for (const check of peekList(own, OWN_CHECKS, '')) {
    const row = known.get(check.id)
    known.delete(check.id)
    const wanted = toldOf(check)
    const output = deferred.has(check.id) ? row?.output : wanted.output
    if (row === undefined || !isSameCheck(checkSpecOf(row), { ...wanted, output })) {
      differing.push(check.id)
    }
  }
  for (const row of known.values()) if (!isForeign(row)) differing.push(row.id)
  return differing
}

/** Checks that sessions and the leader write are not the agent's. */
const isForeign = ({ id, type, serviceId }: CheckRow): boolean =>
  id === SERF_HEALTH || type === SESSION_CHECK || serviceId === CONSUL

/** What the catalog is told of a check; what there is to run is no business of its. */
const toldOf = (check: OwnCheck): CheckSpec => ({
  id: check.id,
  name: check.name,
  status: check.status,
  notes: check.notes,
  output: check.output,
  serviceId: check.serviceId,
  type: check.type,
  interval: check.interval,
  timeout: check.timeout,
  exposedPort: 0,
  definition: {},
})

function isNodeOff({ catalog, node }: Sides): boolean {
  const row = peek(catalog, NODES, fold(node.name))
  return (
    row === undefined ||
    !isSameNode(row, node) ||
    peek(catalog, SERVICES, onNode(node.name, CONSUL)) === undefined ||
    peek(catalog, CHECKS, onNode(node.name, SERF_HEALTH)) === undefined
  )
}

/** One command tells of so many services and lone checks at most. */
const TOLD_MAX = 64

/** A command, and the ids that are in order when it is done. */
export interface Push {
  readonly command: RegisterCommand | DeregisterCommand
  readonly services: readonly string[]
  readonly checks: readonly string[]
}

export interface Pending {
  readonly services: ReadonlySet<string>
  readonly checks: ReadonlySet<string>
}

/** A service with those of its checks that have changed, or a check alone with its service. */
interface Piece {
  readonly service: OwnService | undefined
  readonly checks: readonly string[]
  readonly ids: { readonly services: readonly string[]; readonly checks: readonly string[] }
}

/**
 * What to tell the catalog for these ids. Checks travel with their service where both have
 * changed; a service that goes takes its checks along. All services that stay are told together,
 * and then, as Consul does it, under an index of their own, the checks that come without one.
 */
export function pushesFor(sides: Sides, pending: Pending, wall: WallMs): Push[] {
  const { own, node } = sides
  const pushes: Push[] = []
  const pieces: Piece[] = []
  const alone: Piece[] = []
  const left = new Set(pending.checks)
  const byService = groupByService(sides, pending.checks)
  for (const id of pending.services) {
    const service = peek(own, OWN_SERVICES, byteString(id))
    const along = (byService.get(id) ?? []).filter(
      (check) => service === undefined || ownCheck(own, check) !== undefined,
    )
    for (const check of along) left.delete(check)
    const ids = { services: [id], checks: along }
    if (service !== undefined) pieces.push({ service, checks: along, ids })
    else pushes.push({ command: deregister(node, { serviceId: id, checkId: '', wall }), ...ids })
  }
  for (const id of left) {
    const check = ownCheck(own, id)
    const ids = { services: [], checks: [id] }
    if (check !== undefined) alone.push({ service: serviceOf(own, check), checks: [id], ids })
    else pushes.push({ command: deregister(node, { serviceId: '', checkId: id, wall }), ...ids })
  }
  const told = [...inBatches(pieces), ...inBatches(alone)]
  return [...pushes, ...told.map((batch) => register(sides, batch, wall))]
}

function inBatches(pieces: readonly Piece[]): readonly (readonly Piece[])[] {
  const batches: (readonly Piece[])[] = []
  for (let at = 0; at < pieces.length; at += TOLD_MAX) {
    batches.push(pieces.slice(at, at + TOLD_MAX))
  }
  return batches
}

function groupByService(sides: Sides, checks: Iterable<string>): Map<string, string[]> {
  const groups = new Map<string, string[]>()
  for (const id of checks) {
    const owner = ownerOf(sides, id)
    const group = groups.get(owner)
    if (group === undefined) groups.set(owner, [id])
    else group.push(id)
  }
  return groups
}

/** The service that a check belongs to, here or, if it is gone here, in the catalog. */
const ownerOf = ({ own, catalog, node }: Sides, id: string): string =>
  (ownCheck(own, id) ?? peek(catalog, CHECKS, onNode(node.name, id)))?.serviceId ?? ''

/** It is sent along: whoever took it out of the catalog must not keep its checks out. */
const serviceOf = (own: View, { serviceId }: OwnCheck): OwnService | undefined =>
  serviceId === '' ? undefined : peek(own, OWN_SERVICES, byteString(serviceId))

const ownCheck = (own: View, id: string): OwnCheck | undefined =>
  peek(own, OWN_CHECKS, byteString(id))

function register({ own, node }: Sides, pieces: readonly Piece[], wall: WallMs): Push {
  const told = new Set(pieces.flatMap(({ service }) => service ?? []))
  const [service, ...others] = Array.from(told, (row) => row.service)
  const rows = pieces.flatMap(({ checks }) => checks.flatMap((id) => ownCheck(own, id) ?? []))
  const checks = rows.map(toldOf)
  return {
    command: { type: 'register', node, skipNodeUpdate: true, service, others, checks, wall },
    services: pieces.flatMap(({ ids }) => ids.services),
    checks: pieces.flatMap(({ ids }) => ids.checks),
  }
}

const deregister = (
  node: NodeSpec,
  what: { readonly serviceId: string; readonly checkId: string; readonly wall: WallMs },
): DeregisterCommand => ({ type: 'deregister', node: node.name, ...what })
