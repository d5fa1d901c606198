// Regular expressions of flags, complained about as Consul does.
import { compileRegexp } from '../../core/regexp.ts'
import { misuse } from './failure.ts'

/** Whether a text has what the pattern describes anywhere in it. */
export function matcherOf(pattern: string, what: string): (text: string) => boolean {
  const compiled = compileRegexp(pattern)
  if (compiled.ok) return compiled.fits
  const { why } = compiled
  const consul = `Failed to compile ${what} regexp: ${why}`
  throw misuse(`${what} is no regular expression`, { why, consul })
}
