// Between the machine's messages and the structs that are sent: the one place that knows both
// (raft-wire §1.4). What comes in is looked at here for what the machine takes for granted: numbers
// that are exact, entries of types that are known, ids that are text.
import { strictTextOf, utf8 } from '../bytes.ts'
import { ENTRY, type Entry, type EntryType } from '../entry.ts'
import { type LogIndex, logIndex, type Term, term as termOf } from '../ids.ts'
import type { U64 } from '../u64.ts'
import { decode, encode } from '../wire/msgpack.ts'
import { time } from '../wire/msgpack-time.ts'
import {
  type Answer,
  type ConfigurationRecord,
  configurationRecord,
  type LogRecord,
  peerList,
  type RpcKind,
  type RpcRequest,
  type RpcResponse,
} from '../wire/raft.ts'
import type {
  Append,
  Configuration,
  InstallSnapshot,
  Peer,
  RaftReply,
  RaftRequest,
  SnapshotMeta,
  Suffrage,
} from './messages.ts'
import { votersOf } from './quorum.ts'
import type { ConfigurationCodec } from './raft.ts'

/** What we speak. Peers from 2 on are understood: they know configurations and headers. */
export const PROTOCOL_VERSION = 3
const PROTOCOL_VERSION_MIN = 2
const SNAPSHOT_VERSION = 1

/** Clients and peers match on this text. */
export const UNSUPPORTED_VERSION = 'operation not supported with current protocol version'

/** Terms and indexes beyond it are not believed: the next one would not be exact. */
const NUMBER_MAX = 2 ** 52

/** A time that was never set: 15 bytes of Go's own form. */
const ZERO_TIME = encode(time, time.zero, 'v2')
const EMPTY = new Uint8Array(0)

export const kindOf = (request: RaftRequest): RpcKind => KIND_OF[request.type]

const KIND_OF: Readonly<Record<RaftRequest['type'], RpcKind>> = {
  append: 'appendEntries',
  heartbeat: 'appendEntries',
  vote: 'requestVote',
  'pre-vote': 'requestPreVote',
  'timeout-now': 'timeoutNow',
  'install-snapshot': 'installSnapshot',
}

const headerOf = ({ id, address }: Peer) => ({
  ProtocolVersion: PROTOCOL_VERSION,
  ID: utf8(id),
  Addr: utf8(address),
})

/** `size`: of the snapshot that follows an install-snapshot. */
export function toRpc(self: Peer, request: RaftRequest, size = 0): RpcRequest {
  const header = headerOf(self)
  switch (request.type) {
    case 'append':
      return {
        kind: 'appendEntries',
        body: { ...header, Leader: header.Addr, ...appended(request) },
      }
    case 'heartbeat':
      return {
        kind: 'appendEntries',
        body: {
          ...header,
          Leader: header.Addr,
          Term: request.term,
          PrevLogEntry: 0,
          PrevLogTerm: 0,
          Entries: null,
          LeaderCommitIndex: 0,
        },
      }
    case 'vote':
      return {
        kind: 'requestVote',
        body: {
          ...header,
          Candidate: header.Addr,
          Term: request.term,
          LastLogIndex: request.lastIndex,
          LastLogTerm: request.lastTerm,
          LeadershipTransfer: request.transfer,
        },
      }
    case 'pre-vote':
      return {
        kind: 'requestPreVote',
        body: {
          ...header,
          Term: request.term,
          LastLogIndex: request.lastIndex,
          LastLogTerm: request.lastTerm,
        },
      }
    case 'timeout-now':
      return { kind: 'timeoutNow', body: header }
    default:
      return {
        kind: 'installSnapshot',
        body: { ...header, Leader: header.Addr, Size: size, ...described(request) },
      }
  }
}

const appended = ({ term, prevIndex, prevTerm, entries, commit }: Append) => ({
  Term: term,
  PrevLogEntry: prevIndex,
  PrevLogTerm: prevTerm,
  Entries: entries.map(toRecord),
  LeaderCommitIndex: commit,
})

