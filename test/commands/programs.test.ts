// One built file answers to many names: which name does what, and what happens to wrong lines.
import { readFile } from 'node:fs/promises'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { TABLE } from '../../commands/table.ts'
import { CONSUL_VERSION, LICTOR_VERSION } from '../../core/version.ts'
import { run } from '../kit/cli.ts'
import { type Home, openHome } from '../kit/home.ts'
import { inProject } from '../kit/paths.ts'

const programs = suite<{ home: Home }>('programs')

programs.before(async (context) => {
  context.home = await openHome()
})
programs.after(({ home }) => home.close())

programs('package.json names the programs of the table, and one file for all', async () => {
  const manifest = JSON.parse(await readFile(inProject('package.json'), 'utf8'))
  assert.equal(Object.keys(manifest.bin).sort(), Object.keys(TABLE.programs).sort())
  assert.equal(new Set(Object.values(manifest.bin)).size, 1)
  assert.is(manifest.version, LICTOR_VERSION)
})

programs('a program that is not built yet says so and exits 69', async ({ home }) => {
  for (const [name, profile] of Object.entries(TABLE.programs)) {
    if (profile !== 'not-built') continue
    const { exit, stdout, stderr } = await run(home, [name, '--help'])
    assert.is(exit, 69, name)
    assert.is(stdout, '')
    assert.match(stderr, new RegExp(`^${name}: this program is not in this version yet\n`))
  }
})

programs('a name of its own is answered by lictor', async ({ home }) => {
  for (const name of ['lictor', 'consul-clone']) {
    const { exit, stdout } = await run(home, [name, 'version'])
    assert.is(exit, 0)
    assert.match(stdout, `lictor ${LICTOR_VERSION} (speaks Consul ${CONSUL_VERSION}`)
  }
})

programs('every form of asking for the version is the same', async ({ home }) => {
  const consul = await run(home, ['consul', 'version'])
  assert.match(consul.stdout, `Consul v${CONSUL_VERSION}\n`)
  for (const flag of ['-v', '-version', '--version']) {
    assert.equal(await run(home, ['consul', flag]), consul)
    assert.is((await run(home, ['lictor', flag])).exit, 0)
  }
})

programs('the version as JSON is one object that harnesses can read', async ({ home }) => {
  const { exit, stdout, stderr } = await run(home, ['consul', 'version', '-format=json'])
  assert.is(exit, 0)
  assert.is(stderr, '')
  const { Version, RPC } = JSON.parse(stdout)
  assert.is(Version, CONSUL_VERSION)
  assert.equal(RPC, { Default: 2, Min: 2, Max: 3 })
  const wrong = await run(home, ['consul', 'version', '-format=yaml'])
  assert.equal(wrong, { exit: 1, stdout: '', stderr: 'Unknown format: yaml\n' })
})

programs('as consul a wrong line shows usage on stderr, with its exit codes', async ({ home }) => {
  const root = /^Usage: consul \[--version\] \[--help\] <command> \[<args>\]\n/
  const cases: [string[], number, RegExp][] = [
    [[], 127, root],
    [['nonsense'], 127, root],
    [['help'], 127, root],
    [['-bogus'], 127, root],
    [['doctor'], 127, root],
    [['kv'], 1, /^Usage: consul kv <subcommand> \[options\] \[args\]\n/],
    [['kv', 'nonsense'], 1, /^Usage: consul kv <subcommand>/],
    [
      ['kv', 'get', '-nope', 'a'],
      1,
      /^flag provided but not defined: -nope\nUsage:\n {2}-base64\n/,
    ],
    [['kv', 'get', '-json', 'a'], 1, /^flag provided but not defined: -json\n/],
    [['watch'], 1, /^Watch type must be specified\n\nUsage: consul watch \[options\]/],
  ]
  for (const [words, code, shown] of cases) {
    const { exit, stdout, stderr } = await run(home, ['consul', ...words])
    assert.is(exit, code, words.join(' '))
    assert.is(stdout, '')
    assert.match(stderr, shown)
  }
})

programs('under our name a wrong line exits 2 and suggests what is near', async ({ home }) => {
  const cases: [string[], RegExp][] = [
    [['wacth'], /no command "wacth"\n {2}next: did you mean "lictor watch"\?\n/],
    [['kv', 'gte'], /no command "kv gte"\n {2}next: did you mean "lictor kv get"\?\n/],
    [['nonsense'], /no command "nonsense"\n {2}next: lictor --help\n/],
    [['-json', 'kv', 'get'], /-json: flags come after the command\n {2}next: lictor --help\n/],
    [['kv', 'get', '-recurs', 'a'], /unknown flag -recurs\n {2}next: did you mean -recurse\?\n/],
    [['kv', 'get', '-raw=maybe', 'a'], /invalid boolean value "maybe" for -raw/],
    [['kv', 'put'], /KEY is missing\n {2}next: lictor kv put --help\n/],
    [['kv', 'get', 'a', 'b'], /too many words: 1 expected, 2 given/],
    [['help', 'kv', 'gt'], /no help for "kv gt"\n {2}next: did you mean "help kv get"\?\n/],
  ]
  for (const [words, shown] of cases) {
    const { exit, stdout, stderr } = await run(home, ['lictor', ...words])
    assert.is(exit, 2, words.join(' '))
    assert.is(stdout, '')
    assert.match(stderr, shown)
  }
})

programs('the program of a group names its commands as they are typed', async ({ home }) => {
  const cases: [string[], RegExp][] = [
    [['raftctl', 'bogus'], /^raftctl: no command "bogus"\n {2}next: raftctl --help\n/],
    [['raftctl', 'statsu'], /no command "statsu"\n {2}next: did you mean "raftctl status"\?\n/],
    [['swimctl', 'memebrs'], /no command "memebrs"\n {2}next: did you mean "swimctl members"\?\n/],
    [['lictor', 'raft', 'bogus'], /no command "raft bogus"\n {2}next: lictor raft --help\n/],
  ]
  for (const [words, shown] of cases) {
    const { exit, stderr } = await run(home, words)
    assert.is(exit, 2, words.join(' '))
    assert.match(stderr, shown)
  }
})

programs('with -json a wrong line is told as JSON on stderr', async ({ home }) => {
  const { exit, stdout, stderr } = await run(home, ['lictor', 'kv', 'get', '--json', '-bogus', 'a'])
  assert.is(exit, 2)
  assert.is(stdout, '')
  const { error } = JSON.parse(stderr)
  assert.is(error.code, 'usage')
  assert.is(error.message, 'unknown flag -bogus')
})

programs('keygen draws 32 bytes, another time others', async ({ home }) => {
  const keys = new Set<string>()
  for (const words of [['keygen'], ['keygen', 'ignored']]) {
    const { exit, stdout } = await run(home, ['consul', ...words])
    assert.is(exit, 0)
    assert.match(stdout, /^[A-Za-z0-9+/]{43}=\n$/)
    keys.add(stdout)
  }
  assert.is(keys.size, 2)
})

programs.run()
