// DNS messages as a client sends and reads them (RFC 1035 §4). What is read comes from anybody:
// lengths are checked, and a pointer leads backwards only, so that no name loops (§4.1.4).
import { LABEL_BYTES_MAX, NAME_BYTES_MAX, type Name } from '../../core/dns/name.ts'
import { FLAG, FLAG_RECURSION, HEADER_BYTES } from '../../core/dns/query.ts'
import { RCODE, TYPE } from '../../core/dns/record.ts'
import { ipv6Text } from './ipv6.ts'

export type TypeName = Exclude<keyof typeof TYPE, 'OPT' | 'AXFR'>

export interface DnsRecord {
  readonly name: string
  readonly type: string
  /** Seconds. */
  readonly ttl: number
  /** As zone files write it. */
  readonly data: string
}

export interface DnsReply {
  readonly id: number
  /** `NOERROR`, `NXDOMAIN` */
  readonly rcode: string
  readonly truncated: boolean
  readonly answer: readonly DnsRecord[]
  readonly authority: readonly DnsRecord[]
  readonly additional: readonly DnsRecord[]
}

const CLASS_IN = 1
/** What we take over UDP: it fits a frame (DNS flag day 2020). */
const EDNS_BYTES = 1232

/** A question with recursion desired, and EDNS so that more fits into the answer. */
export function encodeQuestion(id: number, name: Name, type: TypeName): Buffer {
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeUInt16BE(id, 0)
  header.writeUInt16BE(FLAG_RECURSION.desired, 2)
  header.writeUInt16BE(1, 4) // one question
  header.writeUInt16BE(1, 10) // one additional record
  const question = Buffer.alloc(4)
  question.writeUInt16BE(TYPE[type], 0)
  question.writeUInt16BE(CLASS_IN, 2)
  const edns = Buffer.alloc(11) // the root, then type, size, and all else 0 (RFC 6891 §6.1.2)
  edns.writeUInt16BE(TYPE.OPT, 1)
  edns.writeUInt16BE(EDNS_BYTES, 3)
  return Buffer.concat([header, Buffer.from(name, 'latin1'), question, edns])
}

/** Undefined: no DNS message, or one that is cut off. */
export function decodeReply(bytes: Buffer): DnsReply | undefined {
  try {
    return readReply(bytes)
  } catch (error) {
    if (error instanceof Malformed || error instanceof RangeError) return undefined
    throw error
  }
}

class Malformed extends Error {}

interface Cursor {
  readonly bytes: Buffer
  at: number
}

function readReply(bytes: Buffer): DnsReply {
  const count = (at: number) => bytes.readUInt16BE(at)
  const flags = bytes.readUInt16BE(2)
  if ((flags & FLAG.response) === 0) throw new Malformed()
  const cursor: Cursor = { bytes, at: HEADER_BYTES }
  for (let i = 0; i < count(4); i++) {
    readName(cursor)
    cursor.at += 4
  }
  return {
    id: bytes.readUInt16BE(0),
    rcode: nameIn(RCODE, flags & 15),
    truncated: (flags & FLAG.truncated) !== 0,
    answer: readRecords(cursor, count(6)),
    authority: readRecords(cursor, count(8)),
    additional: readRecords(cursor, count(10)),
  }
}

const nameIn = (table: Readonly<Record<string, number>>, code: number): string =>
  Object.keys(table).find((name) => table[name] === code) ?? String(code)

/** The one of EDNS is about the message itself, and left out. */
function readRecords(cursor: Cursor, count: number): DnsRecord[] {
  const records: DnsRecord[] = []
  for (let i = 0; i < count; i++) {
    const name = readName(cursor)
    const { bytes, at } = cursor
    const type = bytes.readUInt16BE(at)
    const ttl = bytes.readUInt32BE(at + 4)
    const start = at + 10
    const end = start + bytes.readUInt16BE(at + 8)
    if (end > bytes.length) throw new Malformed()
    cursor.at = end
    if (type === TYPE.OPT) continue
    const data = dataText(type, { bytes, at: start }, end)
    records.push({ name, type: nameIn(TYPE, type), ttl, data })
  }
  return records
}

function dataText(type: number, cursor: Cursor, end: number): string {
  const { bytes, at } = cursor
  switch (type) {
    case TYPE.A:
      return [...bytes.subarray(at, end)].join('.')
    case TYPE.AAAA:
      return ipv6Text(bytes.subarray(at, end))
    case TYPE.CNAME:
    case TYPE.NS:
    case TYPE.PTR:
      return readName(cursor)
    case TYPE.SRV: {
      const numbers = [0, 2, 4].map((offset) => bytes.readUInt16BE(at + offset))
      return [...numbers, readName({ bytes, at: at + 6 })].join(' ')
    }
    case TYPE.SOA: {
      const names = [readName(cursor), readName(cursor)]
      const numbers = [0, 4, 8, 12, 16].map((offset) => bytes.readUInt32BE(cursor.at + offset))
      return [...names, ...numbers].join(' ')
    }
    case TYPE.TXT:
      return textsOf(bytes.subarray(at, end)).join(' ')
    default:
      return `\\# ${end - at} ${bytes.subarray(at, end).toString('hex')}`.trimEnd() // RFC 3597 §5
  }
}

function textsOf(bytes: Buffer): string[] {
  const texts: string[] = []
  for (let at = 0; at < bytes.length; at += 1 + bytes.readUInt8(at)) {
    texts.push(JSON.stringify(bytes.toString('utf8', at + 1, at + 1 + bytes.readUInt8(at))))
  }
  return texts
}

const POINTER = 0xc0

function readName(cursor: Cursor): string {
  const labels: string[] = []
  const { bytes } = cursor
  let at = cursor.at
  let [before, size] = [at, 0]
  let end: number | undefined
  for (let length = bytes.readUInt8(at); length !== 0; length = bytes.readUInt8(at)) {
    if (length >= POINTER) {
      const target = bytes.readUInt16BE(at) & 0x3fff
      if (target >= before) throw new Malformed()
      end ??= at + 2
      before = target
      at = target
      continue
    }
    size += 1 + length
    if (length > LABEL_BYTES_MAX || size > NAME_BYTES_MAX) throw new Malformed()
    labels.push(labelText(bytes.subarray(at + 1, at + 1 + length)))
    at += 1 + length
  }
  cursor.at = end ?? at + 1
  return `${labels.join('.')}.`
}

/** Dots and what does not print are escaped, as in zone files (RFC 1035 §5.1). */
const labelText = (label: Buffer): string =>
  [...label]
    .map((byte) => {
      const character = String.fromCharCode(byte)
      if (byte <= 0x20 || byte >= 0x7f) return `\\${String(byte).padStart(3, '0')}`
      return character === '.' || character === '\\' ? `\\${character}` : character
    })
    .join('')
