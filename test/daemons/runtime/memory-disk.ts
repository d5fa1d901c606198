// The second file system: in memory. It records every call, fails on order, has a size, and says
// what a power cut could have left after any call (reliability §4: each unsynced write kept,
// dropped or torn; names undone that no sync of the folder holds).
import { dirname } from 'node:path'
import type { Prng } from '../../../core/prng.ts'
import { DiskFailure } from '../../../daemons/runtime/disk-errors.ts'
import type { FileSystem, OpenFile } from '../../../daemons/runtime/files.ts'

const SECTOR = 512

export type Op =
  | { readonly type: 'create'; readonly path: string; readonly inode: Inode }
  | {
      readonly type: 'write'
      readonly path: string
      readonly inode: Inode
      readonly offset: number
      readonly bytes: Uint8Array
    }
  | { readonly type: 'sync'; readonly path: string; readonly inode: Inode }
  | { readonly type: 'rename'; readonly path: string; readonly to: string; readonly inode: Inode }
  | { readonly type: 'unlink'; readonly path: string }
  | { readonly type: 'sync-dir'; readonly path: string }
  /** Something that the test wants to remember at this point. */
  | { readonly type: 'note'; readonly path: ''; readonly note: unknown }

export interface Fault {
  /** `EIO`, `ENOSPC`, … */
  readonly errno: string
  /** Of a write: no error, but only so many bytes are taken. */
  readonly short?: number
}

interface Inode {
  bytes: Uint8Array
  /** Sectors that a power cut has left at an earlier state: later writes to them are lost. */
  lost?: Set<number>
}

export interface MemoryDisk extends FileSystem {
  readonly names: Map<string, Inode>
  readonly ops: Op[]
  /** Asked before each call. */
  fault: ((op: Op) => Fault | undefined) | undefined
  /** Of all files together, in bytes. */
  capacity: number
  note(note: unknown): void
  /** The bytes of a file. */
  bytesOf(path: string): Uint8Array
  put(path: string, bytes: Uint8Array): void
}

export function createMemoryDisk(): MemoryDisk {
  const disk: MemoryDisk = {
    names: new Map(),
    ops: [],
    fault: undefined,
    capacity: Number.POSITIVE_INFINITY,
    async create(path) {
      if (disk.names.has(path)) throw failure('create', path, 'EEXIST')
      const inode = { bytes: new Uint8Array(0) }
      record(disk, { type: 'create', path, inode })
      disk.names.set(path, inode)
      return openFile(disk, path, inode)
    },
    open: async (path) => openFile(disk, path, inodeOf(disk, path)),
    openSynced: async (path) => syncing(openFile(disk, path, inodeOf(disk, path))),
    openSync(path) {
      const inode = inodeOf(disk, path)
      return { read: (into, offset) => readFrom(inode, into, offset), close: () => undefined }
    },
    async list(dir) {
      const paths = [...disk.names.keys()].filter((path) => dirname(path) === dir)
      return paths.map((path) => path.slice(dir.length + 1)).sort()
    },
    async rename(path, to) {
      const inode = inodeOf(disk, path)
      record(disk, { type: 'rename', path, to, inode })
      disk.names.delete(path)
      disk.names.set(to, inode)
    },
    async unlink(path) {
      inodeOf(disk, path)
      record(disk, { type: 'unlink', path })
      disk.names.delete(path)
    },
    syncDir: async (path) => record(disk, { type: 'sync-dir', path }),
    space: async () => ({ free: disk.capacity - usedBytes(disk), total: disk.capacity }),
    note: (note) => disk.ops.push({ type: 'note', path: '', note }),
    bytesOf: (path) => inodeOf(disk, path).bytes,
    put: (path, bytes) => disk.names.set(path, { bytes }),
  }
  return disk
}

const usedBytes = ({ names }: MemoryDisk): number =>
  [...names.values()].reduce((sum, { bytes }) => sum + bytes.length, 0)

function inodeOf({ names }: MemoryDisk, path: string): Inode {
  const inode = names.get(path)
  if (inode === undefined) throw failure('open', path, 'ENOENT')
  return inode
}

/** Notes the call, unless it fails. */
function record(disk: MemoryDisk, op: Op): void {
  const fault = disk.fault?.(op)
  if (fault !== undefined) throw failure(op.type, op.path, fault.errno)
  disk.ops.push(op)
}

/** What its writes say is written is synced. */
const syncing = (file: OpenFile): OpenFile => ({
  ...file,
  async write(bytes, offset) {
    const count = await file.write(bytes, offset)
    await file.datasync()
    return count
  },
})

const openFile = (disk: MemoryDisk, path: string, inode: Inode): OpenFile => ({
  path,
  size: async () => inode.bytes.length,
  read: async (into, offset) => readFrom(inode, into, offset),
  async write(given, offset) {
    const bytes = given.slice()
    const fault = disk.fault?.({ type: 'write', path, inode, offset, bytes })
    const room = disk.capacity - usedBytes(disk) + Math.max(0, inode.bytes.length - offset)
    const wanted = fault === undefined ? bytes.length : (fault.short ?? 0)
    const taken = bytes.subarray(0, Math.min(bytes.length, room, wanted))
    if (taken.length === 0) throw failure('write', path, fault?.errno ?? 'ENOSPC')
    disk.ops.push({ type: 'write', path, inode, offset, bytes: taken })
    inode.bytes = writeInto(inode.bytes, offset, taken)
    return taken.length
  },
  datasync: async () => record(disk, { type: 'sync', path, inode }),
  close: async () => undefined,
})

