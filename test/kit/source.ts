// Sources as the tidy test sees them: text with comments and literals blanked out, functions with
// their lengths, imports. A scanner of our own, because the compiler offers none to programs any
// more.

/**
 * The text with the inside of comments, strings, templates and regular expressions as blanks; line
 * breaks stay.
 */
export function codeOnly(text: string): string {
  const scan: Scan = { text, at: 0, out: [], braces: [], last: '' }
  while (scan.at < text.length) step(scan)
  return scan.out.join('')
}

interface Scan {
  readonly text: string
  at: number
  readonly out: string[]
  /** For each open brace: whether it belongs to a template's `${`. */
  readonly braces: boolean[]
  /** The last word or sign that is code: decides whether a slash divides. */
  last: string
}

function step(scan: Scan): void {
  const { text, at } = scan
  const two = text.slice(at, at + 2)
  const one = text[at] ?? ''
  if (two === '//') blankTo(scan, endOfLine(text, at))
  else if (two === '/*') blankTo(scan, after(text, '*/', at + 2))
  else if (one === "'" || one === '"') literal(scan, endOfString(text, at))
  else if (one === '`') template(scan, at + 1)
  else if (one === '/' && beginsRegex(scan.last)) literal(scan, endOfRegex(text, at))
  else if (one === '}' && scan.braces.at(-1) === true) closeHole(scan)
  else keepCode(scan, wordAt(text, at) ?? one)
}

/** The end of a template's `${`: what follows is text again. */
function closeHole(scan: Scan): void {
  scan.braces.pop()
  template(scan, scan.at + 1)
}

function keepCode(scan: Scan, piece: string): void {
  if (piece === '{') scan.braces.push(false)
  if (piece === '}') scan.braces.pop()
  keep(scan, piece)
}

function keep(scan: Scan, piece: string): void {
  scan.out.push(piece)
  scan.at += piece.length
  if (piece.trim() !== '') scan.last = piece
}

function blankTo(scan: Scan, end: number): void {
  scan.out.push(scan.text.slice(scan.at, end).replaceAll(/[^\n]/g, ' '))
  scan.at = end
}

function literal(scan: Scan, end: number): void {
  const mark = scan.text[scan.at] ?? ''
  scan.out.push(mark, scan.text.slice(scan.at + 1, end - 1).replaceAll(/[^\n]/g, ' '), mark)
  scan.at = end
  scan.last = 'literal'
}

/** From inside a template to its end, or to the code of its next `${`. */
function template(scan: Scan, from: number): void {
  for (let at = from; at < scan.text.length; at++) {
    if (scan.text[at] === '\\') at++
    else if (scan.text[at] === '`') {
      blankTo(scan, at + 1)
      scan.last = 'literal'
      return
    } else if (scan.text.startsWith('${', at)) {
      blankTo(scan, at + 2)
      scan.braces.push(true)
      scan.last = '{'
      return
    }
  }
  blankTo(scan, scan.text.length)
}

function wordAt(text: string, at: number): string | undefined {
  WORD.lastIndex = at
  return WORD.exec(text)?.[0]
}

const WORD = /[\w$]+/y

/** Behind a value a slash divides; behind a sign or a keyword it begins a regular expression. */
const beginsRegex = (last: string): boolean =>
  !/^(?:[\w$]+|[)\]}]|literal)$/.test(last) ||
  /^(?:return|typeof|case|in|of|do|else|await)$/.test(last)

const endOfLine = (text: string, from: number) => {
  const at = text.indexOf('\n', from)
  return at < 0 ? text.length : at
}

const after = (text: string, end: string, from: number) => {
  const at = text.indexOf(end, from)
  return at < 0 ? text.length : at + end.length
}

function endOfString(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === text[from] || text[at] === '\n') return at + 1
  }
  return text.length
}

