// What the servers' states must be, said twice and independently: by a naive model of keys, and by
// a reference copy of the real state machine that is fed what was committed. Every server's rows
// are held against both, every answer to a client against the model at the index that the answer
// names (the witness check: no search, any length).
import { textOf } from '../bytes.ts'
import { ENTRY, type Entry } from '../entry.ts'
import { type Command, decodeCommand } from '../fsm/commands.ts'
import { applyEntry, createFsm, type Fsm } from '../fsm/fsm.ts'
import { KV, type KvCommand } from '../kv/records.ts'
import { indexesOf, rowsOf } from '../state/snapshot.ts'
import { viewOf } from '../state/store.ts'
import { peek, type View } from '../state/txn.ts'
import type { Host } from './host.ts'
import { mustHold, type Tally } from './violation.ts'
import type { SimNode } from './world.ts'

/** A key from an index on. */
export interface Version {
  readonly index: number
  /** Undefined: it does not exist. */
  readonly value: string | undefined
}

interface Effect {
  readonly key: string
  readonly done: boolean
}

export interface StateChecks {
  readonly tally: Tally
  readonly versions: Map<string, Version[]>
  /** By index: what the command of a client came to. */
  readonly effects: (Effect | undefined)[]
  /** By value: where it was written. Clients never write one twice. */
  readonly writtenAt: Map<string, number>
  readonly reference: Fsm
  /** By index: the reference as it was then. */
  readonly views: View[]
  /** Of each node: how far its state has been looked at. */
  readonly applied: number[]
}

export function createStateChecks(tally: Tally, nodes: number): StateChecks {
  const reference = createFsm()
  return {
    tally,
    versions: new Map(),
    effects: [],
    writtenAt: new Map(),
    reference,
    views: [viewOf(reference.store)],
    applied: Array.from({ length: nodes }, () => 0),
  }
}

/** The next entry has been committed, by anybody. */
export function noteCommitted(checks: StateChecks, entry: Entry): void {
  applyEntry(checks.reference, entry)
  checks.views[entry.index] = viewOf(checks.reference.store)
  if (entry.type !== ENTRY.command) return
  const command: Command = decodeCommand(entry.data)
  if (command.type === 'kv')
    checks.effects[entry.index] = applyNaively(checks, entry.index, command)
}

/** The rules of consul-surface §8.5 for single keys, without tables, trees or transactions. */
function applyNaively(checks: StateChecks, index: number, { op, change }: KvCommand): Effect {
  const { key } = change
  const now = latest(checks, key)
  const exists = now.value !== undefined
  const matches = (exists ? now.index : 0) === change.index
  switch (op) {
    case 'set':
      return write(checks, { key, index, value: textOf(change.value) })
    case 'cas':
      if (!matches) return { key, done: false }
      return write(checks, { key, index, value: textOf(change.value) })
    case 'delete':
      return write(checks, { key, index, value: undefined })
    case 'delete-cas':
      if (exists && !matches) return { key, done: false }
      return write(checks, { key, index, value: undefined })
    default:
      return { key, done: true } // not of single keys, or of sessions: the reference knows
  }
}

function write(
  checks: StateChecks,
  what: { key: string; index: number; value?: string | undefined },
): Effect {
  const { key, index, value } = what
  if (latest(checks, key).value === value) return { key, done: true } // the index stays
  if (value !== undefined) {
    const before = checks.writtenAt.get(value)
    mustHold(
      before === undefined,
      'lost-write',
      () => `the write of ${value} to ${key} is applied twice, at ${before} and ${index}`,
    )
    checks.writtenAt.set(value, index)
  }
  const versions = checks.versions.get(key) ?? []
  checks.versions.set(key, versions)
  versions.push({ index, value })
  return { key, done: true }
}

const NEVER: Version = { index: 0, value: undefined }

const latest = ({ versions }: StateChecks, key: string): Version =>
  versions.get(key)?.at(-1) ?? NEVER

/** The key as it was when everything up to `index` was applied. */
export function versionAt({ versions }: StateChecks, key: string, index: number): Version {
  const all = versions.get(key) ?? []
  let [low, high] = [0, all.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((all[middle] as Version).index <= index) low = middle + 1
    else high = middle
  }
  return all[low - 1] ?? NEVER
}

