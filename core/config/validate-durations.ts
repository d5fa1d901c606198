// Every duration of the settings outside lists; those of checks are judged with their check. Consul
// calls a few of them by other names than files do, and some have a shortest length.
import { formatDurationNs, parseDurationNs } from '../time.ts'
import { type Draft, durationOf, gatherRefusal } from './draft.ts'
import { getAt } from './paths.ts'
import { AGENT } from './schema.ts'
import type { RecordShape } from './shape.ts'

export function checkDurations(draft: Draft): void {
  checkRecord(draft, AGENT, '')
  checkServiceTtls(draft)
  for (const [path, atLeast] of Object.entries(SHORTEST)) checkLength(draft, path, atLeast)
}

/** What Consul says instead of the path. */
const CONSUL_NAMES: Readonly<Record<string, string>> = {
  'dns_config.recursor_timeout': 'recursor_timeout',
  'telemetry.prometheus_retention_time': 'prometheus_retention_time',
}

/** A slip of Consul's that its users see. */
const nameOf = (path: string): string =>
  CONSUL_NAMES[path] ?? path.replace(/^(gossip_[lw]an)\./, '$1..')

const SHORTEST: Readonly<Record<string, string>> = {
  'performance.grpc_keepalive_interval': '1s',
  'performance.grpc_keepalive_timeout': '1s',
  server_rejoin_age_max: '6h',
}

function checkRecord(draft: Draft, shape: RecordShape, prefix: string): void {
  for (const [field, inner] of Object.entries(shape.fields)) {
    const path = `${prefix}${field}`
    if (inner.type === 'record') checkRecord(draft, inner, `${path}.`)
    if (inner.type !== 'duration') continue
    const text = getAt(draft.gathered.settings, path)
    if (typeof text === 'string') durationOf(draft, { path, name: nameOf(path), text })
  }
}

/** TTLs by service name: the one map of durations. */
function checkServiceTtls(draft: Draft): void {
  const path = 'dns_config.service_ttl'
  const origin = draft.gathered.origins.get(path)
  const { service_ttl: ttls = {} } = draft.gathered.settings.dns_config ?? {}
  for (const [name, text] of Object.entries(ttls))
    durationOf(draft, { path: `${path}[${JSON.stringify(name)}]`, text, origin })
}

/** What is no duration has no length, and Consul complains of that, too. */
function checkLength(draft: Draft, path: string, atLeast: string): void {
  const text = getAt(draft.gathered.settings, path)
  const least = parseDurationNs(atLeast) ?? 0
  if (typeof text !== 'string' || (parseDurationNs(text) ?? 0) >= least) return
  const shown = formatDurationNs(least)
  gatherRefusal(draft, {
    path,
    consul: `${path}: duration '${text}' cannot be less than: ${shown}`,
    what: `${path} is shorter than ${shown}: ${JSON.stringify(text)}`,
  })
}
