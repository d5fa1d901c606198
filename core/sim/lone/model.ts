// What the state of an agent must be, said naively: keys, locks, sessions and transactions by the
// rules of consul-surface §8, without trees, tables, indexes of tables or transactions. It is fed
// the commands in the order of the log.
import { textOf } from '../../bytes.ts'
import type { Command } from '../../fsm/commands.ts'
import type { KvChange } from '../../kv/records.ts'
import type { SessionSpec } from '../../sessions/records.ts'
import { parseDuration } from '../../time.ts'
import type { KvTxnOp, TxnCommand } from '../../txn/records.ts'

interface ModelKey {
  readonly value: string
  readonly lockIndex: number
  readonly session: string
  readonly created: number
  readonly modified: number
}

interface ModelSession {
  readonly behavior: 'release' | 'delete'
  readonly lockDelayMs: number
  /** 0: it lives until somebody ends it. */
  readonly ttlMs: number
}

export interface Model {
  keys: Map<string, ModelKey>
  /** Deletes that are remembered: the index of the last one of each key. */
  deleted: Map<string, number>
  sessions: Map<string, ModelSession>
  /** Keys that nobody may lock before this wall time. */
  delays: Map<string, number>
  /** The last index that changed any key. */
  changed: number
  applied: number
  /** What the command with this value came to: every value is written once. */
  readonly results: Map<string, boolean>
  /** The agent has told its node and check: sessions can stand on them. */
  registered: boolean
}

export const createModel = (): Model => ({
  keys: new Map(),
  deleted: new Map(),
  sessions: new Map(),
  delays: new Map(),
  changed: 0,
  applied: 0,
  results: new Map(),
  registered: false,
})

/** An entry of the log; undefined: one that holds no command. */
export function applyToModel(model: Model, index: number, command: Command | undefined): void {
  model.applied = index
  switch (command?.type) {
    case 'kv':
      note(model, command.change, applyKv(model, index, command))
      break
    case 'txn':
      applyTxn(model, index, command)
      break
    case 'create-session':
      if (model.registered) model.sessions.set(command.session.id, sessionOf(command.session))
      break
    case 'end-session':
      endSession(model, { index, id: command.id, wall: command.wall })
      break
    case 'reap-tombstones':
      reap(model, command)
      break
    case 'register':
      model.registered = true
      break
    default: // nothing that keys or sessions know of
  }
}

/** Several commands may carry one value: a transaction that failed, and its like. */
function note({ results }: Model, { value }: KvChange, done: boolean): void {
  if (value.length > 0) results.set(textOf(value), done)
}

interface Ordered {
  readonly op: string
  readonly change: KvChange
  readonly wall: number
}

function applyKv(model: Model, index: number, { op, change, wall }: Ordered): boolean {
  const { key } = change
  const known = model.keys.get(key)
  switch (op) {
    case 'set':
      store(model, index, { change, lockIndex: 0, session: known?.session ?? '' })
      return true
    case 'cas':
      if ((known?.modified ?? 0) !== change.index) return false
      store(model, index, { change, lockIndex: 0, session: known?.session ?? '' })
      return true
    case 'delete':
      erase(model, index, key)
      return true
    case 'lock':
      return lock(model, index, { op, change, wall })
    case 'unlock':
      if (change.session === '' || known?.session !== change.session) return false
      store(model, index, { change, lockIndex: known.lockIndex, session: '' })
      return true
    default:
      return false // not asked for by any client here
  }
}

function lock(model: Model, index: number, { change, wall }: Ordered): boolean {
  const { key, session } = change
  if (!model.sessions.has(session)) return false
  const until = model.delays.get(key)
  if (until !== undefined && wall < until) return false
  const known = model.keys.get(key)
  const holder = known?.session ?? ''
  if (holder !== '' && holder !== session) return false
  model.delays.delete(key)
  const lockIndex = (known?.lockIndex ?? 0) + (holder === '' ? 1 : 0)
  store(model, index, { change, lockIndex, session })
  return true
}

interface Stored {
  readonly change: Pick<KvChange, 'key' | 'value'>
  readonly lockIndex: number
  readonly session: string
}

/** What is the same already keeps its index. */
function store(model: Model, index: number, { change, lockIndex, session }: Stored): void {
  const { key } = change
  const value = textOf(change.value)
  const known = model.keys.get(key)
  const isSame =
    known?.value === value && known.lockIndex === lockIndex && known.session === session
  if (isSame) return
  const created = known?.created ?? index
  model.keys.set(key, { value, lockIndex, session, created, modified: index })
  model.changed = index
}

function erase(model: Model, index: number, key: string): void {
  if (!model.keys.delete(key)) return
  model.deleted.set(key, index)
  model.changed = index
}

function sessionOf({ behavior, lockDelayNs, ttl }: SessionSpec): ModelSession {
  return { behavior, lockDelayMs: Math.ceil(lockDelayNs / 1e6), ttlMs: parseDuration(ttl) ?? 0 }
}

/** All of its locks, at one index (I22). */
function endSession(model: Model, end: { index: number; id: string; wall: number }): void {
  const { index, id, wall } = end
  const session = model.sessions.get(id)
  if (session === undefined) return
  model.sessions.delete(id)
  for (const [key, held] of [...model.keys]) {
    if (held.session !== id) continue
    if (session.behavior === 'delete') erase(model, index, key)
    else {
      model.keys.set(key, { ...held, session: '', modified: index })
      model.changed = index
    }
    if (session.lockDelayMs > 0) model.delays.set(key, wall + session.lockDelayMs)
  }
}

function reap(model: Model, { through, wall }: { through: number; wall: number }): void {
  for (const [key, index] of model.deleted) if (index <= through) model.deleted.delete(key)
  for (const [key, until] of model.delays) if (until <= wall) model.delays.delete(key)
}

/** All or nothing (I23). */
function applyTxn(model: Model, index: number, { ops, wall }: TxnCommand): void {
  const before = {
    keys: new Map(model.keys),
    deleted: new Map(model.deleted),
    delays: new Map(model.delays),
    changed: model.changed,
  }
  const kvOps = ops.filter((op): op is KvTxnOp => op.kind === 'kv')
  const failed = kvOps.filter((op) => !applyTxnOp(model, index, { op, wall }))
  if (failed.length > 0) Object.assign(model, before)
  for (const { change } of kvOps) note(model, change, failed.length === 0)
}

function applyTxnOp(model: Model, index: number, { op, wall }: { op: KvTxnOp; wall: number }) {
  const { verb, change } = op
  if (verb === 'check-index') return model.keys.get(change.key)?.modified === change.index
  if (verb === 'check-not-exists') return !model.keys.has(change.key)
  return applyKv(model, index, { op: verb, change, wall })
}

/**
 * What `X-Consul-Index` says of a key that is there; of one that is not, the last change at all.
 * Never 0: that would not block.
 */
export const indexOfKey = (model: Model, key: string): number =>
  model.keys.get(key)?.modified ?? Math.max(1, model.changed)

/** Of all below a prefix: the last change or remembered delete, or else the last change at all. */
export function indexOfPrefix({ keys, deleted, changed }: Model, prefix: string): number {
  let index = 0
  for (const [key, { modified }] of keys)
    if (key.startsWith(prefix)) index = Math.max(index, modified)
  for (const [key, at] of deleted) if (key.startsWith(prefix)) index = Math.max(index, at)
  return Math.max(1, prefix === '' || index === 0 ? changed : index)
}

export const keysBelow = ({ keys }: Model, prefix: string): readonly string[] =>
  [...keys.keys()].filter((key) => key.startsWith(prefix)).sort()
