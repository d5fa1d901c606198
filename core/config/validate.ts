// Which settings cannot hold, alone or together, in the order in which Consul looks at them: its
// users see the first complaint, ours see all of them. A rule that is kept says nothing.
import { isUuid } from '../ids.ts'
import { isAnyIp, parseIp, parseNetwork } from '../ip.ts'
import { isLogLevel } from '../log.ts'
import { multierror } from '../multierror.ts'
import { nameFault } from '../names.ts'
import {
  type Complaint,
  type Draft,
  gatherRefusal,
  type Rules,
  refuse,
  refuseLate,
} from './draft.ts'
import type { NetworkPlan } from './network.ts'
import { getAt } from './paths.ts'
import type { Settings } from './schema.ts'
import { checkDurations } from './validate-durations.ts'
import {
  addressRules,
  choiceRules,
  farRules,
  groupRules,
  keyRules,
  keySizeRule,
  metaRules,
  numberRules,
  roleRules,
  wordRules,
} from './validate-values.ts'

/** What Consul finds while it puts the settings together, and lists in one complaint. */
export function checkValues(draft: Draft): void {
  checkDurations(draft)
  checkRaftMultiplier(draft)
  checkMembers(draft, 'serf_lan_allowed_cidrs')
  checkMembers(draft, 'serf_wan_allowed_cidrs')
  checkWriters(draft)
  checkWords(draft)
  for (const rule of groupRules(draft.gathered.settings))
    if (rule !== undefined) refuse(draft, rule)
}

const MULTIPLIER_MIN = 1
const MULTIPLIER_MAX = 10

function checkRaftMultiplier(draft: Draft): void {
  const path = 'performance.raft_multiplier'
  const value = draft.gathered.settings.performance?.raft_multiplier ?? MULTIPLIER_MIN
  if (value >= MULTIPLIER_MIN && value <= MULTIPLIER_MAX) return
  const range = `between ${MULTIPLIER_MIN} and ${MULTIPLIER_MAX}`
  refuse(draft, {
    path,
    consul: `${path} cannot be ${value}. Must be ${range}`,
    what: `${path} must be ${range}, not ${value}`,
  })
}

/** Networks whose members may join: Consul lists those it does not understand, and stops. */
function checkMembers(
  draft: Draft,
  path: 'serf_lan_allowed_cidrs' | 'serf_wan_allowed_cidrs',
): void {
  const wrong = (draft.gathered.settings[path] ?? []).filter(isNoNetwork)
  if (wrong.length === 0) return
  const list = multierror(wrong.map((network) => `invalid cidr: ${network}`))
  refuse(draft, { path, consul: `${path}: ${list}`, what: noNetwork(path, wrong) })
}

function checkWriters(draft: Draft): void {
  const path = 'http_config.allow_write_http_from'
  const { allow_write_http_from: networks = [] } = draft.gathered.settings.http_config ?? {}
  for (const network of networks.filter(isNoNetwork)) {
    const consul = `allow_write_http_from: invalid cidr: ${network}`
    gatherRefusal(draft, { path, consul, what: noNetwork(path, [network]) })
  }
}

const isNoNetwork = (text: string): boolean => parseNetwork(text.trim()) === undefined

const noNetwork = (path: string, wrong: readonly string[]): string =>
  `${path} takes networks as 10.0.0.0/8, not ${wrong.map((one) => JSON.stringify(one)).join(', ')}`

/** Words with a fixed set of values of which Consul gathers the wrong ones. */
const WORDS = [
  { path: 'dns_config.recursor_strategy', kind: 'strategy', words: ['sequential', 'random'] },
  {
    path: 'limits.request_limits.mode',
    kind: 'mode',
    words: ['disabled', 'permissive', 'enforcing'],
  },
] as const

function checkWords(draft: Draft): void {
  for (const { path, kind, words } of WORDS) {
    const given = getAt(draft.gathered.settings, path)
    if (given === undefined || words.some((word) => word === given)) continue
    if (kind === 'strategy' && given === '') continue
    const shown = JSON.stringify(given)
    const consul = `${path}: invalid ${kind}: ${shown}`
    const next = `one of ${words.join(', ')}`
    gatherRefusal(draft, { path, consul, what: `${path} cannot be ${shown}`, next })
  }
}

/** The complaint, if the rule is broken. */
const when = (broken: boolean, complaint: Complaint): Complaint | undefined =>
  broken ? complaint : undefined

/** What Consul looks at once the settings stand, one after the other. */
export function checkRules(draft: Draft, plan: NetworkPlan | undefined): void {
  const { settings } = draft.gathered
  const rules: Rules = [
    raftRule(settings),
    nameRule('datacenter', settings.datacenter ?? ''),
    ...dataDirRules(draft),
    ...uiPathRules(settings),
    ...wordRules(settings),
    nodeNameRule(draft),
    ...domainRules(settings),
    altDomainRule(settings),
    ...recursorRules(draft),
    ...bootstrapRules(draft),
    ...numberRules(settings),
    settings.primary_datacenter === undefined || settings.primary_datacenter === ''
      ? undefined
      : nameRule('primary_datacenter', settings.primary_datacenter),
    uiDirRule(draft),
    ...metaRules(settings),
    ...keyRules(settings),
    ...farRules(settings),
    ...(plan === undefined ? [] : addressRules(plan)),
  ]
  for (const rule of rules) if (rule !== undefined) refuse(draft, rule)
  for (const rule of roleRules(settings)) if (rule !== undefined) refuseLate(draft, rule)
}

