// What of the configuration decides answers, read once: names in their form for the wire, times in
// seconds, TTLs of services in the order in which they are tried.
import { assert, present } from '../assert.ts'
import { byteString } from '../bytes.ts'
import type { AgentConfig } from '../config/agent-config.ts'
import { foldName, type Name, nameOfText } from './name.ts'

export interface DnsSettings {
  readonly datacenter: string
  /** Both in lower case. Reverse names are always below this one. */
  readonly domain: Name
  readonly altDomain: Name | undefined
  /** Whether the names of nodes and addresses in answers carry the datacenter. */
  readonly namesDatacenter: boolean
  readonly onlyPassing: boolean
  readonly nodeTtl: number
  readonly serviceTtls: ServiceTtls
  readonly aRecordLimit: number
  readonly udpAnswerLimit: number
  readonly tellsCut: boolean
  readonly compress: boolean
  /** Whether a node's meta goes along with its address. */
  readonly nodeMetaTxt: boolean
  readonly soa: AgentConfig['dns']['soa']
  /** Whether other names are asked elsewhere. */
  readonly recurses: boolean
}

export interface ServiceTtls {
  readonly exact: ReadonlyMap<string, number>
  /** The longest first; `*` is the empty one. */
  readonly prefixes: readonly (readonly [prefix: string, ttl: number])[]
}

/** RFC 2181 §8. */
const TTL_MAX = 0x7fff_ffff

export function dnsSettings({ datacenter, domain, dns }: AgentConfig): DnsSettings {
  const main = foldName(present(nameOfText(domain), 'the domain is a name'))
  assert(main.length > 1, 'the domain is not the root')
  const alt = nameOfText(dns.altDomain)
  return {
    datacenter,
    domain: main,
    altDomain: alt && foldName(alt),
    namesDatacenter: true,
    onlyPassing: dns.onlyPassing,
    nodeTtl: secondsOf(dns.nodeTtlMs),
    serviceTtls: serviceTtls(dns.serviceTtlMs),
    aRecordLimit: dns.aRecordLimit,
    udpAnswerLimit: dns.udpAnswerLimit,
    tellsCut: dns.enableTruncate,
    compress: !dns.disableCompression,
    nodeMetaTxt: dns.nodeMetaTxt,
    soa: dns.soa,
    recurses: dns.recursors.length > 0,
  }
}

function serviceTtls(ttls: Readonly<Record<string, number>>): ServiceTtls {
  const exact = new Map<string, number>()
  const prefixes: [string, number][] = []
  for (const [pattern, ms] of Object.entries(ttls)) {
    const key = byteString(pattern) // with a capital it fits no name, as in Consul
    if (key.endsWith('*')) prefixes.push([key.slice(0, -1), secondsOf(ms)])
    else exact.set(key, secondsOf(ms))
  }
  prefixes.sort(([a], [b]) => b.length - a.length)
  return { exact, prefixes }
}

/** `service` is folded. */
export function serviceTtl({ exact, prefixes }: ServiceTtls, service: string): number {
  const own = exact.get(service)
  if (own !== undefined) return own
  return prefixes.find(([prefix]) => service.startsWith(prefix))?.[1] ?? 0
}

const secondsOf = (ms: number): number => Math.min(Math.max(Math.floor(ms / 1000), 0), TTL_MAX)
