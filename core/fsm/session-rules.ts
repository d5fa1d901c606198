// Where sessions and the catalog meet: a session stands on a node and on checks, and falls with
// them (consul-surface §8.1, §8.3). Neither room knows the other; here they are joined, within one
// entry of the log.
import { fold } from '../bytes.ts'
import {
  CHECKS,
  type CheckRow,
  type CheckSpec,
  CRITICAL,
  checkSpecOf,
  type Fallout,
  NODES,
  nodePrefix,
  onNode,
  PASSING,
  SESSION_CHECK,
} from '../catalog/records.ts'
import { setCheck } from '../catalog/write.ts'
import { forgetCoordinates } from '../coordinates/write.ts'
import {
  checksOf,
  SESSIONS,
  type SessionBegun,
  type SessionRow,
  type SessionSpec,
} from '../sessions/records.ts'
import { createSession, endSession, sessionsOnCheck } from '../sessions/write.ts'
import { get, list, listBy, type Txn } from '../state/txn.ts'
import type { WallMs } from '../time.ts'

export interface SessionNews {
  readonly born: readonly SessionRow[]
  /** Their ids. */
  readonly ended: readonly string[]
}

interface Begun {
  readonly stands: boolean
  readonly result: SessionBegun
  readonly sessions?: SessionNews
}

export function beginSession(txn: Txn, session: SessionSpec): Begun {
  const why = whyNot(txn, session)
  if (why !== undefined) return { stands: false, result: { ok: false, why } }
  const row = createSession(txn, session)
  turnChecks(txn, row, PASSING)
  return { stands: true, result: { ok: true, id: row.id }, sessions: { born: [row], ended: [] } }
}

function whyNot(txn: Txn, session: SessionSpec): string | undefined {
  if (get(txn, NODES, fold(session.node)) === undefined) return 'Missing node registration'
  for (const id of checksOf(session)) {
    const check = get(txn, CHECKS, onNode(session.node, id))
    if (check === undefined) return `Missing check '${id}' registration`
    if (check.status === CRITICAL && check.type !== SESSION_CHECK)
      return `Check '${id}' is in ${CRITICAL} state`
  }
  return undefined
}

/**
 * Ends the sessions that stood on what a command took away or found critical; a node that went is
 * nowhere.
 */
export function endByFallout(txn: Txn, fallout: Fallout, wall: WallMs): SessionNews {
  const doomed = new Set<string>()
  for (const node of fallout.nodes) {
    forgetCoordinates(txn, node)
    for (const { id } of listBy(txn, SESSIONS, 'node', fold(node))) doomed.add(id)
  }
  for (const { node, id } of fallout.checks) {
    for (const session of sessionsOnCheck(txn, node, id)) doomed.add(session)
  }
  return { born: [], ended: endSessions(txn, doomed, wall) }
}

/** Ends sessions, and those that fall with them. The ids of all that were there. */
export function endSessions(txn: Txn, ids: Iterable<string>, wall: WallMs): string[] {
  const ended: string[] = []
  for (const id of ids) {
    const row = endSession(txn, id, wall)
    if (row === undefined) continue
    const fallout = turnChecks(txn, row, CRITICAL)
    ended.push(row.id, ...endByFallout(txn, fallout, wall).ended)
  }
  return ended
}

/** Checks of the node that tell whether a session of this name lives (consul-surface 8.1). */
function turnChecks(txn: Txn, session: SessionRow, status: string): Fallout {
  const fallout: Fallout = { nodes: [], checks: [] }
  if (session.name === '') return fallout
  for (const row of list(txn, CHECKS, nodePrefix(session.node))) {
    if (row.type !== SESSION_CHECK || row.definition.SessionName !== session.name) continue
    const output = status === PASSING ? `Session '${session.id}' in force` : sessionGone(session)
    setCheck(txn, session.node, { check: { ...specOf(row), status, output }, fallout })
  }
  return fallout
}

const sessionGone = ({ id }: SessionRow) => `Session '${id}' is invalid`

/** What stands, and what it says of a service. */
function specOf(row: CheckRow): CheckSpec {
  const { serviceName: name, serviceTags: tags } = row
  return { ...checkSpecOf(row), says: { name, tags } }
}