const described = ({ term, snapshot }: InstallSnapshot) => ({
  SnapshotVersion: SNAPSHOT_VERSION,
  Term: term,
  LastLogIndex: snapshot.index,
  LastLogTerm: snapshot.term,
  Peers: encode(
    peerList,
    votersOf(snapshot.configuration).map(({ address }) => utf8(address)),
    'v2',
  ),
  Configuration: configurationCodec.encode(snapshot.configuration),
  ConfigurationIndex: snapshot.configurationIndex,
})

/** An entry as peers store it. Without extensions nil, never an empty slice (raft-wire P3). */
export const toRecord = ({
  index,
  term,
  type,
  data,
  extensions,
  appendedAt,
}: Entry): LogRecord => ({
  Index: index,
  Term: term,
  Type: type,
  Data: data.length === 0 && type !== ENTRY.command ? null : data,
  Extensions: extensions === undefined || extensions.length === 0 ? null : extensions,
  AppendedAt: appendedAt ?? ZERO_TIME,
})

export type FromRpc =
  | {
      readonly ok: true
      readonly from: Peer
      readonly request: RaftRequest
      /** Bytes of the snapshot that follows; 0 without one. */
      readonly size: number
    }
  /** What is answered instead. The snapshot that may follow has to be read all the same. */
  | { readonly ok: false; readonly error: string; readonly size: number }

/** What a peer wants. */
export function fromRpc(rpc: RpcRequest): FromRpc {
  const size = rpc.kind === 'installSnapshot' ? sizeOf(rpc.body.Size) : 0
  const { ProtocolVersion: version } = rpc.body
  if (version < PROTOCOL_VERSION_MIN || version > PROTOCOL_VERSION)
    return { ok: false, error: UNSUPPORTED_VERSION, size }
  const from = senderOf(rpc)
  const request = from === undefined ? 'a request without a sender' : requestOf(rpc)
  if (typeof request === 'string' || from === undefined)
    return { ok: false, error: `cannot take this request: ${request}`, size }
  return { ok: true, from, request, size }
}

const sizeOf = (size: number | bigint): number =>
  typeof size === 'number' && size >= 0 ? size : Number.MAX_SAFE_INTEGER

/** Before version 3 the address was the name. */
function senderOf({ body, kind }: RpcRequest): Peer | undefined {
  const legacy = kind === 'requestVote' ? body.Candidate : 'Leader' in body ? body.Leader : null
  const address = textIn(body.Addr) ?? textIn(legacy)
  if (address === undefined) return undefined
  return { id: textIn(body.ID) ?? address, address }
}

function textIn(bytes: Uint8Array | null): string | undefined {
  if (bytes === null || bytes.length === 0) return undefined
  return strictTextOf(bytes)
}

/** A text says what is wrong. */
function requestOf(rpc: RpcRequest): RaftRequest | string {
  switch (rpc.kind) {
    case 'appendEntries':
      return appendOf(rpc.body)
    case 'requestVote': {
      const found = candidacyOf(rpc.body)
      if (typeof found === 'string') return found
      return { type: 'vote', ...found, transfer: rpc.body.LeadershipTransfer }
    }
    case 'requestPreVote': {
      const found = candidacyOf(rpc.body)
      return typeof found === 'string' ? found : { type: 'pre-vote', ...found }
    }
    case 'timeoutNow':
      return { type: 'timeout-now' }
    default:
      return installOf(rpc.body)
  }
}

type Body<K extends RpcKind> = Extract<RpcRequest, { readonly kind: K }>['body']

function candidacyOf(body: Body<'requestVote'> | Body<'requestPreVote'>) {
  const found = exactly({ term: body.Term, index: body.LastLogIndex, last: body.LastLogTerm })
  if (found === undefined) return 'a number that is too large'
  return {
    term: termOf(found.term),
    lastIndex: logIndex(found.index),
    lastTerm: termOf(found.last),
  }
}

