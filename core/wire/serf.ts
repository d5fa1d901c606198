// What Serf says inside memberlist's user messages and state exchanges, and in the payloads of its
// own queries (memberlist-wire §2): a byte that tells which message it is, then msgpack.
//
// Lamport times are 64-bit on the wire. Whether one that is not exact as a number is believed is
// the business of core/swim.
import { unreachable } from '../assert.ts'
import { concatBytes, strictTextOf } from '../bytes.ts'
import { ip } from './ip.ts'
import {
  bool,
  bytes,
  type Codec,
  decode,
  encode,
  f32,
  f64,
  type Infer,
  i64,
  int,
  list,
  literal,
  map,
  nilable,
  str,
  u8,
  u16,
  u32,
  u64,
} from './msgpack.ts'
import type { Limits } from './msgpack-read.ts'
import { goName, struct } from './msgpack-struct.ts'
import type { Dialect } from './msgpack-write.ts'
import { type Opened, opened, refuse } from './opened.ts'

const SERF = {
  leave: 0,
  join: 1,
  pushPull: 2,
  userEvent: 3,
  query: 4,
  queryResponse: 5,
  member: 6,
  keyRequest: 7,
  keyResponse: 8,
  relay: 9,
} as const

const leave = struct({ lTime: u64, node: str, prune: bool, type: literal('leave') }, goName)
const join = struct({ lTime: u64, node: str, type: literal('join') }, goName)
const userEvent = struct(
  { lTime: u64, name: str, payload: nilable(bytes), cc: bool, type: literal('userEvent') },
  goName,
)
const query = struct(
  {
    lTime: u64,
    id: u32,
    addr: ip,
    port: u16,
    sourceNode: str,
    filters: nilable(list(bytes)),
    flags: u32,
    relayFactor: u8,
    /** Nanoseconds. */
    timeout: i64,
    name: str,
    payload: nilable(bytes),
    type: literal('query'),
  },
  goName,
)
const queryResponse = struct(
  {
    lTime: u64,
    id: u32,
    from: str,
    flags: u32,
    payload: nilable(bytes),
    type: literal('queryResponse'),
  },
  goName,
)
const udpAddr = struct({ ip, port: int, zone: str }, goName)
const relayHeader = struct({ destAddr: udpAddr, destName: str }, goName)

const eventsAt = struct(
  { lTime: u64, events: nilable(list(struct({ name: str, payload: nilable(bytes) }, goName))) },
  goName,
)
const pushPull = struct(
  {
    lTime: u64,
    statusLTimes: nilable(map(str, u64)),
    leftMembers: nilable(list(str)),
    eventLTime: u64,
    events: nilable(list(nilable(eventsAt))),
    queryLTime: u64,
    type: literal('pushPull'),
  },
  goName,
)
const member = struct(
  {
    name: str,
    addr: ip,
    port: u16,
    tags: nilable(map(str, str)),
    status: int,
    protocolMin: u8,
    protocolMax: u8,
    protocolCur: u8,
    delegateMin: u8,
    delegateMax: u8,
    delegateCur: u8,
    type: literal('member'),
  },
  goName,
)
const keyRequest = struct({ key: bytes, type: literal('keyRequest') }, goName)
const keyResponse = struct(
  {
    result: bool,
    message: str,
    keys: nilable(list(str)),
    primaryKey: str,
    type: literal('keyResponse'),
  },
  goName,
)

export type LeaveIntent = Infer<typeof leave>
export type JoinIntent = Infer<typeof join>
export type UserEvent = Infer<typeof userEvent>
export type Query = Infer<typeof query>
export type QueryResponse = Infer<typeof queryResponse>
export type SerfState = Infer<typeof pushPull>
/** Status: 0 none, 1 alive, 2 leaving, 3 left, 4 failed. */
type MemberRecord = Infer<typeof member>
type KeyRequest = Infer<typeof keyRequest>
export type KeyResponse = Infer<typeof keyResponse>

/** A message to be handed on to a member that its sender may not reach. */
export interface Relay {
  readonly type: 'relay'
  readonly ip: string
  readonly port: number
  readonly node: string
  /** A whole message. */
  readonly message: Uint8Array
}

