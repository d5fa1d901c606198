// Asks another server for the address of a name, and reads what it says. Only aliases and
// addresses are looked at; every pointer must lead backwards, so a name cannot loop (RFC 1035
// §4.1.4).
import { byteStringOf } from '../bytes.ts'
import { foldName, LABEL_BYTES_MAX, NAME_BYTES_MAX, type Name } from './name.ts'
import { FLAG, FLAG_RECURSION, HEADER_BYTES } from './query.ts'
import { RCODE, type ResourceRecord, TYPE } from './record.ts'

const POINTER = 0xc0
const RECORD_TAIL_BYTES = 10
/** More records than this in an answer about one name are not looked at. */
const RECORDS_MAX = 64
const CLASS_IN = 1

/** A question for the A records of a name, with recursion desired. */
export function encodeAddressQuery(id: number, name: Name): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + name.length + 4)
  bytes.set([id >> 8, id & 255, FLAG_RECURSION.desired >> 8, 0, 0, 1])
  for (let i = 0; i < name.length; i++) bytes[HEADER_BYTES + i] = name.charCodeAt(i)
  bytes.set([0, TYPE.A, 0, CLASS_IN], HEADER_BYTES + name.length)
  return bytes
}

/** Whether a response is one to this query: its id, and its question without regard to case. */
export function isAnswerTo(query: Uint8Array, response: Uint8Array): boolean {
  if (response.length < HEADER_BYTES || (u16(response, 2) & FLAG.response) === 0) return false
  if (u16(response, 0) !== u16(query, 0)) return false
  // A server that refuses a packet as such may leave the question out.
  if (u16(response, 4) === 0) return rcodeOf(response) !== RCODE.NOERROR
  const asked = readName(query, HEADER_BYTES)
  const told = readName(response, HEADER_BYTES)
  if (asked === undefined || told === undefined || told.end + 4 > response.length) return false
  const isSame = foldName(asked.name) === foldName(told.name)
  return isSame && u16(query, asked.end) === u16(response, told.end)
}

export const rcodeOf = (response: Uint8Array): number => (response[3] ?? 0) & 15

/** The addresses and aliases among the answers; what cannot be read ends the list. */
export function readAddresses(response: Uint8Array): ResourceRecord[] {
  const question = readName(response, HEADER_BYTES)
  const found: ResourceRecord[] = []
  let at = question === undefined ? response.length : question.end + 4
  const count = Math.min(u16(response, 6), RECORDS_MAX)
  for (let i = 0; i < count; i++) {
    const owner = readName(response, at)
    if (owner === undefined || owner.end + RECORD_TAIL_BYTES > response.length) break
    const start = owner.end + RECORD_TAIL_BYTES
    const end = start + u16(response, owner.end + 8)
    if (end > response.length) break
    const content = contentOf(response, u16(response, owner.end), { start, end })
    const ttl = u32(response, owner.end + 4)
    if (content !== undefined) found.push({ name: owner.name, ttl, content })
    at = end
  }
  return found
}

function contentOf(
  response: Uint8Array,
  type: number,
  { start, end }: { readonly start: number; readonly end: number },
): ResourceRecord['content'] | undefined {
  if (type === TYPE.CNAME) {
    const target = readName(response, start)
    return target && { type: 'CNAME', target: target.name }
  }
  const size = type === TYPE.A ? 4 : type === TYPE.AAAA ? 16 : 0
  if (size === 0 || end - start !== size) return undefined
  return { type: 'address', ip: [...response.subarray(start, end)] }
}

interface ReadName {
  readonly name: Name
  /** Behind the name, or behind its first pointer. */
  readonly end: number
}

function readName(bytes: Uint8Array, start: number): ReadName | undefined {
  let name = ''
  let end: number | undefined
  let [at, before] = [start, start]
  while (at < bytes.length && name.length < NAME_BYTES_MAX) {
    const length = bytes[at] as number
    // read label by label
    if (length === 0) return { name: `${name}\0` as Name, end: end ?? at + 1 }
    if (length >= POINTER) {
      const target = ((length & 0x3f) << 8) | (bytes[at + 1] ?? 0)
      if (target >= before || at + 1 >= bytes.length) return undefined
      end ??= at + 2
      before = target
      at = target
      continue
    }
    if (length > LABEL_BYTES_MAX || at + 1 + length > bytes.length) return undefined
    name += byteStringOf(bytes.subarray(at, at + 1 + length))
    at += 1 + length
  }
  return undefined
}

const u16 = (bytes: Uint8Array, at: number): number =>
  ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)

const u32 = (bytes: Uint8Array, at: number): number =>
  u16(bytes, at) * 0x1_0000 + u16(bytes, at + 2)
