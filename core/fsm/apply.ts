// Which rule a command is applied by. Everything here is deterministic: each server runs the same
// commands in the same order and must come to the same state (design 2.4).
import { unreachable } from '../assert.ts'
import { deregister, register } from '../catalog/write.ts'
import type { KvCommand } from '../kv/records.ts'
import { casKey, deleteKey, deleteKeyCas, deleteTree, reapTombstones, setKey } from '../kv/write.ts'
import { isRefused, type Refused } from '../outcome.ts'
import { lockKey, unlockKey } from '../sessions/write.ts'
import type { Txn } from '../state/txn.ts'
import { runTxn } from '../txn/write.ts'
import type { Command } from './commands.ts'

/** What a command came to. Unless it stands, the transaction is thrown away whole. */
export interface Applied {
  readonly stands: boolean
  /** For the reply of the route that proposed the command. */
  readonly result: unknown
}

const stands = (result: unknown): Applied => ({ stands: !isRefused(result), result })

export function applyCommand(txn: Txn, command: Command): Applied {
  switch (command.type) {
    case 'kv':
      return stands(applyKv(txn, command))
    case 'reap-tombstones':
      reapTombstones(txn, command.through)
      return stands(true)
    case 'txn': {
      const outcome = runTxn(txn, command.ops)
      return { stands: outcome.errors.length === 0, result: outcome }
    }
    case 'register': {
      const registered = register(txn, command)
      return { stands: registered.ok, result: registered } // its route words a refusal itself
    }
    case 'deregister':
      deregister(txn, command)
      return stands(true)
    default:
      return unreachable(command)
  }
}

/** Whether the operation was done; only the conditional ones can fail to be. */
function applyKv(txn: Txn, { op, change }: KvCommand): boolean | Refused {
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
      return done(lockKey(txn, change))
    case 'unlock':
      return done(unlockKey(txn, change))
    default:
      return unreachable(op)
  }
}

const done = (row: object | Refused | undefined): boolean | Refused =>
  isRefused(row) ? row : row !== undefined
