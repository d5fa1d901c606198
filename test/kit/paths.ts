// Where things of the project are, from the sources as well as from the compiled tests.
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** The folder of package.json. */
export const projectRoot: string = findRoot(import.meta.dirname)

function findRoot(dir: string): string {
  if (existsSync(join(dir, 'package.json'))) return dir
  const parent = dirname(dir)
  if (parent === dir) throw new Error('no package.json above the tests')
  return findRoot(parent)
}

/** A file of the project by its path from the root. */
export const inProject = (...parts: string[]): string => join(projectRoot, ...parts)

/** The built multi-call program. Tests start it under the names of package.json. */
export const builtProgram: string = inProject('dist/bin/lictor.js')
