// Log lines as data: a level, a code that never changes, and fields. The production log, a
// transcript and the simulator's trace print the same lines in three ways.

/** From the most talkative. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

export interface LogLine {
  readonly level: LogLevel
  /** The room that speaks: `agent`, `raft`, `http`. */
  readonly room: string
  /** What happened, in words that do not change: fields carry the values. */
  readonly message: string
  readonly fields?: Readonly<Record<string, string | number | boolean>>
}

export const isLogLevel = (text: string): text is LogLevel =>
  LOG_LEVELS.some((level) => level === text)

/** Whether a line of this level is shown to somebody who asked for `wanted` and worse. */
export const showsAt = (level: LogLevel, wanted: LogLevel): boolean =>
  LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(wanted)

/**
 * `2026-01-02T03:04:05.006Z [INFO]  agent: Started HTTP server: address=127.0.0.1:8500`, the layout
 * of Consul's log.
 */
export function formatLogText(line: LogLine, isoTime: string): string {
  const level = `[${line.level.toUpperCase()}]`.padEnd(7)
  const fields = Object.entries(line.fields ?? {}).map(([name, value]) => {
    const shown = String(value)
    return `${name}=${/[\s"=]/.test(shown) || shown === '' ? JSON.stringify(shown) : shown}`
  })
  const tail = fields.length === 0 ? '' : `: ${fields.join(' ')}`
  return `${isoTime} ${level} ${line.room}: ${line.message}${tail}`
}

/** The same as one JSON object, with the names of Consul's JSON log. */
export function formatLogJson(line: LogLine, isoTime: string): string {
  return JSON.stringify({
    '@level': line.level,
    '@message': line.message,
    '@module': line.room,
    '@timestamp': isoTime,
    ...line.fields,
  })
}
