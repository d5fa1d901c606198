// What an agent tells of the group that it belongs to: /v1/status, and the servers that order the
// writes.
import { type Found, local, noBody, read, type Said } from '../route/route.ts'
import type { RaftServer } from '../route/site.ts'
import { agentRoutes } from './agent-routes.ts'

const leader = local({
  path: 'GET /v1/status/leader',
  about: 'the address of the server that orders the writes; empty without one',
  acl: 'none',
  parsesOptions: true,
  body: noBody,
  run: (site): Said<string> => ({ json: site.leaderAddress() }),
})

const peers = local({
  path: 'GET /v1/status/peers',
  about: 'the addresses of all servers that vote',
  acl: 'none',
  parsesOptions: true,
  body: noBody,
  run: (site): Said<readonly string[]> => ({ json: site.peerAddresses() }),
})

interface RaftServers {
  readonly Servers: readonly RaftServer[]
  readonly Index: number
}

const raftConfiguration = read({
  path: 'GET /v1/operator/raft/configuration',
  about: 'the servers, who of them votes, and who leads',
  acl: { resource: 'operator', access: 'read' },
  meta: 'none',
  blocking: false,
  run: (_view, _input, site): Found<RaftServers> => {
    const { index, servers } = site.raftConfiguration()
    return { index, value: { Servers: servers, Index: index } }
  },
})

export const selfRoutes = [leader, peers, raftConfiguration, ...agentRoutes] as const
