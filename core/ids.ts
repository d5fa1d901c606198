// Names for numbers and strings that must not be mixed up. A brand exists for the compiler only.
// Indexes are log indexes: they stay below 2^53 (at a million writes a second for 285 years), so a
// number is exact.

declare const brand: unique symbol
type Branded<T, Name> = T & { readonly [brand]: Name }

/** A Raft term. */
export type Term = Branded<number, 'Term'>
/** A position in the replicated log; the first entry has 1. 0 means: before the first. */
export type LogIndex = Branded<number, 'LogIndex'>
/** How often a member of the gossip pool has refuted or restarted. */
export type Incarnation = Branded<number, 'Incarnation'>
/** A request under way inside one agent. Never leaves the process. */
export type RequestId = Branded<number, 'RequestId'>

export const term = (value: number): Term => value as Term
export const logIndex = (value: number): LogIndex => value as LogIndex
export const incarnation = (value: number): Incarnation => value as Incarnation
export const requestId = (value: number): RequestId => value as RequestId

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

export const isUuid = (text: string): boolean => UUID.test(text)

/** Why a text is no UUID, in the words of Consul's answers; undefined if it is one. */
export function uuidComplaint(text: string): string | undefined {
  if (isUuid(text)) return undefined
  if (text.length !== 36) return 'uuid string is wrong length'
  const odd = /[^0-9a-f-]/i.exec(text)?.[0]
  if (odd === undefined) return 'uuid is improperly formatted'
  const code = (odd.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
  return `encoding/hex: invalid byte: U+${code} '${odd}'`
}

/** 16 random bytes as a version 4 UUID (RFC 9562 §5.4). */
export function uuidOf(random: Uint8Array): string {
  const bytes = random.slice(0, 16)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-')
}
