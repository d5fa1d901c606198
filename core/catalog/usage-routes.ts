// /v1/operator/usage: how much is in the catalog, for whoever counts it (consul-surface 2.1, 3.1).
import { isMeshKind } from '../config/proxy.ts'
import { type Found, read } from '../route/route.ts'
import { countRows, list, type View } from '../state/txn.ts'
import { indexOf } from './indexes.ts'
import { CATALOG_READ } from './queries.ts'
import { CONSUL, NODES, SERVICES, type ServiceRow } from './records.ts'

/** Of one datacenter. */
export interface Usage {
  readonly Nodes: number
  readonly Services: number
  readonly ServiceInstances: number
  readonly ConnectServiceInstances: Readonly<Record<string, number>>
  readonly BillableServiceInstances: number
}

/** An instance that needs no proxy: no kind of its own, but counted like one. */
const NATIVE = 'connect-native'

const MESH_KINDS = [
  'api-gateway',
  NATIVE,
  'connect-proxy',
  'ingress-gateway',
  'mesh-gateway',
  'terminating-gateway',
]

function countMesh(services: readonly ServiceRow[]): Readonly<Record<string, number>> {
  const isOf = (kind: string, service: ServiceRow) =>
    kind === NATIVE ? service.native : service.kind === kind
  const count = (kind: string) => services.filter((service) => isOf(kind, service)).length
  return Object.fromEntries(MESH_KINDS.map((kind) => [kind, count(kind)]))
}

/** The servers' own service is not billed. */
const isBilled = ({ name, kind }: ServiceRow) => name !== CONSUL && !isMeshKind(kind)

function usageOf(view: View): Usage {
  const services = list(view, SERVICES, '')
  return {
    Nodes: countRows(view, NODES),
    Services: new Set(services.map(({ name }) => name)).size,
    ServiceInstances: services.length,
    ConnectServiceInstances: countMesh(services),
    BillableServiceInstances: services.filter(isBilled).length,
  }
}

interface UsageReport {
  /** By datacenter. */
  readonly Usage: Readonly<Record<string, Usage>>
  readonly Index: number
  readonly LastContact: number
  readonly KnownLeader: boolean
  readonly ConsistencyLevel: string
  readonly NotModified: boolean
  readonly Backend: number
  readonly ResultsFilteredByACLs: boolean
}

/** What a question may ask for. */
const CONSISTENCIES = ['consistent', 'stale']

const usage = read({
  ...CATALOG_READ,
  path: 'GET /v1/operator/usage',
  about: 'how many nodes, services and instances there are',
  acl: { resource: 'operator', access: 'read' },
  ignoresDatacenter: true,
  run: (view, { query }, { config, contact }): Found<UsageReport> => {
    const index = Math.max(indexOf(view, 'nodes'), indexOf(view, 'services'))
    const { knownLeader, lastContactMs } = contact()
    return {
      index,
      value: {
        Usage: { [config.datacenter]: usageOf(view) },
        Index: index,
        LastContact: lastContactMs,
        KnownLeader: knownLeader,
        ConsistencyLevel: CONSISTENCIES.find((level) => query.has(level)) ?? 'leader',
        NotModified: false,
        Backend: 0,
        ResultsFilteredByACLs: false,
      },
    }
  },
})

export const usageRoutes = [usage] as const
