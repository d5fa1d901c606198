// Configuration from real files: the refusals recorded from a real Consul, word for word; files,
// folders and formats; what our own complaints say.
import { mkdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
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

const nodeOf = (...argv: string[]): string | undefined => {
  const loaded = loadConfig({ profile: 'lictor', argv: ['-dev', ...argv] })
  return loaded.ok ? loaded.config.nodeName : loaded.message
}

config('reads a folder by name, .hcl and .json only, and no folders in it', () => {
  writeFiles({
    'd/10.hcl': 'node_name = "ten"',
    'd/20.json': '{"node_name":"twenty"}',
    'd/30.txt': 'nonsense {{{',
    'd/30.hcl.bak': 'nonsense {{{',
    'd/40.hcl': '',
    'd/50.json': ' \n',
    'd/sub.hcl/60.hcl': 'node_name = "sixty"',
    'last.hcl': 'node_name = "last"',
  })
  assert.is(nodeOf('-config-dir=d'), 'twenty')
  assert.is(nodeOf('-config-dir=d', '-config-file=last.hcl'), 'last')
  assert.is(nodeOf('-config-file=last.hcl', '-config-dir=d'), 'twenty')
  assert.is(nodeOf('-config-dir=d', '-node=flag'), 'flag')
})

config('names the files of a folder that it passes over, as Consul does', () => {
  writeFiles({ 'd/a.hcl': 'data_dir = "/d"\nbind_addr = "10.0.0.1"', 'd/b.txt': 'nonsense {{{' })
  const argv = ['-config-file=d']
  const loaded = loadConfig({ profile: 'consul', argv, purpose: 'check' })
  assert.equal(loaded.ok && loaded.notices, [
    'skipping file d/b.txt, extension must be .hcl or .json, or config format must be set',
  ])
})

config('a format given for all overrules the endings of names', () => {
  writeFiles({ 'e/a.conf': 'node_name = "conf"', noext: '{"node_name":"json"}' })
  assert.is(nodeOf('-config-format=hcl', '-config-dir=e'), 'conf')
  assert.is(nodeOf('-config-format=json', '-config-file=noext'), 'json')
  assert.is(nodeOf('-config-dir=e'), hostname())
})

config('follows links to files, and passes over links to folders', () => {
  writeFiles({ 'real/a.hcl': 'node_name = "linked"' })
  mkdirSync('d')
  symlinkSync(join(dir, 'real/a.hcl'), 'd/a.hcl')
  symlinkSync(join(dir, 'real'), 'd/z.hcl')
  assert.is(nodeOf('-config-dir=d'), 'linked')
})

config('a link to nowhere, a folder behind a file and a giant are refused by name', () => {
  mkdirSync('d')
  symlinkSync('/nowhere/x', 'd/a.hcl')
  writeFiles({ 'f.hcl': '', 'giant.hcl': '' })
  truncateSync('giant.hcl', 64 * 1024 * 1024)
  const why = 'no such file or directory'
  assert.is(nodeOf('-config-dir=d'), `cannot read d/a.hcl: ${why}`)
  assert.is(nodeOf('-config-dir=f.hcl/x'), 'cannot read f.hcl/x: not a directory')
  assert.is(nodeOf('-config-file=giant.hcl'), 'cannot read giant.hcl: file too large')
})

config('places are counted in lines, whatever ends them', () => {
  writeFiles({ 'crlf.hcl': 'server = true\r\n  servr = true\r\n' })
  assert.is(
    nodeOf('-config-file=crlf.hcl'),
    'crlf.hcl:2:3: unknown setting "servr"\n  next: did you mean server?',
  )
})

config('a mark of byte order is no part of JSON', () => {
  writeFiles({ 'bom.json': '\ufeff{"node_name":"bom"}' })
  assert.is(nodeOf('-config-file=bom.json'), 'bom')
})

config('wrong use is told apart from wrong settings', () => {
  const outcome = (...argv: string[]) => {
    const loaded = loadConfig({ profile: 'lictor', argv })
    return loaded.ok ? 'ok' : `${loaded.about} ${loaded.exitCode} ${loaded.message}`
  }
  assert.is(outcome('-dve'), 'usage 2 unknown flag -dve\n  next: did you mean -dev?')
  assert.is(outcome('-dev', 'x'), 'config 2 unexpected arguments: x')
  assert.is(
    outcome('-server', '-bootstrap', '-bind=127.0.0.1'),
    'config 2 data_dir is missing: an agent keeps its state there\n' +
      '  next: -data-dir=./data, or -dev for one that keeps nothing',
  )
})

config('sees whether the data folder has been used', () => {
  writeFiles({ 'used/x': '', file: '' })
  mkdirSync('empty')
  const warned = (data: string) => {
    const argv = ['-server', '-bind=127.0.0.1', `-data-dir=${data}`]
    const loaded = loadConfig({ profile: 'lictor', argv })
    return loaded.ok ? loaded.warnings.length : loaded.message
  }
  assert.equal([warned('empty'), warned('none'), warned('used')], [1, 1, 0])
  assert.is(warned('file'), '-data-dir: data_dir is no folder: file')
})

config.run()
