// What both kinds of nodes of the store are as programs: a log in ./.lictor, signals, a ready line,
// and how they end.
import { EXIT } from '../../core/errors.ts'
import type { LogLevel } from '../../core/log.ts'
import { pause, readClock } from '../runtime/clock.ts'
import {
  awaitEnd,
  dieOf,
  type End,
  type OnStop,
  STOP_MS_MAX,
  startInOrder,
  watchSignals,
} from '../runtime/lifecycle.ts'
import { createLog, type Log, writeLog } from '../runtime/log.ts'
import { fileSink } from '../runtime/log-sinks.ts'
import { notifyDescriptor, notifySupervisor } from '../runtime/notify.ts'
import { explainStart } from '../start-failure.ts'

/** What every node is told. */
export interface NodeProgram {
  /** As it is typed: `kvstore`, `lictor kvstore`. */
  readonly typed: string
  readonly env: NodeJS.ProcessEnv
  /** `localhost` is every loopback address that there is. */
  readonly host: string
  readonly port: number
  readonly logLevel: LogLevel
  readonly socket: string | undefined
  readonly readyFd: number | undefined
}

export interface Life<Program extends NodeProgram> {
  readonly program: Program
  readonly log: Log
  readonly end: (end: End) => void
  readonly ended: Promise<End>
}

export interface Parts<Program extends NodeProgram> {
  /** Starts everything; what it resolves with is the ready line, when the node is of use. */
  start(life: Life<Program>, onStop: OnStop): Promise<{ readonly ready: Promise<string> }>
  /** What shows the node that may hold our port. */
  readonly look?: string
}

/** Lesson daemons keep what they keep here, in the folder that they were started in. */
export const STATE_DIR = '.lictor'
const LOG_FILE_BYTES = 10 << 20
const LOG_FILES_MAX = 3

/** Runs until it is told to end; the result is the exit code. */
export async function runNode<Program extends NodeProgram>(
  program: Program,
  parts: Parts<Program>,
): Promise<number> {
  const life = createLife(program)
  try {
    return await live(life, parts)
  } catch (error) {
    const failure = await explainStart(error, {
      typed: program.typed,
      flagOf: () => '--port',
      host: program.host,
      called: 'node',
      ...(parts.look === undefined ? {} : { look: parts.look }),
    })
    if (failure === undefined) die(life, error)
    process.stderr.write(`${failure.message}\n`)
    return failure.exit
  }
}

function createLife<Program extends NodeProgram>(program: Program): Life<Program> {
  const log = createLog({ level: program.logLevel, json: false, wall: () => readClock().wall })
  return { program, log, ...awaitEnd() }
}

async function live<Program extends NodeProgram>(
  life: Life<Program>,
  parts: Parts<Program>,
): Promise<number> {
  process.on('uncaughtException', (error) => die(life, error))
  const { value, stop } = await startInOrder((onStop) => parts.start(life, onStop))
  const unwatch = watchSignals(
    { skipLeaveOnInterrupt: true, leaveOnTerminate: false, quitExit: EXIT.ok },
    {
      end: life.end,
      reload: () => undefined, // there is nothing that could be read again
      exitNow: (code) => process.exit(code),
      log: (line) => writeLog(life.log, line),
    },
  )
  value.ready.then((line) => tellReady(life, line)).catch((error: unknown) => die(life, error))
  await life.ended
  await Promise.race([stop(), pause(STOP_MS_MAX, undefined)])
  unwatch()
  return EXIT.ok
}

async function tellReady({ program, log }: Life<NodeProgram>, ready: string): Promise<void> {
  const line = `${program.typed} ready: ${ready} (pid ${process.pid})`
  process.stderr.write(`${line}\n`)
  if (program.readyFd !== undefined) notifyDescriptor(program.readyFd, line)
  const failed = await notifySupervisor('ready', program.env)
  if (failed === undefined) return
  writeLog(log, { level: 'warn', room: 'kvstore', message: 'not told', fields: { why: failed } })
}

/** The log goes to this file, too. */
export function openLog({ log }: Life<NodeProgram>, path: string, onStop: OnStop): void {
  const file = fileSink({
    path,
    rotateBytes: LOG_FILE_BYTES,
    rotateDurationMs: 0,
    rotateMaxFiles: LOG_FILES_MAX,
    wall: () => readClock().wall,
  })
  log.sinks.push(file.write)
  onStop(file.close)
}

/** A broken invariant or a failed disk: whatever could still be said might be false. */
export function die({ program, log }: Life<NodeProgram>, error: unknown): never {
  return dieOf(error, program.typed, (message, detail) => {
    writeLog(log, { level: 'error', room: 'kvstore', message, fields: { detail } })
  })
}
