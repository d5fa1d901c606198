// How much goes to networks far away over UDP: whoever forges the source of his questions makes us
// send answers to somebody else. A network gets so many a second; of what is more, every second
// question is told to come by TCP, which a true client does, and the rest is passed over.
import { isPrivateIp, parseIp } from '../../core/ip.ts'
import type { Instant } from '../../core/time.ts'

/** To each network of 256 IPv4 addresses, or of a /56 of IPv6. */
const ANSWERS_MAX = 200
const WINDOW_MS = 1_000
/** More networks than this in one second are one network. */
const NETWORKS_MAX = 4_096
const OTHERS = 'others'
const NETWORK_BYTES = { 4: 3, 16: 7 } as const

export interface FarLimit {
  since: Instant
  readonly counts: Map<string, number>
}

export const createFarLimit = (): FarLimit => ({ since: 0, counts: new Map() })

/** This machine, its link, and the most common of what a look at the bytes would find as well. */
const NEAR = /^(?:::ffff:)?(?:127|10|192\.168|169\.254)\.|^(?:::1$|fe80:)/

/** Whether an address is none of this machine or of its neighbours. */
export function isFar(address: string): boolean {
  if (NEAR.test(address)) return false
  const ip = parseIp(address.replace(/^::ffff:(?=\d+\.)/, ''))
  return ip === undefined || !isPrivateIp(ip)
}

/** What is to become of a question from far away. */
export function judgeFar(
  limit: FarLimit,
  address: string,
  now: Instant,
): 'answer' | 'tcp' | 'drop' {
  if (now - limit.since >= WINDOW_MS) {
    limit.since = now
    limit.counts.clear()
  }
  const network = networkOf(limit, address)
  const count = (limit.counts.get(network) ?? 0) + 1
  limit.counts.set(network, count)
  if (count <= ANSWERS_MAX) return 'answer'
  return count <= 2 * ANSWERS_MAX && count % 2 === 0 ? 'tcp' : 'drop'
}

function networkOf({ counts }: FarLimit, address: string): string {
  const ip = parseIp(address.replace(/^::ffff:(?=\d+\.)/, '')) ?? []
  const network = ip.slice(0, ip.length === 4 ? NETWORK_BYTES[4] : NETWORK_BYTES[16]).join('.')
  return counts.has(network) || counts.size < NETWORKS_MAX ? network : OTHERS
}