function endOfRegex(text: string, from: number): number {
  let inClass = false
  for (let at = from + 1; at < text.length; at++) {
    const sign = text[at]
    if (sign === '\\') at++
    else if (sign === '[') inClass = true
    else if (sign === ']') inClass = false
    else if (sign === '\n' || (sign === '/' && !inClass)) return at + 1
  }
  return text.length
}

export interface FunctionSpan {
  readonly name: string
  /** First line, from 1. */
  readonly line: number
  readonly lines: number
}

/** `function name<T>(`: the list of parameters is open behind it. */
const DECLARED = /\bfunction\b\s*\*?\s*(\w*)\s*(?:<[^>{}]*>)?\s*\(/
/** `const name = async (…): T => {`, with brackets nested once in the list. */
const ARROW =
  /(?:\b(?:const|let)\s+(\w+)[^=\n]*=\s*)?(?:async\s*)?(?:\([^()]*(?:\([^()]*\)[^()]*)*\)|\w+)/
const ARROW_END = /\s*(?::[^={}]*)?=>\s*\{/
const FUNCTION = new RegExp(`${DECLARED.source}|${ARROW.source}${ARROW_END.source}`, 'g')

/** Functions with a body in braces. `code` is what codeOnly gave. */
export function functionsOf(code: string): FunctionSpan[] {
  const spans: FunctionSpan[] = []
  for (const match of code.matchAll(FUNCTION)) {
    const start = match.index + match[0].search(/\S/)
    const open = match[0].endsWith('{')
      ? match.index + match[0].length - 1
      : bodyOf(code, match.index + match[0].length)
    if (open < 0) continue
    const end = closingBrace(code, open)
    const line = lineAt(code, start)
    spans.push({
      name: match[1] || match[2] || '(anonymous)',
      line,
      lines: lineAt(code, end) - line + 1,
    })
  }
  return spans
}

/**
 * The body's brace behind a parameter list whose bracket is open; negative for a declaration
 * without body.
 */
function bodyOf(code: string, from: number): number {
  let depth = 1
  for (let at = from; at < code.length; at++) {
    const sign = code[at] ?? ''
    if ('([{<'.includes(sign)) {
      if (sign === '{' && depth === 0 && !isTypeBrace(code, at)) return at
      depth++
    } else if (')]}'.includes(sign) || (sign === '>' && code[at - 1] !== '=')) depth--
    else if (
      sign === '\n' &&
      depth === 0 &&
      /^\s*(?:export|function|\/\*|$)/.test(code.slice(at + 1, at + 20))
    )
      return -1
  }
  return -1
}

/** `): { a: number } {`: the first brace is a type. */
const isTypeBrace = (code: string, at: number): boolean =>
  /[:|&]\s*$/.test(code.slice(0, at).slice(-20))

function closingBrace(code: string, open: number): number {
  let depth = 0
  for (let at = open; at < code.length; at++) {
    if (code[at] === '{') depth++
    else if (code[at] === '}' && --depth === 0) return at
  }
  return code.length
}

export const lineAt = (text: string, at: number): number => text.slice(0, at).split('\n').length

export interface Import {
  readonly specifier: string
  readonly line: number
  readonly dynamic: boolean
  /** Gone once compiled. */
  readonly typeOnly: boolean
}

const IMPORT = /\bimport\s*\(\s*['"]|\bfrom\s*['"]|\bimport\s*['"]/g

/** What a module imports. `text` is the source, `code` what codeOnly made of it. */
export function importsOf(text: string, code: string): Import[] {
  return [...code.matchAll(IMPORT)].map((match) => {
    const at = match.index + match[0].length
    const [specifier = ''] = /^[^'"]*/.exec(text.slice(at)) ?? []
    const statement = code.slice(0, match.index).search(/\b(?:import|export)\b[^;'"]*$/)
    const typeOnly = /^(?:import|export)\s+type\b/.test(code.slice(statement))
    return { specifier, line: lineAt(text, at), dynamic: match[0].includes('('), typeOnly }
  })
}
