// Help, loaded when it is asked for: Consul's layout for the `consul` profile, oclif's for ours.
import type { Program } from './declare.ts'
import type { Choice, Surface } from './dispatch.ts'
import { createOutput } from './output.ts'
import { branchesOf, groupsOf, loadAll, type Table } from './table.ts'
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
  if (wrong !== undefined) {
    process.stderr.write(shown)
    return wrong
  }
  process.stdout.removeAllListeners('error') // oclif's, which throws what a full disk says
  const out = await createOutput({ profile: program.profile, json: false, color: false, env: {} })
  await out.print(shown)
  return 0
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
  const groups = groupsOf(table, 'consul')
  const rowsBelow = (below: string) =>
    branchesOf(below, { groups, commands }).map(({ word, about }) => [word, about] as const)
  const group = groups.find((one) => one.name === id)
  return group === undefined ? rootUsage(rowsBelow('')) : groupUsage(group, rowsBelow(group.name))
}
