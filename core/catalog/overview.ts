// The catalog as Consul's web interface reads it: nodes with everything on them, services summed up
// over their instances, and how much of it is healthy (consul-surface 3.1, internal).
import { fold } from '../bytes.ts'
import { PROXY_KIND } from '../config/proxy.ts'
import { byName } from '../sorted.ts'
import { get, list, type View } from '../state/txn.ts'
import { indexOf } from './indexes.ts'
import type { Answer, Health } from './read.ts'
import {
  CHECKS,
  type CheckRow,
  NODES,
  type NodeRow,
  nodePrefix,
  SERVICES,
  type ServiceRow,
} from './records.ts'
import { type HealthCheck, healthCheck, type NodeService, nodeService } from './shapes.ts'

/** A node with its services and checks; lists that nobody gave are null, as in Consul. */
export interface NodeDump {
  readonly ID: string
  readonly Node: string
  readonly Address: string
  readonly TaggedAddresses: NodeRow['taggedAddresses']
  readonly Meta: NodeRow['meta']
  readonly Services: readonly WithNull<NodeService, 'Tags'>[]
  readonly Checks: readonly WithNull<HealthCheck, 'ServiceTags'>[]
}

type WithNull<T, Name extends keyof T> = Omit<T, Name> & { readonly [N in Name]: T[N] | null }

/** All of it changes with any of the three. */
const indexOfAll = (view: View): number =>
  Math.max(indexOf(view, 'nodes'), indexOf(view, 'services'), indexOf(view, 'checks'))

export const dumpNodes = (view: View): Answer<readonly NodeDump[]> => ({
  index: indexOfAll(view),
  rows: list(view, NODES, '').map((node) => dumpNode(view, node)),
})

export function dumpOf(view: View, name: string): Answer<NodeDump | undefined> {
  const node = get(view, NODES, fold(name))
  return { index: indexOfAll(view), rows: node && dumpNode(view, node) }
}

const dumpNode = (view: View, node: NodeRow): NodeDump => ({
  ID: node.id,
  Node: node.name,
  Address: node.address,
  TaggedAddresses: node.taggedAddresses,
  Meta: node.meta,
  Services: list(view, SERVICES, nodePrefix(node.name)).map((row) => ({
    ...nodeService(row),
    Tags: row.tags,
  })),
  Checks: list(view, CHECKS, nodePrefix(node.name)).map((row) => ({
    ...healthCheck(row),
    ServiceTags: row.serviceTags,
  })),
})

/** Every instance with the checks that concern it. */
export function listAllHealth(view: View): Answer<readonly Health[]> {
  const rows = list(view, NODES, '').flatMap((node) => {
    const checks = list(view, CHECKS, nodePrefix(node.name))
    return list(view, SERVICES, nodePrefix(node.name)).map((service): Health => {
      const concerns = checks.filter(({ serviceId }) => isOn(serviceId, service))
      return { node, service, checks: concerns }
    })
  })
  return { index: indexOfAll(view), rows }
}

const isOn = (serviceId: string, { id }: ServiceRow) => serviceId === '' || serviceId === id

export interface ServiceSummary {
  readonly Kind?: string
  readonly Name: string
  readonly Datacenter: string
  readonly Tags: readonly string[] | null
  readonly Nodes: readonly string[] | null
  readonly ExternalSources: readonly string[] | null
  readonly InstanceCount: number
  readonly ChecksPassing: number
  readonly ChecksWarning: number
  readonly ChecksCritical: number
  readonly GatewayConfig: Readonly<Record<string, never>>
  readonly TransparentProxy: boolean
  readonly ConnectNative: boolean
  readonly ConnectedWithProxy: boolean
  readonly ConnectedWithGateway: boolean
}

/** What is summed up under one name. */
interface Named {
  readonly own: Health[]
  /** The proxies that lead to it: their checks are its own, too. */
  readonly proxies: Health[]
}

/** One for each name, in their order; a name that only proxies lead to has no instances. */
export function summarize(rows: readonly Health[], datacenter: string): ServiceSummary[] {
  const all = new Map<string, Named>()
  const named = (name: string): Named => {
    const known = all.get(name) ?? { own: [], proxies: [] }
    all.set(name, known)
    return known
  }
  for (const row of rows) {
    const { name, kind, proxy } = row.service
    named(name).own.push(row)
    if (kind === PROXY_KIND) named(proxy?.DestinationServiceName ?? '').proxies.push(row)
  }
  return [...all].sort(byName).map(([name, instances]) => summaryOf(name, instances, datacenter))
}

