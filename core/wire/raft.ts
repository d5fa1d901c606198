// The messages of hashicorp/raft's NetworkTransport as they stand on a connection (raft-wire §1):
// field names, types and nil rules of its Go structs, in the newer codec's dialect. What the
// messages mean is for core/raft; raft-stream.ts cuts a connection into them.
//
//   request   │ type, 1 byte │ struct │            and behind installSnapshot `Size` raw bytes
//   response  │ error text │ struct, or nil │      an empty text: no error
//
// Every field of every message is always written: Go decodes into a struct that it uses again, and
// what is missing would keep the value of the message before (raft-wire P2).
import { assert } from '../assert.ts'
import { concatBytes } from '../bytes.ts'
import {
  bool,
  bytes,
  type Codec,
  type Decoded,
  decode,
  encode,
  type Infer,
  i64,
  int,
  list,
  nilable,
  raw,
  str,
  u8,
  u64,
} from './msgpack.ts'
import type { Limits } from './msgpack-read.ts'
import { struct } from './msgpack-struct.ts'
import type { Dialect } from './msgpack-write.ts'

/** What Go's `[]byte` holds: nil is not the same as none. */
const slice = nilable(bytes)

const HEADER = { ProtocolVersion: int, ID: slice, Addr: slice } as const

export const logRecord = struct({
  Index: u64,
  Term: u64,
  Type: u8,
  Data: slice,
  Extensions: slice,
  /** A Go time in whatever form it came, and it leaves in that form (raft-wire P5). */
  AppendedAt: raw,
})
export type LogRecord = Infer<typeof logRecord>

const appendEntriesRequest = struct({
  ...HEADER,
  Term: u64,
  Leader: slice,
  PrevLogEntry: u64,
  PrevLogTerm: u64,
  Entries: nilable(list(logRecord)),
  LeaderCommitIndex: u64,
})

const appendEntriesResponse = struct({
  ...HEADER,
  Term: u64,
  LastLog: u64,
  Success: bool,
  NoRetryBackoff: bool,
})

const requestVoteRequest = struct({
  ...HEADER,
  Term: u64,
  Candidate: slice,
  LastLogIndex: u64,
  LastLogTerm: u64,
  LeadershipTransfer: bool,
})

const requestVoteResponse = struct({ ...HEADER, Term: u64, Peers: slice, Granted: bool })

const requestPreVoteRequest = struct({
  ...HEADER,
  Term: u64,
  LastLogIndex: u64,
  LastLogTerm: u64,
})

const requestPreVoteResponse = struct({ ...HEADER, Term: u64, Granted: bool })

const timeoutNowRequest = struct(HEADER)
const timeoutNowResponse = struct(HEADER)

const installSnapshotRequest = struct({
  ...HEADER,
  SnapshotVersion: int,
  Term: u64,
  Leader: slice,
  LastLogIndex: u64,
  LastLogTerm: u64,
  Peers: slice,
  Configuration: slice,
  ConfigurationIndex: u64,
  Size: i64,
})

const installSnapshotResponse = struct({ ...HEADER, Term: u64, Success: bool })

/** In the data of a configuration entry, and in installSnapshot. */
export const configurationRecord = struct({
  Servers: nilable(list(struct({ Suffrage: int, ID: str, Address: str }))),
})
export type ConfigurationRecord = Infer<typeof configurationRecord>

/** The voters' addresses, for readers from before configurations. */
export const peerList = nilable(list(bytes))

const REQUESTS = {
  appendEntries: appendEntriesRequest,
  requestVote: requestVoteRequest,
  installSnapshot: installSnapshotRequest,
  timeoutNow: timeoutNowRequest,
  requestPreVote: requestPreVoteRequest,
} as const

const RESPONSES = {
  appendEntries: appendEntriesResponse,
  requestVote: requestVoteResponse,
  installSnapshot: installSnapshotResponse,
  timeoutNow: timeoutNowResponse,
  requestPreVote: requestPreVoteResponse,
} as const

export type RpcKind = keyof typeof REQUESTS

/** The type byte is the place in this list. */
const KINDS: readonly RpcKind[] = [
  'appendEntries',
  'requestVote',
  'installSnapshot',
  'timeoutNow',
  'requestPreVote',
]

export type RpcRequest = {
  [K in RpcKind]: { readonly kind: K; readonly body: Infer<(typeof REQUESTS)[K]> }
}[RpcKind]

export type RpcResponse = {
  [K in RpcKind]: { readonly kind: K; readonly body: Infer<(typeof RESPONSES)[K]> }
}[RpcKind]

/**
 * An answer: what was asked for, or an error of the other side, which leaves the connection usable.
 */
export type Answer =
  | { readonly ok: true; readonly response: RpcResponse }
  | { readonly ok: false; readonly error: string }

/** One message. Raft entries are small, but a leader may send many: Go has no limit of its own. */
export const MESSAGE_BYTES_MAX = 128 << 20
/** Fields and list elements of one message: 1,024 entries have some 14,000. */
export const MESSAGE_ITEMS_MAX = 1 << 16
/** Only containers of structs occur: a message in an entry in a list is as deep as it gets. */
const DEPTH_MAX = 8
const ERROR_BYTES_MAX = 64 << 10

const LIMITS: Limits = {
  bytesMax: MESSAGE_BYTES_MAX,
  itemsMax: MESSAGE_ITEMS_MAX,
  depthMax: DEPTH_MAX,
}

export const kindOfByte = (byte: number): RpcKind | undefined => KINDS[byte]

export function encodeRequest({ kind, body }: RpcRequest, dialect: Dialect = 'v2'): Uint8Array {
  const codec = REQUESTS[kind] as Codec<typeof body> // RpcRequest says that they belong together
  return concatBytes([Uint8Array.of(KINDS.indexOf(kind)), encode(codec, body, dialect)])
}

/** The message behind the type byte. */
export function decodeRequest(kind: RpcKind, message: Uint8Array): Decoded<RpcRequest> {
  const codec = REQUESTS[kind] as Codec<RpcRequest['body']> // see encodeRequest
  const decoded = decode(codec, message, LIMITS)
  if (!decoded.ok) return decoded
  const value = { kind, body: decoded.value } as RpcRequest // see encodeRequest
  return { ...decoded, value }
}

export function encodeAnswer(answer: Answer, dialect: Dialect = 'v2'): Uint8Array {
  if (!answer.ok) {
    assert(answer.error !== '', 'an error has a text')
    return concatBytes([encode(str, answer.error, dialect), Uint8Array.of(0xc0)])
  }
  const { kind, body } = answer.response
  const codec = RESPONSES[kind] as Codec<typeof body> // see encodeRequest
  return concatBytes([encode(str, '', dialect), encode(codec, body, dialect)])
}

/** The text and the struct behind it. */
export function decodeAnswer(kind: RpcKind, message: Uint8Array): Decoded<Answer> {
  const text = decode(str, message, { ...LIMITS, bytesMax: ERROR_BYTES_MAX })
  if (!text.ok) return text
  const rest = message.subarray(text.used)
  const codec = RESPONSES[kind] as Codec<RpcResponse['body']> // see encodeRequest
  const decoded = decode(codec, rest, LIMITS)
  if (!decoded.ok) {
    const { fault } = decoded
    return { ok: false, fault: { ...fault, at: fault.at + text.used } }
  }
  const used = text.used + decoded.used
  if (text.value !== '') return { ok: true, used, value: { ok: false, error: text.value } }
  const response = { kind, body: decoded.value } as RpcResponse // see encodeRequest
  return { ok: true, used, value: { ok: true, response } }
}