/** The numbers, if all of them are exact and have a successor. */
function exactly<K extends string>(values: Record<K, U64>): Record<K, number> | undefined {
  const numbers: [string, number][] = []
  for (const [name, value] of Object.entries<U64>(values)) {
    if (typeof value !== 'number' || value > NUMBER_MAX) return undefined
    numbers.push([name, value])
  }
  return Object.fromEntries(numbers) as Record<K, number> // the same names, looked at one by one
}

/** All zeros and no entries: a heartbeat, whatever else an append like that could mean. */
function appendOf(body: Body<'appendEntries'>): RaftRequest | string {
  const found = exactly({
    term: body.Term,
    prevIndex: body.PrevLogEntry,
    prevTerm: body.PrevLogTerm,
    commit: body.LeaderCommitIndex,
  })
  if (found === undefined) return 'a number that is too large'
  const { term, prevIndex, prevTerm, commit } = found
  const records = body.Entries ?? []
  if (records.length === 0 && prevIndex === 0 && prevTerm === 0 && commit === 0)
    return { type: 'heartbeat', term: termOf(term) }
  const entries: Entry[] = []
  for (const record of records) {
    const entry = fromRecord(record)
    if (typeof entry === 'string') return entry
    entries.push(entry)
  }
  return {
    type: 'append',
    term: termOf(term),
    prevIndex: logIndex(prevIndex),
    prevTerm: termOf(prevTerm),
    entries,
    commit: logIndex(commit),
  }
}

/** An entry, or what is wrong with it. */
export function fromRecord(record: LogRecord): Entry | string {
  const found = exactly({ index: record.Index, term: record.Term })
  if (found === undefined) return 'a number that is too large'
  const type = typeOf(record.Type)
  if (type === undefined) return `entry ${found.index} has type ${record.Type}`
  const entry: Entry = {
    index: logIndex(found.index),
    term: termOf(found.term),
    type,
    data: record.Data ?? EMPTY,
  }
  const { Extensions: extensions, AppendedAt: at } = record
  const hasExtensions = extensions !== null && extensions.length > 0
  if (!isSet(at)) return hasExtensions ? { ...entry, extensions } : entry
  if (!decode(time, at).ok) return `entry ${found.index} has a time that is none`
  return hasExtensions ? { ...entry, extensions, appendedAt: at } : { ...entry, appendedAt: at }
}

function typeOf(type: number): EntryType | undefined {
  return Object.values(ENTRY).find((known) => known === type)
}

const NIL = 0xc0

const isSet = (at: Uint8Array): boolean =>
  at[0] !== NIL && !(at.length === ZERO_TIME.length && at.every((byte, i) => byte === ZERO_TIME[i]))

function installOf(body: Body<'installSnapshot'>): RaftRequest | string {
  if (body.SnapshotVersion !== SNAPSHOT_VERSION) return `snapshot version ${body.SnapshotVersion}`
  if (typeof body.Size !== 'number' || body.Size < 0) return `a snapshot of ${body.Size} bytes`
  const found = exactly({
    term: body.Term,
    index: body.LastLogIndex,
    last: body.LastLogTerm,
    configurationIndex: body.ConfigurationIndex,
  })
  if (found === undefined) return 'a number that is too large'
  const configuration = configurationCodec.decode(body.Configuration ?? EMPTY)
  if (configuration === undefined) return 'a snapshot without a configuration'
  const snapshot: SnapshotMeta = {
    index: logIndex(found.index),
    term: termOf(found.last),
    configuration,
    configurationIndex: logIndex(found.configurationIndex),
  }
  return { type: 'install-snapshot', term: termOf(found.term), snapshot }
}

/** What is answered. The kind is that of the request. */
export function toAnswer(self: Peer, reply: RaftReply): Answer {
  return { ok: true, response: toResponse(self, reply) }
}

