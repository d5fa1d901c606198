// The file that names the process, for supervisors that want one.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Throws what the system says. The result removes the file, unless another process has taken it
 * over.
 */
export function writePidFile(path: string): () => void {
  const text = `${process.pid}\n`
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
  return () => {
    if (readFileSync(path, 'utf8') === text) rmSync(path, { force: true })
  }
}
