// Did you mean: the known word nearest to a mistyped one.

/** More edits than this are no typing mistake. */
const EDITS_MAX = 2
/** Longer words are not compared: nobody mistypes them, and the table grows with the square. */
const LENGTH_MAX = 100

/**
 * The nearest known word at an edit distance of at most two, the first of several; undefined if
 * there is none.
 */
export function closest(word: string, known: readonly string[]): string | undefined {
  let best: string | undefined
  let bestEdits = EDITS_MAX + 1
  for (const candidate of known) {
    const edits = editDistance(word, candidate)
    if (edits >= bestEdits || edits >= candidate.length) continue
    best = candidate
    bestEdits = edits
  }
  return best
}

/** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment). */
export function editDistance(a: string, b: string): number {
  if (a.length > LENGTH_MAX || b.length > LENGTH_MAX) return LENGTH_MAX
  let before: number[] = []
  let above = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) row.push(cellOf({ a, b, i, j, row, above, before }))
    before = above
    above = row
  }
  return above[b.length] ?? LENGTH_MAX
}

interface Cell {
  readonly a: string
  readonly b: string
  readonly i: number
  readonly j: number
  readonly row: readonly number[]
  readonly above: readonly number[]
  readonly before: readonly number[]
}

function cellOf({ a, b, i, j, row, above, before }: Cell): number {
  const same = a[i - 1] === b[j - 1]
  const edits = Math.min(
    (above[j] ?? 0) + 1,
    (row[j - 1] ?? 0) + 1,
    (above[j - 1] ?? 0) + (same ? 0 : 1),
  )
  const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
  return swapped ? Math.min(edits, (before[j - 2] ?? 0) + 1) : edits
}
