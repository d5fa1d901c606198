// Values of the raft fixtures in the form that core/wire/raft.ts reads and writes.
import { decode, encode } from '../../../core/wire/msgpack.ts'
import { type GoTime, time } from '../../../core/wire/msgpack-time.ts'
import type { Dialect } from '../../../core/wire/msgpack-write.ts'
import type { RpcKind } from '../../../core/wire/raft.ts'
import { fromJson, schemasOf } from './golden-codecs.ts'
import { linesOf, unhex } from './gossip-golden.ts'

const schemas = schemasOf('raft-golden.ndjson')

/** What our codec has for this JSON: times are kept as they stand on the wire. */
export function structOf<T>(type: string, json: unknown, dialect: Dialect): T {
  const value = withRawTimes(fromJson(type, json, schemas), dialect)
  return value as T // the fixtures' types are those of Go
}

function withRawTimes(value: unknown, dialect: Dialect): unknown {
  if (isTime(value)) return encode(time, value, dialect)
  if (Array.isArray(value)) return value.map((each) => withRawTimes(each, dialect))
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return value
  const members = Object.entries(value).map(([key, each]) => [key, withRawTimes(each, dialect)])
  return Object.fromEntries(members)
}

/** The same value with its times in UTC: JSON tells UTC and an offset of nothing not apart. */
export function inUtc(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inUtc)
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [
      key,
      key === 'AppendedAt' ? utcTime(each as Uint8Array) : inUtc(each),
    ]),
  )
}

function utcTime(at: Uint8Array): unknown {
  const read = decode(time, at)
  return read.ok ? { ...read.value, zone: 'utc' } : read
}

const isTime = (value: unknown): value is GoTime =>
  value !== null && typeof value === 'object' && 'nanos' in value

const KINDS: Readonly<Record<string, RpcKind>> = {
  AppendEntries: 'appendEntries',
  RequestVote: 'requestVote',
  RequestPreVote: 'requestPreVote',
  TimeoutNow: 'timeoutNow',
  InstallSnapshot: 'installSnapshot',
}

/** `raft.AppendEntriesRequest` is a request of this kind. */
export function kindOfType(type: string): { kind: RpcKind; isRequest: boolean } | undefined {
  const [, name = '', what] = /^raft\.(\w+)(Request|Response)$/.exec(type) ?? []
  const kind = KINDS[name]
  return kind === undefined ? undefined : { kind, isRequest: what === 'Request' }
}

/** A frame of a recording; the frames of one connection and direction are its whole stream. */
export interface Frame {
  readonly conn: number
  readonly dir: 'request' | 'response'
  readonly bytes: Uint8Array
  /** Undefined: cut off by the end of the connection. */
  readonly decoded: { readonly type: string; readonly value: unknown } | undefined
}

export const framesOf = (file: string): Frame[] =>
  linesOf(file)
    .filter((line) => 'hex' in line)
    .map((line) => ({
      ...(line as unknown as Frame),
      bytes: unhex(line['hex'] as string),
    }))
