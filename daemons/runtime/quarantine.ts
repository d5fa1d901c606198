// A log that is damaged, on a server that has others (reliability §4, the table): what stands
// before the damage is written into a new log, with the last term that this server knew and its
// vote withheld, so that it takes what a leader sends and promises nothing before it has
// everything again (core/raft). The damaged log is set aside whole, for people.
//
//   log ──▶ damaged-log-1        log.new ──▶ log
//
// Both names change when the new log is complete. A crash in between leaves no log and a new one,
// which is complete then.
import { join } from 'node:path'
import type { Entry, Persist, Vote } from '../../core/entry.ts'
import { logIndex, term } from '../../core/ids.ts'
import type { LogLine } from '../../core/log.ts'
import { PERSIST_BYTES_MAX, PERSIST_ENTRIES_MAX } from '../../core/raft/log.ts'
import { WITHHELD } from '../../core/raft/raft.ts'
import { DataDirRefused } from './disk-errors.ts'
import { makeFolder, publish, realFiles, removeFolder } from './files.ts'
import type { Redo } from './redo.ts'
import { openWal, type WalOptions } from './wal.ts'
import { listSegments, salvageLog } from './wal-recover.ts'

const LOG = 'log'
const NEW = 'log.new'
const ASIDE = /^damaged-log-(\d+)$/
/** The newest of the damaged logs are kept for people: each may be as large as a log. */
const ASIDE_MAX = 2

/** Ends an exchange of logs that a crash interrupted, or forgets it. */
export async function settleExchange(dir: string): Promise<void> {
  const names = await realFiles.list(dir)
  if (!names.includes(NEW)) return
  if (names.includes(LOG)) await removeFolder(join(dir, NEW))
  else await publish(realFiles, join(dir, NEW), join(dir, LOG))
}

/** What is left of a damaged log. */
export interface Salvaged {
  readonly vote: Vote
  /** Contiguous, the first one right behind what the snapshot covers, or earlier. */
  readonly entries: readonly Entry[]
  readonly redo: readonly Redo[]
}

/** `known`: the vote by another witness. */
export async function salvage(options: WalOptions, known: Vote): Promise<Salvaged> {
  const { behind } = options
  const { vote, entries, redo } = await salvageLog(options, await listSegments(options), behind)
  const joins = (entries[0]?.index ?? 0) <= behind + 1
  const last = term(Math.max(vote.term, known.term))
  return { vote: { term: last, votedFor: WITHHELD }, entries: joins ? entries : [], redo }
}

/** Puts a log of this in the place of the damaged one. Returns where that is now. */
export async function exchangeLog(
  dir: string,
  options: WalOptions,
  { vote, entries }: Salvaged,
): Promise<string> {
  const beside = join(dir, NEW)
  await removeFolder(beside)
  await makeFolder(beside)
  const createAt = entries[0]?.index ?? logIndex(options.behind + 1)
  const { wal } = await openWal({ ...options, dir: beside, createAt })
  try {
    for (const persist of persistsOf(vote, entries))
      if ((await wal.write(persist)) === 'full') throw noRoom(dir)
  } finally {
    await wal.close()
  }
  await realFiles.syncDir(dir)
  const names = await realFiles.list(dir)
  const aside = join(dir, nameAside((numbersAside(names).at(-1) ?? 0) + 1))
  if (names.includes(LOG)) await publish(realFiles, options.dir, aside)
  await publish(realFiles, beside, options.dir)
  return aside
}

const nameAside = (number: number): string => `damaged-log-${number}`

/** Of the damaged logs among the names, oldest first. */
const numbersAside = (names: readonly string[]): readonly number[] =>
  names
    .flatMap((name) => ASIDE.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b)

/**
 * Damaged logs beyond those that are kept go, the oldest first. Not while a vote is withheld: as
 * long as the others have not given back everything, the oldest may hold what nobody else has.
 */
export async function forgetAside(
  dir: string,
  { vote, log }: { readonly vote: Vote; readonly log: (line: LogLine) => void },
): Promise<void> {
  if (vote.votedFor === WITHHELD) return
  const numbers = numbersAside(await realFiles.list(dir))
  for (const number of numbers.slice(0, -ASIDE_MAX)) {
    const path = join(dir, nameAside(number))
    await removeFolder(path)
    log({ level: 'info', room: 'wal', message: 'an old damaged log is removed', fields: { path } })
  }
}

const noRoom = (dir: string): DataDirRefused =>
  new DataDirRefused('full', `${dir}: no room for what is left of a damaged log`)

function persistsOf(vote: Vote, entries: readonly Entry[]): Persist[] {
  const batches: Entry[][] = [[]]
  let bytes = 0
  for (const entry of entries) {
    bytes += entry.data.length
    const last = batches.at(-1)
    const isFull = bytes > PERSIST_BYTES_MAX || last?.length === PERSIST_ENTRIES_MAX
    if (last !== undefined && !isFull) last.push(entry)
    else {
      batches.push([entry])
      bytes = entry.data.length
    }
  }
  const withVote = (at: number) => (at === 0 ? { vote } : {})
  return batches.map((batch, at) => ({ token: at + 1, ...withVote(at), entries: batch }))
}
