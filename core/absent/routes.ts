// What this version does not have: prepared queries, config entries, the mesh, peers, snapshots
// over the API. Their endpoints are known all the same, with the methods that Consul has for them:
// a wrong method, another datacenter and a closed endpoint are answered as everywhere, a list is
// empty because nothing can be in it, and what would put something there is refused with a reason
// and not as a path that nobody knows (consul-surface 3.1).
import { textOfByteString } from '../bytes.ts'
import { ApiError } from '../errors.ts'
import { filterOf, INT, STRING, structOf, TEXTS } from '../filter/filter.ts'
import {
  type AclNeed,
  type Found,
  type Input,
  local,
  noBody,
  type Pattern,
  read,
  type Said,
  USUAL_READ,
} from '../route/route.ts'
import { configRoutes } from './config-routes.ts'
import { NOTHING, nothing } from './nothing.ts'

const MESH = 'the mesh'
const PEERS = 'peering'

/** Refused whatever is asked. `what` is the subject that is not there. */
const refused = <const P extends Pattern>(path: P, what: string, acl: AclNeed = 'none') =>
  local({
    path,
    about: `not in this version: ${what}`,
    acl,
    parsesOptions: true,
    body: noBody,
    run: (): Said => {
      throw new ApiError('not-built', `${what} is not in this version`)
    },
  })

const QUERY_READ = { resource: 'query', access: 'read' } as const
const QUERY_WRITE = { resource: 'query', access: 'write' } as const

const queries = read({
  ...USUAL_READ,
  meta: 'effective',
  path: 'GET /v1/query',
  about: 'all prepared queries; none in this version',
  acl: QUERY_READ,
  run: nothing,
})

/** What follows the name of a query. */
const DOING = /\/(?:execute|explain)$/
const UUID_LENGTH = 36
const NO_UUID = 'failed prepared query lookup: index error: UUID must be 36 characters'

const query = read({
  ...USUAL_READ,
  path: 'GET /v1/query/*query',
  about: 'one prepared query, or what it finds; none in this version',
  acl: QUERY_READ,
  run: (_view, { rest }): Found => {
    if (!DOING.test(rest) && rest.length !== UUID_LENGTH) throw new ApiError('invalid', NO_UUID)
    throw new ApiError('not-found', 'Query not found')
  },
})

const changedQuery = <const P extends Pattern>(path: P, about: string) =>
  local({
    path,
    about,
    acl: QUERY_WRITE,
    body: noBody,
    run: (_site, { rest }): Said => {
      const id = textOfByteString(rest)
      const why =
        rest.length === UUID_LENGTH
          ? `Cannot modify non-existent prepared query: '${id}'`
          : `Prepared Query lookup failed: ${NO_UUID}`
      throw new ApiError('invalid', why)
    },
  })

const INTENTION = structOf({
  ID: STRING,
  Description: STRING,
  SourceNS: STRING,
  SourceName: STRING,
  DestinationNS: STRING,
  DestinationName: STRING,
  SourceType: STRING,
  Action: STRING,
  Meta: TEXTS,
  Precedence: INT,
})

const intentions = read({
  ...USUAL_READ,
  path: 'GET /v1/connect/intentions',
  about: 'all intentions; none in this version',
  acl: { resource: 'intention', access: 'read' },
  run: (_view, input: Input): Found<readonly never[]> => {
    filterOf(input.query.get('filter'), INTENTION)
    return NOTHING
  },
})

const roots = read({
  ...USUAL_READ,
  path: 'GET /v1/connect/ca/roots',
  about: `not in this version: ${MESH}`,
  acl: 'none',
  run: (): Found => {
    throw new ApiError('not-built', `${MESH} is not in this version`)
  },
})

const PEERING_READ = { resource: 'peering', access: 'read' } as const

const peerings = read({
  ...USUAL_READ,
  path: 'GET /v1/peerings',
  about: 'all peers; none in this version',
  acl: PEERING_READ,
  ignoresDatacenter: true,
  run: nothing,
})

const peering = local({
  path: 'GET /v1/peering/*name',
  about: 'one peer; none in this version',
  acl: PEERING_READ,
  body: noBody,
  run: (_site, { rest }: Input): Said => {
    if (rest === '') throw new ApiError('bad-request', 'Must specify a name to fetch.')
    const name = JSON.stringify(textOfByteString(rest))
    throw new ApiError('not-found', `Peering not found for ${name}`)
  },
})

const forgetPeering = local({
  path: 'DELETE /v1/peering/*name',
  about: 'forget a peer; none in this version',
  acl: { resource: 'peering', access: 'write' },
  body: noBody,
  run: (_site, { rest }: Input): Said => {
    if (rest === '') throw new ApiError('bad-request', 'Must specify a name to delete.')
    return {}
  },
})

const exported = read({
  ...USUAL_READ,
  path: 'GET /v1/exported-services',
  about: 'what peers may reach; nothing in this version',
  acl: { resource: 'mesh', access: 'read' },
  run: nothing,
})

const meshGateways = read({
  ...USUAL_READ,
  path: 'GET /v1/internal/federation-states/mesh-gateways',
  about: 'the gateways of each datacenter; none in this version',
  acl: 'none',
  run: (): Found<Readonly<Record<string, never>>> => ({ index: 0, value: {} }),
})

const OPERATOR = { resource: 'operator', access: 'write' } as const

export const absentRoutes = [
  queries,
  refused('POST /v1/query', 'making prepared queries', QUERY_WRITE),
  query,
  changedQuery('PUT /v1/query/*query', 'change a prepared query; none in this version'),
  changedQuery('DELETE /v1/query/*query', 'remove a prepared query; none in this version'),
  ...configRoutes,
  refused('PUT /v1/config', 'writing config entries', OPERATOR),
  refused('GET /v1/discovery-chain/*service', MESH),
  refused('POST /v1/discovery-chain/*service', MESH),
  roots,
  refused('GET /v1/connect/ca/configuration', MESH, OPERATOR),
  refused('PUT /v1/connect/ca/configuration', MESH, OPERATOR),
  intentions,
  refused('POST /v1/connect/intentions', MESH),
  refused('GET /v1/connect/intentions/match', MESH),
  refused('GET /v1/connect/intentions/check', MESH),
  refused('GET /v1/connect/intentions/exact', MESH),
  refused('PUT /v1/connect/intentions/exact', MESH),
  refused('DELETE /v1/connect/intentions/exact', MESH),
  refused('GET /v1/connect/intentions/*id', MESH),
  refused('PUT /v1/connect/intentions/*id', MESH),
  refused('DELETE /v1/connect/intentions/*id', MESH),
  refused('POST /v1/agent/connect/authorize', MESH),
  refused('GET /v1/agent/connect/ca/roots', MESH),
  refused('GET /v1/agent/connect/ca/leaf/*service', MESH),
  refused('GET /v1/internal/ui/service-topology/*service', MESH),
  refused('PUT /v1/internal/service-virtual-ip', MESH),
  refused('GET /v1/internal/federation-states', 'federation', OPERATOR),
  refused('GET /v1/internal/federation-state/*dc', 'federation', OPERATOR),
  meshGateways,
  peerings,
  refused('POST /v1/peering/token', PEERS),
  refused('POST /v1/peering/establish', PEERS),
  peering,
  forgetPeering,
  exported,
  refused('GET /v1/snapshot', 'taking snapshots over the API', OPERATOR),
  refused('PUT /v1/snapshot', 'restoring snapshots over the API', OPERATOR),
] as const
