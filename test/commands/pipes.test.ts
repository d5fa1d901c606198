// Output into pipes: slow readers get everything, readers that leave end us quietly.
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { run } from '../kit/cli.ts'
import { type Home, openHome } from '../kit/home.ts'
import { always, withStub } from './kit/stub.ts'

const LINES = 20_000

const pipes = suite<{ home: Home }>('pipes')

pipes.before(async (context) => {
  context.home = await openHome()
})
pipes.after(({ home }) => home.close())

const keys = Array.from({ length: LINES }, (_, i) => `some/longer/name/of/a/key/${i}`)

/** Runs a line of bash with a server of 20,000 keys behind lictor. */
const shell = (home: Home, script: string) =>
  withStub(always(200, JSON.stringify(keys)), async (address) => {
    await writeFile(join(home.work, 'script.sh'), script)
    return run(home, ['bash', 'script.sh'], { env: { CONSUL_HTTP_ADDR: address } })
  })

pipes('20,000 lines all reach a reader that begins late', async ({ home }) => {
  const { stdout } = await shell(home, 'lictor kv get -keys x | (sleep 0.3; wc -l)')
  assert.is(stdout.trim(), String(LINES))
})

pipes('20,000 lines all reach a file', async ({ home }) => {
  const { stdout } = await shell(home, 'lictor kv get -keys x > out; wc -l < out')
  assert.is(stdout.trim(), String(LINES))
})

pipes('a full disk under the output is said in one line and ends with 1', async ({ home }) => {
  if (!existsSync('/dev/full')) return
  for (const line of ['kv get -keys x', 'kv get -h', '--help']) {
    const { stdout, stderr } = await shell(home, `lictor ${line} > /dev/full; echo "exit $?"`)
    assert.is(stdout, 'exit 1\n', line)
    assert.is(stderr, 'cannot write to standard output: no space left on device\n', line)
  }
})

pipes('a reader that takes one line and leaves is no failure', async ({ home }) => {
  const script = `lictor kv get -keys x | head -1; echo "exit \${PIPESTATUS[0]}"`
  const { stdout, stderr } = await shell(home, script)
  assert.is(stdout, `${keys[0]}\nexit 0\n`)
  assert.is(stderr, '')
})

pipes('help and JSON into a closed pipe are no failure either', async ({ home }) => {
  for (const line of ['kv get -h', 'kv get -keys -json x', 'api list', 'help']) {
    const script = `lictor ${line} | true; echo "exit \${PIPESTATUS[0]}"`
    const { stdout, stderr } = await shell(home, script)
    assert.is(stdout, 'exit 0\n', line)
    assert.is(stderr, '', line)
  }
})

pipes('a failure is still one when the talk goes nowhere', async ({ home }) => {
  const { stdout } = await shell(home, 'lictor nonsense 2>/dev/null; echo "exit $?"')
  assert.is(stdout, 'exit 2\n')
})

pipes('colours are in a pipe only when asked for', async ({ home }) => {
  const env = { CONSUL_HTTP_ADDR: '127.0.0.1:1' }
  const ESC = String.fromCharCode(27)
  const plain = await run(home, ['lictor', 'doctor'], { env })
  assert.not.ok(plain.stdout.includes(ESC))
  const asked = await run(home, ['lictor', 'doctor', '-color'], { env })
  assert.ok(asked.stdout.includes(ESC))
  const forced = await run(home, ['lictor', 'doctor'], { env: { ...env, FORCE_COLOR: '1' } })
  assert.ok(forced.stdout.includes(ESC))
  const denied = await run(home, ['lictor', 'doctor'], {
    env: { ...env, FORCE_COLOR: '1', NO_COLOR: '1' },
  })
  assert.not.ok(denied.stdout.includes(ESC))
})

pipes.run()
