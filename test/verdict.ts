// The last line of a run of everything: `N passed, N failed`, from what its parts wrote down.
import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { readFloor } from './kit/floor.ts'

const { values } = parseArgs({
  options: {
    tests: { type: 'string', default: '' },
    corpus: { type: 'string', default: '' },
    'steps-failed': { type: 'string', default: '0' },
  },
})

/** What a part wrote; a part that wrote nothing has failed as a whole. */
async function written(file: string): Promise<Record<string, number> | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined)
  // our own files
  return text === undefined ? undefined : (JSON.parse(text) as Record<string, number>)
}

const floor = await readFloor()
const tests = await written(values.tests)
const corpus = await written(values.corpus)
const passed = (tests?.['passed'] ?? 0) + (corpus?.['passed'] ?? 0)
let failed = (tests?.['failed'] ?? 1) + (corpus?.['short'] ?? 1)

const ran = (tests?.['passed'] ?? 0) + (tests?.['failed'] ?? 0)
if (ran < floor.tests) {
  console.log(`only ${ran} tests ran, the floor is ${floor.tests}`)
  failed += floor.tests - ran
}
// A step may fail without a failed test: types, format, coverage. Then that is the failure.
if (failed === 0) failed = Number(values['steps-failed'])

console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
