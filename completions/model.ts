// What all three shells are told: the tree of commands, their flags, and what their values are.
import { type AnyCommand, type Completes, type Flag, flagsOf } from '../commands/kit/declare.ts'
import type { Table } from '../commands/kit/table.ts'
import { branchesOf, loadAll } from '../commands/kit/table.ts'

export interface Model {
  /** By the words typed so far: what may come next. `''` is the program alone. */
  readonly words: readonly Branch[]
  readonly commands: readonly CommandModel[]
  /** Programs that are a command or a group of lictor's: `raftctl` is `lictor raft`. */
  readonly programs: readonly OwnProgram[]
}

export interface OwnProgram {
  readonly name: string
  readonly group: string
}

interface Branch {
  /** `''`, `kv` */
  readonly id: string
  readonly words: readonly Word[]
}

export interface Word {
  readonly name: string
  readonly about: string
}

export interface CommandModel {
  readonly id: string
  readonly flags: readonly FlagModel[]
  /** What the first word of the command is. */
  readonly argument: Completes | undefined
}

export interface FlagModel extends Word {
  readonly takesValue: boolean
  readonly choices: readonly string[]
  readonly completes: Completes | undefined
}

/** What has all commands. Not consul: it has a completion of its own where it is installed. */
export const PROGRAMS: readonly string[] = ['lictor', 'consul-clone']

export async function modelOf(table: Table): Promise<Model> {
  const all = (await loadAll(table, 'lictor')).filter((one) => one.hidden !== true)
  const heads = new Set(all.flatMap(({ id }) => headsOf(id)))
  return {
    words: [...heads].sort().map((id) => ({
      id,
      words: branchesOf(id, { groups: table.groups, commands: all }).map(({ word, about }) => ({
        name: word,
        about,
      })),
    })),
    commands: all.map(commandModel),
    programs: Object.entries(table.programs).flatMap(([name, program]) =>
      typeof program === 'object' ? [{ name, group: program.group }] : [],
    ),
  }
}

/** All names that get the completion. */
export const namesOf = ({ programs }: Model): readonly string[] => [
  ...PROGRAMS,
  ...programs.map(({ name }) => name),
]

/** All that may stand before the last word: `operator raft list-peers` has ``, `operator`, … */
function headsOf(id: string): string[] {
  const words = id.split(' ')
  return words.map((_, i) => words.slice(0, i).join(' '))
}

const commandModel = (declared: AnyCommand): CommandModel => ({
  id: declared.id,
  flags: Object.entries(flagsOf(declared, 'lictor')).map(([name, flag]) => flagModel(name, flag)),
  argument: declared.args[0]?.completes,
})

const flagModel = (name: string, flag: Flag): FlagModel => ({
  name,
  about: flag.about,
  takesValue: flag.kind !== 'boolean',
  choices: flag.choices ?? [],
  completes: flag.completes,
})
