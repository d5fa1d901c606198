// The rules that look at one value each: ranges, choices, keys, labels, and ports taken twice.
import { parseBase64 } from '../bytes.ts'
import { joinHostPort } from '../ip.ts'
import { parseDurationNs } from '../time.ts'
import type { ListenAddress } from './agent-config.ts'
import type { Complaint, Draft, Rules } from './draft.ts'
import { faultOfMetadata } from './metadata.ts'
import type { NetworkPlan } from './network.ts'
import { getAt } from './paths.ts'
import type { Settings } from './schema.ts'

/** Counts that cannot be negative. */
const NOT_NEGATIVE = [
  'autopilot.max_trailing_logs',
  'dns_config.udp_answer_limit',
  'dns_config.a_record_limit',
] as const

export function numberRules(settings: Settings): Rules {
  const { check_output_max_size: size = 1 } = settings
  const small: Complaint = {
    path: 'check_output_max_size',
    consul:
      'check_output_max_size must be positive, to discard check output use the ' +
      'discard_check_output flag',
    what: `check_output_max_size must be positive, not ${size}`,
    next: 'discard_check_output = true keeps none of it',
  }
  const negative = NOT_NEGATIVE.map((path): Complaint | undefined => {
    const value = getAt(settings, path)
    if (typeof value !== 'number' || value >= 0) return undefined
    const consul = `${path} cannot be ${value}. Must be greater than or equal to zero`
    return { path, consul, what: `${path} cannot be ${value}` }
  })
  return [size < 1 ? small : undefined, ...negative]
}

export function metaRules({ node_meta = {} }: Settings): Rules {
  const fault = faultOfMetadata(node_meta)
  if (fault === undefined) return []
  const consul = `node_meta invalid: ${fault}`
  return [{ path: 'node_meta', consul, what: `node_meta cannot stand: ${fault}` }]
}

/** The gossip key: base64 of 16, 24 or 32 bytes. */
export function keyRules({ encrypt = '' }: Settings): Rules {
  if (encrypt === '') return []
  const path = 'encrypt'
  const parsed = parseBase64(encrypt)
  if (parsed.ok) return []
  const consul = `encrypt has invalid key: illegal base64 data at input byte ${parsed.at}`
  return [{ path, consul, what: 'encrypt is no base64', next: KEY_NEXT }]
}

const KEY_SIZES = [16, 24, 32]
const KEY_NEXT = 'lictor keygen makes one'

/** Consul looks at the size when the pool starts. */
export function keySizeRule({ encrypt = '' }: Settings): Complaint | undefined {
  const parsed = parseBase64(encrypt)
  if (encrypt === '' || !parsed.ok || KEY_SIZES.includes(parsed.bytes.length)) return undefined
  return {
    path: 'encrypt',
    consul: 'encrypt has invalid key: key size must be 16, 24 or 32 bytes',
    what: `encrypt must hold 16, 24 or 32 bytes, not ${parsed.bytes.length}`,
    next: KEY_NEXT,
  }
}

/** What Consul refuses before it looks at the settings together. */
export function groupRules({ cache, tls }: Settings): Rules {
  const { entry_fetch_max_burst: burst = 1, entry_fetch_rate: rate } = cache ?? {}
  const positive = (name: string, value: number | undefined): Complaint => ({
    path: `cache.${name}`,
    consul: `cache.${name} must be strictly positive, was: ${value}`,
    what: `cache.${name} must be positive, not ${value}`,
  })
  const { defaults, grpc, https, internal_rpc: rpc } = tls ?? {}
  const misplaced = (path: string, consul: string): Complaint => ({
    ...{ path: `tls.${path}`, consul, what: `tls.${path} has no meaning there` },
  })
  const hostless = 'verify_server_hostname is only valid in the'
  const own = [defaults, https, rpc].findIndex((group) => group?.use_auto_cert !== undefined)
  const named = ['defaults', 'https', 'internal_rpc'][own] ?? ''
  return [
    rule(
      grpc?.verify_outgoing !== undefined,
      misplaced('grpc.verify_outgoing', 'verify_outgoing is not valid in the tls.grpc stanza'),
    ),
    rule(
      grpc?.verify_server_hostname !== undefined || https?.verify_server_hostname !== undefined,
      misplaced(
        `${grpc?.verify_server_hostname === undefined ? 'https' : 'grpc'}.verify_server_hostname`,
        `${hostless} tls.defaults and tls.internal_rpc stanzas`,
      ),
    ),
    rule(
      own >= 0,
      misplaced(`${named}.use_auto_cert`, 'use_auto_cert is only valid in the tls.grpc stanza'),
    ),
    rule(burst <= 0, positive('entry_fetch_max_burst', burst)),
    rule(rate === 0, positive('entry_fetch_rate', rate)),
  ]
}

/** What Consul says of other datacenters, in its order. */
export function farRules({ server = false, connect, ...rest }: Settings): Rules {
  const { primary_gateways: gateways = [], datacenter = '', primary_datacenter: primary } = rest
  const federates = connect?.enable_mesh_gateway_wan_federation === true
  const path = 'primary_gateways'
  const isPrimary = (primary || datacenter).toLowerCase() === datacenter.toLowerCase()
  return [
    rule(federates && !server, {
      path: 'connect.enable_mesh_gateway_wan_federation',
      consul: "'connect.enable_mesh_gateway_wan_federation = true' requires 'server = true'",
      what: 'connect.enable_mesh_gateway_wan_federation is for servers',
    }),
    rule(gateways.length > 0 && !server, {
      path,
      consul: `'${path}' requires 'server = true'`,
      what: `${path} is for servers`,
    }),
    rule(gateways.length > 0 && isPrimary, {
      path,
      consul: `'${path}' should only be configured in a secondary datacenter`,
      what: `${path} is for datacenters that are not the primary`,
    }),
  ]
}

