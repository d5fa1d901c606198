// The query string, parsed as Go's url.ParseQuery does: `;` is refused, `+` is a space, the first
// of several values counts.
import { byteString, textOfByteString } from '../bytes.ts'

export interface Query {
  /** The first value; undefined if the name does not occur. A bare `?name` has the value ''. */
  get(name: string): string | undefined
  all(name: string): readonly string[]
  has(name: string): boolean
  /** Name and value pairs sorted by name, encoded again. */
  sorted(): string
}

const NOTHING: readonly string[] = []

/** Names beyond this many in one query are refused. */
export const QUERY_NAMES_MAX = 1000

class ParsedQuery implements Query {
  readonly #values: ReadonlyMap<string, readonly string[]>
  constructor(values: ReadonlyMap<string, readonly string[]>) {
    this.#values = values
  }
  get(name: string): string | undefined {
    return this.#values.get(name)?.[0]
  }
  all(name: string): readonly string[] {
    return this.#values.get(name) ?? NOTHING
  }
  has(name: string): boolean {
    return this.#values.has(name)
  }
  sorted(): string {
    const names = [...this.#values.keys()].sort()
    return names
      .flatMap((name) =>
        this.all(name).map((value) => `${escapeQuery(name)}=${escapeQuery(value)}`),
      )
      .join('&')
  }
}

const EMPTY_QUERY: Query = new ParsedQuery(new Map())

/** Undefined if the text is no query: a bad percent sequence, or a semicolon. */
export function parseQuery(raw: string): Query | undefined {
  if (raw === '') return EMPTY_QUERY
  if (raw.includes(';')) return undefined
  const values = new Map<string, string[]>()
  for (const part of raw.split('&')) {
    if (part === '') continue
    const cut = part.indexOf('=')
    const name = unescapeQuery(cut < 0 ? part : part.slice(0, cut))
    const value = cut < 0 ? '' : unescapeQuery(part.slice(cut + 1))
    if (name === undefined || value === undefined) return undefined
    const known = values.get(name)
    if (known !== undefined) known.push(value)
    else if (values.size >= QUERY_NAMES_MAX) return undefined
    else values.set(name, [value])
  }
  return new ParsedQuery(values)
}

function unescapeQuery(raw: string): string | undefined {
  if (!/[%+]/.test(raw)) return raw
  const bytes = unescapePercent(raw.replaceAll('+', ' '))
  return bytes === undefined ? undefined : textOfByteString(bytes)
}

/**
 * Percent sequences replaced; the result is a byte string. Undefined for a sequence that is none.
 */
export function unescapePercent(raw: string): string | undefined {
  const text = byteString(raw)
  if (!text.includes('%')) return text
  if (/%(?![0-9a-fA-F]{2})/.test(text)) return undefined
  return text.replace(/%([0-9a-fA-F]{2})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  )
}

/** As Go's url.QueryEscape: only letters, digits and `-_.~` stay as they are. */
const escapeQuery = (text: string) =>
  encodeURIComponent(text)
    .replaceAll('%20', '+')
    .replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
