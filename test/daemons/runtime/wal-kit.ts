// What the tests of the log share: a log on the disk in memory, and persists to write into it.
import { ENTRY, type Entry, type Persist } from '../../../core/entry.ts'
import { logIndex, term } from '../../../core/ids.ts'
import type { LogLine } from '../../../core/log.ts'
import type { Prng } from '../../../core/prng.ts'
import { type OpenedWal, openWal, type WalOptions } from '../../../daemons/runtime/wal.ts'
import { createMemoryDisk, type MemoryDisk } from './memory-disk.ts'

export const DIR = '/log'
export const NODE = '6a1f0c9e-3b52-4d53-9d55-0f1a2b3c4d5e'

export const optionsOf = (disk: MemoryDisk, more: Partial<WalOptions> = {}): WalOptions => ({
  files: disk,
  dir: DIR,
  nodeId: NODE,
  log: () => undefined,
  random: () => 0x5eed_0001,
  segmentBytes: 64 << 10,
  createAt: undefined,
  behind: logIndex(0),
  ...more,
})

export interface Opened extends OpenedWal {
  readonly disk: MemoryDisk
  readonly lines: LogLine[]
}

export async function openOn(disk: MemoryDisk, more: Partial<WalOptions> = {}): Promise<Opened> {
  const lines: LogLine[] = []
  const opened = await openWal(optionsOf(disk, { log: (line) => lines.push(line), ...more }))
  return { ...opened, disk, lines }
}

export const createOn = (
  disk = createMemoryDisk(),
  more: Partial<WalOptions> = {},
): Promise<Opened> => openOn(disk, { createAt: logIndex(1), ...more })

export const entry = (index: number, data: Uint8Array | string, inTerm = 1): Entry => ({
  index: logIndex(index),
  term: term(inTerm),
  type: ENTRY.command,
  data: typeof data === 'string' ? new TextEncoder().encode(data) : data,
})

export const persistOf = (entries: readonly Entry[], more: Partial<Persist> = {}): Persist => ({
  token: entries[0]?.index ?? 0,
  entries,
  ...more,
})

/**
 * Entries `from` … `from + count - 1` with data of any size up to `bytesMax`, some with runs of
 * zeros.
 */
export function someEntries(
  prng: Prng,
  { from, count, bytesMax }: { from: number; count: number; bytesMax: number },
): Entry[] {
  return Array.from({ length: count }, (_, at) => {
    const data = new Uint8Array(prng.range(0, bytesMax))
    const filled = prng.chance(0.2) ? 0 : data.length
    for (let i = 0; i < filled; i++) data[i] = prng.range(0, 255)
    return entry(from + at, data)
  })
}
