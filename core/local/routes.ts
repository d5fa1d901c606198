// /v1/agent: the services and checks of this agent itself. Reads answer from what is registered
// here; changes are answered when they are kept and the catalog knows them (consul-surface 3.11).
import { parseBool } from '../bool.ts'
import { textOfByteString } from '../bytes.ts'
import { HEALTH_CHECK, NODE_SERVICE } from '../catalog/filter-shapes.ts'
import type { HealthCheck } from '../catalog/shapes.ts'
import type { AgentConfig, CheckDefinition } from '../config/agent-config.ts'
import { ApiError } from '../errors.ts'
import { filterOf, lateFilterOf } from '../filter/filter.ts'
import { quoteGo } from '../quote.ts'
import type { Query } from '../route/query.ts'
import {
  type Changes,
  type Found,
  type Input,
  noBody,
  own,
  read,
  type Said,
} from '../route/route.ts'
import type { View } from '../state/txn.ts'
import { checkBody, findingBody, serviceBody } from './body.ts'
import { contentHash } from './content-hash.ts'
import { defineCheck, defineService, defineServiceChecks, faultOfTagged, kindOf } from './define.ts'
import { ownHealthRoutes } from './health-routes.ts'
import { findCheck, findService, listChecks, listServices } from './read.ts'
import {
  NODE_MAINTENANCE,
  type OwnChange,
  type OwnCheck,
  type OwnService,
  type Status,
  serviceMaintenance,
} from './records.ts'
import { whyNotRun } from './run-rules.ts'
import { type AgentService, agentCheck, agentService } from './shapes.ts'
import { defineSidecar, faultOfSidecar, type Registered } from './sidecar.ts'
import { maintenanceOf, nodeMaintenance } from './write.ts'

type Changed = Changes<OwnChange>

const idOf = ({ rest }: Input<unknown>): string => textOfByteString(rest)

const services = own({
  path: 'GET /v1/agent/services',
  about: 'the services registered with this agent, by id',
  acl: { resource: 'service', access: 'read' },
  body: noBody,
  run: (view, input, { config }): Said<Readonly<Record<string, AgentService>>> => {
    const fits = filterOf(input.query.get('filter'), NODE_SERVICE)
    const rows = listServices(view).map((row) => agentService(row, config.datacenter))
    return { json: Object.fromEntries(rows.filter(fits).map((row) => [row.ID, row])) }
  },
})

const service = read({
  path: 'GET /v1/agent/service/*service',
  about: 'one service registered with this agent; ?hash waits for a change',
  acl: { resource: 'service', access: 'read', of: 'service' },
  ignoresDatacenter: true,
  meta: 'none',
  blocking: 'hash',
  of: 'own',
  run: (view, input, { config }): Found<AgentService> => {
    const found = findService(view, idOf(input))
    if (found === undefined) throw new ApiError('not-found', `unknown service ID: ${idOf(input)}`)
    const hash = contentHash(found.service)
    return { index: 0, hash, value: agentService(found, config.datacenter, hash) }
  },
})

const checks = own({
  path: 'GET /v1/agent/checks',
  about: 'the checks registered with this agent, by id',
  acl: { resource: 'node', access: 'read' },
  body: noBody,
  run: (view, input, { config }): Said<Readonly<Record<string, HealthCheck>>> => {
    const rows = listChecks(view).map((row) => agentCheck(row, config.nodeName))
    const fits = lateFilterOf(input.query.get('filter'), HEALTH_CHECK)
    return { json: Object.fromEntries(rows.filter(fits).map((row) => [row.CheckID, row])) }
  },
})

