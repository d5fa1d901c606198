// Configuration from real files: the refusals recorded from a real Consul, word for word; files,
// folders and formats; what our own complaints say.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { loadConfig } from '../../../daemons/runtime/config.ts'
import { inProject } from '../../kit/paths.ts'
import { makeTemp } from '../../kit/tmp.ts'

interface Scenario {
  readonly files: Readonly<Record<string, string>>
  readonly steps: readonly Step[]
}

interface Step {
  readonly cli: readonly string[]
  readonly volatile?: readonly string[]
  readonly expect: { readonly exit: number; readonly stdout: string; readonly stderr: string }
}

const config = suite('runtime/config')
const back = process.cwd()
let dir = ''

config.before.each(async () => {
  dir = (await makeTemp()).path
  process.chdir(dir)
})
config.after.each(() => {
  process.chdir(back)
  rmSync(dir, { recursive: true, force: true })
})

function writeFiles(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true })
    writeFileSync(join(dir, name), text)
  }
}

const scenario = (name: string): Scenario =>
  JSON.parse(readFileSync(inProject('test/conformance/cli', name), 'utf8'))

/** What changes from run to run is cut out of both texts. */
function assertText(actual: string, step: Step): void {
  const cuts = (step.volatile ?? []).map((pattern) => new RegExp(pattern, 'g'))
  const cut = (text: string) => cuts.reduce((rest, pattern) => rest.replace(pattern, ''), text)
  const expected = step.expect.stderr.replace('<any:lines>', '')
  assert.is(cut(actual), cut(expected), step.cli.join(' '))
}

const isWholeLine = (argv: readonly string[]) => argv.length > 0 && !argv.includes('-bogus')

config('refuses to start with each text that Consul was recorded with', () => {
  const { files, steps } = scenario('agent-refuses.json')
  writeFiles(files)
  for (const step of steps) {
    const argv = step.cli.slice(1).map((word) => word.replaceAll('{dir}', dir))
    const loaded = loadConfig({ profile: 'consul', argv })
    if (loaded.ok) assert.unreachable(`started: ${argv.join(' ')}`)
    else {
      const lead = loaded.about === 'config' ? '==> ' : ''
      assertText(`${lead}${loaded.message}\n`, step)
      assert.is(loaded.exitCode, step.expect.exit)
    }
  }
})

config('finds in files what Consul was recorded to find', () => {
  const { files, steps } = scenario('validate.json')
  writeFiles(files)
  let played = 0
  for (const step of steps.filter(({ cli }) => isWholeLine(cli.slice(1)))) {
    const words = step.cli.slice(1).filter((word) => word !== '-quiet')
    if (words.includes('-config-format=xml')) continue // refused by the command itself
    played++
    const argv = words.map((word) => (word.startsWith('-') ? word : `-config-file=${word}`))
    const loaded = loadConfig({ profile: 'consul', argv, purpose: 'check' })
    assert.is(loaded.ok, step.expect.exit === 0, step.cli.join(' '))
    if (!loaded.ok) assertText(`Config validation failed: ${loaded.message}\n`, step)
  }
  assert.is(played, 22)
})

config.run()
