// The completion of zsh: the same tables as bash's, with descriptions.
import type { CommandModel, FlagModel, Model, Word } from './model.ts'
import { namesOf } from './model.ts'

export const zshScript = (model: Model): string =>
  [
    `#compdef ${namesOf(model).join(' ')}`,
    '# zsh completion for lictor. Written by completions/generate.ts; do not edit.',
    '',
    '# What may follow these words: name, colon, what it does.',
    ...table(
      '_lictor_words',
      model.words.map(({ id, words }) => [id, words.map(described)]),
    ),
    '# The flags of a command; those with = take a value.',
    ...table(
      '_lictor_flags',
      model.commands.map(({ id, flags }) => [id, flags.map(flagWord)]),
    ),
    '# What the value of a flag is: a kind (@file, @key, …) or the words themselves.',
    ...table('_lictor_value', model.commands.flatMap(values)),
    '# What the first word of a command is.',
    ...table('_lictor_argument', model.commands.flatMap(argument)),
    '# The words of lictor that a program stands for.',
    ...table(
      '_lictor_group',
      model.programs.map(({ name, group }) => [name, group.split(' ')]),
    ),
    body(namesOf(model)),
  ].join('\n')

const described = ({ name, about }: Word): string => `${name}:${about}`

const flagWord = ({ name, takesValue, about }: FlagModel): string =>
  `-${name}${takesValue ? '=' : ''}:${about.replaceAll(':', '\\:')}`

const values = ({ id, flags }: CommandModel): [string, string[]][] =>
  flags.flatMap(({ name, choices, completes }): [string, string[]][] => {
    const kinds = completes === undefined ? [...choices] : [`@${completes}`]
    return kinds.length === 0 ? [] : [[`${id} -${name}`, kinds]]
  })

const argument = ({ id, argument: kind }: CommandModel): [string, string[]][] =>
  kind === undefined ? [] : [[id, kind === 'shell' ? ['bash', 'zsh', 'fish'] : [`@${kind}`]]]

/** A function that sets the array `reply`. */
function table(name: string, rows: readonly (readonly [string, readonly string[]])[]): string[] {
  const cases = rows.map(
    ([key, list]) => `    ${quote(key)}) reply=(${list.map(quote).join(' ')}) ;;`,
  )
  return [`${name}() {`, '  reply=()', '  case "$1" in', ...cases, '  esac', '}', '']
}

const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

const body = (names: readonly string[]): string => `_lictor_offer() {
  # $reply: a kind or words.
  case "\${reply[1]}" in
    '') ;;
    @file) _files ;;
    @*)
      local -a found
      found=(\${(f)"$($_lictor_program __complete "\${reply[1]#@}" "\${(Q)PREFIX}" 2>/dev/null)"})
      compadd -S '' -- \${found:#}
      ;;
    *) compadd -- $reply ;;
  esac
}

_lictor() {
  setopt localoptions extendedglob
  local -a reply names
  local id='' word name _lictor_program=\${words[1]}
  local -i at=2
  _lictor_group "\${words[1]:t}"
  if (($#reply)); then
    _lictor_program=\${words[1]%\${words[1]:t}}lictor
    words=("\${words[1]}" $reply "\${(@)words[2,-1]}")
    ((CURRENT += $#reply))
  fi
  while ((at < CURRENT)); do
    _lictor_words "$id"
    names=(\${reply%%:*})
    ((\${names[(Ie)\${words[at]}]})) || break
    id=\${id:+$id }\${words[at]}
    at+=1
  done
  word=\${words[CURRENT]}
  if [[ $word == -*=* ]]; then
    name=-\${\${\${word%%=*}#-}#-}
    compset -P '*='
    _lictor_value "$id $name"
    _lictor_offer
  elif [[ $word == -* ]]; then
    _lictor_flags "$id"
    local -a plain valued
    plain=(\${reply:#-[^:]##=:*})
    valued=(\${(M)reply:#-[^:]##=:*})
    [[ $word == --* ]] && compset -P '-'
    _describe flag plain -- valued -S ''
  else
    if ((at == CURRENT)); then
      _lictor_words "$id"
      (($#reply)) && _describe command reply
    fi
    _lictor_argument "$id"
    _lictor_offer
  fi
}

if [[ $funcstack[1] == _lictor ]]; then
  _lictor "$@"
else
  compdef _lictor ${names.join(' ')}
fi
`
