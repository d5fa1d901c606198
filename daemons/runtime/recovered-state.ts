// The state of an agent, or of a store with its API, while a log is started over (recovery.ts):
// nobody reads it, and nobody waits for its changes.
import { applyEntry, createFsm } from '../../core/fsm/fsm.ts'
import { restoreFsm, snapshotChunks } from '../../core/fsm/snapshot.ts'
import type { Recoverable } from './recovery.ts'

export function createRecoveredState(): Recoverable {
  const fsm = createFsm()
  return {
    apply: (entry) => void applyEntry(fsm, entry),
    snapshot: () => snapshotChunks(fsm),
    restore: (chunks) => void restoreFsm(fsm, chunks),
  }
}
