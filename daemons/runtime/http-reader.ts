// From the bytes of one connection to its messages, one after the other, however the bytes are cut.
// What is not asked for yet is kept as it came.
import { EMPTY } from '../../core/bytes.ts'
import { type Fault, HEAD_TOO_LARGE, MALFORMED } from './complaint.ts'
import { type Body, bytesOf, createBody, isEndless, keep } from './http-body.ts'
import { type Chunked, createChunked, readChunks } from './http-chunked.ts'
import { CHUNKED, canBegin, type Head, parseHead } from './http-head.ts'

export interface ReadLimits {
  /** Of the request line and all fields, with the empty line. */
  readonly headBytesMax: number
  /** The longest body that any endpoint takes. */
  readonly bodyBytesMax: number
}

export interface Message {
  readonly type: 'message'
  readonly head: Head
  /** At most one byte more than the limit. */
  readonly body: Uint8Array
  /** The client is still sending: the connection cannot be used again. */
  readonly unfinished: boolean
}

export interface Reader {
  readonly limits: ReadLimits
  /** What is being read, and how far it was. */
  bytes: Buffer
  at: number
  /** What came after that. */
  readonly behind: Buffer[]
  /** How many bytes have come and were not looked at. */
  ahead: number
  /** A head that has not come whole. */
  partial: Partial | undefined
  /** A message whose body has not come whole. */
  open: Open | undefined
}

interface Partial {
  room: Buffer
  size: number
}

interface Open {
  readonly head: Head
  readonly body: Body
  readonly chunked: Chunked | undefined
  /** Bytes that have not come; without meaning for a body in chunks. */
  left: number
}

const NOTHING = Buffer.alloc(0)

export const createReader = (limits: ReadLimits): Reader => ({
  limits,
  bytes: NOTHING,
  at: 0,
  behind: [],
  ahead: 0,
  partial: undefined,
  open: undefined,
})

/** Takes bytes of a connection. They are kept, not copied. */
export function give(reader: Reader, bytes: Buffer): void {
  reader.ahead += bytes.length
  if (reader.at === reader.bytes.length && reader.behind.length === 0) {
    reader.bytes = bytes
    reader.at = 0
  } else reader.behind.push(bytes)
}

/** A message has begun and is not read to its end. */
export const isMidway = ({ partial, open }: Reader): boolean =>
  partial !== undefined || open !== undefined

/** The client waits for a word before it sends its body. */
export const isAsked = ({ open }: Reader): boolean =>
  open?.head.awaitsContinue === true && open.body.size === 0

/**
 * The next message, or why there can be none; undefined: more has to come first. After a fault, or
 * an unfinished message, the reader is not to be asked again.
 */
export function readMessage(reader: Reader): Message | Fault | undefined {
  while (hasBytes(reader)) {
    if (reader.open !== undefined) {
      const message = readBody(reader, reader.open)
      if (message !== undefined) return message
      continue
    }
    const head = readHead(reader)
    if (head === undefined) continue
    if (head.type === 'fault') return head
    if (head.length === 0) return { type: 'message', head, body: EMPTY, unfinished: false }
    reader.open = openMessage(head, reader.limits)
  }
  return undefined
}

function hasBytes(reader: Reader): boolean {
  if (reader.at < reader.bytes.length) return true
  reader.bytes = reader.behind.shift() ?? NOTHING
  reader.at = 0
  return reader.bytes.length > 0
}

/** What was read to its end is let go: a client may be silent for long from then on. */
function advance(reader: Reader, to: number): void {
  reader.ahead -= to - reader.at
  reader.at = to
  if (to < reader.bytes.length) return
  reader.bytes = NOTHING
  reader.at = 0
}

const CR = 13
const LF = 10
const EMPTY_LINE = '\r\n\r\n'
/** Most heads are shorter, and most reads hold little more than one head. */
const WINDOW = 1_024

/** Undefined: all that has come belongs to a head that is not whole. */
function readHead(reader: Reader): Head | Fault | undefined {
  if (reader.partial !== undefined) return readOn(reader, reader.partial)
  const { bytes, limits } = reader
  let { at } = reader
  while (isBreak(bytes[at])) at++ // RFC 9112 §2.2: empty lines in front of a request
  advance(reader, at)
  if (at === bytes.length) return undefined
  const window = bytes.toString('latin1', at, Math.min(bytes.length, at + WINDOW))
  const end = window.indexOf(EMPTY_LINE)
  const size = end + EMPTY_LINE.length
  if (end < 0 || size > limits.headBytesMax) {
    const partial = { room: NOTHING, size: 0 }
    reader.partial = partial
    return readOn(reader, partial)
  }
  advance(reader, at + size)
  return parseHead(window.length === size ? window : window.slice(0, size))
}

const isBreak = (byte: number | undefined): boolean => byte === CR || byte === LF

/** A head that came in pieces, or that is long. */
function readOn(reader: Reader, partial: Partial): Head | Fault | undefined {
  const { headBytesMax } = reader.limits
  const before = partial.size
  const taken = Math.min(reader.bytes.length - reader.at, headBytesMax - before)
  append(partial, reader.bytes.subarray(reader.at, reader.at + taken))
  const { room, size } = partial
  const end = room.subarray(0, size).indexOf(EMPTY_LINE, Math.max(0, before - 3), 'latin1')
  if (end < 0) {
    advance(reader, reader.at + taken)
    if (!canBegin(room, before, size)) return MALFORMED
    return size === headBytesMax ? HEAD_TOO_LARGE : undefined
  }
  const whole = end + EMPTY_LINE.length
  advance(reader, reader.at + whole - before)
  reader.partial = undefined
  return parseHead(room.toString('latin1', 0, whole))
}

const ROOM_BYTES_FIRST = 512

function append(partial: Partial, piece: Uint8Array): void {
  const needed = partial.size + piece.length
  if (needed > partial.room.length) {
    const larger = Buffer.alloc(Math.max(ROOM_BYTES_FIRST, needed, 2 * partial.room.length))
    larger.set(partial.room.subarray(0, partial.size))
    partial.room = larger
  }
  partial.room.set(piece, partial.size)
  partial.size = needed
}

const openMessage = (head: Head, { bodyBytesMax }: ReadLimits): Open => ({
  head,
  body: createBody(bodyBytesMax),
  chunked: head.length === CHUNKED ? createChunked() : undefined,
  left: head.length,
})

function readBody(reader: Reader, open: Open): Message | Fault | undefined {
  const { body, chunked } = open
  if (chunked === undefined) {
    const end = Math.min(reader.bytes.length, reader.at + open.left)
    keep(body, reader.bytes.subarray(reader.at, end))
    open.left -= end - reader.at
    advance(reader, end)
  } else {
    const end = readChunks(chunked, reader, body)
    if (typeof end !== 'number') return end
    advance(reader, end)
  }
  const unfinished = isEndless(body)
  const isWhole = chunked === undefined ? open.left === 0 : chunked.state === 'done'
  if (!isWhole && !unfinished) return undefined
  reader.open = undefined
  return { type: 'message', head: open.head, body: bytesOf(body), unfinished }
}
