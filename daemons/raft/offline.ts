// The log of a data folder whose server need not run: read as at a start, and left as it is.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Vote } from '../../core/entry.ts'
import { logIndex } from '../../core/ids.ts'
import { type EntryReport, entryReport } from '../../core/raftnode/report.ts'
import { DataDirRefused, DiskFailure } from '../runtime/disk-errors.ts'
import { realFiles } from '../runtime/files.ts'
import { listSegments, recoverLog } from '../runtime/wal-recover.ts'

export type OfflineLog =
  | { readonly ok: true; readonly vote: Vote; readonly entries: readonly EntryReport[] }
  | { readonly ok: false; readonly why: string; readonly exit: number }

export async function readOfflineLog(dir: string): Promise<OfflineLog> {
  try {
    const nodeId = readFileSync(join(dir, 'node-id'), 'utf8').trim()
    const folder = { files: realFiles, dir: join(dir, 'log'), nodeId, log: () => undefined }
    const names = await listSegments(folder)
    if (names.length === 0) return refused(`${folder.dir} holds no segment of a log`)
    const { vote, entries } = await recoverLog(folder, names, logIndex(0))
    return { ok: true, vote, entries: entries.map(entryReport) }
  } catch (error) {
    if (error instanceof DataDirRefused || error instanceof DiskFailure)
      return refused(error.message, error.exit)
    if (error instanceof Error && 'errno' in error) return refused(`${dir} is no data folder`)
    throw error
  }
}

const refused = (why: string, exit = 1): OfflineLog => ({ ok: false, why, exit })
