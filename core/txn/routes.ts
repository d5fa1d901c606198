// PUT /v1/txn. Transactions that only read are answered like a read, without the log.
import { textOfByteString } from '../bytes.ts'
import { ApiError } from '../errors.ts'
import { quoteGo } from '../quote.ts'
import { type Said, write } from '../route/route.ts'
import type { Site } from '../route/site.ts'
import { sortOps, txnBody } from './body.ts'
import type { TxnCommand, TxnError, TxnOp, TxnOutcome } from './records.ts'
import { lookTxn } from './write.ts'

export const putTxn = write({
  path: 'PUT /v1/txn',
  about: 'several operations, all or none',
  acl: 'none', // each operation is judged by itself
  ignoresEnterprise: true,
  bodyLimit: 'txn',
  body: txnBody,
  intent: ({ body, wall }, site) => {
    const { ops, errors, writes } = sortOps(body, site.config.datacenter)
    refuseLargeValues(ops, site.config.limits.kvMaxValueSize)
    if (errors.length > 0) return { say: writes ? failed(errors) : unread(errors) }
    if (!writes) return { look: (view) => answerRead(lookTxn(view, ops), site) }
    const command: TxnCommand = { type: 'txn', ops, wall }
    return { propose: command }
  },
  reply: (result) => {
    const { results, errors } = result as TxnOutcome // what applying a transaction answers
    return errors.length > 0 ? failed(errors) : { json: { Results: results, Errors: null } }
  },
})

function refuseLargeValues(ops: readonly TxnOp[], max: number): void {
  for (const op of ops) {
    if (op.kind !== 'kv') continue
    const size = op.change.value.length
    if (size <= max) continue
    const key = quoteGo(textOfByteString(op.change.key))
    throw new ApiError('too-large', `Value for key ${key} is too large (${size} > ${max} bytes)`)
  }
}

const failed = (errors: readonly TxnError[]): Said => ({
  status: 409,
  json: { Results: null, Errors: errors },
})

/** Refused before anything was read: Consul then leaves the meta fields at zero. */
const unread = (errors: readonly TxnError[]): Said => ({
  status: 409,
  json: {
    Results: null,
    Errors: errors,
    ...metaFields({ index: 0, knownLeader: false, lastContactMs: 0 }),
  },
  meta: { knownLeader: false },
})

function answerRead({ results, errors }: TxnOutcome, site: Site): Said {
  const contact = site.contact()
  const meta = metaFields({ index: 1, ...contact })
  if (errors.length > 0) {
    return { status: 409, json: { Results: null, Errors: errors, ...meta }, meta: contact }
  }
  return { json: { Results: results, Errors: null, ...meta }, meta: contact }
}

const metaFields = (meta: { index: number; knownLeader: boolean; lastContactMs: number }) => ({
  Index: meta.index,
  LastContact: meta.lastContactMs,
  KnownLeader: meta.knownLeader,
  ConsistencyLevel: '',
  NotModified: false,
  Backend: 0,
  ResultsFilteredByACLs: false,
})
