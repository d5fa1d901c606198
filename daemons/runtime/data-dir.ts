// The data folder of an agent: who holds it, whose it is, and what it remembers.
//
//   format      that it is one of ours; written last, so that a folder with it has all the others
//   node-id     as in Consul's data folder
//   lock, lock-…  see lock.ts
//   log/        see wal.ts; damaged-log-… are those that it took the place of (quarantine.ts)
//   votes       see votes.ts
//   snapshots/  see snapshots.ts
//   registrations  see registrations.ts
import { join } from 'node:path'
import type { SnapshotOrder } from '../../core/agent/effects.ts'
import type { OwnSave } from '../../core/agent/keeper.ts'
import { utf8 } from '../../core/bytes.ts'
import type { Entry, Persist, Recovered, Vote } from '../../core/entry.ts'
import { isUuid, type LogIndex, logIndex, term } from '../../core/ids.ts'
import type { KeptRecord } from '../../core/local/keep.ts'
import type { LogLine } from '../../core/log.ts'
import { DataDirRefused, DiskFailure, newerFormat } from './disk-errors.ts'
import { drawSeed } from './entropy.ts'
import { keepFolder, makeFolder, readText, realFiles, writeWhole } from './files.ts'
import { acquireLock, type Lock } from './lock.ts'
import { exchangeLog, forgetAside, salvage, settleExchange } from './quarantine.ts'
import type { Passenger } from './redo.ts'
import { openRegistrations, type Registrations, redoRegistrations } from './registrations.ts'
import { neededBehind, openSnapshots, type Snapshots, saveSnapshot } from './snapshots.ts'
import { alignVotes, openVotes, saveVote, type Votes } from './votes.ts'
import { type OpenedWal, openWal, SEGMENT_BYTES, type Wal, type WalOptions } from './wal.ts'

export interface DataDirOptions {
  readonly dir: string
  /** The id that the configuration demands; undefined: what the folder says, else a new one. */
  readonly nodeId: string | undefined
  readonly newNodeId: () => string
  readonly log: (line: LogLine) => void
  /** Of one segment of the log. */
  readonly segmentBytes?: number
  /**
   * Whether there are others who can give this node back what a damaged log has lost, by what is
   * left. Undefined: there are none.
   */
  readonly hasOthers?: (left: Left) => boolean
}

export type Left = Pick<Recovered, 'snapshot' | 'entries'>

/**
 * Everything rejects with a DiskFailure (disk-errors.ts) when the disk fails: the process must end
 * with 71.
 */
export interface DataDir {
  /** Nothing in it was ever acknowledged. */
  readonly isNew: boolean
  readonly nodeId: string
  readonly recovered: Recovered
  /** The log was damaged, and was exchanged for what is left of it: see quarantine.ts. */
  readonly quarantined: Quarantined | undefined
  /** What the agent has kept of its own services. */
  readonly kept: readonly KeptRecord[]
  /** Beside all others; one at a time. */
  saveOwn(save: OwnSave): Promise<'saved' | 'full'>
  /** `full`: nothing of the persist stands. One at a time. */
  write(persist: Persist): Promise<'durable' | 'full'>
  /** Both at once, and in one wait for the disk where that can be. */
  writeBoth(persist: Persist, save: OwnSave): WrittenBoth
  /** One at a time; may run beside `write`. */
  saveSnapshot(order: SnapshotOrder): Promise<'saved' | 'full'>
  /**
   * Entries up to here have no further use, but for the older of the two snapshots: what it needs
   * stays.
   */
  trimLog(through: LogIndex): Promise<void>
  /** Where its snapshots are: for raft, which sends them and is sent some. */
  readonly snapshots: Snapshots
  /** After the last write has returned. Lets go of the folder. */
  close(): Promise<void>
}

export interface WrittenBoth {
  readonly log: Promise<'durable' | 'full'>
  readonly own: Promise<'saved' | 'full'>
}

export interface Quarantined {
  readonly why: string
  /** Where the damaged log lies now. */
  readonly aside: string
}

const FORMAT_TEXT = 'lictor data folder, format 1\n'
const FORMAT = /^lictor data folder, format (\d+)\n$/

/** Rejects with a DataDirRefused (message for the user, `exit`) or a DiskFailure. */
export async function openDataDir(options: DataDirOptions): Promise<DataDir> {
  const { dir } = options
  await writable(dir, () => makeFolder(dir), UNMAKEABLE)
  const names = await writable(dir, () => realFiles.list(dir))
  if (names.includes('raft') && !names.includes('format'))
    throw new DataDirRefused(
      'foreign',
      `${dir} is the data folder of a Consul: its raft/ has another format, and stays as it is. ` +
        'Give this agent a folder of its own, and move the keys over with kv export and kv import',
    )
  const lock = await writable(dir, () => acquireLock(dir))
  try {
    return await writable(dir, () => openHeld(options, lock))
  } catch (error) {
    await lock.release()
    throw error
  }
}

