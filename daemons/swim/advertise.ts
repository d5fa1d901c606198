// The address that others are told by a member which listens on all of them: a private one of this
// machine, else any that is not its own loop, else the loopback.
import { networkInterfaces } from 'node:os'
import { isAnyIp, isPrivateIp, parseIp } from '../../core/ip.ts'

export interface Advertised {
  readonly ip: string
  /** What to tell a person who may have meant another one. */
  readonly note: string | undefined
}

/** `bind`: what is listened on. */
export function advertisedIp(bind: string): Advertised {
  if (!isAnyIp(bind)) return { ip: bind, note: undefined }
  const family = bind.includes(':') ? 'IPv6' : 'IPv4'
  const all = Object.values(networkInterfaces())
    .flatMap((own) => own ?? [])
    .filter((one) => one.family === family && !one.internal && !/^fe[89ab]/i.test(one.address))
    .map(({ address }) => address)
  const fitting = all.filter(isPrivate)
  const [ip, ...others] = fitting.length > 0 ? fitting : all
  if (ip === undefined) return { ip: family === 'IPv6' ? '::1' : '127.0.0.1', note: undefined }
  if (others.length === 0) return { ip, note: undefined }
  const rest = others.join(', ')
  return { ip, note: `tells others ${ip}, not ${rest}; to choose: --advertise=${others[0]}` }
}

export function isPrivate(text: string): boolean {
  const ip = parseIp(text)
  return ip !== undefined && isPrivateIp(ip)
}
