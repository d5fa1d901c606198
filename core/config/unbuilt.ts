// What a configuration may ask for and this version does not do. Ignoring it in silence would be
// worse than not starting, where safety or data hang on it; the rest is a warning.
import type { AgentConfig } from './agent-config.ts'
import type { MachineFacts } from './facts.ts'
import type { Gathered } from './gather.ts'

type Judged = Pick<AgentConfig, 'acl' | 'server' | 'bootstrap' | 'bootstrapExpect' | 'dev'>

export interface Unbuilt {
  /** The setting that asks for it. */
  readonly path: string
  readonly what: string
  readonly next: string
}

const ALONE = 'start it with bootstrap = true (-bootstrap)'

/** The reasons not to start. */
export function unbuilt(config: Judged, dataDir: MachineFacts['dataDir']): readonly Unbuilt[] {
  const { acl, server, bootstrap, bootstrapExpect, dev } = config
  const waits = server && !dev && !bootstrap && bootstrapExpect <= 1 && dataDir !== 'used'
  const reasons: readonly (Unbuilt | false)[] = [
    acl.enabled && {
      path: 'acl.enabled',
      what: 'acl.enabled: this version checks no tokens, so everything would be allowed',
      next: 'start it without ACLs where nobody else can reach it, or wait for a later version',
    },
    !server && {
      path: 'server',
      what: 'server = false: this version has servers only, no client agents',
      next: 'add server = true (-server)',
    },
    bootstrapExpect > 1 && {
      path: 'bootstrap_expect',
      what: `bootstrap_expect = ${bootstrapExpect}: this version has clusters of one server`,
      next: ALONE,
    },
    waits && {
      path: 'bootstrap',
      what: 'a server without bootstrap waits for others, and this version cannot meet them',
      next: ALONE,
    },
  ]
  return reasons.filter((reason) => reason !== false)
}

type Settings = Gathered['settings']

/** Settings that are taken and have no effect yet, each with the test that it was given. */
const WITHOUT_EFFECT: readonly (readonly [name: string, given: (s: Settings) => boolean])[] = [
  ['retry_join_wan', (s) => has(s.retry_join_wan)],
  ['watches', (s) => has(s.watches)],
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
