// Runs test files, each as a process of its own, as many at once as there are cores. The last line
// is `N passed, N failed, N skipped`; a file that hangs, leaves something behind or runs no test at
// all counts as failed.
import { existsSync } from 'node:fs'
import { lstat, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { inProject } from './kit/paths.ts'
import {
  type Ended,
  judge,
  listTests,
  runFile,
  selectTests,
  shortName,
  skipLines,
  tmpFor,
  type Verdict,
} from './kit/runner.ts'

const USAGE = `usage: run [FILTER…] [--jobs N] [--limit SECONDS] [--summary FILE]
  FILTER   start of a path below test/: core, sessions/06; !core leaves out`

interface Options {
  readonly filters: string[]
  readonly jobs: number
  /** Ends a file that hangs. Generous: on a slow machine the longest take minutes. */
  readonly limitMs: number
  readonly summary: string | undefined
}

function readOptions(argv: string[]): Options {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      jobs: { type: 'string', default: String(availableParallelism()) },
      limit: { type: 'string', default: '900' },
      summary: { type: 'string' },
    },
  })
  const [jobs, limit] = [Number(values.jobs), Number(values.limit)]
  if (!(jobs >= 1 && limit > 0)) throw new Error('--jobs and --limit take positive numbers')
  return { filters: positionals, jobs, limitMs: limit * 1000, summary: values.summary }
}

interface Total {
  passed: number
  failed: number
  skipped: number
}

async function main(options: Options): Promise<number> {
  const compiled = extname(import.meta.filename) === '.js'
  const root = import.meta.dirname
  const all = await listTests(root, compiled ? '.test.js' : '.test.ts')
  const files = selectTests(all, options.filters).filter((file) => !compiled || hasSource(file))
  if (files.length === 0) throw new Error(`no test file matches ${options.filters.join(' ')}`)
  if (compiled) await linkData(inProject('test'), root)
  const tmp = await mkdtemp(join(tmpdir(), 'lt-'))
  const total: Total = { passed: 0, failed: 0, skipped: 0 }
  const queue = files.map((file, number) => ({ file: join(root, file), number }))
  const work = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const ended = await runFile({
        file: next.file,
        execArgv: process.execArgv,
        limitMs: options.limitMs,
        tmp: compiled ? tmpFor(tmp, next.number) : undefined, // tsx keeps its cache in TMPDIR.
      })
      report(shortName(root, next.file), ended, total)
    }
  }
  await Promise.all(Array.from({ length: options.jobs }, work))
  if ((await readdir(tmp)).length === 0) await rm(tmp, { recursive: true })
  if (options.summary !== undefined) await writeFile(options.summary, `${JSON.stringify(total)}\n`)
  console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
  return total.failed === 0 ? 0 : 1
}

/** A compiled test whose source has been renamed stays behind in dist, and is no test any more. */
const hasSource = (file: string) => existsSync(inProject('test', file.replace(/\.js$/, '.ts')))

/** Data that tests find beside themselves is not compiled: it is linked to where it stands. */
async function linkData(from: string, to: string): Promise<void> {
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)]
    const known = await lstat(target).catch(() => undefined)
    if (known === undefined && !entry.name.endsWith('.ts')) await symlink(source, target)
    else if (known?.isDirectory()) await linkData(source, target)
  }
}

function report(name: string, ended: Ended, total: Total): void {
  const verdict = judge(ended)
  total.passed += verdict.passed
  total.failed += verdict.failed
  total.skipped += verdict.skipped
  console.log(headline(name, ended, verdict))
  for (const line of skipLines(ended.output)) console.log(`  ${line}`)
  if (verdict.failed === 0) return
  for (const reason of verdict.reasons) console.log(`  ${reason}`)
  console.log(ended.output.trimEnd().replaceAll(/^/gm, '  | '))
}

function headline(name: string, ended: Ended, verdict: Verdict): string {
  const state = verdict.failed === 0 ? 'ok  ' : 'FAIL'
  const skipped = verdict.skipped === 0 ? '' : `, ${verdict.skipped} SKIPPED`
  const seconds = (ended.ms / 1000).toFixed(1)
  const passed = `${String(verdict.passed).padStart(4)} passed`
  return `${state} ${name.padEnd(44)} ${passed}${skipped}  ${seconds} s`
}

try {
  process.exitCode = await main(readOptions(process.argv.slice(2)))
} catch (error) {
  console.error(error instanceof Error ? `run: ${error.message}\n${USAGE}` : error)
  process.exitCode = 2
}
