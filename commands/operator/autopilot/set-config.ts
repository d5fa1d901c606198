// lictor operator autopilot set-config: changes how the servers look after themselves.
import { parseBool } from '../../../core/bool.ts'
import { encodeJson } from '../../../core/route/json.ts'
import { durationComplaint, formatDurationNs, parseDurationNs } from '../../../core/time.ts'
import { parseU64, type U64, u64Complaint } from '../../../core/u64.ts'
import { connect } from '../../kit/client.ts'
import {
  type Answer,
  type Call,
  defineCommand,
  type Flag,
  type Flags,
  optional,
} from '../../kit/declare.ts'
import { answerIsNo } from '../../kit/failure.ts'
import { HTTP_FLAGS } from '../../kit/http-flags.ts'

/** true or false; undefined when nobody says: then what holds stays. */
const maybe = (about: string): Flag<boolean | undefined> => ({
  ...optional(about, { placeholder: 'true|false' }),
  kind: 'boolean',
  fallback: undefined,
  read: (given) => {
    const value = parseBool(given)
    if (value !== undefined) return { ok: true, value }
    return { ok: false, why: `strconv.ParseBool: parsing ${JSON.stringify(given)}: invalid syntax` }
  },
})

const number = (about: string): Flag<U64 | undefined> => ({
  ...optional(about, { placeholder: 'N' }),
  fallback: undefined,
  read: (given) => {
    const parsed = parseU64(given)
    return parsed.ok ? parsed : { ok: false, why: u64Complaint(given, parsed.why) }
  },
})

/** As the API writes it. */
const time = (about: string): Flag<string | undefined> => ({
  ...optional(about, { placeholder: 'DURATION' }),
  read: (given) => {
    const ns = parseDurationNs(given)
    return ns === undefined
      ? { ok: false, why: durationComplaint(given) }
      : { ok: true, value: formatDurationNs(ns) }
  },
})

const FLAGS = {
  ...HTTP_FLAGS,
  'cleanup-dead-servers': maybe('remove a dead server as soon as another has taken its place'),
  'disable-upgrade-migration': maybe('Consul Enterprise only'),
  'last-contact-threshold': time('a server that is silent for longer is not healthy'),
  'max-trailing-logs': number('a server that is further behind is not healthy'),
  'min-quorum': number('dead servers are not removed below so many voters'),
  'redundancy-zone-tag': optional('Consul Enterprise only', { placeholder: 'TAG' }),
  'server-stabilization-time': time('so long must a new server be healthy before it votes'),
  'upgrade-version-tag': optional('Consul Enterprise only', { placeholder: 'TAG' }),
} as const satisfies Flags

const CONFIGURATION = '/v1/operator/autopilot/configuration'

export const command = defineCommand({
  id: 'operator autopilot set-config',
  summary: 'Change how the servers look after themselves',
  description: [
    'What no flag names stays as it is. If somebody else changes the settings in between, ' +
      'nothing is changed and the exit code is 1.',
  ],
  examples: [
    {
      does: 'Keep dead servers until they are removed by hand',
      command: 'operator autopilot set-config -cleanup-dead-servers=false',
    },
    {
      does: 'New servers prove themselves for half a minute',
      command: 'operator autopilot set-config -server-stabilization-time=30s',
    },
  ],
  args: [],
  flags: FLAGS,
  consul: { usage: 'operator autopilot set-config [options]' },
  run: async (call): Promise<Answer> => {
    const client = connect(call)
    const asked = await client.call(`GET ${CONFIGURATION}`, {
      fault: 'Error querying Autopilot configuration: ',
    })
    const now = asked.value()
    const reply = await client.call(`PUT ${CONFIGURATION}`, {
      query: { cas: String(now.ModifyIndex) },
      body: encodeJson({ ...now, ...changesOf(call.flags) }),
      fault: 'Error setting Autopilot configuration: ',
    })
    if (!reply.value()) throw outrun()
    return { json: true, text: 'Configuration updated!\n' }
  },
})

/** The names of the API, of what is given alone. */
function changesOf(flags: Call<typeof FLAGS>['flags']): Readonly<Record<string, unknown>> {
  const all = {
    CleanupDeadServers: flags['cleanup-dead-servers'],
    LastContactThreshold: flags['last-contact-threshold'],
    MaxTrailingLogs: flags['max-trailing-logs'],
    MinQuorum: flags['min-quorum'],
    ServerStabilizationTime: flags['server-stabilization-time'],
    RedundancyZoneTag: flags['redundancy-zone-tag'],
    DisableUpgradeMigration: flags['disable-upgrade-migration'],
    UpgradeVersionTag: flags['upgrade-version-tag'],
  }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
}

const outrun = () =>
  answerIsNo('cas_failed', 'nothing is changed', {
    why: 'the settings were changed by somebody else in the meantime',
    next: ['lictor operator autopilot get-config'],
    consul: 'Configuration could not be atomically updated, please try again',
  })
