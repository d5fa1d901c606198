// Programs as a terminal sees them: stdout, stderr, exit code. They are started through links of
// their names, so that each answers as the program it was called.
import { execa } from 'execa'
import type { Home } from './home.ts'
import { patient } from './within.ts'

export interface Ran {
  /** The exit code; 128 and the signal's number when a signal ended it, as a shell says it. */
  readonly exit: number
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly input?: string | Uint8Array
  readonly env?: Readonly<Record<string, string>>
  readonly timeoutMs?: number
}

const RUN_MS = 15_000

/** Runs a program to its end. Throws only when it could not be started or did not end in time. */
export async function run(
  home: Home,
  [name = '', ...args]: readonly string[],
  options: RunOptions = {},
): Promise<Ran> {
  const result = await execa(programOf(home, name), args, {
    cwd: home.work,
    env: { ...home.env, ...options.env },
    extendEnv: false,
    input: options.input ?? '',
    reject: false,
    stripFinalNewline: false,
    timeout: patient(options.timeoutMs ?? RUN_MS),
  })
  const line = [name, ...args].join(' ')
  if (result.timedOut) throw new Error(`${line}: did not end in time\n${result.stderr}`)
  const { exitCode, signal, stdout, stderr } = result
  if (exitCode === undefined && signal === undefined) {
    throw new Error(`${line}: not started: ${result.message}`)
  }
  return { exit: exitCode ?? 128 + signalNumber(signal), stdout, stderr }
}

/** Our own names through the links of the account, all others from the path. */
const programOf = (home: Home, name: string): string =>
  home.names.has(name) ? home.program(name) : name

const SIGNAL_NUMBERS: Readonly<Record<string, number>> = { SIGINT: 2, SIGKILL: 9, SIGTERM: 15 }
const signalNumber = (signal: string | undefined) => SIGNAL_NUMBERS[signal ?? ''] ?? 0
