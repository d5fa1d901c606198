// The instances of a service that DNS tells of: those without a critical check, with what an
// answer needs of them. Kept until the service's index moves, which it does with every instance,
// node and check of it: an answer then costs no look at a check.
import { fold } from '../bytes.ts'
import { connectIndexName, markOf, serviceIndexName } from '../catalog/indexes.ts'
import { type Health, listConnected, listHealth } from '../catalog/read.ts'
import {
  type CheckRow,
  CRITICAL,
  type NodeRow,
  PASSING,
  type ServiceRow,
} from '../catalog/records.ts'
import type { IpBytes } from '../ip.ts'
import type { View } from '../state/txn.ts'
import { type Prefix, prefixOfText } from './name.ts'
import { type Family, ownAddress, type Place, placeOfInstance } from './places.ts'
import { digitsOfIp } from './reverse.ts'

export interface Found {
  readonly node: NodeRow
  readonly service: ServiceRow
  /** Of SRV. */
  readonly weight: number
  readonly places: Readonly<Record<Family, Place>>
  /** Of the instance itself, whoever asks; empty: none. */
  readonly ownAddress: string
  /** Its node's name, and the name of its address, up to the domain. */
  readonly nodeName: Prefix | undefined
  readonly addressName: Prefix | undefined
}

/** By the name of the index that moves with them. */
export type InstanceCache = Map<string, { readonly mark: object; readonly found: readonly Found[] }>

/** When there are more services than this, all begin anew. */
const CACHED_SERVICES_MAX = 1_024

interface Asked {
  readonly name: string
  readonly onlyPassing: boolean
  readonly datacenter: string
  /** Those that serve the name over Connect. */
  readonly connected: boolean
}

export function instancesOf(
  view: View,
  cache: InstanceCache,
  { name, onlyPassing, datacenter, connected }: Asked,
): readonly Found[] {
  const key = connected ? connectIndexName(fold(name)) : serviceIndexName(name)
  const mark = markOf(view, key)
  if (mark === undefined) return []
  const known = cache.get(key)
  if (known?.mark === mark) return known.found
  const wanted = { tags: [], nodeMeta: {} }
  const { rows } = connected ? listConnected(view, name, wanted) : listHealth(view, name, wanted)
  const found = rows
    .filter((health) => isServing(health, onlyPassing))
    .map((health) => foundOf(health, datacenter))
  if (cache.size >= CACHED_SERVICES_MAX) cache.clear()
  cache.set(key, { mark, found })
  return found
}

const isServing = ({ checks }: Health, onlyPassing: boolean): boolean =>
  checks.every(({ status }) => (onlyPassing ? status === PASSING : status !== CRITICAL))

function foundOf({ node, service, checks }: Health, datacenter: string): Found {
  const place = (family: Family) => placeOfInstance(service, node, family)
  const either = place('any')
  return {
    node,
    service,
    weight: weightOf(service, checks),
    places: { v4: place('v4'), v6: place('v6'), any: either },
    ownAddress: ownAddress(service, 'any'),
    nodeName: nodePrefix(node, datacenter),
    addressName: either.type === 'ip' ? addressPrefix(either.ip, datacenter) : undefined,
  }
}

/** RFC 2782: 0 means never, as long as there are others. */
function weightOf({ weights }: ServiceRow, checks: readonly CheckRow[]): number {
  // The catalog takes any word for a state.
  if (checks.some(({ status }) => status !== PASSING && status !== WARNING)) return 1
  return checks.some(({ status }) => status === WARNING) ? weights.Warning : weights.Passing
}

const WARNING = 'warning'

/** Undefined for a node whose name cannot be asked for. */
const nodePrefix = ({ name }: NodeRow, datacenter: string): Prefix | undefined =>
  prefixOfText(below(`${name}.node`, datacenter))

export const addressPrefix = (ip: IpBytes, datacenter: string): Prefix | undefined =>
  prefixOfText(below(`${digitsOfIp(ip)}.addr`, datacenter))

const below = (name: string, datacenter: string): string =>
  datacenter === '' ? name : `${name}.${datacenter}`

/** `tag` without regard to case. */
export function withTag(found: readonly Found[], tag: string): Found[] {
  const wanted = fold(tag)
  return found.filter(({ service }) => service.tags?.some((own) => fold(own) === wanted))
}
