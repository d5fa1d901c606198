// Holes in expected text: places whose value nobody knows beforehand.
//
//   [..]      any text within the line
//   [INT] [NUM] [DUR] [IP] [TIME] [UUID] [DIR]   a value of that kind; NUM has commas: 1,234
//   [i=INT]   the same, remembered as i
//   [i] [i+1]   what was remembered, or a number beside it
//   [>i]      a number above i                [j>i]       the same, remembered as j
//   [~x]      remembered at first sight, equal ever after (this is how aliases are written)
//   [~x+]     remembered at each sight, never less than before

/** What holes have been filled with so far. */
export type Scope = Map<string, string>

const KINDS: Readonly<Record<string, string>> = {
  INT: '-?\\d+',
  NUM: '\\d{1,3}(?:,\\d{3})*',
  DUR: '\\d+(?:\\.\\d+)?(?:ns|us|µs|ms|s|m|h)(?:\\d+(?:\\.\\d+)?(?:ms|s|m))*',
  IP: '\\d{1,3}(?:\\.\\d{1,3}){3}|[0-9a-f:]*:[0-9a-f:]+',
  TIME: '\\d{4}-\\d\\d-\\d\\d[T ]\\d\\d:\\d\\d:\\d\\d\\S*',
  UUID: '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}',
  DIR: '\\.{0,2}/\\S*',
}

const SHAPES = [
  /(?<any>\.\.)/,
  /(?:(?<bind>\w+)=)?(?<kind>INT|NUM|DUR|IP|TIME|UUID|DIR)/,
  /~(?<alias>[^\]]+)/,
  /(?<next>\w*)>(?<floor>\w+)/,
  /(?<name>[a-z]\w*)(?<step>[+-]\d+)?/,
]
const HOLE = new RegExp(`\\[(?:${SHAPES.map(({ source }) => source).join('|')})\\]`, 'g')

/** One hole: the source of a regular expression, and what its text must satisfy beyond it. */
export interface Hole {
  readonly source: string
  readonly bind: string | undefined
  readonly above: string | undefined
  /** What it is bound to may be exceeded. */
  readonly rises?: boolean
}

/**
 * The hole at this place of the text, if there is one. A bare [name] is a hole only once the name
 * is known.
 */
export function holeAt(
  text: string,
  at: number,
  scope: Scope,
): (Hole & { end: number }) | undefined {
  HOLE.lastIndex = at
  const match = HOLE.exec(text)
  if (match === null || match.index !== at) return undefined
  const hole = holeOf(match.groups ?? {}, scope)
  return hole && { ...hole, end: at + match[0].length }
}

function holeOf(parts: Record<string, string | undefined>, scope: Scope): Hole | undefined {
  const { any, bind, kind, alias, next, floor, name, step } = parts
  if (any !== undefined) return plain('.*')
  if (kind !== undefined) return { source: KINDS[kind] ?? '', bind, above: undefined }
  if (floor !== undefined) {
    return { source: KINDS['INT'] ?? '', bind: next || undefined, above: floor }
  }
  if (alias !== undefined) return aliasHole(alias, scope)
  const known = name === undefined ? undefined : scope.get(name)
  return known === undefined ? undefined : plain(quoted(shift(known, step)))
}

/** `[~43>42]`: the literal 43, which must come out above what 42 stands for. */
function aliasHole(alias: string, scope: Scope): Hole {
  const rises = alias.endsWith('+')
  const [literal = '', above] = alias.replace(/\+$/, '').split('>')
  if (rises) return { source: KINDS['INT'] ?? '', bind: literal, above, rises }
  const known = scope.get(literal)
  return known === undefined ? { source: '\\S+?', bind: literal, above } : plain(quoted(known))
}

const plain = (source: string): Hole => ({ source, bind: undefined, above: undefined })
const shift = (value: string, step = '+0') =>
  step === '+0' ? value : String(Number(value) + Number(step))
const quoted = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\/-]/g, '\\$&')

/**
 * Whether a line fits the pattern whole. Fills the scope where it does, and leaves it alone where
 * not.
 */
export function fits(pattern: string, line: string, scope: Scope): boolean {
  const holes: Hole[] = []
  let source = ''
  for (let at = 0; at < pattern.length; ) {
    const hole = pattern[at] === '[' ? holeAt(pattern, at, scope) : undefined
    if (hole !== undefined) holes.push(hole)
    source += hole === undefined ? quoted(pattern[at] ?? '') : `(${hole.source})`
    at = hole?.end ?? at + 1
  }
  const match = new RegExp(`^${source}$`).exec(line)
  return match !== null && fill(holes, match.slice(1), scope)
}

function fill(holes: readonly Hole[], values: readonly string[], scope: Scope): boolean {
  const found: Scope = new Map()
  for (const [i, { bind, above, rises = false }] of holes.entries()) {
    const value = values[i] ?? ''
    const known = bind === undefined ? undefined : (found.get(bind) ?? scope.get(bind))
    if (known !== undefined && known !== value && !(rises && Number(value) > Number(known)))
      return false
    const floor = above === undefined ? undefined : (found.get(above) ?? scope.get(above))
    if (above !== undefined && !(Number(value) > Number(floor))) return false
    if (bind !== undefined) found.set(bind, value)
  }
  for (const [name, value] of found) scope.set(name, value)
  return true
}

/** A command with its holes filled. */
export function fillCommand(command: string, scope: Scope): string {
  return command.replaceAll(/\[([a-z]\w*)([+-]\d+)?\]/g, (whole, name: string, step?: string) => {
    const known = scope.get(name)
    return known === undefined ? whole : shift(known, step)
  })
}

/** The literal as a word of its own: 42 is not part of 8042, nor of 42.5. */
export const wordOf = (literal: string): RegExp =>
  new RegExp(`(?<![\\w.-])${quoted(literal)}(?![\\w-]|\\.\\d)`, 'g')
