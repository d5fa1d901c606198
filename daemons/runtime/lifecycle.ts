// The life of a daemon: its parts start in the order of a list and stop in reverse. The first that
// fails stops the rest and decides the exit code. Signals ask for an end; the second asks for it at
// once.
import { writeSync } from 'node:fs'
import { EXIT } from '../../core/errors.ts'
import type { LogLine } from '../../core/log.ts'
import { DiskFailure } from './disk-errors.ts'

/** A clean stop that takes longer is cut off, as Consul's leave is. */
export const STOP_MS_MAX = 15_000

/** Called by a daemon right after it has started something: how that is stopped. */
export type OnStop = (stop: () => Promise<void> | void) => void

export interface Started<T> {
  readonly value: T
  /** Stops everything, the last started first. */
  readonly stop: () => Promise<void>
}

/**
 * Runs a list of starts. If one fails, what was started before it is stopped, and its error is
 * thrown.
 */
export async function startInOrder<T>(start: (onStop: OnStop) => Promise<T>): Promise<Started<T>> {
  const stops: (() => Promise<void> | void)[] = []
  const stop = () => stopInReverse(stops)
  try {
    return { value: await start((next) => stops.push(next)), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Every part is stopped, even behind one that fails; the first error is thrown at the end. */
async function stopInReverse(stops: (() => Promise<void> | void)[]): Promise<void> {
  const errors: unknown[] = []
  for (let next = stops.pop(); next !== undefined; next = stops.pop()) {
    try {
      await next()
    } catch (error) {
      errors.push(error)
    }
  }
  if (errors.length > 0) throw errors[0]
}

/** Why a daemon ends. */
export type End =
  /** In order: everybody is told, and everything is finished first. */
  | { readonly type: 'leave'; readonly why: string }
  /** Now, without leaving. */
  | { readonly type: 'quit'; readonly why: string; readonly exit: number }

/** Comes when somebody has asked for an end: the first who asks says how. */
export function awaitEnd(): { readonly end: (end: End) => void; readonly ended: Promise<End> } {
  let end: (end: End) => void = () => undefined
  const ended = new Promise<End>((resolve) => {
    end = resolve
  })
  return { end, ended }
}

/**
 * A broken invariant or a failed disk: whatever could still be said might be false. `keep` puts it
 * into the log; the terminal is told after it.
 */
export function dieOf(
  error: unknown,
  typed: string,
  keep: (what: string, detail: string) => void,
): never {
  const isDisk = error instanceof DiskFailure
  const what = isDisk ? 'the disk failed' : 'a bug: please report it'
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error)
  keep(what, detail)
  writeSync(2, `${typed}: ${what}\n${detail}\n`)
  process.exit(isDisk ? EXIT.disk : EXIT.bug)
}

export interface SignalRules {
  /**
   * As Consul: an interrupt leaves in order unless told to skip that; a termination only if told
   * so.
   */
  readonly skipLeaveOnInterrupt: boolean
  readonly leaveOnTerminate: boolean
  /** What an end without leaving answers. */
  readonly quitExit: number
}

export interface SignalTargets {
  end(end: End): void
  reload(): void
  /** The second wish to end: nothing is waited for. */
  exitNow(code: number): void
  log(line: LogLine): void
}

/**
 * Listens to the signals until the returned function is called. SIGPIPE is ignored by Node itself.
 */
export function watchSignals(rules: SignalRules, targets: SignalTargets): () => void {
  let isEnding = false
  const onEnd = (signal: NodeJS.Signals) => {
    targets.log({ level: 'info', room: 'agent', message: 'caught signal', fields: { signal } })
    if (isEnding) {
      targets.exitNow(1)
      return
    }
    isEnding = true
    const leaves = signal === 'SIGINT' ? !rules.skipLeaveOnInterrupt : rules.leaveOnTerminate
    targets.end(
      leaves ? { type: 'leave', why: signal } : { type: 'quit', why: signal, exit: rules.quitExit },
    )
  }
  const onReload = () => targets.reload()
  process.on('SIGINT', onEnd)
  process.on('SIGTERM', onEnd)
  process.on('SIGHUP', onReload)
  return () => {
    process.off('SIGINT', onEnd)
    process.off('SIGTERM', onEnd)
    process.off('SIGHUP', onReload)
  }
}
