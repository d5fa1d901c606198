// Changes the settings of autopilot.
import { get, put, type Txn } from '../state/txn.ts'
import { AUTOPILOT, autopilotKey, type SetAutopilotCommand } from './records.ts'

/** Whether they were changed. */
export function setAutopilot(txn: Txn, { settings, when, index }: SetAutopilotCommand): boolean {
  const known = get(txn, AUTOPILOT, autopilotKey)
  if (when === 'first' && known !== undefined) return false
  if (when === 'cas' && (known === undefined || known.modifyIndex !== index)) return false
  const createIndex = known?.createIndex ?? txn.index
  put(txn, AUTOPILOT, { ...settings, createIndex, modifyIndex: txn.index })
  return true
}
