// Regular expressions of flags: Go's language (RE2), whose complaints Consul shows.
import { RE2JS } from 're2js'
import { misuse } from './failure.ts'

/** Whether a text has what the pattern describes anywhere in it. */
export function matcherOf(pattern: string, what: string): (text: string) => boolean {
  try {
    const compiled = RE2JS.compile(pattern)
    return (text) => compiled.matcher(text).find()
  } catch (error) {
    if (!(error instanceof Error)) throw error
    const consul = `Failed to compile ${what} regexp: ${error.message}`
    throw misuse(`${what} is no regular expression`, { why: error.message, consul })
  }
}
