// Questions about sessions. Their index is that of the table, as in Consul; they wake for what they
// read.
import { fold } from '../bytes.ts'
import { get, list, listBy, tableIndex, type View } from '../state/txn.ts'
import { SESSIONS, type SessionEntry, sessionEntry } from './records.ts'

export interface SessionsFound {
  readonly index: number
  readonly value: readonly SessionEntry[]
}

export function readSession(view: View, id: string): SessionsFound {
  const row = get(view, SESSIONS, fold(id))
  return found(view, row === undefined ? [] : [sessionEntry(row)])
}

export const listSessions = (view: View): SessionsFound =>
  found(view, list(view, SESSIONS, '').map(sessionEntry))

export const sessionsOfNode = (view: View, node: string): SessionsFound =>
  found(view, listBy(view, SESSIONS, 'node', fold(node)).map(sessionEntry))

const found = (view: View, value: readonly SessionEntry[]): SessionsFound => ({
  index: tableIndex(view, SESSIONS),
  value,
})
