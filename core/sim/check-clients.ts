// What clients were told, against what was committed: the witness check of reliability §2.3. Every
// answer names the index at which it took effect, so no search is needed: the named entry must be
// the request, results must be those of the model, and the order of indexes must not contradict the
// order in real time. The search (check-linear.ts) judges the same history blindly.
import { textOf } from '../bytes.ts'
import { decodeCommand } from '../fsm/commands.ts'
import type { LinearVerdict, Operation } from './check-linear.ts'
import { checkHistory, LIMITS } from './check-linear.ts'
import type { RaftChecks } from './check-raft.ts'
import { type StateChecks, versionAt } from './check-state.ts'
import type { ClientOutcome, ClientRequest } from './host.ts'
import { type RegisterOp, register } from './registers.ts'
import { mustHold } from './violation.ts'
import type { ClientOp } from './workload.ts'

export interface ClientChecks {
  readonly raft: RaftChecks
  readonly state: StateChecks
  readonly counts: ClientCounts
}

/** For the report. */
export interface ClientCounts {
  written: number
  refused: number
  unknown: number
  read: number
  /** Reads that asked for it and got an old state. */
  stale: number
}

export const createClientChecks = (raft: RaftChecks, state: StateChecks): ClientChecks => ({
  raft,
  state,
  counts: { written: 0, refused: 0, unknown: 0, read: 0, stale: 0 },
})

export function checkOutcome(checks: ClientChecks, op: ClientOp): void {
  const { outcome } = op
  switch (outcome?.type) {
    case 'written':
      checkWritten(checks, op, outcome)
      break
    case 'read':
      checkRead(checks, op, outcome)
      break
    case 'unknown':
      checks.counts.unknown++
      break
    default:
      checks.counts.refused++
  }
}

type Written = Extract<ClientOutcome, { type: 'written' }>

function checkWritten({ raft, state, counts }: ClientChecks, op: ClientOp, told: Written): void {
  const { index, done } = told
  counts.written++
  raft.tally['lost-write']++
  const committed = raft.committed[index]
  mustHold(
    committed !== undefined && isOf(committed.entry.data, op.request),
    'lost-write',
    () => `${nameOf(op)} was acknowledged at ${index}; something else is committed there`,
  )
  mustHold(
    index > op.floor,
    'linearizable',
    () => `${nameOf(op)} took effect at ${index}, before it began (${op.floor} was known)`,
  )
  const wanted = state.effects[index]?.done
  mustHold(
    wanted === done,
    'linearizable',
    () => `${nameOf(op)} was answered ${done}; by the rules it is ${wanted}`,
  )
}

function isOf(data: Uint8Array, request: ClientRequest): boolean {
  const command = decodeCommand(data)
  if (command.type !== 'kv' || command.change.key !== request.key) return false
  if (request.type === 'delete') return command.op === 'delete'
  return 'value' in request && textOf(command.change.value) === request.value
}

type Read = Extract<ClientOutcome, { type: 'read' }>

function checkRead({ raft, state, counts }: ClientChecks, op: ClientOp, told: Read): void {
  const { index, value, modified } = told
  if (op.request.type !== 'get' && op.request.type !== 'watch') return
  counts.read++
  const wanted = versionAt(state, op.request.key, index)
  mustHold(
    index < raft.committed.length,
    'stale-read',
    () => `${nameOf(op)} shows the state at ${index}, which is not committed`,
  )
  mustHold(
    value === wanted.value && (value === undefined || modified === wanted.index),
    'linearizable',
    () => `${nameOf(op)} shows ${value} at ${index}; it was ${wanted.value}`,
  )
  if (op.request.type === 'watch') return
  if (op.request.mode === 'stale') {
    if (index < op.floor) counts.stale++
    return
  }
  raft.tally['stale-read']++
  mustHold(
    index >= op.floor,
    'stale-read',
    () => `${nameOf(op)} shows the state at ${index}; ${op.floor} was known before it began`,
  )
}

