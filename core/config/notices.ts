// What Consul's `validate` prints beside its verdict, for those who are called as `consul`: of each
// source what is out of use or Enterprise's, then what the settings come to.
import type { UnknownKey } from './decode.ts'
import type { Draft } from './draft.ts'
import { MOVES, type Settings } from './schema.ts'
import { bootstrapOf, nodeNameOf } from './validate.ts'

/** Keys of Enterprise in the order in which Consul looks for them. */
const ENTERPRISE = [
  'read_replica',
  'non_voting_server',
  'segment',
  'segments',
  'partition',
  'autopilot.redundancy_zone_tag',
  'autopilot.upgrade_version_tag',
  'autopilot.disable_upgrade_migration',
  'dns_config.prefer_namespace',
  'acl.msp_disable_bootstrap',
  'acl.tokens.managed_service_provider',
  'audit',
  'license_path',
  'reporting.license.enabled',
]

export function noticesOfEnterprise(keys: readonly UnknownKey[]): readonly string[] {
  const paths = new Set(keys.map((key) => key.path))
  const given = ENTERPRISE.filter((path) => paths.has(path)).map((path) => NAMES[path] ?? path)
  return [...new Set(given)].map(
    (name) => `"${name}" is a Consul Enterprise configuration and will have no effect`,
  )
}

const REPLICA = 'read_replica (or the deprecated non_voting_server)'
const NAMES: Readonly<Record<string, string>> = {
  read_replica: REPLICA,
  non_voting_server: REPLICA,
}

/** Of one source: what it calls by an old name. */
export const noticesOfMoves = (moved: readonly string[]): readonly string[] =>
  moved.filter((from) => !isLate(from) && from !== 'protocol').map(noticeOfMove)

/** Consul speaks of these once all sources are one. */
const isLate = (from: string): boolean => /^ui(_|$)/.test(from)

function noticeOfMove(from: string): string {
  if (from === 'acl_enforce_version_8')
    return `config key "${from}" is deprecated and should be removed`
  const to = MOVES[from] ?? ''
  const deprecated = `The '${from}' field is deprecated`
  return to === ''
    ? `${deprecated} and will be ignored.`
    : `${deprecated}. Use the '${to}' field instead.`
}

const LABEL_LENGTH_MAX = 63

/** Of the settings as a whole. */
export function noticesOf(draft: Draft, clients: readonly string[]): readonly string[] {
  const { settings, moved } = draft.gathered
  const once = new Set(moved.filter(isLate))
  // Of a name that somebody gave: that of the machine is nobody's setting.
  const name = settings.node_name === undefined ? '' : nodeNameOf(draft)
  const hidden = `Node name ${JSON.stringify(name)} will not be discoverable via DNS due to`
  const notices: readonly (string | false)[] = [
    clients.length === 0 &&
      'client_addr is empty, client services (DNS, HTTP, HTTPS, GRPC) ' +
        'will not be listening for connections',
    ...filterNotices(settings),
    ...[...once].map(noticeOfMove),
    settings.bootstrap_expect === 1 &&
      'BootstrapExpect is set to 1; this is the same as Bootstrap mode.',
    /[^A-Za-z0-9-]/.test(name)
      ? `${hidden} invalid characters. Valid characters include all alpha-numerics and dashes.`
      : name.length > LABEL_LENGTH_MAX &&
        `${hidden} it being too long. Valid lengths are between 1 and 63 bytes.`,
    ...serverNotices(draft),
  ]
  return notices.filter((notice) => notice !== false)
}

function filterNotices({ telemetry }: Settings): readonly string[] {
  return (telemetry?.prefix_filter ?? []).flatMap((rule) => {
    if (rule === '') return ['Cannot have empty filter rule in prefix_filter']
    if (/^[+-]/.test(rule)) return []
    return [`Filter rule must begin with either '+' or '-': ${JSON.stringify(rule)}`]
  })
}

function serverNotices({ gathered }: Draft): readonly (string | false)[] {
  const { settings, dev } = gathered
  const { bootstrap, expect } = bootstrapOf(settings)
  const { server = false, use_streaming_backend: streams = true } = settings
  const { enable_streaming: serves = server } = settings.rpc ?? {}
  if (!server)
    return [serves && 'rpc.enable_streaming = true has no effect when not running in server mode']
  return [
    bootstrap && expect === 0 && 'bootstrap = true: do not enable unless necessary',
    !dev && !bootstrap && expect > 1 && `bootstrap_expect > 0: expecting ${expect} servers`,
    streams &&
      !serves &&
      'use_streaming_backend = true requires rpc.enable_streaming on servers to work properly',
  ]
}
