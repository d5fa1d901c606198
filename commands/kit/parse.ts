// From argv to the values of flags and words. As Consul the first word ends the flags, as in Go;
// under our name flags may follow words, unless the words belong to a child process.
import { type GoFlagMistake, type GoFlagUse, readGoFlags } from '../../core/go-flags.ts'
import type { Flag, Flags, Profile } from './declare.ts'

export type Complaint =
  | GoFlagMistake
  | {
      readonly type: 'invalid-value' | 'invalid-boolean'
      readonly name: string
      readonly given: string
      readonly why: string
    }

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

export type FlagUse = GoFlagUse

export interface ParseRules {
  readonly flags: Flags
  readonly profile: Profile
  readonly passthrough: boolean
}

export const HELP_FLAGS: readonly string[] = ['-h', '-help', '--help', '--h']

export function parseArgv(argv: readonly string[], rules: ParseRules): Parsed {
  const { flags, profile, passthrough } = rules
  const values: Record<string, unknown> = {}
  for (const [name, flag] of Object.entries(flags)) values[name] = flag.fallback
  const line: Line = { values, given: new Set(), uses: [] }
  const read = readGoFlags<Flag, Complaint>(argv, {
    find: (name) => (Object.hasOwn(flags, name) ? flags[name] : undefined),
    isBoolean: ({ kind }) => kind === 'boolean',
    // Under our name a negative number is a word: `kv put temperature -5`.
    isFlag: (word) => profile === 'consul' || !/^-\d/.test(word),
    isHelp: (word) => HELP_FLAGS.includes(word),
    wordsEnd: passthrough || profile === 'consul',
    take: (flag, use) => setValue(line, flag, use),
  })
  switch (read.type) {
    case 'read':
      return { type: 'parsed', ...line, args: read.words }
    case 'mistake':
      return { type: 'complaint', complaint: read.mistake }
    case 'refused':
      return { type: 'complaint', complaint: read.refusal }
    default:
      return read
  }
}

interface Line {
  readonly values: Record<string, unknown>
  readonly given: Set<string>
  readonly uses: FlagUse[]
}

function setValue(line: Line, flag: Flag, use: FlagUse): Complaint | undefined {
  const { name, text: given } = use
  const read = flag.read(given)
  if (!read.ok) {
    const type = flag.kind === 'boolean' ? 'invalid-boolean' : 'invalid-value'
    return { type, name, given, why: read.why }
  }
  const before = line.given.has(name) ? line.values[name] : []
  line.values[name] =
    flag.kind === 'list' && Array.isArray(before) ? [...before, read.value] : read.value
  line.given.add(name)
  line.uses.push(use)
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
      return `invalid boolean value ${given} for -${complaint.name}: ${complaint.why}`
    default:
      return `invalid value ${given} for flag -${complaint.name}: ${complaint.why}`
  }
}
