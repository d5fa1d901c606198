// Output of which a page shows some paragraphs, as it does with dig's: a paragraph begins with a
// line that begins with `;`, and ends at an empty line. Its other lines come in any order. How many
// blanks and tabs stand between two words means nothing.

/** The first paragraph that is not there as it is shown; undefined: all are. */
export function missingParagraph(shown: readonly string[], output: string): string | undefined {
  const found = output.split(/\n\s*\n/).map((text) => folded(text.split('\n')))
  for (const { head, rows } of paragraphsOf(folded(shown))) {
    const lines = found.find((paragraph) => paragraph.includes(head))
    if (lines === undefined) return `no paragraph ${head}`
    const there = lines.slice(lines.indexOf(head) + 1).sort()
    const wanted = [...rows].sort()
    if (there.join('\n') === wanted.join('\n')) continue
    return `${head}\nexpected ${wanted.join('\n         ')}\n     got ${there.join('\n         ')}`
  }
  return undefined
}

const folded = (lines: readonly string[]): string[] =>
  lines.map((line) => line.trim().replaceAll(/\s+/g, ' ')).filter((line) => line !== '')

function paragraphsOf(lines: readonly string[]): { head: string; rows: string[] }[] {
  const paragraphs: { head: string; rows: string[] }[] = []
  for (const line of lines) {
    if (line.startsWith(';')) paragraphs.push({ head: line, rows: [] })
    else paragraphs.at(-1)?.rows.push(line)
  }
  return paragraphs
}