/** What Consul says of words that it passes on. */
export function wordRules({ locality, ui_config: ui }: Settings): Rules {
  const provider = ui?.metrics_provider ?? ''
  const shown = JSON.stringify(provider)
  const path = 'ui_config.metrics_provider'
  const allowed = 'can only contain lowercase alphanumeric, - or _ characters'
  return [
    rule(!/^[a-z0-9_-]*$/.test(provider), {
      path,
      consul: `${path} ${allowed}. received: ${shown}`,
      what: `${path} cannot be ${shown}`,
      next: 'use lower-case letters, digits, "-" and "_"',
    }),
    rule(Boolean(locality?.zone) && !locality?.region, {
      path: 'locality',
      consul: 'locality is invalid: zone cannot be set without region',
      what: 'locality.zone needs locality.region',
    }),
  ]
}

/** What is for servers alone, and what is for others. */
export function roleRules({ server = false, auto_encrypt: auto, ...rest }: Settings): Rules {
  const { ca_provider: provider = '' } = rest.connect ?? {}
  const { advertise_reconnect_timeout: reconnect = '0s' } = rest
  const isSet = (parseDurationNs(reconnect) ?? 0) !== 0
  return [
    rule(!CA_PROVIDERS.includes(provider), {
      path: 'connect.ca_provider',
      consul: `${provider} is not a valid CA provider`,
      what: `connect.ca_provider cannot be ${JSON.stringify(provider)}`,
      next: 'one of consul, vault, aws-pca',
    }),
    rule(server && auto?.tls === true, {
      path: 'auto_encrypt.tls',
      consul: 'auto_encrypt.tls can only be used on a client.',
      what: 'auto_encrypt.tls is not for servers',
    }),
    rule(!server && auto?.allow_tls === true, {
      path: 'auto_encrypt.allow_tls',
      consul: 'auto_encrypt.allow_tls can only be used on a server.',
      what: 'auto_encrypt.allow_tls is for servers',
    }),
    rule(server && isSet, {
      path: 'advertise_reconnect_timeout',
      consul: 'advertise_reconnect_timeout can only be used on a client',
      what: 'advertise_reconnect_timeout is not for servers',
    }),
  ]
}

const CA_PROVIDERS = ['', 'consul', 'vault', 'aws-pca']

const rule = (broken: boolean, complaint: Complaint): Complaint | undefined =>
  broken ? complaint : undefined

/** Settings with a fixed set of words, at which Consul looks only when it starts. */
const CHOICES: Readonly<Record<string, readonly string[]>> = {
  'acl.default_policy': ['allow', 'deny'],
  'acl.down_policy': ['allow', 'deny', 'extend-cache', 'async-cache'],
  default_intention_policy: ['', 'allow', 'deny'],
  'http_config.error_format': ['text', 'json'],
}

export function choiceRules({ gathered }: Draft): Rules {
  return Object.entries(CHOICES).map(([path, words]) => {
    const value = getAt(gathered.settings, path)
    if (typeof value !== 'string' || words.includes(value)) return undefined
    const shown = JSON.stringify(value)
    const known = words.filter((word) => word !== '').join(', ')
    const consul = `${path} cannot be ${shown}. Must be one of: ${known}`
    return { path, consul, what: `${path} cannot be ${shown}`, next: `one of ${known}` }
  })
}

/** One port or socket for two uses. Port 0 is any free port and meets nobody. */
export function addressRules(plan: NetworkPlan): Rules {
  const users = new Map<string, string>()
  const { ports, advertiseAddr: lan, advertiseAddrWan: wan } = plan
  const tcp = (host: string, port: number): readonly ListenAddress[] =>
    port < 0 ? [] : [{ type: 'tcp', host, port }]
  const uses: readonly (readonly [string, string, readonly ListenAddress[]])[] = [
    ['DNS', 'ports.dns', plan.dns],
    ['HTTP', 'ports.http', plan.http],
    ['HTTPS', 'ports.https', plan.https],
    ['RPC Advertise', 'ports.server', tcp(lan, ports.server)],
    ['Serf Advertise LAN', 'ports.serf_lan', tcp(lan, ports.serfLan)],
    ['Serf Advertise WAN', 'ports.serf_wan', tcp(wan, ports.serfWan)],
  ]
  return uses.flatMap(([name, path, addresses]) =>
    addresses.map((address): Complaint | undefined => {
      if (name === 'DNS' && address.type === 'unix') return refuseDnsSocket(address.path)
      if (address.type === 'tcp' && address.port === 0) return undefined
      const shown = showAddress(address)
      const other = users.get(shown)
      users.set(shown, other ?? name)
      if (other === undefined) return undefined
      const consul = `${name} address ${shown} already configured for ${other}`
      const next = `give ${path} another port; -1 is off, 0 is any free one`
      return { path, consul, what: `${shown} is for ${other} already, not for ${name}`, next }
    }),
  )
}

const refuseDnsSocket = (socket: string): Complaint => ({
  path: 'addresses.dns',
  consul: 'DNS address cannot be a unix socket',
  what: `addresses.dns cannot be a Unix socket: ${socket}`,
})

const showAddress = (address: ListenAddress): string =>
  address.type === 'unix' ? address.path : joinHostPort(address.host, address.port)
