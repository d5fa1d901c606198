// Holds every source of the project against the rules of docs/STYLE.md, and every rule against a
// source that breaks it.
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ROUTES } from '../core/api/table.ts'
import { inProject, projectRoot } from './kit/paths.ts'
import { functionsOf, importsOf } from './kit/source.ts'
import { type Complaint, complaintsOf, ROOMS, sourceOf, strangePlaces } from './kit/tidy.ts'

const FOLDERS = ['build', 'core', 'daemons', 'commands', 'completions', 'man', 'test', 'docs']
/** Taken over as they are, from recordings and other programs. */
const FOREIGN = /^test\/(?:conformance|fixtures|peers|bench)\/|\.generated\.ts$/
/** Raised as the project grows: a scan that has lost its way finds fewer. */
const MODULES_MIN = 100

/** Files under version control, and those about to be. */
const allFiles = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], {
  cwd: projectRoot,
  encoding: 'utf8',
  maxBuffer: 1 << 26,
})
  .split('\n')
  .filter((path) => path !== '' && !FOREIGN.test(path))

const read = (path: string) => readFileSync(inProject(path), 'utf8')
const modules = allFiles.filter((path) => path.endsWith('.ts'))
const sources = modules.map((path) => sourceOf(path, read(path)))

const show = (complaints: readonly Complaint[]) =>
  complaints.map(({ path, line, what }) => `${path}:${line}: ${what}`).join('\n')

const none = (complaints: readonly Complaint[]) => {
  if (complaints.length > 0) assert.unreachable(`\n${show(complaints)}`)
}

const tidy = suite('tidy')

