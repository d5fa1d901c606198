// Addresses as people write them: `localhost:7001`, `10.0.0.1`, `[::1]:7001`.
import { lookup } from 'node:dns/promises'
import { withoutMapping } from '../../core/wire/ip.ts'
import type { Address } from '../../core/wire/memberlist.ts'

/** Serf's. */
const GOSSIP_PORT = 7946

interface Resolved {
  readonly addresses: readonly Address[]
  readonly failures: readonly string[]
}

export interface HostPort {
  readonly host: string
  readonly port: number
}

/** Undefined: neither a host nor one with a port. */
function parseHostPort(text: string, portDefault: number): HostPort | undefined {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text) ?? []
  const bare = text.split(':').length > 2 ? text : undefined // an IPv6 address alone
  const host = bracketed ?? plain ?? bare
  const port = digits === undefined ? portDefault : Number(digits)
  return host === undefined || port > 0xffff ? undefined : { host, port }
}

/** A name may stand for several: the first of each is taken, IPv4 before IPv6. */
export async function resolveAddresses(
  texts: readonly string[],
  portDefault = GOSSIP_PORT,
): Promise<Resolved> {
  const addresses: Address[] = []
  const failures: string[] = []
  for (const text of texts) {
    const parsed = parseHostPort(text, portDefault)
    if (parsed === undefined) {
      failures.push(`Failed to resolve ${text}: not host:port`)
      continue
    }
    try {
      const found = await lookup(parsed.host, { all: true })
      const best = found.find(({ family }) => family === 4) ?? found[0]
      if (best !== undefined)
        addresses.push({ ip: withoutMapping(best.address), port: parsed.port })
    } catch (error) {
      if (!(error instanceof Error && 'code' in error)) throw error
      failures.push(`Failed to resolve ${text}: ${error.message}`)
    }
  }
  return { addresses, failures }
}
