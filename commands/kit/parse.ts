// From argv to flags and words, as Go's flag package does it: one dash or two, `-x v` or `-x=v`,
// booleans `-x` and `-x=false`, the last of several counts, `--` ends the flags. As Consul the
// first word ends them too; under our name flags may follow words, unless the words belong to a
// child process.
import type { Flag, Flags, Profile } from './declare.ts'

export type Complaint =
  | { readonly type: 'bad-syntax'; readonly word: string }
  | { readonly type: 'unknown-flag'; readonly name: string }
  | { readonly type: 'needs-argument'; readonly name: string }
  | {
      readonly type: 'invalid-value'
      readonly name: string
      readonly given: string
      readonly why: string
    }
  | { readonly type: 'invalid-boolean'; readonly name: string; readonly given: string }

export type Parsed =
  | {
      readonly type: 'parsed'
      readonly values: Readonly<Record<string, unknown>>
      readonly given: ReadonlySet<string>
      readonly args: readonly string[]
      readonly uses: readonly FlagUse[]
    }
  | { readonly type: 'help' }
  | { readonly type: 'complaint'; readonly complaint: Complaint }

/** One flag as it stood on the line, in the order of the line. */
export interface FlagUse {
  readonly name: string
  readonly text: string
}

export interface ParseRules {
  readonly flags: Flags
  readonly profile: Profile
  readonly passthrough: boolean
}

interface Reader {
  readonly rules: ParseRules
  readonly argv: readonly string[]
  at: number
  readonly values: Record<string, unknown>
  readonly given: Set<string>
  readonly args: string[]
  readonly uses: FlagUse[]
}

export const HELP_FLAGS: readonly string[] = ['-h', '-help', '--help', '--h']

export function parseArgv(argv: readonly string[], rules: ParseRules): Parsed {
  const values: Record<string, unknown> = {}
  for (const [name, flag] of Object.entries(rules.flags)) values[name] = flag.fallback
  const reader: Reader = { rules, argv, at: 0, values, given: new Set(), args: [], uses: [] }
  while (reader.at < argv.length) {
    const word = argv[reader.at++] ?? ''
    if (word === '--') break
    if (HELP_FLAGS.includes(word)) return { type: 'help' }
    if (!isFlag(word, rules)) {
      reader.args.push(word)
      if (rules.passthrough || rules.profile === 'consul') break
      continue
    }
    const complaint = takeFlag(reader, word)
    if (complaint !== undefined) return { type: 'complaint', complaint }
  }
  reader.args.push(...argv.slice(reader.at))
  const { given, args, uses } = reader
  return { type: 'parsed', values, given, args, uses }
}

/** A lone `-` is a word. Under our name a negative number is one too: `kv put temperature -5`. */
const isFlag = (word: string, rules: ParseRules): boolean =>
  word.length > 1 && word.startsWith('-') && !(rules.profile === 'lictor' && /^-\d/.test(word))

const FLAG = /^--?([^-=][^=]*)(?:=(.*))?$/s

function takeFlag(reader: Reader, word: string): Complaint | undefined {
  const match = FLAG.exec(word)
  if (match === null) return { type: 'bad-syntax', word }
  const [, name = '', glued] = match
  const flag = Object.hasOwn(reader.rules.flags, name) ? reader.rules.flags[name] : undefined
  if (flag === undefined) return { type: 'unknown-flag', name }
  const given = glued ?? (flag.kind === 'boolean' ? 'true' : reader.argv[reader.at++])
  if (given === undefined) return { type: 'needs-argument', name }
  return setValue(reader, flag, { name, text: given })
}

function setValue(reader: Reader, flag: Flag, use: FlagUse): Complaint | undefined {
  const { name, text: given } = use
  const read = flag.read(given)
  if (!read.ok) {
    return flag.kind === 'boolean'
      ? { type: 'invalid-boolean', name, given }
      : { type: 'invalid-value', name, given, why: read.why }
  }
  const before = reader.given.has(name) ? reader.values[name] : []
  reader.values[name] =
    flag.kind === 'list' && Array.isArray(before) ? [...before, read.value] : read.value
  reader.given.add(name)
  reader.uses.push(use)
  return undefined
}

/** What Go's flag package says: clients and people know these lines. */
export function goComplaint(complaint: Complaint): string {
  const given = 'given' in complaint ? JSON.stringify(complaint.given) : ''
  switch (complaint.type) {
    case 'bad-syntax':
      return `bad flag syntax: ${complaint.word}`
    case 'unknown-flag':
      return `flag provided but not defined: -${complaint.name}`
    case 'needs-argument':
      return `flag needs an argument: -${complaint.name}`
    case 'invalid-boolean':
      return `invalid boolean value ${given} for -${complaint.name}: parse error`
    default:
      return `invalid value ${given} for flag -${complaint.name}: ${complaint.why}`
  }
}