const nameOf = ({ client, request }: ClientOp): string =>
  `the ${request.type} of ${request.key} by client ${client}`

/** Steps are few: a run is short, and its clients are. */
const RUN_LIMITS = { ...LIMITS, steps: 2_000_000, configurations: 100_000 }

/** The history as anybody outside has seen it, key by key. */
export function judgeHistory(history: readonly ClientOp[]): LinearVerdict {
  const parts = new Map<string, Operation<RegisterOp>[]>()
  const valueAt = new Map<string, string>()
  const writtenAt = new Map<string, number>()
  for (const op of history) {
    if (op.outcome?.type !== 'read') continue
    const { value = '', modified } = op.outcome
    valueAt.set(place(op.request.key, modified), value)
    writtenAt.set(value, modified)
  }
  const doubts = doubtsOf(history)
  for (const op of history) {
    const register = asRegister(op, valueAt)
    if (register === undefined || isMoot(op, doubts)) continue
    const { key } = op.request
    const returned = op.outcome?.type === 'written' || op.outcome?.type === 'read'
    const all = parts.get(key) ?? []
    parts.set(key, all)
    all.push({
      op: register,
      called: op.called,
      returned: returned ? op.returned : Infinity,
      place: placeOf(op, writtenAt),
    })
  }
  return checkHistory(parts, register(''), RUN_LIMITS)
}

/**
 * Where it stands by the index that the client was told, reads behind the write of their index; of
 * a write without an answer, by those who read it.
 */
function placeOf({ request, outcome }: ClientOp, writtenAt: ReadonlyMap<string, number>) {
  if (outcome?.type === 'written') return outcome.index
  if (outcome?.type === 'read') return outcome.index + 0.5
  return 'value' in request ? writtenAt.get(request.value) : undefined
}

interface Doubts {
  readonly seen: ReadonlySet<string>
  readonly failedCas: ReadonlySet<string>
}

/**
 * Values that somebody saw, and keys of which somebody was told that they are not what he thought.
 */
function doubtsOf(history: readonly ClientOp[]): Doubts {
  const [seen, failedCas] = [new Set<string>(), new Set<string>()]
  for (const { request, outcome } of history) {
    if (outcome?.type === 'read' && outcome.value !== undefined) seen.add(outcome.value)
    if (outcome?.type === 'written' && !outcome.done) failedCas.add(request.key)
  }
  return { seen, failedCas }
}

/**
 * A write of which nobody knows whether it was done, and which nobody has seen, explains nothing:
 * the search need not try it.
 */
function isMoot({ request, outcome }: ClientOp, { seen, failedCas }: Doubts): boolean {
  if (outcome?.type === 'written' || outcome?.type === 'read') return false
  if (request.type !== 'put' && request.type !== 'cas') return false
  return !seen.has(request.value) && !failedCas.has(request.key)
}

const place = (key: string, modified: number): string => `${key}@${modified}`

/**
 * Values are unique, so a version is as good as a value. Undefined: it says nothing, or did
 * nothing.
 */
function asRegister(
  { request, outcome }: ClientOp,
  valueAt: ReadonlyMap<string, string>,
): RegisterOp | undefined {
  if (outcome?.type === 'refused') return undefined
  switch (request.type) {
    case 'watch':
      return undefined
    case 'get':
      if (outcome?.type !== 'read' || request.mode === 'stale') return undefined
      return { type: 'read', output: outcome.value ?? '' }
    case 'put':
      return { type: 'write', value: request.value }
    case 'delete':
      return { type: 'write', value: '' }
    default: {
      const expected = request.index === 0 ? '' : valueAt.get(place(request.key, request.index))
      const output = outcome?.type === 'written' ? outcome.done : undefined
      return { type: 'cas', expected: expected ?? '', value: request.value, output }
    }
  }
}
