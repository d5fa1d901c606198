// What must hold of the log whatever a crash or a rotten bit has left. Each check takes the log as
// an argument, so that a mutant can be held against it as well (disk-mutants.test.ts), and returns
// what it found wrong: nothing, one hopes.
import { equalBytes } from '../../../core/bytes.ts'
import type { Entry, Persist, Vote } from '../../../core/entry.ts'
import { type LogIndex, logIndex, term } from '../../../core/ids.ts'
import { createPrng, type Prng } from '../../../core/prng.ts'
import { DataDirRefused } from '../../../daemons/runtime/disk-errors.ts'
import type { openWal, Wal } from '../../../daemons/runtime/wal.ts'
import {
  callsOn,
  crashImage,
  createMemoryDisk,
  drawnCrash,
  KEEP_ALL,
  KEEP_NONE,
  type MemoryDisk,
  type Op,
} from './memory-disk.ts'
import { DIR, entry, NODE, optionsOf, persistOf, someEntries } from './wal-kit.ts'

export type OpenWal = typeof openWal

/** What the log holds between two persists. */
interface State {
  readonly entries: readonly Entry[]
  readonly vote: Vote
  /** The index that comes next. */
  readonly next: number
}

type Recovered = Awaited<ReturnType<OpenWal>>['recovered']

const FIRST = `${DIR}/segment-000000000001`
const EMPTY: State = { entries: [], vote: { term: term(0), votedFor: '' }, next: 1 }

/** The state after a persist: what the disk must say. */
function after(state: State, { vote, truncateFrom, restartBehind, entries }: Persist): State {
  const kept = state.entries.filter(
    ({ index }) =>
      restartBehind === undefined && index < (truncateFrom ?? Number.POSITIVE_INFINITY),
  )
  const from = restartBehind === undefined ? (truncateFrom ?? state.next) : restartBehind + 1
  const next = from + entries.length
  return { entries: [...kept, ...entries], vote: vote ?? state.vote, next }
}

const isEqualEntry = (a: Entry | undefined, b: Entry | undefined): boolean =>
  a?.index === b?.index && a?.term === b?.term && (a === b || sameData(a, b))

const sameData = (a: Entry | undefined, b: Entry | undefined): boolean =>
  a !== undefined && b !== undefined && equalBytes(a.data, b.data)

/** Whether the log holds this state, from its first entry on. */
function holds({ entries, vote, nextIndex }: Recovered, state: State): boolean {
  if (vote.term !== state.vote.term || vote.votedFor !== state.vote.votedFor) return false
  const first = entries[0]?.index ?? nextIndex
  const expected = state.entries.filter(({ index }) => index >= first)
  if (entries.length !== expected.length) return false
  if (nextIndex !== state.next) return false
  return expected.every((one, at) => isEqualEntry(one, entries[at]))
}

/** A log in one segment: its bytes, and where each write ended. */
export interface Recorded {
  readonly bytes: Uint8Array
  readonly written: readonly Entry[]
  readonly ends: readonly number[]
}

/** 200 records, each a write of its own. */
export async function recordRun(open: OpenWal, bytesMax = 400): Promise<Recorded> {
  const disk = createMemoryDisk()
  const { wal } = await open(optionsOf(disk, { createAt: logIndex(1) }))
  const written = someEntries(createPrng(14), { from: 1, count: 200, bytesMax })
  const ends: number[] = []
  for (const one of written) {
    const vote = one.index === 1 ? { vote: { term: term(1), votedFor: NODE } } : {}
    await wal.write(persistOf([one], vote))
    const op = disk.ops.findLast(({ type, path }) => type === 'write' && path === FIRST)
    ends.push(op?.type === 'write' ? op.offset + op.bytes.length : 0)
  }
  return { bytes: disk.bytesOf(FIRST), written, ends }
}

/**
 * G14: cut at every byte (every `stride`th), the log gives back exactly what had been acknowledged.
 */
export async function checkCuts(open: OpenWal, run: Recorded, stride = 1): Promise<string[]> {
  const wrong: string[] = []
  let count = 0
  for (let cut = 512; cut <= (run.ends.at(-1) ?? 0); cut += stride) {
    while ((run.ends[count] ?? Number.POSITIVE_INFINITY) <= cut) count++
    const disk = createMemoryDisk()
    // What was not written is zeros; where a file was cut, it is not there at all.
    const bytes = run.bytes.slice(0, cut % 2 === 0 ? run.bytes.length : cut)
    bytes.fill(0, cut)
    disk.put(FIRST, bytes)
    const found = await tryOpen(open, disk)
    const isWhole = cut === (run.ends[count - 1] ?? 512)
    const problem =
      problemOfCut(found, { run, count, isWhole }) ??
      (cut % 16 === 3 ? await problemBehindCut(open, { found, disk, run, count }) : undefined)
    if (problem !== undefined) wrong.push(`cut at ${cut}: ${problem}`)
    if (wrong.length > 5) return wrong
  }
  return wrong
}