const raftRule = ({ raft_protocol: version }: Settings): Complaint | undefined =>
  when(version !== 3, {
    path: 'raft_protocol',
    consul: `raft_protocol version ${version} is not supported by this version of Consul`,
    what: `raft_protocol is 3, not ${version}`,
  })

/** What Consul looks at only when it starts. */
export function checkStart(draft: Draft): void {
  const { log_level: level = 'info', node_id: id = '' } = draft.gathered.settings
  const levels = '[TRACE DEBUG INFO WARN ERR ERROR]'
  const idFault = id.length === 36 ? 'uuid is improperly formatted' : 'uuid string is wrong length'
  const rules: Rules = [
    when(!isLogLevel(level.toLowerCase()) && level.toLowerCase() !== 'err', {
      path: 'log_level',
      consul: `Invalid log level: ${level}. Valid log levels are: ${levels}`,
      what: `log_level is no level: ${JSON.stringify(level)}`,
      next: 'trace, debug, info, warn or error',
    }),
    when(id !== '' && !isUuid(id), {
      path: 'node_id',
      consul: `failed to setup node ID: specified NodeID is invalid: ${idFault}`,
      what: `node_id is no UUID: ${JSON.stringify(id)}`,
      next: 'leave it out, and the agent draws one and keeps it',
    }),
    keySizeRule(draft.gathered.settings),
    ...choiceRules(draft),
  ]
  for (const rule of rules) if (rule !== undefined) refuseLate(draft, rule)
}

function nameRule(path: string, given: string): Complaint | undefined {
  const name = given.toLowerCase()
  const shown = JSON.stringify(name)
  const rule = 'can only contain lowercase alphanumeric, - or _ characters'
  const consul = name === '' ? `${path} cannot be empty` : `${path} ${rule}. received: ${shown}`
  return when(!/^[a-z0-9_-]+$/.test(name), {
    path,
    consul,
    what: `${path} cannot be ${JSON.stringify(given)}`,
    next: 'use lower-case letters, digits, "-" and "_"',
  })
}

function dataDirRules({ gathered, facts }: Draft): Rules {
  const { data_dir = '' } = gathered.settings
  const path = 'data_dir'
  return [
    when(!gathered.dev && data_dir === '', {
      path,
      consul: 'data_dir cannot be empty',
      what: 'data_dir is missing: an agent keeps its state there',
      next: '-data-dir=./data, or -dev for one that keeps nothing',
    }),
    when(!gathered.dev && facts.dataDir === 'no-folder', {
      path,
      consul: `data_dir ${JSON.stringify(data_dir)} is not a directory`,
      what: `data_dir is no folder: ${data_dir}`,
    }),
  ]
}

function uiPathRules(settings: Settings): Rules {
  const path = 'ui_config.content_path'
  const value = uiPathOf(settings)
  const shown = JSON.stringify(value)
  return [
    when(!/^[A-Za-z0-9/_-]+$/.test(value), {
      path,
      consul: `ui-content-path can only contain alphanumeric, -, _, or /. received: ${shown}`,
      what: `${path} cannot be ${shown}`,
      next: 'use letters, digits, "-", "_" and "/"',
    }),
    when(/^\/v\d+\/$/.test(value), {
      path,
      consul: `ui-content-path cannot have 'v[0-9]'. received: ${shown}`,
      what: `${path} cannot be ${value}: the API is there`,
    }),
  ]
}

/** Where the web page stands: between slashes, however it was written. */
export function uiPathOf({ ui_config: ui }: Settings): string {
  const path = ui?.content_path ?? ''
  return path === '' ? '/ui/' : `/${path.replace(/^\/+|\/+$/g, '')}/`
}

function uiDirRule({ gathered }: Draft): Complaint | undefined {
  const { enabled = false, dir = '' } = gathered.settings.ui_config ?? {}
  return when(!gathered.dev && enabled && dir !== '', {
    path: 'ui_config.dir',
    consul: 'ui_config.enabled and ui_config.dir cannot both be set',
    what: 'ui_config.enabled and ui_config.dir exclude each other',
    next: 'keep one of them',
  })
}

const LABEL_LENGTH_MAX = 63

