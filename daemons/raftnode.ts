// A server of a raft cluster as a program (the second lesson): its log and its votes on disk in
// ./.lictor, peers over TCP, a control socket, and a toy state machine. What it can be asked:
// raft/control.ts.
import { timingSafeEqual } from 'node:crypto'
import { join, resolve } from 'node:path'
import { utf8 } from '../core/bytes.ts'
import { ENTRY, type Entry } from '../core/entry.ts'
import { EXIT } from '../core/errors.ts'
import { requestId } from '../core/ids.ts'
import type { LogLevel } from '../core/log.ts'
import type { RaftNote, Settings } from '../core/raft/raft.ts'
import { createToy, TOY_BYTES_MAX, type ToyResult } from '../core/raftnode/toy.ts'
import { noteText } from '../core/raftnode/trace.ts'
import type { Request, Response } from '../core/route/request.ts'
import { LICTOR_VERSION } from '../core/version.ts'
import { type Control, createControl } from './raft/control.ts'
import { openServerFolder } from './raft/folder.ts'
import { forgetfulFolder, type Home, portIn, settleHome, splitAddress } from './raft/home.ts'
import { pause, readClock } from './runtime/clock.ts'
import { openControl } from './runtime/control.ts'
import { createFeed, type Feed, publish } from './runtime/feed.ts'
import { removeFolder } from './runtime/files.ts'
import { closeHttp, createHttp, type Http, openDoor, respond, sweepHttp } from './runtime/http.ts'
import {
  awaitEnd,
  dieOf,
  type End,
  type OnStop,
  STOP_MS_MAX,
  startInOrder,
  watchSignals,
} from './runtime/lifecycle.ts'
import { createLog, type Log, writeLog } from './runtime/log.ts'
import { fileSink } from './runtime/log-sinks.ts'
import { notifyDescriptor, notifySupervisor } from './runtime/notify.ts'
import { giveUpServer } from './runtime/raft-acceptor.ts'
import { ask, type RaftDriver, startRaft, stopRaft } from './runtime/raft-driver.ts'
import { listenForPeers } from './runtime/raft-transport.ts'
import { StartRefused } from './runtime/refused.ts'
import { explainStart } from './start-failure.ts'

export interface RaftnodeProgram {
  /** As it is typed: `raftnode`, `lictor raft node`. */
  readonly typed: string
  readonly env: NodeJS.ProcessEnv
  readonly id: string
  /** As it is typed; undefined: as in the last run. */
  readonly peers: string | undefined
  /** Of this server, if it is none of the peers. */
  readonly address: string | undefined
  /** Waits to be added to a cluster instead of making one. */
  readonly join: boolean
  /** Undefined: in ./.lictor. */
  readonly dataDir: string | undefined
  /** Log and votes in a folder that goes with the process. */
  readonly ephemeral: boolean
  /** A TCP address for what the control socket can be asked, and the file with its token. */
  readonly control: string | undefined
  readonly controlToken: string | undefined
  /** A follower campaigns after this long, up to twice as long, without its leader. */
  readonly electionMs: number
  readonly snapshotEntries: number
  readonly trailingEntries: number
  readonly logLevel: LogLevel
  readonly socket: string | undefined
  readonly readyFd: number | undefined
}

/** Lesson daemons keep what they keep here, in the folder that they were started in. */
const STATE_DIR = '.lictor'
const LOG_FILE_BYTES = 10 << 20
const LOG_FILES_MAX = 3
const CONNECTIONS_MAX = 4_096
const SWEEP_MS = 1_000
/** Transitions that a trace begins with. */
const TRACED_MAX = 1_000
const COMMITS_MAX = 100
/** Each founder of a cluster waits for the one before it to have won. */
const FOUNDING_TURN_MS = 1_000

interface Life {
  readonly program: RaftnodeProgram
  readonly log: Log
  readonly trace: Feed
  /** Commits are many, and would leave no room for the rest. */
  readonly commits: Feed
  readonly end: (end: End) => void
  readonly ended: Promise<End>
}

type Driver = RaftDriver<ToyResult | undefined>

interface Running {
  readonly home: Home
  readonly driver: Driver
}

/** Runs until it is told to end; the result is the exit code. */
export async function runRaftnode(program: RaftnodeProgram): Promise<number> {
  const life = createLife(program)
  try {
    return await live(life)
  } catch (error) {
    const failure = await explainStart(error, {
      typed: program.typed,
      flagOf: () => '--peers',
      ...adviceFor(program),
    })
    if (failure === undefined) die(life, error)
    process.stderr.write(`${failure.message}\n`)
    return failure.exit
  }
}

