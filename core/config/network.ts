// Ports and addresses of an agent: what it binds, what it tells others, where its APIs listen.
// In the order in which Consul decides them, because it stops at the first address that it
// cannot use.
import { isAnyIp, isIp6 } from '../ip.ts'
import { type Address, expandAddresses, expandIp, listenOn } from './addresses.ts'
import type { ListenAddress } from './agent-config.ts'
import { detectAddress } from './detect.ts'
import { type Complaint, type Draft, gatherRefusal, refuse } from './draft.ts'
import type { Settings } from './schema.ts'

export interface NetworkPlan {
  readonly bindAddr: string
  readonly advertiseAddr: string
  readonly advertiseAddrWan: string
  /** What the catalog says of this node, by `lan`, `wan` and family. */
  readonly taggedAddresses: Readonly<Record<string, string>>
  /** Why the advertised address may be wrong: as `consul` an agent does not start with a doubt. */
  readonly doubt: Complaint | undefined
  readonly serfBindLan: string
  readonly serfBindWan: string
  readonly clientAddrs: readonly string[]
  readonly ports: Ports
  readonly dns: readonly ListenAddress[]
  readonly http: readonly ListenAddress[]
  readonly https: readonly ListenAddress[]
  readonly grpc: readonly ListenAddress[]
  readonly grpcTls: readonly ListenAddress[]
}

interface Ports {
  readonly dns: number
  readonly http: number
  readonly https: number
  readonly grpc: number
  readonly grpcTls: number
  readonly serfLan: number
  readonly serfWan: number
  readonly server: number
}

/** Where gRPC with TLS listens on a server that says nothing about it. */
const GRPC_TLS_PORT = 8503

/** Undefined: an address was refused at which Consul stops. */
export function planNetwork(draft: Draft): NetworkPlan | undefined {
  const { settings } = draft.gathered
  const ports = planPorts(draft, settings)
  const bindAddr = planBind(draft, settings)
  if (bindAddr === undefined) return undefined
  if (refuseAnyAdvertise(draft, settings)) return undefined
  const serfBindLan = expandIp(draft, 'serf_lan', settings.serf_lan) ?? bindAddr
  const serfBindWan = expandIp(draft, 'serf_wan', settings.serf_wan) ?? bindAddr
  const advertise = planAdvertise(draft, bindAddr)

  const client = planClient(draft, settings)
  if (client.length === 0) draft.warnings.push('client_addr is empty: HTTP and DNS do not listen')
  const listen = (path: string, text: string | undefined, port: number) => {
    const own = expandAddresses(draft, path, text)
    return listenOn(own.length > 0 ? own : client, port)
  }
  const { addresses } = settings
  return {
    bindAddr,
    ...advertise,
    serfBindLan,
    serfBindWan,
    clientAddrs: client.map((one) => (one.type === 'ip' ? one.ip : one.path)),
    ports,
    dns: listen('addresses.dns', addresses?.dns, ports.dns),
    http: listen('addresses.http', addresses?.http, ports.http),
    https: listen('addresses.https', addresses?.https, ports.https),
    grpc: listen('addresses.grpc', addresses?.grpc, ports.grpc),
    grpcTls: listen('addresses.grpc_tls', addresses?.grpc_tls, ports.grpcTls),
  }
}

/** Sockets have their place in `addresses`. */
function planClient(draft: Draft, { client_addr }: Settings): readonly Address[] {
  const path = 'client_addr'
  const client = expandAddresses(draft, path, client_addr)
  const socket = client.find((one) => one.type === 'unix')
  if (socket === undefined) return client
  const consul = `${path} cannot be a unix socket`
  const next = 'name it in addresses.http'
  gatherRefusal(draft, { path, consul, what: `${path} cannot be a Unix socket`, next })
  return []
}

function planPorts(draft: Draft, settings: Settings): Ports {
  const { ports } = settings
  refusePorts(draft, ports)
  const port = (name: string, value: number | undefined) => planPort(draft, `ports.${name}`, value)
  return {
    dns: port('dns', ports?.dns),
    http: port('http', ports?.http),
    https: port('https', ports?.https),
    grpc: port('grpc', ports?.grpc),
    grpcTls: port('grpc_tls', ports?.grpc_tls ?? (settings.server === true ? GRPC_TLS_PORT : -1)),
    serfLan: port('serf_lan', ports?.serf_lan),
    serfWan: port('serf_wan', ports?.serf_wan),
    server: port('server', ports?.server),
  }
}

/** Ports that an agent cannot be without, and ranges that hold none. */
function refusePorts(draft: Draft, ports: Settings['ports'] = {}): void {
  const off = (['server', 'serf_lan'] as const).filter((name) => (ports[name] ?? 0) < 0)
  for (const name of off)
    refuse(draft, {
      path: `ports.${name}`,
      consul: `${name.replace('_', '-')}-port must be greater than zero`,
      what: `ports.${name} cannot be off`,
    })
  for (const range of ['proxy', 'sidecar', 'expose'] as const) {
    const names = [`${range}_min_port`, `${range}_max_port`] as const
    const [least, most] = names.map((name) => ports[name] ?? 0)
    if ((least ?? 0) <= (most ?? 0)) continue
    const [from, to] = names
    const consul = `${from} must be less than ${to}. To disable, set both to zero.`
    const what = `ports.${from} is above ports.${to}`
    refuse(draft, { path: `ports.${from}`, consul, what, next: 'both 0: none at all' })
  }
}

