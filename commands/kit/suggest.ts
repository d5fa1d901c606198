// Did you mean: the nearest of some words, by edits.

/** Further away than this is another word. */
const EDITS_MAX = 2

/** The candidates within two edits, nearest first. */
export function suggest(word: string, candidates: readonly string[]): readonly string[] {
  const near = candidates
    .map((candidate) => ({ candidate, edits: countEdits(word, candidate) }))
    .filter(({ edits, candidate }) => edits <= EDITS_MAX && edits < candidate.length)
  return near.sort((a, b) => a.edits - b.edits).map(({ candidate }) => candidate)
}

/** Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment). */
export function countEdits(from: string, to: string): number {
  let older: number[] = []
  let last = Array.from({ length: to.length + 1 }, (_, j) => j)
  for (let i = 1; i <= from.length; i++) {
    const row = [i]
    for (let j = 1; j <= to.length; j++) {
      const same = from[i - 1] === to[j - 1]
      let best = Math.min(at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + (same ? 0 : 1))
      const swapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]
      if (swapped) best = Math.min(best, at(older, j - 2) + 1)
      row.push(best)
    }
    older = last
    last = row
  }
  return at(last, to.length)
}

const at = (row: readonly number[], index: number): number => row[index] ?? Number.POSITIVE_INFINITY
