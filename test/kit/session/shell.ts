// One bash with job control, fed command by command. What a command prints goes to files of its
// own, also when it runs on in the background; the shell's own output carries only the marks that
// tell the end of a command and its exit code.
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { killMarked, MARK, processesMarked } from '../leftovers.ts'

export interface ShellOptions {
  /** Words before `bash`: the way into a namespace. */
  readonly prefix: readonly string[]
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  /** Where scripts and outputs are kept. */
  readonly files: string
}

export interface Shell {
  /** Runs a command to its end: its number, and its exit code; `undefined` when its time is up. */
  run(command: string, limitMs: number): Promise<{ id: number; exit: number | undefined }>
  output(id: number): Promise<string>
  errors(id: number): Promise<string>
  /** Ends the jobs politely, then the shell. Names what would not end, and ends that, too. */
  close(limitMs: number): Promise<string[]>
}

/** The commands of marked processes, but for the shell's, that do not end within the time. */
async function stillThere(
  mark: string,
  shell: number | undefined,
  limitMs: number,
): Promise<string[]> {
  const deadline = performance.now() + limitMs
  for (;;) {
    const kept = (await processesMarked(mark)).filter(({ pid }) => pid !== shell)
    const names = kept
      .map(({ command }) => command)
      .filter((name) => name !== 'bash --noprofile --norc')
    if (names.length === 0 || performance.now() >= deadline) return names
    await pause(POLL_MS)
  }
}

const POLL_MS = 20

export function openShell(options: ShellOptions): Shell {
  const mark = randomUUID()
  const sentinel = `end-${randomUUID()}`
  const at = (name: string) => join(options.files, name)
  const [program = '', ...args] = [...options.prefix, 'bash', '--noprofile', '--norc']
  const bash = spawn(program, args, {
    cwd: options.cwd,
    env: { ...options.env, [MARK]: mark },
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  bash.stdin.on('error', () => undefined) // A dead shell is seen by its missing mark.
  bash.stdin.write('set -m\n')
  const waiting = new Map<string, (exit: number | undefined) => void>()
  createInterface({ input: bash.stdout }).on('line', (line) => {
    const [word, id = '', exit] = line.split(' ')
    if (word === sentinel) waiting.get(id)?.(Number(exit))
  })
  const gone = new Promise<void>((resolve) => bash.once('close', () => resolve()))
  let last = 0
  let hung = false

  async function run(command: string, limitMs: number) {
    const id = ++last
    await writeFile(at(`${id}.sh`), `${command}\n`)
    const files = `>"${at(`${id}.out`)}" 2>"${at(`${id}.err`)}" </dev/null`
    bash.stdin.write(`. "${at(`${id}.sh`)}" ${files}; printf '%s %s %s\\n' ${sentinel} ${id} $?\n`)
    const exit = await new Promise<number | undefined>((resolve) => {
      const timer = setTimeout(() => resolve(undefined), limitMs)
      waiting.set(String(id), (code) => {
        clearTimeout(timer)
        resolve(code)
      })
    })
    waiting.delete(String(id))
    hung ||= exit === undefined
    return { id, exit }
  }

  /** A command that never came back has failed already, and would let no other run. */
  async function endAtOnce(): Promise<string[]> {
    await killMarked(mark)
    await gone
    return []
  }

  async function close(limitMs: number): Promise<string[]> {
    if (hung) return endAtOnce()
    // Each job is a group of its own: a command that was put behind braces is not its leader.
    const stop = 'for job in $(jobs -p); do kill -TERM -- "-$job"; wait "$job"; done; true'
    const { exit } = await run(stop, limitMs)
    bash.stdin.end('exit\n')
    const names = await stillThere(mark, bash.pid, limitMs)
    await killMarked(mark)
    await gone
    return exit === undefined && names.length === 0 ? ['the shell itself'] : names
  }

  return {
    run,
    output: (id) => readFile(at(`${id}.out`), 'utf8').catch(() => ''),
    errors: (id) => readFile(at(`${id}.err`), 'utf8').catch(() => ''),
    close,
  }
}
