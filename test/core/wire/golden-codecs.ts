// Makes codecs and values from the type names and JSON values of the golden vectors
// (test/fixtures/README.md).

import { u64 as canonical } from '../../../core/u64.ts'
import {
  bool,
  bytes,
  type Codec,
  encode,
  f32,
  f64,
  i8,
  i16,
  i32,
  i64,
  list,
  map,
  nilable,
  omitEmpty,
  raw,
  str,
  u8,
  u16,
  u32,
  u64,
} from '../../../core/wire/msgpack.ts'
import { struct } from '../../../core/wire/msgpack-struct.ts'
import { type GoTime, time } from '../../../core/wire/msgpack-time.ts'
import { bytesFrom, linesOf, unhex } from './gossip-golden.ts'

/** A codec whose values the tests do not look into. */
export type Opaque = Codec<unknown>

interface SchemaField {
  readonly name: string
  readonly type: string
  readonly omitEmpty?: boolean
}

export type Schemas = ReadonlyMap<string, readonly SchemaField[]>

export const schemasOf = (file: string): Schemas =>
  new Map(
    linesOf(file)
      .filter((line) => 'schema' in line)
      .map((line) => [line['schema'] as string, line['fields'] as SchemaField[]]),
  )

const NAMED: Readonly<Record<string, unknown>> = {
  nil: raw,
  any: raw,
  bool,
  u8,
  u16,
  u32,
  u64,
  i8,
  i16,
  i32,
  i64,
  f32,
  f64,
  str,
  bytes: nilable(bytes),
  time,
}

export function codecOf(type: string, schemas: Schemas): Opaque {
  if (Object.hasOwn(NAMED, type)) return NAMED[type] as Opaque
  if (type.startsWith('bytes[')) return bytes as Opaque
  if (type.startsWith('[]')) return nilable(list(codecOf(type.slice(2), schemas))) as Opaque
  if (type.startsWith('*')) return nilable(codecOf(type.slice(1), schemas)) as Opaque
  const keyed = /^map\[(\w+)\](.+)$/.exec(type)
  if (keyed !== null) {
    const key = codecOf(keyed[1] ?? '', schemas) as unknown as Codec<string>
    return nilable(map(key, codecOf(keyed[2] ?? '', schemas))) as unknown as Opaque
  }
  return structOf(type, schemas) as Opaque
}

function structOf(type: string, schemas: Schemas): unknown {
  const fields = schemas.get(type)
  if (fields === undefined) throw new Error(`no schema ${type}`)
  return struct(
    Object.fromEntries(
      fields.map((field) => {
        const codec = codecOf(field.type, schemas)
        return [field.name, field.omitEmpty ? omitEmpty(codec) : codec]
      }),
    ),
  )
}

/** The value that the codec of the type has for this JSON. */
export function fromJson(type: string, json: unknown, schemas: Schemas): unknown {
  if (type === 'u64') return canonical(BigInt(json as string))
  if (type === 'i64') return signedOf(BigInt(json as string))
  if (type === 'f64' || type === 'f32') return Number(json)
  if (type === 'any' || type === 'nil')
    return json === null ? Uint8Array.of(0xc0) : encode(str, json as string)
  if (type === 'time') return timeOf(json as string)
  if (type === 'str') return textOf(json)
  if (json === null) return null
  if (type.startsWith('bytes')) return bytesFrom(json)
  if (type.startsWith('[]'))
    return itemsOf(json).map((item) => fromJson(type.slice(2), item, schemas))
  if (type.startsWith('*')) return fromJson(type.slice(1), json, schemas)
  const keyed = /^map\[(\w+)\](.+)$/.exec(type)
  if (keyed !== null) return mapOf([keyed[1] ?? '', keyed[2] ?? ''], json, schemas)
  const fields = schemas.get(type)
  if (fields === undefined) return json
  const members = json as Record<string, unknown>
  return Object.fromEntries(
    fields.map((field) => [field.name, fromJson(field.type, members[field.name], schemas)]),
  )
}

const signedOf = (value: bigint) =>
  value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value

function itemsOf(json: unknown): unknown[] {
  if (Array.isArray(json)) return json
  const [item, count] = (json as { $repeat: [unknown, number] }).$repeat
  return Array.from({ length: count }, () => item)
}

/** Text that is no UTF-8 is given in hex and stands for a byte string. */
function textOf(json: unknown): string {
  if (typeof json === 'string') return json
  if (json !== null && typeof json === 'object' && '$hex' in json)
    return String.fromCharCode(...unhex(json.$hex as string))
  return itemsOf(json).join('')
}

/** A map from text is an object, any other a list of pairs. */
function mapOf([key, item]: [string, string], json: unknown, schemas: Schemas): unknown {
  const pairs = Array.isArray(json)
    ? (json as [unknown, unknown][])
    : Object.entries(json as object)
  return new Map(
    pairs.map(([name, value]) => [fromJson(key, name, schemas), fromJson(item, value, schemas)]),
  )
}

/** RFC 3339 with up to nine digits of a second. */
export function timeOf(text: string): GoTime {
  const parts = /^(\d+-\d+-\d+T\d+:\d+:\d+)(?:\.(\d+))?(Z|([+-])(\d+):(\d+))$/.exec(text)
  if (parts === null) throw new Error(`not a time: ${text}`)
  const [, date = '', fraction = '', mark, sign, hours = '0', minutes = '0'] = parts
  const zone = (sign === '-' ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60)
  const seconds = Date.parse(`${date}Z`) / 1000 - zone
  return { seconds, nanos: Number(fraction.padEnd(9, '0')), zone: mark === 'Z' ? 'utc' : zone }
}

export const isUtf8Text = (json: unknown): boolean =>
  json === null || typeof json !== 'object' || !('$hex' in json)
