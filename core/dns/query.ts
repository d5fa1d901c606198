// Reads a query (RFC 1035 §4). Strict and bounded: whatever does not have the shape of a question
// from a resolver is refused by its header alone, and no byte is looked at twice.
//
// A question's name has nothing before it that it could point to, so pointers are refused there
// (RFC 1035 §4.1.4); in the records behind it a pointer ends the name and is not followed.
import { byteStringOf } from '../bytes.ts'
import { LABEL_BYTES_MAX, NAME_BYTES_MAX, type Name } from './name.ts'
import { type Edns, type Query, RCODE, type Rcode, TYPE } from './record.ts'

export const HEADER_BYTES = 12
/** What follows the name of a question, and of a record before its data. */
const QUESTION_TAIL_BYTES = 4
const RECORD_TAIL_BYTES = 10
/** More records than this in a query mean something else than a query. */
const ANSWERS_MAX = 1
const AUTHORITIES_MAX = 1
const ADDITIONALS_MAX = 2

const POINTER = 0xc0
const OPTION_SUBNET = 8
/** Family, the two prefix lengths, and no or all bytes of an IPv6 address (RFC 7871 §6). */
const SUBNET_BYTES_MIN = 4
const SUBNET_BYTES_MAX = 20

export const FLAG = { response: 0x8000, authoritative: 0x0400, truncated: 0x0200 } as const
export const FLAG_RECURSION = { desired: 0x0100, available: 0x0080 } as const
export const FLAG_CHECKING_DISABLED = 0x0010

export type Decoded =
  | { readonly type: 'query'; readonly query: Query }
  /** To be told so; the header is whole. */
  | { readonly type: 'refused'; readonly id: number; readonly flags: number; readonly rcode: Rcode }
  /** No header, or an answer: whoever answers answers can be made to talk to himself. */
  | { readonly type: 'ignored' }

export function decodeQuery(packet: Uint8Array): Decoded {
  if (packet.length < HEADER_BYTES) return { type: 'ignored' }
  const id = u16(packet, 0)
  const flags = u16(packet, 2)
  if ((flags & FLAG.response) !== 0) return { type: 'ignored' }
  const refused = (rcode: Rcode): Decoded => ({ type: 'refused', id, flags, rcode })
  if (((flags >> 11) & 15) !== 0) return refused(RCODE.NOTIMP)
  const counts = [u16(packet, 6), u16(packet, 8), u16(packet, 10)] as const
  const [answers, authorities, additionals] = counts
  const isOdd =
    u16(packet, 4) !== 1 ||
    answers > ANSWERS_MAX ||
    authorities > AUTHORITIES_MAX ||
    additionals > ADDITIONALS_MAX
  if (isOdd) return refused(RCODE.FORMERR)
  const end = nameEnd(packet, HEADER_BYTES)
  if (end === undefined || end + QUESTION_TAIL_BYTES > packet.length) {
    return refused(RCODE.FORMERR)
  }
  const extra = decodeRecords(packet, end + QUESTION_TAIL_BYTES, counts)
  if (extra === undefined) return refused(RCODE.FORMERR)
  const name = byteStringOf(packet.subarray(HEADER_BYTES, end)) as Name // nameEnd has checked it
  const query: Query = {
    id,
    question: { name, type: u16(packet, end) },
    rclass: u16(packet, end + 2),
    recursionDesired: (flags & FLAG_RECURSION.desired) !== 0,
    checkingDisabled: (flags & FLAG_CHECKING_DISABLED) !== 0,
    edns: extra.edns,
  }
  return { type: 'query', query }
}

/** Where a whole name without pointers ends. */
function nameEnd(packet: Uint8Array, start: number): number | undefined {
  let at = start
  while (at < packet.length) {
    const length = packet[at] as number
    if (length === 0) return at + 1 - start > NAME_BYTES_MAX ? undefined : at + 1
    if (length > LABEL_BYTES_MAX) return undefined
    at += 1 + length
  }
  return undefined
}

/** Where the name of a record ends; a pointer is not followed. */
function anyNameEnd(packet: Uint8Array, start: number): number | undefined {
  let at = start
  while (at < packet.length && at - start < NAME_BYTES_MAX) {
    const length = packet[at] as number
    if (length === 0) return at + 1
    if (length >= POINTER) return at + 2
    if (length > LABEL_BYTES_MAX) return undefined
    at += 1 + length
  }
  return undefined
}

type Counts = readonly [answers: number, authorities: number, additionals: number]

/** Undefined: cut off, or with two OPT records (RFC 6891 §6.1.1), or with bytes behind the end. */
function decodeRecords(
  packet: Uint8Array,
  start: number,
  [answers, authorities, additionals]: Counts,
): { readonly edns: Edns | undefined } | undefined {
  let at = start
  let edns: Edns | undefined
  for (let i = 0; i < answers + authorities + additionals; i++) {
    const tail = anyNameEnd(packet, at)
    if (tail === undefined || tail + RECORD_TAIL_BYTES > packet.length) return undefined
    const end = tail + RECORD_TAIL_BYTES + u16(packet, tail + 8)
    if (end > packet.length) return undefined
    if (u16(packet, tail) === TYPE.OPT) {
      const isRoot = packet[at] === 0
      if (edns !== undefined || !isRoot || i < answers + authorities) return undefined
      edns = {
        size: u16(packet, tail + 2),
        version: packet[tail + 5] as number, // within: the tail is whole
        subnet: findSubnet(packet.subarray(tail + RECORD_TAIL_BYTES, end)),
      }
    }
    at = end
  }
  return { edns }
}

function findSubnet(options: Uint8Array): Uint8Array | undefined {
  for (let at = 0; at + 4 <= options.length; ) {
    const end = at + 4 + u16(options, at + 2)
    if (end > options.length) return undefined
    const value = options.subarray(at + 4, end)
    const fits = value.length >= SUBNET_BYTES_MIN && value.length <= SUBNET_BYTES_MAX
    if (u16(options, at) === OPTION_SUBNET) return fits ? value : undefined
    at = end
  }
  return undefined
}

const u16 = (bytes: Uint8Array, at: number): number =>
  ((bytes[at] as number) << 8) | (bytes[at + 1] as number)
