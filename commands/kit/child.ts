// Child processes of `watch` and `lock`: each in a process group of its own, so that a signal
// reaches everything it has started.
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import { boolean, type Call, type Env, type Flags } from './declare.ts'
import { errnoOf, reasonOf } from './failure.ts'

export interface ChildOrder {
  /** A script for `sh -c`, or a program with its arguments. */
  readonly run: ChildLine
  /** What it reads: a text, our own standard input, or nothing. */
  readonly input: { readonly text: string } | 'ours' | 'nothing'
  readonly env: Env
  /** Aborted when the child may not go on: it is told to end by SIGTERM, and killed soon after. */
  readonly stop?: AbortSignal
  /** How soon; as after a signal if absent. */
  readonly stopGraceMs?: number
}

type ChildLine = { readonly script: string } | { readonly argv: readonly string[] }

/** The flag of every command that runs a child. */
export const CHILD_FLAGS = {
  shell: boolean('run the words as one script of the shell (default: one word yes, several no)'),
} as const satisfies Flags

/** What the words behind a command are to run. Consul's program takes them for a script always. */
export function childLine(
  { flags, given, program }: Call<typeof CHILD_FLAGS>,
  words: readonly string[],
): ChildLine {
  const unsaid = program.profile === 'consul' || words.length === 1
  const isScript = given.has('shell') ? flags.shell : unsaid
  return isScript ? { script: words.join(' ') } : { argv: words }
}

export type ChildEnd =
  | {
      readonly type: 'ended'
      /** Its exit code, or 128 and the number of the signal that ended it. */
      readonly exit: number
      /** The signal that ended it, if one did. */
      readonly killedBy: NodeJS.Signals | undefined
      /** We were told to end while it ran, and have passed that on. */
      readonly signal: NodeJS.Signals | undefined
    }
  | { readonly type: 'not-started'; readonly file: string; readonly error: Error }

/** Passed on to the group. Those that ask for an end also end us, when the child has gone. */
export const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const
const OTHERS = ['SIGUSR1', 'SIGUSR2', 'SIGCONT', 'SIGWINCH'] as const

/** A group that was told to end is killed after this long. */
const GRACE_MS = 5_000

export function runChild(order: ChildOrder): Promise<ChildEnd> {
  const [file = '', ...args] = 'script' in order.run ? shell(order.run.script) : order.run.argv
  return new Promise((resolve, reject) => {
    // Before the child exists: its first act may be a signal to us, and without a listener that
    // would end us and leave it behind.
    const group = watchGroup()
    const stdio = stdioOf(order)
    const child = spawn(file, args, { env: order.env, detached: true, stdio })
    group.lead(child.pid)
    const stop = () => group.end('SIGTERM', order.stopGraceMs)
    if (order.stop?.aborted) stop()
    order.stop?.addEventListener('abort', stop)
    const close = () => {
      order.stop?.removeEventListener('abort', stop)
      return group.close()
    }
    child.once('error', (error) => {
      close()
      resolve({ type: 'not-started', file, error })
    })
    child.once('exit', (code, killedBy) => {
      const exit = code ?? signalExit(killedBy ?? 'SIGKILL')
      resolve({ type: 'ended', exit, killedBy: killedBy ?? undefined, signal: close() })
    })
    feed(child, order, reject)
  })
}

const shell = (script: string): readonly string[] => ['/bin/sh', '-c', script]

const stdioOf = ({ input }: ChildOrder): StdioOptions => {
  if (typeof input === 'object') return ['pipe', 'inherit', 'inherit']
  return [input === 'ours' ? 'inherit' : 'ignore', 'inherit', 'inherit']
}

function feed({ stdin }: ChildProcess, { input }: ChildOrder, fail: (error: Error) => void): void {
  if (stdin === null || typeof input !== 'object') return
  stdin.on('error', (error: NodeJS.ErrnoException) => {
    // EPIPE: it does not read what we tell it, which is its right.
    if (error.code !== 'EPIPE') fail(error)
  })
  stdin.end(input.text)
}

/** The signals that end a child, by the numbers that POSIX gives them. */
const NUMBERS: Readonly<Partial<Record<NodeJS.Signals, number>>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGABRT: 6,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGPIPE: 13,
  SIGTERM: 15,
}

/** What shells report for a process that a signal has ended. */
export const signalExit = (signal: NodeJS.Signals): number => 128 + (NUMBERS[signal] ?? 0)

/** The words of Go's os/exec for a child that did not end well. */
export function goStatus({ exit, killedBy }: Extract<ChildEnd, { type: 'ended' }>): string {
  if (killedBy === undefined) return `exit status ${exit}`
  return `signal: ${GO_SIGNALS[killedBy] ?? killedBy}`
}

const GO_SIGNALS: Readonly<Partial<Record<NodeJS.Signals, string>>> = {
  SIGHUP: 'hangup',
  SIGINT: 'interrupt',
  SIGQUIT: 'quit',
  SIGABRT: 'aborted',
  SIGKILL: 'killed',
  SIGSEGV: 'segmentation fault',
  SIGPIPE: 'broken pipe',
  SIGTERM: 'terminated',
}

/** And for one that could not be started. */
export const goStart = ({ file, error }: Extract<ChildEnd, { type: 'not-started' }>): string =>
  errnoOf(error) === 'ENOENT' && !file.includes('/')
    ? `exec: ${JSON.stringify(file)}: executable file not found in $PATH`
    : `fork/exec ${file}: ${reasonOf(error)}`

interface Group {
  /** From now on this process leads it. */
  lead(pid: number | undefined): void
  /** Tells it to end, and kills it when it does not. */
  end(signal: NodeJS.Signals, graceMs?: number): void
  close(): NodeJS.Signals | undefined
}

/** Passes our signals on until closed; then answers which of them asked us to end. */
function watchGroup(): Group {
  let leader: number | undefined
  let told: NodeJS.Signals | undefined
  let grace: NodeJS.Timeout | undefined
  const pass = (signal: NodeJS.Signals) => killGroup(leader, signal)
  const end = (signal: NodeJS.Signals, graceMs = GRACE_MS) => {
    pass(signal)
    grace ??= setTimeout(() => pass('SIGKILL'), graceMs)
  }
  const onEnding = (signal: NodeJS.Signals) => {
    told ??= signal
    end(signal)
  }
  // Ctrl-Z: the group is of another session, whose members the terminal does not stop.
  const onStop = () => {
    pass('SIGSTOP')
    process.kill(process.pid, 'SIGSTOP')
  }
  for (const signal of OTHERS) process.on(signal, pass)
  for (const signal of ENDING) process.on(signal, onEnding)
  process.on('SIGTSTP', onStop)
  return {
    lead(pid) {
      leader = pid
    },
    end,
    close() {
      if (grace !== undefined) pass('SIGKILL') // what the child has left behind
      clearTimeout(grace)
      for (const signal of OTHERS) process.off(signal, pass)
      for (const signal of ENDING) process.off(signal, onEnding)
      process.off('SIGTSTP', onStop)
      return told
    },
  }
}

function killGroup(leader: number | undefined, signal: NodeJS.Signals): void {
  if (leader === undefined) return
  try {
    process.kill(-leader, signal)
  } catch (error) {
    if (errnoOf(error) !== 'ESRCH') throw error
  }
}
