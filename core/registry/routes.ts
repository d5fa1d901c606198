// The endpoints of the registry of the lesson, where they differ from those of an agent: the same
// paths and the same rooms behind them, other shapes. All others of the API answer as they are.
import { wantsPassing } from '../catalog/health-routes.ts'
import { indexOf } from '../catalog/indexes.ts'
import { CATALOG_READ, checkNamed, nameOf, wantedOf } from '../catalog/queries.ts'
import {
  type Health,
  listChecksInState,
  listHealth,
  listNodeChecks,
  listNodes,
  listServiceChecks,
  listServices,
  readNode,
} from '../catalog/read.ts'
import { CONSUL, PASSING, type Registered } from '../catalog/records.ts'
import { deregisterRoute, registerRoute } from '../catalog/routes.ts'
import type { AgentConfig, CheckDefinition } from '../config/agent-config.ts'
import { ApiError } from '../errors.ts'
import { kindOf } from '../local/define.ts'
import { listChecks, listServices as listOwnServices } from '../local/read.ts'
import { registerCheck, registerService } from '../local/routes.ts'
import { type Found, type Input, noBody, own, read, type Said, write } from '../route/route.ts'
import { byName } from '../sorted.ts'
import type { View } from '../state/txn.ts'
import {
  instanceOf,
  type LessonCheck,
  type LessonInstance,
  lessonCheck,
  lessonInstance,
  type NamedInstance,
  namedInstanceOf,
} from './shapes.ts'

interface Done {
  readonly success: true
}

const DONE: Done = { success: true }

const services = read({
  ...CATALOG_READ,
  path: 'GET /v1/catalog/services',
  about: 'the names of all services with their tags',
  acl: { resource: 'service', access: 'read' },
  run: (view, { query }): Found<Readonly<Record<string, readonly string[]>>> => {
    const { index, rows } = listServices(view, wantedOf(query))
    return { index, value: Object.fromEntries(sortedTags(rows)) }
  },
})

/** Nobody has registered the registry itself. */
const sortedTags = (rows: ReadonlyMap<string, ReadonlySet<string>>) =>
  [...rows]
    .filter(([name]) => name !== CONSUL)
    .sort(byName)
    .map(([name, tags]) => [name, [...tags].sort()] as const)

/** The instances of a service that were asked for. */
function chosen(view: View, name: string, { query }: Input): Found<readonly Health[]> {
  const { index, rows } = listHealth(view, name, wantedOf(query))
  const fits = wantsPassing(query) ? rows.filter((row) => instanceOf(row).status === PASSING) : rows
  return { index, value: fits }
}

const checkService = (input: Input): void => {
  checkNamed('the name of a service is missing')(input)
  wantsPassing(input.query)
}

const service = read({
  ...CATALOG_READ,
  path: 'GET /v1/catalog/service/*service',
  about: 'the instances of a service; ?passing=true, ?tag=NAME choose',
  acl: { resource: 'service', access: 'read', of: 'service' },
  check: checkService,
  run: (view, input): Found<readonly LessonInstance[]> => {
    const { index, value = [] } = chosen(view, nameOf(input), input)
    return { index, value: value.map(instanceOf) }
  },
})

const instances = read({
  ...CATALOG_READ,
  path: 'GET /v1/catalog/instances',
  about: 'the instances of all services; ?passing=true, ?tag=NAME choose',
  acl: { resource: 'service', access: 'read' },
  check: ({ query }) => {
    wantsPassing(query)
  },
  run: (view, input): Found<readonly NamedInstance[]> => {
    const names = sortedTags(listServices(view, { tags: [], nodeMeta: {} }).rows)
    const rows = names.flatMap(([name]) => chosen(view, name, input).value ?? [])
    return { index: wholeIndex(view), value: rows.map(namedInstanceOf) }
  },
})

const wholeIndex = (view: View): number =>
  Math.max(indexOf(view, 'services'), indexOf(view, 'nodes'), indexOf(view, 'checks'))

interface InstanceHealth extends LessonInstance {
  readonly checks: readonly LessonCheck[]
}

const serviceHealth = read({
  ...CATALOG_READ,
  path: 'GET /v1/health/service/*service',
  about: 'the same with their checks',
  acl: { resource: 'service', access: 'read', of: 'service' },
  check: checkService,
  run: (view, input): Found<readonly InstanceHealth[]> => {
    const { index, value = [] } = chosen(view, nameOf(input), input)
    const withChecks = (row: Health) => ({
      ...instanceOf(row),
      checks: row.checks.map(lessonCheck),
    })
    return { index, value: value.map(withChecks) }
  },
})

