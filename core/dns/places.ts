// Where an instance or a node is found: which of its addresses goes to whom (consul-surface 4.2).
import type { NodeRow, ServiceRow } from '../catalog/records.ts'
import { type IpBytes, parseIp, unmapped } from '../ip.ts'
import { type Name, nameOfText } from './name.ts'
import { digitsOfIp } from './reverse.ts'

/** Who asks for A prefers an IPv4 address, who asks for AAAA an IPv6 one; others take either. */
export type Family = 'v4' | 'v6' | 'any'

export type Place =
  /** `onNode`: the node's name leads there, too. */
  | { readonly type: 'ip'; readonly ip: IpBytes; readonly onNode: boolean; readonly key: string }
  | {
      readonly type: 'alias'
      readonly target: Name
      /** The address of the node, for whoever asks for the very name that this leads to. */
      readonly nodeIp: IpBytes | undefined
      readonly key: string
    }
  /** No address that DNS could tell. */
  | { readonly type: 'nowhere' }

const NOWHERE: Place = { type: 'nowhere' }

export function placeOfNode({ address, taggedAddresses }: NodeRow, family: Family): Place {
  const chosen = choose(taggedAddresses ?? {}, address, family)
  const ip = ipOf(chosen)
  if (ip === undefined) return aliasTo(chosen, undefined)
  return { type: 'ip', ip, onNode: chosen === address, key: digitsOfIp(ip) }
}

export function placeOfInstance(service: ServiceRow, node: NodeRow, family: Family): Place {
  const own = ownAddress(service, family)
  const ofNode = placeOfNode(node, family)
  if (own === '') return ofNode
  const ip = ipOf(own)
  if (ip !== undefined) return { type: 'ip', ip, onNode: false, key: digitsOfIp(ip) }
  return aliasTo(own, ofNode.type === 'ip' ? ofNode.ip : undefined)
}

/** Empty: it is where its node is. */
export function ownAddress({ address, taggedAddresses }: ServiceRow, family: Family): string {
  const tagged: Record<string, string> = {}
  for (const [tag, { Address }] of Object.entries(taggedAddresses ?? {})) tagged[tag] = Address
  return choose(tagged, address, family)
}

function choose(tagged: Readonly<Record<string, string>>, own: string, family: Family): string {
  const v4 = tagged['lan_ipv4'] || undefined
  const v6 = tagged['lan_ipv6'] || undefined
  if (family === 'v4') return v4 ?? own
  if (family === 'v6') return v6 ?? own
  return v6 ?? v4 ?? own
}

function ipOf(text: string): IpBytes | undefined {
  const ip = parseIp(text)
  return ip && unmapped(ip)
}

function aliasTo(host: string, nodeIp: IpBytes | undefined): Place {
  const target = nameOfText(host)
  return target === undefined ? NOWHERE : { type: 'alias', target, nodeIp, key: host }
}