const failure = (operation: string, path: string, errno: string): DiskFailure =>
  new DiskFailure(operation, path, Object.assign(new Error(errno), { code: errno }))

function readFrom({ bytes }: Inode, into: Uint8Array, offset: number): number {
  const part = bytes.subarray(offset, offset + into.length)
  into.set(part)
  return part.length
}

function writeInto(old: Uint8Array, offset: number, bytes: Uint8Array): Uint8Array {
  const end = offset + bytes.length
  let into = old
  if (end > old.length) {
    into = new Uint8Array(end)
    into.set(old)
  }
  into.set(bytes, offset)
  return into
}

/** What becomes of calls that no sync holds. */
export interface Crash {
  /** Of an unsynced write, asked for each sector that it touches: is it on the disk? */
  readonly keepSector: () => boolean
  /** Of an unsynced change of names. */
  readonly keepName: () => boolean
}

export const KEEP_ALL: Crash = { keepSector: () => true, keepName: () => true }
export const KEEP_NONE: Crash = { keepSector: () => false, keepName: () => false }

/** Some of it is kept, at a rate that is drawn as well. */
export function drawnCrash(prng: Prng): Crash {
  const rate = prng.unit()
  return { keepSector: () => prng.chance(rate), keepName: () => prng.chance(rate) }
}

/** The calls name the files of another disk: on this copy of it they are found by their paths. */
export const callsOn = (copy: MemoryDisk, ops: readonly Op[]): Op[] =>
  ops.map((op) => {
    const inode = op.type === 'write' || op.type === 'sync' ? copy.names.get(op.path) : undefined
    return inode === undefined ? op : ({ ...op, inode } as Op) // the same kind of call
  })

/**
 * The disk after a power cut: `base` was durable before, then came the calls, then the current
 * failed.
 */
export function crashImage(base: MemoryDisk, ops: readonly Op[], crash: Crash): MemoryDisk {
  const image = createMemoryDisk()
  const contents = new Map<Inode, Inode>()
  for (const [path, original] of base.names) {
    const inode = { bytes: original.bytes.slice() }
    contents.set(original, inode)
    image.names.set(path, inode)
  }
  const synced = lastSyncs(ops)
  ops.forEach((op, at) => {
    replay(image, contents, { op, isHeld: at < (synced.get(holderOf(op)) ?? -1), crash })
  })
  return image
}

/** Where each file and folder was synced last. */
function lastSyncs(ops: readonly Op[]): Map<Inode | string, number> {
  const last = new Map<Inode | string, number>()
  ops.forEach((op, at) => {
    if (op.type === 'sync') last.set(op.inode, at)
    if (op.type === 'sync-dir') last.set(op.path, at)
  })
  return last
}

const holderOf = (op: Op): Inode | string => (op.type === 'write' ? op.inode : dirname(op.path))

function replay(
  image: MemoryDisk,
  contents: Map<Inode, Inode>,
  { op, isHeld, crash }: { op: Op; isHeld: boolean; crash: Crash },
): void {
  if (op.type === 'write') {
    const inode = contents.get(op.inode)
    if (inode === undefined) throw new Error('a write to a file that nobody created')
    if (isHeld) inode.bytes = writeInto(inode.bytes, op.offset, op.bytes)
    else tear(inode, op, crash)
    return
  }
  if (op.type === 'create') {
    const inode = { bytes: new Uint8Array(0) }
    contents.set(op.inode, inode)
    if (isHeld || crash.keepName()) image.names.set(op.path, inode)
    return
  }
  if (op.type === 'rename' && (isHeld || crash.keepName())) {
    const inode = contents.get(op.inode)
    if (inode === undefined) throw new Error('a new name for a file that nobody created')
    if (image.names.get(op.path) === inode) image.names.delete(op.path)
    image.names.set(op.to, inode)
  }
  if (op.type === 'unlink' && (isHeld || crash.keepName())) image.names.delete(op.path)
}

/** Sectors reach the disk in any order, or not; each is in a state that it has had. */
function tear(inode: Inode, op: Op & { type: 'write' }, crash: Crash): void {
  const end = op.offset + op.bytes.length
  inode.lost ??= new Set()
  for (let from = op.offset; from < end; ) {
    const sector = Math.floor(from / SECTOR)
    const to = Math.min(end, (sector + 1) * SECTOR)
    if (!inode.lost.has(sector) && !crash.keepSector()) inode.lost.add(sector)
    if (!inode.lost.has(sector)) {
      const part = op.bytes.subarray(from - op.offset, to - op.offset)
      inode.bytes = writeInto(inode.bytes, from, part)
    }
    from = to
  }
}
