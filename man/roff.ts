// The few requests of man(7) that our pages need, with everything escaped that roff would take for
// its own.

/** Text inside a line: backslashes, and hyphens that must stay hyphens when copied. */
export const roff = (text: string): string =>
  text.replaceAll('\\', '\\e').replaceAll('-', '\\-').replaceAll("'", '\\(aq')

/** The longest line in a source, as mandoc asks for. */
const SOURCE_WIDTH = 78

/** A text as lines; one that begins like a request is kept from being one. */
function textLines(text: string): string[] {
  const lines = ['']
  for (const word of text.split(' ').map(roff)) {
    const line = lines.at(-1) ?? ''
    if (line === '') lines[lines.length - 1] = word
    else if (line.length + 1 + word.length > SOURCE_WIDTH) lines.push(word)
    else lines[lines.length - 1] = `${line} ${word}`
  }
  return lines.map(guarded)
}

const guarded = (line: string): string => (/^[.']/.test(line) ? `\\&${line}` : line)

export interface Title {
  readonly name: string
  readonly section: number
  readonly version: string
  /** `2026-01-31` */
  readonly date: string
}

export const title = ({ name, section, version, date }: Title): string =>
  `.TH ${roff(name.toUpperCase())} ${section} ${date} "lictor ${version}" "lictor manual"`

export const section = (name: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : [`.SH ${name}`, ...lines]

/** Paragraphs, one request between two. */
export const paragraphs = (texts: readonly string[]): string[] =>
  texts.flatMap((text, i) => (i === 0 ? textLines(text) : ['.PP', ...textLines(text)]))

/** A term and what it means. */
export const entry = (term: string, about: string): string[] => ['.TP', term, ...textLines(about)]

export const bold = (text: string): string => `\\fB${roff(text)}\\fR`
export const italic = (text: string): string => `\\fI${roff(text)}\\fR`

/** Lines as typed. */
export const example = (lines: readonly string[]): string[] => [
  '.PP',
  '.RS 4',
  '.nf',
  ...lines.map((line) => guarded(roff(line))),
  '.fi',
  '.RE',
]
