// /v1/operator/raft: the servers that order the writes, and changes among them. A server that is
// alone has no peer to remove and nobody to hand the lead to: that is said with Consul's words.
import { ApiError } from '../errors.ts'
import { quoteGo } from '../quote.ts'
import type { Query } from '../route/query.ts'
import { type Found, local, noBody, read, type Said } from '../route/route.ts'
import type { RaftServer, Site } from '../route/site.ts'

interface RaftServers {
  readonly Servers: readonly RaftServer[]
  readonly Index: number
}

/** Consul asks its library for an index that the library does not keep: clients know 0 only. */
const NEVER_SAID = 0

const configuration = read({
  path: 'GET /v1/operator/raft/configuration',
  about: 'the servers, who of them votes, and who leads',
  acl: { resource: 'operator', access: 'read' },
  meta: 'none',
  blocking: false,
  run: (_view, _input, site): Found<RaftServers> => {
    const { index, servers } = site.raftConfiguration()
    return { index, value: { Servers: servers, Index: NEVER_SAID } }
  },
})

const removePeer = local({
  path: 'DELETE /v1/operator/raft/peer',
  about: 'remove a server, by ?id or ?address',
  acl: { resource: 'operator', access: 'write' },
  parsesOptions: true,
  body: noBody,
  run: (site, { query }): Said => {
    const [by, value] = peerOf(query)
    const { servers } = site.raftConfiguration()
    const isKnown = servers.some(({ ID, Address }) => value === (by === 'id' ? ID : Address))
    const where = 'was not found in the Raft configuration'
    if (!isKnown) throw new ApiError('invalid', `${by} ${quoteGo(value)} ${where}`)
    throw new ApiError('invalid', 'the only server cannot be removed')
  },
})

function peerOf(query: Query): readonly ['id' | 'address', string] {
  const id = query.get('id')
  const address = query.get('address')
  if (id !== undefined && address !== undefined) {
    throw new ApiError('bad-request', 'Must specify only one of ?id or ?address')
  }
  if (id !== undefined) return ['id', id]
  if (address !== undefined) return ['address', address]
  const need = "?id with the server's ID or ?address with IP:port of peer to remove"
  throw new ApiError('bad-request', `Must specify either ${need}`)
}

const transferLeader = local({
  path: 'POST /v1/operator/raft/transfer-leader',
  about: 'hand the lead to another server, to ?id if given',
  acl: { resource: 'operator', access: 'write' },
  parsesOptions: true,
  body: noBody,
  run: (site, { query }): Said => {
    const id = query.get('id') ?? ''
    if (id === '' || isOurs(site, id)) throw new ApiError('invalid', 'cannot find peer')
    throw new ApiError('invalid', `Could not find address for server id ${id}`)
  },
})

const isOurs = (site: Site, id: string): boolean => site.config.nodeId === id

export const raftRoutes = [configuration, removePeer, transferLeader] as const