/** After a step: whatever was applied in it. */
export function checkApplied(checks: StateChecks, node: SimNode, fsm: Fsm): void {
  const from = checks.applied[node.index] ?? 0
  const { index: to } = fsm.applied
  if (to === from) return
  const who = node.peer.id
  checks.tally.monotonic++
  mustHold(to > from, 'monotonic', () => `${who} takes its state back from ${from} to ${to}`)
  const known = checks.views.length - 1
  mustHold(to <= known, 'state-machine', () => `${who} applies ${to}; committed is ${known}`)
  checks.applied[node.index] = to
  for (let index = from + 1; index <= to; index++) {
    const effect = checks.effects[index]
    if (effect !== undefined) checkKey(checks, { who, fsm, key: effect.key })
  }
}

/** I25: who waits at this server for a key that is newer here has been answered. */
export function checkWatches(checks: StateChecks, node: SimNode, { fsm, watches }: Host): void {
  for (const { key, index } of watches.values()) {
    checks.tally['wake-up']++
    const modified = peek(viewOf(fsm.store), KV, key)?.modifyIndex ?? 0
    mustHold(
      modified <= index,
      'wake-up',
      () => `${node.peer.id} has ${key} of ${modified}, and who waits behind ${index} waits on`,
    )
  }
}

function checkKey(
  checks: StateChecks,
  { who, fsm, key }: { who: string; fsm: Fsm; key: string },
): void {
  checks.tally['state-machine']++
  const row = peek(viewOf(fsm.store), KV, key)
  const wanted = versionAt(checks, key, fsm.applied.index)
  const found = { index: row?.modifyIndex ?? 0, value: row && textOf(row.value) }
  const same =
    found.value === wanted.value && (wanted.value === undefined || found.index === wanted.index)
  mustHold(
    same,
    'state-machine',
    () =>
      `${who} at ${fsm.applied.index}: ${key} is ${found.value} of ${found.index}, ` +
      `should be ${wanted.value} of ${wanted.index}`,
  )
}

/** A state that came from a snapshot: every table must be that of a replay. */
export function checkRestored(checks: StateChecks, node: SimNode, fsm: Fsm): void {
  const { index } = fsm.applied
  checks.applied[node.index] = index
  if (index === 0) return
  checks.tally.snapshot++
  const wanted = checks.views[index]
  const complaint =
    wanted === undefined ? 'nothing is committed there' : differenceOf(viewOf(fsm.store), wanted)
  mustHold(
    complaint === undefined,
    'snapshot',
    () => `${node.peer.id} restores a state at ${index}: ${complaint}`,
  )
}

/** In words, the first difference between two states; undefined: there is none. */
function differenceOf(found: View, wanted: View): string | undefined {
  const indexes = indexesOf(found)
  for (const [slot, { table, index }] of indexesOf(wanted).entries()) {
    const other = indexes[slot]?.index
    if (other !== index) return `the index of ${table.name} is ${other}, not ${index}`
  }
  const theirs = rowsOf(found)[Symbol.iterator]()
  for (const { table, row } of rowsOf(wanted)) {
    const next = theirs.next()
    if (next.done === true) return `a row of ${table.name} is missing`
    if (next.value.table !== table) return `${table.name} and ${next.value.table.name} differ`
    if (!sameData(next.value.row, row)) return `a row of ${table.name} differs`
  }
  return theirs.next().done === true ? undefined : 'there are more rows'
}

/** Rows are plain data. */
function sameData(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  const [ours, theirs] = [Object.entries(a), Object.entries(b)]
  if (ours.length !== theirs.length) return false
  const other = new Map(theirs)
  return ours.every(([name, value]) => other.has(name) && sameData(value, other.get(name)))
}

/** At the end, when all is quiet: the whole state of a server. */
export function checkWhole(checks: StateChecks, node: SimNode, fsm: Fsm): void {
  checks.tally['state-machine']++
  const wanted = checks.views[fsm.applied.index]
  const complaint = wanted && differenceOf(viewOf(fsm.store), wanted)
  mustHold(
    complaint === undefined,
    'state-machine',
    () => `${node.peer.id} at ${fsm.applied.index}: ${complaint}`,
  )
}
