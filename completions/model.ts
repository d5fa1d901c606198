// What all three shells are told: the tree of commands, their flags, and what their values are.
import { type AnyCommand, type Completes, type Flag, flagsOf } from '../commands/kit/declare.ts'
import type { Table } from '../commands/kit/table.ts'
import { loadAll } from '../commands/kit/table.ts'

export interface Model {
  /** By the words typed so far: what may come next. `''` is the program alone. */
  readonly words: readonly Branch[]
  readonly commands: readonly CommandModel[]
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

/** Names that get the completion: consul has one of its own where it is installed. */
export const PROGRAMS: readonly string[] = ['lictor', 'consul-clone']

export async function modelOf(table: Table): Promise<Model> {
  const all = (await loadAll(table, 'lictor')).filter((one) => one.hidden !== true)
  const groups = table.groups.map(({ name, about }) => ({ name, about }))
  const nested = all.filter(({ id }) => id.includes(' '))
  const single = all.filter(({ id }) => !id.includes(' ')).map(wordOf)
  const heads = [...new Set(nested.map(({ id }) => firstWord(id)))]
  return {
    words: [
      { id: '', words: sorted([...single, ...groups]) },
      ...heads.map((id) => ({
        id,
        words: sorted(nested.filter((one) => firstWord(one.id) === id).map(wordOf)),
      })),
    ],
    commands: all.map(commandModel),
  }
}

const firstWord = (id: string): string => id.split(' ')[0] ?? ''

const sorted = (words: readonly Word[]): readonly Word[] =>
  [...words].sort((a, b) => (a.name < b.name ? -1 : 1))

const wordOf = ({ id, summary }: AnyCommand): Word => ({
  name: id.split(' ').at(-1) ?? id,
  about: summary,
})

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
