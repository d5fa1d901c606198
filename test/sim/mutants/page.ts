// The page of docs/MUTANTS.md: which planted mistakes were found, by what and how soon, and which
// transcripts die under which wrong rule.
import type { Kills } from '../../core/raft/kills.ts'

export interface Found {
  readonly id: string
  readonly what: string
  readonly where: string
  /** The rule that found it; undefined: it survives. */
  readonly by: string | undefined
  readonly after: string
}

const HEAD = `# Planted mistakes

A checker that has never caught anything proves nothing. Here one rule of the product is made
wrong at a time, and something must say so. A survivor is a hole in the tests, and counts like a
bug. \`npm run mutants\` does this and writes this page; it takes some minutes. Every change hunts
the same mistakes within the same numbers of seeds (\`npm run sim\`), so that the table cannot
become old without somebody noticing.

- *Where*: in which world the mistake was looked for. Names of worlds of servers are those of
  \`lictor chaos simulate -profile\`.
- *Found by*: the rule of the simulator that was broken first (\`core/sim/violation.ts\`,
  \`core/sim/swim/finding.ts\`). A finding by a rule that does not speak of the mistake would not
  count.
- *Seed*: the first that showed it, of how many that may be tried. These are at least seven
  times as many as one finding takes on average, so a thousandth part of all changes may need a
  look.
- *Transcripts*: how many of the written cases of raft (\`test/core/raft/scripts\`) come out
  otherwise.

Numbers M01 to M71 are those of the list that this project began with; what is missing there
belongs to parts that are not built yet.
`

export function pageOf(
  found: readonly Found[],
  kills: readonly Kills[],
  alive: readonly string[],
): string {
  const killedBy = new Map(kills.map(({ rule, killed }) => [rule.id, killed.length]))
  const ids = new Set(found.map(({ id }) => id))
  const others = kills.filter(({ rule }) => !ids.has(rule.id))
  const transcripts = new Set(kills.flatMap(({ killed }) => killed)).size + alive.length
  const caught = found.filter(({ by }) => by !== undefined).length
  return `${HEAD}
${caught} of ${found.length} are found.

| | planted mistake | where | found by | seed | transcripts |
|---|---|---|---|---|---|
${found.map((one) => rowOf(one, killedBy.get(one.id))).join('\n')}

## Transcripts

${transcripts - alive.length} of ${transcripts} written cases of raft die under one of the mistakes
above or of the following wrong rules, which are planted for that only.

| | wrong rule | transcripts |
|---|---|---|
${others.map(({ rule, killed }) => `| ${rule.id} | ${rule.what} | ${killed.length} |`).join('\n')}
`
}

function rowOf({ id, what, where, by, after }: Found, killed: number | undefined): string {
  return `| ${[id, what, where, by ?? '**survives**', after, killed ?? ''].join(' | ')} |`
}
