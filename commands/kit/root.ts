// Where the installed package lies: for the files that go with it (completions, manual, oclif's
// manifest).
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** A file that lies in the package's own folder and nowhere else. */
const LANDMARK = 'completions/lictor.bash'

/** The package's folder above this file, wherever the build has put it. */
export function packageRoot(): string {
  let folder = import.meta.dirname
  while (!existsSync(join(folder, LANDMARK))) {
    const above = dirname(folder)
    if (above === folder) throw new Error('the package is missing above the program')
    folder = above
  }
  return folder
}
