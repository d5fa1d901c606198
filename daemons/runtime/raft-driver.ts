// A replicated state machine on this machine's disk and network: core/raft/replicated.ts decides,
// this performs, in order, and brings back what came of it. Programs give it a state machine and a
// data folder, propose and read, and are told one outcome for each ticket.
//
//   const driver = await startRaft({ self, server, dir, machine, … })
//   propose(driver, { ticket, data })     ──▶ ports.outcome(ticket, { type: 'applied', … })
//   ask(driver, { type: 'read', ticket }) ──▶ ports.outcome(ticket, { type: 'readable', … })
import { unreachable } from '../../core/assert.ts'
import type { LogLine } from '../../core/log.ts'
import { createPrng } from '../../core/prng.ts'
import { checkState } from '../../core/raft/invariants.ts'
import type { Configuration, Peer, SnapshotMeta } from '../../core/raft/messages.ts'
import {
  type Boot,
  configurationOf,
  createRaft,
  type RaftNote,
  type Settings,
} from '../../core/raft/raft.ts'
import {
  type Command,
  coveredOf,
  createReplicated,
  drainReplicated,
  metaOf,
  type Outcome,
  type Replicated,
  type ReplicatedEffect,
  type ReplicatedEvent,
  type StateMachine,
  stepReplicated,
  type Ticket,
} from '../../core/raft/replicated.ts'
import { bootstrap } from '../../core/raft/server.ts'
import { configurationCodec } from '../../core/raft/wire.ts'
import { readClock, startTicking } from './clock.ts'
import type { DataDir } from './data-dir.ts'
import { DiskFailure, isFull } from './disk-errors.ts'
import { drawSeed } from './entropy.ts'
import { endOfTurn } from './files.ts'
import type { PeerServer, SnapshotSink } from './raft-acceptor.ts'
import {
  answerPeer,
  callPeer,
  closeTransport,
  createTransport,
  keepPeers,
  type RaftTransport,
  sweepTransport,
} from './raft-transport.ts'
import {
  type Arriving,
  beginArriving,
  contentOf,
  discard,
  endWriting,
  keepArrived,
  writeChunk,
} from './snapshots.ts'

/** Timers of raft are shorter than an agent's. */
const TICK_MS = 10

interface RaftPorts<Result> {
  /** One for each ticket, as soon as it is certain. */
  outcome(ticket: Ticket, outcome: Outcome<Result>): void
  /** A transition. */
  note(note: RaftNote): void
  log(line: LogLine): void
  /** A broken invariant, a failed disk: nothing is done any more. */
  fatal(error: unknown): void
}

export interface RaftOptions<Result> {
  readonly self: Peer
  /** Where peers connect, listening: see listenForPeers. */
  readonly server: PeerServer
  readonly settings: Settings
  readonly dir: DataDir
  /** Blank: what the folder holds is given to it. */
  readonly machine: StateMachine<Result>
  readonly snapshotEntries: number
  /** The folder is new, and this server was one before: it has lost what it had. */
  readonly hasLostAll?: boolean
  /** Makes a cluster of these if the folder is new. Undefined: waits to be added to one. */
  readonly founders: Configuration | undefined
  /** Of founders: when the first of them campaigns, and the others after it. */
  readonly firstElectionMs?: number
  readonly ports: RaftPorts<Result>
}

export interface RaftDriver<Result> {
  readonly replicated: Replicated<Result>
  readonly transport: RaftTransport
  readonly dir: DataDir
  readonly ports: RaftPorts<Result>
  readonly queue: ReplicatedEvent[]
  /** Commands that came in this turn of the loop. */
  proposed: Command[]
  /** Snapshots that are here whole, by the call that they came with. */
  readonly arrived: Map<number, Arriving>
  /** What the disk is still at. */
  readonly underWay: Set<Promise<void>>
  stopTicking: () => void
  state: 'idle' | 'stepping' | 'stopped'
}

