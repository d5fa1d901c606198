// A text in double quotes as Go prints it with %q (strconv.Quote): clients match on texts that hold
// one. What does not print is escaped: spaces other than the plain one, controls, unassigned
// points.

const PLAIN = /^[ !#-[\]-~]*$/

const SHORT: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
}

export const quoteGo = (text: string): string =>
  PLAIN.test(text) ? `"${text}"` : `"${Array.from(text, escapeRune).join('')}"`

function escapeRune(rune: string): string {
  const short = SHORT[rune]
  if (short !== undefined) return short
  // Here and not above: classes of Unicode take a millisecond to compile, and few texts need them.
  if (/^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(rune)) return rune
  const code = rune.codePointAt(0) ?? 0
  if (code < 0x80) return `\\x${digits(code, 2)}`
  return code < 0x1_0000 ? `\\u${digits(code, 4)}` : `\\U${digits(code, 8)}`
}

const digits = (code: number, width: number) => code.toString(16).padStart(width, '0')