export const registerService = own({
  path: 'PUT /v1/agent/service/register',
  about: 'register a service with this agent, and with it checks; ?replace-existing-checks',
  acl: 'none', // judged by the name in the body
  body: serviceBody,
  run: (view, { body, query }, { config }): Changed => {
    const faultBeside = faultOfSidecar(body)
    if (faultBeside !== undefined) throw new ApiError('bad-request', faultBeside)
    const fault = faultOfTagged(body.taggedAddresses)
    if (fault !== undefined) throw new ApiError('invalid', fault)
    const row = defineService(body, 'api')
    const service = { row, checks: defineServiceChecks(row, body.checks, 'api') }
    const replacesChecks = REPLACE.has(query.get('replace-existing-checks') ?? 'no')
    const register = (one: Registered): OwnChange => ({
      type: 'register-service',
      replacesChecks,
      ...one,
    })
    const why = whyRefused(service.checks, config)
    if (why !== undefined) return refuseChecks(view, service, why)
    const ports = config.sidecarPorts
    const taken = new Set([body.port])
    const beside = defineSidecar(body, { own: view, ports, taken, source: 'api' })
    if (beside === undefined) return { change: [register(service)] }
    const whyBeside = typeof beside === 'string' ? beside : whyRefused(beside.checks, config)
    if (typeof beside !== 'string' && whyBeside === undefined) {
      return { change: [register(service), register(beside)] }
    }
    return { change: [register(service)], refusal: new ApiError('invalid', whyBeside ?? '') }
  },
})

const whyOf = ({ definition }: OwnCheck, config: AgentConfig): string | undefined =>
  definition === undefined ? undefined : whyNotRun(definition, config, 'api')

const whyRefused = (checks: readonly OwnCheck[], config: AgentConfig): string | undefined =>
  checks.map((check) => whyOf(check, config)).find((why) => why !== undefined)

/** Consul then keeps no new service; one that was known is what the body says of it. */
function refuseChecks(view: View, { row }: Registered, why: string): Changed {
  const isKnown = findService(view, row.service.id) !== undefined
  const change: OwnChange = { type: 'register-service', row, checks: [], replacesChecks: false }
  return { change: isKnown ? [change] : [], refusal: new ApiError('invalid', why) }
}

const REPLACE = new Set(['', 'true'])

const deregisterService = own({
  path: 'PUT /v1/agent/service/deregister/*service',
  about: 'remove a service of this agent with its checks',
  acl: { resource: 'service', access: 'write', of: 'service' },
  body: noBody,
  run: (view, input): Changed => ({
    change: [{ type: 'deregister-service', id: knownService(view, idOf(input)).service.id }],
  }),
})

function knownService(view: View, id: string): OwnService {
  const found = findService(view, id)
  if (found !== undefined) return found
  const hint = 'Ensure that the service ID is passed, not the service name.'
  throw new ApiError('not-found', `Unknown service ID ${quoteGo(id)}. ${hint}`)
}

const maintainService = own({
  path: 'PUT /v1/agent/service/maintenance/*service',
  about: 'take a service of this agent out of use, or back; ?enable, ?reason',
  acl: { resource: 'service', access: 'write', of: 'service' },
  body: noBody,
  run: (view, input): Changed => {
    if (idOf(input) === '') throw new ApiError('bad-request', 'Missing service ID')
    const enable = wantsMaintenance(input.query)
    const { service } = knownService(view, idOf(input))
    const id = serviceMaintenance(service.id)
    const row = maintenanceOf(service, input.query.get('reason') ?? '')
    return { change: maintain(view, { id, enable, row }) }
  },
})

const maintainNode = own({
  path: 'PUT /v1/agent/maintenance',
  about: 'take everything on this node out of use, or back; ?enable, ?reason',
  acl: { resource: 'node', access: 'write' },
  body: noBody,
  run: (view, { query }): Changed => {
    const enable = wantsMaintenance(query)
    const row = nodeMaintenance(query.get('reason') ?? '')
    return { change: maintain(view, { id: NODE_MAINTENANCE, enable, row }) }
  },
})

