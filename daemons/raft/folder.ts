// The data folder of a server of a lesson's cluster, opened after what an operator asks for in it
// (runtime/recovery.ts). What it has lost is told to whoever starts the server: what was promised
// is gone with it, and a vote might be given twice.
import { resolve } from 'node:path'
import { uuidOf } from '../../core/ids.ts'
import type { LogLine } from '../../core/log.ts'
import { hasOtherVoters } from '../../core/raft/recover.ts'
import { type DataDir, type Left, openDataDir, type Quarantined } from '../runtime/data-dir.ts'
import { createEntropy } from '../runtime/entropy.ts'
import type { OnStop } from '../runtime/lifecycle.ts'
import { type Log, writeLog } from '../runtime/log.ts'
import { type GoesOn, openAfterRecovery, type Recoverable } from '../runtime/recovery.ts'
import { keepHome, type SettledHome } from './home.ts'

export interface ServerFolder {
  /** As the program is typed. */
  readonly typed: string
  readonly dir: string
  readonly home: SettledHome
  /** Where that is kept: beside the folder. */
  readonly homeFile: string
  /** It is meant to be new each time. */
  readonly isForgetful: boolean
  readonly machine: Recoverable
  readonly log: Log
}

export interface OpenedFolder {
  readonly dir: DataDir
  /** It is new, and the server ran before. */
  readonly hasLostAll: boolean
}

/** Rejects with a StartRefused, a DataDirRefused or a DiskFailure. */
export async function openServerFolder(
  folder: ServerFolder,
  onStop: OnStop,
): Promise<OpenedFolder> {
  const { home, machine } = folder
  const { self, peers } = home
  const at = resolve(folder.dir)
  const log = (line: LogLine) => writeLog(folder.log, line)
  const newNodeId = () => uuidOf(createEntropy()())
  const hasOthers = (left: Left) => hasOtherVoters(left, self.id) ?? peers.length > 1
  const dir = await openAfterRecovery({
    dir: at,
    at,
    open: () => openDataDir({ dir: at, nodeId: undefined, newNodeId, log, hasOthers }),
    self: () => self,
    machine,
    log,
    onDamage: (damage, goesOn) => warnOfDamage(folder, damage, goesOn),
  })
  onStop(() => dir.close())
  keepHome(folder.homeFile, home)
  const hasLostAll = home.isKnown && dir.isNew
  if (hasLostAll && !folder.isForgetful) warnOfLoss(folder)
  return { dir, hasLostAll }
}

const WITHOUT_VOTE = 'this server does not vote before it has everything again'

function warnOfLoss({ typed, dir, homeFile, log }: ServerFolder): void {
  const message = `${dir} is gone: ${WITHOUT_VOTE}`
  const next = `  next: wait for the others; for a new cluster, remove ${homeFile} of each`
  process.stderr.write(`${typed}: ${message}\n${next}\n`)
  writeLog(log, { level: 'warn', room: 'raft', message })
}

function warnOfDamage({ typed }: ServerFolder, { why, aside }: Quarantined, goesOn: GoesOn): void {
  const [then, next] = AFTER_DAMAGE[goesOn]
  process.stderr.write(
    `${typed}: ${why}: ${then}\n  next: ${next}; what was damaged lies in ${aside}\n`,
  )
}

const AFTER_DAMAGE: Readonly<Record<GoesOn, readonly [then: string, next: string]>> = {
  waits: [WITHOUT_VOTE, 'wait for the others'],
  'starts-over': [
    'this server starts over with what stands before that',
    'look whether another server has more',
  ],
}