function nodeNameRule(draft: Draft): Complaint | undefined {
  const name = nodeNameOf(draft)
  if (/[^A-Za-z0-9-]/.test(name))
    draft.warnings.push(
      `DNS cannot find a node called ${JSON.stringify(name)}: it asks for letters, digits and "-"`,
    )
  else if (name.length > LABEL_LENGTH_MAX)
    draft.warnings.push(
      `DNS cannot find a node whose name is longer than ${LABEL_LENGTH_MAX}: ${name}`,
    )
  const path = 'node_name'
  const next = 'leave it out, and the node is called as the machine'
  const empty = { path, consul: 'node_name cannot be empty', what: 'node_name is blank', next }
  const fault = name === '' ? undefined : nameFault(name)
  const shown = JSON.stringify(name)
  return (
    when(name === '', empty) ??
    // Consul takes such a name; our pool does not: it would break lines of logs.
    when(fault !== undefined, {
      path,
      consul: `node_name cannot be ${shown}: ${fault}`,
      what: `node_name cannot be ${shown}: ${fault}`,
      next,
    })
  )
}

/** Names of DNS have labels of 1 to 63 bytes, and as many as leave room for others. */
const DOMAIN = /^(?!.{200})[!--/-~]{1,63}(?:\.[!--/-~]{1,63})*\.?$/

/** Ours alone: Consul takes any text, and answers for nothing or for everything. */
function domainRules({ domain = '', alt_domain = '' }: Settings): Rules {
  const ruleOf = (path: string, text: string) =>
    when(!DOMAIN.test(text), {
      path,
      consul: `${path} is no domain name: ${JSON.stringify(text)}`,
      what: `${path} is no domain name: ${JSON.stringify(text)}`,
      next: 'labels with a dot between them, as in consul or dc.example.com',
    })
  return [
    ruleOf('domain', domain),
    alt_domain === '' ? undefined : ruleOf('alt_domain', alt_domain),
  ]
}

/** The name of the machine unless one is given. */
export function nodeNameOf({ gathered, facts }: Draft): string {
  const { node_name: given = '' } = gathered.settings
  return (given === '' ? facts.hostName : given).trim()
}

/** Names that mean something as the last but one label of a question. */
const DNS_KINDS = ['service', 'connect', 'node', 'query', 'addr']

function altDomainRule({ alt_domain = '', datacenter = '' }: Settings): Complaint | undefined {
  const [first = '', ...below] = alt_domain.split('.')
  const taken = [...DNS_KINDS, datacenter.toLowerCase()]
  return when(below.length > 0 && taken.includes(first), {
    path: 'alt_domain',
    consul: `alt_domain cannot start with {${taken.join(',')}}`,
    what: `alt_domain cannot begin with ${first}: names below it could be read in two ways`,
  })
}

/** Consul takes almost any text and fails to ask. */
function recursorRules({ profile, gathered }: Draft): Rules {
  const path = 'recursors'
  const { recursors = [] } = gathered.settings
  return recursors.map((recursor) => {
    const shown = JSON.stringify(recursor)
    const what = `recursors takes IP addresses, with a port or without, not ${shown}`
    if (recursor.startsWith('unix://'))
      return { path, consul: `DNS Recursors cannot be unix sockets: ${recursor}`, what }
    if (isAnyIp(recursor) || recursor === '[::]')
      return { path, consul: 'DNS recursor address cannot be 0.0.0.0, :: or [::]', what }
    const strict = profile !== 'consul'
    return when(strict && !isHostPort(recursor), {
      path,
      consul: `Invalid recursor: ${recursor}`,
      what,
    })
  })
}

function isHostPort(text: string): boolean {
  if (text.includes('{{') || parseIp(text) !== undefined) return true
  const match = /^(?:\[([^\]]+)\]|([^:]+)):\d{1,5}$/.exec(text)
  return parseIp(match?.[1] ?? match?.[2] ?? '') !== undefined
}

/** To expect one server is to bootstrap. */
export function bootstrapOf(settings: Settings): { bootstrap: boolean; expect: number } {
  const { bootstrap = false, bootstrap_expect: expect = 0 } = settings
  return expect === 1 ? { bootstrap: true, expect: 0 } : { bootstrap, expect }
}

function bootstrapRules({ gathered }: Draft): Rules {
  const { server = false } = gathered.settings
  const { bootstrap, expect } = bootstrapOf(gathered.settings)
  const path = 'bootstrap_expect'
  return [
    when(bootstrap && !server, {
      path: 'bootstrap',
      consul: "'bootstrap = true' requires 'server = true'",
      what: 'only a server can bootstrap a cluster',
      next: 'add server = true (-server)',
    }),
    when(expect < 0, {
      path,
      consul: `${path} cannot be ${expect}. Must be greater than or equal to zero`,
      what: `${path} cannot be ${expect}`,
    }),
    when(expect > 0 && !server, {
      path,
      consul: "'bootstrap_expect > 0' requires 'server = true'",
      what: `${path} is for servers`,
      next: 'add server = true (-server)',
    }),
    when(expect > 0 && gathered.dev, {
      path,
      consul: "'bootstrap_expect > 0' not allowed in dev mode",
      what: `${path} and -dev exclude each other: a development agent is alone`,
    }),
    when(expect > 0 && bootstrap, {
      path,
      consul: "'bootstrap_expect > 0' and 'bootstrap = true' are mutually exclusive",
      what: `bootstrap and ${path} exclude each other`,
      next: 'bootstrap for a single server, bootstrap_expect for several',
    }),
  ]
}