/** Words for a folder that cannot be written to at all. */
async function writable<T>(
  dir: string,
  work: () => Promise<T>,
  words: Words = UNWRITABLE,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof DiskFailure)) throw error
    const { message, errno } = error
    const why = words[errno]
    if (why === undefined) throw error
    throw new DataDirRefused(
      'unwritable',
      `${dir} ${why}, and an agent keeps there what it acknowledges: ${message}. ` +
        'Give it a folder that it may write to (-data-dir)',
      { cause: error },
    )
  }
}

type Words = Readonly<Record<string, string>>

const UNWRITABLE: Words = {
  EACCES: 'may not be written to',
  EPERM: 'may not be written to',
  EROFS: 'is on a file system that is mounted read-only',
  ENOTDIR: 'is no folder',
  EEXIST: 'is no folder',
}

/** Those above it are there, or have been made: the system lets no folder be here. */
const UNMAKEABLE: Words = { ...UNWRITABLE, ENOENT: 'cannot be made' }

async function openHeld(options: DataDirOptions, lock: Lock): Promise<DataDir> {
  const { dir, log } = options
  const isNew = await checkFormat(dir)
  const nodeId = await settleNodeId(options)
  await settleExchange(dir)
  const shared = { files: realFiles, nodeId, log, random: drawSeed }
  const logDir = join(dir, 'log')
  const snapshotDir = join(dir, 'snapshots')
  if (isNew) await Promise.all([makeFolder(logDir), makeFolder(snapshotDir)])
  const { snapshots, newest } = await openSnapshots({ ...shared, dir: snapshotDir })
  const wal = {
    ...shared,
    dir: logDir,
    segmentBytes: options.segmentBytes ?? SEGMENT_BYTES,
    createAt: isNew ? logIndex(1) : undefined,
    behind: newest?.index ?? logIndex(0),
  }
  const votes = await openVotes(realFiles, dir, nodeId)
  return closedIfFailed(votes.file, async () => {
    const opened = await openLog(options, { wal, snapshots, newest, votes })
    const { recovered, quarantined } = opened
    return closedIfFailed(opened.wal, async () => {
      await alignVotes(votes, recovered.vote)
      await forgetAside(dir, { vote: recovered.vote, log })
      await redoRegistrations(realFiles, dir, recovered.redo)
      const registrations = await openRegistrations(realFiles, dir, drawSeed)
      if (isNew) await noteFormat(dir)
      const { vote, entries } = recovered
      const parts = { wal: opened.wal, snapshots, lock, registrations, votes }
      const found = { vote, entries, snapshot: newest }
      return doorsOf(parts, { isNew, nodeId, recovered: found, quarantined })
    })
  })
}

async function closedIfFailed<T>(
  file: { close(): Promise<void> },
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    await file.close()
    throw error
  }
}

interface Stored {
  readonly wal: WalOptions
  readonly snapshots: Snapshots
  readonly newest: Recovered['snapshot']
  readonly votes: Votes
}

type OpenedLog = OpenedWal & Pick<DataDir, 'quarantined'>

async function openLog(options: DataDirOptions, stored: Stored): Promise<OpenedLog> {
  let vote = stored.votes.known
  let isCurable = stored.wal.createAt === undefined
  try {
    const opened = await openWal(stored.wal)
    vote = opened.recovered.vote
    // A gap beside a snapshot that has rotted is of its making, any other for a person to explain.
    isCurable = stored.snapshots.damaged.length > 0
    const { dir } = options
    return await closedIfFailed(opened.wal, async () => {
      checkJoin({ ...stored, ...opened.recovered, dir })
      return { ...opened, quarantined: undefined }
    })
  } catch (error) {
    const isDamage = error instanceof DataDirRefused && error.why === 'corrupt'
    if (!isDamage || !isCurable) throw error
    return openExchanged(options, stored, { error, vote })
  }
}

async function openExchanged(
  { dir, log, hasOthers = () => false }: DataDirOptions,
  { wal: options, newest }: Stored,
  { error, vote }: { error: DataDirRefused; vote: Vote | undefined },
): Promise<OpenedLog> {
  const left = await salvage(options, vote ?? { term: term(0), votedFor: '' })
  if (!hasOthers({ snapshot: newest, entries: left.entries })) throw error
  const why = error.message.split(/[:.] /)[0] ?? ''
  if (vote === undefined)
    throw new DataDirRefused(
      'corrupt',
      `${why}: and it is not known any more how this node has voted. ` +
        'Move the data folder away and start again: it takes what the others have',
      { cause: error },
    )
  await redoRegistrations(realFiles, dir, left.redo)
  const aside = await exchangeLog(dir, options, left)
  const fields = { why, aside, entries: left.entries.length }
  log({ level: 'error', room: 'wal', message: 'a damaged log was set aside', fields })
  return { ...(await openWal(options)), quarantined: { why, aside } }
}