function problemOfCut(
  found: Tried,
  { run, count, isWhole }: { run: Recorded; count: number; isWhole: boolean },
): string | undefined {
  if (found.type === 'refused') return found.message
  const { entries } = found.recovered
  if (entries.length !== count) return `${entries.length} entries instead of ${count}`
  if (!isEqualEntry(entries.at(-1), run.written[count - 1])) return 'the last entry is another'
  if ((found.told.length === 0) !== isWhole) return `told: ${found.told.join('; ')}`
  return undefined
}

/** What is written next may be shorter than what was cut off. */
async function problemBehindCut(
  open: OpenWal,
  { found, disk, run, count }: { found: Tried; disk: MemoryDisk; run: Recorded; count: number },
): Promise<string | undefined> {
  if (found.type === 'refused') return found.message
  const { vote } = found.recovered
  const state = { entries: run.written.slice(0, count), vote, next: count + 1 }
  return problemOfGoingOn(open, { image: disk, state, wal: found.wal })
}

type Tried =
  | {
      readonly type: 'opened'
      readonly wal: Wal
      readonly recovered: Recovered
      readonly told: readonly string[]
    }
  | { readonly type: 'refused'; readonly message: string }

async function tryOpen(open: OpenWal, disk: MemoryDisk, segmentBytes = 64 << 10): Promise<Tried> {
  const told: string[] = []
  const log: Parameters<OpenWal>[0]['log'] = ({ message, fields }) =>
    told.push(`${message} ${JSON.stringify(fields)}`)
  try {
    return { type: 'opened', told, ...(await open(optionsOf(disk, { log, segmentBytes }))) }
  } catch (error) {
    if (!(error instanceof DataDirRefused)) throw error
    return { type: 'refused', message: error.message }
  }
}

/** What a run has told between its calls of the disk. */
type Note =
  | { readonly type: 'begun'; readonly persist: Persist }
  | { readonly type: 'durable' }
  | { readonly type: 'full' }

export interface Journal {
  readonly base: MemoryDisk
  readonly ops: readonly Op[]
  /** Before the first of the calls. */
  readonly state: State
}

/** A log at rest. */
export interface Rested {
  readonly base: MemoryDisk
  readonly state: State
  /** Where writes begin. */
  readonly heads: readonly { readonly path: string; readonly at: number }[]
}

const SEGMENT_BYTES = 16 << 10

/**
 * A busy life: votes, truncations, restarts, turns of the segment, trims, short writes, a disk that
 * is full for a while.
 */
export async function recordLife(
  open: OpenWal,
  { seed, persists = 200, fullRate = 0.05 }: { seed: number; persists?: number; fullRate?: number },
): Promise<Journal> {
  const prng = createPrng(seed)
  const disk = createMemoryDisk()
  const { wal } = await open(
    optionsOf(disk, { createAt: logIndex(1), segmentBytes: SEGMENT_BYTES }),
  )
  const base = crashImage(createMemoryDisk(), disk.ops, KEEP_ALL)
  const ops = await live({ disk, wal, prng, persists, fullRate, state: EMPTY })
  return { base, ops, state: EMPTY }
}

interface Living {
  readonly disk: MemoryDisk
  readonly wal: Wal
  readonly prng: Prng
  readonly persists: number
  /** How often the disk is full for one persist. */
  readonly fullRate: number
  readonly state: State
}

async function live({
  disk,
  wal,
  prng,
  persists,
  fullRate,
  ...begin
}: Living): Promise<readonly Op[]> {
  let { state } = begin
  for (let token = 1; token <= persists; token++) {
    const persist = drawPersist(prng, state, token)
    disk.fault = drawFault(prng, fullRate)
    disk.note({ type: 'begun', persist } satisfies Note)
    const end = await wal.write(persist)
    disk.note({ type: end } satisfies Note)
    disk.fault = undefined
    if (end === 'durable') state = after(state, persist)
    if (prng.chance(0.1)) await wal.trim(committedOf(state, prng))
  }
  return disk.ops
}

