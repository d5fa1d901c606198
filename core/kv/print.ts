// Keys as compact JSON, straight into bytes: a list of ten thousand keys is the longest answer
// there is, and making it is most of the read. The same as encodeJson gives for kvEntry; a test
// holds one against the other.
import { base64, base64Into, base64Length, EMPTY, textOfByteString, utf8 } from '../bytes.ts'
import { encodeJson } from '../route/json.ts'
import type { U64 } from '../u64.ts'
import type { KvRow } from './records.ts'

/** Printable ASCII without what JSON or Go's encoder escapes. */
const PLAIN = /^[ !#-%'-;=?-[\]-~]*$/

const LOCK = utf8('{"LockIndex":')
const KEY = utf8(',"Key":')
const FLAGS = utf8(',"Flags":')
const VALUE = utf8(',"Value":')
const SESSION = utf8(',"Session":')
const CREATE = utf8(',"CreateIndex":')
const MODIFY = utf8(',"ModifyIndex":')
const NULL = utf8('null')

/** Names, brackets and four numbers of twenty digits. */
const ROW_BYTES_MAX = 200
/** Of one byte of a key in JSON: as `\u003c`. */
const ESCAPED_BYTES_MAX = 6

/** One key: as a text, for arrays of bytes cost more than what is in a short one. */
export function printEntry(row: KvRow): string {
  const value = row.value.length === 0 ? 'null' : `"${base64(row.value)}"`
  const session = row.session === '' ? '' : `,"Session":${textJson(row.session)}`
  const lock = `[{"LockIndex":${row.lockIndex},"Key":${textJson(row.key)},"Flags":${row.flags}`
  const indexes = `,"CreateIndex":${row.createIndex},"ModifyIndex":${row.modifyIndex}}]`
  return `${lock},"Value":${value}${session}${indexes}`
}

const textJson = (text: string): string =>
  PLAIN.test(text) ? `"${text}"` : encodeJson(textOfByteString(text))

/** A list that was printed. */
export interface PrintedRows {
  readonly rows: readonly KvRow[]
  readonly bytes: Uint8Array
  /** Where each row ends, with what stands behind it. */
  readonly ends: Uint32Array
}

const NOT_PRINTED: PrintedRows = { rows: [], bytes: EMPTY, ends: new Uint32Array(0) }

interface Draft {
  readonly rows: readonly KvRow[]
  /** The next row. */
  next: number
  readonly before: PrintedRows
  /** Where the next row may stand in it. */
  old: number
  readonly out: Uint8Array
  readonly ends: Uint32Array
  at: number
}

/** `[{"LockIndex":0,"Key":"a",…},…]`. Rows that were printed before are copied. */
export function printEntries(rows: readonly KvRow[], before = NOT_PRINTED): PrintedRows {
  const out = new Uint8Array(roomFor(rows))
  const ends = new Uint32Array(rows.length)
  const draft: Draft = { rows, next: 0, before, old: 0, out, ends, at: 1 }
  out[0] = OPEN
  while (draft.next < rows.length) {
    const row = rows[draft.next] as KvRow // within
    if (isKnown(draft, row)) copyRows(draft)
    else printNext(draft, row)
  }
  const end = Math.max(draft.at, 2) // the comma behind the last row has no use
  out[end - 1] = CLOSE
  return { rows, bytes: out.subarray(0, end), ends }
}

function roomFor(rows: readonly KvRow[]): number {
  let room = 2
  for (const { key, value, session } of rows) {
    const texts = ESCAPED_BYTES_MAX * (key.length + session.length)
    room += ROW_BYTES_MAX + base64Length(value) + texts
  }
  return room
}

/** So many rows in one place may be others, or gone, before the rest is printed anew. */
const LOOK_AHEAD = 32

function isKnown(draft: Draft, row: KvRow): boolean {
  const { rows } = draft.before
  const end = Math.min(rows.length, draft.old + LOOK_AHEAD)
  for (let at = draft.old; at < end; at++) {
    if (rows[at] !== row) continue
    draft.old = at
    return true
  }
  return false
}

/** All rows from here on that are the same in both lists, at once. */
function copyRows(draft: Draft): void {
  const { rows, before, out, ends } = draft
  const from = draft.old === 0 ? 1 : (before.ends[draft.old - 1] as number)
  const shift = draft.at - from
  while (draft.next < rows.length && before.rows[draft.old] === rows[draft.next]) {
    ends[draft.next++] = (before.ends[draft.old++] as number) + shift
  }
  const to = before.ends[draft.old - 1] as number
  out.set(before.bytes.subarray(from, to), draft.at)
  draft.at = to + shift
  out[draft.at - 1] = COMMA
}

function printNext(draft: Draft, row: KvRow): void {
  const end = printRow(draft.out, draft.at, row)
  draft.out[end] = COMMA
  draft.at = end + 1
  draft.ends[draft.next++] = draft.at
}

const OPEN = 91
const CLOSE = 93
const BRACE = 125
const COMMA = 44
const QUOTE = 34

function printRow(out: Uint8Array, from: number, row: KvRow): number {
  let at = numberInto(out, put(out, from, LOCK), row.lockIndex)
  at = textInto(out, put(out, at, KEY), row.key)
  at = numberInto(out, put(out, at, FLAGS), row.flags)
  at = valueInto(out, put(out, at, VALUE), row.value)
  if (row.session !== '') at = textInto(out, put(out, at, SESSION), row.session)
  at = numberInto(out, put(out, at, CREATE), row.createIndex)
  at = numberInto(out, put(out, at, MODIFY), row.modifyIndex)
  out[at] = BRACE
  return at + 1
}

/** Short pieces: a loop costs less than a call of `set`. */
function put(out: Uint8Array, at: number, piece: Uint8Array): number {
  for (let i = 0; i < piece.length; i++) out[at + i] = piece[i] as number
  return at + piece.length
}

/** The characters are ASCII. */
function plainInto(out: Uint8Array, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) out[at + i] = text.charCodeAt(i)
  return at + text.length
}

function textInto(out: Uint8Array, at: number, text: string): number {
  if (!PLAIN.test(text)) return put(out, at, utf8(textJson(text)))
  out[at] = QUOTE
  const end = plainInto(out, at + 1, text)
  out[end] = QUOTE
  return end + 1
}

function valueInto(out: Uint8Array, at: number, value: Uint8Array): number {
  if (value.length === 0) return put(out, at, NULL)
  out[at] = QUOTE
  const end = base64Into(value, out, at + 1)
  out[end] = QUOTE
  return end + 1
}

/** Above this, arithmetic on numbers is no longer on integers. */
const DIGITS_MAX = 2 ** 31
const ZERO = 48

function numberInto(out: Uint8Array, at: number, value: U64): number {
  if (typeof value === 'bigint' || value >= DIGITS_MAX) return plainInto(out, at, String(value))
  let end = at + 1
  for (let above = 10; above <= value; above *= 10) end++
  let left = value
  for (let place = end - 1; place >= at; place--) {
    const tenth = Math.floor(left / 10)
    out[place] = ZERO + left - 10 * tenth
    left = tenth
  }
  return end
}
