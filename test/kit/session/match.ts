// What a command printed, held against what the page says it prints.
import { withoutComment } from './comment.ts'
import type { Alias } from './document.ts'
import { fits, type Scope, wordOf } from './holes.ts'
import { differs, type Expected, parseExpected } from './json.ts'
import { missingParagraph } from './paragraphs.ts'

type Item =
  | { readonly type: 'line'; readonly pattern: string }
  | { readonly type: 'json'; readonly expected: Expected }
  | { readonly type: 'any' }

export interface Expectation {
  readonly lines: readonly string[]
  readonly aliases: readonly Alias[]
  readonly unordered: boolean
  /** The output has more than is shown: see paragraphs.ts. */
  readonly paragraphs?: boolean
}

/** Undefined where the output fits; else why not. Fills the scope only where it fits. */
export function mismatch(
  expectation: Expectation,
  output: string,
  scope: Scope,
): string | undefined {
  if (expectation.paragraphs) return missingParagraph(expectation.lines, output)
  const trial: Scope = new Map(scope)
  const items = itemsOf(expectation, trial)
  const lines = output === '' ? [] : output.replace(/\n$/, '').split('\n')
  const search = { items, lines, unordered: expectation.unordered, problem: '' }
  const end = walk(search, { item: 0, line: 0 }, trial)
  if (end === undefined) return search.problem || 'output does not match'
  for (const [name, value] of end) scope.set(name, value)
  return undefined
}

/** Splits expected lines: as many as make up one JSON value are one item. */
function itemsOf(expectation: Expectation, scope: Scope): Item[] {
  const lines = expectation.lines
    .map((line) => markAliases(withoutComment(line).trimEnd(), expectation.aliases))
    .filter((line, i) => line !== '' || expectation.lines[i]?.trim() === '')
  const items: Item[] = []
  for (let at = 0; at < lines.length; ) {
    const json = longestJson(lines, at, scope)
    if (json !== undefined) items.push({ type: 'json', expected: json.expected })
    else if (lines[at] === '...') items.push({ type: 'any' })
    else items.push({ type: 'line', pattern: lines[at] ?? '' })
    at = json?.end ?? at + 1
  }
  return items
}

/** A literal that is an alias becomes a hole that remembers. */
function markAliases(line: string, aliases: readonly Alias[]): string {
  return aliases.reduce((text, { literal, above, rises = false }) => {
    const floor = above === undefined ? '' : `>${above}`
    return text.replaceAll(wordOf(literal), `[~${literal}${floor}${rises ? '+' : ''}]`)
  }, line)
}

function longestJson(
  lines: readonly string[],
  from: number,
  scope: Scope,
): { expected: Expected; end: number } | undefined {
  if (!/^\s*[[{]/.test(lines[from] ?? '')) return undefined
  for (let end = from + 1; end <= lines.length; end++) {
    const expected = parseExpected(lines.slice(from, end).join('\n'), scope)
    if (expected !== undefined) return { expected, end }
  }
  return undefined
}

interface Search {
  readonly items: readonly Item[]
  readonly lines: readonly string[]
  readonly unordered: boolean
  /** The problem met furthest on: the one worth reporting. */
  problem: string
}

interface Place {
  readonly item: number
  readonly line: number
}

/**
 * Follows the items through the lines; `...` tries every length. The scope of the first way
 * through, or undefined.
 */
function walk(search: Search, { item, line }: Place, scope: Scope): Scope | undefined {
  const next = search.items[item]
  const actual = search.lines[line]
  if (next === undefined) {
    if (actual === undefined) return scope
    search.problem = `more output than expected: ${actual}`
    return undefined
  }
  if (next.type === 'any') {
    for (let end = line; end <= search.lines.length; end++) {
      const found = walk(search, { item: item + 1, line: end }, new Map(scope))
      if (found !== undefined) return found
    }
    return undefined
  }
  if (next.type === 'json') return walkJson(search, { item, line }, scope)
  if (actual !== undefined && fits(next.pattern, actual.trimEnd(), scope)) {
    return walk(search, { item: item + 1, line: line + 1 }, scope)
  }
  search.problem = `expected ${next.pattern}\n     got ${actual ?? 'nothing more'}`
  return undefined
}

function walkJson(search: Search, { item, line }: Place, scope: Scope): Scope | undefined {
  const next = search.items[item]
  const found = readJson(search.lines, line)
  if (found === undefined || next?.type !== 'json') {
    search.problem = `expected JSON, got ${search.lines[line] ?? 'nothing more'}`
    return undefined
  }
  const how = { scope, unordered: search.unordered, path: '$' }
  const problem = differs(next.expected, found.value, how)
  if (problem === undefined) return walk(search, { item: item + 1, line: found.end }, scope)
  search.problem = problem
  return undefined
}

/** The shortest run of lines that is one JSON value: a pretty one takes several. */
function readJson(
  lines: readonly string[],
  from: number,
): { value: unknown; end: number } | undefined {
  if (!/^\s*[[{]/.test(lines[from] ?? '')) return undefined
  for (let end = from + 1; end <= lines.length; end++) {
    const value = tryParse(lines.slice(from, end).join('\n'))
    if (value !== undefined) return { value: value.json, end }
  }
  return undefined
}

function tryParse(text: string): { json: unknown } | undefined {
  try {
    return { json: JSON.parse(text) }
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
