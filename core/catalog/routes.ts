// /v1/catalog: nodes and services, and the two writes by which anybody may register them.
import { parseBool } from '../bool.ts'
import { ApiError } from '../errors.ts'
import { filterOf } from '../filter/filter.ts'
import { checkDatacenter } from '../route/datacenter.ts'
import type { Query } from '../route/query.ts'
import { type Found, type Input, local, noBody, read, type Said, write } from '../route/route.ts'
import { byName } from '../sorted.ts'
import type { View } from '../state/txn.ts'
import { deregisterCommand, deregistrationBody, registerCommand, registrationBody } from './body.ts'
import { NODE, NODE_SERVICE, SERVICE_NODE } from './filter-shapes.ts'
import { healthRoutes, isPassing } from './health-routes.ts'
import {
  CATALOG_READ,
  checkNamed,
  filtered,
  isPeered,
  nameOf,
  nearest,
  wantedOf,
} from './queries.ts'
import {
  listConnected,
  listHealth,
  listInstances,
  listNodes,
  listServices,
  readNode,
} from './read.ts'
import type { Registered } from './records.ts'
import {
  type CatalogNode,
  catalogNode,
  type NodeService,
  nodeService,
  type ServiceNode,
  serviceNode,
} from './shapes.ts'
import { uiRoutes } from './ui-routes.ts'
import { usageRoutes } from './usage-routes.ts'

const datacenters = local({
  path: 'GET /v1/catalog/datacenters',
  about: 'the known datacenters, the nearest first',
  acl: 'none',
  ignoresDatacenter: true,
  parsesOptions: true,
  cached: 'kept',
  body: noBody,
  run: ({ config }): Said<readonly string[]> => ({ json: [config.datacenter] }),
})

const nodes = read({
  ...CATALOG_READ,
  path: 'GET /v1/catalog/nodes',
  about: 'all nodes; ?node-meta=KEY:VALUE chooses, ?near=NODE sorts',
  acl: { resource: 'node', access: 'read' },
  ignoresEnterprise: true,
  check: checkPartition,
  run: (view, input, site): Found<readonly CatalogNode[]> => {
    const { query } = input
    const { index, rows } = listNodes(view, wantedOf(query))
    const sorted = nearest({ view, query, site }, rows, ({ name }) => name)
    return { index, value: filtered(sorted.map(catalogNode), input, NODE) }
  },
})

/** This route passes over namespaces, which nodes have none of, but not over partitions. */
function checkPartition({ query }: Input): void {
  if ((query.get('partition') ?? '') === '') return
  const why = 'Partitions are a Consul Enterprise feature'
  throw new ApiError('bad-request', `Invalid query parameter: "partition" - ${why}`)
}

const services = read({
  ...CATALOG_READ,
  path: 'GET /v1/catalog/services',
  cached: 'refreshed',
  about: 'the names of all services with their tags; ?node-meta=KEY:VALUE chooses',
  acl: { resource: 'service', access: 'read' },
  run: (view, input): Found<Readonly<Record<string, readonly string[]>>> => {
    const text = input.query.get('filter') ?? ''
    const fits = text === '' ? undefined : filterOf(text, SERVICE_NODE)
    const { index, rows } = listServices(
      view,
      wantedOf(input.query),
      fits && (({ service, node }) => fits(serviceNode(service, node))),
    )
    const names = [...rows].sort(byName)
    return {
      index,
      value: Object.fromEntries(names.map(([name, tags]) => [name, [...tags].sort()])),
    }
  },
})

const service = read({
  ...CATALOG_READ,
  path: 'GET /v1/catalog/service/*service',
  cached: 'refreshed',
  about: 'the instances of a service; ?passing, ?tag, ?node-meta choose, ?near=NODE sorts',
  acl: { resource: 'service', access: 'read', of: 'service' },
  check: checkNamed('Missing service name'),
  run: (view, input, site): Found<readonly ServiceNode[]> => {
    const { query } = input
    if (isPeered(query)) return { index: 0, value: [] }
    const { index, rows } = passingOnly(query)
      ? listPassing(view, input)
      : listInstances(view, nameOf(input), wantedOf(query))
    const sorted = nearest({ view, query, site }, rows, ({ node }) => node.name)
    const shown = sorted.map(({ service, node }) => serviceNode(service, node))
    return { index, value: filtered(shown, input, SERVICE_NODE) }
  },
})

/** Ours: the catalog of Consul knows no `passing`, and takes no offence at any value. */
const passingOnly = (query: Query): boolean => {
  const given = query.get('passing')
  return given === '' || (given !== undefined && parseBool(given) === true)
}

