// What an agent tells of itself and of the group that it belongs to. Here: /v1/status.
import { local, noBody, type Said } from '../route/route.ts'
import { agentRoutes } from './agent-routes.ts'
import { poolRoutes } from './pool-routes.ts'
import { raftRoutes } from './raft-routes.ts'

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

export const selfRoutes = [leader, peers, ...raftRoutes, ...agentRoutes, ...poolRoutes] as const
