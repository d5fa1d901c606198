// From a definition (a body of the API, a file) to the rows that are registered: what was left out
// is filled in, ids are made, checks get their names and their kind (consul-surface 3.11, 7.1).
import {
  EVEN_WEIGHTS,
  type Locality,
  type ServiceAddress,
  type ServiceSpec,
} from '../catalog/records.ts'
import type { CheckDefinition, ServiceDefinition } from '../config/agent-config.ts'
import { withTypes } from '../config/proxy.ts'
import { parseIp, unmapped } from '../ip.ts'
import { quoteGo } from '../quote.ts'
import { sortedRecord } from '../sorted.ts'
import { formatDuration } from '../time.ts'
import type { OwnCheck, OwnService, Source, Status } from './records.ts'

/** What a check with this definition is; the first that fits, in Consul's order. */
export type CheckKind =
  | 'grpc'
  | 'http'
  | 'ttl'
  | 'tcp'
  | 'udp'
  | 'alias'
  | 'docker'
  | 'script'
  | 'h2ping'
  | 'os_service'
  | ''

export function kindOf(check: CheckDefinition): CheckKind {
  const isRepeated = check.intervalMs > 0
  if (isRepeated && check.grpc !== '') return 'grpc'
  if (isRepeated && check.http !== '') return 'http'
  if (check.ttlMs > 0) return 'ttl'
  if (isRepeated && check.tcp !== '') return 'tcp'
  if (isRepeated && check.udp !== '') return 'udp'
  if (check.aliasNode !== '' || check.aliasService !== '') return 'alias'
  if (isRepeated && check.args.length > 0 && check.dockerContainerId !== '') return 'docker'
  if (check.args.length > 0) return 'script'
  if (isRepeated && check.h2ping !== '') return 'h2ping'
  return isRepeated && check.osService !== '' ? 'os_service' : ''
}

function localityOf({ locality }: ServiceDefinition): Locality | null {
  if (locality === undefined) return null
  return { Region: locality.region ?? '', Zone: locality.zone ?? '' }
}

export function defineService(given: ServiceDefinition, source: Source): OwnService {
  const { weights, meta, tags } = given
  const service: ServiceSpec = {
    kind: given.kind,
    id: given.id === '' ? given.name : given.id,
    name: given.name,
    tags: tags.length === 0 ? null : tags,
    address: given.address,
    taggedAddresses: taggedAddresses(given),
    meta: meta === null ? null : sortedRecord(meta),
    port: given.port,
    socketPath: given.socketPath,
    weights:
      weights === undefined ? EVEN_WEIGHTS : { Passing: weights.passing, Warning: weights.warning },
    enableTagOverride: given.enableTagOverride,
    proxy: given.proxy === undefined ? null : withTypes(given.proxy),
    native: given.connect?.native ?? false,
    locality: localityOf(given),
  }
  return { service, source }
}

/** A service with an address of its own is found under it by family as well. */
function taggedAddresses(given: ServiceDefinition): ServiceSpec['taggedAddresses'] {
  const { address, port } = given
  const family = familyOf(address)
  const own: ServiceAddress = { Address: address, Port: port }
  const named = Object.entries(given.taggedAddresses).map(([name, at]) => [
    name,
    { Address: at.address, Port: at.port },
  ])
  const all: Readonly<Record<string, ServiceAddress>> = {
    ...(family === undefined ? {} : { [`lan_${family}`]: own, [`wan_${family}`]: own }),
    ...Object.fromEntries(named),
  }
  return Object.keys(all).length === 0 ? null : sortedRecord(all)
}

/** Of an address in IPv6 that stands for one of IPv4, Go says that it is one. */
function familyOf(address: string): 'ipv4' | 'ipv6' | undefined {
  const bytes = parseIp(address)
  if (bytes === undefined) return undefined
  return unmapped(bytes).length === 4 ? 'ipv4' : 'ipv6'
}

/** Consul looks at the first of IPv6 twice, and never at the second. */
const FAMILIES = ['lan_ipv4', 'wan_ipv4', 'lan_ipv6']

/** What is wrong with addresses that are named for their family; undefined if nothing is. */
export function faultOfTagged(given: ServiceDefinition['taggedAddresses']): string | undefined {
  for (const tag of FAMILIES) {
    const family = tag.slice(-'ipv4'.length)
    const at = given[tag]
    if (at === undefined || familyOf(at.address) === family) continue
    return `Service tagged address ${quoteGo(tag)} must be a valid ${family} address`
  }
  return undefined
}

const statusOf = ({ status }: CheckDefinition): Status =>
  status === 'passing' || status === 'warning' ? status : 'critical'

/** The checks within the definition of a service. */
export function defineServiceChecks(
  { service }: OwnService,
  checks: readonly CheckDefinition[],
  source: Source,
): OwnCheck[] {
  const isOne = checks.length === 1
  return checks.map((check, i) => {
    const made = isOne ? `service:${service.id}` : `service:${service.id}:${i + 1}`
    return {
      id: check.id === '' ? made : check.id,
      name: check.name === '' ? `Service '${service.name}' check` : check.name,
      status: statusOf(check),
      notes: check.notes,
      output: '',
      serviceId: service.id,
      serviceName: service.name,
      serviceTags: service.tags,
      type: kindOf(check),
      interval: check.intervalMs === 0 ? '' : formatDuration(check.intervalMs),
      timeout: check.timeoutMs === 0 ? '' : formatDuration(check.timeoutMs),
      definition: check,
      source,
    }
  })
}

/** A check that stands by itself; `service`: the one that it belongs to. */
export function defineCheck(
  check: CheckDefinition,
  { service, source }: { readonly service: OwnService | undefined; readonly source: Source },
): OwnCheck {
  return {
    id: check.id === '' ? check.name : check.id,
    name: check.name,
    status: statusOf(check),
    notes: check.notes,
    output: '',
    serviceId: check.serviceId,
    serviceName: service?.service.name ?? '',
    serviceTags: service?.service.tags ?? null,
    type: source === 'file' ? '' : kindOf(check),
    interval: formatDuration(check.intervalMs),
    timeout: formatDuration(check.timeoutMs),
    definition: check,
    source,
  }
}
