// /v1/operator/usage: how much is in the catalog, for whoever counts it (consul-surface 2.1, 3.1).
import { type Found, read } from '../route/route.ts'
import { countRows, list, type View } from '../state/txn.ts'
import { indexOf } from './indexes.ts'
import { NODES, SERVICES } from './records.ts'

interface Usage {
  readonly Nodes: number
  readonly Services: number
  readonly ServiceInstances: number
  readonly ConnectServiceInstances: Readonly<Record<string, number>>
  readonly BillableServiceInstances: number
}

/** Of a mesh there is nothing in this version. */
const NO_MESH = {
  'api-gateway': 0,
  'connect-native': 0,
  'connect-proxy': 0,
  'ingress-gateway': 0,
  'mesh-gateway': 0,
  'terminating-gateway': 0,
}

/** The servers' own service is not billed. */
const CONSUL = 'consul'

function usageOf(view: View): Usage {
  const services = list(view, SERVICES, '')
  return {
    Nodes: countRows(view, NODES),
    Services: new Set(services.map(({ name }) => name)).size,
    ServiceInstances: services.length,
    ConnectServiceInstances: NO_MESH,
    BillableServiceInstances: services.filter(({ name }) => name !== CONSUL).length,
  }
}

const usage = read({
  path: 'GET /v1/operator/usage',
  about: 'how many nodes, services and instances there are',
  acl: { resource: 'operator', access: 'read' },
  meta: 'effective',
  metaOnFailure: true,
  blocking: true,
  ignoresDatacenter: true,
  run: (view, _input, { config, contact }): Found => {
    const index = Math.max(indexOf(view, 'nodes'), indexOf(view, 'services'))
    const { knownLeader, lastContactMs } = contact()
    return {
      index,
      value: {
        Usage: { [config.datacenter]: usageOf(view) },
        Index: index,
        LastContact: lastContactMs,
        KnownLeader: knownLeader,
        ConsistencyLevel: 'leader',
        NotModified: false,
        Backend: 0,
        ResultsFilteredByACLs: false,
      },
    }
  },
})

export const usageRoutes = [usage] as const