const serviceChecks = read({
  ...CATALOG_READ,
  path: 'GET /v1/health/checks/*service',
  about: 'the checks of a service',
  acl: { resource: 'service', access: 'read', of: 'service' },
  check: checkNamed('the name of a service is missing'),
  run: (view, input): Found<readonly LessonCheck[]> => {
    const { index, rows } = listServiceChecks(view, nameOf(input), wantedOf(input.query))
    return { index, value: rows.map(lessonCheck) }
  },
})

const nodeChecks = read({
  ...CATALOG_READ,
  path: 'GET /v1/health/node/*node',
  about: 'the checks on a node',
  acl: { resource: 'node', access: 'read', of: 'node' },
  check: checkNamed('the name of a node is missing'),
  run: (view, input): Found<readonly LessonCheck[]> => {
    const { index, rows } = listNodeChecks(view, nameOf(input))
    return { index, value: rows.map(lessonCheck) }
  },
})

const checksInState = read({
  ...CATALOG_READ,
  path: 'GET /v1/health/state/*state',
  about: 'the checks that are passing, warning or critical, or any',
  acl: { resource: 'node', access: 'read' },
  check: checkNamed('the state is missing'),
  run: (view, input): Found<readonly LessonCheck[]> => {
    const { index, rows } = listChecksInState(view, nameOf(input), wantedOf(input.query))
    return { index, value: rows.map(lessonCheck) }
  },
})

interface LessonNode {
  readonly node: string
  readonly address: string
}

const nodes = read({
  ...CATALOG_READ,
  path: 'GET /v1/catalog/nodes',
  about: 'all nodes',
  acl: { resource: 'node', access: 'read' },
  run: (view, { query }): Found<readonly LessonNode[]> => {
    const { index, rows } = listNodes(view, wantedOf(query))
    return { index, value: rows.map(({ name, address }) => ({ node: name, address })) }
  },
})

interface NodeOfServices extends LessonNode {
  /** Ids. */
  readonly services: readonly string[]
}

const node = read({
  ...CATALOG_READ,
  path: 'GET /v1/catalog/node/*node',
  about: 'a node with the ids of what runs there',
  acl: { resource: 'node', access: 'read', of: 'node' },
  check: checkNamed('the name of a node is missing'),
  run: (view, input): Found<NodeOfServices> => {
    const { rows } = readNode(view, nameOf(input))
    if (rows === undefined) throw new ApiError('not-found', `no node ${nameOf(input)}`)
    const services = rows.services.filter(({ name }) => name !== CONSUL).map(({ id }) => id)
    const { name, address } = rows.node
    return { index: wholeIndex(view), value: { node: name, address, services } }
  },
})

const ownServices = own({
  path: 'GET /v1/agent/services',
  about: 'the instances that were registered here',
  acl: { resource: 'service', access: 'read' },
  body: noBody,
  run: (view, _input, { config }): Said<readonly NamedInstance[]> => {
    const checks = listChecks(view)
    const shown = listOwnServices(view).map(({ service: row }) => ({
      name: row.name,
      node: config.nodeName,
      ...lessonInstance(
        row,
        config.advertiseAddr,
        checks.filter(({ serviceId }) => serviceId === row.id || serviceId === ''),
      ),
    }))
    return { json: shown }
  },
})

const ownChecks = own({
  path: 'GET /v1/agent/checks',
  about: 'the checks that were registered here',
  acl: { resource: 'node', access: 'read' },
  body: noBody,
  run: (view): Said<readonly LessonCheck[]> => ({ json: listChecks(view).map(lessonCheck) }),
})

/** Who may not run scripts is told how that is switched on. */
function refuseScripts(checks: readonly CheckDefinition[], { scripts }: AgentConfig): void {
  if (scripts.remote || !checks.some((check) => kindOf(check) === 'script')) return
  const how = 'start the registry with --enable-script-checks to allow them'
  throw new ApiError('bad-request', `script checks are off: ${how}`)
}

const register = own({
  ...registerService,
  run: (view, input, site) => {
    refuseScripts(input.body.checks, site.config)
    return registerService.run(view, input, site)
  },
})

const registerOwnCheck = own({
  ...registerCheck,
  run: (view, input, site) => {
    refuseScripts([input.body], site.config)
    return registerCheck.run(view, input, site)
  },
})

const registerNode = write({
  ...registerRoute,
  reply: (result): Said<Done> => {
    const registered = result as Registered // what the state machine answers to a registration
    if (!registered.ok) throw new ApiError('bad-request', registered.why)
    return { json: DONE }
  },
})

const deregisterNode = write({
  ...deregisterRoute,
  reply: (): Said<Done> => ({ json: DONE }),
})

export const registryRoutes = [
  services,
  service,
  instances,
  serviceHealth,
  serviceChecks,
  nodeChecks,
  checksInState,
  nodes,
  node,
  ownServices,
  ownChecks,
  register,
  registerOwnCheck,
  registerNode,
  deregisterNode,
] as const
