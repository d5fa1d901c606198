// /v1/internal/ui: what Consul's web interface reads of the catalog. There are no gateways in this
// version, so what would be behind one is empty.
import { ApiError } from '../errors.ts'
import { STRING, structOf, TEXTS } from '../filter/filter.ts'
import { type Found, type Input, read, USUAL_READ } from '../route/route.ts'
import { HEALTH_CHECK, NODE_SERVICE, SERVICE_ENTRY } from './filter-shapes.ts'
import { serviceEntry } from './health-routes.ts'
import {
  type CatalogSummary,
  dumpNodes,
  dumpOf,
  listAllHealth,
  type NodeDump,
  overview,
  type ServiceSummary,
  summarize,
} from './overview.ts'
import { checkNamed, filtered, filterFor, isPeered, nameOf } from './queries.ts'

const NODE_DUMP = structOf({
  ID: STRING,
  Node: STRING,
  Address: STRING,
  TaggedAddresses: TEXTS,
  Meta: TEXTS,
  Services: { kind: 'list', of: NODE_SERVICE },
  Checks: { kind: 'list', of: HEALTH_CHECK },
})

const services = read({
  ...USUAL_READ,
  path: 'GET /v1/internal/ui/services',
  about: 'all services, each summed up over its instances',
  acl: { resource: 'service', access: 'read' },
  run: (view, input, { config }): Found<readonly ServiceSummary[]> => {
    const fits = filterFor(input, SERVICE_ENTRY)
    if (isPeered(input.query)) return { index: 0, value: [] }
    const { index, rows } = listAllHealth(view)
    const chosen = rows.filter((row) => fits(serviceEntry(row)))
    return { index, value: summarize(chosen, config.datacenter) }
  },
})

const nodes = read({
  ...USUAL_READ,
  path: 'GET /v1/internal/ui/nodes',
  about: 'all nodes with their services and checks',
  acl: { resource: 'node', access: 'read' },
  run: (view, input): Found<readonly NodeDump[]> => {
    const { index, rows } = dumpNodes(view)
    return { index, value: filtered(rows, input, NODE_DUMP) }
  },
})

const node = read({
  ...USUAL_READ,
  path: 'GET /v1/internal/ui/node/*node',
  about: 'one node with its services and checks',
  acl: { resource: 'node', access: 'read', of: 'node' },
  check: checkNamed('Missing node name'),
  run: (view, input): Found<NodeDump> => {
    const { index, rows } = dumpOf(view, nameOf(input))
    return rows === undefined || isPeered(input.query)
      ? { index, value: undefined, bare: true }
      : { index, value: rows }
  },
})

const catalogOverview = read({
  path: 'GET /v1/internal/ui/catalog-overview',
  about: 'how many nodes, instances and checks there are, and how they are',
  acl: { resource: 'operator', access: 'read' },
  meta: 'none',
  blocking: false,
  run: (view): Found<CatalogSummary> => ({ index: 0, value: overview(view) }),
})

const gatewayServices = read({
  ...USUAL_READ,
  path: 'GET /v1/internal/ui/gateway-services-nodes/*gateway',
  about: 'what is behind a gateway; none in this version',
  acl: { resource: 'service', access: 'read', of: 'gateway' },
  check: checkNamed('Missing gateway name'),
  run: nothingBehind,
})

const gatewayIntentions = read({
  ...USUAL_READ,
  path: 'GET /v1/internal/ui/gateway-intentions/*gateway',
  about: 'who may speak with what is behind a gateway; nobody in this version',
  acl: { resource: 'service', access: 'read', of: 'gateway' },
  check: checkNamed('Missing gateway name'),
  run: nothingBehind,
})

function nothingBehind(): Found<readonly never[]> {
  return { index: 0, value: [] }
}

const exportedServices = read({
  ...USUAL_READ,
  path: 'GET /v1/internal/ui/exported-services',
  about: 'what a peer may reach of this cluster; nothing in this version',
  acl: { resource: 'service', access: 'read' },
  run: (_view, { query }) => {
    if (!query.get('peer')) throw new ApiError('invalid', 'must provide PeerName')
    return nothingBehind()
  },
})

const metricsProxy = read({
  path: 'GET /v1/internal/ui/metrics-proxy/*path',
  about: 'the way to a store of metrics; there is none in this version',
  acl: 'none',
  meta: 'none',
  blocking: false,
  check: (_input: Input) => {
    throw new ApiError('not-found', 'Metrics proxy is not enabled')
  },
  run: nothingBehind,
})

export const uiRoutes = [
  services,
  nodes,
  node,
  catalogOverview,
  gatewayServices,
  gatewayIntentions,
  exportedServices,
  metricsProxy,
] as const
