// Services and checks that files define, as typed records: aliases resolved, durations in
// milliseconds, faults named as Consul names them (consul-surface 7.1).
import { multierror } from '../multierror.ts'
import type { CheckDefinition, ServiceDefinition } from './agent-config.ts'
import { type Draft, durationOf } from './draft.ts'
import { faultOfMetadata } from './metadata.ts'
import { faultsOfMesh } from './proxy.ts'
import { proxyOf } from './proxy-settings.ts'
import type { CheckSetting, ServiceSetting } from './schema-service.ts'

export interface Definitions {
  readonly services: readonly ServiceDefinition[]
  readonly checks: readonly CheckDefinition[]
}

/**
 * Every definition of the settings; only durations are judged here, the rest in checkDefinitions.
 */
export function planDefinitions(draft: Draft): Definitions {
  const { checks = [], services = [] } = draft.gathered.settings
  return {
    checks: checks.map((check) => planCheck(draft, check)),
    services: services.map((service) => planService(draft, service)),
  }
}

function planCheck(draft: Draft, check: CheckSetting): CheckDefinition {
  const id = check.id ?? ''
  const refused = draft.refusals.length
  const origin = draft.gathered.places.get(check)
  const duration = (name: string, text: string | undefined) =>
    durationOf(draft, { path: `check[${id}].${name}`, text, origin })
  const planned = {
    id,
    name: check.name ?? '',
    notes: check.notes ?? '',
    serviceId: check.service_id ?? '',
    token: check.token ?? '',
    status: check.status ?? '',
    args: check.args ?? [],
    shell: check.shell ?? '',
    dockerContainerId: check.docker_container_id ?? '',
    http: check.http ?? '',
    header: check.header ?? {},
    method: check.method ?? '',
    body: check.body ?? '',
    disableRedirects: check.disable_redirects ?? false,
    tcp: check.tcp ?? '',
    tcpUseTls: check.tcp_use_tls ?? false,
    udp: check.udp ?? '',
    grpc: check.grpc ?? '',
    grpcUseTls: check.grpc_use_tls ?? false,
    h2ping: check.h2ping ?? '',
    h2pingUseTls: check.h2ping_use_tls ?? true,
    osService: check.os_service ?? '',
    tlsServerName: check.tls_server_name ?? '',
    tlsSkipVerify: check.tls_skip_verify ?? false,
    aliasNode: check.alias_node ?? '',
    aliasService: check.alias_service ?? '',
    intervalMs: duration('interval', check.interval),
    timeoutMs: duration('timeout', check.timeout),
    ttlMs: duration('ttl', check.ttl),
    successBeforePassing: check.success_before_passing ?? 0,
    failuresBeforeWarning: check.failures_before_warning ?? check.failures_before_critical ?? 0,
    failuresBeforeCritical: check.failures_before_critical ?? 0,
    outputMaxSize: check.output_max_size ?? 0,
    deregisterCriticalServiceAfterMs: duration(
      'deregister_critical_service_after',
      check.deregister_critical_service_after,
    ),
  }
  if (draft.refusals.length > refused) draft.illTimed.add(planned)
  return planned
}

function planService(draft: Draft, service: ServiceSetting): ServiceDefinition {
  const { check, checks = [], weights } = service
  gatherFaults(draft, service)
  return {
    kind: service.kind ?? '',
    id: service.id ?? '',
    name: service.name ?? '',
    tags: service.tags ?? [],
    meta: service.meta ?? null,
    address: service.address ?? '',
    port: service.port ?? 0,
    socketPath: service.socket_path ?? '',
    taggedAddresses: Object.fromEntries(
      Object.entries(service.tagged_addresses ?? {}).map(([name, at]) => [
        name,
        { address: at.address ?? '', port: at.port ?? 0 },
      ]),
    ),
    token: service.token ?? '',
    enableTagOverride: service.enable_tag_override ?? false,
    weights:
      weights === undefined
        ? undefined
        : { passing: weights.passing ?? 1, warning: weights.warning ?? 1 },
    checks: [...checks, ...(check === undefined ? [] : [check])].map((one) =>
      planCheck(draft, one),
    ),
    proxy: proxyOf(service.proxy) ?? undefined,
    connect: connectOf(draft, service),
    locality: service.locality,
  }
}

function connectOf(draft: Draft, { connect }: ServiceSetting): ServiceDefinition['connect'] {
  if (connect === undefined) return undefined
  const { native = false, sidecar_service: sidecar } = connect
  if (sidecar?.id)
    gather(draft, sidecar, {
      consul: "sidecar_service can't specify an ID",
      what: `a sidecar has the id of its service, not ${JSON.stringify(sidecar.id)}`,
    })
  return { native, sidecar: sidecar && planService(draft, sidecar) }
}

