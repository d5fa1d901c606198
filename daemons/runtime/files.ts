// The file system, as far as the data folder needs it: the one door to the disk for wal.ts and
// snapshots.ts. A record of functions because there are two: this one, and the one of the tests
// that records every call, fails on order and says what a power cut could have left.
//
// Calls of node:fs with callbacks: a promise of our own around them costs less than a FileHandle's
// on the way of each write.
import fs from 'node:fs'
import { dirname, resolve } from 'node:path'
import { textOf } from '../../core/bytes.ts'
import { readClock } from './clock.ts'
import { DiskFailure, isMissing } from './disk-errors.ts'
import { makeFolders } from './folder.ts'

/** Every call that fails rejects (or throws) with a DiskFailure. */
export interface FileSystem {
  /** A new file for reading and writing; it must not exist. */
  create(path: string): Promise<OpenFile>
  /** A file that exists, for reading and writing. */
  open(path: string): Promise<OpenFile>
  /**
   * The same, but what `write` says is written survives a power cut: one call of the system instead
   * of two.
   */
  openSynced(path: string, by: Writer): Promise<OpenFile>
  /** A file that exists, for a reader that cannot wait. It stays readable when its name goes. */
  openSync(path: string): SyncFile
  /** The names in a folder, in order. */
  list(dir: string): Promise<string[]>
  rename(from: string, to: string): Promise<void>
  unlink(path: string): Promise<void>
  /** Makes created, renamed and removed names in the folder durable. */
  syncDir(dir: string): Promise<void>
  /** Of the disk that holds the folder, in bytes; what is free for us is no promise. */
  space(dir: string): Promise<Space>
}

interface Space {
  readonly free: number
  readonly total: number
}

/**
 * Who makes a synced write: a thread of the pool, or the caller himself, if the write is short and
 * the disk prompt. He then has said before what must not wait for the disk.
 */
type Writer = 'thread' | 'caller'

export interface OpenFile {
  readonly path: string
  size(): Promise<number>
  /** How many bytes were read: fewer than asked for, 0 at the end. */
  read(into: Uint8Array, offset: number): Promise<number>
  /** How many bytes were written: perhaps fewer than given. See `writeAll`. */
  write(bytes: Uint8Array, offset: number): Promise<number>
  /** After it, what was written survives a power cut. */
  datasync(): Promise<void>
  close(): Promise<void>
}

export interface SyncFile {
  /** As `read` of an open file. */
  read(into: Uint8Array, offset: number): number
  close(): void
}

/** Writes on until all is written: a short count is no error. */
export async function writeAll(file: OpenFile, bytes: Uint8Array, offset: number): Promise<void> {
  let done = 0
  while (done < bytes.length) {
    const count = await file.write(bytes.subarray(done), offset + done)
    if (count <= 0) throw new DiskFailure('write', file.path, new Error('nothing was written'))
    done += count
  }
}

/** Up to `length` bytes from `offset` on; fewer only if the file ends before. */
export async function readAll(
  file: OpenFile,
  { offset, length }: { offset: number; length: number },
): Promise<Uint8Array> {
  const bytes = new Uint8Array(length)
  let done = 0
  while (done < length) {
    const count = await file.read(bytes.subarray(done), offset + done)
    if (count === 0) break
    done += count
  }
  return bytes.subarray(0, done)
}

