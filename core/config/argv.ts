// A command line read by the rules of Go's flag package, which Consul's users know: one dash or
// two, `-x=v` or `-x v`, bools alone or with `=`, `--` ends the flags, and so does the first
// word that is none.

import { parseBool } from '../bool.ts'
import type { AgentFlag, FlagUse } from './flags.ts'
import { closest } from './nearest.ts'
import type { Refusal } from './refusal.ts'

export type ArgvParse =
  | { readonly ok: true; readonly uses: readonly FlagUse[]; readonly rest: readonly string[] }
  | { readonly ok: false; readonly refusal: Refusal }

export function parseArgv(argv: readonly string[], flags: readonly AgentFlag[]): ArgvParse {
  const byName = new Map(flags.map((flag) => [flag.name, flag]))
  const uses: FlagUse[] = []
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] ?? ''
    if (word.length < 2 || !word.startsWith('-')) return { ok: true, uses, rest: argv.slice(i) }
    if (word === '--') return { ok: true, uses, rest: argv.slice(i + 1) }
    const match = /^--?([^-=][^=]*)(?:=([\s\S]*))?$/.exec(word)
    if (match === null) return refuse(`bad flag syntax: ${word}`, `${word} is not a flag`)
    const [, name = '', given] = match
    const flag = byName.get(name)
    if (flag === undefined) return refuseUnknown(name, [...byName.keys()])
    const value = given ?? (flag.type === 'bool' ? 'true' : argv[++i])
    if (value === undefined)
      return refuse(`flag needs an argument: -${name}`, `-${name} needs a value`)
    const wrong = checkValue(flag, value)
    if (wrong !== undefined) return wrong
    uses.push({ flag, value })
  }
  return { ok: true, uses, rest: [] }
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
