// The runner must fail what fails silently elsewhere.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Ended, judge, runFile, selectTests, skipLines, type Verdict } from './runner.ts'
import { withTemp } from './tmp.ts'

const runner = suite('runner')

const summary = (total: number, passed: number, skipped: number) =>
  `\\n  Total:     ${total}\\n  Passed:    ${passed}\\n  Skipped:   ${skipped}\\n`

/** Runs a script as if it were a test file. */
const run = (script: string, limitMs = 10_000): Promise<Verdict & { ended: Ended }> =>
  withTemp(async (dir) => {
    const file = join(dir, 'x.mjs')
    await writeFile(file, script)
    const ended = await runFile({ file, execArgv: [], limitMs, tmp: join(dir, 'tmp') })
    return { ...judge(ended), ended }
  })

const says = (total: number, passed: number, skipped = 0) =>
  `console.log('${summary(total, passed, skipped)}');`

runner('all passed is all passed', async () => {
  const { passed, failed, skipped, reasons } = await run(says(3, 3, 1))
  assert.equal(
    { passed, failed, skipped, reasons },
    { passed: 3, failed: 0, skipped: 1, reasons: [] },
  )
})

runner('a failed test counts once', async () => {
  const { passed, failed, reasons } = await run(`${says(3, 1)} process.exitCode = 1`)
  assert.equal({ passed, failed, reasons }, { passed: 1, failed: 2, reasons: [] })
})

runner('a file without a test fails', async () => {
  const { failed, reasons } = await run('')
  assert.equal({ failed, reasons }, { failed: 1, reasons: ['no test was run'] })
})

runner('an exit code fails although every test passed', async () => {
  const { failed, reasons } = await run(`${says(1, 1)} process.exitCode = 3`)
  assert.equal({ failed, reasons }, { failed: 1, reasons: ['exit code 3'] })
})

runner('a throw on import fails', async () => {
  const { failed, ended } = await run(`throw new Error('at the door')`)
  assert.is(failed, 1)
  assert.match(ended.output, /at the door/)
})

runner('a file that never ends is ended and fails', async () => {
  const { failed, reasons } = await run(`${says(1, 1)} setInterval(() => {}, 1000)`, 500)
  assert.is(failed, 1)
  assert.match(reasons.join(), /still running after \d+ ms/)
})

runner('a process left behind fails, even one that left the group', async () => {
  const { failed, reasons } = await run(
    `import { spawn } from 'node:child_process'
    spawn('sleep', ['63'], { detached: true, stdio: 'inherit' }).unref(); ${says(1, 1)}`,
  )
  assert.is(failed, 1)
  assert.match(reasons.join(), /process \d+ is left: sleep 63/)
})

runner('a file left in TMPDIR fails, an empty folder does not', async () => {
  const inTmp = (code: string) =>
    `import fs from 'node:fs'; const tmp = process.env.TMPDIR; ${code}; ${says(1, 1)}`
  assert.is((await run(inTmp('fs.mkdirSync(`$' + '{tmp}/a`)'))).failed, 0)
  const { reasons } = await run(inTmp('fs.writeFileSync(`$' + '{tmp}/a`, "")'))
  assert.equal(reasons, ['file is left in TMPDIR: a'])
})

runner('filters keep what starts so, and leave out what is denied', () => {
  const files = ['core/a', 'core/kv/b', 'daemons/c']
  assert.equal(selectTests(files, []), files)
  assert.equal(selectTests(files, ['core']), ['core/a', 'core/kv/b'])
  assert.equal(selectTests(files, ['!core']), ['daemons/c'])
  assert.equal(selectTests(files, ['core', '!core/kv']), ['core/a'])
})

runner('lines that tell of a skip are kept for all to see', () => {
  assert.equal(skipLines('a\nSKIP no dig\nb SKIP\n'), ['SKIP no dig'])
})

runner.run()
