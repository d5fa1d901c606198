// Whether enough of core's lines are run by its own tests. Files that tests never load count with
// all their lines, but for those that hold nothing but types: there is nothing in them to run. The
// simulator is left out: it is an instrument, run by its own tests (`npm run sim`).
import { readFile } from 'node:fs/promises'
import { relative } from 'node:path'
import { inProject, projectRoot } from './kit/paths.ts'

const LINES_PERCENT_MIN = 95

interface Lines {
  readonly lines: { readonly total: number; readonly covered: number }
}

// c8's own summary of the run before.
const summary = JSON.parse(
  await readFile(inProject('coverage/coverage-summary.json'), 'utf8'),
) as Record<string, Lines>

let [total, covered, files] = [0, 0, 0]
for (const [file, { lines }] of Object.entries(summary)) {
  if (file === 'total' || (lines.covered === 0 && (await holdsOnlyTypes(file)))) continue
  total += lines.total
  covered += lines.covered
  files++
}
const percent = (100 * covered) / total
console.log(
  `core: ${percent.toFixed(2)} % of ${total} lines in ${files} files are run by its tests`,
)
if (!(percent >= LINES_PERCENT_MIN)) {
  console.log(`${LINES_PERCENT_MIN} % are asked for`)
  process.exitCode = 1
}

/** What the compiler leaves of it is empty. */
async function holdsOnlyTypes(file: string): Promise<boolean> {
  const built = inProject('dist', relative(projectRoot, file).replace(/\.ts$/, '.js'))
  const code = await readFile(built, 'utf8')
  return code.replaceAll(/^\/\/.*$|^export \{\};$/gm, '').trim() === ''
}
