// Writes a reply. A name that was written before is pointed to (RFC 1035 §4.1.4), exactly as it
// was written: case is part of an answer. Targets of SRV are written out (RFC 2782); they can be
// pointed to by what comes behind them.
import { assert } from '../assert.ts'
import { type Name, parentOf, ROOT } from './name.ts'
import { FLAG, FLAG_CHECKING_DISABLED, FLAG_RECURSION, HEADER_BYTES } from './query.ts'
import {
  type Content,
  type Edns,
  type Query,
  type Rcode,
  type ResourceRecord,
  type Sections,
  TYPE,
  typeOf,
} from './record.ts'

/** A pointer has 14 bits. */
const POINTER_MAX = 0x3fff
const RECORD_TAIL_BYTES = 10
const OPT_BYTES = 11
const OPTION_HEAD_BYTES = 4
/** The longest text of a TXT record's string (RFC 1035 §3.3). */
const STRING_BYTES_MAX = 255
const SOA_NUMBERS_BYTES = 20
const CLASS_IN = 1

export interface Reply {
  readonly query: Query
  readonly rcode: Rcode
  readonly authoritative: boolean
  readonly recursionAvailable: boolean
  readonly truncated: boolean
  readonly sections: Sections
  /** Echoed; undefined: no OPT record. */
  readonly edns: Edns | undefined
  /** Whether names are pointed to. */
  readonly compress: boolean
}

interface Writer {
  readonly bytes: Uint8Array
  at: number
  /** Where names stand that can be pointed to; undefined: none can. */
  readonly places: Map<string, number> | undefined
}

/**
 * Where replies are written one behind the other: memory of its own costs a small one more than
 * all the rest.
 */
export interface Room {
  bytes: Uint8Array
  free: number
}

const ROOM_BYTES = 64 * 1024

export const createRoom = (): Room => ({ bytes: new Uint8Array(ROOM_BYTES), free: 0 })

/** Nobody else writes to what is taken: a full room is left to those who hold a part of it. */
function takeRoom(room: Room | undefined, size: number): Uint8Array {
  if (room === undefined || size > ROOM_BYTES / 4) return new Uint8Array(size)
  if (room.free + size > ROOM_BYTES) {
    room.bytes = new Uint8Array(ROOM_BYTES)
    room.free = 0
  }
  room.free += size
  return room.bytes.subarray(room.free - size, room.free)
}

export function encodeReply(reply: Reply, room?: Room): Uint8Array {
  const bytes = takeRoom(room, plainSize(reply))
  const places = reply.compress ? new Map<string, number>() : undefined
  const writer: Writer = { bytes, at: 0, places }
  writeHeader(writer, reply)
  writeQuestion(writer, reply.query)
  const { answer, authority, additional } = reply.sections
  for (const record of answer) writeRecord(writer, record)
  for (const record of authority) writeRecord(writer, record)
  for (const record of additional) writeRecord(writer, record)
  if (reply.edns !== undefined) writeOpt(writer, reply.edns, reply.rcode)
  assert(writer.at <= bytes.length, 'a name pointed to is not longer than one written out')
  return bytes.subarray(0, writer.at)
}

/** The size of a reply whose names are all written out: what it has at most. */
export function plainSize({ query, sections, edns }: Pick<Reply, 'query' | 'sections' | 'edns'>) {
  let size = HEADER_BYTES + query.question.name.length + 4
  for (const record of sections.answer) size += plainRecordSize(record)
  for (const record of sections.authority) size += plainRecordSize(record)
  for (const record of sections.additional) size += plainRecordSize(record)
  return edns === undefined ? size : size + optSize(edns)
}

const plainRecordSize = ({ name, content }: ResourceRecord): number =>
  name.length + RECORD_TAIL_BYTES + contentSize(content)

function contentSize(content: Content): number {
  switch (content.type) {
    case 'address':
      return content.ip.length
    case 'SRV':
      return 6 + content.target.length
    case 'TXT':
      return content.text.length + stringsOf(content.text)
    case 'SOA':
      return content.soa.mname.length + content.soa.rname.length + SOA_NUMBERS_BYTES
    default:
      return content.target.length
  }
}

/** How many strings a text takes; the empty one is a string, too. */
const stringsOf = (text: Uint8Array): number =>
  Math.max(1, Math.ceil(text.length / STRING_BYTES_MAX))

const optSize = ({ subnet }: Edns): number =>
  OPT_BYTES + (subnet === undefined ? 0 : OPTION_HEAD_BYTES + subnet.length)