/** Gives the state machine what the folder holds, and takes part. */
export function startRaft<Result>(options: RaftOptions<Result>): RaftDriver<Result> {
  const { dir, machine, ports, settings, self, server, snapshotEntries } = options
  const replicated = createReplicated({ raft: raftOf(options), machine, snapshotEntries })
  if (dir.recovered.snapshot !== undefined) machine.restore(dir.recovered.snapshot.chunks)
  const transport = createTransport({
    self,
    server,
    settings,
    ports: {
      onCall: (call) => feed(driver, { type: 'call', call }),
      onReply: (answer) => feed(driver, { type: 'reply', ...answer }),
      onCallFailed: (call) => feed(driver, { type: 'call-failed', call }),
      onGone: (peer) => feed(driver, { type: 'gone', peer }),
      receive: (id, meta) => sinkOf(driver, id, meta),
      open: async ({ index }) => contentOf(dir.snapshots, index),
      log: ports.log,
      now,
    },
  })
  const driver: RaftDriver<Result> = {
    replicated,
    transport,
    dir,
    ports,
    queue: [],
    proposed: [],
    arrived: new Map(),
    underWay: new Set(),
    stopTicking: () => undefined,
    state: 'idle',
  }
  found(options, replicated)
  driver.stopTicking = startTicking(() => onTick(driver), TICK_MS)
  feed(driver, { type: 'tick' })
  return driver
}

const now = (): number => readClock().now

function raftOf<Result>(options: RaftOptions<Result>) {
  const { dir, self, settings, firstElectionMs, hasLostAll = false } = options
  const { recovered } = dir
  const boot: Boot = hasLostAll ? 'damaged' : dir.isNew ? 'first' : 'again'
  return createRaft({
    self,
    settings,
    prng: createPrng(drawSeed()),
    configurations: configurationCodec,
    recovered,
    snapshot: recovered.snapshot && metaOf(recovered.snapshot),
    now: now(),
    boot,
    ...(dir.isNew && firstElectionMs !== undefined ? { firstElectionMs } : {}),
  })
}

/** A crash may have come between the new folder and its first entry. */
function found<Result>({ founders }: RaftOptions<Result>, { raft }: Replicated<Result>): void {
  const isBlank = raft.vote.term === 0 && configurationOf(raft).servers.length === 0
  if (founders !== undefined && isBlank) bootstrap(raft, founders, now())
}

/**
 * Not before what waits in the sockets has been read: after a pause of this process the word of a
 * leader that is well may lie there.
 */
function onTick<Result>(driver: RaftDriver<Result>): void {
  setImmediate(() => {
    sweepTransport(driver.transport)
    feed(driver, { type: 'tick' })
  })
}

/** Proposals of one turn of the loop go together: one message and one write carry them. */
export function propose<Result>(driver: RaftDriver<Result>, command: Command): void {
  driver.proposed.push(command)
  if (driver.proposed.length > 1) return
  setImmediate(() => {
    const commands = driver.proposed
    driver.proposed = []
    feed(driver, { type: 'propose', commands })
  })
}

export type Asking = Extract<ReplicatedEvent, { type: 'read' | 'change' | 'transfer' | 'snapshot' }>

/** Answered by one outcome for its ticket. */
export const ask = <Result>(driver: RaftDriver<Result>, asking: Asking): void =>
  feed(driver, asking)

/** Lets the machine see an event. What happens meanwhile comes after it. */
function feed<Result>(driver: RaftDriver<Result>, event: ReplicatedEvent): void {
  if (driver.state === 'stopped') return
  driver.queue.push(event)
  if (driver.state === 'idle') run(driver)
}

/** Nobody catches a bug but here: the process is about to end. */
function run<Result>(driver: RaftDriver<Result>): void {
  const { replicated, queue } = driver
  driver.state = 'stepping'
  try {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      stepReplicated(replicated, next, now())
      performAll(driver, drainReplicated(replicated))
    }
    driver.state = 'idle'
  } catch (error) {
    fail(driver, error)
  }
}

/**
 * In order, but for the disk: it is the slowest, and whatever may be said already does not depend
 * on it. It works while the messages are written.
 */
function performAll<Result>(
  driver: RaftDriver<Result>,
  effects: readonly ReplicatedEffect<Result>[],
): void {
  for (const effect of effects) if (effect.type === 'persist') perform(driver, effect)
  for (const effect of effects) if (effect.type !== 'persist') perform(driver, effect)
}

function fail<Result>(driver: RaftDriver<Result>, error: unknown): void {
  driver.state = 'stopped'
  driver.ports.fatal(error)
}

