// From the name of the program and the words behind it to a command.
import { EXIT } from '../../core/errors.ts'
import { perform, printFailure, type Start } from './command.ts'
import type { Env, Program } from './declare.ts'
import { Failure, misuse } from './failure.ts'
import { createOutput } from './output.ts'
import { HELP_FLAGS } from './parse.ts'
import { suggest } from './suggest.ts'
import { groupsOf, idsOf, isKnown, type Table } from './table.ts'

export interface Invocation {
  /** The name we were called by. */
  readonly called: string
  readonly argv: readonly string[]
  readonly env: Env
  readonly table: Table
}

const VERSION_FLAGS: readonly string[] = ['-v', '-version', '--version']

/** The most words that a command's name has. */
const ID_WORDS_MAX = 3

export async function dispatch(invocation: Invocation): Promise<number> {
  const { called, argv, env, table } = invocation
  const program = programNamed(table, called)
  if ('notBuilt' in program) return refuseUnbuilt(program.notBuilt, env)
  const { group } = program
  const chosen = choose({ program, table }, group === undefined ? argv : [group, ...argv])
  const help = async () => (await import('./help.ts')).showHelp({ program, table }, chosen)
  switch (chosen.type) {
    case 'command':
      return runCommand(chosen.id, { program, argv: chosen.rest, env, table, help })
    case 'help':
      return help()
    default:
      return refuseUnknown({ program, table }, chosen.words, env)
  }
}

/** Any name that is not in the table is somebody's link to lictor. */
function programNamed(table: Table, called: string): Program | { readonly notBuilt: string } {
  const name = called.replace(/\.[cm]?js$/, '')
  const profile = Object.hasOwn(table.programs, name) ? table.programs[name] : 'lictor'
  if (profile === 'not-built') return { notBuilt: name }
  if (typeof profile === 'object') return { name, profile: 'lictor', group: profile.group }
  return { name, profile: profile ?? 'lictor' }
}

/** A program with what it can do. */
export interface Surface {
  readonly program: Program
  readonly table: Table
}

export type Choice =
  | { readonly type: 'command'; readonly id: string; readonly rest: readonly string[] }
  /**
   * Help of everything, or of a group. `wrong`: the line was wrong; help goes to stderr, and this
   * is the exit code.
   */
  | { readonly type: 'help'; readonly group?: string; readonly wrong?: number }
  | { readonly type: 'unknown'; readonly words: readonly string[] }

/** Consul's exit code for a command it does not know. */
const UNKNOWN_COMMAND = 127

function choose(surface: Surface, argv: readonly string[]): Choice {
  const { program, table } = surface
  const asConsul = program.profile === 'consul'
  const end = argv.indexOf('--')
  const asked = argv.slice(0, end < 0 ? undefined : end).some((word) => HELP_FLAGS.includes(word))
  const words = idWords(argv)
  for (let length = words.length; length > 0; length--) {
    const id = words.slice(0, length).join(' ')
    if (!isKnown(table, id, program.profile)) continue
    return { type: 'command', id, rest: asked && asConsul ? ['-h'] : argv.slice(length) }
  }
  const [first] = argv
  if (first !== undefined && VERSION_FLAGS.includes(first)) {
    return { type: 'command', id: 'version', rest: argv.slice(1) }
  }
  return asConsul ? missAsConsul(surface, argv, asked) : missAsOurs(surface, argv, asked)
}

/** The words at the front that may be a command's name. */
function idWords(argv: readonly string[]): readonly string[] {
  const end = argv.findIndex((word) => word.startsWith('-'))
  return argv.slice(0, Math.min(end < 0 ? argv.length : end, ID_WORDS_MAX))
}

/** The deepest group that these words begin with. */
function groupNamed({ table, program }: Surface, words: readonly string[]): string | undefined {
  const known = groupsOf(table, program.profile).map(({ name }) => name)
  for (let length = Math.min(words.length, ID_WORDS_MAX); length > 0; length--) {
    const name = words.slice(0, length).join(' ')
    if (known.includes(name)) return name
  }
  return undefined
}

function missAsConsul(surface: Surface, argv: readonly string[], asked: boolean): Choice {
  const group = groupNamed(surface, argv)
  if (group !== undefined) return { type: 'help', group, ...(asked ? {} : { wrong: 1 }) }
  return asked ? { type: 'help' } : { type: 'help', wrong: UNKNOWN_COMMAND }
}

function missAsOurs(surface: Surface, argv: readonly string[], asked: boolean): Choice {
  const words = argv.filter((word) => !word.startsWith('-'))
  const group = groupNamed(surface, words)
  if (words.length === 0 && (asked || argv.length === 0)) return { type: 'help' }
  if (group !== undefined && words.join(' ') === group) return { type: 'help', group }
  const isFlagFirst = argv[0]?.startsWith('-') === true
  return { type: 'unknown', words: words.length === 0 || isFlagFirst ? argv : words }
}

async function runCommand(id: string, start: Start): Promise<number> {
  const entry = start.table.commands[id]
  if (entry === undefined) throw new Error(`no such command: ${id}`) // choose() found it there
  const { command } = await entry.load()
  return perform(command, start)
}

async function refuseUnknown(
  surface: Surface,
  words: readonly string[],
  env: Env,
): Promise<number> {
  const { name, profile, group: own } = surface.program
  const group = groupNamed(surface, words)
  const typed = words.slice(0, group === undefined ? 1 : group.split(' ').length + 1).join(' ')
  const names = [...idsOf(surface.table, profile), ...surface.table.groups.map((one) => one.name)]
  const near = suggest(typed, own === undefined ? names : names.filter((one) => isBelow(own, one)))
  const hints = near.map((one) => `did you mean "${name} ${asTyped(own, one)}"?`)
  const what = typed.startsWith('-')
    ? `${typed}: flags come after the command`
    : `no command "${asTyped(own, typed)}"`
  const help = group === undefined || group === own ? name : `${name} ${asTyped(own, group)}`
  const out = await createOutput({ profile, json: false, color: undefined, env })
  return printFailure(misuse(what, { next: [...hints.slice(0, 3), `${help} --help`] }), {
    out,
    who: name,
  })
}

const isBelow = (group: string, id: string): boolean => id.startsWith(`${group} `)

/** Under the name of a group's program its word is not typed: raftctl status. */
const asTyped = (own: string | undefined, words: string): string =>
  own !== undefined && isBelow(own, words) ? words.slice(own.length + 1) : words

async function refuseUnbuilt(name: string, env: Env): Promise<number> {
  const out = await createOutput({ profile: 'lictor', json: false, color: undefined, env })
  const failure = new Failure({
    code: 'not_built',
    what: 'this program is not in this version yet',
    next: ['lictor --help   what there is', 'README.md       what is not there yet'],
    exit: EXIT.notBuilt,
  })
  return printFailure(failure, { out, who: name })
}
