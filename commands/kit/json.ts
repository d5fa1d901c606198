// Answers of the API as values: numbers beyond 2^53 become bigints instead of being rounded.
import { type Json, parseJson, plain } from '../../core/route/json.ts'

export type Decoded =
  | { readonly ok: true; readonly value: Json }
  | { readonly ok: false; readonly why: string }

/** Only a run of 16 digits can be a number that a double does not hold. */
const LONG_NUMBER = /\d{16}/

/**
 * One JSON value and nothing behind it. The complaint is worded as Go's json.Unmarshal words it.
 */
export function decodeJson(text: string): Decoded {
  try {
    const value = JSON.parse(text) as Json // JSON.parse returns nothing else
    if (!LONG_NUMBER.test(text)) return { ok: true, value }
  } catch (error) {
    if (error instanceof SyntaxError) return { ok: false, why: complaintOf(text) }
    throw error
  }
  const exact = parseJson(text)
  return exact.ok ? { ok: true, value: plain(exact.value) } : { ok: false, why: complaintOf(text) }
}

function complaintOf(text: string): string {
  const parsed = parseJson(text)
  if (parsed.ok) return 'invalid character after top-level value'
  return parsed.why.endsWith('EOF') ? 'unexpected end of JSON input' : parsed.why
}
