// An agent that is bound to every address must tell others one of them. Which one is a guess from
// the interfaces of the machine; a guess that may be wrong is a warning, or as `consul` a refusal.
import { isPrivateIp, parseIp } from '../ip.ts'
import type { Complaint, Draft } from './draft.ts'
import type { NetworkInterface } from './facts.ts'

export interface Detected {
  readonly address: string
  readonly doubt: Complaint | undefined
}

export function detectAddress(draft: Draft, wantIp6: boolean): Detected {
  const { interfaces, defaultInterface } = draft.facts
  const reachable = interfaces.filter((one) => !one.internal && isOfFamily(one, wantIp6))
  const fitting = reachable.filter((one) => isFitting(one, wantIp6))
  const [only, ...others] = fitting
  if (only !== undefined && others.length === 0) return { address: only.address, doubt: undefined }
  const candidates = fitting.length > 0 ? fitting : reachable
  const onRoute = candidates.find((one) => one.name === defaultInterface)
  const chosen = onRoute ?? candidates[0]
  if (chosen === undefined) return noAddress(draft, wantIp6)
  const how = chosen === onRoute ? `${chosen.name}, default route` : chosen.name
  const rest = candidates.filter((one) => one !== chosen)
  const kind = wantIp6 ? 'public IPv6' : 'private IPv4'
  draft.warnings.push(
    fitting.length === 0
      ? `no ${kind} address: advertising ${chosen.address} (${how}); to choose: -advertise`
      : `several ${kind} addresses, picked ${chosen.address} (${how}); others: ` +
          `${rest.map((one) => `${one.address} (${one.name})`).join(', ')}; ` +
          `to choose: -advertise=${rest[0]?.address}`,
  )
  if (fitting.length === 0) return { address: chosen.address, doubt: undefined }
  const advice = "Please configure one with 'bind' and/or 'advertise'."
  const consul = `Multiple ${kind} addresses found. ${advice}`
  const doubt = { path: 'bind_addr', consul, what: `the machine has several ${kind} addresses` }
  return { address: chosen.address, doubt: draft.profile === 'consul' ? doubt : undefined }
}

/** A machine without a network still serves itself. */
function noAddress(draft: Draft, wantIp6: boolean): Detected {
  const address = wantIp6 ? '::1' : '127.0.0.1'
  draft.warnings.push(`no address that others could reach: advertising ${address}`)
  return { address, doubt: undefined }
}

const isOfFamily = ({ address }: NetworkInterface, wantIp6: boolean): boolean =>
  parseIp(address)?.length === (wantIp6 ? 16 : 4) && !/^fe[89ab]/i.test(address)

function isFitting({ address }: NetworkInterface, wantIp6: boolean): boolean {
  const ip = parseIp(address)
  return ip !== undefined && isPrivateIp(ip) !== wantIp6
}
