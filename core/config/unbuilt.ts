// What a configuration may ask for and this version does not do. Ignoring it in silence would be
// worse than not starting, where safety or data hang on it; the rest is a warning.
import type { AgentConfig } from './agent-config.ts'
import type { MachineFacts } from './facts.ts'
import type { Gathered } from './gather.ts'

type Judged = Pick<AgentConfig, 'acl' | 'server' | 'bootstrap' | 'bootstrapExpect' | 'dev'>

/** The reasons not to start, in words for people. */
export function unbuilt(config: Judged, dataDir: MachineFacts['dataDir']): readonly string[] {
  const reasons: string[] = []
  if (config.acl.enabled)
    reasons.push('acl.enabled: this version checks no tokens; start without ACLs, or not at all')
  if (!config.server)
    reasons.push('server = false: this version has servers only, no client agents')
  if (config.bootstrapExpect > 1)
    reasons.push(
      `bootstrap_expect = ${config.bootstrapExpect}: this version has clusters of one server; ` +
        'start it with bootstrap = true (-bootstrap)',
    )
  const starts = config.dev || config.bootstrap || config.bootstrapExpect === 1
  if (config.server && config.bootstrapExpect <= 1 && !starts && dataDir !== 'used')
    reasons.push(
      'a server without bootstrap waits for others, and this version cannot meet them; ' +
        'start it with bootstrap = true (-bootstrap)',
    )
  return reasons
}

type Settings = Gathered['settings']

/** Settings that are taken and have no effect yet, each with the test that it was given. */
const WITHOUT_EFFECT: readonly (readonly [name: string, given: (s: Settings) => boolean])[] = [
  ['retry_join', (s) => has(s.retry_join)],
  ['retry_join_wan', (s) => has(s.retry_join_wan)],
  ['encrypt', (s) => has(s.encrypt)],
  ['services', (s) => has(s.services)],
  ['checks', (s) => has(s.checks)],
  ['watches', (s) => has(s.watches)],
  ['recursors', (s) => has(s.recursors)],
  ['config_entries.bootstrap', (s) => has(s.config_entries?.bootstrap)],
  ['ports.https', (s) => (s.ports?.https ?? -1) >= 0],
  ['auto_encrypt.allow_tls', (s) => s.auto_encrypt?.allow_tls === true],
  ['auto_config.enabled', (s) => s.auto_config?.enabled === true],
  ['enable_syslog', (s) => s.enable_syslog === true],
]

const has = (value: string | readonly unknown[] | undefined): boolean => (value?.length ?? 0) > 0

export function warnAboutUnbuilt({ settings }: Gathered): readonly string[] {
  const names = WITHOUT_EFFECT.filter(([, given]) => given(settings)).map(([name]) => name)
  return names.length === 0 ? [] : [`not in this version, without effect: ${names.join(', ')}`]
}