function toResponse(self: Peer, reply: RaftReply): RpcResponse {
  const header = headerOf(self)
  switch (reply.type) {
    case 'append-reply':
      return {
        kind: 'appendEntries',
        body: {
          ...header,
          Term: reply.term,
          LastLog: reply.lastLog,
          Success: reply.success,
          NoRetryBackoff: reply.noRetryBackoff,
        },
      }
    case 'vote-reply':
      return {
        kind: 'requestVote',
        body: { ...header, Term: reply.term, Peers: null, Granted: reply.granted },
      }
    case 'pre-vote-reply':
      return {
        kind: 'requestPreVote',
        body: { ...header, Term: reply.term, Granted: reply.granted },
      }
    case 'timeout-now-reply':
      return { kind: 'timeoutNow', body: header }
    default:
      return {
        kind: 'installSnapshot',
        body: { ...header, Term: reply.term, Success: reply.success },
      }
  }
}

/** What an acceptor without pre-vote answers: its candidate counts that as a grant. */
const UNEXPECTED = 'unexpected command'

/** The reply in an answer; undefined: it is an error, or makes no sense. `term`: of the request. */
export function fromAnswer(request: RaftRequest, answer: Answer): RaftReply | undefined {
  if (!answer.ok)
    return request.type === 'pre-vote' && answer.error.includes(UNEXPECTED)
      ? { type: 'pre-vote-reply', term: request.term, granted: true }
      : undefined
  const { kind, body } = answer.response
  if (kind === 'timeoutNow') return { type: 'timeout-now-reply' }
  const found = exactly({ term: body.Term, last: 'LastLog' in body ? body.LastLog : 0 })
  if (found === undefined) return undefined
  const term: Term = termOf(found.term)
  const lastLog: LogIndex = logIndex(found.last)
  switch (kind) {
    case 'appendEntries': {
      const { Success: success, NoRetryBackoff: noRetryBackoff } = body
      return { type: 'append-reply', term, success, lastLog, noRetryBackoff }
    }
    case 'requestVote':
      return { type: 'vote-reply', term, granted: body.Granted }
    case 'requestPreVote':
      return { type: 'pre-vote-reply', term, granted: body.Granted }
    default:
      return { type: 'install-snapshot-reply', term, success: body.Success }
  }
}

const SUFFRAGES: readonly Suffrage[] = ['voter', 'nonvoter']
/** What upstream once meant as a step before a vote. It counts as none. */
const STAGING = 2

function toConfigurationRecord({ servers }: Configuration): ConfigurationRecord {
  return {
    Servers: servers.map(({ id, address, suffrage }) => ({
      Suffrage: SUFFRAGES.indexOf(suffrage),
      ID: id,
      Address: address,
    })),
  }
}

function fromConfigurationRecord({ Servers }: ConfigurationRecord): Configuration | undefined {
  const servers = (Servers ?? []).map(({ Suffrage: kind, ID: id, Address: address }) => {
    const suffrage = kind === STAGING ? 'nonvoter' : SUFFRAGES[kind]
    return suffrage === undefined ? undefined : { id, address, suffrage }
  })
  const known = servers.filter((server) => server !== undefined)
  return known.length === servers.length ? { servers: known } : undefined
}

/** How a configuration stands in the log, readable for peers written in Go. */
export const configurationCodec: ConfigurationCodec = {
  encode: (configuration) =>
    encode(configurationRecord, toConfigurationRecord(configuration), 'v2'),
  decode: (data) => {
    const decoded = decode(configurationRecord, data, { itemsMax: CONFIGURATION_ITEMS_MAX })
    if (!decoded.ok || decoded.used !== data.length) return undefined
    return fromConfigurationRecord(decoded.value)
  },
}

/** Some thousand servers. */
const CONFIGURATION_ITEMS_MAX = 16_384
