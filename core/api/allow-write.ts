// http_config.allow_write_http_from: whether an address lies in one of some networks. A peer on a
// Unix socket has no address and is never refused.
import { holdsIp, parseIp, parseNetwork } from '../ip.ts'
import { withoutMapping } from '../wire/ip.ts'

/** Texts that are no network hold no address. */
export function isWriteAllowed(networks: readonly string[], remote: string): boolean {
  if (remote === '') return true
  const ip = parseIp(withoutMapping(remote))
  if (ip === undefined) return false
  return networks.some((text) => {
    const network = parseNetwork(text)
    return network !== undefined && holdsIp(network, ip)
  })
}
