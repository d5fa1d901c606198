// Trailing comments, in commands and in expected output alike: a `#` at the start or behind a
// blank, outside quotes.

const QUOTED_OR_COMMENT = /"(?:\\.|[^"\\])*"|'[^']*'|\\.|((?:^|\s)#.*$)/g

/** The line without what stands behind its first free `#`. */
export function withoutComment(line: string): string {
  for (const match of line.matchAll(QUOTED_OR_COMMENT)) {
    if (match[1] !== undefined) return line.slice(0, match.index)
  }
  return line
}