/** What Consul finds while it reads a service. */
function gatherFaults(draft: Draft, service: ServiceSetting): void {
  const { name = '', meta = {}, weights, socket_path: socket } = service
  const note = (consul: string, fault: string) =>
    gather(draft, service, { consul, what: `service ${JSON.stringify(name)}: ${fault}` })
  const label = faultOfMetadata(meta)
  if (label !== undefined)
    note(`invalid meta for service ${name}: ${label}`, `Invalid Service Meta: ${label}`)
  const { passing = 1, warning = 1 } = weights ?? {}
  const weight = faultOfWeights({ passing, warning })
  if (weight !== undefined)
    note(`Invalid weight definition for service ${name}: ${weight}`, `Invalid Weights: ${weight}`)
  if (socket === undefined || (service.port === undefined && service.address === undefined)) return
  const both = `cannot have both socket path ${socket} and address/port`
  note(`service ${name} ${both}`, both)
}

const gather = (
  draft: Draft,
  setting: object,
  texts: { readonly consul: string; readonly what: string },
): void => {
  draft.refusals.push({ ...texts, origin: draft.gathered.places.get(setting), gathered: true })
}

/** Refuses what no agent could register. */
export function checkDefinitions(draft: Draft, { services, checks }: Definitions): void {
  const { settings, places } = draft.gathered
  const refuse = (consul: string, setting: object | undefined, what = consul) =>
    draft.refusals.push({ consul, what, origin: places.get(setting ?? {}), late: true })
  for (const [i, service] of services.entries()) {
    const named = `service ${JSON.stringify(service.name)}`
    const fault = faultOfService(service, draft)
    const mesh = fault === undefined ? faultsOfService(service) : []
    if (fault !== undefined) refuse(`${named}: ${fault}`, settings.services?.[i])
    if (mesh.length === 0) continue
    const what = `${named}: ${mesh.join('; ')}`
    refuse(`${named}: ${multierror(mesh)}`, settings.services?.[i], what)
  }
  for (const [i, check] of checks.entries()) {
    if (draft.illTimed.has(check)) continue
    const nameless = check.name === '' && check.id === '' && !judgesFiles(draft)
    const fault = nameless ? 'name is missing' : faultOfCheck(check)
    if (fault === undefined) continue
    refuse(`check ${JSON.stringify(check.name)}: ${fault}`, settings.checks?.[i])
  }
}

/** Addresses that lead nowhere: every interface. */
export const ANY_ADDRESS: readonly string[] = ['0.0.0.0', '::', '[::]']
const WEIGHT_MAX = 65_535

/** What is wrong with its place in the mesh. */
const faultsOfService = (service: ServiceDefinition): readonly string[] =>
  faultsOfMesh({
    ...service,
    proxy: service.proxy ?? null,
    native: service.connect?.native ?? false,
  })

/** Consul's `validate` leaves to the start what only a registration finds. */
const judgesFiles = ({ profile, purpose }: Draft): boolean =>
  profile === 'consul' && purpose === 'check'

function faultOfService(service: ServiceDefinition, draft: Draft): string | undefined {
  if (!judgesFiles(draft)) {
    if (service.name === '') return 'name is missing'
    if (ANY_ADDRESS.includes(service.address)) return 'Invalid service address'
  }
  for (const check of service.checks) {
    if (draft.illTimed.has(check)) continue
    const fault = faultOfCheck(check)
    if (fault !== undefined) return `check ${JSON.stringify(check.name)}: ${fault}`
  }
  return undefined
}

/** What is wrong with weights, in the words of Consul's API. */
export function faultOfWeights(weights: ServiceDefinition['weights']): string | undefined {
  if (weights === undefined) return undefined
  if (weights.passing < 1) return 'Passing must be greater than 0'
  if (weights.warning < 0) return 'Warning must be greater or equal than 0'
  const inRange = weights.passing <= WEIGHT_MAX && weights.warning <= WEIGHT_MAX
  return inRange ? undefined : `DNS Weight must be between 0 and ${WEIGHT_MAX}`
}

export const STATUSES: readonly string[] = ['', 'passing', 'warning', 'critical']

/** What is wrong with a check, in the words of Consul's API; undefined if nothing is. */
export function faultOfCheck(check: CheckDefinition): string | undefined {
  const fault = faultOfKind(check)
  if (fault !== undefined || STATUSES.includes(check.status)) return fault
  return "Status for checks must 'passing', 'warning', 'critical'"
}

/** The same of all but its status. */
export function faultOfKind(check: CheckDefinition): string | undefined {
  const runs = [check.http, check.tcp, check.udp, check.grpc, check.h2ping, check.osService]
  const hasInterval = check.args.length > 0 || runs.some((one) => one !== '')
  const isAlias = check.aliasNode !== '' || check.aliasService !== ''
  if (check.intervalMs > 0 && check.ttlMs > 0) return 'Interval and TTL cannot both be specified'
  if (hasInterval && check.intervalMs <= 0)
    return 'Interval must be > 0 for Script, HTTP, H2PING, TCP, UDP or OSService checks'
  if (hasInterval && isAlias) return 'Interval cannot be set for Alias checks'
  if (isAlias && check.ttlMs > 0) return 'TTL must be not be set for Alias checks'
  if (!hasInterval && !isAlias && check.ttlMs <= 0) return 'TTL must be > 0 for TTL checks'
  if (check.outputMaxSize < 0) return 'MaxOutputMaxSize must be positive'
  if (check.failuresBeforeWarning > check.failuresBeforeCritical)
    return "FailuresBeforeWarning can't be higher than FailuresBeforeCritical"
  return undefined
}