/** Messages that are one struct. */
type Plain =
  | LeaveIntent
  | JoinIntent
  | UserEvent
  | Query
  | QueryResponse
  | SerfState
  | MemberRecord
  | KeyRequest
  | KeyResponse

/** What gossip carries. */
export type SerfMessage = LeaveIntent | JoinIntent | UserEvent | Query | QueryResponse | Relay

type Of<Type extends Plain['type']> = Extract<Plain, { readonly type: Type }>

const FORMS: { readonly [Type in Plain['type']]: { byte: number; codec: Codec<Of<Type>> } } = {
  leave: { byte: SERF.leave, codec: leave },
  join: { byte: SERF.join, codec: join },
  pushPull: { byte: SERF.pushPull, codec: pushPull },
  userEvent: { byte: SERF.userEvent, codec: userEvent },
  query: { byte: SERF.query, codec: query },
  queryResponse: { byte: SERF.queryResponse, codec: queryResponse },
  member: { byte: SERF.member, codec: member },
  keyRequest: { byte: SERF.keyRequest, codec: keyRequest },
  keyResponse: { byte: SERF.keyResponse, codec: keyResponse },
}

/** Of a message in a datagram, or in the payload of a query. */
const SMALL_LIMITS: Limits = { bytesMax: 65_535, itemsMax: 4096, depthMax: 8 }
/** Of a state: 512 slots of events, and a time per member. */
const STATE_LIMITS: Limits = { bytesMax: 65_535, itemsMax: 1 << 19, depthMax: 8 }

export function encodeSerf(message: SerfMessage | Plain, dialect?: Dialect): Uint8Array {
  switch (message.type) {
    case 'relay':
      return encodeRelay(message, dialect)
    case 'leave':
    case 'join':
    case 'pushPull':
    case 'userEvent':
    case 'query':
    case 'queryResponse':
    case 'member':
    case 'keyRequest':
    case 'keyResponse':
      return encodePlain(message, dialect)
    default:
      return unreachable(message)
  }
}

function encodePlain(message: Plain, dialect?: Dialect): Uint8Array {
  const { byte } = FORMS[message.type]
  // The cast: a message is written by the codec of its own type.
  const codec = FORMS[message.type].codec as Codec<Plain>
  return concatBytes([Uint8Array.of(byte), encode(codec, message, dialect)])
}

function encodeRelay({ ip: to, port, node, message }: Relay, dialect?: Dialect): Uint8Array {
  const header = { destAddr: { ip: to, port, zone: '' }, destName: node }
  return concatBytes([Uint8Array.of(SERF.relay), encode(relayHeader, header, dialect), message])
}

export function decodeSerf(body: Uint8Array): Opened<SerfMessage> {
  switch (body[0]) {
    case SERF.leave:
      return decodeAs('leave', body)
    case SERF.join:
      return decodeAs('join', body)
    case SERF.userEvent:
      return decodeAs('userEvent', body)
    case SERF.query:
      return decodeAs('query', body)
    case SERF.queryResponse:
      return decodeAs('queryResponse', body)
    case SERF.relay:
      return decodeRelay(body)
    default:
      return refuse('a Serf message of an unknown type')
  }
}

/** A message that can be of one type only, such as an answer to a query of Serf's own. */
export function decodeAs<Type extends Plain['type']>(
  type: Type,
  body: Uint8Array,
): Opened<Of<Type>> {
  const form = FORMS[type]
  if (body[0] !== form.byte) return refuse(`not a Serf message of type ${type}`)
  const limits = type === 'pushPull' ? STATE_LIMITS : SMALL_LIMITS
  const read = decode(form.codec, body.subarray(1), limits)
  // The cast: FORMS has the codec of each type under its name.
  return read.ok ? { ok: true, value: read.value as Of<Type> } : refuse(read.fault.why)
}

