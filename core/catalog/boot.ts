// What a server that is alone says of itself in the catalog (consul-surface 9.3): its node, the
// service `consul`, and the check that its agent is alive. In a cluster the leader says it of every
// member.
import type { Site } from '../route/site.ts'
import { sortedRecord } from '../sorted.ts'
import type { WallMs } from '../time.ts'
import {
  BARE_CHECK,
  BARE_SERVICE,
  type CheckSpec,
  CONSUL,
  PASSING,
  type RegisterCommand,
  SERF_HEALTH,
  type Texts,
} from './records.ts'

/** That an agent is there. */
export const CATALOG_CHECK: CheckSpec = {
  ...BARE_CHECK,
  id: SERF_HEALTH,
  name: 'Serf Health Status',
  status: PASSING,
  output: 'Agent alive and reachable',
}

type Described = Pick<Site, 'config' | 'consulVersion'>

/** The meta of a node whose agent we are. */
export const nodeMeta = ({ config, consulVersion }: Described): Texts =>
  sortedRecord({
    ...config.nodeMeta,
    'consul-network-segment': '',
    'consul-version': consulVersion,
  })

/** Repeating it changes nothing as long as nothing of it has changed. */
export function registerLoneNode(site: Site, wall: WallMs): RegisterCommand {
  const { config } = site
  return {
    type: 'register',
    node: {
      id: config.nodeId,
      name: config.nodeName,
      address: config.advertiseAddr,
      datacenter: config.datacenter,
      taggedAddresses: sortedRecord(config.taggedAddresses),
      meta: nodeMeta(site),
      locality: config.locality,
    },
    skipNodeUpdate: false,
    service: consulService(site),
    others: [],
    checks: [CATALOG_CHECK],
    wall,
  }
}

const consulService = ({ config, consulVersion }: Site): RegisterCommand['service'] => ({
  ...BARE_SERVICE,
  id: CONSUL,
  name: CONSUL,
  meta: {
    non_voter: 'false',
    raft_version: '3',
    read_replica: 'false',
    serf_protocol_current: '2',
    serf_protocol_max: '5',
    serf_protocol_min: '1',
    version: consulVersion,
  },
  port: config.ports.server,
})
