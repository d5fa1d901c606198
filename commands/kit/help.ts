// Help, loaded when it is asked for: Consul's layout for the `consul` profile, oclif's for ours.
import type { Program } from './declare.ts'
import type { Choice, Surface } from './dispatch.ts'
import { isIn, loadAll, type Table } from './table.ts'
import { commandUsage, groupUsage, rootUsage } from './usage.ts'

/** Prints help of what was chosen and returns the exit code. */
export async function showHelp({ program, table }: Surface, choice: Choice): Promise<number> {
  const id =
    choice.type === 'command' ? choice.id : choice.type === 'help' ? choice.group : undefined
  const text =
    program.profile === 'consul'
      ? await consulHelp(table, id)
      : await (await import('./oclif.ts')).helpOf({ program, table }, id)
  const wrong = choice.type === 'help' ? choice.wrong : undefined
  const shown = asTyped(text, program)
  const stream = wrong === undefined ? process.stdout : process.stderr
  stream.write(shown)
  return wrong ?? 0
}

/** A program whose commands are all of one group does not name the group. */
function asTyped(text: string, { name, group }: Program): string {
  if (group === undefined) return text
  return text
    .replaceAll(`${name} ${group} `, `${name} `)
    .replaceAll(new RegExp(`^  ${group} (\\S+)`, 'gm'), (_, verb) => `  ${verb}`)
}

async function consulHelp(table: Table, id: string | undefined): Promise<string> {
  const commands = (await loadAll(table, 'consul')).filter((one) => one.hidden !== true)
  const declared = commands.find((one) => one.id === id)
  if (declared !== undefined) return commandUsage(declared)
  const group = table.groups.find((one) => one.name === id)
  if (group !== undefined) {
    return groupUsage(
      group,
      commands.filter((one) => isIn(one, group)),
    )
  }
  const single = commands.filter((one) => !table.groups.some((each) => isIn(one, each)))
  const rows = [
    ...single.map((one) => [one.id, one.summary] as const),
    ...table.groups.map((one) => [one.name, one.about] as const),
  ]
  return rootUsage(rows.sort(([a], [b]) => (a < b ? -1 : 1)))
}
