// A command line by the rules of Go's flag package, which Consul's users know: one dash or two,
// `-x=v` or `-x v`, booleans alone or with `=`, `--` ends the flags. What a value means, and how a
// mistake is worded, is for those who declare the flags.

export interface GoFlagRules<Flag, Refusal> {
  /** A flag by its name, without dashes. */
  readonly find: (name: string) => Flag | undefined
  /** Booleans take a value behind `=` only. */
  readonly isBoolean: (flag: Flag) => boolean
  /** Words that begin with a dash and are flags; a lone dash never is. */
  readonly isFlag?: (word: string) => boolean
  readonly isHelp?: (word: string) => boolean
  /** Whether the first word that is no flag ends them, as in Go. */
  readonly wordsEnd: boolean
  /** Takes a flag with its value, in the order of the line; what it answers ends the reading. */
  readonly take: (flag: Flag, use: GoFlagUse) => Refusal | undefined
}

/** One flag as it stood on the line. */
export interface GoFlagUse {
  readonly name: string
  readonly text: string
}

/** What is wrong with a line before any value is looked at. */
export type GoFlagMistake =
  | { readonly type: 'bad-syntax'; readonly word: string }
  | { readonly type: 'unknown-flag'; readonly name: string }
  | { readonly type: 'needs-argument'; readonly name: string }

export type GoFlagsRead<Refusal> =
  | { readonly type: 'read'; readonly words: readonly string[] }
  | { readonly type: 'help' }
  | { readonly type: 'mistake'; readonly mistake: GoFlagMistake }
  | { readonly type: 'refused'; readonly refusal: Refusal }

export function readGoFlags<Flag, Refusal>(
  argv: readonly string[],
  rules: GoFlagRules<Flag, Refusal>,
): GoFlagsRead<Refusal> {
  const words: string[] = []
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at] ?? ''
    if (word === '--') return { type: 'read', words: [...words, ...argv.slice(at + 1)] }
    if (rules.isHelp?.(word)) return { type: 'help' }
    if (!word.startsWith('-') || word === '-' || rules.isFlag?.(word) === false) {
      if (rules.wordsEnd) return { type: 'read', words: argv.slice(at) }
      words.push(word)
      continue
    }
    const read = readFlag(word, argv[at + 1], rules)
    if ('type' in read) return read
    at += read.taken
  }
  return { type: 'read', words }
}

const FLAG = /^--?([^-=][^=]*)(?:=(.*))?$/s

/** One flag, and how many words behind it were its value. */
function readFlag<Flag, Refusal>(
  word: string,
  next: string | undefined,
  rules: GoFlagRules<Flag, Refusal>,
): { readonly taken: 0 | 1 } | Exclude<GoFlagsRead<Refusal>, { type: 'read' | 'help' }> {
  const match = FLAG.exec(word)
  if (match === null) return { type: 'mistake', mistake: { type: 'bad-syntax', word } }
  const [, name = '', glued] = match
  const flag = rules.find(name)
  if (flag === undefined) return { type: 'mistake', mistake: { type: 'unknown-flag', name } }
  const own = glued ?? (rules.isBoolean(flag) ? 'true' : undefined)
  const text = own ?? next
  if (text === undefined) return { type: 'mistake', mistake: { type: 'needs-argument', name } }
  const refusal = rules.take(flag, { name, text })
  return refusal === undefined ? { taken: own === undefined ? 1 : 0 } : { type: 'refused', refusal }
}