/** In a service's meta: who has registered it, such as `nomad`. */
const SOURCE = 'external-source'

function summaryOf(name: string, { own, proxies }: Named, datacenter: string): ServiceSummary {
  const last = own.at(-1)?.service
  const tags = own.flatMap(({ service }) => service.tags ?? [])
  const sources = own.map(({ service }) => service.meta?.[SOURCE] ?? '')
  // A check of a node concerns several instances there, and is one check.
  const all = [...own, ...proxies].flatMap(({ checks }) => checks)
  const checks = new Map(all.map((check) => [keyOf(check), check]))
  return {
    ...(last !== undefined && last.kind !== '' && { Kind: last.kind }),
    Name: name,
    Datacenter: last === undefined ? '' : datacenter,
    Tags: orNull(distinct(tags).sort()),
    Nodes: orNull(distinct(own.map(({ node }) => node.name)).sort()),
    ExternalSources: orNull(distinct(sources.filter((source) => source !== ''))),
    InstanceCount: own.length,
    ...countStates([...checks.values()].map(({ status }) => status)),
    GatewayConfig: {},
    TransparentProxy: proxies.length > 0 && proxies.every(isTransparent),
    ConnectNative: own.some(({ service }) => service.native),
    ConnectedWithProxy: proxies.length > 0,
    ConnectedWithGateway: false,
  }
}

/** Traffic reaches the proxy without the program knowing. */
const isTransparent = ({ service }: Health): boolean => service.proxy?.Mode === 'transparent'

const keyOf = ({ node, id }: CheckRow) => `${node}\0${id}`

const distinct = (texts: readonly string[]): string[] => [...new Set(texts)]

const orNull = (texts: readonly string[]): readonly string[] | null =>
  texts.length === 0 ? null : texts

function countStates(states: readonly string[]) {
  const count = (state: string) => states.filter((each) => each === state).length
  return {
    ChecksPassing: count('passing'),
    ChecksWarning: count('warning'),
    ChecksCritical: count('critical'),
  }
}

interface HealthSummary {
  readonly Name?: string
  readonly Total: number
  readonly Passing: number
  readonly Warning: number
  readonly Critical: number
}

export interface CatalogSummary {
  readonly Nodes: readonly HealthSummary[]
  readonly Services: readonly HealthSummary[]
  readonly Checks: readonly HealthSummary[]
}

/**
 * How many nodes, instances and checks there are, and how they are: each is as the worst check of
 * its own.
 */
export function overview(view: View): CatalogSummary {
  const nodes = list(view, NODES, '').map(({ name }) => ({
    name: '',
    status: worstOf(list(view, CHECKS, nodePrefix(name)).filter((row) => row.serviceId === '')),
  }))
  const instances = listAllHealth(view).rows.map(({ service, checks }) => ({
    name: service.name,
    status: worstOf(checks.filter((row) => row.serviceId !== '')),
  }))
  const checks = list(view, CHECKS, '').map(({ name, status }) => ({ name, status }))
  return { Nodes: tally(nodes), Services: tally(instances), Checks: tally(checks) }
}

function worstOf(checks: readonly CheckRow[]): string {
  const states = new Set(checks.map(({ status }) => status))
  return ['critical', 'warning'].find((state) => states.has(state)) ?? 'passing'
}

interface Counted {
  readonly name: string
  readonly status: string
}

function tally(items: readonly Counted[]): HealthSummary[] {
  const statesOf = new Map<string, string[]>()
  for (const { name, status } of items) statesOf.set(name, [...(statesOf.get(name) ?? []), status])
  return [...statesOf].sort(byName).map(([name, states]) => {
    const { ChecksPassing, ChecksWarning, ChecksCritical } = countStates(states)
    return {
      ...(name !== '' && { Name: name }),
      Total: states.length,
      Passing: ChecksPassing,
      Warning: ChecksWarning,
      Critical: ChecksCritical,
    }
  })
}
