// How messages become one datagram and back (memberlist-wire §1.2). From the inside out: messages,
// a compound of them if there are several, compressed if that is shorter, a checksum. Sealing and
// the label come after that: gossip-seal.ts.
//
//   07 │ count │ count × length (16 bits, highest first) │ messages …
//   09 │ msgpack {Algo, Buf}
//   0c │ CRC-32 of what follows (32 bits, highest first) │ …
//
// Whoever can send a datagram can send any: what a packet expands to, how deep it is wrapped and
// how many messages it holds are bounded, whatever it claims.
import { assert } from '../assert.ts'
import { crc32 } from './crc32.ts'
import { compressLzw, expandLzw } from './lzw.ts'
import { decodeMessage, MESSAGE, type Message } from './memberlist.ts'
import { bytes, decode, encode, u8 } from './msgpack.ts'
import type { Limits } from './msgpack-read.ts'
import { goName, struct } from './msgpack-struct.ts'
import { type Opened, refuse } from './opened.ts'

/** A count of one byte. */
export const COMPOUND_PARTS_MAX = 255
/** What a compound of n messages takes besides them: these, and as many per message. */
export const COMPOUND_HEAD_BYTES = 2
export const COMPOUND_PART_BYTES = 2
/** All that a datagram may expand to. Senders keep below 1400 bytes before they compress. */
const PACKET_EXPANDED_MAX = 65_536

/** Checksum, compression, compound, compression of one part: nobody wraps more often. */
const WRAPPINGS_MAX = 4
const CRC_BYTES = 4
/** Shorter texts do not become shorter: the wrapping takes 13 bytes, a literal 9 bits. */
const COMPRESS_MIN_BYTES = 96
const LZW = 0

export interface PacketForm {
  readonly compress: boolean
  readonly crc: boolean
}

export function packPacket(messages: readonly Uint8Array[], form: PacketForm): Uint8Array {
  const [first] = messages
  assert(first !== undefined, 'a packet holds a message')
  const whole = messages.length === 1 ? first : compound(messages)
  const shorter = form.compress ? shortened(whole) : whole
  return form.crc ? withCrc(shorter) : shorter
}