function decodeRelay(body: Uint8Array): Opened<Relay> {
  const read = decode(relayHeader, body.subarray(1), SMALL_LIMITS)
  if (!read.ok) return refuse(read.fault.why)
  const { destAddr, destName } = read.value
  if (destAddr.port < 1 || destAddr.port > 0xffff) return refuse('a relay to a port that is none')
  const message = new Uint8Array(body.subarray(1 + read.used))
  const { ip: to, port } = destAddr
  return { ok: true, value: { type: 'relay', ip: to, port, node: destName, message } }
}

/** Which members a query is for. */
export type QueryFilter =
  | { readonly type: 'nodes'; readonly names: readonly string[] }
  /** A regular expression of Go's kind, anywhere in the value of a tag. */
  | { readonly type: 'tag'; readonly tag: string; readonly expr: string }

const FILTER = { nodes: 0, tag: 1 } as const
const filterNodes = list(str)
const filterTag = struct({ tag: str, expr: str }, goName)

export function encodeFilter(filter: QueryFilter): Uint8Array {
  switch (filter.type) {
    case 'nodes':
      return concatBytes([Uint8Array.of(FILTER.nodes), encode(filterNodes, filter.names)])
    case 'tag':
      return concatBytes([Uint8Array.of(FILTER.tag), encode(filterTag, filter)])
    default:
      return unreachable(filter)
  }
}

export function decodeFilter(filter: Uint8Array): Opened<QueryFilter> {
  const body = filter.subarray(1)
  if (filter[0] === FILTER.nodes) {
    const read = decode(filterNodes, body, SMALL_LIMITS)
    if (!read.ok) return refuse(read.fault.why)
    return { ok: true, value: { type: 'nodes', names: read.value } }
  }
  if (filter[0] !== FILTER.tag) return refuse('a filter of an unknown type')
  const read = decode(filterTag, body, SMALL_LIMITS)
  return read.ok ? { ok: true, value: { type: 'tag', ...read.value } } : refuse(read.fault.why)
}

/** Of a member, in its metadata. */
export type Tags = ReadonlyMap<string, string>

const tags = map(str, str)
const TAGS = 0xff
/** Metadata has 512 bytes at most. */
const TAG_LIMITS: Limits = { bytesMax: 512, itemsMax: 256, depthMax: 2 }

export const encodeTags = (values: Tags): Uint8Array =>
  concatBytes([Uint8Array.of(TAGS), encode(tags, values)])

/** Metadata without the mark is the role alone, as very old peers say it. */
export function decodeTags(meta: Uint8Array): Opened<Tags> {
  if (meta[0] === TAGS) return opened(decode(tags, meta.subarray(1), TAG_LIMITS))
  const role = strictTextOf(meta)
  if (role === undefined) return refuse('metadata that are no text')
  return { ok: true, value: new Map([['role', role]]) }
}

const coordinate = struct({ vec: list(f64), error: f64, adjustment: f64, height: f64 }, goName)

/** A point of the network's map, in seconds (core/swim/coordinate.ts). */
export type Coordinate = Infer<typeof coordinate>

const COORDINATE_VERSION = 1
const COORDINATE_LIMITS: Limits = { bytesMax: 64, itemsMax: 64, depthMax: 4 }

/** As the payload of an ack. */
export const encodeCoordinate = (value: Coordinate): Uint8Array =>
  concatBytes([Uint8Array.of(COORDINATE_VERSION), encode(coordinate, value)])

const shortCoordinate: typeof coordinate = struct(
  { vec: list(f32), error: f32, adjustment: f32, height: f32 },
  goName,
)

/**
 * The same in a third less: in single precision, which both generations of Go's codec read where
 * they expect double. Half of what a quiet pool sends is points.
 */
export const encodeShortCoordinate = (value: Coordinate): Uint8Array =>
  concatBytes([Uint8Array.of(COORDINATE_VERSION), encode(shortCoordinate, value)])

export function decodeCoordinate(payload: Uint8Array): Opened<Coordinate> {
  if (payload[0] !== COORDINATE_VERSION) return refuse('a coordinate of an unknown version')
  return opened(decode(coordinate, payload.subarray(1), COORDINATE_LIMITS))
}