function perform<Result>(driver: RaftDriver<Result>, effect: ReplicatedEffect<Result>): void {
  const { transport, dir, ports } = driver
  switch (effect.type) {
    case 'persist': {
      const { token } = effect.persist
      const written = endOfTurn().then(() => dir.write(effect.persist))
      follow(driver, written, (end) => ({
        type: end === 'durable' ? 'persisted' : 'persist-refused',
        token,
      }))
      break
    }
    case 'call':
      callPeer(transport, effect)
      break
    case 'reply':
      forgetArrived(driver, effect.id)
      answerPeer(transport, effect.id, effect.reply)
      break
    case 'install':
      install(driver, effect)
      break
    case 'save-snapshot': {
      const { meta } = effect
      follow(driver, save(driver, effect), (end) =>
        end === 'saved' ? { type: 'snapshot-saved', meta } : { type: 'snapshot-refused' },
      )
      break
    }
    case 'trim-log':
      follow(driver, dir.trimLog(effect.through), () => undefined)
      break
    case 'note':
      if (effect.note.what !== 'commit') checkState(driver.replicated.raft) // what happens seldom
      if (effect.note.what === 'configuration') keepThese(driver)
      ports.note(effect.note)
      break
    case 'outcome':
      ports.outcome(effect.ticket, effect.outcome)
      break
    default:
      unreachable(effect)
  }
}

const keepThese = <Result>({ replicated, transport }: RaftDriver<Result>): void =>
  keepPeers(transport, new Set(configurationOf(replicated.raft).servers.map(({ id }) => id)))

/** Waits for the disk, and lets the machine know. */
function follow<Result, T>(
  driver: RaftDriver<Result>,
  result: Promise<T>,
  eventOf: (value: T) => ReplicatedEvent | undefined,
): void {
  const followed = result.then(
    (value) => {
      driver.underWay.delete(followed)
      const event = eventOf(value)
      if (event !== undefined) feed(driver, event)
    },
    (error: unknown) => {
      driver.underWay.delete(followed)
      fail(driver, error)
    },
  )
  driver.underWay.add(followed)
}

/** A leader's snapshot that is kept already, and not yet installed, may be newer. */
async function save<Result>(
  { dir }: RaftDriver<Result>,
  { meta, chunks }: { meta: SnapshotMeta; chunks: Iterable<Uint8Array> },
): Promise<'saved' | 'full'> {
  const newest = dir.snapshots.kept.at(-1)?.index ?? 0
  return newest > meta.index ? 'full' : dir.saveSnapshot({ ...coveredOf(meta), chunks })
}

/** Writes the state that a leader sends as it comes. */
function sinkOf<Result>(driver: RaftDriver<Result>, id: number, meta: SnapshotMeta): SnapshotSink {
  const { snapshots } = driver.dir
  const begun = beginArriving(snapshots, coveredOf(meta))
  begun.catch(() => undefined) // told to whoever writes
  const guarded = async <T>(work: (arriving: Arriving) => Promise<T>): Promise<T> => {
    try {
      return await work(await begun)
    } catch (error) {
      if (error instanceof DiskFailure && !isFull(error)) fail(driver, error)
      throw error
    }
  }
  return {
    write: (chunk) => guarded((arriving) => writeChunk(arriving, chunk)),
    finish: () =>
      guarded(async (arriving) => {
        await endWriting(arriving)
        driver.arrived.set(id, arriving)
      }),
    abort: () => giveUp(driver, begun),
  }
}

function giveUp<Result>(driver: RaftDriver<Result>, begun: Promise<Arriving>): void {
  const given = begun.then(
    (arriving) => discard(driver.dir.snapshots, arriving),
    () => undefined, // told to whoever wrote
  )
  follow(driver, given, () => undefined)
}

/** A call that is answered has no use for what came with it. */
function forgetArrived<Result>(driver: RaftDriver<Result>, id: number): void {
  const arriving = driver.arrived.get(id)
  if (arriving === undefined) return
  driver.arrived.delete(id)
  follow(driver, discard(driver.dir.snapshots, arriving), () => undefined)
}

function install<Result>(
  driver: RaftDriver<Result>,
  { id, snapshot: meta }: { id: number; snapshot: SnapshotMeta },
): void {
  const { snapshots } = driver.dir
  const arriving = driver.arrived.get(id)
  driver.arrived.delete(id)
  const kept = arriving === undefined ? Promise.resolve() : keepArrived(snapshots, arriving)
  follow(driver, kept, () => {
    const content = contentOf(snapshots, meta.index)
    return content === undefined
      ? { type: 'install-failed', id }
      : { type: 'installed', id, meta, chunks: content.chunks }
  })
}

/** Nothing is said or done any more. Resolves when the disk has finished what it began. */
export async function stopRaft<Result>(driver: RaftDriver<Result>): Promise<void> {
  driver.state = 'stopped'
  driver.stopTicking()
  await closeTransport(driver.transport)
  await Promise.all(driver.underWay)
  for (const arriving of driver.arrived.values()) await discard(driver.dir.snapshots, arriving)
}
