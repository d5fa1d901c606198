// Plays a page: every command in one shell on a machine of its own, every answer held against the
// page. What it finds is told as a failure that names page, line, command, what came and what the
// daemons said.
import { spawnSync } from 'node:child_process'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { type Home, openHome } from '../home.ts'
import { inNamespace } from '../namespace.ts'
import { patient } from '../within.ts'
import { withoutComment } from './comment.ts'
import { type Alias, type Page, parsePage, type Step } from './document.ts'
import { fillCommand, type Scope, wordOf } from './holes.ts'
import { mismatch } from './match.ts'
import { openShell, type Shell } from './shell.ts'

/**
 * How long one command may take, and how long output of the background may be waited for: deadlines
 * as in within.ts, and so are the times of a page's own notes.
 */
const COMMAND_MS = patient(20_000)
const BACKGROUND_MS = patient(5_000)
const STOP_MS = patient(10_000)
const RETRY_MS = 50

export interface PlayOptions {
  /** Which `only` blocks and preludes belong to this run. */
  readonly variant?: string
  readonly commandMs?: number
  readonly backgroundMs?: number
  /** How long processes may take to end when the page is over. */
  readonly stopMs?: number
}

export interface Played {
  /** Why the page was not played at all. */
  readonly skipped: string | undefined
  /** Reasons of blocks that were left out. */
  readonly leftOut: readonly string[]
  readonly timings: readonly { readonly command: string; readonly ms: number }[]
}

/** Plays a page and resolves when everything matched and nothing was left; throws else. */
export async function playPage(file: string, options: PlayOptions = {}): Promise<Played> {
  const page = parsePage(await readFile(file, 'utf8'))
  const missing = page.needs.find((tool) => spawnSync('which', [tool]).status !== 0)
  if (missing !== undefined) return skippedBecause(`${missing} is not installed`)
  const prefix = inNamespace([])
  if (prefix === undefined) return skippedBecause('no network namespace of our own is allowed here')
  const home = await openHome()
  try {
    return await playIn(home, { file, page, prefix, options })
  } finally {
    await home.close()
  }
}

const skippedBecause = (skipped: string): Played => ({ skipped, leftOut: [], timings: [] })

interface Plan {
  readonly file: string
  readonly page: Page
  readonly prefix: readonly string[]
  readonly options: PlayOptions
}

interface Run {
  readonly plan: Plan
  readonly shell: Shell
  readonly scope: Scope
  /** Commands whose output is still to come, and how much of it the page has had. */
  readonly background: { readonly id: number; read: number }[]
  /**
   * Commands of preludes that run on: what they print counts for nothing, but explains failures.
   */
  readonly daemons: number[]
  readonly played: { leftOut: string[]; timings: { command: string; ms: number }[] }
}

async function playIn(home: Home, plan: Plan): Promise<Played> {
  const files = join(home.path, 'session')
  await mkdir(files)
  const shell = openShell({ prefix: plan.prefix, cwd: home.work, env: home.env, files })
  const run: Run = {
    plan,
    shell,
    scope: new Map(),
    background: [],
    daemons: [],
    played: { leftOut: [], timings: [] },
  }
  let kept: string[] = []
  try {
    for (const step of plan.page.steps) await playStep(run, step)
  } finally {
    kept = await shell.close(plan.options.stopMs ?? STOP_MS)
  }
  if (kept.length > 0) throw new Error(`${plan.file}: left running: ${kept.join('; ')}`)
  return { skipped: undefined, ...run.played }
}

async function playStep(run: Run, step: Step): Promise<void> {
  const { variant } = run.plan.options
  if (step.only !== undefined && step.only !== variant) return
  if (step.skip !== undefined) {
    run.played.leftOut.push(`line ${step.line}: ${step.command}: ${step.skip}`)
    return
  }
  const from = performance.now()
  const deadline = from + patient(step.eventuallyMs ?? 0)
  for (;;) {
    const problem = await attempt(run, step)
    if (problem === undefined) break
    if (performance.now() >= deadline) throw new Error(problem)
    await pause(RETRY_MS)
  }
  run.played.timings.push({ command: step.command, ms: performance.now() - from })
}

