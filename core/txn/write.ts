// Runs a transaction: each operation sees what those before it did. The caller throws all away if
// one failed.
import { AssertionError } from '../assert.ts'
import { EMPTY, textOfByteString } from '../bytes.ts'
import type { Fallout } from '../catalog/records.ts'
import { KV, type KvChange, type KvRow, kvEntry } from '../kv/records.ts'
import { casKey, deleteKey, deleteKeyCas, deleteTree, setKey } from '../kv/write.ts'
import { isRefused, type Refused, refused } from '../outcome.ts'
import { quoteGo } from '../quote.ts'
import { isDelayed, lockKey, type NotLocked, unlockKey } from '../sessions/write.ts'
import { get, list, type Txn, type View } from '../state/txn.ts'
import type { WallMs } from '../time.ts'
import { changeCatalog, inspectCatalog } from './catalog.ts'
import type {
  CatalogTxnResult,
  KvTxnOp,
  TxnCommand,
  TxnError,
  TxnOp,
  TxnOutcome,
  TxnResult,
} from './records.ts'

/**
 * All operations of a command. `fell` is told at once what an operation took away: the next one has
 * to meet a state in which nothing hangs on it any more.
 */
export function runTxn(
  txn: Txn,
  { ops, wall }: TxnCommand,
  fell: (fallout: Fallout) => void,
): TxnOutcome {
  // Consul looks at lock-delays before it runs anything: they are told alone.
  const errors = ops.flatMap((op, OpIndex) =>
    delayOf(txn, op, wall).map((What) => ({ OpIndex, What })),
  )
  if (errors.length > 0) return { results: [], errors }
  return collect(ops, (op) =>
    op.kind === 'kv' ? ofKeys(change(txn, op, wall)) : ofCatalog(changeCatalog(txn, op, fell)),
  )
}

function delayOf(txn: Txn, op: TxnOp, wall: WallMs): readonly string[] {
  if (op.kind !== 'kv' || op.verb !== 'lock' || !isDelayed(txn, op.change.key, wall)) return []
  return [delayed(quoteGo(textOfByteString(op.change.key)))]
}

const delayed = (key: string) => `failed to lock key ${key} due to lock delay`

/** A transaction that only asks. */
export const lookTxn = (view: View, ops: readonly TxnOp[]): TxnOutcome =>
  collect(ops, (op) =>
    op.kind === 'kv' ? ofKeys(inspect(view, op)) : ofCatalog(inspectCatalog(view, op)),
  )

/**
 * Of the rows that one transaction answers with: a few `get-tree` of one large prefix would else
 * ask for more than memory holds, and a log that orders such a thing could never be applied.
 */
export const TXN_ANSWER_BYTES_MAX = 64 << 20
/** What a row takes beside its key and value. */
const ROW_BYTES = 128

const TOO_MUCH = `the answer would hold more than ${TXN_ANSWER_BYTES_MAX} bytes`

type Rows = readonly KvRow[] | Refused

/** What an operation answers with; printed only when it is known to fit. */
interface Answer {
  readonly bytes: number
  readonly print: () => readonly TxnResult[]
}

function ofKeys(rows: Rows): Answer | Refused {
  if (isRefused(rows)) return rows
  return { bytes: bytesOf(rows), print: () => rows.map((row) => ({ KV: kvEntry(row) })) }
}

function ofCatalog(results: readonly CatalogTxnResult[] | Refused): Answer | Refused {
  if (isRefused(results)) return results
  return { bytes: JSON.stringify(results).length, print: () => results }
}

function collect(ops: readonly TxnOp[], run: (op: TxnOp) => Answer | Refused): TxnOutcome {
  const results: TxnResult[] = []
  const errors: TxnError[] = []
  let bytes = 0
  for (const [OpIndex, op] of ops.entries()) {
    const answer = run(op)
    if (!isRefused(answer)) bytes += answer.bytes
    if (isRefused(answer)) errors.push({ OpIndex, What: answer.refused })
    else if (bytes > TXN_ANSWER_BYTES_MAX) errors.push({ OpIndex, What: TOO_MUCH })
    else for (const result of answer.print()) results.push(result)
  }
  return { results: errors.length > 0 ? [] : results, errors }
}

const bytesOf = (rows: readonly KvRow[]): number =>
  rows.reduce((sum, { key, value }) => sum + key.length + value.length + ROW_BYTES, 0)

/** The rows that the operation answers with; writes show theirs without the value. */
function change(txn: Txn, op: KvTxnOp, wall: WallMs): Rows {
  const { verb, change } = op
  const key = quoteGo(textOfByteString(change.key))
  switch (verb) {
    case 'set':
      return shown(setKey(txn, change))
    case 'cas':
      return shown(casKey(txn, change) ?? refused(`failed to set key ${key}, index is stale`))
    case 'lock':
      return shown(lockedOr(lockKey(txn, change, wall), key))
    case 'unlock':
      return shown(
        unlockKey(txn, change) ??
          refused(`failed to unlock key ${key}, lock isn't held, or is held by another session`),
      )
    case 'delete':
      deleteKey(txn, change.key)
      return []
    case 'delete-tree':
      deleteTree(txn, change.key)
      return []
    case 'delete-cas':
      return deleteKeyCas(txn, change) ? [] : refused(`failed to delete key ${key}, index is stale`)
    default:
      return inspect(txn, op)
  }
}

function lockedOr(row: KvRow | Refused | NotLocked, key: string): KvRow | Refused {
  if (row === 'held') return refused(`failed to lock key ${key}, lock is already held`)
  if (row === 'delayed') return refused(delayed(key))
  return row
}

function inspect(view: View, { verb, change }: KvTxnOp): Rows {
  if (verb === 'get-tree') return list(view, KV, change.key)
  const row = get(view, KV, change.key)
  const key = quoteGo(textOfByteString(change.key))
  switch (verb) {
    case 'get':
      return row === undefined ? refused(`key ${key} doesn't exist`) : [row]
    case 'get-or-empty':
      return [row ?? absent(change)]
    case 'check-not-exists':
      return row === undefined ? [] : refused(`key ${key} exists`)
    case 'check-index':
      if (row === undefined) return refused(`failed to check index, key ${key} doesn't exist`)
      if (row.modifyIndex === change.index) return shown(row)
      return unequal(`index check for key ${key}`, [
        `modify index ${row.modifyIndex}`,
        `${change.index}`,
      ])
    case 'check-session':
      if (row === undefined) return refused(`failed to check session, key ${key} doesn't exist`)
      if (row.session === change.session) return shown(row)
      return unequal(`session check for key ${key}`, [
        `session ${quoteGo(row.session)}`,
        quoteGo(change.session),
      ])
    default:
      throw new AssertionError(`${verb} is no question`)
  }
}

const unequal = (what: string, [found, wanted]: readonly [string, string]): Refused =>
  refused(`failed ${what}, current ${found} != ${wanted}`)

const shown = (row: KvRow | Refused): Rows => (isRefused(row) ? row : [{ ...row, value: EMPTY }])

/** A key that is not there is shown as it was asked for, as in Consul. */
const absent = ({ key, flags, session, index }: KvChange): KvRow => ({
  key,
  value: EMPTY,
  flags,
  lockIndex: 0,
  session,
  createIndex: 0,
  modifyIndex: Number(index),
})
