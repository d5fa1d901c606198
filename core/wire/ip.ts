// IP addresses between the bytes of the wire and the text that people, logs and sockets use. There
// is one text per address, so that equal addresses are equal texts.
//
// Four bytes and the same address mapped into sixteen are different addresses to peers
// (memberlist-wire §2): both have a text, and it keeps them apart.
import { EMPTY } from '../bytes.ts'
import { isMapped, parseIp } from '../ip.ts'
import type { Codec } from './msgpack.ts'
import { readBytes } from './msgpack-read.ts'
import { putBytes, putBytesHead } from './msgpack-write.ts'

/** `10.0.0.1`, or RFC 5952 text. Empty: none, or bytes that are no address. */
export type Ip = string

const GROUPS = 8

export function ipText(bytes: Uint8Array): Ip {
  if (bytes.length === 4) return `${bytes[0]}.${bytes[1]}.${bytes[2]}.${bytes[3]}`
  return bytes.length === 16 ? text6(bytes) : ''
}

function text6(bytes: Uint8Array): Ip {
  if (isMapped(bytes)) return `::ffff:${bytes.subarray(12).join('.')}`
  const groups = Array.from(
    { length: GROUPS },
    (_, i) => ((bytes[2 * i] as number) << 8) | (bytes[2 * i + 1] as number),
  )
  const { from, count } = longestZeros(groups)
  const show = (part: readonly number[]) => part.map((group) => group.toString(16)).join(':')
  // RFC 5952 §4.2.2: one zero group is not shortened.
  if (count < 2) return show(groups)
  return `${show(groups.slice(0, from))}::${show(groups.slice(from + count))}`
}

/** The first of the longest runs of zeros (RFC 5952 §4.2.3). */
function longestZeros(groups: readonly number[]): { from: number; count: number } {
  let best = { from: 0, count: 0 }
  let count = 0
  for (const [i, group] of groups.entries()) {
    count = group === 0 ? count + 1 : 0
    if (count > best.count) best = { from: i - count + 1, count }
  }
  return best
}

/** The bytes of a text; undefined if it is no address. Any spelling of an address is read. */
export function ipBytes(text: string): Uint8Array | undefined {
  const bytes = parseIp(text)
  return bytes && new Uint8Array(bytes)
}

/** An address as raw bytes. What is none comes as an empty text, and leaves as no bytes. */
export const ip: Codec<Ip> = {
  write: (out, text) => {
    const raw = ipBytes(text) ?? EMPTY
    putBytesHead(out, raw.length)
    putBytes(out, raw)
  },
  read: (input) => ipText(readBytes(input) ?? EMPTY),
  zero: '',
  isEmpty: (text) => text === '',
}

/** The form in which sockets name an IPv4 peer on a socket of both families is undone. */
export const withoutMapping = (text: Ip): Ip =>
  text.startsWith('::ffff:') && text.includes('.') ? text.slice('::ffff:'.length) : text
