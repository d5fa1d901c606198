// Keys as the API answers them, and how commands show one.
import type { U64 } from '../../core/u64.ts'
import { jsonOf, type Reply } from '../kit/client.ts'
import { labelled } from '../kit/output.ts'

/** One element of the answer of `GET /v1/kv/…`. */
export interface ApiEntry {
  readonly LockIndex: number
  readonly Key: string
  readonly Flags: U64
  /** Base64; null when the value is empty. */
  readonly Value: string | null
  readonly CreateIndex: number
  readonly ModifyIndex: number
  readonly Session?: string
}

/** The keys of an answer; none when it is a 404. */
export function entriesOf(reply: Reply): readonly ApiEntry[] {
  if (reply.status === 404) return []
  return jsonOf(reply) as unknown as readonly ApiEntry[] // the shape is the API's contract
}

export const bytesOf = (entry: ApiEntry): Buffer => Buffer.from(entry.Value ?? '', 'base64')

/** The block of `kv get -detailed`. */
export function detailsOf(entry: ApiEntry, base64: boolean): string {
  const value = base64 ? (entry.Value ?? '') : bytesOf(entry).toString('utf8')
  const rows = [
    ['CreateIndex', String(entry.CreateIndex)],
    ['Flags', String(entry.Flags)],
    ['Key', entry.Key],
    ['LockIndex', String(entry.LockIndex)],
    ['ModifyIndex', String(entry.ModifyIndex)],
    ['Session', entry.Session || '-'],
    ['Value', value],
  ] as const
  return `${labelled(rows, DETAILS_GAP)}\n`
}

/** Spaces between the longest name and the values. */
const DETAILS_GAP = 6

/** A key as typed: Consul's commands take `/a` for `a`. */
export const keyOf = (typed: string): string => (typed.startsWith('/') ? typed.slice(1) : typed)

/** The names of an answer to `?keys`; none when it is a 404. */
export const namesIn = (reply: Reply): readonly string[] =>
  reply.status === 404 ? [] : (jsonOf(reply) as readonly string[]) // the API lists names
