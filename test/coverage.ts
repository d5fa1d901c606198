// Whether enough of core's lines and branches are run by its own tests, those of the simulator
// among them but for the searches. Files that tests never load count with all their lines, but for
// those that hold nothing but types: there is nothing in them to run.
import { readFile } from 'node:fs/promises'
import { relative } from 'node:path'
import { inProject, projectRoot } from './kit/paths.ts'

const PERCENT_MIN = { lines: 95, branches: 90 } as const
type Measure = keyof typeof PERCENT_MIN

type Counted = Readonly<Record<Measure, { readonly total: number; readonly covered: number }>>

// c8's own summary of the run before.
const summary = JSON.parse(
  await readFile(inProject('coverage/coverage-summary.json'), 'utf8'),
) as Record<string, Counted>

const files: Counted[] = []
for (const [file, counted] of Object.entries(summary)) {
  if (file === 'total' || (counted.lines.covered === 0 && (await holdsOnlyTypes(file)))) continue
  files.push(counted)
}
for (const measure of ['lines', 'branches'] as const) {
  const sum = (of: 'total' | 'covered') =>
    files.reduce((before, counted) => before + counted[measure][of], 0)
  const percent = (100 * sum('covered')) / sum('total')
  const all = `${sum('total')} ${measure} in ${files.length} files`
  console.log(`core: ${percent.toFixed(2)} % of ${all} are run by its tests`)
  if (percent >= PERCENT_MIN[measure]) continue
  console.log(`${PERCENT_MIN[measure]} % are asked for`)
  process.exitCode = 1
}

/** What the compiler leaves of it is empty. */
async function holdsOnlyTypes(file: string): Promise<boolean> {
  const built = inProject('dist', relative(projectRoot, file).replace(/\.ts$/, '.js'))
  const code = await readFile(built, 'utf8')
  return code.replaceAll(/^\/\/.*$|^export \{\};$/gm, '').trim() === ''
}
