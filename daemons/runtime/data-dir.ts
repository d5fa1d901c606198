// The data folder of an agent: who holds it, whose it is, and what it remembers.

import type { SnapshotOrder } from '../../core/agent/effects.ts'
import type { Persist, Recovered } from '../../core/entry.ts'
import type { LogIndex } from '../../core/ids.ts'
import type { LogLine } from '../../core/log.ts'
import { DataDirRefused } from './disk-errors.ts'

export interface DataDirOptions {
  readonly dir: string
  /** The id that the configuration demands; undefined: what the folder says, else a new one. */
  readonly nodeId: string | undefined
  readonly newNodeId: () => string
  readonly log: (line: LogLine) => void
  /** Of one segment of the log. */
  readonly segmentBytes?: number
}

/** Everything rejects with a DiskFailure (disk-errors.ts) when the disk fails: the process must end with 71. */
export interface DataDir {
  readonly nodeId: string
  readonly recovered: Recovered
  /** `full`: nothing of the persist stands. One at a time. */
  write(persist: Persist): Promise<'durable' | 'full'>
  /** One at a time; may run beside `write`. */
  saveSnapshot(order: SnapshotOrder): Promise<'saved' | 'full'>
  /** Entries up to here have no further use, but for the older of the two snapshots: what it needs stays. */
  trimLog(through: LogIndex): Promise<void>
  /** After the last write has returned. Lets go of the folder. */
  close(): Promise<void>
}

/** Rejects with a DataDirRefused (message for the user, `exit`) or a DiskFailure. */
export async function openDataDir(options: DataDirOptions): Promise<DataDir> {
  throw new DataDirRefused('unwritable', `${options.dir}: durable storage is not built yet`)
}
