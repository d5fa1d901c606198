// /v1/agent/health/service: how the services of this agent are, as a status code that a load
// balancer understands; JSON, or one word for `format=text` (consul-surface 3.1).
import { textOfByteString, utf8 } from '../bytes.ts'
import { ApiError } from '../errors.ts'
import { type Input, noBody, own, type Said } from '../route/route.ts'
import {
  findService,
  type Health,
  healthOf,
  listServices,
  type ServiceHealth,
  worst,
} from './read.ts'
import { agentService, healthCheckOf } from './shapes.ts'

const STATUS: Readonly<Record<Health, number>> = {
  passing: 200,
  warning: 429,
  critical: 503,
  maintenance: 503,
}

const byId = own({
  path: 'GET /v1/agent/health/service/id/*id',
  about: 'the health of a service of this agent as a status code; ?format=text',
  acl: { resource: 'service', access: 'read', of: 'id' },
  body: noBody,
  run: (view, input, { config }): Said => {
    const id = textOfByteString(input.rest)
    if (id === '') throw new ApiError('invalid', 'Missing serviceID')
    const service = findService(view, id)
    if (service === undefined) {
      const json = { AggregatedStatus: 'critical', Service: null, Checks: null }
      return answer(input, { status: 404, reason: `ServiceId ${id} not found`, json })
    }
    const found = healthOf(view, service)
    const json = shown(found, config)
    return answer(input, { status: STATUS[found.health], reason: found.health, json })
  },
})

const byName = own({
  path: 'GET /v1/agent/health/service/name/*name',
  about: 'the health of all services of this name at this agent; the worst decides',
  acl: { resource: 'service', access: 'read', of: 'name' },
  body: noBody,
  run: (view, input, { config }): Said => {
    const name = textOfByteString(input.rest)
    if (name === '') throw new ApiError('invalid', 'Missing service Name')
    const found = listServices(view)
      .filter(({ service }) => service.name === name)
      .map((service) => healthOf(view, service))
    if (found.length === 0) {
      return answer(input, { status: 404, reason: `ServiceName ${name} Not Found`, json: [] })
    }
    const health = worst(found.map((one) => one.health))
    const json = found.map((one) => shown(one, config))
    return answer(input, { status: STATUS[health], reason: health, json })
  },
})

const shown = (
  { service, checks, health }: ServiceHealth,
  { datacenter, nodeName }: { readonly datacenter: string; readonly nodeName: string },
) => ({
  AggregatedStatus: health,
  Service: agentService(service, datacenter),
  Checks: checks.map((check) => healthCheckOf(check, nodeName)),
})

interface Answer {
  readonly status: number
  readonly reason: string
  readonly json: unknown
}

function answer(input: Input<unknown>, { status, reason, json }: Answer): Said {
  const headers = ['X-Consul-Reason', reason]
  // At the head of the header: further back in a list it is no wish for text, as in Consul.
  const wantsText =
    input.accept?.startsWith('text/plain') === true || input.query.get('format') === 'text'
  if (!wantsText) return { status, json, headers }
  return { status, bytes: utf8(reason), headers: ['Content-Type', 'text/plain', ...headers] }
}

export const ownHealthRoutes = [byId, byName] as const
