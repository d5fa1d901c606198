// The body of /v1/txn: decoded as Go's encoding/json does, sorted into operations and complaints.
// What needs nothing of the state to be refused is refused here, in Consul's words, operation by
// operation.
import { byteString, EMPTY } from '../bytes.ts'
import { checkComplaint, labelComplaint, nodeComplaint, serviceComplaint } from '../catalog/body.ts'
import { ApiError } from '../errors.ts'
import { isRefused, type Refused, refused } from '../outcome.ts'
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
import { check, ENTERPRISE, node, service, takenCheck, takenNode, takenService } from './fields.ts'
import {
  CATALOG_VERBS,
  type CatalogTxnOp,
  type CatalogVerb,
  type KvTxnOp,
  type KvVerb,
  type TxnError,
  type TxnOp,
} from './records.ts'

/** Consul's bound on the operations of one transaction. */
export const TXN_OPS_MAX = 128

/** Which verbs on keys go through the log. */
const KV_VERBS: Readonly<Record<KvVerb, 'write' | 'read'>> = {
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
  ...ENTERPRISE,
})

const nodeOp = struct({ Verb: text, Node: node })
const serviceOp = struct({ Verb: text, Node: text, Service: service })
const checkOp = struct({ Verb: text, Check: check })

const operation = struct({
  KV: nullable(kvOp),
  Node: nullable(nodeOp),
  Service: nullable(serviceOp),
  Check: nullable(checkOp),
})

type SentOp = ReturnType<typeof operation>

const operations = list(operation)

const boundedOperations: Decoder<readonly SentOp[]> = (body) => {
  const sent = operations(body)
  if (sent.length <= TXN_OPS_MAX) return sent
  throw new ApiError(
    'too-large',
    `Transaction contains too many operations (${sent.length} > ${TXN_OPS_MAX})`,
  )
}

export const txnBody = jsonBody('Failed to parse body', boundedOperations)

export interface SortedOps {
  readonly ops: readonly TxnOp[]
  readonly errors: readonly TxnError[]
  /** Whether any of them, refused or not, has to go through the log. */
  readonly writes: boolean
}

/** `datacenter`: of nodes that name none. */
export function sortOps(sent: readonly SentOp[], datacenter: string): SortedOps {
  const ops: TxnOp[] = []
  const errors: TxnError[] = []
  let writes = false
  for (const each of sent) {
    const op = txnOp(each, datacenter)
    if (op === undefined) continue // it says nothing, and counts for nothing
    if (isWrite(each)) writes = true
    if (isRefused(op)) errors.push({ OpIndex: ops.length + errors.length, What: op.refused })
    else ops.push(op)
  }
  return { ops, errors, writes }
}

/** An operation with several kinds performs the first. */
function txnOp({ KV, Node, Service, Check }: SentOp, datacenter: string) {
  if (KV) return kvTxnOp(KV)
  if (Node) return nodeTxnOp(Node, datacenter)
  if (Service) return serviceTxnOp(Service)
  return Check ? checkTxnOp(Check) : undefined
}

/** On a key a verb that is none counts as a read, elsewhere as a write: Consul shows it so. */
function isWrite({ KV, Node, Service, Check }: SentOp): boolean {
  if (KV) return KV_VERBS[(KV.Verb ?? '') as KvVerb] === 'write' // one that is none has no entry
  return (Node ?? Service ?? Check)?.Verb !== 'get'
}

function kvTxnOp(sent: ReturnType<typeof kvOp>): KvTxnOp | Refused {
  const { Verb: verb = '', Key: key = '' } = sent
  if (key === '' && verb !== 'delete-tree') return refused('Must provide key')
  if (!Object.hasOwn(KV_VERBS, verb)) return refused(`unknown KV operation: ${verb}`)
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

const catalogVerb = (sent: string | undefined): CatalogVerb | undefined =>
  CATALOG_VERBS.find((verb) => verb === sent)

/** Only what shall be written has to be complete. */
function vetted(op: CatalogTxnOp, complaint: string | undefined): CatalogTxnOp | Refused {
  return op.verb === 'get' || complaint === undefined ? op : refused(complaint)
}

function nodeTxnOp({ Verb = '', Node = {} }: ReturnType<typeof nodeOp>, ours: string) {
  const verb = catalogVerb(Verb)
  if (verb === undefined) return refused(`unknown node operation: ${Verb}`)
  const spec = takenNode(Node, ours)
  const index = Node.ModifyIndex ?? 0
  return vetted({ kind: 'node', verb, node: spec, index }, nodeComplaint(spec))
}

function serviceTxnOp(sent: ReturnType<typeof serviceOp>) {
  const { Verb = '', Node: on = '', Service = {} } = sent
  const verb = catalogVerb(Verb)
  if (verb === undefined) return refused(`unknown service operation: ${Verb}`)
  const spec = takenService(Service)
  const index = Service.ModifyIndex ?? 0
  // A question takes its id as it stands: no name stands in for it.
  const asked = verb === 'get' ? { ...spec, id: Service.ID ?? '' } : spec
  const labels = verb === 'set' || verb === 'cas' ? labelComplaint(on, spec) : undefined
  const complaint = serviceComplaint({ ...Service, Connect: false, SocketPath: '' }) ?? labels
  return vetted({ kind: 'service', verb, on, service: asked, index }, complaint)
}

function checkTxnOp({ Verb = '', Check = {} }: ReturnType<typeof checkOp>) {
  const verb = catalogVerb(Verb)
  if (verb === undefined) return refused(`unknown check operation: ${Verb}`)
  const spec = takenCheck(Check)
  const index = Check.ModifyIndex ?? 0
  const asked = verb === 'get' ? { ...spec, id: Check.CheckID ?? '' } : spec
  const on = Check.Node ?? ''
  return vetted({ kind: 'check', verb, on, check: asked, index }, checkComplaint(spec))
}