/** Whether the folder is new: nothing in it was ever acknowledged. */
async function checkFormat(dir: string): Promise<boolean> {
  const path = join(dir, 'format')
  const text = await readText(realFiles, path)
  if (text === undefined) return true
  if (text === FORMAT_TEXT) return false
  const format = FORMAT.exec(text)?.[1]
  if (format !== undefined) throw newerFormat(path, format)
  throw new DataDirRefused('corrupt', `${path} is damaged. Restore the data folder from a backup`)
}

async function noteFormat(dir: string): Promise<void> {
  await writeWhole(realFiles, join(dir, 'format'), utf8(FORMAT_TEXT))
  await keepFolder(dir)
}

async function settleNodeId({ dir, nodeId, newNodeId }: DataDirOptions): Promise<string> {
  const path = join(dir, 'node-id')
  const found = (await readText(realFiles, path))?.trim().toLowerCase()
  if (found === undefined) {
    const drawn = nodeId?.toLowerCase() ?? newNodeId()
    await writeWhole(realFiles, path, utf8(drawn))
    return drawn
  }
  if (!isUuid(found))
    throw new DataDirRefused(
      'corrupt',
      `${path} holds no node id. The segments in ${join(dir, 'log')} name the right one`,
    )
  if (nodeId !== undefined && nodeId.toLowerCase() !== found)
    throw new DataDirRefused(
      'foreign',
      `${dir} belongs to node ${found}, and this agent is told to be ${nodeId}. ` +
        'Give it a folder of its own, or leave the node id out',
    )
  return found
}

interface Found {
  readonly dir: string
  readonly snapshots: Snapshots
  readonly newest: Recovered['snapshot']
  readonly entries: readonly Entry[]
  readonly nextIndex: LogIndex
}

/** Snapshot and log must meet. A gap is never filled. */
function checkJoin({ dir, snapshots, newest, entries, nextIndex }: Found): void {
  const covered = newest?.index ?? 0
  const first = entries[0]?.index ?? nextIndex
  const snapshot = newest === undefined ? 'no snapshot' : `the snapshot of entry ${covered}`
  const damaged = snapshots.damaged.map(({ path }) => path).join(', ')
  if (first > covered + 1)
    throw new DataDirRefused(
      'corrupt',
      `${dir}: the log begins at entry ${first}, and ${snapshot} covers what is before it ` +
        `(damaged: ${damaged || 'none'}). Restore the data folder from a backup`,
    )
  // Raft names a snapshot that a leader sent before the log begins anew behind it: core/raft/log.ts
  // sees to the rest.
  const isOfRaft = newest?.configuration !== undefined
  if (nextIndex <= covered && !isOfRaft)
    throw new DataDirRefused(
      'corrupt',
      `${dir}: the log ends before entry ${nextIndex}, and ${snapshot} is newer: what followed ` +
        'it is missing. Restore the data folder from a backup',
    )
}

interface Parts {
  readonly wal: Wal
  readonly snapshots: Snapshots
  readonly lock: Lock
  readonly registrations: Registrations
  readonly votes: Votes
}

const doorsOf = (
  parts: Parts,
  found: Pick<DataDir, 'isNew' | 'nodeId' | 'recovered' | 'quarantined'>,
): DataDir => ({
  ...found,
  snapshots: parts.snapshots,
  kept: parts.registrations.records,
  saveOwn: (save) => parts.registrations.save(save),
  write: (persist) => write(parts, persist),
  writeBoth: (persist, save) => writeBoth(parts, persist, save),
  saveSnapshot: (order) => saveSnapshot(parts.snapshots, order),
  async trimLog(through) {
    const needed = neededBehind(parts.snapshots)
    if (needed !== undefined) await parts.wal.trim(logIndex(Math.min(through, needed)))
  },
  close: () => close(parts),
})

async function close({ wal, lock, registrations, votes }: Parts): Promise<void> {
  try {
    await registrations.close()
    await votes.file.close()
    await wal.close()
  } finally {
    await lock.release()
  }
}

async function write(
  { wal, votes }: Parts,
  persist: Persist,
  passenger?: Passenger,
): Promise<'durable' | 'full'> {
  // First where it can be read without the log.
  const isVoted = persist.vote === undefined || (await saveVote(votes, persist.vote)) === 'saved'
  return isVoted ? wal.write(persist, passenger) : 'full'
}

function writeBoth(parts: Parts, persist: Persist, save: OwnSave): WrittenBoth {
  const boarded = parts.registrations.board(save)
  if (boarded === undefined)
    return { log: write(parts, persist), own: parts.registrations.save(save) }
  const log = write(parts, persist, boarded).then((end) => {
    boarded.ended(end)
    return end
  })
  return { log, own: log.then((end) => (end === 'durable' ? 'saved' : 'full')) }
}
