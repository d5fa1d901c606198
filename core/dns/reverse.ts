// The address that a name below in-addr.arpa (RFC 1035 §3.5) or ip6.arpa (RFC 3596 §2.5) stands
// for, and the one that the digits of an `addr` name stand for.
import type { IpBytes } from '../ip.ts'

/** `labels` are all of the name. Undefined: no whole address. */
export function reverseIp(labels: readonly string[]): IpBytes | undefined {
  const lower = labels.map((label) => label.toLowerCase())
  if (lower.at(-1) !== 'arpa') return undefined
  const digits = lower.slice(0, -2).reverse()
  if (lower.at(-2) === 'in-addr') return fromDecimals(digits)
  if (lower.at(-2) === 'ip6') return fromNibbles(digits)
  return undefined
}

function fromDecimals(parts: readonly string[]): IpBytes | undefined {
  if (parts.length !== 4) return undefined
  const bytes = parts.map((part) => (/^(?:0|[1-9]\d{0,2})$/.test(part) ? Number(part) : 256))
  return bytes.every((byte) => byte < 256) ? bytes : undefined
}

function fromNibbles(nibbles: readonly string[]): IpBytes | undefined {
  if (nibbles.length !== 32 || !nibbles.every((nibble) => /^[0-9a-f]$/.test(nibble))) {
    return undefined
  }
  return ipOfDigits(nibbles.join(''))
}

/** 8 or 32 hexadecimal digits. */
export function ipOfDigits(digits: string): IpBytes | undefined {
  if ((digits.length !== 8 && digits.length !== 32) || !/^[0-9a-f]+$/.test(digits)) return undefined
  const bytes: number[] = []
  for (let at = 0; at < digits.length; at += 2) {
    bytes.push(Number.parseInt(digits.slice(at, at + 2), 16))
  }
  return bytes
}

export const digitsOfIp = (ip: IpBytes): string =>
  ip.map((byte) => byte.toString(16).padStart(2, '0')).join('')
