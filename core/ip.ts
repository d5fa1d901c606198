// IP addresses and networks as text, without the machine: what is one, which kind it is, whether
// a network holds it.

/** 4 or 16 bytes. */
export type IpBytes = readonly number[]

/**
 * Strict as Go's net.ParseIP: four decimal parts without leading zeros, or RFC 4291 text without
 * a zone.
 */
export function parseIp(text: string): IpBytes | undefined {
  return text.includes(':') ? parseIp6(text) : parseIp4(text)
}

/** Digit by digit: the catalog looks at every address that is written, and every packet has one. */
function parseIp4(text: string): number[] | undefined {
  const bytes: number[] = []
  let value = -1 // no digit yet
  for (let at = 0; at < text.length; at++) {
    const digit = text.charCodeAt(at) - ZERO
    if (digit === DOT - ZERO && value >= 0) {
      bytes.push(value)
      value = -1
    } else if (digit < 0 || digit > 9 || value === 0) return undefined
    else value = Math.max(value, 0) * 10 + digit
    if (value > 255) return undefined
  }
  if (value < 0 || bytes.length !== 3) return undefined
  bytes.push(value)
  return bytes
}

const ZERO = '0'.charCodeAt(0)
const DOT = '.'.charCodeAt(0)

function parseIp6(text: string): IpBytes | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const [head = '', tail] = halves
  const first = groupBytes(head, tail === undefined)
  if (first === undefined) return undefined
  if (tail === undefined) return first.length === 16 ? first : undefined
  const last = groupBytes(tail, true)
  if (last === undefined || first.length + last.length > 14) return undefined
  return [...first, ...new Array(16 - first.length - last.length).fill(0), ...last]
}

/** The bytes of groups between colons; the last group of a text may be an IPv4 address. */
function groupBytes(text: string, isEnd: boolean): number[] | undefined {
  if (text === '') return []
  const bytes: number[] = []
  const groups = text.split(':')
  for (const [i, group] of groups.entries()) {
    if (isEnd && i === groups.length - 1 && group.includes('.')) {
      const four = parseIp4(group)
      if (four === undefined) return undefined
      bytes.push(...four)
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return undefined
      const value = Number.parseInt(group, 16)
      bytes.push(value >> 8, value & 255)
    }
  }
  return bytes
}

export const isIp6 = (text: string): boolean => parseIp(text)?.length === 16

/** Whether 16 bytes stand for four, as those of `::ffff:10.0.0.1` (RFC 4291 §2.5.5.2). */
export const isMapped = (bytes: ArrayLike<number>): boolean =>
  bytes.length === 16 && MAPPED.every((byte, at) => bytes[at] === byte)

const MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]

/** The four bytes that count, where there are more. */
export const unmapped = (ip: IpBytes): IpBytes => (isMapped(ip) ? ip.slice(12) : ip)

/** `0.0.0.0` or `::`: every address of the machine. */
export function isAnyIp(text: string): boolean {
  const bytes = parseIp(text)
  return bytes?.every((byte) => byte === 0) ?? false
}

export interface Network {
  readonly bytes: IpBytes
  readonly bits: number
}

/** `10.0.0.0/8`; undefined if it is none. */
export function parseNetwork(text: string): Network | undefined {
  const match = /^([^/]+)\/(\d{1,3})$/.exec(text)
  const bytes = parseIp(match?.[1] ?? '')
  const bits = Number(match?.[2])
  if (bytes === undefined || bits > bytes.length * 8) return undefined
  return { bytes, bits }
}

export function holdsIp(network: Network, ip: IpBytes): boolean {
  if (ip.length !== network.bytes.length) return false
  const whole = network.bits >> 3
  for (let i = 0; i < whole; i++) if (ip[i] !== network.bytes[i]) return false
  const rest = network.bits & 7
  if (rest === 0) return true
  const mask = 0xff << (8 - rest)
  return (((ip[whole] ?? 0) ^ (network.bytes[whole] ?? 0)) & mask & 0xff) === 0
}

/** RFC 1918, RFC 6598 and RFC 4193: addresses that no route of the Internet leads to. */
const PRIVATE: readonly Network[] = [
  { bytes: [10, 0, 0, 0], bits: 8 },
  { bytes: [172, 16, 0, 0], bits: 12 },
  { bytes: [192, 168, 0, 0], bits: 16 },
  { bytes: [100, 64, 0, 0], bits: 10 },
  { bytes: [0xfc, ...new Array(15).fill(0)], bits: 7 },
]

export const isPrivateIp = (ip: IpBytes): boolean => PRIVATE.some((network) => holdsIp(network, ip))

/** `host:port`, an IPv6 host in brackets. */
export const joinHostPort = (host: string, port: number): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
