// Ports and addresses of an agent: what it binds, what it tells others, where its APIs listen.
// In the order in which Consul decides them, because it stops at the first address that it
// cannot use.

import { expandAddresses, expandIp, listenOn } from './addresses.ts'
import type { ListenAddress } from './agent-config.ts'
import { detectAddress } from './detect.ts'
import { type Complaint, type Draft, gatherRefusal, refuseAtOnce } from './draft.ts'
import { isAnyIp, isIp6 } from './ip.ts'
import type { Settings } from './schema.ts'

export interface NetworkPlan {
  readonly bindAddr: string
  readonly advertiseAddr: string
  readonly advertiseAddrWan: string
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

  const client = expandAddresses(draft, 'client_addr', settings.client_addr)
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

function planPorts(draft: Draft, settings: Settings): Ports {
  const { ports } = settings
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
    if (invalid === undefined)
      refuseAtOnce(draft, { path, consul, what: 'bind_addr is empty', next })
    else draft.refusals.unshift({ ...invalid, consul, gathered: false })
    return undefined
  }
  if (addresses.length > 1) {
    const text =
      "bind_addr cannot contain multiple addresses. Use 'addresses.{dns,http,https}' instead."
    refuseAtOnce(draft, {
      path,
      consul: text,
      what: 'bind_addr takes one address',
      next: 'name others in addresses.http or addresses.dns',
    })
    return undefined
  }
  if (first.type === 'ip') return first.ip
  refuseAtOnce(draft, {
    path,
    consul: 'bind_addr cannot be a unix socket',
    what: `bind_addr cannot be a Unix socket: ${first.path}`,
  })
  return undefined
}

function refuseAnyAdvertise(draft: Draft, settings: Settings): boolean {
  const check = (path: string, name: string, text: string | undefined) => {
    if (text === undefined || !isAnyIp(text.replace(/^\[(.*)\]$/, '$1'))) return false
    refuseAtOnce(draft, {
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
  readonly doubt: Complaint | undefined
}

function planAdvertise(draft: Draft, bindAddr: string): Advertised {
  const { settings } = draft.gathered
  // Consul expands the address twice and complains twice; its users see both.
  expandIp(draft, 'advertise_addr', settings.advertise_addr)
  const lan =
    expandIp(draft, 'advertise_addr', settings.advertise_addr) ??
    expandIp(draft, 'advertise_addr_ipv4', settings.advertise_addr_ipv4) ??
    expandIp(draft, 'advertise_addr_ipv6', settings.advertise_addr_ipv6) ??
    bindAddr
  const { address: advertiseAddr, doubt } = isAnyIp(lan)
    ? detectAddress(draft, isIp6(lan))
    : { address: lan, doubt: undefined }
  const advertiseAddrWan =
    expandIp(draft, 'advertise_addr_wan', settings.advertise_addr_wan) ??
    expandIp(draft, 'advertise_addr_wan_ipv4', settings.advertise_addr_wan_ipv4) ??
    expandIp(draft, 'advertise_addr_wan_ipv6', settings.advertise_addr_wan_ipv6) ??
    advertiseAddr
  return { advertiseAddr, advertiseAddrWan, doubt }
}
