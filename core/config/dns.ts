// What DNS answers and where it asks: `dns_config`, `alt_domain` and `recursors`.
import { parseIp } from '../ip.ts'
import { parseDurationNs } from '../time.ts'
import { fillTemplates } from './addresses.ts'
import type { DnsConfig } from './agent-config.ts'
import type { Draft } from './draft.ts'
import type { NetworkPlan } from './network.ts'

const DNS_PORT = 53
const SOA_DEFAULT = { refresh: 3_600, retry: 600, expire: 86_400, min_ttl: 0 }

export function planDns(draft: Draft, network: NetworkPlan): DnsConfig {
  const { settings } = draft.gathered
  const { dns_config: dns } = settings
  const soa = { ...SOA_DEFAULT, ...dns?.soa }
  return {
    listen: network.dns,
    altDomain: settings.alt_domain ?? '',
    onlyPassing: dns?.only_passing ?? false,
    nodeTtlMs: msOf(dns?.node_ttl),
    serviceTtlMs: Object.fromEntries(
      Object.entries(dns?.service_ttl ?? {}).map(([name, text]) => [name, msOf(text)]),
    ),
    aRecordLimit: dns?.a_record_limit ?? 0,
    udpAnswerLimit: dns?.udp_answer_limit ?? 0,
    enableTruncate: dns?.enable_truncate ?? false,
    disableCompression: dns?.disable_compression ?? false,
    nodeMetaTxt: dns?.enable_additional_node_meta_txt ?? true,
    soa: { refresh: soa.refresh, retry: soa.retry, expire: soa.expire, minTtl: soa.min_ttl },
    recursors: planRecursors(draft, settings.recursors ?? []),
    recursorTimeoutMs: msOf(dns?.recursor_timeout),
    recursorStrategy: dns?.recursor_strategy === 'random' ? 'random' : 'sequential',
  }
}

/** What a duration comes to; a wrong one was refused by checkValues. */
const msOf = (text: string | undefined): number => (parseDurationNs(text ?? '0s') ?? 0) / 1e6

/** What is no address was refused by checkRules; as `consul` any text is taken, and not asked. */
function planRecursors(draft: Draft, texts: readonly string[]): DnsConfig['recursors'] {
  return texts.flatMap((text) => {
    const filled = fillTemplates(text, draft.facts)
    const recursor = filled.ok ? recursorOf(filled.text) : undefined
    if (recursor !== undefined) return [recursor]
    draft.warnings.push(`recursors: no address, it is not asked: ${JSON.stringify(text)}`)
    return []
  })
}

/** `10.0.0.53`, `10.0.0.53:5353`, `fd00::53`, `[fd00::53]:5353`. */
function recursorOf(text: string): { host: string; port: number } | undefined {
  if (parseIp(text) !== undefined) return { host: text, port: DNS_PORT }
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text) ?? []
  const host = bracketed ?? plain ?? ''
  const port = digits === undefined ? DNS_PORT : Number(digits)
  return parseIp(host) !== undefined && port > 0 && port < 65_536 ? { host, port } : undefined
}
