// Unsigned 64-bit integers that clients may set (KV flags, indexes in requests). A number where it
// is exact, a bigint above 2^53: so JSON.stringify serves the common case, and no flag is ever
// rounded. Equal values have equal form.
import { quoteGo } from './quote.ts'

export type U64 = number | bigint

const MAX = 2n ** 64n - 1n
/** Of the highest value. */
const DIGITS_MAX = 20
const SAFE = BigInt(Number.MAX_SAFE_INTEGER)

/** The canonical form of 0 … 2^64 - 1. */
export const u64 = (value: bigint): U64 => (value <= SAFE ? Number(value) : value)

export type U64Parse = { ok: true; value: U64 } | { ok: false; why: 'syntax' | 'range' }

/** Decimal digits only, as Go's strconv.ParseUint with base 10. */
export function parseU64(text: string): U64Parse {
  if (!/^\d+$/.test(text)) return { ok: false, why: 'syntax' }
  if (text.length <= 15) return { ok: true, value: Number(text) }
  if (text.length > DIGITS_MAX && /[1-9]/.test(text.slice(0, -DIGITS_MAX))) {
    return { ok: false, why: 'range' } // without the work of a very long number
  }
  const value = BigInt(text.slice(-DIGITS_MAX))
  return value > MAX ? { ok: false, why: 'range' } : { ok: true, value: u64(value) }
}

/** What Go's strconv.ParseUint says of a text that is no number: part of Consul's answers. */
export function u64Complaint(text: string, why: 'syntax' | 'range'): string {
  const reason = why === 'syntax' ? 'invalid syntax' : 'value out of range'
  return `strconv.ParseUint: parsing ${quoteGo(text)}: ${reason}`
}
