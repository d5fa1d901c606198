// A daemon of ours as a process of its own, started through the links of an account: it is ready
// when this resolves, and has to be ended before the account is closed.
import { spawn } from 'node:child_process'
import type { Home } from './home.ts'
import { before } from './within.ts'

export interface DaemonStart {
  /** The name it is called by. */
  readonly program: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** What a line of its output has when it is ready. */
  readonly ready: RegExp
  readonly readyMs?: number
}

export interface Daemon {
  readonly pid: number
  /** The named groups of `ready`. */
  readonly told: Readonly<Record<string, string>>
  /** What it has said so far, on both streams. */
  output(): string
  /** What of that went to standard output. */
  printed(): string
  isRunning(): boolean
  signal(name: NodeJS.Signals): void
  /** The exit code, or the name of the signal that ended it. */
  readonly ended: Promise<number | string>
  /** Sends a signal and waits for the end, which may have come already. */
  end(signal: NodeJS.Signals): Promise<number | string>
}

const READY_MS = 20_000
const END_MS = 20_000

export async function startDaemon(home: Home, start: DaemonStart): Promise<Daemon> {
  const { program, args, env = {}, ready, readyMs = READY_MS } = start
  const child = spawn(home.program(program), args, {
    cwd: home.work,
    env: { ...home.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said: string[] = []
  const printed: string[] = []
  const ended = new Promise<number | string>((resolve) =>
    child.once('exit', (code, signal) => resolve(code ?? signal ?? '')),
  )
  let isReady = false
  const found = new Promise<Readonly<Record<string, string>>>((resolve, reject) => {
    const hear = (chunk: Buffer) => {
      said.push(chunk.toString())
      if (isReady) return
      const text = said.join('')
      const match = ready.exec(text.slice(0, text.lastIndexOf('\n') + 1)) // whole lines
      if (match === null) return
      isReady = true
      resolve({ ...match.groups })
    }
    child.stdout.on('data', (chunk: Buffer) => {
      printed.push(chunk.toString())
      hear(chunk)
    })
    child.stderr.on('data', hear)
    child.once('error', reject)
    child.once('exit', (code, signal) => reject(new Error(`it ended with ${code ?? signal}`)))
  })
  const line = [program, ...args].join(' ')
  try {
    const told = await before(readyMs, () => found, `${line}: ready`)
    return {
      pid: child.pid ?? 0,
      told,
      output: () => said.join(''),
      printed: () => printed.join(''),
      isRunning: () => child.exitCode === null && child.signalCode === null,
      signal: (name) => void child.kill(name),
      ended,
      end: (signal) => {
        child.kill(signal)
        return before(END_MS, () => ended, `${line}: the end after ${signal}`)
      },
    }
  } catch (cause) {
    child.kill('SIGKILL')
    throw new Error(`${line} did not start:\n${said.join('')}`, { cause })
  }
}
