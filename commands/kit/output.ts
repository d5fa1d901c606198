// The only place that prints. stdout is data, stderr is talk; a reader that leaves ends us quietly;
// nothing here or in any command calls process.exit, which would lose what a slow pipe has not
// taken yet.
import { EXIT } from '../../core/errors.ts'
import { encodeJson } from '../../core/route/json.ts'
import type { Env, Profile } from './declare.ts'
import { reasonOf } from './failure.ts'

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan'
export type Paint = (style: Style, text: string) => string

export interface Output {
  readonly profile: Profile
  readonly json: boolean
  /** stdout is a terminal: widths count, people read. */
  readonly terminal: boolean
  readonly paint: Paint
  /** Aborted when stdout takes no more, as when its reader has gone: streams end then. */
  readonly gone: AbortSignal
  /** Resolves when stdout can take more. */
  print(data: string | Uint8Array): Promise<void>
  /** A line for people, to stderr. */
  talk(line: string): void
}

export interface OutputOptions {
  readonly profile: Profile
  readonly json: boolean
  readonly color: boolean | undefined
  readonly env: Env
}

export async function createOutput(options: OutputOptions): Promise<Output> {
  const gone = new AbortController()
  const { stdout, stderr } = process
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (!isReaderGone(error) && !gone.signal.aborted) refuseToGoOn(error)
    gone.abort()
  })
  stderr.on('error', () => undefined) // nobody is left to be told: an agent serves on
  const terminal = stdout.isTTY === true
  return {
    profile: options.profile,
    json: options.json,
    terminal,
    paint: wantsColor({ ...options, terminal }) ? await loadPaint() : (_, text) => text,
    gone: gone.signal,
    print: (data) => print(data, gone.signal),
    talk: (line) => void stderr.write(`${line}\n`),
  }
}

/** A pipe whose reader has left, or a terminal that was closed. */
const isReaderGone = ({ code }: NodeJS.ErrnoException): boolean =>
  code === 'EPIPE' || (code === 'EIO' && process.stdout.isTTY)

/** A full disk under `>`: what was written is cut short, so the exit code must say so. */
function refuseToGoOn(error: Error): void {
  process.stderr.write(`cannot write to standard output: ${reasonOf(error)}\n`)
  process.once('exit', () => {
    process.exitCode = EXIT.no // whatever the command itself has made of it
  })
}

function print(data: string | Uint8Array, gone: AbortSignal): Promise<void> {
  if (gone.aborted || data.length === 0) return Promise.resolve()
  const { stdout } = process
  if (stdout.write(data)) return Promise.resolve()
  return new Promise((resolve) => {
    const done = () => {
      stdout.off('drain', done)
      gone.removeEventListener('abort', done)
      resolve()
    }
    stdout.on('drain', done)
    gone.addEventListener('abort', done)
  })
}

export interface ColorWish {
  readonly profile: Profile
  /** --color, --no-color; undefined: neither. */
  readonly color: boolean | undefined
  readonly env: Env
  readonly terminal: boolean
}

/**
 * Flag, NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE, CLICOLOR, TERM=dumb, terminal: the first that says
 * something counts.
 */
export function wantsColor({ profile, color, env, terminal }: ColorWish): boolean {
  if (profile === 'consul') return false
  if (color !== undefined) return color
  const set = (name: string) => env[name] !== undefined && env[name] !== ''
  const off = (name: string) => env[name] === '0' || env[name] === 'false'
  if (set('NO_COLOR')) return false
  if (set('FORCE_COLOR')) return !off('FORCE_COLOR')
  if (set('CLICOLOR_FORCE') && !off('CLICOLOR_FORCE')) return true
  if (off('CLICOLOR') || env['TERM'] === 'dumb') return false
  return terminal
}

async function loadPaint(): Promise<Paint> {
  const { Chalk } = await import('chalk')
  const chalk = new Chalk({ level: 1 })
  return (style, text) => chalk[style](text)
}

/**
 * One value and a newline: indented for a person, on one line for a pipe. 64-bit numbers are exact.
 */
export const jsonText = (value: unknown, out: Pick<Output, 'terminal'>): string =>
  `${encodeJson(value ?? null, out.terminal ? 2 : 0)}\n`

const GAP = 2

export interface Columns {
  /** Between a column and the next. */
  readonly gap?: number
  /** Nothing stands behind the last text of a row (default); Consul pads up to the last column. */
  readonly trim?: boolean
}

/** Rows as columns, two spaces apart. The first row is the header. */
export function columns(rows: readonly (readonly string[])[], how: Columns = {}): string {
  const { gap = GAP, trim = true } = how
  const widths: number[] = []
  for (const row of rows) {
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, width(cell))
  }
  const padded = (row: readonly string[]) =>
    row.map((cell, i) =>
      i === row.length - 1 ? cell : cell + ' '.repeat((widths[i] ?? 0) - width(cell) + gap),
    )
  return rows
    .map((row) => padded(row).join(''))
    .map((line) => `${trim ? line.trimEnd() : line}\n`)
    .join('')
}

/** Rows without the header, separated by tabs: for cut and awk. */
export const tabbed = (rows: readonly (readonly string[])[]): string =>
  rows
    .slice(1)
    .map((row) => `${row.join('\t')}\n`)
    .join('')

/** What a terminal shows of it: colours take no room. */
const width = (text: string): number => [...text.replace(COLOUR, '')].length

/** SGR sequences. */
const COLOUR = new RegExp(`${String.fromCharCode(27)}\\[[\\d;]*m`, 'g')

/**
 * The layout of `kv get -detailed`: names, then values in a column of their own, nothing behind an
 * empty one.
 */
export function labelled(rows: readonly (readonly [string, string])[], gap: number): string {
  const widest = Math.max(...rows.map(([name]) => name.length)) + gap
  return rows.map(([name, value]) => `${name.padEnd(widest)}${value}`.trimEnd()).join('\n')
}