/** A reply without sections and without the question, for what could not be read. */
export function encodeRefusal(refused: { id: number; flags: number; rcode: Rcode }): Uint8Array {
  const writer: Writer = { bytes: new Uint8Array(HEADER_BYTES), at: 0, places: undefined }
  const kept = 0x7800 | FLAG_RECURSION.desired // the kind of query, and RD
  put16(writer, refused.id)
  put16(writer, FLAG.response | (refused.flags & kept) | refused.rcode)
  return writer.bytes
}

function writeHeader(writer: Writer, reply: Reply): void {
  const { query, sections } = reply
  const flags =
    FLAG.response |
    (reply.authoritative ? FLAG.authoritative : 0) |
    (reply.truncated ? FLAG.truncated : 0) |
    (query.recursionDesired ? FLAG_RECURSION.desired : 0) |
    (reply.recursionAvailable ? FLAG_RECURSION.available : 0) |
    (query.checkingDisabled ? FLAG_CHECKING_DISABLED : 0) |
    (reply.rcode & 15)
  put16(writer, query.id)
  put16(writer, flags)
  put16(writer, 1)
  put16(writer, sections.answer.length)
  put16(writer, sections.authority.length)
  put16(writer, sections.additional.length + (reply.edns === undefined ? 0 : 1))
}

function writeQuestion(writer: Writer, { question, rclass }: Query): void {
  writeName(writer, question.name, true)
  put16(writer, question.type)
  put16(writer, rclass)
}

function writeRecord(writer: Writer, record: ResourceRecord): void {
  writeName(writer, record.name, true)
  put16(writer, typeOf(record))
  put16(writer, CLASS_IN)
  put32(writer, record.ttl)
  const length = writer.at
  writer.at += 2
  writeContent(writer, record.content)
  const end = writer.at
  writer.at = length
  put16(writer, end - length - 2)
  writer.at = end
}

function writeContent(writer: Writer, content: Content): void {
  switch (content.type) {
    case 'address':
      for (const byte of content.ip) writer.bytes[writer.at++] = byte
      break
    case 'SRV':
      put16(writer, content.priority)
      put16(writer, content.weight)
      put16(writer, content.port)
      writeName(writer, content.target, false)
      break
    case 'TXT':
      writeStrings(writer, content.text)
      break
    case 'SOA':
      writeName(writer, content.soa.mname, true)
      writeName(writer, content.soa.rname, true)
      put32(writer, content.soa.serial)
      put32(writer, content.soa.refresh)
      put32(writer, content.soa.retry)
      put32(writer, content.soa.expire)
      put32(writer, content.soa.minimum)
      break
    default:
      writeName(writer, content.target, true)
  }
}

function writeStrings(writer: Writer, text: Uint8Array): void {
  let from = 0
  do {
    const part = text.subarray(from, from + STRING_BYTES_MAX)
    writer.bytes[writer.at++] = part.length
    writer.bytes.set(part, writer.at)
    writer.at += part.length
    from += STRING_BYTES_MAX
  } while (from < text.length)
}

/** Whether it may point or not, what follows may point to it. */
function writeName(writer: Writer, name: Name, mayPoint: boolean): void {
  const { places, bytes } = writer
  let rest = name
  while (rest !== ROOT) {
    const place = mayPoint ? places?.get(rest) : undefined
    if (place !== undefined) {
      put16(writer, 0xc000 | place)
      return
    }
    if (places !== undefined && writer.at <= POINTER_MAX && !places.has(rest)) {
      places.set(rest, writer.at)
    }
    const length = rest.charCodeAt(0)
    for (let i = 0; i <= length; i++) bytes[writer.at++] = rest.charCodeAt(i)
    rest = parentOf(rest)
  }
  bytes[writer.at++] = 0
}

/** RFC 6891 §6.1.2: the size stands in place of a class, the high bits of the rcode in the TTL. */
function writeOpt(writer: Writer, { size, subnet }: Edns, rcode: Rcode): void {
  writer.bytes[writer.at++] = 0
  put16(writer, TYPE.OPT)
  put16(writer, size)
  put32(writer, (rcode >> 4) << 24)
  put16(writer, subnet === undefined ? 0 : OPTION_HEAD_BYTES + subnet.length)
  if (subnet === undefined) return
  put16(writer, 8)
  put16(writer, subnet.length)
  writer.bytes.set(subnet, writer.at)
  // RFC 7871 §7.2.1: the answer holds for every address.
  writer.bytes[writer.at + 3] = 0
  writer.at += subnet.length
}

function put16(writer: Writer, value: number): void {
  writer.bytes[writer.at++] = (value >> 8) & 255
  writer.bytes[writer.at++] = value & 255
}

function put32(writer: Writer, value: number): void {
  put16(writer, (value >>> 16) & 0xffff)
  put16(writer, value & 0xffff)
}
