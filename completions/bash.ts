// The completion of bash: tables as functions, then one function that looks at the line.
import type { CommandModel, FlagModel, Model } from './model.ts'
import { namesOf } from './model.ts'

export const bashScript = (model: Model): string =>
  [
    '# bash completion for lictor. Written by completions/generate.ts; do not edit.',
    '',
    '# What may follow these words.',
    ...table(
      '_lictor_words',
      model.words.map(({ id, words }) => [id, names(words)]),
    ),
    '# The flags of a command; those with = take a value.',
    ...table(
      '_lictor_flags',
      model.commands.map(({ id, flags }) => [id, flags.map(flagWord).join(' ')]),
    ),
    '# What the value of a flag is: a kind (@file, @key, …) or the words themselves.',
    ...table('_lictor_value', model.commands.flatMap(values)),
    '# What the first word of a command is.',
    ...table('_lictor_argument', model.commands.flatMap(argument)),
    '# The words of lictor that a program stands for.',
    ...table(
      '_lictor_group',
      model.programs.map(({ name, group }) => [name, group]),
    ),
    BODY,
    `complete -F _lictor ${namesOf(model).join(' ')}`,
    '',
  ].join('\n')

const names = (words: readonly { readonly name: string }[]): string =>
  words.map(({ name }) => name).join(' ')

const flagWord = ({ name, takesValue }: FlagModel): string => `-${name}${takesValue ? '=' : ''}`

const values = ({ id, flags }: CommandModel): [string, string][] =>
  flags.flatMap(({ name, choices, completes }): [string, string][] => {
    const kind = completes === undefined ? choices.join(' ') : `@${completes}`
    return kind === '' ? [] : [[`${id} -${name}`, kind]]
  })

const argument = ({ id, argument: kind }: CommandModel): [string, string][] =>
  kind === undefined ? [] : [[id, kind === 'shell' ? 'bash zsh fish' : `@${kind}`]]

function table(name: string, rows: readonly (readonly [string, string])[]): string[] {
  const cases = rows.map(([key, value]) => `    '${key}') echo '${value}' ;;`)
  return [`${name}() {`, '  case "$1" in', ...cases, '  esac', '}', '']
}

const BODY = `_lictor_offer() {
  # $1: kind or words, $2: what has been typed of it.
  case "$1" in
    '') ;;
    @file) compgen -f -- "$2" ;;
    @*) "\${_lictor_program:-lictor}" __complete "\${1#@}" "$2" 2>/dev/null ;;
    *) compgen -W "$1" -- "$2" ;;
  esac
}

# -name or --name, with or without a value, as -name.
_lictor_flag_name() {
  local name=\${1%%=*}
  name=\${name#-}
  echo "-\${name#-}"
}

_lictor_offers() {
  # $1: command, $2: word before, $3: word, $4: yes when the command may go on.
  local name
  if [[ $3 == -*=* ]]; then
    name=$(_lictor_flag_name "$3")
    _lictor_offer "$(_lictor_value "$1 $name")" "\${3#*=}" | sed "s|^|\${3%%=*}=|"
  elif [[ $3 == -* ]]; then
    compgen -W "$(_lictor_flags "$1")" -- "$(_lictor_flag_name "$3")"
  elif [[ $2 == -* && " $(_lictor_flags "$1") " == *" $(_lictor_flag_name "$2")= "* ]]; then
    _lictor_offer "$(_lictor_value "$1 $(_lictor_flag_name "$2")")" "$3"
  else
    [[ $4 == yes ]] && compgen -W "$(_lictor_words "$1")" -- "$3"
    _lictor_offer "$(_lictor_argument "$1")" "$3"
  fi
}

_lictor() {
  local line=\${COMP_LINE:0:COMP_POINT} words=() id='' at=1 word typed before offer last=no
  local called group
  # A blank behind a backslash belongs to the word.
  [[ $line =~ ([^[:space:]\\\\]|\\\\.)*$ ]]
  word=\${BASH_REMATCH[0]}
  typed=\${word//\\\\/}
  read -a words <<<"\${line%"$word"}"
  called=\${words[0]##*/}
  group=$(_lictor_group "$called")
  _lictor_program=\${words[0]}
  if [[ -n $group ]]; then
    words=("\${words[0]}" $group "\${words[@]:1}")
    _lictor_program=\${words[0]%"$called"}lictor
  fi
  while ((at < \${#words[@]})) && [[ " $(_lictor_words "$id") " == *" \${words[at]} "* ]]; do
    id=\${id:+$id }\${words[at++]}
  done
  ((at == \${#words[@]})) && last=yes
  before=\${words[\${#words[@]} - 1]}
  [[ $before == *=* ]] && before=''
  COMPREPLY=()
  while IFS= read -r offer; do
    # bash replaces only what stands behind the last of these signs.
    offer=\${offer#"\${typed%"\${typed##*[=:]}"}"}
    [[ -n $offer ]] && COMPREPLY+=("\${offer//[[:space:]]/\\\\ }")
  done < <(_lictor_offers "$id" "$before" "$typed" "$last")
  [[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == *[=/] ]] && compopt -o nospace 2>/dev/null
  return 0
}
`
