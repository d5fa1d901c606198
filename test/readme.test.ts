// The README: a command that is printed there is run here, and so is its program.
import { execFile } from 'node:child_process'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { inProject } from './kit/paths.ts'
import { suiteOfPage } from './kit/session/suite.ts'
import { patient } from './kit/within.ts'

const snippet = suite('README program')

const LIMIT_MS = 20_000

snippet('an agent inside a test starts, has its keys, and is gone at the end', async () => {
  const page = await readFile(inProject('README.md'), 'utf8')
  const [, code] = /```ts\n([\s\S]*?)```/.exec(page) ?? []
  if (code === undefined) throw new Error('there is no program in the README')
  // Inside the project, where its own name can be imported.
  const dir = inProject('dist/readme')
  await mkdir(dir, { recursive: true })
  const file = `${dir}/${process.pid}.ts`
  const look =
    'console.log(await (await fetch(`$' + '{consul.url}/v1/kv/config/web/port?raw`)).text())'
  await writeFile(file, `${code}\n${look}\n`)
  try {
    const args = ['--import', 'tsx', file]
    const env = { ...process.env, TSX_DISABLE_CACHE: '1' } // it would leave files behind
    const { stdout } = await promisify(execFile)('node', args, { timeout: patient(LIMIT_MS), env })
    assert.is(stdout, '8080\n')
  } finally {
    await rm(file)
  }
})

snippet.run()

await suiteOfPage(inProject('README.md'))
