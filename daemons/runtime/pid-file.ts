// The file that names the process, for supervisors that want one.
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { makeFolders } from './folder.ts'

/**
 * Throws what the system says. The result removes the file, unless another process has taken it
 * over.
 */
export function writePidFile(path: string): () => void {
  const text = `${process.pid}\n`
  makeFolders(dirname(path), 0o777)
  writeFileSync(path, text)
  return () => {
    if (readFileSync(path, 'utf8') === text) rmSync(path, { force: true })
  }
}
