// /v1/kv: get, list, keys, put, delete.
import { byteString, EMPTY, textOfByteString } from '../bytes.ts'
import { ApiError } from '../errors.ts'
import { printRows } from '../route/printed.ts'
import type { Query } from '../route/query.ts'
import { type Found, type Input, noBody, rawBody, read, write } from '../route/route.ts'
import type { Site } from '../route/site.ts'
import type { View } from '../state/txn.ts'
import type { WallMs } from '../time.ts'
import { parseU64, type U64, u64Complaint } from '../u64.ts'
import { type PrintedRows, printEntries, printEntry } from './print.ts'
import { kvIndex, listKeys, nameKeys, readKey } from './read.ts'
import {
  type KvChange,
  type KvCommand,
  type KvEntry,
  type KvOp,
  type KvRow,
  kvEntry,
} from './records.ts'

const RAW_HEADERS = [
  ['Content-Type', 'text/plain'],
  ['X-Content-Type-Options', 'nosniff'],
  ['Content-Security-Policy', 'sandbox'],
].flat()

export const getKey = read({
  path: 'GET /v1/kv/*key',
  about: 'read a key, a prefix (?recurse) or names (?keys)',
  acl: { resource: 'key', access: 'read', of: 'key' },
  meta: 'index',
  blocking: true,
  check: ({ rest, query }) => {
    if (rest === '' && !query.has('recurse') && !query.has('keys')) throw missingKey()
  },
  run: (view, input, site): Found<readonly KvEntry[] | readonly string[]> => {
    if (input.query.has('keys')) return findNames(view, input)
    if (input.query.has('recurse')) return findTree(view, input.rest, site)
    return findOne(view, input)
  },
})

function findOne(view: View, { rest, query }: Input): Found<readonly KvEntry[]> {
  const row = readKey(view, rest)
  if (row === undefined) return { index: kvIndex(view), value: undefined, missing: true }
  const index = row.modifyIndex
  if (query.has('raw')) {
    return { index, value: undefined, raw: { bytes: row.value, headers: RAW_HEADERS } }
  }
  return entriesOf(index, [row], () => printEntry(row))
}

/** Shorter lists are printed sooner than found among those that were. */
const KEPT_ROWS_MIN = 64

function findTree(view: View, prefix: string, site: Site): Found<readonly KvEntry[]> {
  const { rows, index } = listKeys(view, prefix)
  if (rows.length === 0) return { index, value: undefined }
  const print = (before?: PrintedRows) => printEntries(rows, before)
  if (rows.length < KEPT_ROWS_MIN) return entriesOf(index, rows, () => print().bytes)
  return entriesOf(index, rows, () => printRows(site.printed, { key: `kv ${prefix}`, rows, print }))
}

/** Of all values in one answer: as base64 they must fit into one text of the engine. */
export const LISTED_BYTES_MAX = 256 << 20

/** The entries are made only if somebody wants them otherwise than as compact JSON. */
function entriesOf(
  index: number,
  rows: readonly KvRow[],
  compact: () => string | Uint8Array,
): Found<readonly KvEntry[]> {
  const bytes = rows.reduce((sum, { value }) => sum + value.length, 0)
  if (bytes > LISTED_BYTES_MAX) {
    const why = `the values hold ${bytes} bytes, more than the ${LISTED_BYTES_MAX} of one answer`
    throw new ApiError('invalid', `${why}: ask for a longer prefix, or for ?keys`)
  }
  return { index, value: undefined, later: () => rows.map(kvEntry), compact }
}

function findNames(view: View, { rest, query }: Input): Found<readonly string[]> {
  const { rows, index } = listKeys(view, rest)
  const separator = query.get('separator') ?? query.get('seperator') ?? ''
  const names = nameKeys(rows, rest, byteString(separator)).map(textOfByteString)
  return { index, value: names.length === 0 && rest !== '' ? undefined : names }
}

export const putKey = write({
  path: 'PUT /v1/kv/*key',
  about: 'write a key; ?cas, ?acquire, ?release make it conditional',
  acl: { resource: 'key', access: 'write', of: 'key' },
  bodyLimit: 'kv',
  check: ({ rest, query }) => {
    if (rest === '') throw missingKey()
    refuseConflict(query, ['cas', 'acquire', 'release'])
    unsignedOf(query, 'flags')
    unsignedOf(query, 'cas')
  },
  body: rawBody,
  intent: ({ rest, query, body, wall }) => ({
    propose: kvCommand(wall, putOp(query), {
      key: rest,
      value: body,
      flags: unsignedOf(query, 'flags') ?? 0,
      index: unsignedOf(query, 'cas') ?? 0,
      session: query.get('acquire') ?? query.get('release') ?? '',
    }),
  }),
  // The state machine answers every operation on a key with a boolean.
  reply: (result) => ({ json: result as boolean }),
})

export const deleteKey = write({
  path: 'DELETE /v1/kv/*key',
  about: 'delete a key, or all below a prefix (?recurse)',
  acl: { resource: 'key', access: 'write', of: 'key' },
  check: ({ rest, query }) => {
    if (rest === '' && !query.has('recurse')) throw missingKey()
    refuseConflict(query, ['recurse', 'cas'])
    unsignedOf(query, 'cas')
  },
  body: noBody,
  intent: ({ rest, query, wall }) => {
    const op = query.has('recurse') ? 'delete-tree' : query.has('cas') ? 'delete-cas' : 'delete'
    const index = unsignedOf(query, 'cas') ?? 0
    return {
      propose: kvCommand(wall, op, { key: rest, value: EMPTY, flags: 0, index, session: '' }),
    }
  },
  reply: (result) => ({ json: result as boolean }), // as above
})

const kvCommand = (wall: WallMs, op: KvOp, change: KvChange): KvCommand => ({
  type: 'kv',
  op,
  change,
  wall,
})

function putOp(query: Query): KvOp {
  if (query.has('cas')) return 'cas'
  if (query.has('acquire')) return 'lock'
  return query.has('release') ? 'unlock' : 'set'
}

function refuseConflict(query: Query, exclusive: readonly string[]): void {
  if (exclusive.filter((name) => query.has(name)).length < 2) return
  throw new ApiError('bad-request', `Conflicting flags: ${query.sorted()}\n`)
}

function unsignedOf(query: Query, name: string): U64 | undefined {
  const given = query.get(name)
  if (given === undefined) return undefined
  const parsed = parseU64(given)
  if (!parsed.ok) throw new ApiError('invalid', u64Complaint(given, parsed.why))
  return parsed.value
}

const missingKey = () => new ApiError('bad-request', 'Missing key name')
