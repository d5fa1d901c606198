// PUT /v1/txn. Transactions that only read are answered like a read, without the log.
import { byteString, EMPTY, textOfByteString } from '../bytes.ts'
import { ApiError } from '../errors.ts'
import { quoteGo } from '../quote.ts'
import {
  binary,
  type Decoder,
  jsonBody,
  list,
  nullable,
  struct,
  text,
  unsigned,
} from '../route/decode.ts'
import { type Said, write } from '../route/route.ts'
import type { Site } from '../route/site.ts'
import type { KvTxnOp, KvVerb, TxnCommand, TxnError, TxnOp, TxnOutcome } from './records.ts'
import { lookTxn } from './write.ts'

/** Consul's bound on the operations of one transaction. */
export const TXN_OPS_MAX = 128

/** Which verbs go through the log. */
const VERBS: Readonly<Record<KvVerb, 'write' | 'read'>> = {
  set: 'write',
  cas: 'write',
  lock: 'write',
  unlock: 'write',
  delete: 'write',
  'delete-cas': 'write',
  'delete-tree': 'write',
  get: 'read',
  'get-or-empty': 'read',
  'get-tree': 'read',
  'check-session': 'read',
  'check-index': 'read',
  'check-not-exists': 'read',
}

const kvOp = struct({
  Verb: text,
  Key: text,
  Value: binary,
  Flags: unsigned,
  Index: unsigned,
  Session: text,
  Namespace: text,
  Partition: text,
})

const isThere: Decoder<boolean> = (node) => node.type !== 'null'

const body = list(struct({ KV: nullable(kvOp), Node: isThere, Service: isThere, Check: isThere }))

/**
 * An operation with several kinds performs the first; a lone one on the catalog would silently be
 * left out.
 */
function refuseCatalogOp(sent: { Node?: boolean; Service?: boolean; Check?: boolean }): void {
  if (!sent.Node && !sent.Service && !sent.Check) return
  throw new ApiError(
    'invalid',
    'transactions over nodes, services and checks are not built into this version',
  )
}

type SentKv = ReturnType<typeof kvOp>

interface SentOps {
  readonly ops: readonly TxnOp[]
  readonly errors: readonly TxnError[]
  readonly writes: boolean
}

/** Sorts out what can be refused before anything runs. */
const decodeOps: Decoder<SentOps> = (node) => {
  const sent = body(node)
  if (sent.length > TXN_OPS_MAX) {
    throw new ApiError(
      'too-large',
      `Transaction contains too many operations (${sent.length} > ${TXN_OPS_MAX})`,
    )
  }
  const ops: TxnOp[] = []
  const errors: TxnError[] = []
  let writes = false
  for (const { KV, ...others } of sent) {
    if (KV === undefined || KV === null) {
      refuseCatalogOp(others)
      continue
    }
    const verb = KV.Verb ?? ''
    if (VERBS[verb as KvVerb] === 'write') writes = true // a verb that is none has no entry
    const op = kvTxnOp(verb, KV)
    if (typeof op === 'string') errors.push({ OpIndex: ops.length + errors.length, What: op })
    else ops.push(op)
  }
  return { ops, errors, writes }
}

/** The operation, or what is wrong with it. */
function kvTxnOp(verb: string, sent: SentKv): KvTxnOp | string {
  const key = sent.Key ?? ''
  if (key === '' && verb !== 'delete-tree') return 'Must provide key'
  if (!Object.hasOwn(VERBS, verb)) return `unknown KV operation: ${verb}`
  return {
    kind: 'kv',
    verb: verb as KvVerb, // it has an entry
    change: {
      key: byteString(key),
      value: sent.Value ?? EMPTY,
      flags: sent.Flags ?? 0,
      index: sent.Index ?? 0,
      session: sent.Session ?? '',
    },
  }
}

const txnBody = jsonBody('Failed to parse body', decodeOps)

export const putTxn = write({
  path: 'PUT /v1/txn',
  about: 'several operations, all or none',
  acl: 'none', // each operation is judged by itself
  ignoresEnterprise: true,
  bodyLimit: 'txn',
  body: txnBody,
  intent: ({ body: sent, wall }, site) => {
    refuseLargeValues(sent.ops, site.config.limits.kvMaxValueSize)
    if (sent.errors.length > 0)
      return { say: sent.writes ? failed(sent.errors) : unread(sent.errors) }
    if (!sent.writes) return { look: (view) => answerRead(lookTxn(view, sent.ops), site) }
    const command: TxnCommand = { type: 'txn', ops: sent.ops, wall }
    return { propose: command }
  },
  reply: (result) => {
    const { results, errors } = result as TxnOutcome // what applying a transaction answers
    return errors.length > 0 ? failed(errors) : { json: { Results: results, Errors: null } }
  },
})

function refuseLargeValues(ops: readonly TxnOp[], max: number): void {
  for (const { change } of ops) {
    const size = change.value.length
    if (size <= max) continue
    const key = quoteGo(textOfByteString(change.key))
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