/** Runs the command once. Undefined where all is as the page says; else the failure as text. */
async function attempt(run: Run, step: Step): Promise<string | undefined> {
  const command = commandOf(step, run)
  const limitMs = run.plan.options.commandMs ?? COMMAND_MS
  const { id, exit } = await run.shell.run(command, limitMs)
  if (exit === undefined)
    return failure(run, { step, id, why: `still running after ${limitMs} ms` })
  if (step.background && step.hidden) run.daemons.push(id)
  else if (step.background) run.background.push({ id, read: 0 })
  else if (exit !== step.exit) {
    return failure(run, { step, id, why: `exit code ${exit}, expected ${step.exit}` })
  }
  if (step.untold || (step.hidden && step.expected.length === 0)) return undefined
  const why = await compare(run, step, step.background ? undefined : id)
  return why === undefined ? undefined : failure(run, { step, id, why })
}

function commandOf(step: Step, run: Run): string {
  const filled = run.plan.page.aliases.reduce(
    (text, alias) => replaceAlias(text, alias, run.scope),
    fillCommand(step.command, run.scope),
  )
  const text = withoutComment(filled).trimEnd()
  if (!step.background || text.endsWith('&')) return filled
  // One command is its own job: signals to the job reach it, and not a shell around it.
  return /[;\n]/.test(text) ? `{ ${text}\n} &` : `${text} &`
}

function replaceAlias(text: string, { literal }: Alias, scope: Scope): string {
  const value = scope.get(literal)
  return value === undefined ? text : text.replaceAll(wordOf(literal), value)
}

/** Compares at once, and again while background output may still be on its way. */
async function compare(run: Run, step: Step, id: number | undefined): Promise<string | undefined> {
  const expectation = {
    lines: step.expected,
    aliases: run.plan.page.aliases,
    unordered: step.unordered,
    paragraphs: step.paragraphs,
  }
  const foreground = id === undefined ? '' : await run.shell.output(id)
  // What is run again until it fits is not waited for.
  const waits = run.background.length > 0 && step.eventuallyMs === undefined
  const patience = run.plan.options.backgroundMs ?? BACKGROUND_MS
  const deadline = performance.now() + (waits ? patience : 0)
  for (;;) {
    const news = await backgroundNews(run)
    const output = joinOutputs([foreground, ...news.map(({ text }) => text)])
    const problem = mismatch(expectation, output, run.scope)
    if (problem === undefined) {
      for (const { job, text } of news) job.read += text.length
      return undefined
    }
    if (performance.now() >= deadline) return problem
    await pause(RETRY_MS)
  }
}

async function backgroundNews(run: Run) {
  return Promise.all(
    run.background.map(async (job) => {
      const whole = await run.shell.output(job.id)
      return { job, text: whole.slice(job.read) }
    }),
  )
}

/** A body without a line's end does not run into the next output. */
const joinOutputs = (texts: readonly string[]): string =>
  texts
    .filter((text) => text !== '')
    .map((text) => text.replace(/\n?$/, '\n'))
    .join('')

async function failure(
  run: Run,
  { step, id, why }: { step: Step; id: number; why: string },
): Promise<string> {
  const { file } = run.plan
  const parts = [
    `${file}:${step.line}: $ ${step.command}`,
    why,
    section('expected', step.expected.join('\n')),
    section('output', await run.shell.output(id)),
    section('stderr', await run.shell.errors(id)),
  ]
  const others = [...run.background.map((job) => job.id), ...run.daemons]
  for (const other of others.filter((number) => number !== id)) {
    parts.push(section(`background ${other}`, await run.shell.output(other)))
    parts.push(section(`background ${other} stderr`, await run.shell.errors(other)))
  }
  return parts.filter((part) => part !== '').join('\n')
}

const section = (title: string, text: string) =>
  text.trim() === '' ? '' : `--- ${title}\n${text.trimEnd()}`

/** The table of commands and times, slowest in sight. */
export const timingTable = (played: Played): string =>
  played.timings
    .map(({ command, ms }) => `${ms.toFixed(0).padStart(6)} ms  ${command.split('\n')[0]}`)
    .join('\n')
