// Child processes of `watch`: each in a process group of its own, so that a signal reaches
// everything it has started.
import { spawn } from 'node:child_process'
import { EXIT } from '../../core/errors.ts'
import type { Env } from './declare.ts'
import { errnoOf, Failure, reasonOf } from './failure.ts'

export interface ChildOrder {
  /** A script for `sh -c`, or a program with its arguments. */
  readonly run: { readonly script: string } | { readonly argv: readonly string[] }
  /** Written to its standard input; a child that does not read it is fine. */
  readonly input: string
  readonly env: Env
}

export interface ChildEnd {
  /** Its exit code, or 128 and the number of the signal that ended it. */
  readonly exit: number
  /** We were told to end while it ran, and have passed that on. */
  readonly signal: NodeJS.Signals | undefined
}

/** Passed on to the group. Those that ask for an end also end us, when the child has gone. */
const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const
const OTHERS = ['SIGUSR1', 'SIGUSR2', 'SIGCONT'] as const

/** A group that was told to end is killed after this long. */
const GRACE_MS = 5_000

export function runChild({ run, input, env }: ChildOrder): Promise<ChildEnd> {
  const [file = 'sh', ...args] = 'script' in run ? ['sh', '-c', run.script] : run.argv
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { env, detached: true, stdio: ['pipe', 'inherit', 'inherit'] })
    const group = watchGroup(child.pid)
    child.once('error', (error) => {
      group.close()
      reject(cannotStart(file, error))
    })
    child.once('exit', (code, killedBy) => {
      const told = group.close()
      resolve({ exit: code ?? signalExit(killedBy ?? 'SIGKILL'), signal: told })
    })
    child.stdin.on('error', (error: NodeJS.ErrnoException) => {
      // EPIPE: it does not read what we tell it, which is its right.
      if (error.code !== 'EPIPE') throw error
    })
    child.stdin.end(input)
  })
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

/** Passes our signals on until closed; then answers which of them asked us to end. */
function watchGroup(pid: number | undefined): { close(): NodeJS.Signals | undefined } {
  let told: NodeJS.Signals | undefined
  let grace: NodeJS.Timeout | undefined
  const pass = (signal: NodeJS.Signals) => killGroup(pid, signal)
  const end = (signal: NodeJS.Signals) => {
    pass(signal)
    told ??= signal
    grace ??= setTimeout(() => killGroup(pid, 'SIGKILL'), GRACE_MS)
  }
  for (const signal of OTHERS) process.on(signal, pass)
  for (const signal of ENDING) process.on(signal, end)
  return {
    close() {
      clearTimeout(grace)
      for (const signal of OTHERS) process.off(signal, pass)
      for (const signal of ENDING) process.off(signal, end)
      if (told !== undefined) killGroup(pid, 'SIGKILL') // what the child has left behind
      return told
    },
  }
}

function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, signal)
  } catch (error) {
    if (errnoOf(error) !== 'ESRCH') throw error
  }
}

const cannotStart = (file: string, error: Error): Failure =>
  new Failure(
    {
      code: 'handler_failed',
      what: `cannot start ${file}`,
      why: reasonOf(error),
      exit: EXIT.no,
      consul: `Error executing handler: ${reasonOf(error)}`,
    },
    { cause: error },
  )
