// One test file, run as a process of its own. uvu alone accepts a file without tests, a suite that
// never ran and a server left open for ever; here each of these is a failure with a name.
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { performance } from 'node:perf_hooks'
import { filesBelow, killMarked, killQuietly, MARK, processesMarked } from './leftovers.ts'

export interface Job {
  /** Absolute path of the test file. */
  readonly file: string
  /** Node's own flags for it: `--import tsx` while the sources are not compiled. */
  readonly execArgv: readonly string[]
  readonly limitMs: number
  /**
   * A folder that only this file uses as TMPDIR. It must be empty afterwards. Undefined: not looked
   * at.
   */
  readonly tmp: string | undefined
}

export interface Ended {
  readonly output: string
  /** Null: killed by a signal. */
  readonly code: number | null
  readonly timedOut: boolean
  readonly leftovers: readonly string[]
  readonly ms: number
}

export interface Verdict {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  /** Why the file as a whole failed, beyond its single tests. */
  readonly reasons: readonly string[]
}

/** Test files below a folder, sorted. `extension` is `.test.ts`, or `.test.js` once compiled. */
export async function listTests(dir: string, extension: string): Promise<string[]> {
  const names = await readdir(dir, { recursive: true })
  return names.filter((name) => name.endsWith(extension)).sort()
}

/** `core` keeps paths that start so; `!core` drops them; no positive filter keeps everything. */
export function selectTests(files: readonly string[], filters: readonly string[]): string[] {
  const drop = filters.filter((filter) => filter.startsWith('!')).map((filter) => filter.slice(1))
  const keep = filters.filter((filter) => !filter.startsWith('!'))
  const starts = (file: string) => (filter: string) => file.startsWith(filter)
  return files.filter(
    (file) => !drop.some(starts(file)) && (keep.length === 0 || keep.some(starts(file))),
  )
}

/** Runs one file to its end or to its limit, and looks for what it left behind. */
export async function runFile(job: Job): Promise<Ended> {
  const mark = randomUUID()
  if (job.tmp !== undefined) await mkdir(job.tmp, { recursive: true })
  const end = await runProcess(job, mark)
  const processes = (await processesMarked(mark)).map(
    ({ pid, command }) => `process ${pid} is left: ${command}`,
  )
  await killMarked(mark)
  const files = job.tmp === undefined ? [] : await filesLeft(job.tmp)
  return { ...end, leftovers: [...processes, ...files] }
}

async function filesLeft(tmp: string): Promise<string[]> {
  const names = await filesBelow(tmp)
  const left = names.map((name) => `file is left in TMPDIR: ${name}`)
  try {
    await rm(tmp, { recursive: true, force: true })
  } catch (error) {
    left.push(`TMPDIR cannot be removed: ${error}`) // a mount, for one
  }
  return left
}

function runProcess(job: Job, mark: string): Promise<Omit<Ended, 'leftovers'>> {
  const from = performance.now()
  const child = spawn(process.execPath, [...job.execArgv, job.file], {
    detached: true, // A group of its own, so that the limit ends its children, too.
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      [MARK]: mark,
      FORCE_COLOR: '0',
      ...(job.tmp === undefined ? {} : { TMPDIR: job.tmp }),
    },
  })
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk))
  let timedOut = false
  const timer = setTimeout(() => {
    timedOut = true
    if (child.pid !== undefined) killQuietly(-child.pid, 'SIGKILL')
  }, job.limitMs)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => {
      clearTimeout(timer)
      const ms = performance.now() - from
      const finish = () => resolve({ output: Buffer.concat(chunks).toString(), code, timedOut, ms })
      // A child that the test left behind may hold the pipes open for ever.
      const drained = setTimeout(() => {
        child.stdout.destroy()
        child.stderr.destroy()
      }, DRAIN_MS)
      child.once('close', () => {
        clearTimeout(drained)
        finish()
      })
    })
  })
}

/** How long output may still arrive after its process has ended. */
const DRAIN_MS = 500

const SUMMARY = /^ {2}Total: +(\d+)\s+Passed: +(\d+)\s+Skipped: +(\d+)/gm

/** What a run proves. Silence is no success: a file must have counted at least one test. */
export function judge(ended: Ended): Verdict {
  let [total, passed, skipped] = [0, 0, 0]
  for (const [, t, p, s] of ended.output.matchAll(SUMMARY)) {
    total += Number(t)
    passed += Number(p)
    skipped += Number(s)
  }
  const reasons = reasonsOf(ended, { total, passed, skipped })
  const failed = Math.max(total - passed, reasons.length > 0 ? 1 : 0)
  return { passed, failed, skipped, reasons }
}

function reasonsOf(
  ended: Ended,
  counts: { total: number; passed: number; skipped: number },
): string[] {
  const reasons = [...ended.leftovers]
  if (ended.timedOut) reasons.push(`still running after ${Math.round(ended.ms)} ms`)
  else if (ended.code !== 0 && counts.total === counts.passed) {
    reasons.push(ended.code === null ? 'killed by a signal' : `exit code ${ended.code}`)
  }
  if (counts.total + counts.skipped === 0) reasons.push('no test was run')
  return reasons
}

/** Lines by which a test says what it did not do, and why. They are shown even when all is well. */
export const skipLines = (output: string): string[] =>
  output.split('\n').filter((line) => line.startsWith('SKIP '))

/** As a person names it: `core/kv/read`. */
export const shortName = (root: string, file: string): string =>
  relative(root, file).replace(/\.test\.[jt]s$/, '')

/** One folder per file below a short one: a socket's path must fit into 107 bytes. */
export const tmpFor = (root: string, number: number): string => join(root, String(number))
