// /v1/agent: the agent about itself. Its services and checks stand in core/local.
import { utf8 } from '../bytes.ts'
import { nodeMeta } from '../catalog/boot.ts'
import { printedPoint } from '../coordinates/records.ts'
import { ApiError } from '../errors.ts'
import { filterOf, INT, STRING, structOf, TEXTS } from '../filter/filter.ts'
import { isLogLevel, type LogLevel } from '../log.ts'
import { type Metrics, metricsJson, metricsPrometheus } from '../metrics.ts'
import type { Query } from '../route/query.ts'
import { type Asked, EMPTY_JSON, local, noBody, type Said } from '../route/route.ts'
import type { Member, Site } from '../route/site.ts'
import { isoUtc } from '../time.ts'

/** What a filter may ask of a member. */
const MEMBER = structOf({
  Name: STRING,
  Addr: STRING,
  Port: INT,
  Tags: TEXTS,
  Status: INT,
  ProtocolMin: INT,
  ProtocolMax: INT,
  ProtocolCur: INT,
  DelegateMin: INT,
  DelegateMax: INT,
  DelegateCur: INT,
})

/** Consul prints these of a build that nobody has stamped. */
const BUILD_DATE = '1970-01-01T00:00:01Z'
const REVISION = ''

const self = local({
  path: 'GET /v1/agent/self',
  about: 'configuration, membership and numbers of this agent',
  acl: { resource: 'agent', access: 'read' },
  body: noBody,
  run: (site) => ({ json: describe(site) }),
})

function describe(site: Site) {
  const { config, shown } = site
  return {
    Config: {
      Datacenter: shown.datacenter,
      PrimaryDatacenter: shown.primaryDatacenter,
      NodeName: shown.nodeName,
      NodeID: config.nodeId,
      Revision: REVISION,
      Server: config.server,
      Version: site.consulVersion,
      BuildDate: BUILD_DATE,
    },
    DebugConfig: shown.debug,
    Coord: config.gossip.coordinates ? printedPoint(site.ownPoint()) : null,
    Member: site.members().find(({ Name }) => Name === config.nodeName),
    Stats: site.stats(),
    Meta: nodeMeta(site),
  }
}

const version = local({
  path: 'GET /v1/agent/version',
  about: 'the version of Consul whose surface this agent has',
  acl: 'none',
  body: noBody,
  run: ({ consulVersion }) => ({
    json: { SHA: REVISION, BuildDate: BUILD_DATE, HumanVersion: consulVersion, FIPS: '' },
  }),
})

const host = local({
  path: 'GET /v1/agent/host',
  about: 'memory, processors and disk of the machine',
  acl: { resource: 'operator', access: 'read' },
  body: noBody,
  run: (): Asked => ({ ask: { type: 'host' }, say: (json) => ({ json }) }),
})

const members = local({
  path: 'GET /v1/agent/members',
  about: 'the members of the pool; ?wan=1 for that of all datacenters',
  acl: { resource: 'node', access: 'read' },
  body: noBody,
  run: (site, input): Said<readonly Member[]> => {
    const wan = (input.query.get('wan') ?? '') !== ''
    checkSegment(input.query.get('segment') ?? '', wan)
    const members = wan ? site.wanMembers() : site.members()
    return { json: members.filter(filterOf(input.query.get('filter'), MEMBER)) }
  },
})

/** Every segment that there is: the one without a name. */
const ALL_SEGMENTS = '_all'

function checkSegment(segment: string, wan: boolean): void {
  if (segment === '' || segment === ALL_SEGMENTS) return
  if (wan) throw new ApiError('bad-request', 'Cannot provide a segment with wan=true')
  const why = 'Network segments are not supported in this version of Consul'
  throw new ApiError('invalid', why)
}

const metrics = local({
  path: 'GET /v1/agent/metrics',
  about: 'counters, gauges and samples of the last interval; ?format=prometheus for all time',
  acl: { resource: 'agent', access: 'read' },
  body: noBody,
  run: ({ config, metrics }, { query, accept, wall }): Said => {
    const wantsPrometheus = query.get('format') === 'prometheus' || isOpenMetrics(accept ?? '')
    if (wantsPrometheus) return prometheus(metrics, config.prometheus)
    const [day, time = ''] = isoUtc(metrics.complete?.from ?? wall).split('T')
    return { json: metricsJson(metrics, `${day} ${time.slice(0, 8)} +0000 UTC`) }
  },
})

/** What a scraper says that it takes: any member of its list counts, its first parameter too. */
const isOpenMetrics = (accept: string): boolean =>
  accept.split(',').some((one) => {
    const [type = '', parameter = ''] = one.split(';').map((part) => part.trim())
    const kind = type.toLowerCase()
    const isText = kind === 'text/plain' && parameter === 'version=0.4.0'
    return isText || kind === 'application/openmetrics-text'
  })

function prometheus(metrics: Metrics, enabled: boolean): Said {
  if (enabled) {
    const headers = ['Content-Type', 'text/plain; version=0.0.4; charset=utf-8']
    return { bytes: utf8(metricsPrometheus(metrics)), headers }
  }
  const why = 'Prometheus is not enabled since its retention time is not positive'
  return { headers: [...EMPTY_JSON.headers, 'X-Consul-Reason', why] }
}

const monitor = local({
  path: 'GET /v1/agent/monitor',
  about: 'the log of this agent as it is written; ?loglevel, ?logjson',
  acl: { resource: 'agent', access: 'read' },
  body: noBody,
  run: (_site, { query }): Said => ({
    live: { live: 'log', level: levelOf(query), json: query.has('logjson') },
  }),
})

function levelOf(query: Query): LogLevel {
  const asked = query.get('loglevel') ?? ''
  const level = asked === '' ? 'info' : asked.toLowerCase()
  if (isLogLevel(level)) return level
  if (level === 'err') return 'error'
  throw new ApiError('bad-request', `Unknown log level: ${asked}`)
}

const reload = local({
  path: 'PUT /v1/agent/reload',
  about: 'read the configuration again',
  acl: { resource: 'agent', access: 'write' },
  body: noBody,
  run: (): Asked => ({
    ask: { type: 'reload' },
    say: (answer) => {
      // What the runtime answers to `reload`.
      const { error } = answer as { readonly error?: string }
      return error === undefined ? EMPTY_JSON : { status: 500, text: error }
    },
  }),
})

const leave = local({
  path: 'PUT /v1/agent/leave',
  about: 'leave the pool and stop',
  acl: { resource: 'agent', access: 'write' },
  body: noBody,
  run: (): Asked => ({ ask: { type: 'leave' }, say: () => EMPTY_JSON }),
})

/** Without ACLs there is no token to set; with them this version says that it cannot. */
const token = local({
  path: 'PUT /v1/agent/token/*slot',
  about: 'set a token of this agent',
  acl: { resource: 'agent', access: 'write' },
  body: noBody,
  run: ({ config }): Said => {
    if (!config.acl.enabled) throw new ApiError('unauthorized', 'ACL support disabled')
    throw new ApiError('invalid', 'tokens are not built into this version')
  },
})

export const agentRoutes = [
  self,
  version,
  host,
  members,
  metrics,
  monitor,
  reload,
  leave,
  token,
] as const
