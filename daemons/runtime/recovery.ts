// Recovery by hand (raft-wire §2.8): an operator has put a peers.json into the data folder of a
// server, and that starts over with the servers named there. Everything in its log is applied and
// saved as a snapshot that names them, the log begins anew behind it, and the file goes. Whatever
// of this a crash interrupts is done once more: the file goes last.
import { join } from 'node:path'
import type { Entry, Persist, Vote } from '../../core/entry.ts'
import { term } from '../../core/ids.ts'
import type { LogLine } from '../../core/log.ts'
import type { Configuration, ServerId } from '../../core/raft/messages.ts'
import { WITHHELD } from '../../core/raft/raft.ts'
import { parsePeers, planRecovery, type Recovery } from '../../core/raft/recover.ts'
import { coveredOf } from '../../core/raft/replicated.ts'
import type { DataDir, Quarantined } from './data-dir.ts'
import { DataDirRefused, isMissing } from './disk-errors.ts'
import { type FileSystem, readText, realFiles } from './files.ts'
import { StartRefused } from './refused.ts'
import { replaceSnapshot } from './snapshots.ts'

/** What the entries make. Blank. */
export interface Recoverable {
  /** Each entry of the log behind the snapshot, commands and others. */
  apply(entry: Entry): void
  snapshot(): Iterable<Uint8Array>
  restore(chunks: Iterable<Uint8Array>): void
}

export interface RecoveryOptions {
  /** Of the data folder. */
  readonly dir: string
  /** The folder that peers.json is looked for in. */
  readonly at: string
  readonly open: () => Promise<DataDir>
  /** Without an address: it may be at any. */
  readonly self: (dir: DataDir) => { readonly id: ServerId; readonly address?: string }
  readonly machine: Recoverable
  readonly log: (line: LogLine) => void
  /** The log was damaged, and set aside. Undefined: that is refused, for there are no others. */
  readonly onDamage?: (damage: Quarantined, goesOn: GoesOn) => void
}

/** What a server does without what its log has lost: waits for the others, or leaves it at that. */
export type GoesOn = 'waits' | 'starts-over'

const NAME = 'peers.json'

/** Opens the data folder, after a recovery if there is to be one. Rejects with a StartRefused. */
export async function openAfterRecovery(options: RecoveryOptions): Promise<DataDir> {
  const file = join(options.at, NAME)
  const text = await readText(realFiles, file)
  if (text === undefined) return openTold(options, 'waits')
  const parsed = parsePeers(text)
  if (!parsed.ok) throw refused(file, parsed.why)
  if (!(await hasFormat(realFiles, options.dir)))
    throw refused(file, 'there is nothing in the data folder that could be recovered')
  const dir = await openTold(options, 'starts-over')
  try {
    await recover(options, { dir, file, configuration: parsed.configuration })
  } finally {
    await dir.close()
  }
  await realFiles.unlink(file)
  await realFiles.syncDir(options.at)
  return options.open()
}

/** Told before anything else may fail: the next start finds no damage any more. */
async function openTold({ open, onDamage }: RecoveryOptions, goesOn: GoesOn): Promise<DataDir> {
  const dir = await open()
  if (dir.quarantined !== undefined) onDamage?.(dir.quarantined, goesOn)
  return dir
}

const refused = (file: string, why: string): StartRefused =>
  new StartRefused(
    `${file} cannot be followed: ${why}\n` +
      '  next: it is a list of the servers that are left, ' +
      '[{"id": "1", "address": "HOST:PORT", "non_voter": false}]; or remove it',
  )

/** A folder that is new must not look used to the next start. */
async function hasFormat(files: FileSystem, dir: string): Promise<boolean> {
  try {
    return (await files.list(dir)).includes('format')
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
}

interface Order {
  readonly dir: DataDir
  readonly file: string
  readonly configuration: Configuration
}

async function recover(options: RecoveryOptions, order: Order): Promise<void> {
  const { dir, file, configuration } = order
  const why = whyNotWithout(configuration, options.self(dir))
  if (why !== undefined) throw refused(file, why)
  const plan = planRecovery(dir.recovered, configuration)
  if (plan === undefined) throw refused(file, 'this server has no log and no snapshot')
  await begin(options.machine, dir, plan)
  const { index } = plan.snapshot
  options.log({
    level: 'warn',
    room: 'raft',
    message: 'started over with the servers of peers.json, which is removed',
    fields: { index, servers: configuration.servers.map(({ id }) => id).join(', ') },
  })
}

function whyNotWithout(
  { servers }: Configuration,
  { id, address }: { id: ServerId; address?: string },
): string | undefined {
  const self = servers.find((server) => server.id === id)
  if (self === undefined) return `this server, ${id}, is not among them`
  if (address === undefined || self.address === address) return undefined
  return `this server is at ${address}, and not at ${self.address}`
}

async function begin(machine: Recoverable, dir: DataDir, plan: Recovery): Promise<void> {
  const { snapshot, vote } = dir.recovered
  if (snapshot !== undefined) machine.restore(snapshot.chunks)
  for (const entry of plan.entries) machine.apply(entry)
  const covered = { ...coveredOf(plan.snapshot), chunks: machine.snapshot() }
  const isSaved = (await replaceSnapshot(dir.snapshots, covered)) === 'saved'
  if (isSaved && (await dir.write(startOver(vote, plan))) === 'durable') return
  throw new DataDirRefused('full', `no room for the snapshot that ${NAME} asks for`)
}

/**
 * The term stays, and the vote in it: another server may have recovered in the same term. One that
 * was withheld for a loss (core/raft/save.ts) is not, any more: that is the operator's decision.
 */
function startOver(vote: Vote, { snapshot }: Recovery): Persist {
  const isWithheld = vote.votedFor === WITHHELD
  const anew = isWithheld ? { vote: { term: term(vote.term + 1), votedFor: '' } } : {}
  return { token: 1, ...anew, restartBehind: snapshot.index, entries: [] }
}