/** A port that is taken is another's: all servers of a cluster have to be told of a new one. */
function adviceFor({ typed, id, peers, address }: RaftnodeProgram) {
  const own = address ?? peers?.split(',')[Number(id) - 1]
  const host = own?.includes(':') ? splitAddress(own).host : 'localhost'
  const elsewhere = (free: number) => `${typed} --id=${id} --peers=${host}:${free},...`
  const spokenFor = [...(peers ?? '').matchAll(/:(\d+)/g)].map(([, port]) => Number(port))
  return { host, look: 'raftctl status', called: 'node', elsewhere, spokenFor }
}

function createLife(program: RaftnodeProgram): Life {
  const log = createLog({ level: program.logLevel, json: false, wall: () => readClock().wall })
  const trace = createFeed({ topic: 'raft', node: program.id, keptMax: TRACED_MAX })
  const commits = createFeed({ topic: 'raft', node: program.id, keptMax: COMMITS_MAX })
  return { program, log, trace, commits, ...awaitEnd() }
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
  await tellReady(life, running)
  await life.ended
  await handOver(running)
  await Promise.race([stop(), pause(STOP_MS_MAX, undefined)])
  unwatch()
  return EXIT.ok
}

const stem = ({ id }: RaftnodeProgram): string => join(STATE_DIR, `raftnode-${id}`)

async function startParts(life: Life, onStop: OnStop): Promise<Running> {
  const { program, log } = life
  const dataDir = program.dataDir ?? stem(program)
  const { id, peers, address } = program
  const homeFile = `${dataDir}.json`
  const home = settleHome({ file: homeFile, id, peers, address })
  const file = fileSink({
    path: `${dataDir}.log`,
    rotateBytes: LOG_FILE_BYTES,
    rotateDurationMs: 0,
    rotateMaxFiles: LOG_FILES_MAX,
    wall: () => readClock().wall,
  })
  log.sinks.push(file.write)
  onStop(file.close)
  const server = await listenForPeers(splitAddress(home.self.address))
  onStop(() => giveUpServer(server))
  const { dir, hasLostAll } = await openServerFolder(
    {
      typed: program.typed,
      dir: folderFor(life, dataDir, onStop),
      home,
      homeFile,
      isForgetful: program.ephemeral,
      machine: toyForRecovery(),
      log,
    },
    onStop,
  )
  const toy = createToy()
  const { http, control } = openHttp(life, { toy, driver: () => driver })
  onStop(() => closeHttp(http))
  const driver: Driver = startRaft({
    self: home.self,
    server,
    settings: settingsOf(program),
    dir,
    machine: toy,
    snapshotEntries: program.snapshotEntries,
    hasLostAll,
    founders: program.join || hasLostAll ? undefined : foundersOf(home),
    firstElectionMs: home.peers.findIndex((peer) => peer.id === id) * FOUNDING_TURN_MS,
    ports: {
      outcome: control.outcome,
      note: (note) => tell(life, note),
      log: (line) => writeLog(log, line),
      fatal: (error) => die(life, error),
    },
  })
  onStop(() => stopRaft(driver))
  const sweep = setInterval(() => sweepHttp(http, readClock().now), SWEEP_MS)
  onStop(() => clearInterval(sweep))
  onStop(await nameSocket(life, http, home))
  return { home, driver }
}

function folderFor({ program, log }: Life, dataDir: string, onStop: OnStop): string {
  if (!program.ephemeral) return dataDir
  const dir = forgetfulFolder(dataDir)
  onStop(() => removeFolder(dir))
  const message = '--ephemeral: this server forgets its log and its votes at its end'
  process.stderr.write(
    `${program.typed}: ${message}\n` +
      '  started again it does not vote before the others have given it everything\n',
  )
  writeLog(log, { level: 'warn', room: 'raft', message })
  return dir
}

/** What is no command does not concern it. */
function toyForRecovery() {
  const toy = createToy()
  const apply = (entry: Entry) => {
    if (entry.type === ENTRY.command) toy.apply(entry)
  }
  return { ...toy, apply }
}

const foundersOf = ({ peers }: Home) => ({
  servers: peers.map(({ id, address }) => ({ id, address, suffrage: 'voter' }) as const),
})

/** The largest of what a message carries, and how many of them are on their way to one follower. */
const APPEND_ENTRIES_MAX = 512
const APPEND_BYTES_MAX = 1 << 20
const INFLIGHT_MAX = 2
const COMMIT_MS = 50
/** A busy machine is no dead leader; a frozen one is found within a second all the same. */
const PATIENCE = { factor: 5, mostMs: 400 }

/** One number decides: what is shorter follows from it. */
const settingsOf = ({ electionMs, trailingEntries }: RaftnodeProgram): Settings => ({
  heartbeatMs: electionMs,
  electionMs,
  leaseMs: electionMs,
  commitMs: COMMIT_MS,
  appendEntriesMax: APPEND_ENTRIES_MAX,
  appendBytesMax: APPEND_BYTES_MAX,
  inflightMax: INFLIGHT_MAX,
  trailingEntries,
  leaseDrift: undefined,
  patience: PATIENCE,
})

