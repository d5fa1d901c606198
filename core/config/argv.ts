// The command line of an agent: which flags it names, and what is wrong with it.
import { assert } from '../assert.ts'
import { parseBool } from '../bool.ts'
import { type GoFlagMistake, readGoFlags } from '../go-flags.ts'
import type { AgentFlag, FlagUse } from './flags.ts'
import { closest } from './nearest.ts'
import type { Refusal } from './refusal.ts'

export type ArgvParse =
  | { readonly ok: true; readonly uses: readonly FlagUse[]; readonly rest: readonly string[] }
  | { readonly ok: false; readonly refusal: Refusal }

export function parseArgv(argv: readonly string[], flags: readonly AgentFlag[]): ArgvParse {
  const byName = new Map(flags.map((flag) => [flag.name, flag]))
  const uses: FlagUse[] = []
  const read = readGoFlags<AgentFlag, ArgvParse>(argv, {
    find: (name) => byName.get(name),
    isBoolean: ({ type }) => type === 'bool',
    wordsEnd: true,
    take: (flag, { text: value }) => {
      const wrong = checkValue(flag, value)
      if (wrong === undefined) uses.push({ flag, value })
      return wrong
    },
  })
  assert(read.type !== 'help', 'no word asks for help here')
  if (read.type === 'read') return { ok: true, uses, rest: read.words }
  return read.type === 'refused' ? read.refusal : refuseMistake(read.mistake, [...byName.keys()])
}

function refuseMistake(mistake: GoFlagMistake, known: readonly string[]): ArgvParse {
  switch (mistake.type) {
    case 'bad-syntax':
      return refuse(`bad flag syntax: ${mistake.word}`, `${mistake.word} is not a flag`)
    case 'unknown-flag':
      return refuseUnknown(mistake.name, known)
    default:
      return refuse(`flag needs an argument: -${mistake.name}`, `-${mistake.name} needs a value`)
  }
}

function refuseUnknown(name: string, known: readonly string[]): ArgvParse {
  const near = closest(name, known)
  return refuse(
    `flag provided but not defined: -${name}`,
    `unknown flag -${name}`,
    near === undefined ? undefined : `did you mean -${near}?`,
  )
}

const refuse = (consul: string, what: string, next?: string): ArgvParse => ({
  ok: false,
  refusal: { consul, what, next },
})

function checkValue(flag: AgentFlag, value: string): ArgvParse | undefined {
  const shown = JSON.stringify(value)
  const { name } = flag
  if (flag.type === 'bool' && parseBool(value) === undefined) {
    const why = `strconv.ParseBool: parsing ${shown}: invalid syntax`
    const consul = `invalid boolean value ${shown} for -${name}: ${why}`
    return refuse(consul, `-${name} is true or false, not ${shown}`)
  }
  if (flag.type !== 'int') return undefined
  const whole = /^[+-]?\d+$/.test(value)
  if (whole && Number.isSafeInteger(Number(value))) return undefined
  const why = whole ? 'value out of range' : 'invalid syntax'
  const consul = `invalid value ${shown} for flag -${name}: strconv.Atoi: parsing ${shown}: ${why}`
  const fault = whole ? 'is out of range:' : 'takes a whole number, not'
  return refuse(consul, `-${name} ${fault} ${shown}`)
}
