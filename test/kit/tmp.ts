// A folder of a test's own, gone when the test is over. Short, because a socket's path must fit
// into 107 bytes.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface TempDir {
  readonly path: string
  remove(): Promise<void>
}

export async function makeTemp(): Promise<TempDir> {
  const path = await mkdtemp(join(tmpdir(), 'l-'))
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 3 }) }
}

/** Runs the work with a folder and removes it afterwards, also when the work fails. */
export async function withTemp<T>(work: (dir: string) => Promise<T>): Promise<T> {
  const temp = await makeTemp()
  try {
    return await work(temp.path)
  } finally {
    await temp.remove()
  }
}
