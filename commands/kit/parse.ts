// From argv to flags and words, as Go's flag package does it: one dash or two, `-x v` or `-x=v`, booleans `-x` and `-x=false`,
// the last of several counts, `--` ends the flags. As Consul the first word ends them too; under our name flags may follow
// words, unless the words belong to a child process.
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
    }
  | { readonly type: 'help' }
  | { readonly type: 'complaint'; readonly complaint: Complaint }

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
}

export const HELP_FLAGS: readonly string[] = ['-h', '-help', '--help', '--h']

export function parseArgv(argv: readonly string[], rules: ParseRules): Parsed {
  const values: Record<string, unknown> = {}
  for (const [name, flag] of Object.entries(rules.flags)) values[name] = flag.fallback
  const reader: Reader = { rules, argv, at: 0, values, given: new Set(), args: [] }
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
  return { type: 'parsed', values, given: reader.given, args: reader.args }
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
  if (flag.kind === 'boolean') return setBoolean(reader, name, glued ?? 'true')
  const given = glued ?? reader.argv[reader.at++]
  if (given === undefined) return { type: 'needs-argument', name }
  return setValue({ values: reader.values, given: reader.given }, { name, flag, text: given })
}

function setBoolean(reader: Reader, name: string, given: string): Complaint | undefined {
  const read = reader.rules.flags[name]?.read(given)
  if (read?.ok !== true) return { type: 'invalid-boolean', name, given }
  reader.values[name] = read.value
  reader.given.add(name)
  return undefined
}

interface Target {
  readonly values: Record<string, unknown>
  readonly given: Set<string>
}

function setValue(
  target: Target,
  { name, flag, text }: { name: string; flag: Flag; text: string },
): Complaint | undefined {
  const read = flag.read(text)
  if (!read.ok) return { type: 'invalid-value', name, given: text, why: read.why }
  const before = target.given.has(name) ? target.values[name] : []
  target.values[name] =
    flag.kind === 'list' && Array.isArray(before) ? [...before, read.value] : read.value
  target.given.add(name)
  return undefined
}

/** What Go's flag package says: clients and people know these lines. */
export function goComplaint(complaint: Complaint): string {
  switch (complaint.type) {
    case 'bad-syntax':
      return `bad flag syntax: ${complaint.word}`
    case 'unknown-flag':
      return `flag provided but not defined: -${complaint.name}`
    case 'needs-argument':
      return `flag needs an argument: -${complaint.name}`
    case 'invalid-boolean':
      return `invalid boolean value ${JSON.stringify(complaint.given)} for -${complaint.name}: parse error`
    default:
      return `invalid value ${JSON.stringify(complaint.given)} for flag -${complaint.name}: ${complaint.why}`
  }
}
