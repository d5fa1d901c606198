// A member of a gossip pool as a program (the third lesson): sockets, control socket, state in
// ./.lictor, signals, exit codes. What it answers is in swim/control.ts, what it keeps in
// swim/memory.ts.
//
// As Serf's agent: SIGINT leaves the pool politely; SIGTERM ends at once, and the others find out.
import { join, resolve } from 'node:path'
import { equalBytes } from '../core/bytes.ts'
import { EXIT } from '../core/errors.ts'
import type { LogLevel } from '../core/log.ts'
import { nameFault } from '../core/names.ts'
import type { SwimNote } from '../core/swim/effects.ts'
import { addressText } from '../core/swim/member.ts'
import { leave } from '../core/swim/server.ts'
import { PROFILES, type ProfileName } from '../core/swim/settings.ts'
import { LICTOR_VERSION } from '../core/version.ts'
import { type Pool, startPool } from './pool.ts'
import { pause, readClock } from './runtime/clock.ts'
import { openControl } from './runtime/control.ts'
import { closeHttp, createHttp, type Http, respond, sweepHttp } from './runtime/http.ts'
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
import { StartRefused } from './runtime/refused.ts'
import { explainStart } from './start-failure.ts'
import { advertisedIp, isPrivate } from './swim/advertise.ts'
import { createControl } from './swim/control.ts'
import { type EventHandler, parseHandler } from './swim/handlers.ts'
import { keyOf, type Memory, openMemory } from './swim/memory.ts'
import { createNode, joinFrom, performOn, type SwimNode } from './swim/node.ts'
import { type HostPort, resolveAddresses } from './swim/resolve.ts'

export interface SwimnodeProgram {
  /** As it is typed: `swimnode`, `lictor swim node`. */
  readonly typed: string
  readonly env: NodeJS.ProcessEnv
  readonly name: string
  readonly bind: HostPort
  /** What others are told; undefined: it is found out. */
  readonly advertise: string | undefined
  readonly join: readonly string[]
  readonly tags: readonly (readonly [string, string])[]
  /** In base64; undefined: no encryption. */
  readonly encrypt: string | undefined
  readonly label: string
  readonly profile: ProfileName
  readonly isCompressed: boolean
  readonly handlers: readonly string[]
  /** Nothing is written, nothing is remembered. */
  readonly ephemeral: boolean
  /** Joins again although it has left. */
  readonly rejoin: boolean
  readonly logLevel: LogLevel
  readonly socket: string | undefined
  readonly readyFd: number | undefined
}

/** Lesson daemons keep what they keep here, in the folder that they were started in. */
const STATE_DIR = '.lictor'
const LOG_FILE_BYTES = 10 << 20
const LOG_FILES_MAX = 3
const BODY_BYTES_MAX = 1 << 20
const CONNECTIONS_MAX = 1_024

interface Life {
  readonly program: SwimnodeProgram
  readonly log: Log
  /** Of the files of this member: `swimnode-7001`. */
  readonly stem: string
  /** The addresses of members of our own name that the terminal was told of. */
  readonly namesakes: Set<string>
  readonly end: (end: End) => void
  readonly ended: Promise<End>
}

interface Running {
  readonly node: SwimNode
  readonly pool: Pool
}

/** Runs until it is told to end; the result is the exit code. */
export async function runSwimnode(program: SwimnodeProgram): Promise<number> {
  const life = createLife(program)
  try {
    return await live(life)
  } catch (error) {
    const how = { typed: program.typed, flagOf: () => '--port', called: 'member' }
    const failure = await explainStart(error, how)
    if (failure === undefined) die(life, error)
    process.stderr.write(`${failure.message}\n`)
    return failure.exit
  }
}

function createLife(program: SwimnodeProgram): Life {
  const { bind, name, logLevel } = program
  const log = createLog({ level: logLevel, json: false, wall: () => readClock().wall })
  const stem = `swimnode-${bind.port === 0 ? name : bind.port}`
  return { program, log, stem, namesakes: new Set(), ...awaitEnd() }
}

async function live(life: Life): Promise<number> {
  process.on('uncaughtException', (error) => die(life, error))
  const { value: running, stop } = await startInOrder((onStop) => startParts(life, onStop))
  const unwatch = watchSignals(
    { skipLeaveOnInterrupt: false, leaveOnTerminate: false, quitExit: EXIT.ok },
    {
      end: life.end,
      reload: () => undefined, // there is nothing that could be read again
      exitNow: (code) => process.exit(code),
      log: (line) => writeLog(life.log, line),
    },
  )
  await tellReady(life, running)
  joinOthers(life, running)
  const end = await life.ended
  if (end.type === 'leave' && end.why === 'SIGINT') await leavePool(running)
  await Promise.race([stop(), pause(STOP_MS_MAX, undefined)])
  unwatch()
  return end.type === 'leave' ? EXIT.ok : end.exit
}