/** To the trace, and to the log: what happens all the time is for those who want everything. */
function tell({ trace, commits, log }: Life, note: RaftNote): void {
  const text = noteText(note)
  publish(note.what === 'commit' ? commits : trace, { ...note, text })
  const level = note.what === 'commit' ? 'debug' : 'info'
  writeLog(log, { level, room: 'raft', message: text })
}

function openHttp(
  life: Life,
  { toy, driver }: { toy: ReturnType<typeof createToy>; driver: () => Driver },
): { http: Http; control: Control } {
  const control = createControl({
    driver,
    toy,
    log: life.log,
    trace: life.trace,
    commits: life.commits,
    respond: (id, response) => respond(http, requestId(id), response),
  })
  const http: Http = createHttp({
    sink: {
      request: control.request,
      abandoned: () => undefined, // a command that is in the log stays there
      live: control.live,
    },
    now: () => readClock().now,
    bodyBytesMax: TOY_BYTES_MAX,
    headerBytesMax: 0,
    connectionsMax: CONNECTIONS_MAX,
  })
  return { http, control }
}

async function nameSocket(life: Life, http: Http, { self, peers }: Home): Promise<() => void> {
  const { program } = life
  const told = {
    kind: 'raftnode',
    name: self.id,
    pid: process.pid,
    startedAt: new Date().toISOString(),
    version: LICTOR_VERSION,
    addresses: { raft: [self.address], ...(await openControlPort(life, http)) },
    cluster: peers.map(({ address }) => address).join(','),
    cwd: process.cwd(),
    logFile: resolve(`${program.dataDir ?? stem(program)}.log`),
  }
  const { host, port } = splitAddress(self.address)
  const main = { type: 'tcp', host: host === 'localhost' ? '127.0.0.1' : host, port } as const
  const control = await openControl(http, {
    env: program.env,
    socket: program.socket,
    told,
    main,
  })
  return control.close
}

/** What the control socket can be asked, over TCP: only with the token. */
async function openControlPort(
  { program }: Life,
  http: Http,
): Promise<{ control?: readonly string[] }> {
  const { control, controlToken } = program
  if (control === undefined || controlToken === undefined) return {}
  if (portIn(control) === undefined)
    throw new StartRefused(`--control: ${JSON.stringify(control)} is no HOST:PORT`)
  const address = { type: 'tcp', ...splitAddress(control) } as const
  const ownAnswer = (request: Request) => refuseStranger(request, controlToken)
  const bound = await openDoor(http, { address, ownAnswer })
  return { control: bound.type === 'tcp' ? [`${bound.host}:${bound.port}`] : [] }
}

const STRANGER: Response = {
  status: 403,
  headers: ['Content-Type', 'application/json'],
  body: '{"error":{"code":"forbidden","message":"the header X-Consul-Token has no valid token"}}\n',
}

function refuseStranger(request: Request, token: string): Response | undefined {
  const given = utf8(request.header('x-consul-token') ?? '')
  const wanted = utf8(token)
  const isKnown = given.length === wanted.length && timingSafeEqual(given, wanted)
  return isKnown ? undefined : STRANGER
}

async function tellReady({ program, log }: Life, { home }: Running): Promise<void> {
  const { id, address } = home.self
  const line = `${program.typed} ready: node ${id} at ${address} (pid ${process.pid})`
  process.stderr.write(`${line}\n`)
  writeLog(log, { level: 'info', room: 'raft', message: 'ready' })
  if (program.readyFd !== undefined) notifyDescriptor(program.readyFd, line)
  const failed = await notifySupervisor('ready', program.env)
  if (failed !== undefined)
    writeLog(log, { level: 'warn', room: 'raft', message: 'not told', fields: { why: failed } })
}

/** A leader that is told to end lets another lead first: that takes one round trip. */
async function handOver({ driver }: Running): Promise<void> {
  const { raft } = driver.replicated
  if (raft.role.type !== 'leader') return
  ask(driver, { type: 'transfer', ticket: NOBODY, to: undefined })
  for (let waited = 0; waited < raft.settings.electionMs; waited += HAND_OVER_POLL_MS) {
    if (driver.replicated.raft.role.type !== 'leader') return
    await pause(HAND_OVER_POLL_MS, undefined)
  }
}

/** Of a request that nobody waits for. */
const NOBODY = 0
const HAND_OVER_POLL_MS = 5

/** A broken invariant or a failed disk: whatever could still be said might be false. */
function die({ program, log }: Life, error: unknown): never {
  return dieOf(error, program.typed, (message, detail) => {
    writeLog(log, { level: 'error', room: 'raft', message, fields: { detail } })
  })
}
