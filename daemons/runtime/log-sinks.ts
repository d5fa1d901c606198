// Where log lines end up: a stream of the process, or files that follow one another.
//
// A log file is named after its beginning (`consul-1763806800000000000.log`), as Consul names it:
// nothing is renamed, a reader that follows one file never sees another's lines.
import { closeSync, fstatSync, openSync, readdirSync, unlinkSync, writeSync } from 'node:fs'
import { basename, dirname, extname, join } from 'node:path'
import type { LogLevel } from '../../core/log.ts'
import { makeFolders } from './folder.ts'
import type { LogSink } from './log.ts'

/**
 * The priorities of syslog(3), which the journal reads from the beginning of a line (sd-daemon(3)).
 */
const PRIORITY: Readonly<Record<LogLevel, number>> = {
  trace: 7,
  debug: 7,
  info: 6,
  warn: 4,
  error: 3,
}

interface Output {
  readonly fd: number
  write(text: string): unknown
  on(event: 'error', listener: () => void): unknown
}

/**
 * The standard output. When its reader has gone the lines have nowhere to go, which is no fault of
 * the agent's.
 */
export function streamSink(stream: Output, env: NodeJS.ProcessEnv): LogSink {
  const isJournal = leadsToJournal(stream.fd, env['JOURNAL_STREAM'])
  let isGone = false
  stream.on('error', () => {
    isGone = true
  })
  return (text, level) => {
    if (!isGone) stream.write(isJournal ? `<${PRIORITY[level]}>${text}` : text)
  }
}

/**
 * systemd names device and inode of the socket that leads to the journal: only then are priorities
 * understood.
 */
function leadsToJournal(fd: number, named: string | undefined): boolean {
  if (named === undefined) return false
  const { dev, ino } = fstatSync(fd)
  return named === `${dev}:${ino}`
}

export interface FileSinkOptions {
  /** A path as of `-log-file`: a folder (ending in /) or the beginning of a name. */
  readonly path: string
  /** 0: never by size. */
  readonly rotateBytes: number
  /** 0: never by age. */
  readonly rotateDurationMs: number
  /** How many older files are kept: 0 all, -1 none. */
  readonly rotateMaxFiles: number
  readonly wall: () => number
}

interface LogFile {
  readonly fd: number
  readonly name: string
  readonly openedAt: number
  bytes: number
}

export interface FileSink {
  readonly write: LogSink
  close(): void
}

/** Throws what the system says when the first file cannot be opened. */
export function fileSink(options: FileSinkOptions): FileSink {
  const { stem, extension, dir } = namesOf(options.path)
  makeFolders(dir, 0o755)
  let file = openLogFile(options, '')
  let lost = 0

  const rotate = () => {
    const next = openLogFile(options, file.name)
    closeSync(file.fd)
    file = next
    prune(options, { dir, stem, extension, current: file.name })
  }

  const append = (text: string) => {
    const bytes = Buffer.from(text)
    if (isDue(options, file, bytes.length)) rotate()
    writeSync(file.fd, bytes)
    file.bytes += bytes.length
  }

  return {
    write: (text) => {
      try {
        if (lost > 0) append(`[WARN]  log: lines lost, the disk refused them: lines=${lost}\n`)
        lost = 0
        append(text)
      } catch (error) {
        if (!isSystemError(error)) throw error
        lost++ // a full disk must not stop an agent because of its log
      }
    },
    close: () => closeSync(file.fd),
  }
}

const isSystemError = (error: unknown): boolean => error instanceof Error && 'errno' in error

function isDue(options: FileSinkOptions, file: LogFile, bytes: number): boolean {
  const { rotateBytes, rotateDurationMs, wall } = options
  if (rotateBytes > 0 && file.bytes > 0 && file.bytes + bytes > rotateBytes) return true
  return rotateDurationMs > 0 && wall() - file.openedAt >= rotateDurationMs
}

function namesOf(path: string): { dir: string; stem: string; extension: string } {
  if (path.endsWith('/')) return { dir: path, stem: 'consul', extension: '.log' }
  const extension = extname(path)
  return {
    dir: dirname(path),
    stem: basename(path, extension),
    extension: extension === '' ? '.log' : extension,
  }
}

/** Names rise even when two files are opened in one millisecond. */
function openLogFile(options: FileSinkOptions, before: string): LogFile {
  const { dir, stem, extension } = namesOf(options.path)
  const openedAt = options.wall()
  let stamp = BigInt(Math.round(openedAt)) * 1_000_000n
  const previous = stampOf(before, stem, extension)
  if (previous !== undefined && stamp <= previous) stamp = previous + 1n
  const name = `${stem}-${stamp}${extension}`
  const fd = openSync(join(dir, name), 'a', 0o640)
  return { fd, name, openedAt, bytes: fstatSync(fd).size }
}

/** The time in the name of one of our files; undefined: not one of ours. */
function stampOf(name: string, stem: string, extension: string): bigint | undefined {
  if (!name.startsWith(`${stem}-`) || !name.endsWith(extension)) return undefined
  const digits = name.slice(stem.length + 1, name.length - extension.length)
  return /^\d+$/.test(digits) ? BigInt(digits) : undefined
}

function prune(
  { rotateMaxFiles }: FileSinkOptions,
  files: { dir: string; stem: string; extension: string; current: string },
): void {
  if (rotateMaxFiles === 0) return
  const older = readdirSync(files.dir)
    .filter((name) => name !== files.current)
    .flatMap((name) => {
      const stamp = stampOf(name, files.stem, files.extension)
      return stamp === undefined ? [] : [{ name, stamp }]
    })
    .sort((a, b) => (a.stamp < b.stamp ? -1 : 1))
  const kept = Math.max(0, rotateMaxFiles)
  for (const { name } of older.slice(0, Math.max(0, older.length - kept))) {
    unlinkSync(join(files.dir, name))
  }
}
