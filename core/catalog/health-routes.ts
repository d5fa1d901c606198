// /v1/health: checks by node, service and state, and instances with their checks.
import { parseBool } from '../bool.ts'
import { fold } from '../bytes.ts'
import { ApiError } from '../errors.ts'
import { encodeJson } from '../route/json.ts'
import { printList } from '../route/printed.ts'
import type { Query } from '../route/query.ts'
import { type Found, type Input, read } from '../route/route.ts'
import { HEALTH_CHECK, SERVICE_ENTRY } from './filter-shapes.ts'
import { markOf, serviceIndexName } from './indexes.ts'
import {
  CATALOG_READ,
  checkNamed,
  filtered,
  isPeered,
  nameOf,
  nearest,
  nobodyEnters,
  wantedOf,
} from './queries.ts'
import {
  type Health,
  healthIndex,
  listChecksInState,
  listConnected,
  listHealth,
  listNodeChecks,
  listServiceChecks,
} from './read.ts'
import { PASSING } from './records.ts'
import {
  catalogNode,
  type HealthCheck,
  healthCheck,
  nodeService,
  type ServiceEntry,
} from './shapes.ts'

const nodeHealth = read({
  ...CATALOG_READ,
  path: 'GET /v1/health/node/*node',
  about: 'the checks on a node',
  acl: { resource: 'node', access: 'read', of: 'node' },
  check: checkNamed('Missing node name'),
  run: (view, input): Found<readonly HealthCheck[]> => {
    const { index, rows } = listNodeChecks(view, nameOf(input))
    return { index, value: filtered(rows.map(healthCheck), input, HEALTH_CHECK) }
  },
})

const serviceChecks = read({
  ...CATALOG_READ,
  path: 'GET /v1/health/checks/*service',
  about: 'the checks of a service; ?node-meta=KEY:VALUE chooses, ?near=NODE sorts',
  acl: { resource: 'service', access: 'read', of: 'service' },
  check: checkNamed('Missing service name'),
  run: (view, input, site): Found<readonly HealthCheck[]> => {
    const { query } = input
    const { index, rows } = listServiceChecks(view, nameOf(input), wantedOf(query))
    const sorted = nearest({ view, query, site }, rows, ({ node }) => node)
    return { index, value: filtered(sorted.map(healthCheck), input, HEALTH_CHECK) }
  },
})

const checksInState = read({
  ...CATALOG_READ,
  path: 'GET /v1/health/state/*state',
  about: 'the checks that are passing, warning or critical, or any; ?near=NODE sorts',
  acl: { resource: 'node', access: 'read' },
  check: checkNamed('Missing check state'),
  run: (view, input, site): Found<readonly HealthCheck[]> => {
    const { query } = input
    const { index, rows } = listChecksInState(view, nameOf(input), wantedOf(query))
    const sorted = nearest({ view, query, site }, rows, ({ node }) => node)
    return { index, value: filtered(sorted.map(healthCheck), input, HEALTH_CHECK) }
  },
})

const serviceHealth = read({
  ...CATALOG_READ,
  metaOnFailure: false,
  path: 'GET /v1/health/service/*service',
  cached: 'streamed',
  about: 'the instances of a service with their checks; ?passing, ?tag, ?node-meta choose',
  acl: { resource: 'service', access: 'read', of: 'service' },
  check: checkInstances,
  run: (view, input, site): Found<readonly ServiceEntry[]> => {
    const { query } = input
    if (isPeered(query)) return { index: 0, value: [] }
    const name = nameOf(input)
    const index = healthIndex(view, name)
    const passing = wantsPassing(query)
    const rows = () => {
      const all = listHealth(view, name, wantedOf(query)).rows
      const sorted = nearest({ view, query, site }, all, ({ node }) => node.name)
      return passing ? sorted.filter(isPassing) : sorted
    }
    if (CHOOSERS.some((chooser) => query.has(chooser))) {
      return { index, value: filtered(rows().map(serviceEntry), input, SERVICE_ENTRY) }
    }
    const mark = markOf(view, serviceIndexName(name))
    const listing = { ...HEALTH_LISTING, key: `${passing} ${fold(name)}`, mark, rows }
    return {
      index,
      compact: () => printList(site.printed, listing),
      value: undefined,
      later: () => rows().map(serviceEntry),
    }
  },
})

/** What makes a list one of many: those without are kept. */
const CHOOSERS = ['filter', 'near', 'node-meta', 'tag']

const HEALTH_LISTING = {
  partsOf: ({ service, node, checks }: Health) => [service, node, ...checks],
  print: (row: Health) => encodeJson(serviceEntry(row)),
}

const connectHealth = read({
  ...CATALOG_READ,
  metaOnFailure: false,
  path: 'GET /v1/health/connect/*service',
  cached: 'streamed',
  about: 'the same of those that serve a name over Connect',
  acl: { resource: 'service', access: 'read', of: 'service' },
  check: checkInstances,
  run: (view, input, site): Found<readonly ServiceEntry[]> => {
    const { query } = input
    if (isPeered(query)) return { index: 0, value: [] }
    const { index, rows } = listConnected(view, nameOf(input), wantedOf(query))
    const sorted = nearest({ view, query, site }, rows, ({ node }) => node.name)
    const chosen = wantsPassing(query) ? sorted.filter(isPassing) : sorted
    return { index, value: filtered(chosen.map(serviceEntry), input, SERVICE_ENTRY) }
  },
})

const ingressHealth = read({
  ...CATALOG_READ,
  metaOnFailure: false,
  path: 'GET /v1/health/ingress/*service',
  about: 'the gateways that lead to a service from outside; none in this version',
  acl: { resource: 'service', access: 'read', of: 'service' },
  cached: 'refreshed',
  check: (input) => {
    checkNamed('Missing service name')(input)
    wantsPassing(input.query)
  },
  run: (view, input): Found<readonly ServiceEntry[]> => nobodyEnters(view, input, SERVICE_ENTRY),
})

function checkInstances(input: Input): void {
  checkNamed('Missing service name')(input)
  checkGroup(input)
  wantsPassing(input.query)
}

/** Sameness groups are Enterprise's. */
function checkGroup({ query }: Input): void {
  if ((query.get('sg') ?? query.get('sameness-group') ?? '') === '') return
  if (isPeered(query)) {
    throw new ApiError('bad-request', 'peer-name and sameness-group are mutually exclusive')
  }
  throw new ApiError('invalid', 'sameness groups are not supported in consul CE')
}

/** `?passing` alone counts, and so does every boolean that Go's strconv takes. */
export function wantsPassing(query: Query): boolean {
  const given = query.get('passing')
  if (given === undefined) return false
  if (given === '') return true
  const value = parseBool(given)
  if (value === undefined) throw new ApiError('bad-request', 'Invalid value for ?passing')
  return value
}

export const isPassing = ({ checks }: Health): boolean =>
  checks.every(({ status }) => status === PASSING)

export const serviceEntry = ({ node, service, checks }: Health): ServiceEntry => ({
  Node: catalogNode(node),
  Service: nodeService(service),
  Checks: checks.map(healthCheck),
})

export const healthRoutes = [
  nodeHealth,
  serviceChecks,
  checksInState,
  serviceHealth,
  connectHealth,
  ingressHealth,
] as const
