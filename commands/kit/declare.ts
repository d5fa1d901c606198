// What a command declares: plain records, from which the parser, the help, the completions and the
// man pages are all made.
//
// A command is one record with `run`. The fast path (main.ts) loads the chosen record alone; oclif
// sees the same records as classes (kit/oclif.ts). Flags are declared once, here or on the command,
// and nowhere again.
import { parseBool } from '../../core/bool.ts'
import type { Profile } from '../../core/config/refusal.ts'
import { parseDuration } from '../../core/time.ts'
import { parseU64, type U64 } from '../../core/u64.ts'
import type { Output } from './output.ts'
import type { FlagUse } from './parse.ts'
import type { Table } from './table.ts'

/** Whose surface a program shows (design D9): Consul's texts and exit codes, or ours. */
export type { Profile }

/** The name we were called by, and what follows from it. */
export interface Program {
  readonly name: string
  readonly profile: Profile
  /** All its commands are of this group, whose name is not typed. */
  readonly group?: string
}

/** What a person types for a command of this program: `lictor kv get`, `chaos-consul simulate`. */
export function typedAs({ name, group }: Program, line: string): string {
  if (line === group) return name
  const prefix = `${group} `
  return `${name} ${line.startsWith(prefix) ? line.slice(prefix.length) : line}`
}

/**
 * A flag's text as a value, or why it is none (the words of Go's flag package, after `invalid value
 * "x" for flag -x: `).
 */
export type FlagRead<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly why: string }

export interface Flag<T = unknown> {
  /**
   * A boolean needs no value: `-x` and `-x=false`. A list takes every occurrence; of all others the
   * last counts.
   */
  readonly kind: 'boolean' | 'single' | 'list'
  /** Half a sentence for help, completion and the manual. */
  readonly about: string
  /** What stands for the value in help: `ADDR`. */
  readonly placeholder: string
  /** The value when nobody sets one. */
  readonly fallback: T
  readonly read: (text: string) => FlagRead<unknown>
  /**
   * Variables that set it, the first that is set counts. Names with CONSUL_ also work with LICTOR_.
   */
  readonly env?: readonly string[]
  /** Known to one profile alone, of a command that both know. */
  readonly only?: Profile
  /** Heading in help. */
  readonly group?: string
  /** All values there are, for help and completion. */
  readonly choices?: readonly string[]
  /** What the shell completes here. */
  readonly completes?: Completes
}

/** What the shell offers for a value: files, or what `__complete` finds out. */
export type Completes = 'file' | 'key' | 'service' | 'node' | 'session' | 'daemon' | 'shell'

export type Flags = Readonly<Record<string, Flag>>

/** The values of declared flags. */
export type Values<F extends Flags> = {
  readonly [Name in keyof F]: F[Name] extends Flag<infer T> ? T : never
}

type More = Omit<Partial<Flag>, 'kind' | 'about' | 'fallback' | 'read'>

const value = <T>(found: T | undefined, why = 'parse error'): FlagRead<T> =>
  found === undefined ? { ok: false, why } : { ok: true, value: found }

const flag = <T>(made: Flag<T>): Flag<T> => made

export const boolean = (about: string, more: More = {}): Flag<boolean> =>
  flag({
    kind: 'boolean',
    about,
    placeholder: '',
    fallback: false,
    read: (text) => value(parseBool(text)),
    ...more,
  })

/** Text with a value of its own when it is not given. */
export const text = (about: string, fallback: string, more: More = {}): Flag<string> =>
  flag({
    kind: 'single',
    about,
    placeholder: 'TEXT',
    fallback,
    read: (given) => value(given),
    ...more,
  })

/** Text that may be absent. */
export const optional = (about: string, more: More = {}): Flag<string | undefined> =>
  flag({
    kind: 'single',
    about,
    placeholder: 'TEXT',
    fallback: undefined,
    read: (given) => value(given),
    ...more,
  })

/** Given as often as one likes. */
export const list = (about: string, more: More = {}): Flag<readonly string[]> =>
  flag({
    kind: 'list',
    about,
    placeholder: 'TEXT',
    fallback: [],
    read: (given) => value(given),
    ...more,
  })

/** `NAME=VALUE`, as often as one likes. */
export const pairs = (about: string, more: More = {}): Flag<readonly string[]> => ({
  ...list(about, { placeholder: 'NAME=VALUE', ...more }),
  read: (given) =>
    value(given.includes('=') ? given : undefined, `Missing "=" value in argument: ${given}`),
})

/** Go reads numbers of flags in the base that their prefix names: 0x1f, 0b11, 0o17, 017. */
function decimalOf(given: string): string {
  const octal = /^0([0-7]+)$/.exec(given)?.[1]
  const text = octal === undefined ? given : `0o${octal}`
  return /^0(?:x[\da-f]+|b[01]+|o[0-7]+)$/i.test(text) ? BigInt(text).toString() : given
}

/** 0 … 2^64 - 1, exact. */
export const unsigned = (about: string, more: More = {}): Flag<U64> =>
  flag({
    kind: 'single',
    about,
    placeholder: 'N',
    fallback: 0,
    read: (given) => {
      const parsed = parseU64(decimalOf(given))
      if (parsed.ok) return parsed
      return { ok: false, why: parsed.why === 'range' ? 'value out of range' : 'parse error' }
    },
    ...more,
  })

