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
  readonly name: string
  /** A sentence without its full stop. */
  readonly about: string
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

export const isIn = (declared: AnyCommand, group: Group): boolean =>
  declared.id.startsWith(`${group.name} `)