function listPassing(view: View, input: Input) {
  const { index, rows } = listHealth(view, nameOf(input), wantedOf(input.query))
  return { index, rows: rows.filter(isPassing) }
}

const connected = read({
  ...CATALOG_READ,
  path: 'GET /v1/catalog/connect/*service',
  cached: 'refreshed',
  about: 'the proxies and instances that serve a name over Connect; ?node-meta chooses',
  acl: { resource: 'service', access: 'read', of: 'service' },
  check: checkNamed('Missing service name'),
  run: (view, input, site): Found<readonly ServiceNode[]> => {
    const { query } = input
    if (isPeered(query)) return { index: 0, value: [] }
    const { index, rows } = listConnected(view, nameOf(input), wantedOf(query))
    const sorted = nearest({ view, query, site }, rows, ({ node }) => node.name)
    const shown = sorted.map(({ service, node }) => serviceNode(service, node))
    return { index, value: filtered(shown, input, SERVICE_NODE) }
  },
})

const gatewayServices = read({
  ...CATALOG_READ,
  path: 'GET /v1/catalog/gateway-services/*gateway',
  about: 'the services that a gateway leads to; none in this version',
  acl: { resource: 'service', access: 'read', of: 'gateway' },
  check: checkNamed('Missing gateway name'),
  run: (): Found<readonly never[]> => ({ index: 0, value: [] }),
})

interface NodeServices {
  readonly Node: CatalogNode
  /** By id. */
  readonly Services: Readonly<Record<string, NodeService>>
}

const node = read({
  ...CATALOG_READ,
  path: 'GET /v1/catalog/node/*node',
  about: 'a node with its services, by name, id or the beginning of an id',
  acl: { resource: 'node', access: 'read', of: 'node' },
  check: checkNamed('Missing node name'),
  run: (view, input): Found<NodeServices | null> => {
    const { index, rows } = readNode(view, nameOf(input))
    const services = filtered(rows?.services.map(nodeService) ?? [], input, NODE_SERVICE)
    if (rows === undefined) return { index, value: null }
    const Services = Object.fromEntries(services.map((shown) => [shown.ID, shown]))
    return { index, value: { Node: catalogNode(rows.node), Services } }
  },
})

interface NodeServiceList {
  readonly Node: CatalogNode | null
  readonly Services: readonly NodeService[] | null
}

const nodeServices = read({
  ...CATALOG_READ,
  path: 'GET /v1/catalog/node-services/*node',
  about: 'the same with the services as a list',
  acl: { resource: 'node', access: 'read', of: 'node' },
  check: checkNamed('Missing node name'),
  run: (view, input): Found<NodeServiceList> => {
    const { index, rows } = readNode(view, nameOf(input))
    const services = filtered(rows?.services.map(nodeService) ?? [], input, NODE_SERVICE)
    if (rows === undefined) return { index, value: { Node: null, Services: null } }
    const Services = rows.services.length === 0 ? null : services
    return { index, value: { Node: catalogNode(rows.node), Services } }
  },
})

export const registerRoute = write({
  path: 'PUT /v1/catalog/register',
  about: 'register a node, and with it a service and checks',
  acl: 'none', // each part is judged by itself
  ignoresDatacenter: true,
  body: registrationBody,
  intent: ({ body, wall }, { config }) => {
    checkDatacenter(body.Datacenter, config.datacenter) // the query's does not count
    return { propose: registerCommand(body, { datacenter: config.datacenter, wall }) }
  },
  reply: (result): Said<boolean> => {
    const registered = result as Registered // what the state machine answers to a registration
    return registered.ok ? { json: true } : { status: 500, text: registered.why }
  },
})

export const deregisterRoute = write({
  path: 'PUT /v1/catalog/deregister',
  about: 'remove a service, a check, or a node with all that is on it',
  acl: 'none', // as above
  ignoresDatacenter: true,
  body: deregistrationBody,
  intent: ({ body, wall }, { config }) => {
    checkDatacenter(body.Datacenter, config.datacenter)
    return { propose: deregisterCommand(body, wall) }
  },
  reply: (): Said<boolean> => ({ json: true }),
})

export const catalogRoutes = [
  datacenters,
  nodes,
  services,
  service,
  connected,
  gatewayServices,
  node,
  nodeServices,
  registerRoute,
  deregisterRoute,
  ...healthRoutes,
  ...uiRoutes,
  ...usageRoutes,
] as const
