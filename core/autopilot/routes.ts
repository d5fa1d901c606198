// /v1/operator/autopilot: its settings, and how it finds the servers.
import { ApiError } from '../errors.ts'
import {
  DecodeError,
  type Decoder,
  durationNs,
  flag,
  integer,
  jsonBody,
  struct,
  text,
  unsigned,
} from '../route/decode.ts'
import { encodeJson } from '../route/json.ts'
import { type Found, type Input, local, noBody, read, type Said, write } from '../route/route.ts'
import type { ServerHealth, Site } from '../route/site.ts'
import { get, type View } from '../state/txn.ts'
import { formatDuration, isoUtc } from '../time.ts'
import { parseU64, u64Complaint } from '../u64.ts'
import {
  AUTOPILOT,
  type AutopilotSpec,
  autopilotKey,
  DEFAULT_AUTOPILOT,
  type PrintedAutopilot,
  printedAutopilot,
  type SetAutopilotCommand,
} from './records.ts'

const QUIET_READ = { meta: 'none', blocking: false } as const

const getConfiguration = read({
  ...QUIET_READ,
  path: 'GET /v1/operator/autopilot/configuration',
  about: 'how the servers look after themselves',
  acl: { resource: 'operator', access: 'read' },
  run: (view): Found<PrintedAutopilot> => ({ index: 0, value: printedAutopilot(settingsOf(view)) }),
})

const settingsOf = (view: View) =>
  get(view, AUTOPILOT, autopilotKey) ?? { ...DEFAULT_AUTOPILOT, createIndex: 0, modifyIndex: 0 }

const COMPLAINT = 'Error parsing autopilot config'

/** Whatever is no text is read as a number, and a truth value is none. */
const readable: Decoder<number> = (node) => {
  if (node.type !== 'bool') return durationNs(node)
  throw new DecodeError(`strconv.ParseFloat: parsing "${node.value}": invalid syntax`)
}

const body = jsonBody(
  COMPLAINT,
  struct({
    CleanupDeadServers: flag,
    LastContactThreshold: readable,
    MaxTrailingLogs: unsigned,
    MinQuorum: unsigned,
    ServerStabilizationTime: readable,
    RedundancyZoneTag: text,
    DisableUpgradeMigration: flag,
    UpgradeVersionTag: text,
    CreateIndex: integer,
    ModifyIndex: integer,
  }),
)

type Sent = ReturnType<typeof body>

const putConfiguration = write({
  path: 'PUT /v1/operator/autopilot/configuration',
  about: 'change that; with ?cas only what has this index',
  acl: { resource: 'operator', access: 'write' },
  body,
  intent: (input) => ({ propose: commandOf(input) }),
  reply: (result): Said<boolean> => ({ json: result === true }),
})

function commandOf({ body: sent, query }: Input<Sent>): SetAutopilotCommand {
  const settings = specOf(sent)
  const cas = query.get('cas')
  if (cas === undefined) return { type: 'set-autopilot', settings, when: 'always', index: 0 }
  const parsed = parseU64(cas)
  if (!parsed.ok) {
    const why = u64Complaint(cas, parsed.why)
    throw new ApiError('bad-request', `Error parsing cas value: ${why}`)
  }
  return { type: 'set-autopilot', settings, when: 'cas', index: parsed.value }
}

const specOf = (sent: Sent): AutopilotSpec => ({
  cleanupDeadServers: sent.CleanupDeadServers ?? DEFAULT_AUTOPILOT.cleanupDeadServers,
  lastContactThresholdNs: sent.LastContactThreshold ?? DEFAULT_AUTOPILOT.lastContactThresholdNs,
  maxTrailingLogs: Number(sent.MaxTrailingLogs ?? DEFAULT_AUTOPILOT.maxTrailingLogs),
  minQuorum: Number(sent.MinQuorum ?? DEFAULT_AUTOPILOT.minQuorum),
  serverStabilizationTimeNs:
    sent.ServerStabilizationTime ?? DEFAULT_AUTOPILOT.serverStabilizationTimeNs,
  redundancyZoneTag: sent.RedundancyZoneTag ?? '',
  disableUpgradeMigration: sent.DisableUpgradeMigration ?? false,
  upgradeVersionTag: sent.UpgradeVersionTag ?? '',
})

const health = local({
  path: 'GET /v1/operator/autopilot/health',
  about: 'whether each server is healthy, and how many may fail; 429 if one is not',
  acl: { resource: 'operator', access: 'read' },
  parsesOptions: true,
  body: noBody,
  run: (site): Said => {
    const servers = site.serverHealth()
    const value = {
      Healthy: areHealthy(servers),
      FailureTolerance: toleranceOf(servers),
      Servers: servers.map(printedHealth),
    }
    // Consul's clients read the body of this refusal as JSON, whatever it calls itself.
    return value.Healthy ? { json: value } : { status: 429, text: encodeJson(value) }
  },
})

const areHealthy = (servers: readonly ServerHealth[]): boolean =>
  servers.every(({ healthy }) => healthy)

/** So many of the voters may fail that are healthy now. */
function toleranceOf(servers: readonly ServerHealth[]): number {
  const voters = servers.filter(({ voter }) => voter)
  const quorum = Math.floor(voters.length / 2) + 1
  return Math.max(0, voters.filter(({ healthy }) => healthy).length - quorum)
}

const heard = (server: ServerHealth) => ({
  Version: server.version,
  LastContact: formatDuration(server.lastContactMs),
  LastTerm: server.lastTerm,
  LastIndex: server.lastIndex,
  Healthy: server.healthy,
  // In whole seconds, the nearest.
  StableSince: isoUtc(Math.round(server.stableSince / 1000) * 1000).replace('.000Z', 'Z'),
})

function printedHealth(server: ServerHealth) {
  const { Version, Healthy, StableSince, ...contact } = heard(server)
  return {
    ID: server.id,
    Name: server.name,
    Address: server.address,
    SerfStatus: server.serfStatus,
    Version,
    Leader: server.leader,
    ...contact,
    Healthy,
    Voter: server.voter,
    StableSince,
  }
}

const state = local({
  path: 'GET /v1/operator/autopilot/state',
  about: 'the same with what autopilot makes of it',
  acl: { resource: 'operator', access: 'read' },
  parsesOptions: true,
  body: noBody,
  run: (site): Said<AutopilotState> => ({ json: printedState(site) }),
})

/** As the API prints it; the servers by their ids. */
export type AutopilotState = ReturnType<typeof printedState>

function printedState(site: Site) {
  const servers = site.serverHealth()
  const tolerance = toleranceOf(servers)
  return {
    Healthy: areHealthy(servers),
    FailureTolerance: tolerance,
    OptimisticFailureTolerance: tolerance,
    Servers: Object.fromEntries(servers.map((server) => [server.id, printedServer(server)])),
    Leader: servers.find(({ leader }) => leader)?.id ?? '',
    Voters: servers.filter(({ voter }) => voter).map(({ id }) => id),
  }
}

const printedServer = (server: ServerHealth) => ({
  ID: server.id,
  Name: server.name,
  Address: server.address,
  NodeStatus: server.serfStatus,
  ...heard(server),
  ReadReplica: false,
  Status: standingOf(server),
  Meta: server.meta,
  NodeType: 'voter',
})

function standingOf({ leader, voter }: ServerHealth): string {
  if (leader) return 'leader'
  return voter ? 'voter' : 'non-voter'
}

export const autopilotRoutes = [getConfiguration, putConfiguration, health, state] as const
