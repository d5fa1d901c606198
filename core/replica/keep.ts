// What a node keeps: each write is durable before anybody is told of it, and all of them come back
// after a restart. A node without a disk keeps what it has by living on; for the machine that is
// the same, only quicker.
import { assert } from '../assert.ts'
import type { Stamped } from './messages.ts'
import type { Keeping, Replica } from './node.ts'
import { type Reign, type Row, SNAPSHOT_WRITES, type Write } from './records.ts'
import { appendWrite, continueReign, createStore, freeze, type Store, storeOf } from './store.ts'

/** What a restart finds. */
export interface Kept {
  /** Of the newest snapshot; empty without one. */
  readonly rows: readonly Row[]
  readonly history: readonly Reign[]
  readonly last: number
  /** Behind the snapshot, in order. */
  readonly writes: readonly Stamped[]
}

export const createKeeping = (): Keeping => ({
  unsaved: [],
  isAnew: false,
  underWay: undefined,
  lastToken: 0,
  since: 0,
  isSaving: false,
})

/** The store as it was when the last of its writes became durable. */
export function recoverStore(kept: Kept | undefined): Store {
  if (kept === undefined) return createStore()
  const store = storeOf(kept.rows, kept)
  for (const { epoch, ...write } of kept.writes) {
    const { reign, index } = write
    if (store.history.at(-1)?.id !== reign) {
      const begun = store.history.filter(({ from }) => from < index)
      continueReign(store, [...begun, { id: reign, epoch, from: index }])
    }
    appendWrite(store, write, 0)
  }
  return store
}

export const keepWrite = (node: Replica, write: Write): void => {
  node.keeping.unsaved.push(write)
}

/** The copy of a leader takes the place of all that was kept. */
export function keepAnew(node: Replica): void {
  node.keeping.unsaved = []
  node.keeping.isAnew = true
}

/** Everything that the node has is durable. */
export const isKept = ({ keeping }: Replica): boolean =>
  keeping.underWay === undefined && keeping.unsaved.length === 0 && !keeping.isAnew

/** What gathers while one persist is under way goes into the next. */
export function persistNext(node: Replica): void {
  const { keeping, store } = node
  if (keeping.underWay !== undefined || isKept(node)) return
  const token = ++keeping.lastToken
  const state = freeze(store)
  keeping.underWay = { token, state }
  if (keeping.isAnew) {
    keeping.isAnew = false
    keeping.unsaved = []
    node.effects.push({ type: 'persist', token, anew: state, writes: [] })
    return
  }
  const writes = keeping.unsaved.map((write) => stamped(store, write))
  keeping.unsaved = []
  assert(writes.at(-1)?.index === state.last, 'a persist ends with the last write')
  node.effects.push({ type: 'persist', token, anew: undefined, writes })
}

function stamped({ history }: Store, write: Write): Stamped {
  const epoch = history.find(({ id }) => id === write.reign)?.epoch
  assert(epoch !== undefined, 'a write belongs to a reign of the history')
  return { ...write, epoch }
}

/** False: what became durable is void already, for a copy takes its place. */
export function onPersisted(node: Replica, token: number): boolean {
  const { keeping } = node
  const { underWay } = keeping
  assert(underWay?.token === token, 'the persist that is under way is done')
  keeping.underWay = undefined
  if (keeping.isAnew) return false
  keeping.since += underWay.state.last - node.kept.last
  node.kept = underWay.state
  if (keeping.since >= SNAPSHOT_WRITES && !keeping.isSaving) {
    keeping.since = 0
    keeping.isSaving = true
    node.effects.push({ type: 'save-snapshot', state: node.kept })
  }
  return true
}
