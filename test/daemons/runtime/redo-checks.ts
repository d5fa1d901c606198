// What must hold of the log and the registrations together, since one write can make both durable:
// after a power cut at any call of the disk, whatever was not synced, each key has a text that is
// as new as the last one acknowledged, and no newer than the last one asked for.
import { logIndex } from '../../../core/ids.ts'
import { createPrng, type Prng } from '../../../core/prng.ts'
import type {
  openRegistrations,
  Registrations,
  redoRegistrations,
} from '../../../daemons/runtime/registrations.ts'
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
import { entry, optionsOf, persistOf } from './wal-kit.ts'

/** Of the product, or of a mutant of it. */
export interface Rooms {
  readonly openWal: typeof openWal
  readonly openRegistrations: typeof openRegistrations
  readonly redoRegistrations: typeof redoRegistrations
}

const DIR = '/own'
const SEGMENT_BYTES = 16 << 10
const KEYS = ['a', 'b', 'c', 'd']

interface Opened {
  readonly wal: Wal
  readonly registrations: Registrations
}

/** As the data folder does it. */
async function open(rooms: Rooms, disk: MemoryDisk): Promise<Opened> {
  const isNew = disk.names.size === 0
  const createAt = isNew ? logIndex(1) : undefined
  const { wal, recovered } = await rooms.openWal(
    optionsOf(disk, { segmentBytes: SEGMENT_BYTES, createAt }),
  )
  await rooms.redoRegistrations(disk, DIR, recovered.redo)
  let drawn = disk.ops.length
  const registrations = await rooms.openRegistrations(disk, DIR, () => ++drawn)
  return { wal, registrations }
}

/** Before a call of the disk: what was asked for, and whether it was acknowledged since. */
interface Note {
  readonly key: string
  readonly version: number
  readonly isDurable: boolean
}

export interface Both {
  readonly ops: readonly Op[]
  /** So many of them made the log. */
  readonly begun: number
}

/** Saves that wait for nothing and saves along with the log, between kills of the process. */
export async function recordBoth(
  rooms: Rooms,
  { seed, steps }: { readonly seed: number; readonly steps: number },
): Promise<Both> {
  const prng = createPrng(seed)
  const disk = createMemoryDisk()
  let opened = await open(rooms, disk)
  const begun = disk.ops.length
  for (let step = 1; step <= steps; step++) {
    if (prng.chance(0.04)) opened = await open(rooms, disk)
    await live({ disk, ...opened, prng }, step)
  }
  return { ops: disk.ops, begun }
}

interface Living extends Opened {
  readonly disk: MemoryDisk
  readonly prng: Prng
}

async function live({ disk, wal, registrations, prng }: Living, step: number): Promise<void> {
  const persist = persistOf([entry(step, new Uint8Array(prng.range(0, 300)).fill(7))])
  const text = `${step} ${'x'.repeat(prng.range(0, prng.chance(0.2) ? 900 : 40))}`
  const durable = prng.chance(0.7)
  const key = prng.pick(KEYS)
  const save = { token: step, orders: [{ key, text }], durable }
  const note = { key, version: step, isDurable: false }
  disk.note(note satisfies Note)
  const boarded = registrations.board(save)
  if (boarded !== undefined) boarded.ended(await wal.write(persist, boarded))
  else {
    await wal.write(persist)
    await registrations.save(save)
  }
  if (durable) disk.note({ ...note, isDurable: true } satisfies Note)
}

/** Every prefix of the calls, as crash images: all kept, nothing kept, and `draws` at random. */
export async function checkBoth(
  rooms: Rooms,
  { ops, begun }: Both,
  { draws, seed }: { readonly draws: number; readonly seed: number },
): Promise<string[]> {
  const prng = createPrng(seed)
  const wrong: string[] = []
  for (let end = begun; end <= ops.length && wrong.length <= 5; end++) {
    const before = ops.slice(0, end)
    const crashes = [KEEP_ALL, KEEP_NONE, ...Array.from({ length: draws }, () => drawnCrash(prng))]
    for (const crash of crashes) {
      const problem = await problemOf(rooms, crashImage(createMemoryDisk(), before, crash), {
        ops: before,
        prng,
      })
      if (problem !== undefined) wrong.push(`after call ${end}: ${problem}`)
    }
  }
  return wrong
}

async function problemOf(
  rooms: Rooms,
  image: MemoryDisk,
  { ops, prng }: { readonly ops: readonly Op[]; readonly prng: Prng },
): Promise<string | undefined> {
  const before = crashImage(image, [], KEEP_ALL)
  const { registrations } = await open(rooms, image)
  const problem = problemIn(registrations, ops)
  if (problem !== undefined || prng.chance(0.8)) return problem
  const left = crashImage(before, callsOn(before, image.ops), drawnCrash(prng))
  const again = problemIn((await open(rooms, left)).registrations, ops)
  return again === undefined ? undefined : `crashed again at the start: ${again}`
}

function problemIn({ records }: Registrations, ops: readonly Op[]): string | undefined {
  const found = new Map(records.map(({ key, text }) => [key, Number.parseInt(text, 10)]))
  const least = new Map<string, number>()
  const most = new Map<string, number>()
  for (const op of ops) {
    if (op.type !== 'note') continue
    const { key, version, isDurable } = op.note as Note // only `live` makes notes
    ;(isDurable ? least : most).set(key, version)
  }
  for (const key of KEYS) {
    const version = found.get(key) ?? 0
    const [from, to] = [least.get(key) ?? 0, most.get(key) ?? 0]
    if (version < from) return `${key} is of step ${version}, and ${from} was acknowledged`
    if (version > to) return `${key} is of step ${version}, and ${to} was the last`
  }
  return undefined
}