export function compound(parts: readonly Uint8Array[]): Uint8Array {
  assert(parts.length <= COMPOUND_PARTS_MAX, 'a compound counts its parts in one byte')
  const head = COMPOUND_HEAD_BYTES + COMPOUND_PART_BYTES * parts.length
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, head))
  whole[0] = MESSAGE.compound
  whole[1] = parts.length
  let at = head
  for (const [i, part] of parts.entries()) {
    assert(part.length <= 0xffff, 'a part of a compound has a length of 16 bits')
    whole[COMPOUND_HEAD_BYTES + 2 * i] = part.length >> 8
    whole[COMPOUND_HEAD_BYTES + 2 * i + 1] = part.length & 255
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** The parts that are there. `lost`: how many the bytes end before, which is no fault. */
export function splitCompound(whole: Uint8Array): Opened<{ parts: Uint8Array[]; lost: number }> {
  const count = whole[1]
  if (count === undefined) return refuse('a compound without a count')
  let at = COMPOUND_HEAD_BYTES + COMPOUND_PART_BYTES * count
  if (whole.length < at) return refuse('a compound without its lengths')
  const parts: Uint8Array[] = []
  for (let i = 0; i < count; i++) {
    const length = u16At(whole, COMPOUND_HEAD_BYTES + COMPOUND_PART_BYTES * i)
    if (at + length > whole.length) break
    parts.push(whole.subarray(at, at + length))
    at += length
  }
  return { ok: true, value: { parts, lost: count - parts.length } }
}

const u16At = (whole: Uint8Array, at: number): number =>
  ((whole[at] as number) << 8) | (whole[at + 1] as number)

const compressed = struct({ algo: u8, buf: bytes }, goName)
/** A stream's text may be megabytes. How far it expands is what counts. */
const COMPRESSED_LIMITS: Limits = { bytesMax: 64 << 20, itemsMax: 8, depthMax: 2 }

export function compress(plain: Uint8Array): Uint8Array {
  const body = encode(compressed, { algo: LZW, buf: compressLzw(plain) })
  const whole = new Uint8Array(body.length + 1)
  whole[0] = MESSAGE.compress
  whole.set(body, 1)
  return whole
}

function shortened(plain: Uint8Array): Uint8Array {
  if (plain.length < COMPRESS_MIN_BYTES) return plain
  const shorter = compress(plain)
  return shorter.length < plain.length ? shorter : plain
}

/** What was compressed, unless it is longer than `sizeMax`. */
export function expand(whole: Uint8Array, sizeMax: number): Opened<Uint8Array> {
  const read = decode(compressed, whole.subarray(1), COMPRESSED_LIMITS)
  if (!read.ok) return refuse(read.fault.why)
  if (read.value.algo !== LZW) return refuse('an unknown kind of compression')
  const expanded = expandLzw(read.value.buf, sizeMax)
  if (expanded.ok) return { ok: true, value: expanded.bytes }
  return refuse(EXPANSION_FAULTS[expanded.reason])
}

const EXPANSION_FAULTS = {
  truncated: 'compressed bytes end early',
  'bad-code': 'compressed bytes are damaged',
  'too-large': 'compressed bytes expand to more than allowed',
} as const

export function withCrc(plain: Uint8Array): Uint8Array {
  const whole = new Uint8Array(1 + CRC_BYTES + plain.length)
  const sum = crc32(plain)
  whole[0] = MESSAGE.crc
  for (let i = 0; i < CRC_BYTES; i++) whole[1 + i] = sum >>> (8 * (CRC_BYTES - 1 - i))
  whole.set(plain, 1 + CRC_BYTES)
  return whole
}

export function checkCrc(whole: Uint8Array): Opened<Uint8Array> {
  if (whole.length < 1 + CRC_BYTES) return refuse('a checksum without its bytes')
  const said = ((u16At(whole, 1) << 16) | u16At(whole, 3)) >>> 0
  const plain = whole.subarray(1 + CRC_BYTES)
  if (crc32(plain) !== said) return refuse('a checksum that does not match')
  return { ok: true, value: plain }
}

/** What a datagram held. Good messages count although others of the same datagram are bad. */
export interface Unpacked {
  readonly messages: readonly Message[]
  /** Why something was refused. */
  readonly faults: readonly string[]
}

interface Unpacking {
  readonly messages: Message[]
  readonly faults: string[]
  /** Bytes that may still come out of compression. */
  expandable: number
  compounds: number
}

export function unpackPacket(packet: Uint8Array): Unpacked {
  const state: Unpacking = {
    messages: [],
    faults: [],
    expandable: PACKET_EXPANDED_MAX,
    compounds: 0,
  }
  unwrap(state, packet, 0)
  return { messages: state.messages, faults: state.faults }
}

function unwrap(state: Unpacking, bytes: Uint8Array, depth: number): void {
  if (depth > WRAPPINGS_MAX) {
    state.faults.push('a packet is wrapped too often')
    return
  }
  switch (bytes[0]) {
    case MESSAGE.crc:
      unwrapInner(state, checkCrc(bytes), depth)
      break
    case MESSAGE.compress: {
      const inner = expand(bytes, state.expandable)
      if (inner.ok) state.expandable -= inner.value.length
      unwrapInner(state, inner, depth)
      break
    }
    case MESSAGE.compound:
      unwrapParts(state, bytes, depth)
      break
    default:
      take(state, decodeMessage(bytes))
  }
}

function unwrapInner(state: Unpacking, inner: Opened<Uint8Array>, depth: number): void {
  if (inner.ok) unwrap(state, inner.value, depth + 1)
  else state.faults.push(inner.why)
}

function unwrapParts(state: Unpacking, bytes: Uint8Array, depth: number): void {
  const split = splitCompound(bytes)
  state.compounds += 1
  if (!split.ok) state.faults.push(split.why)
  else if (state.compounds > 1) state.faults.push('a compound inside a compound')
  else {
    for (const part of split.value.parts) unwrap(state, part, depth + 1)
    if (split.value.lost > 0) state.faults.push('a compound is cut short')
  }
}

function take(state: Unpacking, message: Opened<Message>): void {
  if (message.ok) state.messages.push(message.value)
  else state.faults.push(message.why)
}
