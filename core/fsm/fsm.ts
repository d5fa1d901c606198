// The replicated state machine: entries of the log go in, in order; the store is what they make.
// Whoever orders the log (solo, replica or raft) is unknown here.
import { assert, unreachable } from '../assert.ts'
import { ENTRY, type Entry, type Position } from '../entry.ts'
import { logIndex, term } from '../ids.ts'
import {
  abort,
  beginTxn,
  commit,
  createStore,
  type Store,
  stopSharing,
  type Waiter,
} from '../state/store.ts'
import { applyCommand } from './apply.ts'
import { type Command, decodeCommand } from './commands.ts'
import type { SessionNews } from './session-rules.ts'
import { TABLES } from './tables.ts'

export interface Fsm {
  readonly store: Store
  /** The last entry that the store holds. Changed by applyEntry and restoreFsm. */
  applied: Position
}

export interface AppliedEntry {
  /** What the command came to; undefined for an entry that is none. */
  readonly result: unknown
  /** Who waited for something that has changed: each once, and parked no more. */
  readonly fired: ReadonlySet<Waiter>
  /** For whoever keeps the timers of sessions. */
  readonly sessions: SessionNews
  /** Tombstones up to this index are gone; 0: of none that is news. */
  readonly reaped: number
}

const NO_NEWS: SessionNews = { born: [], ended: [] }

const NOTHING: AppliedEntry = {
  result: undefined,
  fired: new Set(),
  sessions: NO_NEWS,
  reaped: 0,
}

export const createFsm = (): Fsm => ({
  store: createStore(TABLES.map(({ table }) => table)),
  applied: { index: logIndex(0), term: term(0) },
})

export function applyEntry(fsm: Fsm, entry: Entry): AppliedEntry {
  assert(entry.index === fsm.applied.index + 1, 'entries are applied one after the other')
  assert(entry.term >= fsm.applied.term, 'terms in the log never fall')
  fsm.applied = { index: entry.index, term: entry.term }
  const { type } = entry
  switch (type) {
    case ENTRY.command:
      return applyData(fsm.store, entry)
    case ENTRY.noop:
    case ENTRY.barrier:
    case ENTRY.configuration:
      return NOTHING
    default:
      return unreachable(type)
  }
}

/** Its operations are done one by one, and one of them may fail when others are written. */
const maybeUndone = ({ type }: Command): boolean => type === 'txn'

function applyData(store: Store, { index, data }: Entry): AppliedEntry {
  const command = decodeCommand(data)
  if (maybeUndone(command)) stopSharing(store)
  const txn = beginTxn(store, index)
  const { stands, result, sessions = NO_NEWS, reaped = 0 } = applyCommand(txn, command)
  if (stands) return { result, fired: commit(store, txn), sessions, reaped }
  abort(store, txn)
  return { ...NOTHING, result }
}