/** What a small file holds; undefined: there is none. */
export async function readWhole(files: FileSystem, path: string): Promise<Uint8Array | undefined> {
  try {
    const file = await files.open(path)
    const bytes = await readAll(file, { offset: 0, length: await file.size() })
    await file.close()
    return bytes
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

export async function readText(files: FileSystem, path: string): Promise<string | undefined> {
  const bytes = await readWhole(files, path)
  return bytes && textOf(bytes)
}

/** Puts a small file in its place: it is there whole, for good, or not at all. */
export async function writeWhole(
  files: FileSystem,
  path: string,
  bytes: Uint8Array,
): Promise<void> {
  const beside = `${path}.new`
  await removeIfThere(files, beside)
  const file = await files.create(beside)
  await writeAll(file, bytes, 0)
  await file.datasync()
  await file.close()
  await publish(files, beside, path)
}

export async function removeIfThere(files: FileSystem, path: string): Promise<void> {
  try {
    await files.unlink(path)
  } catch (error) {
    if (!isMissing(error)) throw error
  }
}

const FILE_MODE = 0o600
const FOLDER_MODE = 0o700

/** With those above it, for us alone; nothing if it exists. */
export async function makeFolder(dir: string): Promise<void> {
  callSync('make', dir, () => makeFolders(dir, FOLDER_MODE))
}

/**
 * Makes the name of a new folder durable, and the names of those above it that we may have made
 * just now: what is synced in a folder is lost with its name.
 */
export async function keepFolder(dir: string): Promise<void> {
  const above = dirname(resolve(dir))
  await realFiles.syncDir(above)
  if (await mayBeNew(above)) await keepFolder(above)
}

/** It is ours, and so may be its place: that of others can be closed to us. */
async function mayBeNew(folder: string): Promise<boolean> {
  const above = dirname(folder)
  if (above === folder || fs.statSync(folder).uid !== process.getuid?.()) return false
  return new Promise((answer) => {
    fs.access(above, fs.constants.R_OK, (error) => answer(error === null))
  })
}

/** With all that is in it; nothing if it does not exist. */
export async function removeFolder(dir: string): Promise<void> {
  await call('remove', dir, (done) =>
    fs.rm(dir, { recursive: true, force: true }, (error) => done(error)),
  )
}

export const realFiles: FileSystem = {
  create: (path) => openReal(path, 'wx+'),
  open: (path) => openReal(path, 'r+'),
  async openSynced(path, by) {
    const fd = await openRaw(path, fs.constants.O_RDWR | fs.constants.O_DSYNC)
    const file = fileOf(fd, path)
    return by === 'thread' ? file : { ...file, write: promptWrite(fd, path) }
  },
  openSync(path) {
    const fd = callSync('open', path, () => fs.openSync(path, 'r'))
    return {
      read: (into, offset) =>
        callSync('read', path, () => fs.readSync(fd, into, 0, into.length, offset)),
      close: () => callSync('close', path, () => fs.closeSync(fd)),
    }
  },
  async list(dir) {
    const names = await call<string[]>('list', dir, (done) => fs.readdir(dir, done))
    return names.sort()
  },
  rename: (from, to) => call('rename', from, (done) => fs.rename(from, to, done)),
  unlink: (path) => call('remove', path, (done) => fs.unlink(path, done)),
  async syncDir(dir) {
    const fd = await call<number>('open', dir, (done) => fs.open(dir, 'r', done))
    try {
      await call<void>('sync', dir, (done) => fs.fsync(fd, done))
    } finally {
      await call<void>('close', dir, (done) => fs.close(fd, done))
    }
  },
  async space(dir) {
    const found = await call<fs.StatsFs>('measure', dir, (done) => fs.statfs(dir, done))
    const { bavail, blocks, bsize } = found
    return { free: bavail * bsize, total: blocks * bsize }
  },
}

const openReal = async (path: string, flags: string): Promise<OpenFile> =>
  fileOf(await openRaw(path, flags), path)

const openRaw = (path: string, flags: string | number): Promise<number> =>
  call<number>('open', path, (done) => fs.open(path, flags, FILE_MODE, done))

function fileOf(fd: number, path: string): OpenFile {
  return {
    path,
    size: async () => (await call<fs.Stats>('stat', path, (done) => fs.fstat(fd, done))).size,
    read: (into, offset) =>
      call('read', path, (done) => fs.read(fd, into, 0, into.length, offset, done)),
    write: (bytes, offset) =>
      call('write', path, (done) => fs.write(fd, bytes, 0, bytes.length, offset, done)),
    datasync: () => call('sync', path, (done) => fs.fdatasync(fd, done)),
    close: () => call('close', path, (done) => fs.close(fd, done)),
  }
}

/** A write that took longer than this was no matter of a moment: the next ones go to a thread. */
const PROMPT_MS = 2
/** So many of them. */
const PATIENT_WRITES = 64
/** Longer writes always do: many wait for them already, and others can be served meanwhile. */
const PROMPT_BYTES_MAX = 4 << 10

/**
 * Synced writes of a disk that answers promptly are waited for on the spot: the way to a thread and
 * back takes longer than such a disk (decision 010).
 */
function promptWrite(fd: number, path: string): OpenFile['write'] {
  let patient = 0
  return async (bytes, offset) => {
    if (patient > 0 || bytes.length > PROMPT_BYTES_MAX) {
      patient = Math.max(0, patient - 1)
      return call('write', path, (done) => fs.write(fd, bytes, 0, bytes.length, offset, done))
    }
    const from = readClock().now
    try {
      return callSync('write', path, () => fs.writeSync(fd, bytes, 0, bytes.length, offset))
    } finally {
      if (readClock().now - from > PROMPT_MS) patient = PATIENT_WRITES
    }
  }
}

/** When what was said in this turn of the event loop is on its way. */
export const endOfTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

type Done<T> = (error: NodeJS.ErrnoException | null, value?: T) => void

/** One call of node:fs as a promise, its error wrapped once. */
function call<T>(operation: string, path: string, start: (done: Done<T>) => void): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    start((error, value) => {
      if (error) reject(new DiskFailure(operation, path, error))
      else resolve(value as T) // without an error it is there, or T is void
    })
  })
}

/** One call of node:fs that is waited for on the spot, its error wrapped in the same way. */
function callSync<T>(operation: string, path: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw new DiskFailure(operation, path, error)
  }
}

/** Gives a finished file its name: renamed beside itself, durable when this returns. */
export async function publish(files: FileSystem, from: string, to: string): Promise<void> {
  await files.rename(from, to)
  await files.syncDir(dirname(to))
}