tidy('the scan has seen every module', () => {
  assert.ok(modules.length >= MODULES_MIN, `only ${modules.length} modules`)
  const folders = readdirSync(projectRoot, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map(({ name }) => name)
  const known = [...FOLDERS, 'node_modules', 'dist', 'coverage']
  assert.equal(
    folders.filter((name) => !known.includes(name)),
    [],
    'folders nobody planned',
  )
})

tidy('every source keeps the rules', () => none(sources.flatMap(complaintsOf)))

tidy('no text names a path of one machine or a registry', () => {
  const texts = allFiles.filter((path) => /\.(?:ts|js|mjs|json|md|sh|yml|roff|\d)$/.test(path))
  none(texts.flatMap((path) => strangePlaces(path, read(path))))
})

tidy('every module opens with what it is for', () => {
  const bare = sources.filter(({ path, text }) => !isTestFile(path) && !opensWithComment(text))
  assert.equal(
    bare.map(({ path }) => path),
    [],
  )
})

const isTestFile = (path: string) => path.endsWith('.test.ts')
const opensWithComment = (text: string) => /^(?:#!.*\n)?(?:\/\/|\/\*)/.test(text)

tidy('every room of core has its place in the order', () => {
  const rooms = readdirSync(inProject('core'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
  const elsewhere = ['ground', 'solo'] // files of core's own folder
  assert.equal(ROOMS.filter((room) => !elsewhere.includes(room)).toSorted(), rooms.toSorted())
})

tidy('every endpoint says what a token must be good for', () => {
  assert.ok(ROUTES.length > 20, 'the table is there')
  const open = ROUTES.filter(({ acl }) => acl !== 'none' && !acl?.resource)
  assert.equal(
    open.map(({ path }) => path),
    [],
  )
})

tidy.run()

const rules = suite('rules')

const found = (path: string, text: string) =>
  complaintsOf(sourceOf(path, `// What it is for.\n${text}\n`)).map(({ what }) => what)

rules('each breach is named, in its place only', () => {
  const body = Array.from({ length: 70 }, (_, i) => `  f(${i})`).join('\n')
  const cases: [string, string, RegExp | undefined][] = [
    ['core/a.ts', 'const x = Math.random()', /randomness/],
    ['daemons/a.ts', 'const x = Math.random()', undefined],
    ['core/a.ts', 'const x = Date.now()', /clock/],
    ['core/a.ts', '// Date.now() is denied here.', undefined],
    ['core/a.ts', 'async function f() {}', /waiting/],
    ['core/a.ts', "import fs from 'node:fs'", /core imports node:fs/],
    ['core/kv/a.ts', "import { x } from '../../daemons/agent.ts'", /core imports daemons/],
    ['core/kv/a.ts', "import { x } from '../sessions/write.ts'", /imports upwards from sessions/],
    ['core/sessions/a.ts', "import { x } from '../kv/write.ts'", undefined],
    ['core/time.ts', "import type { x } from './wire/msgpack.ts'", /ground imports upwards/],
    ['core/solo.ts', "import { x } from './entry.ts'", undefined],
    ['core/entry.ts', "import { x } from './solo.ts'", /ground imports upwards from solo/],
    ['core/odd/a.ts', "import { x } from '../time.ts'", /room without a place/],
    ['daemons/runtime/a.ts', "import { x } from '../agent.ts'", /the runtime imports a daemon/],
    ['daemons/agent.ts', "import { x } from './runtime/a.ts'", undefined],
    ['daemons/agent.ts', "import { x } from '../commands/a.ts'", /daemons import a command/],
    ['commands/agent.ts', "import { x } from '../daemons/agent.ts'", /only commands\/kit\/launch/],
    ['commands/kit/launch.ts', "import { x } from '../../daemons/agent.ts'", /only dynamically/],
    ['commands/kit/launch.ts', "const x = await import('../../daemons/agent.ts')", undefined],
    ['commands/a.ts', "import { x } from '../test/kit/tmp.ts'", /the test tree is imported/],
    ['commands/a.ts', "import chalk from 'chalk'", /chalk is imported outside its home/],
    ['commands/a.ts', "import x from 'left-pad'", /the package left-pad has no home/],
    ['core/a.ts', 'const x = y as any', /cast to any/],
    ['core/a.ts', 'const x: any = 1', /^any/],
    ['core/a.ts', '\nconst x = y as string', /cast without a reason: as string/],
    ['core/a.ts', '\nconst x = y as string // wire text', undefined],
    ['core/a.ts', "\nimport { y as z } from './b.ts'\nconst x = y as const", undefined],
    ['core/a.ts', 'const x = y!.z', /non-null/],
    ['core/a.ts', 'if (a !== b) f(!a)', undefined],
    ['core/a.ts', 'try { f() } catch {}', /empty catch/],
    ['daemons/a.ts', 'mkdirSync(dir, { recursive: true })', /loops for ever/],
    ['test/a.ts', 'mkdirSync(dir, { recursive: true })', undefined],
    ['core/a.ts', '// TO' + 'DO: later', /promise for later/],
    ['core/a.ts', `const x = '${'x'.repeat(100)}'`, /columns/],
    ['core/a.ts', `function f() {\n${body}\n}`, /f: 72 lines/],
    ['core/a.ts', `const f = (a: { b: number }) => {\n${body}\n}`, /f: 72 lines/],
    ['core/a.ts', 'f()\n'.repeat(500), /501 lines|502 lines/],
    ['test/a.ts', 'f()\n'.repeat(500), undefined],
  ]
  for (const [path, text, expected] of cases) {
    const complaints = found(path, text)
    if (expected === undefined) assert.equal(complaints, [], text)
    else
      assert.ok(
        complaints.some((what) => expected.test(what)),
        `${text}: ${complaints}`,
      )
  }
})

rules('a path of one machine is seen in any text', () => {
  assert.is(strangePlaces('a.md', ['see /wo', 'rk/main/x'].join('')).length, 1)
  assert.is(strangePlaces('a.md', 'see /etc/hosts').length, 0)
})

rules('code inside templates counts, text beside it does not', () => {
  const source = sourceOf(
    'core/a.ts',
    ['const x = `Math.random() $', '{Math.random()} $', '{`$', '{y}`} }` + /[/]"/.source'].join(''),
  )
  assert.is(complaintsOf(source).length, 1)
})

rules('functions with types of braces are measured whole', () => {
  const code = 'export function f<T>(a: { b: T }): { c: T } {\n  return a\n}\n'
  assert.equal(functionsOf(code), [{ name: 'f', line: 1, lines: 3 }])
})

rules('imports of types are told apart', () => {
  const text =
    "import type { A } from './a.ts'\nimport { b } from './b.ts'\nexport type { C } from './c.ts'\n"
  assert.equal(
    importsOf(text, text).map(({ typeOnly }) => typeOnly),
    [true, false, true],
  )
})

rules.run()