/** Turning on what is on changes nothing: the first reason stays. */
function maintain(
  view: View,
  { id, enable, row }: { readonly id: string; readonly enable: boolean; readonly row: OwnCheck },
): OwnChange[] {
  const isOn = findCheck(view, id) !== undefined
  if (isOn === enable) return []
  return [enable ? { type: 'register-check', row } : { type: 'deregister-check', id }]
}

function wantsMaintenance(query: Query): boolean {
  const given = query.get('enable')
  if (given === undefined) throw new ApiError('bad-request', 'Missing value for enable')
  const value = parseBool(given)
  if (value !== undefined) return value
  throw new ApiError('bad-request', `Invalid value for enable: ${quoteGo(given)}`)
}

export const registerCheck = own({
  path: 'PUT /v1/agent/check/register',
  about: 'register a check with this agent',
  acl: 'none', // judged by the service or node that it is for
  body: checkBody,
  run: (view, { body }, { config }): Changed => {
    const service = body.serviceId === '' ? undefined : findService(view, body.serviceId)
    if (body.serviceId !== '' && service === undefined) {
      throw new ApiError('not-found', `ServiceID ${quoteGo(body.serviceId)} does not exist`)
    }
    const why = whyNotRun(body, config, 'api')
    if (why !== undefined) return refuseCheck(body, why)
    return {
      change: [{ type: 'register-check', row: defineCheck(body, { service, source: 'api' }) }],
    }
  },
})

/** Consul then takes out the check that had this id. */
const refuseCheck = ({ id, name }: CheckDefinition, why: string): Changed => ({
  change: [{ type: 'deregister-check', id: id === '' ? name : id }],
  refusal: new ApiError('invalid', why),
})

const deregisterCheck = own({
  path: 'PUT /v1/agent/check/deregister/*check',
  about: 'remove a check of this agent',
  acl: { resource: 'node', access: 'write' },
  body: noBody,
  run: (view, input): Changed => ({
    change: [{ type: 'deregister-check', id: knownCheck(view, idOf(input)).id }],
  }),
})

function knownCheck(view: View, id: string): OwnCheck {
  const found = findCheck(view, id)
  if (found !== undefined) return found
  const hint = 'Ensure that the check ID is passed, not the check name.'
  throw new ApiError('not-found', `Unknown check ID ${quoteGo(id)}. ${hint}`)
}

/** Only a check whose time runs takes word of its state from outside. */
function beat(view: View, id: string, found: { status: Status; output: string }): Changed {
  const { definition } = knownCheck(view, id)
  if (definition === undefined || kindOf(definition) !== 'ttl') {
    throw new ApiError('invalid', `CheckID ${quoteGo(id)} does not have associated TTL`)
  }
  return { change: [{ type: 'beat', id, ...found }] }
}

const beatRoute = <Word extends string>(word: Word, status: Status) =>
  own({
    path: `PUT /v1/agent/check/${word}/*check` as const,
    about: `say that a check with a TTL is ${status}; ?note`,
    acl: { resource: 'node', access: 'write' },
    body: noBody,
    run: (view, input): Changed =>
      beat(view, idOf(input), { status, output: input.query.get('note') ?? '' }),
  })

const updateCheck = own({
  path: 'PUT /v1/agent/check/update/*check',
  about: 'say how a check with a TTL is, with an output of any length',
  acl: { resource: 'node', access: 'write' },
  body: findingBody,
  run: (view, input): Changed => {
    const { status, output } = input.body
    if (status !== 'passing' && status !== 'warning' && status !== 'critical') {
      throw new ApiError('bad-request', `Invalid check status: '${status}'`)
    }
    return beat(view, idOf(input), { status, output })
  },
})

export const ownRoutes = [
  services,
  service,
  checks,
  registerService,
  deregisterService,
  maintainService,
  maintainNode,
  registerCheck,
  deregisterCheck,
  beatRoute('pass', 'passing'),
  beatRoute('warn', 'warning'),
  beatRoute('fail', 'critical'),
  updateCheck,
  ...ownHealthRoutes,
] as const
