// A node of the first lesson as a program: a key-value store in memory that is copied from a leader
// to its followers (core/replica), over HTTP. Unless it is told to keep its data, all it writes is
// a log, in ./.lictor.
import { writeSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { ListenAddress } from '../core/config/agent-config.ts'
import { EXIT } from '../core/errors.ts'
import { type LogLevel, type LogLine, showsAt } from '../core/log.ts'
import { createPrng } from '../core/prng.ts'
import { REQUEST_BYTES_MAX } from '../core/replica/http.ts'
import type { Sync } from '../core/replica/records.ts'
import { createReplica } from '../core/replica/replica.ts'
import { LICTOR_VERSION } from '../core/version.ts'
import { openDoors, selfOf } from './kvstore/doors.ts'
import { createReplicaDriver, type ReplicaDriver } from './replica/driver.ts'
import { forgetful, openKeep } from './replica/keep.ts'
import { pause, readClock, startTicking } from './runtime/clock.ts'
import { openControl } from './runtime/control.ts'
import { DiskFailure } from './runtime/disk-errors.ts'
import { drawSeed } from './runtime/entropy.ts'
import { closeDoors, closeHttp, createHttp, type Http, sweepHttp } from './runtime/http.ts'
import {
  type End,
  type OnStop,
  STOP_MS_MAX,
  startInOrder,
  watchSignals,
} from './runtime/lifecycle.ts'
import { createLog, type Log, writeLog } from './runtime/log.ts'
import { fileSink } from './runtime/log-sinks.ts'
import { createNodeCalls } from './runtime/node-calls.ts'
import { notifyDescriptor, notifySupervisor } from './runtime/notify.ts'
import { explainStart } from './start-failure.ts'

export interface KvstoreProgram {
  /** As it is typed: `kvstore`, `lictor kvstore`. */
  readonly typed: string
  readonly env: NodeJS.ProcessEnv
  /** Undefined: this node is a leader. */
  readonly leader: string | undefined
  /** `localhost` is every loopback address that there is. */
  readonly host: string
  readonly port: number
  readonly sync: Sync
  /** Where writes are kept; undefined: all is memory. */
  readonly dataDir: string | undefined
  readonly logLevel: LogLevel
  readonly socket: string | undefined
  readonly readyFd: number | undefined
}

/** Lesson daemons keep what they keep here, in the folder that they were started in. */
const STATE_DIR = '.lictor'
const LOG_FILE_BYTES = 10 << 20
const LOG_FILES_MAX = 3
const CONNECTIONS_MAX = 4_096

interface Life {
  readonly program: KvstoreProgram
  readonly log: Log
  readonly end: (end: End) => void
  readonly ended: Promise<End>
}

interface Running {
  /** `localhost:8001` */
  readonly self: string
  readonly ready: Promise<void>
}

/** Runs until it is told to end; the result is the exit code. */
export async function runKvstore(program: KvstoreProgram): Promise<number> {
  const life = createLife(program)
  try {
    return await live(life)
  } catch (error) {
    const failure = await explainStart(error, {
      typed: program.typed,
      flagOf: () => '--port',
      host: program.host,
      look: 'kvstore status',
    })
    if (failure === undefined) die(life, error)
    process.stderr.write(`${failure.message}\n`)
    return failure.exit
  }
}

function createLife(program: KvstoreProgram): Life {
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
  running.ready.then(() => tellReady(life, running)).catch((error: unknown) => die(life, error))
  await life.ended
  await Promise.race([stop(), pause(STOP_MS_MAX, undefined)])
  unwatch()
  return EXIT.ok
}

async function startParts(life: Life, onStop: OnStop): Promise<Running> {
  const { program, log } = life
  let driver: ReplicaDriver | undefined
  const early: ((driver: ReplicaDriver) => void)[] = []
  /** What comes while the doors are opened waits for the node. */
  const later = (work: (driver: ReplicaDriver) => void): void => {
    if (driver === undefined) early.push(work)
    else work(driver)
  }
  const http = createHttp({
    sink: {
      request: (request) => later((node) => node.request(request)),
      abandoned: (id) => later((node) => node.abandoned(id)),
      live: () => ({ resume: () => undefined, stop: () => undefined }), // no answer has no end
    },
    now: () => readClock().now,
    bodyBytesMax: REQUEST_BYTES_MAX,
    headerBytesMax: 0,
    connectionsMax: CONNECTIONS_MAX,
  })
  onStop(() => closeHttp(http))
  const bound = await openDoors(http, program)
  const port = bound[0]?.type === 'tcp' ? bound[0].port : program.port
  const self = selfOf(program.host, port)
  openLog(life, { port, onStop })
  const { dataDir } = program
  const keep =
    dataDir === undefined
      ? forgetful
      : await openKeep(resolve(dataDir), (line) => writeLog(log, line))
  onStop(() => keep.close())
  const calls = createNodeCalls()
  onStop(() => calls.close())
  const { leader, sync } = program
  let onReady: () => void = () => undefined
  const ready = new Promise<void>((resolve) => {
    onReady = resolve
  })
  const made = createReplicaDriver({
    node: createReplica({ self, leader, sync, prng: createPrng(drawSeed()), kept: keep.kept }),
    keep,
    http,
    calls,
    readClock,
    onReady,
    log: (line) => tell(life, line),
    onFatal: (error) => die(life, error),
  })
  driver = made
  for (const work of early) work(made)
  onStop(() => made.stop())
  onStop(
    startTicking(() => {
      sweepHttp(http, readClock().now)
      made.tick()
    }),
  )
  onStop(() => closeDoors(http))
  onStop(await nameSocket(life, http, { self, bound }))
  writeLog(log, { level: 'info', room: 'kvstore', message: 'serving', fields: { address: self } })
  made.tick()
  return { self, ready }
}

const logPath = (port: number): string => join(STATE_DIR, `kvstore-${port}.log`)

function openLog({ log }: Life, { port, onStop }: { port: number; onStop: OnStop }): void {
  const file = fileSink({
    path: logPath(port),
    rotateBytes: LOG_FILE_BYTES,
    rotateDurationMs: 0,
    rotateMaxFiles: LOG_FILES_MAX,
    wall: () => readClock().wall,
  })
  log.sinks.push(file.write)
  onStop(file.close)
}

/** What a person should see in the terminal goes there, too. */
function tell({ program, log }: Life, line: LogLine): void {
  writeLog(log, line)
  if (!showsAt(line.level, 'warn')) return
  const fields = Object.entries(line.fields ?? {}).map(([name, value]) => `${name} ${value}`)
  process.stderr.write(`${program.typed}: ${line.message} (${fields.join(', ')})\n`)
}

async function nameSocket(
  { program }: Life,
  http: Http,
  { self, bound }: { self: string; bound: readonly ListenAddress[] },
): Promise<() => void> {
  const [main] = bound
  const told = {
    kind: 'kvstore',
    name: self,
    pid: process.pid,
    startedAt: new Date().toISOString(),
    version: LICTOR_VERSION,
    addresses: { http: [self] },
    cluster: program.leader ?? self,
    cwd: process.cwd(),
    logFile: resolve(logPath(main?.type === 'tcp' ? main.port : program.port)),
  }
  const { env, socket } = program
  return (await openControl(http, { env, socket, told, main })).close
}

async function tellReady({ program, log }: Life, { self }: Running): Promise<void> {
  const { leader } = program
  const role = leader === undefined ? 'leader' : `follower of ${leader}`
  const line = `${program.typed} ready: ${role}, http ${self} (pid ${process.pid})`
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
