// Why a daemon did not start: three parts for a person (what failed, why, what to do next), one
// line for whoever knows Consul's, and the exit code.
import { EXIT } from '../core/errors.ts'
import { formatDuration } from '../core/time.ts'
import { DataDirRefused, DiskFailure } from './runtime/disk-errors.ts'
import { holderOf, nextFreePort, type PortHolder } from './runtime/port-holder.ts'
import { StartRefused } from './runtime/refused.ts'

export interface StartFailure {
  readonly message: string
  readonly exit: number
}

interface Started {
  /** As it is typed: `lictor agent`. */
  readonly typed: string
  /** The flag that moves a port which is taken. */
  readonly flagOf: (port: number) => string
  /** The host as it was asked for, where that is not the address. */
  readonly host?: string
  /** What shows the daemon that may hold the port; `lictor ps` when absent. */
  readonly look?: string
  /** What that daemon is to a person: `member`. */
  readonly called?: string
  /** The line with another port, where that is more than a flag. */
  readonly elsewhere?: (free: number) => string
  /** Ports that others will want, though they are free now. */
  readonly spokenFor?: readonly number[]
}

/** Undefined: nothing that can be expected, so a bug of ours. */
export async function explainStart(
  error: unknown,
  started: Started,
): Promise<StartFailure | undefined> {
  const { typed, host } = started
  if (error instanceof DataDirRefused || error instanceof DiskFailure) {
    return { message: inLines(typed, error.message), exit: error.exit }
  }
  if (error instanceof StartRefused) {
    return { message: `${typed}: ${error.message}`, exit: EXIT.usage }
  }
  if (!isSystemError(error)) return undefined
  if (!isListenError(error)) {
    return { message: fileLines(typed, error), exit: EXIT.usage }
  }
  const named = host ?? error.address
  const where = error.port === undefined ? named : `${named}:${error.port}`
  const lines = [`${typed}: cannot listen on ${where}: ${WORDS[error.code] ?? error.code}`]
  if (error.code === 'EADDRINUSE' && error.port !== undefined) {
    lines.push(...(await portAdvice(started, error.address, error.port)))
  }
  return { message: lines.join('\n'), exit: EXIT.no }
}

/** What the lessons keep lies there, below the folder in which they are started. */
const STATE_PATH = /(?:^|\/)\.lictor(?:\/|$)/

/** A file or a folder of its own that cannot be had. */
function fileLines(typed: string, { message, path, syscall }: NodeJS.ErrnoException): string {
  if (path === undefined) return `${typed}: ${message}`
  const why = /^[A-Z]\w+: ([^,]+), /.exec(message)?.[1] ?? message
  const lines = [
    `${typed}: cannot ${syscall === 'mkdir' ? 'make' : syscall} ${path}`,
    `  why: ${why}`,
    ...(STATE_PATH.test(path) ? ['  next: start it in a folder where you may write'] : []),
  ]
  return lines.join('\n')
}

/** `What: why. Do this. Or that` as three parts: what, why, and what to do next. */
export function inLines(typed: string, message: string): string {
  const [found = '', ...next] = message.split(/\. (?=[A-Z])/)
  const at = found.indexOf(': ')
  const [what, why] = at < 0 ? [found] : [found.slice(0, at), found.slice(at + 2)]
  return [
    `${typed}: ${what}`,
    ...(why === undefined ? [] : [`  why: ${why}`]),
    ...next.map((step, i) => `  ${i === 0 ? 'next:' : '     '} ${lowered(step)}`),
  ].join('\n')
}

const lowered = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1)

const WORDS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'address already in use',
  EADDRNOTAVAIL: 'this machine has no such address',
  EACCES: 'permission denied',
}

interface ListenError extends Error {
  readonly code: string
  readonly address: string
  readonly port?: number
}

const isSystemError = (error: unknown): error is NodeJS.ErrnoException & Error =>
  error instanceof Error && 'syscall' in error

/** TCP listens, UDP binds. */
const isListenError = (error: NodeJS.ErrnoException): error is ListenError =>
  (error.syscall === 'listen' || error.syscall === 'bind') &&
  error.code !== undefined &&
  'address' in error

async function portAdvice(started: Started, host: string, port: number): Promise<string[]> {
  const { typed, flagOf, look = 'lictor ps', called = 'agent', spokenFor } = started
  const remedy = started.elsewhere ?? ((free: number) => `${typed} ... ${flagOf(port)}=${free}`)
  const holder = holderOf(port)
  const free = await nextFreePort(host, port, spokenFor)
  const next = [[look, `it may be the ${called} that you want`]]
  if (holder?.isOurs === true) next.push([`kill ${holder.pid}`, 'stop it'])
  if (free !== undefined) next.push([remedy(free), 'use another port'])
  const width = Math.max(...next.map(([command = '']) => command.length))
  const steps = next.map(([command = '', why = ''], at) => {
    const lead = at === 0 ? '  next: ' : '        '
    return `${lead}${command.padEnd(width)}   ${why}`
  })
  return holder === undefined ? steps : [holderLine(holder), ...steps]
}

function holderLine({ pid, command, isOurs, ageSeconds }: PortHolder): string {
  const age =
    ageSeconds === undefined
      ? ''
      : `, started ${formatDuration(Math.round(ageSeconds) * 1_000)} ago`
  return `  held by pid ${pid}  ${command} (${isOurs ? 'yours' : "another user's"}${age})`
}
