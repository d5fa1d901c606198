// Where the installed package lies: for the files that go with it (completions, manual, oclif's
// manifest).
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** The folder with package.json above this file, wherever the build has put it. */
export function packageRoot(): string {
  let folder = import.meta.dirname
  while (!existsSync(join(folder, 'package.json'))) {
    const above = dirname(folder)
    if (above === folder) throw new Error('package.json is missing above the program')
    folder = above
  }
  return folder
}
