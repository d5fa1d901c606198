// Folders of a path that somebody has given, made one by one. Not by Node's own `recursive`: where
// the system says that a folder's parent is missing although it is there (/proc does), Node 20 asks
// again for ever, in a loop that no signal ends.
import { existsSync, mkdirSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

/** With those above it; nothing if it exists. Throws what the system says. */
export function makeFolders(dir: string, mode: number): void {
  const missing: string[] = []
  for (let at = resolve(dir); !existsSync(at); at = dirname(at)) missing.push(at)
  if (missing.length === 0) makeOne(resolve(dir), mode)
  for (const folder of missing.reverse()) makeOne(folder, mode)
}

/** Another process may have made it just now. */
function makeOne(folder: string, mode: number): void {
  try {
    mkdirSync(folder, { mode })
  } catch (error) {
    if (!isFolder(folder)) throw error
  }
}

const isFolder = (path: string): boolean => existsSync(path) && statSync(path).isDirectory()
