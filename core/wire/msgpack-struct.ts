// Structs in msgpack: maps from field names to values. As in Go's codec, fields leave sorted by the
// bytes of their names, unknown ones are skipped, missing ones are the zero of their type, and a
// struct may also arrive as an array in the order of declaration.
import { assert } from '../assert.ts'
import {
  type AnyCodec,
  type Codec,
  type Coding,
  encode,
  type Infer,
  readHead,
  str,
} from './msgpack.ts'
import {
  enter,
  leave,
  type Reader,
  readCount,
  readRawSize,
  skipNil,
  skipValue,
  takeByteString,
} from './msgpack-read.ts'
import { putBytes, putMapHead, type Writer } from './msgpack-write.ts'

type Fields = Readonly<Record<string, AnyCodec>>
type Struct<F extends Fields> = { readonly [K in keyof F]: Infer<F[K]> }

/** A field as the loops below need it: what it holds is known to the type of the struct only. */
interface Field {
  /** Of the member that holds the value. */
  readonly name: string
  readonly wireName: string
  /** The name as it stands on the wire, with its head. */
  readonly key: Uint8Array
  readonly codec: Coding<unknown, unknown>
}

interface Plan {
  /** In the order of the wire, and in that of the declaration. */
  readonly sorted: readonly Field[]
  readonly declared: readonly Field[]
  readonly byName: ReadonlyMap<string, number>
  readonly omits: boolean
  readonly zero: Members
  /** The same, not frozen: of a frozen object the engine is slow to make a copy. */
  readonly blank: Members
}

/** Longer names would have a different head in each dialect. */
const NAME_MAX = 31

/** `nameOf` gives a member's name on the wire: see goName. */
export function struct<const F extends Fields>(
  fields: F,
  nameOf: (member: string) => string = itself,
): Codec<Struct<F>> {
  const plan = planOf(fields, nameOf)
  return {
    write: (out, value) => writeStruct(out, plan, value as Members), // as its type says
    read: (input) => typed<Struct<F>>(readFields(input, plan)),
    zero: typed<Struct<F>>(plan.zero),
    isEmpty: () => false,
  }
}

const itself = (name: string) => name

const INITIALISMS: readonly string[] = ['id', 'ip', 'cc']

/** As a Go struct exports it: `seqNo` is `SeqNo`, `id` is `ID`. */
export const goName = (member: string): string =>
  INITIALISMS.includes(member)
    ? member.toUpperCase()
    : member.charAt(0).toUpperCase() + member.slice(1)

type Some<F extends Fields> = { readonly [K in keyof F]?: Infer<F[K]> }

/**
 * A struct that has only the fields it was given: one that is absent stays absent. Read in the
 * order of declaration.
 */
export function partial<const F extends Fields>(fields: F): Codec<Some<F>> {
  const plan: Plan = { ...planOf(fields, itself), zero: Object.freeze({}), blank: {} }
  return {
    write: (out, value) => {
      const members = value as Members // as its type says
      const present = plan.sorted.filter(({ name }) => members[name] !== undefined)
      writeFields(out, present, members)
    },
    read: (input) => typed<Some<F>>(inOrder(plan, readFields(input, plan))),
    zero: typed<Some<F>>(plan.zero),
    isEmpty: (value) => Object.keys(value).length === 0,
  }
}

type Members = Readonly<Record<string, unknown>>

/** A Plan forgets the types that its struct states; both are made from the same fields. */
const typed = <T>(members: Members): T => members as T

function inOrder(plan: Plan, members: Members): Members {
  const names = plan.declared.map(({ name }) => name).filter((name) => name in members)
  return Object.fromEntries(names.map((name) => [name, members[name]]))
}

