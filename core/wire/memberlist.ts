// What members of a gossip pool say to one another, as memberlist writes it (memberlist-wire §1.1,
// §2): a byte that tells which message it is, then its fields in msgpack. How messages are packed
// into datagrams is in gossip-packet.ts, how streams carry them in gossip-stream.ts.
//
// Reading never throws. Members with odd values (an address that is none, a state nobody knows) are
// read as such: whether they are taken is the business of core/swim.
import { assert } from '../assert.ts'
import { concatBytes } from '../bytes.ts'
import { type Ip, ip } from './ip.ts'
import {
  bool,
  bytes,
  type Codec,
  decode,
  encode,
  type Infer,
  int,
  literal,
  nilable,
  omitEmpty,
  str,
  u16,
  u32,
} from './msgpack.ts'
import { type Limits, readBytes } from './msgpack-read.ts'
import { goName, struct } from './msgpack-struct.ts'
import { type Dialect, putBytes, putBytesHead } from './msgpack-write.ts'
import { type Opened, opened, refuse } from './opened.ts'

/** The first byte of every message, and of what messages are wrapped in. */
export const MESSAGE = {
  ping: 0,
  indirectPing: 1,
  ack: 2,
  suspect: 3,
  alive: 4,
  dead: 5,
  pushPull: 6,
  compound: 7,
  user: 8,
  compress: 9,
  encrypt: 10,
  nack: 11,
  crc: 12,
  error: 13,
  label: 244,
} as const

/** What a member can speak, and speaks: memberlist's protocol and that of the layer above, Serf. */
export interface Versions {
  readonly protocolMin: number
  readonly protocolMax: number
  readonly protocolCur: number
  readonly delegateMin: number
  readonly delegateMax: number
  readonly delegateCur: number
}

const NO_VERSIONS: Versions = Object.freeze({
  protocolMin: 0,
  protocolMax: 0,
  protocolCur: 0,
  delegateMin: 0,
  delegateMax: 0,
  delegateCur: 0,
})

const VERSION_BYTES = 6

const versions: Codec<Versions> = {
  write: (out, value) => {
    putBytesHead(out, VERSION_BYTES)
    putBytes(
      out,
      Uint8Array.of(
        value.protocolMin,
        value.protocolMax,
        value.protocolCur,
        value.delegateMin,
        value.delegateMax,
        value.delegateCur,
      ),
    )
  },
  read: (input) => {
    const raw = readBytes(input)
    if (raw?.length !== VERSION_BYTES) return NO_VERSIONS // what a very old peer says
    const [protocolMin = 0, protocolMax = 0, protocolCur = 0] = raw
    const [delegateMin = 0, delegateMax = 0, delegateCur = 0] = raw.subarray(3)
    return { protocolMin, protocolMax, protocolCur, delegateMin, delegateMax, delegateCur }
  },
  zero: NO_VERSIONS,
  isEmpty: () => false,
}

const source = { sourceAddr: omitEmpty(ip), sourcePort: omitEmpty(u16), sourceNode: omitEmpty(str) }

// The tag of the union comes last: a struct may arrive as an array, in Go's order.
const ping = struct({ seqNo: u32, node: str, ...source, type: literal('ping') }, goName)
const indirectPing = struct(
  {
    seqNo: u32,
    target: ip,
    port: u16,
    node: str,
    nack: bool,
    ...source,
    type: literal('indirectPing'),
  },
  goName,
)
const ack = struct({ seqNo: u32, payload: nilable(bytes), type: literal('ack') }, goName)
const nack = struct({ seqNo: u32, type: literal('nack') }, goName)
const error = struct({ error: str, type: literal('error') }, goName)
const suspect = struct({ incarnation: u32, node: str, from: str, type: literal('suspect') }, goName)
const alive = struct(
  {
    incarnation: u32,
    node: str,
    addr: ip,
    port: u16,
    meta: nilable(bytes),
    vsn: versions,
    type: literal('alive'),
  },
  goName,
)
const dead = struct({ incarnation: u32, node: str, from: str, type: literal('dead') }, goName)

