// What a program is made of: names it answers to, and commands with the way to load each. The table
// itself is ../table.ts.
import type { AnyCommand, Profile } from './declare.ts'

export interface Table {
  /** Every name we may be called by. */
  readonly programs: Readonly<Record<string, Profile | 'not-built' | Alias>>
  /** Commands of more than one word share the first. */
  readonly groups: readonly Group[]
  readonly commands: Readonly<Record<string, Entry>>
}

/** The program is one group of lictor's commands: `raftctl status` is `lictor raft status`. */
export interface Alias {
  readonly group: string
}

export interface Group {
  /** `kv`, or `operator raft` for a group in a group. */
  readonly name: string
  /** A sentence without its full stop. */
  readonly about: string
  /** What Consul's usage says behind `<subcommand>`; `[options] [args]` when absent. */
  readonly consulUsage?: string
  /** Absent from Consul's surface. */
  readonly only?: 'lictor'
}

export interface Entry {
  readonly load: () => Promise<{ readonly command: AnyCommand }>
  /** Absent from Consul's surface. */
  readonly only?: 'lictor'
}

export function isKnown({ commands }: Table, id: string, profile: Profile): boolean {
  return Object.hasOwn(commands, id) && (commands[id]?.only ?? profile) === profile
}

/** The ids a profile knows, sorted. */
export const idsOf = (table: Table, profile: Profile): readonly string[] =>
  Object.keys(table.commands)
    .filter((id) => isKnown(table, id, profile))
    .sort()

/** Every declaration that a profile knows: for help, completions and the manual. */
export async function loadAll(table: Table, profile: Profile): Promise<AnyCommand[]> {
  const entries = idsOf(table, profile).flatMap((id) => table.commands[id] ?? [])
  const modules = await Promise.all(entries.map((entry) => entry.load()))
  return modules.map((module) => module.command)
}

/** A command or a group within a group, however deep. */
export const isIn = ({ id }: { readonly id: string }, group: Group): boolean =>
  id.startsWith(`${group.name} `)

/** What may follow the words of a group, or the program's name where there is no group. */
export interface Branch {
  readonly word: string
  readonly about: string
}

/** Commands and groups one word below `id` (empty: the program), sorted. */
export function branchesOf(
  id: string,
  { groups, commands }: { groups: readonly Group[]; commands: readonly AnyCommand[] },
): readonly Branch[] {
  const prefix = id === '' ? '' : `${id} `
  const all = [
    ...commands.map((one) => ({ name: one.id, about: one.summary })),
    ...groups.map(({ name, about }) => ({ name, about })),
  ]
  const below = all
    .filter(({ name }) => name.startsWith(prefix))
    .map(({ name, about }) => ({ word: name.slice(prefix.length), about }))
    .filter(({ word }) => word !== '' && !word.includes(' '))
  const last = new Map(below.map((branch) => [branch.word, branch])) // a group beats its command
  return [...last.values()].sort((a, b) => (a.word < b.word ? -1 : 1))
}

/** The groups that a profile knows. */
export const groupsOf = ({ groups }: Table, profile: Profile): readonly Group[] =>
  groups.filter(({ only }) => (only ?? profile) === profile)
