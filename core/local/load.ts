// Definitions in files, brought in at the start and with every reload (consul-surface 6.5): which
// changes lead from what is registered to what the files say. What was found out of a check stays.
import type { AgentConfig } from '../config/agent-config.ts'
import { quoteGo } from '../quote.ts'
import type { View } from '../state/txn.ts'
import { defineCheck, defineService, defineServiceChecks, faultOfTagged } from './define.ts'
import { listChecks, listServices } from './read.ts'
import type { OwnChange, OwnCheck, Source } from './records.ts'
import { whyNotRun } from './run-rules.ts'
import { defineSidecar, type Registered } from './sidecar.ts'

export type Definitions = Pick<AgentConfig, 'services' | 'checks' | 'scripts' | 'sidecarPorts'>

interface Defined {
  readonly services: readonly Registered[]
  readonly checks: readonly OwnCheck[]
}

/** Why an agent with these definitions cannot run; undefined if it can. */
export function faultOfDefinitions(config: Definitions): string | undefined {
  const ids = new Set<string>()
  for (const service of config.services) {
    const id = service.id === '' ? service.name : service.id
    ids.add(id)
    const fault =
      faultOfTagged(service.taggedAddresses) ??
      service.checks.map((check) => whyNotRun(check, config, 'file')).find(Boolean)
    if (fault !== undefined) return `Failed to register service ${quoteGo(id)}: ${fault}`
  }
  for (const check of config.checks) {
    const named = `Failed to register check ${quoteGo(check.name)}`
    const fault = whyNotRun(check, config, 'file')
    if (fault !== undefined) return `${named}: ${fault}`
    if (check.serviceId !== '' && !ids.has(check.serviceId)) {
      return `${named}: ServiceID ${quoteGo(check.serviceId)} does not exist`
    }
  }
  return undefined
}

/** `keepsApi`: what came over the API stays; an agent that keeps nothing on disk lets it go. */
export function changesToLoad(
  own: View,
  config: Definitions,
  { keepsApi }: { readonly keepsApi: boolean },
): OwnChange[] {
  const defined = define(own, config)
  const services = new Set(defined.services.map(({ row }) => row.service.id))
  const checks = new Set(
    [...defined.checks, ...defined.services.flatMap((service) => service.checks)].map(
      ({ id }) => id,
    ),
  )
  const goes = (source: Source) => source === 'file' || !keepsApi
  return [
    ...listChecks(own)
      .filter(({ id, source }) => goes(source) && !checks.has(id))
      .map(({ id }): OwnChange => ({ type: 'deregister-check', id })),
    ...listServices(own)
      .filter(({ service, source }) => goes(source) && !services.has(service.id))
      .map(({ service }): OwnChange => ({ type: 'deregister-service', id: service.id })),
    ...defined.services.map(
      (service): OwnChange => ({ type: 'register-service', replacesChecks: false, ...service }),
    ),
    ...defined.checks.map((row): OwnChange => ({ type: 'register-check', row })),
  ]
}

function define(own: View, config: Definitions): Defined {
  const services: Registered[] = []
  const taken = new Set(config.services.map(({ port }) => port))
  for (const service of config.services) {
    const row = defineService(service, 'file')
    services.push({ row, checks: defineServiceChecks(row, service.checks, 'file') })
    const place = { own, ports: config.sidecarPorts, taken, source: 'file' } as const
    const beside = defineSidecar(service, place)
    if (beside === undefined || typeof beside === 'string') continue // it stays without a proxy
    taken.add(beside.row.service.port)
    services.push(beside)
  }
  const byId = new Map(services.map(({ row }) => [row.service.id, row]))
  const checks = config.checks.map((check) =>
    defineCheck(check, { service: byId.get(check.serviceId), source: 'file' }),
  )
  return { services, checks }
}
