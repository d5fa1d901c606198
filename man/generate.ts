// Writes section 1 of the manual beside this file: `node --import tsx man/generate.ts`. The pages
// are committed; a test writes them again and compares.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AnyCommand } from '../commands/kit/declare.ts'
import { loadAll } from '../commands/kit/table.ts'
import { TABLE } from '../commands/table.ts'
import { commandPage, groupPage, mainPage, pageName, programPage } from './pages.ts'

/** The pages by the name of their file. */
export async function manualFiles(): Promise<Readonly<Record<string, string>>> {
  const commands = (await loadAll(TABLE, 'lictor')).filter((one) => one.hidden !== true)
  return {
    'lictor.1': mainPage(TABLE, commands),
    ...Object.fromEntries(commands.map((one) => [`${pageName(one.id)}.1`, commandPage(one)])),
    ...programPages(commands),
  }
}

/** `man raftctl` must find what `raftctl` is. */
function programPages(commands: readonly AnyCommand[]): Record<string, string> {
  const pages: Record<string, string> = {}
  for (const [name, program] of Object.entries(TABLE.programs)) {
    if (typeof program !== 'object') continue
    const command = commands.find(({ id }) => id === program.group)
    const group = TABLE.groups.find((one) => one.name === program.group)
    if (command !== undefined) pages[`${name}.1`] = programPage(command, name)
    else if (group !== undefined) pages[`${name}.1`] = groupPage(name, group, commands)
  }
  return pages
}

if (process.argv[1] === import.meta.filename) {
  const folder = process.argv[2] ?? import.meta.dirname
  mkdirSync(folder, { recursive: true })
  for (const name of readdirSync(folder)) if (name.endsWith('.1')) rmSync(join(folder, name))
  for (const [name, text] of Object.entries(await manualFiles())) {
    writeFileSync(join(folder, name), text)
  }
}
