// A node of the store that several nodes agree on (kvstore --engine=raft): core/kvnode before and
// behind the log of runtime/raft-driver.ts, over HTTP. Log and snapshots are in ./.lictor.
//
// A node is named by its HTTP address, so that whoever knows the leader knows where it is asked;
// raft's own connections come to a port beside that one.
import { join, resolve } from 'node:path'
import type { AgentConfig, ListenAddress } from '../core/config/agent-config.ts'
import { requestId } from '../core/ids.ts'
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
import { createPrng } from '../core/prng.ts'
import type { Configuration, Peer } from '../core/raft/messages.ts'
import type { RaftNote, Settings } from '../core/raft/raft.ts'
import { noteText } from '../core/raftnode/trace.ts'
import { LICTOR_VERSION } from '../core/version.ts'
import { openDoors, selfOf } from './kvstore/doors.ts'
import { die, type Life, type NodeProgram, openLog, runNode, STATE_DIR } from './kvstore/life.ts'
import { openServerFolder } from './raft/folder.ts'
import { isKept, splitAddress } from './raft/home.ts'
import { pause, readClock, startTicking } from './runtime/clock.ts'
import { loadConfig } from './runtime/config.ts'
import { openControl } from './runtime/control.ts'
import { createEntropy, drawSeed } from './runtime/entropy.ts'
import { closeDoors, closeHttp, createHttp, type Http, respond, sweepHttp } from './runtime/http.ts'
import type { OnStop } from './runtime/lifecycle.ts'
import { writeLog } from './runtime/log.ts'
import { createNodeCalls, type NodeCalls } from './runtime/node-calls.ts'
import { giveUpServer } from './runtime/raft-acceptor.ts'
import { ask, propose, type RaftDriver, startRaft, stopRaft } from './runtime/raft-driver.ts'
import { listenForPeers } from './runtime/raft-transport.ts'
import { createRecoveredState } from './runtime/recovered-state.ts'
import { StartRefused } from './runtime/refused.ts'

export interface KvstoreRaftProgram extends NodeProgram {
  /** HTTP addresses of all nodes, this one among them; empty: it is alone. */
  readonly peers: readonly string[]
}

/** Raft's connections come to the port of HTTP and this. */
const RAFT_PORT_OFFSET = 1_000
const RAFT_PORT_MAX = 65_535
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
export const runKvstoreRaft = (program: KvstoreRaftProgram): Promise<number> =>
  runNode(program, {
    start: async (life, onStop) => {
      const running = await startParts(life, onStop)
      return { ready: readyOf(running) }
    },
  })

async function startParts(life: Life<KvstoreRaftProgram>, onStop: OnStop): Promise<Running> {
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
  const founders = foundersOf(program.peers, self)
  const dataDir = join(STATE_DIR, `kvstore-${port}`)
  openLog(life, `${dataDir}.log`, onStop)
  const server = await listenForPeers(splitAddress(self.address))
  onStop(() => giveUpServer(server))
  const homeFile = `${dataDir}.json`
  const { dir, hasLostAll } = await openServerFolder(
    {
      typed: program.typed,
      dir: dataDir,
      home: { self, peers: founders.servers, isKnown: isKept(homeFile) },
      homeFile,
      isForgetful: false,
      machine: createRecoveredState(),
      log,
    },
    onStop,
  )
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
  const driver: Driver = startRaft({
    self,
    server,
    settings: SETTINGS,
    dir,
    machine: machineOf(node, () => running),
    snapshotEntries: SNAPSHOT_ENTRIES,
    hasLostAll,
    founders: hasLostAll ? undefined : founders,
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
  if (port > RAFT_PORT_MAX - RAFT_PORT_OFFSET) {
    const most = RAFT_PORT_MAX - RAFT_PORT_OFFSET
    throw new StartRefused(`${id}: nodes speak raft on their port + 1000, so ${most} at most`)
  }
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

function tell({ log }: Life<KvstoreRaftProgram>, note: RaftNote): void {
  const level = note.what === 'commit' ? 'debug' : 'info'
  writeLog(log, { level, room: 'raft', message: noteText(note) })
}

async function nameSocket(
  { program }: Life<KvstoreRaftProgram>,
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

/** The ready line, as soon as somebody leads. */
async function readyOf({ self, driver }: Running): Promise<string> {
  while (driver.state !== 'stopped' && driver.replicated.raft.leader === undefined) {
    await pause(READY_POLL_MS, undefined)
  }
  return `by raft, http ${self.id}`
}
