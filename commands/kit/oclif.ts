// The same declarations as oclif's classes: for help, the manifest, and everything that knows
// oclif.
import { Args, Command, CommandHelp, Config, Flags, Help } from '@oclif/core'
import { perform } from './command.ts'
import { type AnyCommand, type Flag, flagsOf, namesInEnv, type Program } from './declare.ts'
import { packageRoot } from './root.ts'
import { loadAll, type Table } from './table.ts'

/** Help is never wider, whatever the terminal. */
const COLUMNS_MAX = 100
/** So far oclif writes beyond the width that it is given, where a flag has a line of its own. */
const OVERHANG = 2

/** A class that oclif can list, describe and run. */
export function toClass(declared: AnyCommand, table: Table): Command.Class {
  return class extends Command {
    static override id = declared.id.replaceAll(' ', ':')
    static override summary = declared.summary
    static override description = (declared.description ?? []).join('\n\n')
    static override hidden = declared.hidden ?? false
    static override strict = !declared.passthrough && !declared.args.some((one) => one.many)
    static override usage = usageOf(declared)
    static override examples = declared.examples.map(({ does, command, pipe }) => ({
      description: `${does}:`,
      command: `<%= config.bin %> ${command}${pipe === undefined ? '' : ` ${pipe}`}`,
    }))
    static override args = Object.fromEntries(
      declared.args.map((one) => [
        one.name,
        Args.string({
          description: one.about,
          required: one.required ?? false,
          ignoreStdin: true, // else a missing word is read from stdin (oclif/core#1107)
        }),
      ]),
    )
    static override flags = Object.fromEntries(
      Object.entries(flagsOf(declared, 'lictor')).map(([name, flag]) => [name, toFlag(flag)]),
    )
    override async run(): Promise<void> {
      const program: Program = { name: this.config.bin, profile: 'lictor' }
      const help = async () => {
        process.stdout.write(await helpOf({ program, table }, declared.id))
        return 0
      }
      const start = { program, argv: this.argv, env: process.env, table, help }
      process.exitCode = await perform(declared, start)
    }
  }
}

const usageOf = (declared: AnyCommand): string =>
  [
    declared.id,
    '[flags]',
    ...declared.args.map(({ name, required, many }) => {
      const word = many ? `${name}...` : name
      return required ? word : `[${word}]`
    }),
  ].join(' ')

function toFlag(flag: Flag) {
  const names = (flag.env ?? []).flatMap((name) => namesInEnv(name, 'lictor'))
  const common = {
    description: names.length === 0 ? flag.about : `${flag.about} [env: ${names.join(', ')}]`,
    ...(flag.group === undefined ? {} : { helpGroup: flag.group }),
  }
  if (flag.kind === 'boolean') return Flags.boolean(common)
  const option = { ...common, helpValue: flag.placeholder }
  if (flag.kind === 'list') return Flags.string({ ...option, multiple: true })
  return Flags.string(
    typeof flag.fallback === 'string' ? { ...option, default: flag.fallback } : option,
  )
}

/** oclif's table of commands (package.json: oclif.commands). */
export async function classes(table: Table): Promise<Record<string, Command.Class>> {
  const all = await loadAll(table, 'lictor')
  return Object.fromEntries(all.map((one) => [one.id.replaceAll(' ', ':'), toClass(one, table)]))
}

/** Help of a command, a group, or everything, as text. */
export async function helpOf(
  { program, table }: { program: Program; table: Table },
  id: string | undefined,
): Promise<string> {
  const config = new Config({ root: packageRoot() })
  await config.load()
  config.bin = program.name
  for (const { name, about } of table.groups) {
    const topic = config.findTopic(name.replaceAll(' ', ':'))
    if (topic !== undefined) topic.description = about
  }
  const width = Math.min((process.stdout.columns ?? Infinity) - OVERHANG, COLUMNS_MAX)
  const help = new TextHelp(config, { maxWidth: width, stripAnsi: process.stdout.isTTY !== true })
  const command = id === undefined ? undefined : config.findCommand(id.replaceAll(' ', ':'))
  if (command === undefined) await help.showHelp(id === undefined ? [] : id.split(' '))
  else await help.showCommandHelp(command) // showHelp would take the command `help` for a wish
  return help.text()
}

/** The first line of the help is the summary; oclif would say it again here. */
class OnceHelp extends CommandHelp {
  protected override description(): string | undefined {
    const { description } = this.command
    return description ? this.wrap(description) : undefined
  }
}

/** oclif's help, kept instead of printed: it goes to stdout or to stderr, as the profile wants. */
class TextHelp extends Help {
  private readonly lines: string[] = []
  protected override CommandHelpClass = OnceHelp
  protected override log(...lines: string[]): void {
    this.lines.push(...lines)
  }
  text(): string {
    return `${this.lines.join('\n').trimEnd()}\n`
  }
}
