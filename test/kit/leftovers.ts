// What a test leaves behind: processes and files. Every process of a test run carries a mark in its
// environment, which it hands down to whatever it starts, so that even a daemon that left its group
// and its parent is found.
import { lstat, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** The variable that carries the mark. A value is unique to one test file or one session. */
export const MARK = 'LICTOR_TEST_MARK'

export interface Leftover {
  readonly pid: number
  readonly command: string
}

/**
 * Living processes whose environment carries this mark, this process apart. Empty where there is no
 * /proc.
 */
export async function processesMarked(mark: string): Promise<Leftover[]> {
  const wanted = `${MARK}=${mark}`
  const found = await Promise.all((await pidsOf('/proc')).map((pid) => markedProcess(pid, wanted)))
  return found.filter((leftover) => leftover !== undefined)
}

async function pidsOf(proc: string): Promise<number[]> {
  const names = await readdir(proc).catch(() => [])
  return names.map(Number).filter((pid) => Number.isInteger(pid) && pid !== process.pid)
}

async function markedProcess(pid: number, wanted: string): Promise<Leftover | undefined> {
  const environment = await readProc(pid, 'environ')
  if (!environment.split('\0').includes(wanted)) return undefined
  const command = (await readProc(pid, 'cmdline')).split('\0').join(' ').trim()
  // A zombie has ended: its parent has only not looked yet. It shows an empty environment, and is
  // gone above.
  return { pid, command }
}

/** A process may end while it is looked at: then it is not there. */
const readProc = (pid: number, file: string): Promise<string> =>
  readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '')

/** Ends every process with this mark at once. */
export async function killMarked(mark: string): Promise<void> {
  for (const { pid } of await processesMarked(mark)) killQuietly(pid, 'SIGKILL')
}

/** Signals a process, or a group where the number is negative. False when there is none. */
export function killQuietly(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal)
  } catch (error) {
    if (isErrno(error) && error.code === 'ESRCH') return false
    throw error
  }
}

const isErrno = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && 'code' in error

/** Everything below a folder that is not itself a folder. Empty folders do no harm. */
export async function filesBelow(dir: string): Promise<string[]> {
  const names = await readdir(dir, { recursive: true })
  const kinds = await Promise.all(
    names.map(async (name) => ({ name, folder: (await lstat(join(dir, name))).isDirectory() })),
  )
  return kinds.filter(({ folder }) => !folder).map(({ name }) => name)
}
