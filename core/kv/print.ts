// Keys as compact JSON, without objects on the way: a list of ten thousand keys is the longest
// answer there is, and making it is most of the read. The same text as encodeJson gives for
// kvEntry; a test holds one against the other.
import { base64Into, base64Length, textOf, textOfByteString } from '../bytes.ts'
import { encodeJson } from '../route/json.ts'
import type { KvRow } from './records.ts'

/** Printable ASCII without what JSON or Go's encoder escapes. */
const PLAIN = /^[ !#-%'-;=?-[\]-~]*$/

/** `[{"LockIndex":0,"Key":"a",…},…]`. */
export function printEntries(rows: readonly KvRow[]): string {
  const values = base64Of(rows)
  let at = 0
  let text = '['
  for (const row of rows) {
    const end = at + base64Length(row.value)
    const value = end === at ? 'null' : `"${values.slice(at, end)}"`
    at = end
    const session = row.session === '' ? '' : `,"Session":${textJson(row.session)}`
    const lock = `{"LockIndex":${row.lockIndex},"Key":${textJson(row.key)},"Flags":${row.flags}`
    const indexes = `,"CreateIndex":${row.createIndex},"ModifyIndex":${row.modifyIndex}}`
    text += `${text.length > 1 ? ',' : ''}${lock},"Value":${value}${session}${indexes}`
  }
  return `${text}]`
}

/** All values in one text: one string for each would cost more than the coding. */
function base64Of(rows: readonly KvRow[]): string {
  const size = rows.reduce((sum, row) => sum + base64Length(row.value), 0)
  const out = new Uint8Array(size)
  let at = 0
  for (const row of rows) at = base64Into(row.value, out, at)
  return textOf(out)
}

const textJson = (text: string): string =>
  PLAIN.test(text) ? `"${text}"` : encodeJson(textOfByteString(text))