async function startParts(life: Life, onStop: OnStop): Promise<Running> {
  const { program } = life
  const fault = nameFault(program.name)
  if (fault !== undefined) throw new StartRefused(`--name=${program.name}: ${fault}`)
  const handlers = program.handlers.flatMap(readHandler)
  const memory = program.ephemeral ? undefined : openState(life, onStop)
  const node = createNode({
    name: program.name,
    log: life.log,
    memory,
    handlers: { all: handlers, running: 0 },
    onNameLost: () => loseName(life),
  })
  const pool = await openPool(life, node)
  onStop(() => pool.close())
  const { http, close } = openHttp(life, node)
  onStop(close)
  onStop(await nameSocket(life, http, { node, pool }))
  return { node, pool }
}

function readHandler(text: string): readonly EventHandler[] {
  const handlers = parseHandler(text)
  if (handlers !== undefined) return handlers
  throw new StartRefused(
    `--event-handler=${text}: TYPE=SCRIPT, user:NAME=SCRIPT, query:NAME=SCRIPT`,
  )
}

const logPath = ({ stem }: Life): string => resolve(STATE_DIR, `${stem}.log`)

function openState(life: Life, onStop: OnStop): Memory {
  const { log, stem } = life
  const memory = openMemory({
    dir: STATE_DIR,
    stem,
    onFailed: (what, why) =>
      writeLog(log, { level: 'error', room: 'swim', message: 'not kept', fields: { what, why } }),
  })
  const file = fileSink({
    path: join(STATE_DIR, `${stem}.log`),
    rotateBytes: LOG_FILE_BYTES,
    rotateDurationMs: 0,
    rotateMaxFiles: LOG_FILES_MAX,
    wall: () => readClock().wall,
  })
  log.sinks.push(file.write)
  onStop(file.close)
  return memory
}

async function openPool(life: Life, node: SwimNode): Promise<Pool> {
  const { program } = life
  const bind = { ip: program.bind.host, port: program.bind.port }
  const chosen = advertisedIp(bind.ip)
  const ip = program.advertise ?? chosen.ip
  if (program.advertise === undefined && chosen.note !== undefined) warn(life, chosen.note)
  const keys = ringOf(life, node.memory?.keys)
  if (keys.length === 0 && !isPrivate(ip) && !ip.startsWith('127.') && ip !== '::1')
    warn(life, `${ip} is a public address, and the pool is not encrypted: --encrypt`)
  const pool = await startPool({
    name: program.name,
    bind,
    advertise: { ip, port: bind.port },
    tags: new Map(program.tags),
    settings: PROFILES[program.profile],
    keys,
    label: program.label,
    isCompressed: program.isCompressed,
    ...(node.memory?.remembered === undefined ? {} : { remembered: node.memory.remembered }),
    onEffect: (effect) => {
      if (effect.type === 'note') tellTerminal(life, effect.note)
      performOn(node, effect)
    },
  })
  node.pool = pool
  if (keys.length > 0) node.memory?.keepKeys(keys)
  return pool
}

/** A member that says it is ready, and is not in the pool it shall be in, says why. */
function tellTerminal(life: Life, note: SwimNote): void {
  if (note.what === 'join-again') tellAlone(life, note)
  if (note.what === 'conflict' && note.node === life.program.name) tellNamesake(life, note.address)
}

function tellAlone({ program }: Life, { failures }: { failures: readonly string[] }): void {
  const why = failures.join('; ') || 'it was only told of itself'
  const what = `nobody took ${program.name} in yet, trying again`
  process.stderr.write(`${program.typed}: ${what}: ${why}\n`)
}

/** Once for each: the others go on claiming the name, and each claim is a line of the log. */
function tellNamesake({ program, namesakes }: Life, address: string): void {
  if (namesakes.has(address)) return
  namesakes.add(address)
  const what = `another member at ${address} is called ${program.name}, too`
  const next = 'stop one of them, and give it another --name'
  process.stderr.write(`${program.typed}: ${what}\n  next: ${next}\n`)
}

/** The ring of the last run is younger than the key on the command line: keys are rotated. */
function ringOf(life: Life, kept: readonly Uint8Array[] | undefined): readonly Uint8Array[] {
  const { encrypt } = life.program
  if (encrypt === undefined) return kept ?? []
  const key = readKey(encrypt)
  if (kept === undefined) return [key]
  const isKnown = kept.some((one) => equalBytes(one, key))
  if (!isKnown)
    warn(life, `--encrypt is not on the ring in ${STATE_DIR}/${life.stem}.keyring, which counts`)
  return kept
}

function readKey(text: string): Uint8Array {
  try {
    return keyOf(text)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new StartRefused(`--encrypt: ${error.message}`, { cause: error })
  }
}

function warn({ program, log }: Life, text: string): void {
  process.stderr.write(`${program.typed}: ${text}\n`)
  writeLog(log, { level: 'warn', room: 'swim', message: text })
}

