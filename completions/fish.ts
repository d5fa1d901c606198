// The completion of fish: one line for each command and flag. fish knows long flags with one dash.
import { type CommandModel, type FlagModel, type Model, PROGRAMS } from './model.ts'

export const fishScript = (model: Model): string =>
  [
    '# fish completion for lictor. Written by completions/generate.ts; do not edit.',
    '',
    ...HELPERS,
    ...PROGRAMS.map((name) => `complete -c ${name} -f`),
    ...model.words.flatMap(({ id, words }) =>
      words.map((word) => line(`__lictor_next ${quote(id)}`, `-a ${word.name}`, word.about)),
    ),
    ...model.commands.flatMap(commandLines),
    '',
  ].join('\n')

/** The words of the line that are no flags, without the program; and which command they are. */
const HELPERS = [
  'function __lictor_words',
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
  "    set -l typed (commandline -ct | string replace -r '^-[^=]*=' '')",
  '    $program __complete $argv "$typed" 2>/dev/null',
  'end',
  '',
]

const line = (condition: string, what: string, about: string): string =>
  `complete -c ${PROGRAMS.join(' -c ')} -n ${quote(condition)} ${what} -d ${quote(about)}`

function commandLines({ id, flags, argument }: CommandModel): string[] {
  const condition = `__lictor_in ${id}`
  const lines = flags.map((flag) => line(condition, flagOption(flag), flag.about))
  if (argument === 'file') lines.push(line(condition, '-F', 'file'))
  if (argument === 'shell') lines.push(line(condition, "-a 'bash zsh fish'", 'shell'))
  if (argument !== undefined && argument !== 'file' && argument !== 'shell') {
    lines.push(line(condition, `-k -a ${quote(asking(argument))}`, argument))
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