function drawPersist(prng: Prng, state: State, token: number): Persist {
  const last = state.next - 1
  const inTerm = prng.chance(0.1) ? state.vote.term + 1 : Math.max(1, state.vote.term)
  const vote = inTerm === state.vote.term ? {} : { vote: { term: term(inTerm), votedFor: NODE } }
  const cut =
    prng.chance(0.15) && state.entries.length > 3 ? { truncateFrom: logIndex(last - 1) } : {}
  const jump = prng.chance(0.02) ? { restartBehind: logIndex(last + 10) } : {}
  const from = 1 + (jump.restartBehind ?? (cut.truncateFrom === undefined ? last : last - 2))
  const count = prng.chance(0.05) ? 0 : prng.range(1, 4)
  const entries = someEntries(prng, { from, count, bytesMax: 900 })
  return {
    token,
    ...vote,
    ...cut,
    ...jump,
    entries: entries.map((e) => ({ ...e, term: term(inTerm) })),
  }
}

function drawFault(prng: Prng, fullRate: number): MemoryDisk['fault'] {
  const dice = prng.unit()
  const short = prng.range(2, 600)
  let calls = 0
  if (dice < 0.1)
    return (op) => (isLongWrite(op) && calls++ === 0 ? { errno: '', short } : undefined)
  if (dice < 0.1 + fullRate)
    return (op) => {
      if (op.type !== 'write') return undefined
      return isLongWrite(op) && calls++ === 0 ? { errno: '', short } : { errno: 'ENOSPC' }
    }
  if (dice < 0.13 + fullRate)
    return (op) => (op.type === 'sync' && calls++ === 0 ? { errno: 'ENOSPC' } : undefined)
  return undefined
}

const isLongWrite = (op: Op): boolean => op.type === 'write' && op.bytes.length > 600

/** A point behind which nothing is truncated any more. */
const committedOf = (state: State, prng: Prng): LogIndex => {
  return logIndex(Math.max(0, state.next - 4 - prng.range(0, 20)))
}

/** Every prefix of the calls, as crash images: all kept, nothing kept, and `draws` at random. */
export async function checkCrashes(
  open: OpenWal,
  journal: Journal,
  { draws, seed, stride = 1 }: { draws: number; seed: number; stride?: number },
): Promise<{ wrong: string[]; images: number }> {
  const prng = createPrng(seed)
  const wrong: string[] = []
  let images = 0
  for (let end = 0; end <= journal.ops.length; end += stride) {
    const ops = journal.ops.slice(0, end)
    const allowed = allowedStates(journal.state, ops)
    for (const crash of [
      KEEP_ALL,
      KEEP_NONE,
      ...Array.from({ length: draws }, () => drawnCrash(prng)),
    ]) {
      const image = crashImage(journal.base, ops, crash)
      const isDeep = images++ % 16 === 0
      const problem = await problemOfImage(open, image, { allowed, isDeep, prng })
      if (problem !== undefined) wrong.push(`after call ${end}: ${problem}`)
      if (wrong.length > 5) return { wrong, images }
    }
  }
  return { wrong, images }
}

/** What was acknowledged, or that and the persist under way. */
function allowedStates(first: State, ops: readonly Op[]): State[] {
  let state = first
  let begun: State | undefined
  for (const op of ops) {
    if (op.type !== 'note') continue
    const note = op.note as Note // only `live` makes notes
    if (note.type === 'begun') begun = after(state, note.persist)
    else {
      if (note.type === 'durable' && begun !== undefined) state = begun
      begun = undefined
    }
  }
  return begun === undefined ? [state] : [state, begun]
}

interface Expected {
  readonly allowed: readonly State[]
  /** Goes on writing, and crashes once more while the log is opened. */
  readonly isDeep: boolean
  readonly prng: Prng
}

async function problemOfImage(
  open: OpenWal,
  image: MemoryDisk,
  { allowed, isDeep, prng }: Expected,
): Promise<string | undefined> {
  const before = isDeep ? crashImage(image, [], KEEP_ALL) : undefined
  const found = await tryOpen(open, image, SEGMENT_BYTES)
  if (found.type === 'refused') return found.message
  const state = allowed.find((one) => holds(found.recovered, one))
  if (state === undefined) return `it holds ${describe(found.recovered)}`
  if (before === undefined) return undefined
  return (
    (await problemOfSecondCrash(open, { before, image, state, prng })) ??
    (await problemOfGoingOn(open, { image, state, wal: found.wal }))
  )
}

const describe = ({ entries, vote, nextIndex }: Recovered): string =>
  `${entries.length} entries up to ${nextIndex - 1} and term ${vote.term}`

async function problemOfSecondCrash(
  open: OpenWal,
  of: { before: MemoryDisk; image: MemoryDisk; state: State; prng: Prng },
): Promise<string | undefined> {
  const ops = callsOn(of.before, of.image.ops)
  for (let end = 0; end <= ops.length; end++) {
    const image = crashImage(of.before, ops.slice(0, end), drawnCrash(of.prng))
    const found = await tryOpen(open, image, SEGMENT_BYTES)
    if (found.type === 'refused') return `crashed again at ${end}: ${found.message}`
    if (!holds(found.recovered, of.state))
      return `crashed again at ${end}: it holds ${describe(found.recovered)}`
  }
  return undefined
}

