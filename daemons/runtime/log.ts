// Log lines as text or JSON: to the standard output, to a file that is changed for a new one in
// time, and to whoever watches through `monitor`. Writing a log never fails its writer: what cannot
// be written is counted and told later.
import { assert } from '../../core/assert.ts'
import {
  formatLogJson,
  formatLogText,
  type LogLevel,
  type LogLine,
  showsAt,
} from '../../core/log.ts'
import type { LiveBody } from '../../core/route/request.ts'
import type { LiveFeed } from './http.ts'

/** Lines kept for a watcher that does not keep up; more are dropped, counted and told. */
export const WATCHED_LINES_MAX = 512

/** Takes whole lines, each with its end. */
export type LogSink = (text: string, level: LogLevel) => void

export interface Log {
  level: LogLevel
  readonly json: boolean
  readonly sinks: LogSink[]
  readonly watchers: Set<Watcher>
  readonly wall: () => number
}

export interface LogOptions {
  readonly level: LogLevel
  readonly json: boolean
  readonly wall: () => number
}

export const createLog = ({ level, json, wall }: LogOptions): Log => ({
  level,
  json,
  sinks: [],
  watchers: new Set(),
  wall,
})

export function writeLog(log: Log, line: LogLine): void {
  const isShown = log.sinks.length > 0 && showsAt(line.level, log.level)
  if (!isShown && log.watchers.size === 0) return
  const time = new Date(log.wall()).toISOString()
  if (isShown) {
    const text = print(line, time, log.json)
    for (const sink of log.sinks) sink(text, line.level)
  }
  for (const watcher of log.watchers) {
    if (showsAt(line.level, watcher.level)) tell(watcher, print(line, time, watcher.json))
  }
}

/** Whether anybody reads lines of a level: for those that would be made for each request. */
export function isHeard(log: Log, level: LogLevel): boolean {
  if (log.sinks.length > 0 && showsAt(level, log.level)) return true
  for (const watcher of log.watchers) if (showsAt(level, watcher.level)) return true
  return false
}

const print = (line: LogLine, time: string, json: boolean): string =>
  `${json ? formatLogJson(line, time) : formatLogText(line, time)}\n`

/** Somebody who watches the log with a level and a layout of their own. */
export interface Watcher {
  readonly level: LogLevel
  readonly json: boolean
  /** False: full, wait for `resumeWatcher`. */
  readonly write: (text: string) => boolean
  readonly wall: () => number
  readonly queue: string[]
  isFull: boolean
  dropped: number
}

export function watchLog(log: Log, how: Pick<Watcher, 'level' | 'json' | 'write'>): Watcher {
  const watcher: Watcher = { ...how, wall: log.wall, queue: [], isFull: false, dropped: 0 }
  log.watchers.add(watcher)
  return watcher
}

/** The log as the body of an answer, until its client leaves. */
export function followLog(log: Log, body: LiveBody, write: (text: string) => boolean): LiveFeed {
  assert(body.live === 'log', 'this daemon has no other body without an end')
  const watcher = watchLog(log, { level: body.level, json: body.json, write })
  return { resume: () => resumeWatcher(watcher), stop: () => log.watchers.delete(watcher) }
}

/** The watcher has taken what it was given. */
export function resumeWatcher(watcher: Watcher): void {
  watcher.isFull = false
  while (watcher.queue.length > 0 && !watcher.isFull) {
    watcher.isFull = !watcher.write(watcher.queue.shift() ?? '')
  }
  if (watcher.dropped === 0 || watcher.isFull) return
  const gap: LogLine = {
    level: 'warn',
    room: 'log',
    message: 'lines left out: their reader was too slow',
    fields: { lines: watcher.dropped },
  }
  watcher.dropped = 0
  tell(watcher, print(gap, new Date(watcher.wall()).toISOString(), watcher.json))
}

function tell(watcher: Watcher, text: string): void {
  if (!watcher.isFull) watcher.isFull = !watcher.write(text)
  else if (watcher.queue.length < WATCHED_LINES_MAX) watcher.queue.push(text)
  else watcher.dropped++
}
