// Keys as the API answers them, and how commands show one.
import type { KvEntry } from '../../core/kv/records.ts'
import { type Client, jsonOf, type Reply } from '../kit/client.ts'
import { labelled } from '../kit/output.ts'

/** What the 404 of a key that is not there says. */
export const NOTHING_SAID = /^$/

/** A key, or with ?recurse all below it; none when it is a 404. */
export async function readEntries(
  client: Client,
  key: string,
  query: Readonly<Record<string, string>> = {},
): Promise<readonly KvEntry[]> {
  const reply = await client.call('GET /v1/kv/*key', {
    params: { key },
    query,
    missing: NOTHING_SAID,
  })
  return reply.status === 404 ? [] : (reply.value() as readonly KvEntry[]) // without ?keys
}

export const bytesOf = (entry: KvEntry): Buffer => Buffer.from(entry.Value ?? '', 'base64')

/** The block of `kv get -detailed`. */
export function detailsOf(entry: KvEntry, shown: 'text' | 'base64' | 'no-value'): string {
  const value = shown === 'base64' ? (entry.Value ?? '') : bytesOf(entry).toString('utf8')
  const rows = [
    ['CreateIndex', String(entry.CreateIndex)],
    ['Flags', String(entry.Flags)],
    ['Key', entry.Key],
    ['LockIndex', String(entry.LockIndex)],
    ['ModifyIndex', String(entry.ModifyIndex)],
    ['Session', entry.Session || '-'],
    ...(shown === 'no-value' ? [] : [['Value', value] as const]),
  ] as const
  return `${labelled(rows, DETAILS_GAP)}\n`
}

/** Spaces between the longest name and the values. */
const DETAILS_GAP = 6

/** A key as typed: Consul's commands take `/a` for `a`. */
export const keyOf = (typed: string): string => (typed.startsWith('/') ? typed.slice(1) : typed)

/** The same of an answer that is here. */
export const entriesOf = (reply: Reply): readonly KvEntry[] =>
  reply.status === 404 ? [] : (jsonOf(reply) as unknown as readonly KvEntry[]) // the API's contract

/** The names below a prefix; none when it is a 404. */
export async function readNames(
  client: Client,
  prefix: string,
  query: Readonly<Record<string, string>> = {},
): Promise<readonly string[]> {
  const asked = { ...query, keys: '' }
  const args = { params: { key: prefix }, query: asked, missing: NOTHING_SAID }
  const reply = await client.call('GET /v1/kv/*key', args)
  return reply.status === 404 ? [] : (reply.value() as readonly string[]) // with ?keys
}
