// The pages of section 1, from the declarations of the commands.
import { type AnyCommand, type Flag, flagsOf, namesInEnv } from '../commands/kit/declare.ts'
import { type Group, isIn, type Table } from '../commands/kit/table.ts'
import { TOPICS, type Topic } from '../commands/topics.ts'
import { LICTOR_VERSION } from '../core/version.ts'
import { bold, entry, example, italic, paragraphs, roff, section, title } from './roff.ts'

/** When the manual was last read through as a whole. */
const DATE = '2026-11-26'

const head = (name: string): string[] => [
  '.\\" Written by man/generate.ts; do not edit.',
  title({ name, section: 1, version: LICTOR_VERSION, date: DATE }),
]

/** `lictor-kv-get` */
export const pageName = (id: string): string => `lictor-${id.replaceAll(' ', '-')}`

export function commandPage(declared: AnyCommand): string {
  return pageOf(declared, pageName(declared.id), `lictor ${declared.id}`)
}

/** Of a program that is one command: what a person types stands on it. */
export const programPage = (declared: AnyCommand, name: string): string =>
  pageOf(declared, name, name)

/** `typed`: what comes before the flags. */
function pageOf(declared: AnyCommand, name: string, typed: string): string {
  const description = declared.description ?? [`${declared.summary}.`]
  return page([
    ...head(name),
    ...section('NAME', nameLines(name, declared)),
    ...section('SYNOPSIS', [synopsis(declared, typed)]),
    ...section('DESCRIPTION', paragraphs(description)),
    ...section(
      'ARGUMENTS',
      declared.args.flatMap((one) => entry(italic(one.name), `${one.about}.`)),
    ),
    ...flagSections(declared),
    ...section(
      'EXAMPLES',
      declared.examples.flatMap((one) => exampleLines(one, declared.id, typed)).slice(1),
    ),
    ...section('EXIT STATUS', paragraphs(['See lictor(1).'])),
    ...section('SEE ALSO', [seeAlso(declared)]),
  ])
}

/** The longest line in a source, as mandoc asks for. */
const SOURCE_WIDTH = 78

/** One line if it fits: readers of the index of manuals look for the dash. */
function nameLines(name: string, { summary }: Pick<AnyCommand, 'summary'>): string[] {
  const [head, about] = [`${roff(name)} \\-`, roff(lowered(summary))]
  return head.length + 1 + about.length > SOURCE_WIDTH ? [head, about] : [`${head} ${about}`]
}

const page = (lines: readonly string[]): string => `${lines.join('\n')}\n`

const lowered = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1)

function synopsis({ args }: AnyCommand, typed: string): string {
  const words = args.map(({ name, required, many }) => {
    const word = many ? `${italic(name)} ...` : italic(name)
    return required ? word : `[${word}]`
  })
  return [bold(typed), `[${italic('flags')}]`, ...words].join(' ')
}

/** One section for each group of flags, the command's own first. */
function flagSections(declared: AnyCommand): string[] {
  const flags = Object.entries(flagsOf(declared, 'lictor')).sort(([a], [b]) => (a < b ? -1 : 1))
  const groups = [...new Set(flags.map(([, flag]) => flag.group ?? ''))].sort()
  return groups.flatMap((group) => {
    const own = flags.filter(([, flag]) => (flag.group ?? '') === group)
    const name = group === '' ? 'FLAGS' : `${group.toUpperCase()} FLAGS`
    return section(
      name,
      own.flatMap(([flagName, flag]) => flagEntry(flagName, flag)),
    )
  })
}

function flagEntry(name: string, flag: Flag): string[] {
  const value = flag.kind === 'boolean' ? '' : `=${italic(flag.placeholder)}`
  const env = (flag.env ?? []).flatMap((one) => namesInEnv(one, 'lictor'))
  const more = [
    ...(typeof flag.fallback === 'string' && flag.fallback !== ''
      ? [`Default: ${flag.fallback}.`]
      : []),
    ...(env.length === 0 ? [] : [`Environment: ${env.join(', ')}.`]),
  ]
  return entry(`${bold(`-${name}`)}${value}`, [`${flag.about}.`, ...more].join(' '))
}

type Example = AnyCommand['examples'][number]

function exampleLines({ does, command, pipe }: Example, id: string, typed: string): string[] {
  const line = command === id || command.startsWith(`${id} `) ? command.slice(id.length) : undefined
  const words = line === undefined ? `lictor ${command}` : `${typed}${line}`
  return ['.PP', `${roff(does)}:`, ...example([pipe === undefined ? words : `${words} ${pipe}`])]
}

