// Regular expressions as Go has them (RE2): what people give, and what is wrong with it. The one
// home of the engine: whoever has an expression from outside asks here.
import { RE2JS } from 're2js'

export type Compiled =
  | { readonly ok: true; readonly fits: (text: string) => boolean }
  | { readonly ok: false; readonly why: string }

/** `fits` finds the pattern anywhere in a text, in time that grows linearly with it. */
export function compileRegexp(pattern: string): Compiled {
  try {
    const compiled = RE2JS.compile(pattern)
    return { ok: true, fits: (text) => compiled.matcher(text).find() }
  } catch (error) {
    if (!(error instanceof Error)) throw error // what the engine throws for a bad expression
    return { ok: false, why: error.message }
  }
}

/** Whether an expression fits a text; one that is none, sent by another program, fits nothing. */
export function fitsRegexp(pattern: string, text: string): boolean {
  const compiled = compileRegexp(pattern)
  return compiled.ok && compiled.fits(text)
}