function planOf(fields: Fields, nameOf: (member: string) => string): Plan {
  const declared = Object.entries(fields).map(([name, codec]): Field => {
    const wireName = nameOf(name)
    assert(/^[\w-]+$/.test(wireName), 'a field has a plain name')
    assert(wireName.length <= NAME_MAX, 'a field has a short name')
    assert(name !== '__proto__', 'a field has a harmless name')
    // The cast: the values handed in come from the record whose type was made from these codecs.
    return { name, wireName, key: encode(str, wireName), codec: codec as Coding<unknown, unknown> }
  })
  const blank = Object.fromEntries(declared.map(({ name, codec }) => [name, codec.zero]))
  const sorted = [...declared].sort((a, b) => (a.wireName < b.wireName ? -1 : 1))
  return {
    sorted,
    declared,
    byName: new Map(sorted.map(({ wireName }, index) => [wireName, index])),
    omits: declared.some(({ codec }) => codec.omitted === true),
    zero: Object.freeze({ ...blank }),
    blank: { ...blank },
  }
}

function writeStruct(out: Writer, { sorted, omits }: Plan, value: Members): void {
  if (!omits) {
    writeFields(out, sorted, value)
    return
  }
  let count = 0
  for (const field of sorted) if (!isLeftOut(field, value)) count++
  putMapHead(out, count)
  for (const field of sorted) if (!isLeftOut(field, value)) writeField(out, field, value)
}

const isLeftOut = ({ name, codec }: Field, value: Members): boolean =>
  codec.omitted === true && codec.isEmpty(value[name])

function writeFields(out: Writer, fields: readonly Field[], value: Members): void {
  putMapHead(out, fields.length)
  for (const field of fields) writeField(out, field, value)
}

function writeField(out: Writer, { key, codec, name }: Field, value: Members): void {
  putBytes(out, key)
  codec.write(out, value[name])
}

function readFields(input: Reader, plan: Plan): Members {
  if (skipNil(input) || !enter(input)) return plan.zero
  const pairs = readCount(input, 'map')
  let value = plan.zero
  if (pairs >= 0) value = readNamed(input, plan, pairs)
  else if (input.fault === undefined) value = readPlaced(input, plan)
  leave(input)
  return value
}

/**
 * Fields by name, in any order; of a doubled one the last counts. The order of the wire is tried
 * first. The value is made when the first known field is met: a million empty structs then cost no
 * more than their list.
 */
function readNamed(input: Reader, plan: Plan, pairs: number): Members {
  let value: Record<string, unknown> | undefined
  let expected = 0
  for (let i = 0; i < pairs && input.fault === undefined; i++) {
    const index = readName(input, plan, expected)
    const field = plan.sorted[index]
    if (field === undefined) {
      skipValue(input)
      continue
    }
    value ??= { ...plan.blank }
    value[field.name] = field.codec.read(input)
    expected = index + 1
  }
  return value ?? plan.zero
}

/**
 * Consumes a field's name and returns its place in the order of the wire; -1 for an unknown one.
 */
function readName(input: Reader, plan: Plan, expected: number): number {
  const field = plan.sorted[expected]
  if (field !== undefined && startsWith(input, field.key)) {
    input.at += field.key.length
    return expected
  }
  const size = readRawSize(input)
  if (size >= 0 && size <= NAME_MAX) return plan.byName.get(takeByteString(input, size)) ?? -1
  if (size > NAME_MAX) input.at += size
  return -1
}

function startsWith({ bytes, at }: Reader, key: Uint8Array): boolean {
  for (let i = 0; i < key.length; i++) if (bytes[at + i] !== key[i]) return false
  return true
}

/** Fields by place; those that the sender lacks stay zero, those that we lack are skipped. */
function readPlaced(input: Reader, plan: Plan): Members {
  const count = readHead(input, 'array')
  if (count === 0) return plan.zero
  const value = { ...plan.blank }
  for (let i = 0; i < count && input.fault === undefined; i++) {
    const field = plan.declared[i]
    if (field === undefined) skipValue(input)
    else value[field.name] = field.codec.read(input)
  }
  return value
}
