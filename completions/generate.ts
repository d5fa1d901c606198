// Writes the completions beside this file: `node --import tsx completions/generate.ts`. They are
// committed; a test writes them again and compares.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { TABLE } from '../commands/table.ts'
import { bashScript } from './bash.ts'
import { fishScript } from './fish.ts'
import { modelOf } from './model.ts'
import { zshScript } from './zsh.ts'

/** The scripts by the name of their file. */
export async function completionFiles(): Promise<Readonly<Record<string, string>>> {
  const model = await modelOf(TABLE)
  return {
    'lictor.bash': bashScript(model),
    'lictor.fish': fishScript(model),
    'lictor.zsh': zshScript(model),
  }
}

if (process.argv[1] === import.meta.filename) {
  const folder = process.argv[2] ?? import.meta.dirname
  mkdirSync(folder, { recursive: true })
  for (const [name, text] of Object.entries(await completionFiles())) {
    writeFileSync(join(folder, name), text)
  }
}
