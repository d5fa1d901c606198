// Prints the last line of .ci/run, and sets its exit code.
import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { readFloor } from './kit/floor.ts'
import { verdictOf } from './kit/verdict.ts'

const { values } = parseArgs({
  options: {
    tests: { type: 'string', default: '' },
    corpus: { type: 'string', default: '' },
    'steps-failed': { type: 'string', default: '0' },
  },
})

async function written(file: string): Promise<Record<string, number> | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined)
  // our own files
  return text === undefined ? undefined : (JSON.parse(text) as Record<string, number>)
}

const parts = {
  tests: await written(values.tests),
  corpus: await written(values.corpus),
  stepsFailed: Number(values['steps-failed']),
}
const { passed, failed, remarks } = verdictOf(parts, await readFloor())
for (const remark of remarks) console.log(remark)
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
