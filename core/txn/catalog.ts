// The operations of a transaction on nodes, services and checks. The rules of writing are those of
// registrations (catalog/write.ts); here stands what the five verbs make of them.
import { AssertionError, unreachable } from '../assert.ts'
import { fold } from '../bytes.ts'
import {
  CHECKS,
  type CheckRow,
  type Fallout,
  NODES,
  type NodeRow,
  onNode,
  SERVICES,
  type ServiceRow,
} from '../catalog/records.ts'
import { catalogNode, healthCheck, nodeService } from '../catalog/shapes.ts'
import {
  nodeById,
  removeCheck,
  removeNode,
  removeService,
  setCheck,
  setNode,
  setService,
} from '../catalog/write.ts'
import { isRefused, type Refused, refused } from '../outcome.ts'
import { quoteGo } from '../quote.ts'
import { get, type Txn, type View } from '../state/txn.ts'
import type {
  CatalogTxnOp,
  CatalogTxnResult,
  CheckTxnOp,
  NodeTxnOp,
  ServiceTxnOp,
} from './records.ts'

type Results = readonly CatalogTxnResult[] | Refused

/** An operation that only asks. */
export function inspectCatalog(view: View, op: CatalogTxnOp): Results {
  if (op.verb !== 'get') throw new AssertionError(`${op.verb} is no question`)
  switch (op.kind) {
    case 'node':
      return look(NODE, view, op)
    case 'service':
      return look(SERVICE, view, op)
    case 'check':
      return look(CHECK, view, op)
    default:
      return unreachable(op)
  }
}

/** `fell` is told what the operation took away, if it was not refused. */
export function changeCatalog(
  txn: Txn,
  op: CatalogTxnOp,
  fell: (fallout: Fallout) => void,
): Results {
  const fallout: Fallout = { nodes: [], checks: [] }
  const results = performAny(txn, op, fallout)
  if (fallout.nodes.length + fallout.checks.length > 0) fell(fallout)
  return results
}

function performAny(txn: Txn, op: CatalogTxnOp, fallout: Fallout): Results {
  switch (op.kind) {
    case 'node':
      return perform(NODE, txn, { op, fallout })
    case 'service':
      return perform(SERVICE, txn, { op, fallout })
    case 'check':
      return perform(CHECK, txn, { op, fallout })
    default:
      return unreachable(op)
  }
}

/** What the kinds differ in. */
interface Kind<Op, Row> {
  /** What errors call the row. */
  readonly called: (op: Op) => string
  /** The row that `get` shows. */
  readonly get: (view: View, op: Op) => Row | undefined
  /** The row that the other verbs are about. */
  readonly find: (view: View, op: Op) => Row | undefined
  readonly set: (txn: Txn, op: Op, fallout: Fallout) => Row | Refused
  readonly remove: (txn: Txn, row: Row, fallout: Fallout) => void
  readonly result: (row: Row) => CatalogTxnResult
}

function look<Op, Row>(kind: Kind<Op, Row>, view: View, op: Op): Results {
  const row = kind.get(view, op)
  if (row === undefined) return refused(`${kind.called(op)} doesn't exist`)
  return [kind.result(row)]
}

function perform<Op extends CatalogTxnOp, Row extends { readonly modifyIndex: number }>(
  kind: Kind<Op, Row>,
  txn: Txn,
  { op, fallout }: { readonly op: Op; readonly fallout: Fallout },
): Results {
  const { verb, index } = op
  if (verb === 'get') return look(kind, txn, op)
  const known = kind.find(txn, op)
  if (verb === 'set' || verb === 'cas') {
    const stale = verb === 'cas' && (known?.modifyIndex ?? 0) !== index
    if (stale) return refused(`failed to set ${kind.called(op)}, index is stale`)
    const row = kind.set(txn, op, fallout)
    return isRefused(row) ? row : [kind.result(row)]
  }
  // Unlike a key, a row that is not there is a mismatch for delete-cas.
  const stale = verb === 'delete-cas' && known?.modifyIndex !== index
  if (stale) return refused(`failed to delete ${kind.called(op)}, index is stale`)
  if (known !== undefined) kind.remove(txn, known, fallout)
  return []
}

const nodeNamed = (view: View, { node }: NodeTxnOp) => get(view, NODES, fold(node.name))

const NODE: Kind<NodeTxnOp, NodeRow> = {
  called: ({ node }) => `node ${quoteGo(node.name)}`,
  get: (view, op) => (op.node.id === '' ? nodeNamed(view, op) : nodeById(view, op.node.id)),
  find: nodeNamed,
  set: (txn, { node }, fallout) => setNode(txn, node, fallout),
  remove: removeNode,
  result: (row) => ({ Node: catalogNode(row) }),
}

const instance = (view: View, { on, service }: ServiceTxnOp) =>
  get(view, SERVICES, onNode(on, service.id))

const SERVICE: Kind<ServiceTxnOp, ServiceRow> = {
  called: ({ on, service }) => `service ${quoteGo(service.id)} on node ${quoteGo(on)}`,
  get: instance,
  find: instance,
  set: (txn, { on, service }) => setService(txn, on, service),
  remove: removeService,
  result: (row) => ({ Service: { ...nodeService(row), Tags: row.tags } }),
}

const checkOf = (view: View, { on, check }: CheckTxnOp) => get(view, CHECKS, onNode(on, check.id))

const CHECK: Kind<CheckTxnOp, CheckRow> = {
  called: ({ on, check }) => `check ${quoteGo(check.id)} on node ${quoteGo(on)}`,
  get: checkOf,
  find: checkOf,
  set: (txn, { on, check }, fallout) => setCheck(txn, on, { check, fallout }),
  remove: removeCheck,
  result: (row) => ({ Check: { ...healthCheck(row), ServiceTags: row.serviceTags } }),
}
