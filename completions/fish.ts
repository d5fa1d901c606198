// The completion of fish: one line for each command and flag. fish knows long flags with one dash.
import {
  type CommandModel,
  type FlagModel,
  type Model,
  namesOf,
  type OwnProgram,
  PROGRAMS,
} from './model.ts'

export const fishScript = (model: Model): string =>
  [
    '# fish completion for lictor. Written by completions/generate.ts; do not edit.',
    '',
    ...groupFunction(model),
    ...HELPERS,
    ...namesOf(model).map((name) => `complete -c ${name} -f`),
    ...model.words.flatMap(({ id, words }) => {
      const names = namesFor(model, id)
      return words.map(({ name, about }) =>
        line({ names, condition: `__lictor_next ${quote(id)}`, what: `-a ${name}`, about }),
      )
    }),
    ...model.commands.flatMap((command) => commandLines(command, namesFor(model, command.id))),
    '',
  ].join('\n')

/** The words of lictor that a program stands for, one a line. */
const groupFunction = ({ programs }: Model): string[] => [
  'function __lictor_group',
  "    switch (string replace -r '.*/' '' -- (commandline -opc)[1])",
  ...programs.flatMap(({ name, group }) => [
    `        case ${name}`,
    `            printf '%s\\n' ${group}`,
  ]),
  '    end',
  'end',
  '',
]

/** The words of the line that are no flags, without the program; and which command they are. */
const HELPERS = [
  'function __lictor_words',
  '    __lictor_group',
  "    string match --invert -- '-*' (commandline -opc)[2..-1]",
  'end',
  '',
  'function __lictor_next',
  '    test "$(__lictor_words | string join \' \')" = "$argv"',
  'end',
  '',
  'function __lictor_in',
  '    string match --quiet -- "$argv *" "$(__lictor_words | string join \' \') "',
  'end',
  '',
  'function __lictor_ask',
  '    set -l program (commandline -opc)[1]',
  '    if count (__lictor_group) >/dev/null',
  "        set program (string replace -r '[^/]*$' lictor -- $program)",
  '    end',
  "    set -l typed (commandline -ct | string replace -r '^-[^=]*=' '')",
  '    $program __complete $argv "$typed" 2>/dev/null',
  'end',
  '',
]

/** The programs whose lines these words may stand on. */
function namesFor({ programs }: Model, id: string): readonly string[] {
  const has = ({ group }: OwnProgram) => id === group || id.startsWith(`${group} `)
  return [...PROGRAMS, ...programs.filter(has).map(({ name }) => name)]
}

interface Line {
  readonly names: readonly string[]
  readonly condition: string
  readonly what: string
  readonly about: string
}

const line = ({ names, condition, what, about }: Line): string =>
  `complete -c ${names.join(' -c ')} -n ${quote(condition)} ${what} -d ${quote(about)}`

function commandLines({ id, flags, argument }: CommandModel, names: readonly string[]): string[] {
  const of = (what: string, about: string) =>
    line({ names, condition: `__lictor_in ${id}`, what, about })
  const lines = flags.map((flag) => of(flagOption(flag), flag.about))
  if (argument === 'file') lines.push(of('-F', 'file'))
  if (argument === 'shell') lines.push(of("-a 'bash zsh fish'", 'shell'))
  if (argument !== undefined && argument !== 'file' && argument !== 'shell') {
    lines.push(of(`-k -a ${quote(asking(argument))}`, argument))
  }
  return lines
}

const asking = (kind: string): string => `(__lictor_ask ${kind})`

function flagOption({ name, takesValue, choices, completes }: FlagModel): string {
  const option = `-o ${name}`
  if (!takesValue) return option
  if (completes === 'file') return `${option} -r -F`
  if (completes !== undefined) return `${option} -x -k -a ${quote(asking(completes))}`
  return choices.length === 0 ? `${option} -x` : `${option} -x -a ${quote(choices.join(' '))}`
}

const quote = (text: string): string => `'${text.replaceAll("'", "\\'")}'`
