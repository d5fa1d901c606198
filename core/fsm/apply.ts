// Which rule a command is applied by. Everything here is deterministic: each server runs the same
// commands in the same order and must come to the same state (design 2.4).
import { unreachable } from '../assert.ts'
import { setAutopilot } from '../autopilot/write.ts'
import { fold } from '../bytes.ts'
import { NODES } from '../catalog/records.ts'
import { deregister, register } from '../catalog/write.ts'
import type { CoordinateRow } from '../coordinates/records.ts'
import { putCoordinate } from '../coordinates/write.ts'
import type { KvCommand, KvRow } from '../kv/records.ts'
import { casKey, deleteKey, deleteKeyCas, deleteTree, reapTombstones, setKey } from '../kv/write.ts'
import { isRefused, type Refused } from '../outcome.ts'
import { lockKey, type NotLocked, reapLockDelays, unlockKey } from '../sessions/write.ts'
import { get, type Txn } from '../state/txn.ts'
import type { TxnCommand } from '../txn/records.ts'
import { runTxn } from '../txn/write.ts'
import type { Command } from './commands.ts'
import { beginSession, endByFallout, endSessions, type SessionNews } from './session-rules.ts'

/** What a command came to. Unless it stands, the transaction is thrown away whole. */
export interface Applied {
  readonly stands: boolean
  /** For the reply of the route that proposed the command. */
  readonly result: unknown
  /** Sessions that began or ended, for whoever keeps their timers. */
  readonly sessions?: SessionNews
  /** Tombstones up to this index are gone. */
  readonly reaped?: number
}

const stands = (result: unknown): Applied => ({ stands: !isRefused(result), result })

export function applyCommand(txn: Txn, command: Command): Applied {
  switch (command.type) {
    case 'kv':
      return stands(applyKv(txn, command))
    case 'reap-tombstones':
      reapTombstones(txn, command.through)
      reapLockDelays(txn, command.wall)
      return { ...stands(true), reaped: command.through }
    case 'txn':
      return applyTxn(txn, command)
    case 'register': {
      const registered = register(txn, command)
      // its route words a refusal itself
      if (!registered.ok) return { stands: false, result: registered }
      const sessions = endByFallout(txn, registered.fallout, command.wall)
      return { stands: true, result: registered, sessions }
    }
    case 'deregister': {
      const sessions = endByFallout(txn, deregister(txn, command), command.wall)
      return { stands: true, result: true, sessions }
    }
    case 'create-session':
      return beginSession(txn, command.session)
    case 'end-session': {
      const ended = endSessions(txn, [command.id], command.wall)
      return { stands: true, result: true, sessions: { born: [], ended } }
    }
    case 'update-coordinates':
      placeNodes(txn, command.updates)
      return stands(true)
    case 'set-autopilot':
      return stands(setAutopilot(txn, command))
    default:
      return unreachable(command)
  }
}

/** Agents may speak of themselves before they are registered. */
function placeNodes(txn: Txn, updates: readonly CoordinateRow[]): void {
  for (const row of updates)
    if (get(txn, NODES, fold(row.node)) !== undefined) putCoordinate(txn, row)
}

/** Sessions end between the operations, so that a later one finds their locks free. */
function applyTxn(txn: Txn, command: TxnCommand): Applied {
  const ended: string[] = []
  const result = runTxn(txn, command, (fallout) => {
    ended.push(...endByFallout(txn, fallout, command.wall).ended)
  })
  return { stands: result.errors.length === 0, result, sessions: { born: [], ended } }
}

/** Whether the operation was done; only the conditional ones can fail to be. */
function applyKv(txn: Txn, { op, change, wall }: KvCommand): boolean | Refused {
  switch (op) {
    case 'set':
      setKey(txn, change)
      return true
    case 'cas':
      return casKey(txn, change) !== undefined
    case 'delete':
      deleteKey(txn, change.key)
      return true
    case 'delete-cas':
      return deleteKeyCas(txn, change)
    case 'delete-tree':
      deleteTree(txn, change.key)
      return true
    case 'lock':
      return done(lockKey(txn, change, wall))
    case 'unlock':
      return done(unlockKey(txn, change))
    default:
      return unreachable(op)
  }
}

const done = (row: KvRow | Refused | NotLocked | undefined): boolean | Refused =>
  isRefused(row) ? row : typeof row === 'object'