const nodeState = struct(
  {
    name: str,
    addr: ip,
    port: u16,
    meta: nilable(bytes),
    incarnation: u32,
    state: int,
    vsn: versions,
  },
  goName,
)
const pushPullHeader = struct({ nodes: int, userStateLen: int, join: bool }, goName)
const userHeader = struct({ userMsgLen: int }, goName)

export type Ping = Infer<typeof ping>
export type IndirectPing = Infer<typeof indirectPing>
export type Ack = Infer<typeof ack>
export type Nack = Infer<typeof nack>
export type ErrorReply = Infer<typeof error>
export type Suspect = Infer<typeof suspect>
export type Alive = Infer<typeof alive>
export type Dead = Infer<typeof dead>
export type NodeState = Infer<typeof nodeState>

/** Bytes for the layer above memberlist. */
interface UserMessage {
  readonly type: 'user'
  readonly body: Uint8Array
}

/** What a datagram can hold, unwrapped. */
export type Message = Ping | IndirectPing | Ack | Nack | Suspect | Alive | Dead | UserMessage
/** Messages that are one struct. */
type Plain = Exclude<Message, UserMessage> | ErrorReply

/** The numbers of NodeState.state. */
export const STATES = ['alive', 'suspect', 'dead', 'left'] as const

/** An address of a member. Its port is for datagrams and streams alike. */
export interface Address {
  readonly ip: Ip
  readonly port: number
}

type Of<Type extends Plain['type']> = Extract<Plain, { readonly type: Type }>

const FORMS: { readonly [Type in Plain['type']]: { byte: number; codec: Codec<Of<Type>> } } = {
  ping: { byte: MESSAGE.ping, codec: ping },
  indirectPing: { byte: MESSAGE.indirectPing, codec: indirectPing },
  ack: { byte: MESSAGE.ack, codec: ack },
  suspect: { byte: MESSAGE.suspect, codec: suspect },
  alive: { byte: MESSAGE.alive, codec: alive },
  dead: { byte: MESSAGE.dead, codec: dead },
  nack: { byte: MESSAGE.nack, codec: nack },
  error: { byte: MESSAGE.error, codec: error },
}

/** By the first byte. */
const CODECS: readonly (Codec<Plain> | undefined)[] = (() => {
  const found: (Codec<Plain> | undefined)[] = []
  // The cast: a message is written by the codec of its own type only.
  for (const { byte, codec } of Object.values(FORMS)) found[byte] = codec as Codec<Plain>
  return found
})()

/** No single message has more elements, or a field longer than a datagram. */
const MESSAGE_LIMITS: Limits = { bytesMax: 65_535, itemsMax: 64, depthMax: 4 }

export function encodeMessage(message: Message | ErrorReply, dialect?: Dialect): Uint8Array {
  if (message.type === 'user') return withByte(MESSAGE.user, message.body)
  const { byte } = FORMS[message.type]
  const codec = CODECS[byte]
  assert(codec !== undefined, 'every message has a codec')
  return withByte(byte, encode(codec, message, dialect))
}

function withByte(byte: number, body: Uint8Array): Uint8Array {
  const whole = new Uint8Array(body.length + 1)
  whole[0] = byte
  whole.set(body, 1)
  return whole
}

/** One message of a datagram, without wrapping. */
export function decodeMessage(packet: Uint8Array): Opened<Message> {
  if (packet[0] === MESSAGE.user)
    return { ok: true, value: { type: 'user', body: new Uint8Array(packet.subarray(1)) } }
  const read = decodePlain(packet)
  if (!read.ok) return read
  const { value } = read
  if (value.type === 'error') return refuse('an error outside a stream')
  return { ok: true, value }
}

function decodePlain(message: Uint8Array): Opened<Plain> {
  const codec = CODECS[message[0] ?? -1]
  if (codec === undefined) return refuse('a message of an unknown type')
  return opened(decode(codec, message.subarray(1), MESSAGE_LIMITS))
}

/** The full state that two members exchange on a stream. */
export interface PushPull {
  readonly type: 'pushPull'
  readonly join: boolean
  readonly states: readonly NodeState[]
  /** Of the layer above memberlist. */
  readonly userState: Uint8Array
}

/** Everything that one side of a stream can say. */
export type StreamMessage = PushPull | Ping | Ack | UserMessage | ErrorReply