/** 0 lets the kernel choose (Consul: off); negative is off. */
function planPort(draft: Draft, path: string, value: number | undefined): number {
  if (value === undefined || value < 0) return -1
  if (value <= 65535) return value
  gatherRefusal(draft, {
    path,
    consul: `${path}: invalid port: ${value}`,
    what: `${path} is no port: ${value}`,
    next: 'ports go from 0 (any free one) to 65535; -1 is off',
  })
  return -1
}

function planBind(draft: Draft, { bind_addr }: Settings): string | undefined {
  const path = 'bind_addr'
  const addresses = expandAddresses(draft, path, bind_addr)
  const [first] = addresses
  if (first === undefined) {
    const consul = 'bind_addr cannot be empty'
    const at = draft.refusals.findIndex((refusal) => refusal.consul.startsWith(`${path}: `))
    const [invalid] = at === -1 ? [] : draft.refusals.splice(at, 1)
    const next = 'leave it out, or name an address of this machine'
    if (invalid === undefined) refuse(draft, { path, consul, what: 'bind_addr is empty', next })
    else draft.refusals.push({ ...invalid, consul, gathered: false })
    return undefined
  }
  if (addresses.length > 1) {
    const text =
      "bind_addr cannot contain multiple addresses. Use 'addresses.{dns,http,https}' instead."
    refuse(draft, {
      path,
      consul: text,
      what: 'bind_addr takes one address',
      next: 'name others in addresses.http or addresses.dns',
    })
    return undefined
  }
  if (first.type === 'ip') return first.ip
  refuse(draft, {
    path,
    consul: 'bind_addr cannot be a unix socket',
    what: `bind_addr cannot be a Unix socket: ${first.path}`,
  })
  return undefined
}

function refuseAnyAdvertise(draft: Draft, settings: Settings): boolean {
  const check = (path: string, name: string, text: string | undefined) => {
    if (text === undefined || !isAnyIp(text.replace(/^\[(.*)\]$/, '$1'))) return false
    refuse(draft, {
      path,
      consul: `${name} cannot be 0.0.0.0, :: or [::]`,
      what: `${path} cannot be ${text}: others need one address to call`,
    })
    return true
  }
  return (
    check('advertise_addr', 'Advertise address', settings.advertise_addr) ||
    check('advertise_addr_wan', 'Advertise WAN address', settings.advertise_addr_wan)
  )
}

interface Advertised {
  readonly advertiseAddr: string
  readonly advertiseAddrWan: string
  readonly taggedAddresses: Readonly<Record<string, string>>
  readonly doubt: Complaint | undefined
}

function planAdvertise(draft: Draft, bindAddr: string): Advertised {
  const { settings } = draft.gathered
  // Consul expands the address twice and complains twice; its users see both.
  expandIp(draft, 'advertise_addr', settings.advertise_addr)
  const given = expandIp(draft, 'advertise_addr', settings.advertise_addr) ?? bindAddr
  const { address: lan, doubt } = isAnyIp(given)
    ? detectAddress(draft, isIp6(given))
    : { address: given, doubt: undefined }
  const wan = expandIp(draft, 'advertise_addr_wan', settings.advertise_addr_wan) ?? lan
  const taggedAddresses = {
    lan,
    ...familiesOf(draft, { tag: 'lan', path: 'advertise_addr', address: lan }),
    wan,
    ...familiesOf(draft, { tag: 'wan', path: 'advertise_addr_wan', address: wan }),
  }
  return { advertiseAddr: lan, advertiseAddrWan: wan, taggedAddresses, doubt }
}

interface Told {
  readonly tag: 'lan' | 'wan'
  readonly path: 'advertise_addr' | 'advertise_addr_wan'
  readonly address: string
}

/** What is told to those who ask for one family: the address itself is in one of them. */
function familiesOf(draft: Draft, { tag, path, address }: Told): Record<string, string> {
  const tagged: Record<string, string> = {}
  for (const family of ['ipv4', 'ipv6'] as const) {
    const name = `${path}_${family}` as const
    const given = expandIp(draft, name, draft.gathered.settings[name])
    const own = isIp6(address) === (family === 'ipv6') ? address : undefined
    if (given !== undefined && isIp6(given) !== (family === 'ipv6')) {
      const consul = `${name} must be an ${family} address`
      refuse(draft, { path: name, consul, what: `${name} is of the other family: ${given}` })
    }
    const told = given ?? own
    if (told !== undefined) tagged[`${tag}_${family}`] = told
  }
  return tagged
}
