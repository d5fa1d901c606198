// The manual: section 1 is what the generator writes, and every page is clean for man and mandoc.
import { readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { execa } from 'execa'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { TABLE } from '../../commands/table.ts'
import { LICTOR_VERSION } from '../../core/version.ts'
import { manualFiles } from '../../man/generate.ts'
import { inProject } from '../kit/paths.ts'
import { patient } from '../kit/within.ts'

const manual = suite('manual')

const pages = readdirSync(inProject('man')).filter((name) => /\.\d$/.test(name))

manual('section 1 is what the generator writes, no more and no less', async () => {
  const files = await manualFiles()
  assert.equal(
    pages.filter((name) => name.endsWith('.1')).sort(),
    Object.keys(files).sort(),
    'npm run generate',
  )
  for (const [name, text] of Object.entries(files)) {
    const committed = await readFile(inProject('man', name), 'utf8')
    assert.ok(committed === text, `man/${name} is old: npm run generate`)
  }
})

manual('package.json lists every page, so that npm installs it', async () => {
  const { man } = JSON.parse(await readFile(inProject('package.json'), 'utf8'))
  assert.equal(
    man,
    [...pages].sort().map((name) => `man/${name}`),
  )
})

manual('every page names this version', async () => {
  for (const name of pages) {
    const [, title] = /^(\.TH .*)$/m.exec(await readFile(inProject('man', name), 'utf8')) ?? []
    assert.match(title ?? '', `"lictor ${LICTOR_VERSION}" "lictor manual"`, name)
  }
})

/** `name(1)` as the generator and as hands write it. */
const REFERENCES =
  /\\fB([\w\\-]+)\\fR\((\d)\)|^\.BR ([\w\\-]+) \((\d)\)|\b([a-z][\w\\-]+)\((\d)\)/gm

manual('what a page refers to is there', async () => {
  for (const page of pages) {
    const text = await readFile(inProject('man', page), 'utf8')
    for (const [, ...groups] of text.matchAll(REFERENCES)) {
      const [name = '', number] = groups.filter((one) => one !== undefined)
      const file = `${name.replaceAll('\\', '')}.${number}`
      assert.ok(pages.includes(file), `man/${page}: ${file}`)
    }
  }
})

manual('every program that is built has a page of its own', () => {
  for (const [name, program] of Object.entries(TABLE.programs)) {
    if (typeof program === 'object') assert.ok(pages.includes(`${name}.1`), name)
  }
})

/** Runs a checker over all pages; what it says is a complaint. */
async function complaints(program: string, args: readonly string[]): Promise<string> {
  const options = {
    cwd: inProject('man'),
    reject: false,
    timeout: patient(60_000),
    all: true,
  } as const
  const { all, failed, exitCode, originalMessage } = await execa(program, args, options)
  if (exitCode === undefined) {
    console.log(`SKIP no ${program}: ${originalMessage}`)
    return ''
  }
  return failed && all === '' ? `exit ${exitCode}` : all
}

manual('mandoc has nothing to complain about', async () => {
  assert.is(await complaints('mandoc', ['-T', 'lint', ...pages]), '')
})

manual('man formats every page without a warning', async () => {
  for (const name of pages) {
    const args = ['--warnings', '-E', 'UTF-8', '-l', '-Tutf8', '-Z', name]
    const said = await complaints('man', args)
    assert.match(said === '' ? 'x T utf8' : said, /^x T utf8/, name)
  }
})

manual.run()
