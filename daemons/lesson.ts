// A lesson daemon as a program: its state lies in `./.lictor`, its log in a file there; one line on
// standard error says when it is ready, nothing is printed on standard output. What it does is a
// list of parts that its own file starts.
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import type { ListenAddress } from '../core/config/agent-config.ts'
import { EXIT } from '../core/errors.ts'
import { LICTOR_VERSION } from '../core/version.ts'
import { pause, readClock } from './runtime/clock.ts'
import { openControl } from './runtime/control.ts'
import type { Http } from './runtime/http.ts'
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

export interface LessonProgram {
  /** As it is typed: `registry`, `lictor registry`. */
  readonly typed: string
  readonly env: NodeJS.ProcessEnv
  /** A file descriptor on which a line is awaited when the daemon is ready. */
  readonly readyFd?: number | undefined
  /** The path of the control socket, instead of one in the runtime folder. */
  readonly socket?: string | undefined
}

export interface Lesson {
  /** `registry` */
  readonly kind: string
  /** As asked for: what tells several of a kind apart. */
  readonly port: number
  /** What it is to a person: `DNS server`. */
  readonly called: string
}

/** What a lesson has to know to start its parts. */
export interface Stage {
  readonly log: Log
  /** A folder of its own. */
  readonly dir: string
  readonly onStop: OnStop
  end(end: End): void
  fatal(error: unknown): void
}

/** What stands when the parts are started. */
export interface Standing {
  /** Answers on the control socket. */
  readonly http: Http
  /** By protocol: `{ http: [...] }`. */
  readonly addresses: Readonly<Record<string, readonly ListenAddress[]>>
  readonly cluster: string
}

/** A log of a lesson is for looking at, not for keeping. */
const LOG_BYTES_MAX = 16 << 20
const LOG_FILES_MAX = 4

interface Life extends LessonProgram {
  readonly lesson: Lesson
  readonly log: Log
  readonly dir: string
  readonly startedAt: number
  readonly end: (end: End) => void
  readonly ended: Promise<End>
}

/** Where a lesson daemon keeps its state: below the folder that it was started in. */
export const stateDirOf = ({ kind, port }: Pick<Lesson, 'kind' | 'port'>): string =>
  join('.lictor', `${kind}-${port}`)

/** Runs until it is told to end. The result is the exit code. */
export async function runLesson(
  program: LessonProgram,
  lesson: Lesson,
  start: (stage: Stage) => Promise<Standing>,
): Promise<number> {
  const life = createLife(program, lesson)
  try {
    return await live(life, start)
  } catch (error) {
    const how = { typed: program.typed, flagOf: () => '--port', called: lesson.called }
    const failure = await explainStart(error, how)
    if (failure === undefined) die(life, error)
    process.stderr.write(`${failure.message}\n`)
    return failure.exit
  }
}

function createLife(program: LessonProgram, lesson: Lesson): Life {
  const log = createLog({ level: 'info', json: false, wall: () => readClock().wall })
  const dir = stateDirOf(lesson)
  return { ...program, lesson, log, dir, startedAt: Date.now(), ...awaitEnd() }
}

async function live(life: Life, start: (stage: Stage) => Promise<Standing>): Promise<number> {
  const { log, end } = life
  const fatal = (error: unknown) => die(life, error)
  process.on('uncaughtException', fatal)
  const stopSignals = watchSignals(
    { skipLeaveOnInterrupt: true, leaveOnTerminate: false, quitExit: EXIT.ok },
    { end, reload: () => undefined, exitNow: process.exit, log: (line) => writeLog(log, line) },
  )
  const { value, stop } = await startInOrder(async (onStop) => {
    onStop(openLogFile(life))
    const standing = await start({ log, dir: life.dir, onStop, end, fatal })
    onStop(await startControl(life, standing))
    return standing
  })
  await tellReady(life, value)
  const ending = await life.ended
  const code = await stopWithin(life, stop, ending)
  stopSignals()
  return code
}

function openLogFile({ log, dir, lesson }: Life): () => void {
  const sink = fileSink({
    path: join(dir, `${lesson.kind}.log`),
    rotateBytes: LOG_BYTES_MAX,
    rotateDurationMs: 0,
    rotateMaxFiles: LOG_FILES_MAX,
    wall: () => readClock().wall,
  })
  log.sinks.push(sink.write)
  return sink.close
}

/** Only a socket that was asked for by name must be there. */
async function startControl(life: Life, { http, addresses, cluster }: Standing) {
  const { lesson, env, socket } = life
  const main = Object.values(addresses).flat()[0]
  const told = {
    kind: lesson.kind,
    name: lesson.kind,
    pid: process.pid,
    startedAt: new Date(life.startedAt).toISOString(),
    version: LICTOR_VERSION,
    addresses: Object.fromEntries(
      Object.entries(addresses).map(([name, list]) => [name, list.map(showAddress)]),
    ),
    cluster,
    cwd: process.cwd(),
    logFile: join(process.cwd(), life.dir, `${lesson.kind}.log`),
  }
  try {
    return (await openControl(http, { env, socket, told, main })).close
  } catch (error) {
    if (!(error instanceof StartRefused) || socket !== undefined) throw error
    const fields = { why: error.message }
    writeLog(life.log, { level: 'warn', room: lesson.kind, message: 'no control socket', fields })
    return () => undefined
  }
}

const showAddress = (address: ListenAddress): string => {
  if (address.type === 'unix') return `unix://${address.path}`
  const host = address.host.includes(':') ? `[${address.host}]` : address.host
  return `${host}:${address.port}`
}

async function tellReady(life: Life, { addresses }: Standing): Promise<void> {
  const { typed, readyFd, env } = life
  const shown = Object.entries(addresses).flatMap(([name, list]) =>
    list.map((address) => `${name} ${showAddress(address)}`),
  )
  const line = `${typed} ready: ${shown.join(', ')} (pid ${process.pid})`
  process.stderr.write(`${line}\n`)
  if (readyFd !== undefined) notifyDescriptor(readyFd, line)
  await notifySupervisor('ready', env)
}

async function stopWithin(life: Life, stop: () => Promise<void>, end: End): Promise<number> {
  const late = Symbol('late')
  const first = await Promise.race([stop(), pause(STOP_MS_MAX, late)])
  if (first !== late) return end.type === 'leave' ? EXIT.ok : end.exit
  process.stderr.write(`${life.typed}: not stopped within ${STOP_MS_MAX} ms\n`)
  process.exit(EXIT.no)
}

/** A bug of ours, or a disk that failed: nothing more is said that might be false. */
function die({ typed }: LessonProgram, error: unknown): never {
  return dieOf(error, typed, () => undefined)
}

/** Where `localhost` leads on this machine. */
export function loopback(): readonly string[] {
  const own = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
  return ['127.0.0.1', ...(own.some(({ address }) => address === '::1') ? ['::1'] : [])]
}