function openHttp(life: Life, node: SwimNode): { http: Http; close: () => Promise<void> } {
  const control = createControl({
    node,
    onLeft: () => life.end({ type: 'leave', why: 'asked over the control socket' }),
  })
  const http = createHttp({
    sink: {
      request: (request) =>
        control.request(request, (response) => respond(http, request.id, response)),
      abandoned: () => undefined,
      live: control.live,
    },
    now: () => readClock().now,
    bodyBytesMax: BODY_BYTES_MAX,
    headerBytesMax: 0,
    connectionsMax: CONNECTIONS_MAX,
  })
  const sweep = setInterval(() => sweepHttp(http, readClock().now), SWEEP_MS)
  return {
    http,
    close: () => {
      clearInterval(sweep)
      return closeHttp(http)
    },
  }
}

const SWEEP_MS = 1_000

async function nameSocket(life: Life, http: Http, { node, pool }: Running): Promise<() => void> {
  const { program } = life
  const { host } = program.bind
  const told = {
    kind: 'swimnode',
    name: node.name,
    pid: process.pid,
    startedAt: new Date().toISOString(),
    version: LICTOR_VERSION,
    addresses: {
      gossip: [addressText({ ip: host, port: pool.address.port })],
      advertised: [addressText(pool.address)],
    },
    cluster: program.label === '' ? 'gossip' : program.label,
    cwd: process.cwd(),
    ...(program.ephemeral ? {} : { logFile: logPath(life) }),
  }
  const isAny = host === '0.0.0.0' || host === '::'
  const main = { type: 'tcp', host: isAny ? '127.0.0.1' : host, port: pool.address.port } as const
  const control = await openControl(http, {
    env: program.env,
    socket: program.socket,
    told,
    main,
  })
  return control.close
}

async function tellReady({ program, log }: Life, { node, pool }: Running): Promise<void> {
  const where = `${node.name} at ${addressText(pool.address)}`
  const line = `${program.typed} ready: ${where} (pid ${process.pid})`
  process.stderr.write(`${line}\n`)
  writeLog(log, { level: 'info', room: 'swim', message: 'ready' })
  if (program.readyFd !== undefined) notifyDescriptor(program.readyFd, line)
  const failed = await notifySupervisor('ready', program.env)
  if (failed !== undefined)
    writeLog(log, { level: 'warn', room: 'swim', message: 'not told', fields: { why: failed } })
}

/** Those who were named, until one answers; and those whom the last run knew, once each. */
function joinOthers(life: Life, { node }: Running): void {
  const { join: named, rejoin } = life.program
  const remembered = node.memory?.remembered
  if (named.length > 0) joinNamed(life, node)
  if (remembered === undefined || (remembered.hasLeft && !rejoin)) return
  const others = remembered.alive.filter(({ name }) => name !== node.name)
  const addresses = others.map(({ address }) => address)
  if (addresses.length === 0) return
  const order = { addresses, mode: 'first', ignoresOldEvents: true, forever: false } as const
  joinFrom(node, order).then(({ reached, failures }) =>
    say(life, reached > 0 ? 'info' : 'warn', { message: 'rejoined', reached, failures }),
  )
}

const RESOLVE_AGAIN_MS = 1_000

/** Names are looked up until there is an address; then the machine goes on trying. */
async function joinNamed(life: Life, node: SwimNode): Promise<void> {
  for (;;) {
    const { addresses, failures } = await resolveAddresses(life.program.join)
    if (failures.length > 0) say(life, 'warn', { message: 'not found', reached: 0, failures })
    if (addresses.length > 0) {
      const order = { addresses, mode: 'all', ignoresOldEvents: false, forever: true } as const
      const joined = await joinFrom(node, order)
      say(life, 'info', { message: 'joined', ...joined })
      return
    }
    await pause(RESOLVE_AGAIN_MS, undefined)
  }
}

function say(
  { log }: Life,
  level: LogLevel,
  told: { message: string; reached: number; failures: readonly string[] },
): void {
  const fields = { reached: told.reached, failures: told.failures.join('; ') }
  writeLog(log, { level, room: 'swim', message: told.message, fields })
}

function leavePool({ node, pool }: Running): Promise<void> {
  return new Promise((resolve) => {
    node.onLeft.push(resolve)
    pool.act(leave)
  })
}

function loseName(life: Life): void {
  warn(life, `another member is called ${life.program.name}, and most of the pool knows that one`)
  life.end({ type: 'quit', why: 'name lost', exit: EXIT.no })
}

/** A broken invariant: whatever could still be said might be false, so nothing more is said. */
function die({ program, log }: Life, error: unknown): never {
  return dieOf(error, program.typed, (_, detail) => {
    writeLog(log, { level: 'error', room: 'swim', message: 'a bug', fields: { detail } })
  })
}