function seeAlso({ id }: AnyCommand): string {
  const others = [reference('lictor', 1)]
  if (id.startsWith('kv ') || id === 'watch') others.push(reference('lictor-kv', 7))
  if (id.startsWith('session ') || id === 'lock') others.push(reference('lictor-lock', 7))
  if (/^(?:services |maint$|catalog )/.test(id)) others.push(reference('lictor-health', 7))
  if (/^dns\b/.test(id)) others.push(reference('lictor-dns', 7))
  if (id.startsWith('swim ')) others.push(reference('swimctl', 1), reference('lictor-swim', 7))
  if (id.startsWith('raft ')) others.push(reference('raftctl', 1), reference('lictor-raft', 7))
  if (id === 'agent' || id === 'validate') others.push(reference('lictor-config', 5))
  return others.join(', ')
}

const reference = (name: string, number: number): string => `${bold(name)}(${number})`

/** Of a program that is a group of commands. */
export function groupPage(name: string, group: Group, commands: readonly AnyCommand[]): string {
  const of = commands.filter((one) => isIn(one, group))
  const example = of.find(({ examples }) => examples.length > 0)?.id ?? ''
  return page([
    ...head(name),
    ...section('NAME', nameLines(name, { summary: group.about })),
    ...section('SYNOPSIS', [`${bold(name)} ${italic('command')} [${italic('flags')}]`]),
    ...section(
      'DESCRIPTION',
      paragraphs([
        `The commands that lictor ${group.name} has, under a shorter name: ` +
          `${name}${example.slice(group.name.length)} is lictor ${example}. ` +
          '-h shows the help of any of them.',
      ]),
    ),
    ...section('COMMANDS', of.flatMap(commandEntry)),
    ...section('EXIT STATUS', paragraphs(['See lictor(1).'])),
    ...section('SEE ALSO', [
      [reference('lictor', 1), ...(CONCEPT_OF[group.name] ?? [])].join(', '),
    ]),
  ])
}

const CONCEPT_OF: Readonly<Record<string, readonly string[]>> = {
  raft: [reference('lictor-raft', 7)],
  swim: [reference('lictor-swim', 7)],
}

export function mainPage(table: Table, commands: readonly AnyCommand[]): string {
  const inGroup = (one: AnyCommand) => table.groups.some((group) => isIn(one, group))
  return page([
    ...head('lictor'),
    ...section('NAME', ['lictor \\- Consul rebuilt as composable Unix commands']),
    ...section('SYNOPSIS', [
      `${bold('lictor')} ${italic('command')} [${italic('flags')}] [${italic('words')}]`,
    ]),
    ...section('DESCRIPTION', paragraphs(INTRODUCTION)),
    ...section('COMMANDS', [
      ...commands.filter((one) => !inGroup(one)).flatMap(commandEntry),
      ...table.groups.flatMap((group) => groupEntries(group, table, commands)),
    ]),
    ...section('PROGRAMS', programEntries(table)),
    ...Object.entries(TOPICS).flatMap(([name, topic]) => topicSection(name, topic)),
    ...section('SEE ALSO', [CONCEPTS.join(',\n')]),
  ])
}

const programEntries = ({ programs }: Table): string[] =>
  Object.entries(programs).flatMap(([name, program]) =>
    typeof program === 'object' ? entry(`${bold(name)}(1)`, `Is lictor ${program.group}.`) : [],
  )

const CONCEPTS: readonly string[] = [
  reference('lictor-config', 5),
  ...['dns', 'health', 'kv', 'lock', 'raft', 'swim'].map((name) => reference(`lictor-${name}`, 7)),
]

const INTRODUCTION: readonly string[] = [
  'An agent that answers the HTTP API of Consul, and the commands that go with it. The same ' +
    'program answers as consul when it is called by that name, with the texts and exit codes of ' +
    'Consul, and as consul-clone.',
  'Flags may be written with one dash or two, with the value behind = or as the next word. -h ' +
    'shows the help of any command.',
]

const commandEntry = (one: AnyCommand): string[] =>
  entry(`${bold(pageName(one.id))}(1)`, `${one.summary}.`)

/** Commands of a group, those of groups within it apart. */
const groupEntries = (group: Group, { groups }: Table, commands: readonly AnyCommand[]): string[] =>
  commands
    .filter((one) => isIn(one, group) && !groups.some((deeper) => isDeeper(deeper, group, one)))
    .flatMap(commandEntry)

const isDeeper = (deeper: Group, group: Group, one: AnyCommand): boolean =>
  deeper.name.startsWith(`${group.name} `) && isIn(one, deeper)

/** The headings that readers of manuals look for. */
const HEADINGS: Readonly<Record<string, string>> = {
  environment: 'ENVIRONMENT',
  'exit-codes': 'EXIT STATUS',
  files: 'FILES',
  formatting: 'OUTPUT',
  ports: 'PORTS',
}

const topicSection = (name: string, { intro, rows }: Topic): string[] =>
  section(HEADINGS[name] ?? name.toUpperCase(), [
    ...paragraphs(intro),
    ...rows.flatMap(([term, about]) => entry(bold(term), `${about}.`)),
  ])
