// A node of the store that several nodes agree on (kvstore --engine=raft): core/kvnode before and
// behind the log of runtime/raft-driver.ts, over HTTP. Log and snapshots are in ./.lictor.
//
// A node is named by its HTTP address, so that whoever knows the leader knows where it is asked;
// raft's own connections come to a port beside that one.
import { writeSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { AgentConfig, ListenAddress } from '../core/config/agent-config.ts'
import { EXIT } from '../core/errors.ts'
import { requestId, uuidOf } from '../core/ids.ts'
import {
  createKvNode,
  drainNode,
  FORWARDED_HEADER,
  type KvEffect,
  type KvNode,
  onAbandoned,
  onForwarded,
  onForwardFailed,
  onOutcome,
  onRequest,
  onTick,
} from '../core/kvnode/node.ts'
import type { LogLevel } from '../core/log.ts'
import { createPrng } from '../core/prng.ts'
import type { Configuration, Peer } from '../core/raft/messages.ts'
import type { RaftNote, Settings } from '../core/raft/raft.ts'
import { noteText } from '../core/raftnode/trace.ts'
import { LICTOR_VERSION } from '../core/version.ts'
import { openDoors, selfOf } from './kvstore/doors.ts'
import { splitAddress } from './raft/home.ts'
import { pause, readClock, startTicking } from './runtime/clock.ts'
import { loadConfig } from './runtime/config.ts'
import { openControl } from './runtime/control.ts'
import { openDataDir } from './runtime/data-dir.ts'
import { DiskFailure } from './runtime/disk-errors.ts'
import { createEntropy, drawSeed } from './runtime/entropy.ts'
import { closeDoors, closeHttp, createHttp, type Http, respond, sweepHttp } from './runtime/http.ts'
import {
  type End,
  type OnStop,
  STOP_MS_MAX,
  startInOrder,
  watchSignals,
} from './runtime/lifecycle.ts'
import { createLog, type Log, writeLog } from './runtime/log.ts'
import { fileSink } from './runtime/log-sinks.ts'
import { createNodeCalls, type NodeCalls } from './runtime/node-calls.ts'
import { notifyDescriptor, notifySupervisor } from './runtime/notify.ts'
import { ask, propose, type RaftDriver, startRaft, stopRaft } from './runtime/raft-driver.ts'
import { listenForPeers } from './runtime/raft-transport.ts'
import { StartRefused } from './runtime/refused.ts'
import { explainStart } from './start-failure.ts'

export interface KvstoreRaftProgram {
  /** As it is typed: `kvstore`, `lictor kvstore`. */
  readonly typed: string
  readonly env: NodeJS.ProcessEnv
  readonly host: string
  readonly port: number
  /** HTTP addresses of all nodes, this one among them; empty: it is alone. */
  readonly peers: readonly string[]
  readonly logLevel: LogLevel
  readonly socket: string | undefined
  readonly readyFd: number | undefined
}

/** Raft's connections come to the port of HTTP and this. */
const RAFT_PORT_OFFSET = 1_000
const STATE_DIR = '.lictor'
const LOG_FILE_BYTES = 10 << 20
const LOG_FILES_MAX = 3
const CONNECTIONS_MAX = 16_384
/** Consul's own limit for a value. A transaction of many is as large. */
const BODY_BYTES_MAX = 1 << 20
/** A list that a leader answers for us. */
const REPLY_BYTES_MAX = 256 << 20
const SNAPSHOT_ENTRIES = 8_192
/** The first of the founders campaigns at once, the others leave it time to win. */
const FOUNDING_TURN_MS = 500
const READY_POLL_MS = 20

const SETTINGS: Settings = {
  heartbeatMs: 300,
  electionMs: 300,
  leaseMs: 300,
  commitMs: 50,
  appendEntriesMax: 512,
  appendBytesMax: 1 << 20,
  inflightMax: 4,
  trailingEntries: 10_240,
  leaseDrift: undefined,
}

interface Life {
  readonly program: KvstoreRaftProgram
  readonly log: Log
  readonly end: (end: End) => void
  readonly ended: Promise<End>
}

type Driver = RaftDriver<unknown>

interface Running {
  readonly self: Peer
  readonly node: KvNode
  readonly driver: Driver
  readonly http: Http
  readonly calls: NodeCalls
  /** Requests that were handed on: how each is given up. */
  readonly onTheirWay: Map<number, () => void>
}

/** Runs until it is told to end; the result is the exit code. */
export async function runKvstoreRaft(program: KvstoreRaftProgram): Promise<number> {
  const life = createLife(program)
  try {
    return await live(life)
  } catch (error) {
    const failure = await explainStart(error, {
      typed: program.typed,
      flagOf: () => '--port',
      host: program.host,
    })
    if (failure === undefined) die(life, error)
    process.stderr.write(`${failure.message}\n`)
    return failure.exit
  }
}

function createLife(program: KvstoreRaftProgram): Life {
  let end: (end: End) => void = () => undefined
  const ended = new Promise<End>((resolve) => {
    end = resolve
  })
  const log = createLog({ level: program.logLevel, json: false, wall: () => readClock().wall })
  return { program, log, end, ended }
}

async function live(life: Life): Promise<number> {
  process.on('uncaughtException', (error) => die(life, error))
  const { value: running, stop } = await startInOrder((onStop) => startParts(life, onStop))
  const unwatch = watchSignals(
    { skipLeaveOnInterrupt: true, leaveOnTerminate: false, quitExit: EXIT.ok },
    {
      end: life.end,
      reload: () => undefined, // there is nothing that could be read again
      exitNow: (code) => process.exit(code),
      log: (line) => writeLog(life.log, line),
    },
  )
  tellReady(life, running).catch((error: unknown) => die(life, error))
  await life.ended
  await Promise.race([stop(), pause(STOP_MS_MAX, undefined)])
  unwatch()
  return EXIT.ok
}

async function startParts(life: Life, onStop: OnStop): Promise<Running> {
  const { program, log } = life
  let running: Running | undefined
  const early: ((running: Running) => void)[] = []
  const http = createHttpFor((work) => {
    if (running === undefined) early.push(work)
    else work(running)
  })
  onStop(() => closeHttp(http))
  const bound = await openDoors(http, program)
  const port = bound[0]?.type === 'tcp' ? bound[0].port : program.port
  const self = peerOf(selfOf(program.host, port))
  const dataDir = join(STATE_DIR, `kvstore-${port}`)
  openLog(life, dataDir, onStop)
  const server = await listenForPeers(splitAddress(self.address))
  onStop(() => void server.close())
  const newNodeId = () => uuidOf(createEntropy()())
  const dir = await openDataDir({
    dir: resolve(dataDir),
    nodeId: undefined,
    newNodeId,
    log: (line) => writeLog(log, line),
  })
  onStop(() => dir.close())
  const calls = createNodeCalls()
  onStop(() => calls.close())
  const node = createKvNode({
    config: configOf(program, port),
    self,
    raft: () => driver.replicated.raft,
    prng: createPrng(drawSeed()),
    entropy: createEntropy(),
    clock: readClock(),
  })
  const founders = foundersOf(program.peers, self)
  const driver: Driver = startRaft({
    self,
    server,
    settings: SETTINGS,
    dir,
    machine: machineOf(node, () => running),
    snapshotEntries: SNAPSHOT_ENTRIES,
    founders,
    firstElectionMs: founders.servers.findIndex(({ id }) => id === self.id) * FOUNDING_TURN_MS,
    ports: {
      outcome: (ticket, outcome) => {
        onOutcome(node, { ticket, outcome }, readClock())
        settle(running)
      },
      note: (note) => tell(life, note),
      log: (line) => writeLog(log, line),
      fatal: (error) => die(life, error),
    },
  })
  onStop(() => stopRaft(driver))
  const started = { self, node, driver, http, calls, onTheirWay: new Map() }
  running = started
  for (const work of early) work(started)
  onStop(startTicks(started))
  onStop(() => closeDoors(http))
  onStop(await nameSocket(life, http, { self, bound, dataDir }))
  return started
}

/** What comes before the node is there waits for it. */
function createHttpFor(later: (work: (running: Running) => void) => void): Http {
  return createHttp({
    sink: {
      request: (request) =>
        later((running) => {
          onRequest(running.node, request, readClock())
          settle(running)
        }),
      abandoned: (id) =>
        later((running) => {
          onAbandoned(running.node, id)
          settle(running)
        }),
      live: () => ({ resume: () => undefined, stop: () => undefined }), // no answer has no end
    },
    now: () => readClock().now,
    bodyBytesMax: BODY_BYTES_MAX,
    headerBytesMax: 0,
    connectionsMax: CONNECTIONS_MAX,
  })
}

/** Watchers are answered when the log has come that far, also where nobody wrote. */
function machineOf(node: KvNode, running: () => Running | undefined): KvNode['machine'] {
  const settled = () => setImmediate(() => settle(running()))
  return {
    apply: (entry) => {
      const result = node.machine.apply(entry)
      if (node.effects.length > 0) settled()
      return result
    },
    snapshot: node.machine.snapshot,
    restore: (chunks) => {
      node.machine.restore(chunks)
      settled()
    },
  }
}

function startTicks(running: Running): () => void {
  return startTicking(() => {
    const clock = readClock()
    sweepHttp(running.http, clock.now)
    onTick(running.node, clock)
    settle(running)
  })
}

/** Does what the node asks for, in order. */
function settle(running: Running | undefined): void {
  if (running === undefined) return
  for (const effect of drainNode(running.node)) perform(running, effect)
}

function perform(running: Running, effect: KvEffect): void {
  const { http, driver, onTheirWay } = running
  switch (effect.type) {
    case 'respond':
      respond(http, effect.id, effect.response)
      break
    case 'propose':
      propose(driver, effect)
      break
    case 'read':
      ask(driver, { type: 'read', ticket: effect.ticket })
      break
    case 'forward':
      forward(running, effect)
      break
    case 'give-up':
      onTheirWay.get(effect.id)?.()
      onTheirWay.delete(effect.id)
      break
    default:
      effect satisfies never
  }
}

function forward(running: Running, effect: Extract<KvEffect, { type: 'forward' }>): void {
  const { node, self, calls, onTheirWay } = running
  const { to, request } = effect
  const headers = [FORWARDED_HEADER, self.id]
  const giveUp = calls.forward({ to, request, headers, replyBytesMax: REPLY_BYTES_MAX }, (end) => {
    onTheirWay.delete(request.id)
    const id = requestId(request.id)
    if (end.type === 'answered') onForwarded(node, id, end.response)
    else onForwardFailed(node, id, end.why === 'unreached')
    settle(running)
  })
  onTheirWay.set(request.id, giveUp)
}

/** Named by where it is asked. */
function peerOf(id: string): Peer {
  const { host, port } = splitAddress(id)
  return { id, address: selfOf(host, port + RAFT_PORT_OFFSET) }
}

function foundersOf(peers: readonly string[], self: Peer): Configuration {
  const all = peers.length === 0 ? [self] : peers.map(peerOf)
  if (!all.some(({ id }) => id === self.id)) {
    throw new StartRefused(`--peers: ${self.id}, this node, is not among them`)
  }
  return { servers: all.map((peer) => ({ ...peer, suffrage: 'voter' })) }
}

/** What the API of an agent needs to know of one. */
function configOf({ host }: KvstoreRaftProgram, port: number): AgentConfig {
  const argv = ['-server', '-bootstrap', '-data-dir=.lictor', `-http-port=${port}`, '-dns-port=-1']
  const named = [`-node=kvstore-${port}`, '-bind=127.0.0.1']
  const loaded = loadConfig({ profile: 'lictor', argv: [...argv, ...named] })
  if (!loaded.ok) throw new StartRefused(`${host}: ${loaded.message}`)
  return loaded.config
}

function openLog({ log }: Life, dataDir: string, onStop: OnStop): void {
  const file = fileSink({
    path: `${dataDir}.log`,
    rotateBytes: LOG_FILE_BYTES,
    rotateDurationMs: 0,
    rotateMaxFiles: LOG_FILES_MAX,
    wall: () => readClock().wall,
  })
  log.sinks.push(file.write)
  onStop(file.close)
}

function tell({ log }: Life, note: RaftNote): void {
  const level = note.what === 'commit' ? 'debug' : 'info'
  writeLog(log, { level, room: 'raft', message: noteText(note) })
}

async function nameSocket(
  { program }: Life,
  http: Http,
  { self, bound, dataDir }: { self: Peer; bound: readonly ListenAddress[]; dataDir: string },
): Promise<() => void> {
  const told = {
    kind: 'kvstore-raft',
    name: self.id,
    pid: process.pid,
    startedAt: new Date().toISOString(),
    version: LICTOR_VERSION,
    addresses: { http: [self.id], raft: [self.address] },
    cluster: program.peers.join(',') || self.id,
    cwd: process.cwd(),
    logFile: resolve(`${dataDir}.log`),
  }
  const { env, socket } = program
  return (await openControl(http, { env, socket, told, main: bound[0] })).close
}

/** As soon as somebody leads. */
async function tellReady({ program, log }: Life, { self, driver }: Running): Promise<void> {
  while (driver.state !== 'stopped' && driver.replicated.raft.leader === undefined) {
    await pause(READY_POLL_MS, undefined)
  }
  const line = `${program.typed} ready: by raft, http ${self.id} (pid ${process.pid})`
  process.stderr.write(`${line}\n`)
  if (program.readyFd !== undefined) notifyDescriptor(program.readyFd, line)
  const failed = await notifySupervisor('ready', program.env)
  if (failed === undefined) return
  writeLog(log, { level: 'warn', room: 'kvstore', message: 'not told', fields: { why: failed } })
}

/** A broken invariant or a failed disk: whatever could still be said might be false. */
function die({ program, log }: Life, error: unknown): never {
  const isDisk = error instanceof DiskFailure
  const what = isDisk ? 'the disk failed' : 'a bug: please report it'
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error)
  writeLog(log, { level: 'error', room: 'kvstore', message: what, fields: { detail } })
  writeSync(2, `${program.typed}: ${what}\n${detail}\n`)
  process.exit(isDisk ? EXIT.disk : EXIT.bug)
}