/** More members in one exchange are refused. memberlist itself stops at 2^20. */
export const NODES_MAX = 131_072
/** As in memberlist: a longer state or message of the layer above is refused. */
export const USER_BYTES_MAX = 20 << 20

export function encodeStreamMessage(message: StreamMessage, dialect?: Dialect): Uint8Array {
  switch (message.type) {
    case 'pushPull':
      return encodePushPull(message, dialect)
    case 'user': {
      const header = encode(userHeader, { userMsgLen: message.body.length }, dialect)
      return concatBytes([Uint8Array.of(MESSAGE.user), header, message.body])
    }
    default:
      return encodeMessage(message, dialect)
  }
}

function encodePushPull({ join, states, userState }: PushPull, dialect?: Dialect): Uint8Array {
  const header = { nodes: states.length, userStateLen: userState.length, join }
  return concatBytes([
    Uint8Array.of(MESSAGE.pushPull),
    encode(pushPullHeader, header, dialect),
    ...states.map((state) => encode(nodeState, state, dialect)),
    userState,
  ])
}

/** A whole message of a stream, expanded. Bytes behind its end are ignored, as in memberlist. */
export function decodeStreamMessage(whole: Uint8Array): Opened<StreamMessage> {
  const body = whole.subarray(1)
  if (whole[0] === MESSAGE.pushPull) return decodePushPull(body)
  if (whole[0] === MESSAGE.user) return decodeUserStream(body)
  const read = decodePlain(whole)
  if (!read.ok) return read
  const { value } = read
  if (value.type === 'ping' || value.type === 'ack' || value.type === 'error')
    return { ok: true, value }
  return refuse(`${value.type} on a stream`)
}

export interface PushPullSizes {
  readonly nodes: number
  readonly userStateLen: number
}

const HEADER_LIMITS: Partial<Limits> = { bytesMax: 64, itemsMax: 16, depthMax: 2 }

/** What a head announces, and where it ends; refused before anything is made of it. */
export function readPushPullHeader(
  body: Uint8Array,
): Opened<PushPullSizes & { readonly join: boolean; readonly used: number }> {
  const read = decode(pushPullHeader, body, HEADER_LIMITS)
  if (!read.ok) return refuse(read.fault.why)
  const { nodes, userStateLen, join } = read.value
  if (nodes < 0 || nodes > NODES_MAX) return refuse('a state of more members than allowed')
  if (userStateLen < 0 || userStateLen > USER_BYTES_MAX)
    return refuse('a user state longer than allowed')
  return { ok: true, value: { nodes, userStateLen, join, used: read.used } }
}

export function readUserHeader(body: Uint8Array): Opened<{ size: number; used: number }> {
  const read = decode(userHeader, body, HEADER_LIMITS)
  if (!read.ok) return refuse(read.fault.why)
  const size = read.value.userMsgLen
  if (size < 0 || size > USER_BYTES_MAX) return refuse('a user message longer than allowed')
  return { ok: true, value: { size, used: read.used } }
}

const STATE_LIMITS: Limits = { bytesMax: 65_535, itemsMax: 64, depthMax: 2 }

function decodePushPull(body: Uint8Array): Opened<PushPull> {
  const header = readPushPullHeader(body)
  if (!header.ok) return header
  const { nodes, userStateLen, join } = header.value
  let at = header.value.used
  const states: NodeState[] = []
  for (let i = 0; i < nodes; i++) {
    const read = decode(nodeState, body.subarray(at), STATE_LIMITS)
    if (!read.ok) return refuse(read.fault.why)
    states.push(read.value)
    at += read.used
  }
  if (userStateLen > body.length - at) return refuse('the bytes end inside the user state')
  const userState = new Uint8Array(body.subarray(at, at + userStateLen))
  return { ok: true, value: { type: 'pushPull', join, states, userState } }
}

function decodeUserStream(body: Uint8Array): Opened<UserMessage> {
  const header = readUserHeader(body)
  if (!header.ok) return header
  const { size, used } = header.value
  if (size > body.length - used) return refuse('the bytes end inside a user message')
  const message = new Uint8Array(body.subarray(used, used + size))
  return { ok: true, value: { type: 'user', body: message } }
}