async function problemOfGoingOn(
  open: OpenWal,
  of: { image: MemoryDisk; state: State; wal: Wal },
): Promise<string | undefined> {
  const persist = persistOf([entry(of.state.next, 'and on', Math.max(1, of.state.vote.term))])
  if ((await of.wal.write(persist)) !== 'durable') return 'the next write found no room'
  const found = await tryOpen(open, of.image, SEGMENT_BYTES)
  if (found.type === 'refused') return `after the next write: ${found.message}`
  if (found.told.length > 0) return `after the next write: ${found.told[0]}`
  return holds(found.recovered, after(of.state, persist)) ? undefined : 'the next write is lost'
}

/** A log of several segments, closed well or killed. */
export async function recordLog(open: OpenWal, isClosed: boolean): Promise<Rested> {
  const disk = createMemoryDisk()
  const { wal } = await open(
    optionsOf(disk, { createAt: logIndex(1), segmentBytes: SEGMENT_BYTES }),
  )
  const written = someEntries(createPrng(15), { from: 1, count: 60, bytesMax: 1500 })
  const last = entry(61, new Uint8Array(3000)) // zeros: as near to a hole as a value can be
  for (const one of [...written, last])
    await wal.write(persistOf([one], { vote: { term: term(one.index), votedFor: NODE } }))
  if (isClosed) await wal.close()
  await disk.unlink(`${DIR}/spare`).catch(() => undefined)
  const state = { entries: [...written, last], vote: { term: term(61), votedFor: NODE }, next: 62 }
  const heads = disk.ops.flatMap((op) =>
    op.type === 'write' && op.path.includes('segment') ? [{ path: op.path, at: op.offset }] : [],
  )
  return { base: disk, state, heads }
}

/** G15: with one bit flipped anywhere, the log is refused by name, or told by name and whole. */
async function problemOfFlip(
  open: OpenWal,
  { base, state }: Rested,
  { path, bit }: { path: string; bit: number },
): Promise<string | undefined> {
  const disk = createMemoryDisk()
  for (const [name, inode] of base.names) disk.put(name, inode.bytes)
  const bytes = base.bytesOf(path).slice()
  disk.put(path, bytes)
  const at = bit >> 3
  bytes[at] = (bytes[at] ?? 0) ^ (1 << (bit & 7))
  const found = await tryOpen(open, disk, SEGMENT_BYTES)
  const where = `bit ${bit & 7} of byte ${at} of ${path}`
  if (found.type === 'refused')
    return found.message.includes(path) ? undefined : `${where}: not named: ${found.message}`
  if (!holds(found.recovered, state)) return `${where}: it holds ${describe(found.recovered)}`
  if (!found.told.some((line) => line.includes(path))) return `${where}: accepted in silence`
  return undefined
}

export async function checkFlips(
  open: OpenWal,
  log: Rested,
  { count, seed }: { count: number; seed: number },
): Promise<string[]> {
  const prng = createPrng(seed)
  const paths = [...log.base.names.keys()]
  const wrong: string[] = []
  for (let i = 0; i < count && wrong.length < 6; i++) {
    const path = prng.pick(paths)
    const bit = prng.range(0, log.base.bytesOf(path).length * 8 - 1)
    const problem = await problemOfFlip(open, log, { path, bit })
    if (problem !== undefined) wrong.push(problem)
  }
  return wrong
}

/**
 * Every bit at the beginning of the last `count` writes: the heads of frames are small, and chance
 * hardly hits them.
 */
export async function checkHeadFlips(open: OpenWal, log: Rested, count: number): Promise<string[]> {
  const wrong: string[] = []
  for (const { path, at } of log.heads.slice(-count)) {
    for (let bit = 0; bit < 32 * 8 && wrong.length < 6; bit++) {
      const problem = await problemOfFlip(open, log, { path, bit: at * 8 + bit })
      if (problem !== undefined) wrong.push(problem)
    }
  }
  return wrong
}

/** Every bit of every segment. */
export async function checkEveryBit(
  open: OpenWal,
  log: Rested,
): Promise<{ flipped: number; wrong: string[] }> {
  const wrong: string[] = []
  let flipped = 0
  for (const path of log.base.names.keys()) {
    const bits = log.base.bytesOf(path).length * 8
    for (let bit = 0; bit < bits && wrong.length < 6; bit++, flipped++) {
      const problem = await problemOfFlip(open, log, { path, bit })
      if (problem !== undefined) wrong.push(problem)
    }
  }
  return { flipped, wrong }
}