/** A whole number that fits a double. */
export const count = (about: string, fallback: number, more: More = {}): Flag<number> =>
  flag({
    kind: 'single',
    about,
    placeholder: 'N',
    fallback,
    read: (given) => value(/^\d{1,15}$/.test(given) ? Number(given) : undefined),
    ...more,
  })

/** A Go duration, in milliseconds; undefined when not given. */
export const duration = (about: string, more: More = {}): Flag<number | undefined> =>
  flag({
    kind: 'single',
    about,
    placeholder: 'DURATION',
    fallback: undefined,
    read: (given) => value(parseDuration(given)),
    ...more,
  })

/** One of a few words. */
export const choice = <const Word extends string>(
  about: string,
  choices: readonly [Word, ...Word[]],
  more: More = {},
): Flag<Word> =>
  flag({
    kind: 'single',
    about,
    placeholder: choices.join('|'),
    fallback: choices[0],
    read: (given) =>
      value(
        choices.find((one) => one === given),
        `must be one of ${choices.join(', ')}`,
      ),
    choices,
    ...more,
  })

/** A word on the command line that is no flag. */
export interface Argument {
  /** In capitals: `KEY`. */
  readonly name: string
  readonly about: string
  readonly required?: boolean
  /** Takes all that follow. */
  readonly many?: boolean
  readonly completes?: Completes
}

export interface Example {
  readonly does: string
  /** Without the name of the program: `kv get config/web/port`. */
  readonly command: string
  /** Behind the command: `| jq .`. */
  readonly pipe?: string
}

/** What Consul's profile says of a command. Without it the command is unknown to that profile. */
export interface ConsulSide {
  /** What follows `Usage: consul `. */
  readonly usage: string
  /** Consul's complaint about the words that are no flags; undefined when they are fine. */
  readonly complain?: (args: readonly string[]) => ConsulComplaint | undefined
}

type ConsulComplaint = string | { readonly text: string; readonly withUsage: 'whole' }

/** What a command is called with. */
export interface Call<F extends Flags> {
  readonly program: Program
  readonly id: string
  readonly args: readonly string[]
  readonly flags: Values<F & BaseFlags>
  /** The flags that stood on the command line. */
  readonly given: ReadonlySet<string>
  /** The same in order, as texts. */
  readonly uses: readonly FlagUse[]
  readonly env: Env
  readonly out: Output
  /** All commands: for those that speak of others. */
  readonly table: Table
}

export type Env = Readonly<Record<string, string | undefined>>

/** What a command ends with. */
export interface Answer {
  /** What --json prints: one value. Absent when the command has printed by itself. */
  readonly json?: unknown
  /** What a person reads, whole, to stdout. */
  readonly text?: string | Uint8Array
  /** Talk, to stderr. */
  readonly note?: string
  readonly exit?: number
}

export interface Command<F extends Flags = Flags> {
  /** `kv get` */
  readonly id: string
  readonly summary: string
  /** Paragraphs. */
  readonly description?: readonly string[]
  /** Two at least: tests run them. */
  readonly examples: readonly [Example, Example, ...Example[]]
  readonly args: readonly Argument[]
  readonly flags: F
  /** What follows the first word belongs to somebody else (a child process): flags end there. */
  readonly passthrough?: boolean
  readonly hidden?: boolean
  readonly consul?: ConsulSide
  /** A method, so that a table may hold commands with flags of all kinds. */
  run(call: Call<F>): Promise<Answer> | Answer
}

export type AnyCommand = Command<Flags>

/** Keeps the types of the flags. */
export const defineCommand = <const F extends Flags>(declared: Command<F>): Command<F> => declared

const OUTPUT = { group: 'output', only: 'lictor' } as const

/** Known to every command of ours. */
export const BASE_FLAGS = {
  json: boolean('print one JSON value, and errors as JSON on stderr', OUTPUT),
  color: boolean('colours even when the output is no terminal', OUTPUT),
  'no-color': boolean('no colours', OUTPUT),
} as const satisfies Flags

export type BaseFlags = typeof BASE_FLAGS

/** The flags of a command that a profile knows, base flags last. */
export function flagsOf(declared: AnyCommand, profile: Profile): Flags {
  const all: Flags = { ...declared.flags, ...BASE_FLAGS }
  const known = Object.entries(all).filter(([, one]) => (one.only ?? profile) === profile)
  return Object.fromEntries(known)
}

/** Every flag's value when nobody sets it, also of flags that the profile does not know. */
export function fallbacksOf(declared: AnyCommand): Values<Flags & BaseFlags> {
  const all = Object.entries({ ...declared.flags, ...BASE_FLAGS })
  // Each flag carries a fallback of its own type.
  return Object.fromEntries(all.map(([name, { fallback }]) => [name, fallback])) as Values<
    Flags & BaseFlags
  >
}

/** A variable under every name it may have: ours first. As Consul only Consul's counts. */
export const namesInEnv = (name: string, profile: Profile): readonly string[] =>
  profile === 'consul' ? [name] : [name.replace(/^CONSUL_/, 'LICTOR_'), name]

/** The first of the variables that is set and not empty. */
export function fromEnv(env: Env, names: readonly string[], profile: Profile): string | undefined {
  const all = names.flatMap((name) => namesInEnv(name, profile))
  return all.map((name) => env[name]).find((given) => given !== undefined && given !== '')
}
